"""The `tradewind` command: thin, one module per command."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Entry point of the `tradewind` script; never returns, never shows a traceback."""
    from cli.app import run

    run()
