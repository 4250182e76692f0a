"""A region's network."""
