"""What a change would do: the resource graph, how to obtain it, and what follows from it."""
