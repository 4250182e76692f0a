"""`python -m cli` is `tradewind`."""

from cli import main

main()
