"""`tradewind diff`: what changes between two targets, what it costs, breaks and loses."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.options import Amount, Gates, file_option, format_option, gates, program_options
from cli.output import console, emit_json, write_whole

if TYPE_CHECKING:
    from cli.diff_document import Document
    from cli.diff_gates import DiffGates
    from cli.difference import Side

__all__ = ["command", "compared", "diff_gates", "hold"]

Function = TypeVar("Function", bound=Callable[..., Any])


class TenantCeiling(click.ParamType[tuple[str, Decimal]]):
    """`search=12000`: a tenant and what it may cost a month."""

    name = "tenant=usd"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Decimal]:
        tenant, sign, amount = str(value).partition("=")
        if not tenant or not sign:
            self.fail(f"{value!r} is not a tenant with an amount, such as search=12000", param, ctx)
        return tenant, Amount().convert(amount, param, ctx)


class Percent(click.ParamType[Decimal]):
    """A share: `5`, `2.5` or `2.5%`."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        return Amount().convert(str(value).rstrip("%").strip(), param, ctx)


def diff_gates(function: Function) -> Function:
    """The options of gates on a change, beside those of `cli.options.gates`."""
    options = (
        click.option(
            "--max-increase",
            "increase",
            type=Percent(),
            metavar="PERCENT",
            help="Gate: expected cost rises by at most this share.",
        ),
        click.option(
            "--tenant-ceiling",
            "tenants",
            type=TenantCeiling(),
            multiple=True,
            metavar="TENANT=USD",
            help="Gate: at most this much expected cost a month for a tenant; may be repeated.",
        ),
        click.option(
            "--require-data",
            "losses",
            is_flag=True,
            help="Gate: no data store is replaced or deleted with its data.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return gates(function)


usage_option = click.option(
    "--usage",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Usage on both sides, in place of the environments' own files.",
)


@click.command("diff")
@click.argument("base")
@click.argument("head")
@program_options
@usage_option
@format_option("text", "json", "markdown", "html")
@file_option("the answer")
@diff_gates
def command(
    base: str, head: str, usage: Path | None, output: str, file: Path | None, gates: Gates, **options: Any
) -> None:
    """Show what changes from BASE to HEAD: resources and their cost, rules, survival. Data stores that go come first.

    Each is a TARGET, or git:REF[:TARGET], the same at a commit: `git:main prod` is prod now against prod on
    main; `git:HEAD^1 .` is every environment or stack of the project in this folder.
    """
    document, sides, broken = compared(base, head, usage, gates, options)
    _show(document, output, file)
    hold(sides, broken)


def compared(
    base: str, head: str, usage: Path | None, gates: Gates, options: dict[str, Any]
) -> tuple[Document, list[tuple[str, Side, Side]], list[str]]:
    """The document, the sides it was made from, and the gates that do not hold. Takes the gates' options out."""
    from cli.answers import warm
    from cli.compared import compare
    from cli.diff_gates import DiffGates
    from cli.difference import document

    asked: DiffGates = DiffGates(
        gates, options.pop("increase"), dict(options.pop("tenants")), options.pop("losses")
    )
    warm()
    sides = compare(base, head, usage=usage, **options)
    broken = list(asked.broken(sides))
    return document(base, head, sides, broken), sides, broken


def hold(sides: list[tuple[str, Side, Side]], broken: list[str]) -> None:
    """Say what is wrong after everything was shown: inputs that a provider would refuse, then gates."""
    from cli.exits import GateNotHeld
    from cli.findings import refuse_wrong_inputs

    for _, _, after in sides:
        refuse_wrong_inputs(after.graph)
    if broken:
        raise GateNotHeld(broken)


def _show(document: Document, output: str, file: Path | None) -> None:
    if output == "json":
        if file:
            write_whole(file, json.dumps(document.to_dict(), indent=2, ensure_ascii=False) + "\n")
        else:
            emit_json(document.to_dict())
        return
    if output == "text":
        from cli.pages.diff import draw

        page = console(record=file is not None)
        draw(page, document)
        if file:
            write_whole(file, page.export_text())
        return
    if output == "html":
        from cli.pages.diff_html import html as rendered
    else:
        from cli.pages.diff_markdown import markdown as rendered
    text = rendered(document)
    if file:
        write_whole(file, text)
    else:
        click.echo(text, nl=False)
