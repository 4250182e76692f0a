"""The graph in other tools' forms."""
