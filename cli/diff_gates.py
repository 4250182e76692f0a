"""Gates of a change: what a pipeline asks to hold of the environments after, and of the step to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from cli.difference import Side
from cli.options import Gates
from finops.estimate import Cost, Line
from problems import InputError, Problem

__all__ = ["DiffGates"]

Compared = Sequence[tuple[str, Side, Side]]


@dataclass(frozen=True)
class DiffGates:
    """Each not asked for holds. Money is expected USD a month after the change; `budget`, `increase` (in
    percent) and `survival` are looked at environment by environment, a tenant's ceiling over all of them."""

    standing: Gates = field(default_factory=Gates)
    increase: Decimal | None = None
    tenants: Mapping[str, Decimal] = field(default_factory=dict)
    losses: bool = False

    def broken(self, compared: Compared) -> Iterator[str]:
        """Every gate that does not hold, in words. Raises `InputError` for a tenant that nobody is."""
        for name, before, after in compared:
            if after.there:
                found = [
                    *self.standing.of_cost(after.estimate),
                    *self.standing.of_survival(after.survival),
                    *self.standing.of_rules(after.report),
                    *self._rise(before, after),
                ]
                yield from (f"{name}: {text}" for text in found)
            yield from (f"{name}: {text}" for text in self._lost(before, after))
        yield from self._tenants(compared)

    def _rise(self, before: Side, after: Side) -> Iterator[str]:
        if self.increase is None:
            return
        was, now = before.estimate.total.expected, after.estimate.total.expected
        if now > was * (1 + self.increase / 100):
            share = f"{(now - was) / was * 100:,.1f} %" if was else "from nothing"
            yield f"--max-increase: expected cost rises by ${now - was:,.2f} a month ({share}), over {self.increase:f} %"
        known = {item.urn for item in before.estimate.unpriced}
        if untold := {item.urn for item in after.estimate.unpriced} - known:
            yield f"--max-increase: {len(untold)} more resources are unpriced, so the increase is not known"

    def _lost(self, before: Side, after: Side) -> Iterator[str]:
        if not self.losses or before.apart:
            return
        from plan.diff import diff

        for step in diff(before.graph, after.graph).losing:
            verb = "replaced" if step.operation == "replace" else "deleted"
            yield f"--require-data: {step.name} ({step.type}) is {verb} with its data"

    def _tenants(self, compared: Compared) -> Iterator[str]:
        if not self.tenants:
            return
        lines: dict[str, list[Line]] = {}
        known: set[str] = set()
        for _, before, after in compared:
            known |= {line.tenant for line in before.estimate.lines if line.tenant}
            for line in after.estimate.lines:
                lines.setdefault(line.tenant, []).append(line)
        known |= {tenant for tenant in lines if tenant}
        if wrong := sorted(set(self.tenants) - known):
            there = ", ".join(sorted(known)) or "no charge here has the tag tenant"
            but = "nothing before or after the change belongs to such a tenant"
            problems = [Problem("--tenant-ceiling", "", name, but, f"tenants: {there}") for name in wrong]
            raise InputError(problems, "nothing was compared")
        for tenant, ceiling in sorted(self.tenants.items()):
            cost = Cost.of(lines.get(tenant, ())).expected
            if cost > ceiling:
                yield f"--tenant-ceiling: {tenant} is expected to cost ${cost:,.2f} a month, over ${ceiling:,.2f}"
