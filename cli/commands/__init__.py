"""One module per command; each has `command`, and imports what it needs when it runs."""
