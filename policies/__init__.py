"""What is never allowed: rules over a graph, and the same rules as a CrossGuard policy pack."""

from __future__ import annotations

from policies.config import Config, Exemption, TagRule
from policies.report import SCHEMA, Exempt, Report, Skipped, Undetermined, Violation
from policies.rule import Breach, Rule, all_rules, rule
from policies.runner import check

__all__ = [
    "SCHEMA",
    "Breach",
    "Config",
    "Exempt",
    "Exemption",
    "Report",
    "Rule",
    "Skipped",
    "TagRule",
    "Undetermined",
    "Violation",
    "all_rules",
    "check",
    "rule",
]
