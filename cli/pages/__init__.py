"""What people see: one module per page, each a function from answers to text."""
