"""`tradewind check`: which rules the plan breaks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.exits import GateNotHeld
from cli.findings import refuse_wrong_inputs
from cli.options import file_option, format_option, target_options
from cli.output import console, emit_json, write_whole
from plan.graph import name_of

if TYPE_CHECKING:
    from policies.remediation import Fix

__all__ = ["command"]


@click.command("check")
@target_options
@click.option(
    "--pack",
    "packs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A CrossGuard pack in Python to run as well; may be repeated.",
)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Levels and exemptions.")
@click.option(
    "--save-pack-config",
    "pack_config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write what the rules are told, for `pulumi --policy-pack policies --policy-pack-config FILE`.",
)
@click.option(
    "--provider",
    is_flag=True,
    help="Also ask Terraform's AWS provider what it would refuse; needs Terraform or OpenTofu.",
)
@click.option("--fix-plan", is_flag=True, help="List the tags that remediation would add, and where.")
@format_option("text", "json", "sarif", "junit", "markdown")
@file_option("the answer")
def command(
    packs: tuple[Path, ...],
    config: Path | None,
    pack_config_file: Path | None,
    provider: bool,
    fix_plan: bool,
    output: str,
    file: Path | None,
    **options: Any,
) -> None:
    """Check TARGET against the rules. Exit code 3 when a mandatory rule is broken."""
    from cli.answers import policy_config
    from cli.target import resolve
    from policies import check
    from policies.remediation import fixes

    plan = resolve(**options)
    settings = policy_config(plan, config)
    if pack_config_file:
        from policies.pack_config import pack_config

        write_whole(pack_config_file, json.dumps(pack_config(settings), indent=2) + "\n")
    if fix_plan:
        _list_fixes(fixes(plan.graph, settings))
        return
    report = check(plan.graph, settings)
    if packs:
        from policies.foreign import run_pack

        report = report.merged(*(run_pack(pack, plan.graph) for pack in packs))
    if provider:
        from cli.provider import provider_report

        report = report.merged(provider_report(plan))
    text = _text(report, output)
    if text is not None:
        if file:
            write_whole(file, text + "\n")
        else:
            click.echo(text)
    elif output == "json":
        document = {**report.to_dict(), "target": plan.target, "stacks": list(plan.stacks)}
        if file:
            write_whole(file, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        else:
            emit_json(document)
    else:
        from cli.pages.check import draw

        draw(console(), plan, report)
    refuse_wrong_inputs(plan.graph)
    if report.mandatory:
        raise GateNotHeld([f"{len(report.mandatory)} mandatory rules broken"])


def _text(report: Any, output: str) -> str | None:
    """`report` as a document in text, or None for what is not one."""
    if output == "sarif":
        from policies.sarif import to_sarif

        return json.dumps(to_sarif(report), indent=2, ensure_ascii=False)
    if output == "junit":
        from policies.junit import to_junit

        return to_junit(report)
    if output == "markdown":
        from cli.pages.check import markdown

        return markdown(report)
    return None


def _list_fixes(found: Iterable[Fix]) -> None:
    """One addition a line: where in the program, what is set, for which rule."""
    for fix in found:
        click.echo(f"{fix.source}  {name_of(fix.urn)}  {fix.path} = {json.dumps(fix.value)}  ({fix.rule})")
