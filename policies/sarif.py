"""A report as SARIF 2.1.0, which code hosts show beside the lines of a change."""

from __future__ import annotations

import hashlib
from typing import Any

from policies.report import Report, Violation
from policies.rule import Rule, Severity

__all__ = ["to_sarif"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# GitHub's scale: over 9 critical, over 7 high, over 4 medium.
_SCORES: dict[Severity, str] = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}


def to_sarif(report: Report) -> dict[str, Any]:
    """`report` as one run. Exempt violations are there as suppressed, undetermined rules as notifications."""
    index = {rule.id: position for position, rule in enumerate(report.rules)}
    results = [_result(one, index) for one in report.violations]
    for exempt in report.exempt:
        suppression = {"kind": "external", "status": "accepted", "justification": exempt.reason}
        results.append({**_result(exempt.violation, index), "suppressions": [suppression]})
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "tradewind", "rules": [_rule(rule) for rule in report.rules]}},
                "columnKind": "unicodeCodePoints",
                "results": results,
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolConfigurationNotifications": [
                            _notification(one.rule, one.why) for one in report.skipped
                        ],
                        "toolExecutionNotifications": [
                            _notification(one.rule, one.why) for one in report.undetermined
                        ],
                    }
                ],
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.rationale},
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": "error" if rule.level == "mandatory" else "warning"},
        "properties": {"security-severity": _SCORES[rule.severity], "tags": list(rule.frameworks)},
    }


def _result(violation: Violation, index: dict[str, int]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "ruleId": violation.rule,
        "level": "error" if violation.level == "mandatory" else "warning",
        "message": {"text": f"{violation.message}. Fix: {violation.fix}."},
        "locations": [_location(violation)],
        "partialFingerprints": {"violation/v1": _fingerprint(violation)},
    }
    if violation.rule in index:
        row["ruleIndex"] = index[violation.rule]
    return row


def _location(violation: Violation) -> dict[str, Any]:
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": violation.urn, "kind": "resource"}]
    }
    path, _, line = violation.source.rpartition(":")
    if path and line.isdigit():
        location["physicalLocation"] = {
            "artifactLocation": {"uri": path.replace("\\", "/")},
            "region": {"startLine": int(line)},
        }
    return location


def _fingerprint(violation: Violation) -> str:
    """The same for the same breach wherever the line moves to."""
    return hashlib.sha256(f"{violation.rule}\0{violation.urn}\0{violation.message}".encode()).hexdigest()[:32]


def _notification(rule: str, why: str) -> dict[str, Any]:
    return {"level": "note", "message": {"text": why}, "associatedRule": {"id": rule}}
