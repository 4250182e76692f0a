"""A report as JUnit XML, which every build server shows: one test case per rule."""

from __future__ import annotations

import re
from collections import defaultdict
from xml.etree import ElementTree

from policies.report import Report, Violation

__all__ = ["to_junit"]

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def to_junit(report: Report) -> str:
    """`report` as one suite. A mandatory rule that is broken fails, an advisory one passes with its messages
    as output; a rule that could only be undetermined or was skipped is skipped, never passed."""
    broken: defaultdict[str, list[Violation]] = defaultdict(list)
    for violation in report.violations:
        broken[violation.rule].append(violation)
    unseen: defaultdict[str, list[str]] = defaultdict(list)
    for one in report.undetermined:
        unseen[one.rule].append(one.why)
    for left_out in report.skipped:
        unseen[left_out.rule].append(left_out.why)
    suite = ElementTree.Element("testsuite", name="tradewind check")
    failures = skipped = 0
    rules = sorted({rule.id for rule in report.rules} | set(broken) | set(unseen))
    for rule in rules:
        case = ElementTree.SubElement(suite, "testcase", classname="tradewind.check", name=rule)
        lines = [_line(violation) for violation in broken[rule]]
        if any(violation.level == "mandatory" for violation in broken[rule]):
            failures += 1
            text = f"{len(lines)} resource{'s' if len(lines) > 1 else ''}"
            _child(case, "failure", message=text).text = _clean("\n".join(lines))
        elif lines:
            _child(case, "system-out").text = _clean("\n".join(lines))
        elif unseen[rule]:
            skipped += 1
            _child(case, "skipped", message=_clean(unseen[rule][0])).text = _clean("\n".join(unseen[rule]))
    suite.set("tests", str(len(rules)))
    suite.set("failures", str(failures))
    suite.set("errors", "0")
    suite.set("skipped", str(skipped))
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suite, encoding="unicode") + "\n"


def _child(case: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(case, tag, attributes)


def _line(violation: Violation) -> str:
    where = f" ({violation.source})" if violation.source else ""
    return f"{violation.message}{where}. Fix: {violation.fix}."


def _clean(text: str) -> str:
    """`text` without the control characters that XML cannot hold."""
    return _CONTROL.sub("", text)
