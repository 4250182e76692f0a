"""What a check found: broken rules, exempted ones, and what cannot be told before deployment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from policies.rule import Level, Rule, Severity

__all__ = ["SCHEMA", "Exempt", "Report", "Skipped", "Undetermined", "Violation"]

SCHEMA = "tradewind.check/1"
_SEVERITIES = {"critical": 0, "high": 1, "medium": 2, "low": 3}


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule broken by a resource. `message` is a whole sentence; `source` is `file:line` or ""."""

    rule: str
    severity: Severity
    level: Level
    urn: str
    message: str
    fix: str
    source: str = ""

    @property
    def sort_key(self) -> tuple[Any, ...]:
        return (self.level != "mandatory", _SEVERITIES[self.severity], self.rule, self.urn, self.message)


@dataclass(frozen=True, slots=True)
class Exempt:
    """A violation that somebody has accepted: why, until when (ISO date or "" for no end), and where."""

    violation: Violation
    reason: str
    until: str
    place: str


@dataclass(frozen=True, slots=True)
class Undetermined:
    """A rule that cannot be told for a resource before deployment, and what it would have to know."""

    rule: str
    level: Level
    urn: str
    why: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A rule that was not applied to some or all resources, for want of configuration."""

    rule: str
    why: str


@dataclass(frozen=True)
class Report:
    """The result of one check, or of several put together. All sequences are sorted.

    `resources` counts the managed resources that were looked at.
    """

    violations: tuple[Violation, ...] = ()
    exempt: tuple[Exempt, ...] = ()
    undetermined: tuple[Undetermined, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    rules: tuple[Rule, ...] = field(default=())
    resources: int = 0

    @property
    def mandatory(self) -> tuple[Violation, ...]:
        return tuple(one for one in self.violations if one.level == "mandatory")

    @property
    def advisory(self) -> tuple[Violation, ...]:
        return tuple(one for one in self.violations if one.level == "advisory")

    @property
    def holds(self) -> bool:
        """Whether the gate holds: no mandatory rule is broken."""
        return not self.mandatory

    def merged(self, *others: Report) -> Report:
        """One report of several packs over the same graph."""
        reports = (self, *others)
        return Report(
            violations=tuple(
                sorted((one for report in reports for one in report.violations), key=lambda one: one.sort_key)
            ),
            exempt=tuple(
                sorted(
                    (one for report in reports for one in report.exempt),
                    key=lambda one: one.violation.sort_key,
                )
            ),
            undetermined=tuple(one for report in reports for one in report.undetermined),
            skipped=tuple(one for report in reports for one in report.skipped),
            rules=tuple(rule for report in reports for rule in report.rules),
            resources=max(report.resources for report in reports),
        )

    def to_dict(self) -> dict[str, Any]:
        """The document `tradewind.check/1`; `policies/schemas/check.json` describes it."""
        return {
            "schema": SCHEMA,
            "summary": {
                "mandatory": len(self.mandatory),
                "advisory": len(self.advisory),
                "exempt": len(self.exempt),
                "undetermined": len(self.undetermined),
                "resources": self.resources,
                "holds": self.holds,
            },
            "violations": [_row(one) for one in self.violations],
            "exempt": [
                {**_row(one.violation), "reason": one.reason, "until": one.until, "place": one.place}
                for one in self.exempt
            ],
            "undetermined": [_row(one) for one in self.undetermined],
            "skipped": [_row(one) for one in self.skipped],
            "rules": [_rule_row(rule) for rule in self.rules],
        }


def sorted_report(report: Report) -> Report:
    """`report` with every sequence in its order, the worst first."""
    return replace(
        report,
        violations=tuple(sorted(report.violations, key=lambda one: one.sort_key)),
        exempt=tuple(sorted(report.exempt, key=lambda one: one.violation.sort_key)),
        undetermined=tuple(
            sorted(report.undetermined, key=lambda one: (one.level != "mandatory", one.rule, one.urn))
        ),
        skipped=tuple(sorted(report.skipped, key=lambda one: one.rule)),
    )


def _row(item: Any) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__slots__}


def _rule_row(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "severity": rule.severity,
        "level": rule.level,
        "rationale": rule.rationale,
        "fix": rule.fix,
        "frameworks": list(rule.frameworks),
    }
