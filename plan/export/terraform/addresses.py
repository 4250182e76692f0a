"""Terraform addresses for resources: readable, unique, the same in every run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from plan.export.terraform.naming import label, short_hash
from plan.export.terraform.types import Mapped
from plan.graph import Resource

__all__ = ["labels"]


def labels(resources: Iterable[tuple[Resource, Mapped]]) -> dict[str, str]:
    """URN -> label, unique among the resources of one Terraform type.

    A label is the resource's name. Where several would be called the same, all of them get the stack in
    front if that tells them apart, else a digest of their URN behind: none takes another's name when it goes.
    """
    groups: defaultdict[tuple[str, str], list[Resource]] = defaultdict(list)
    for resource, to in resources:
        groups[to.type, label(resource.name)].append(resource)
    chosen: dict[str, str] = {}
    taken = {key for key, group in groups.items() if len(group) == 1}
    for (kind, name), group in groups.items():
        if len(group) == 1:
            chosen[group[0].urn] = name
            continue
        staged = {resource.urn: f"{label(resource.stack)}_{name}" for resource in group}
        apart = len(set(staged.values())) == len(group)
        if not apart or any((kind, one) in groups for one in staged.values()):
            staged = {resource.urn: f"{name}_{short_hash(resource.urn, 10)}" for resource in group}
        for urn, one in staged.items():
            while (kind, one) in taken:
                one = f"{one}_{short_hash(urn, 10)}"
            taken.add((kind, one))
            chosen[urn] = one
    return chosen
