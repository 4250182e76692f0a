"""`tradewind completion SHELL`: a script for the shell to source."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["command"]


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    bash   tradewind completion bash > ~/.local/share/bash-completion/completions/tradewind
    zsh    tradewind completion zsh > "${fpath[1]}/_tradewind"
    fish   tradewind completion fish > ~/.config/fish/completions/tradewind.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(kind(ctx.find_root().command, {}, "tradewind", "_TRADEWIND_COMPLETE").source())
