"""`tradewind check --provider`: what Terraform's AWS provider refuses, as part of the report of a check."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.output import number
from plan.export.terraform.types import PROVIDER_VERSION
from plan.graph import name_of

if TYPE_CHECKING:
    from cli.target import Plan
    from plan.export.terraform.model import Export
    from plan.export.terraform.validate import Refusal
    from policies.report import Report, Skipped

__all__ = ["RULE", "provider_report"]

RULE = "provider"
_FIX = (
    f"give the argument a value that the provider takes; one that only a release after {PROVIDER_VERSION} knows can be "
    "exempted with --config"
)
_NUMBER = re.compile(r"\[\d+\]")


def provider_report(plan: Plan) -> Report:
    """The provider's answers to the whole of `plan`: what it refuses is a mandatory rule broken.

    Raises `Missing` when Terraform or the provider is not there.
    """
    from cli.progress import working
    from plan.export.terraform import export
    from plan.export.terraform.validate import validate

    made = export(plan.graph)
    with working(f"asking Terraform's AWS provider about {len(made.blocks)} resources"):
        return report_of(made, validate(made))


def report_of(made: Export, refusals: list[Refusal]) -> Report:
    """Refusals as violations; what the provider was not asked is said as such, never passed."""
    from policies.report import Report, Undetermined, Violation
    from policies.rule import Rule

    rule = Rule(
        RULE, frozenset({"*"}), "high", "mandatory",
        "What the provider refuses fails the deployment, after everything before it was made.",
        _FIX, lambda view: (),
    )  # fmt: skip
    violations = tuple(
        Violation(
            RULE, "high" if it.severity == "error" else "low", "mandatory" if it.severity == "error" else "advisory",
            it.urn, f"{name_of(it.urn)}: {it.message}" if it.urn else it.message, rule.fix, it.source,
        )
        for it in refusals
        if it.by == "provider"
    )  # fmt: skip
    unread = tuple(
        Undetermined(RULE, "mandatory", it.urn, f"the export cannot say it: {it.message}", it.source)
        for it in refusals
        if it.by == "export" and it.severity == "error"
    )
    return Report(violations, (), unread, tuple(_not_asked(made)), (rule,), len(made.blocks))


def _not_asked(made: Export) -> Iterator[Skipped]:
    from policies.report import Skipped

    types = Counter(note.text for note in made.of_kind("left-out"))
    for text, count in sorted(types.items()):
        yield Skipped(RULE, f"{number(count, 'resource')}: {text}")
    tokens = {block.urn: block.token.rpartition(":")[2] for block in made.blocks}
    arguments = Counter(
        (f"{tokens.get(note.urn, name_of(note.urn))}.{_NUMBER.sub('[]', note.path)}", note.text)
        for note in made.of_kind("argument")
    )
    for (argument, text), count in sorted(arguments.items()):
        yield Skipped(RULE, f"{argument} of {number(count, 'resource')}: {text}")
