"""Required tags, on everything that costs money. `policies.tagging` finds the gaps."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rule import ANY_TYPE, Breach, rule
from policies.tagging import PROPAGATION, own_gaps, propagation_gaps
from policies.view import View


@rule(
    id="required-tags",
    types=(ANY_TYPE,),
    reads=("tags",),
    severity="medium",
    level="mandatory",
    rationale="What carries no owner and no cost centre appears in nobody's bill, and nobody answers for it.",
    fix="set the required tags",
)
def required_tags(view: View) -> Iterator[Breach]:
    for gap in own_gaps(view):
        yield Breach(gap.text, gap.fix)


@rule(
    id="tag-propagation",
    types=PROPAGATION,
    reads=("tags",),
    severity="medium",
    level="mandatory",
    rationale="Instances, volumes, tasks and replicas are most of the bill, and AWS tags them only when told to.",
    fix="hand on the required tags",
)
def tag_propagation(view: View) -> Iterator[Breach]:
    for gap in propagation_gaps(view):
        yield Breach(gap.text, gap.fix)
