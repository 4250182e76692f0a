"""The command group: commands load when they are called, so that `--help` stays instant."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import Any

import click

from cli.exits import Exit, GateNotHeld
from problems import InputError, Missing

__all__ = ["COMMANDS", "app", "run"]

COMMANDS = {
    "plan": "the four answers on one page: what, cost, rules, survival",
    "cost": "cost in detail; what is unpriced and why",
    "check": "policy: this project's rules, and anybody's CrossGuard pack",
    "survive": "what still serves when each region is lost, and why",
    "diff": "what a change does: resources, cost, rules, survival",
    "comment": "the same as one pull-request comment, updated in place",
    "export": "the graph in other tools' forms",
    "preview": "what the engine would do to an environment, cell by cell",
    "up": "deploy an environment's cells in waves, with gates between them",
    "state": "what a deployment's state holds that it should not, and drift",
    "destroy": "take an environment down, in an order that works",
    "prices": "the price book: sources, dates, holes",
    "new": "scaffolding that plans clean at once",
    "doctor": "what is installed, which version, what is missing for what",
    "completion": "shell completion for bash, zsh or fish",
}
"""Every command and its one line of help; the module is `cli.commands.<name>`."""


class LazyGroup(click.Group):
    """A group whose commands are imported by name, when needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean '{near[0]}'?" if near else f" Commands: {', '.join(COMMANDS)}."
            raise click.UsageError(f"{error.format_message().rstrip('.')}.{hint}", ctx) from None


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name="tradewind", prog_name="tradewind")
@click.option(
    "--color/--no-color",
    "color",
    default=None,
    help="Colour, or none; by default only at a terminal and without NO_COLOR.",
)
@click.pass_context
def app(ctx: click.Context, color: bool | None) -> None:
    """Machine-learning platforms in several AWS regions, as Pulumi components that know what they cost.

    TARGET is an environment of this project (prod), the folder of any Pulumi Python project, or a file:
    a graph from `tradewind plan -o`, `pulumi preview --json --show-sames`, or `pulumi stack export`.
    """
    ctx.obj = {"color": color}


def run(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with one of the codes of `cli.exits.Exit`."""
    try:
        result: Any = app.main(args=arguments, prog_name="tradewind", standalone_mode=False)
        sys.stdout.flush()
        code = result if isinstance(result, int) else Exit.DONE
    except InputError as error:
        code = _say(str(error), Exit.INPUT)
    except Missing as error:
        code = _say(str(error), Exit.MISSING)
    except GateNotHeld as error:
        code = _say(str(error), Exit.GATE)
    except click.UsageError as error:
        error.show(sys.stderr)
        code = Exit.USAGE
    except click.ClickException as error:
        code = _say(error.format_message(), Exit.INPUT)
    except (click.Abort, KeyboardInterrupt):
        code = _say("interrupted: nothing was written", Exit.INTERRUPTED)
    except SystemExit as ended:
        # click ends so when whoever read our output has seen enough, which is no error.
        closed = isinstance(ended.__context__, OSError) and ended.__context__.errno == errno.EPIPE
        code = Exit.DONE if closed else Exit(ended.code if isinstance(ended.code, int) else Exit.USAGE)
    except BrokenPipeError:
        # Whoever read our output has seen enough; what is left in the buffer must not raise again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = Exit.DONE
    except Exception as error:  # noqa: BLE001 - the last line of defence: a defect of ours, with a report
        from cli.defect import report

        code = _say(report(error), Exit.DEFECT)
    sys.exit(int(code))


def _say(text: str, code: Exit) -> Exit:
    click.echo(text, err=True)
    return code
