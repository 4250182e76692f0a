"""The rules, one family per module. A module in this folder is found by being there."""
