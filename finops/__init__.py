"""What it will cost: the price book, the estimate of a plan, usage."""
