"""What models are made from, as sections of a specification: which there are, and how cells make them."""
