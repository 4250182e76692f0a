"""The rules as a CrossGuard pack on the real engine find what `tradewind check` finds, and act the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from policies import all_rules
from tests.engine import programs
from tests.engine.sandbox import ROOT, Sandbox

pytestmark = pytest.mark.engine
PACK = ROOT / "policies"
PLANTED = Path(__file__).with_name("planted")
SCOPES = {rule.id: rule.scope for rule in all_rules()}

Broken = Counter[tuple[str, str, str]]
"""How often a rule is broken: by rule, URN and level."""

PRINCIPLED = {
    "rules of the scope `graph`": "the engine hands secrets to a pack in clear, so a pack cannot tell them "
    "from text that should have been one",
    "rules that could not be told in a preview": "a plan knows of which outputs a text is made, where the "
    "engine's preview only knows that it is unknown; during `up` it is known",
    "resources after the first broken mandatory rule of an `up` without preview": "the engine stops there",
}
"""In what the engine's run of the pack may differ from `tradewind check`, and why. Nothing else may."""


@dataclass
class Told:
    """What one run of the engine said of the rules."""

    code: int = 0
    text: str = ""
    broken: Broken = field(default_factory=Counter)
    untold: set[tuple[str, str]] = field(default_factory=set)
    """Rule and URN; for rules that look at the whole stack the URN is the stack's."""
    remediated: dict[tuple[str, str], list[tuple[Any, Any]]] = field(default_factory=dict)
    """Inputs before and after, by rule and URN."""
    errors: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    # The event log's option is one of the engine's commands for debugging.
    return Sandbox(tmp_path_factory.mktemp("pack"), {"PULUMI_DEBUG_COMMANDS": "1"})


def run(box: Sandbox, project: Path, *command: str, stack: str, config: Path | None = None) -> Told:
    """`pulumi <command>` with the pack on."""
    log = project / "events.json"
    log.unlink(missing_ok=True)
    given = ("--policy-pack-config", str(config)) if config else ()
    done = box.pulumi(
        *command, "--stack", stack, "--policy-pack", str(PACK), *given, "--event-log", str(log),
        cwd=project, check=False,
    )  # fmt: skip
    told = Told(done.returncode, done.stdout + done.stderr)
    for line in log.read_text().splitlines() if log.exists() else ():
        event = json.loads(line)
        if found := event.get("policyEvent"):
            place = (found["policyName"], found.get("resourceUrn", ""))
            if found["message"].startswith("can't run policy"):
                told.untold.add(place)
            else:
                told.broken[(*place, found["enforcementLevel"])] += 1
        elif found := event.get("policyRemediationEvent"):
            place = (found["policyName"], found["resourceUrn"])
            told.remediated.setdefault(place, []).append((found["before"], found["after"]))
        elif (found := event.get("diagnosticEvent")) and found["severity"] == "error":
            told.errors.append(found["message"])
    return told


def check(target: Path | str, *options: str, cwd: Path | None = None) -> dict[str, Any]:
    """`tradewind check --format json`."""
    command = [str(Path(sys.executable).with_name("tradewind")), "check", str(target), *options]
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, cwd=cwd)
    assert done.returncode in (0, 3), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def of_a_pack(report: dict[str, Any]) -> Broken:
    """The violations of a report that a pack can find."""
    return Counter(
        (one["rule"], one["urn"], one["level"])
        for one in report["violations"]
        if SCOPES[one["rule"]] != "graph"
    )


def without(broken: Broken, untold: set[tuple[str, str]]) -> Broken:
    """Those that do not rest on what a preview could not tell."""
    rules = {rule for rule, _ in untold if SCOPES[rule] == "stack"}
    return Counter(
        {key: count for key, count in broken.items() if key[0] not in rules and key[:2] not in untold}
    )


@pytest.fixture(scope="module")
def planted(box: Sandbox) -> Path:
    project = box.project(PLANTED)
    box.pulumi("stack", "init", "prod", cwd=project)
    return project


@pytest.fixture(scope="module")
def settings(planted: Path) -> Path:
    return planted / "pack.json"


@pytest.fixture(scope="module")
def expected(planted: Path, settings: Path) -> Broken:
    """What the check finds; it also writes the pack's settings from its own."""
    rules = str(planted / "rules.yaml")
    return of_a_pack(
        check(planted, "--stack", "prod", "--config", rules, "--save-pack-config", str(settings))
    )


@pytest.fixture(scope="module")
def previewed(box: Sandbox, planted: Path, settings: Path, expected: Broken) -> Told:
    return run(box, planted, "preview", stack="prod", config=settings)


def test_the_program_breaks_many_rules(expected: Broken) -> None:
    broken = {rule for rule, _, _ in expected}
    assert sum(expected.values()) > 50
    assert len(broken) > 30
    assert len({rule for rule in broken if SCOPES[rule] == "stack"}) > 7


def test_a_preview_finds_what_check_finds(previewed: Told, expected: Broken) -> None:
    assert previewed.broken == expected, previewed.text[-3000:]


def test_levels_and_exemptions_reach_the_pack(previewed: Told) -> None:
    level = {rule: level for rule, _, level in previewed.broken}
    assert (level["log-retention"], level["kms-rotation"]) == ("mandatory", "advisory")
    assert "mutable-image-tags" not in level
    names = {(rule, urn.rpartition("::")[2]) for rule, urn, _ in previewed.broken}
    assert ("s3-public-acl", "site") not in names, "exempt"
    assert ("queue-encryption", "jobs") in names, "its exemption has expired"


def test_what_a_preview_cannot_tell_is_said_so(previewed: Told) -> None:
    names = {(rule, urn.rpartition("::")[2]) for rule, urn in previewed.untold}
    assert ("iam-wildcard", "kept-read") in names
    assert previewed.errors == ["preview failed\n"]


def test_a_mandatory_rule_stops_an_update_before_anything_is_made(
    box: Sandbox, planted: Path, settings: Path, previewed: Told
) -> None:
    told = run(box, planted, "up", "--yes", stack="prod", config=settings)
    assert told.code
    assert "[mandatory] [severity: critical]  open-ingress  (aws:ec2:SecurityGroup: open-group)" in told.text
    assert "SecurityGroup open-group allows 0.0.0.0/0 on tcp 22" in told.text
    assert "Fix: name the sources in cidrBlocks" in told.text
    assert "hunter2hunter2" not in told.text
    state = json.loads(box.pulumi("stack", "export", "--stack", "prod", cwd=planted).stdout)
    assert [one["type"] for one in state["deployment"].get("resources", ()) if one["custom"]] == []


def test_remediation_changes_what_the_fix_plan_says(box: Sandbox, planted: Path, settings: Path) -> None:
    document = json.loads(settings.read_text())
    for rule, row in document.items():
        remediated = rule in ("required-tags", "tag-propagation")
        row["enforcementLevel"] = "remediate" if remediated else "disabled"
    file = settings.with_name("remediate.json")
    file.write_text(json.dumps(document))
    told = run(box, planted, "preview", stack="prod", config=file)
    command = [str(Path(sys.executable).with_name("tradewind")), "check", str(planted), "--stack", "prod"]
    fixes = subprocess.run(
        [*command, "--config", str(planted / "rules.yaml"), "--fix-plan"], capture_output=True, text=True
    )
    assert fixes.returncode == 0, fixes.stderr
    assert {line.split("  ", 1)[1] for line in fixes.stdout.splitlines()} == set(_changes(told))
    # What needs a decision is left, and counts as mandatory.
    assert {(rule, urn.rpartition("::")[2], level) for rule, urn, level in told.broken} == {
        ("required-tags", "bastion", "mandatory")
    }


def _changes(told: Told) -> list[str]:
    """What remediation set, as the fix plan words it."""
    lines = []
    for (rule, urn), steps in told.remediated.items():
        for before, after in steps:
            for path, value in _set(before, after):
                # The provider's merged tags follow the resource's own.
                if not path.startswith("tagsAll"):
                    lines.append(f"{urn.rpartition('::')[2]}  {path} = {json.dumps(value)}  ({rule})")
    return [_in_order(line) for line in lines]


def _set(before: Any, after: Any, path: str = "") -> Any:
    """Paths and values that `after` has over `before`; a tag map that is new is told tag by tag."""
    if before == after:
        return
    if isinstance(after, dict) and (isinstance(before, dict) or path.lower().endswith("tags")):
        for key, value in after.items():
            yield from _set((before or {}).get(key), value, f"{path}.{key}".lstrip("."))
    elif isinstance(after, list):
        old = before if isinstance(before, list) else []
        for index, value in enumerate(after):
            yield from _set(old[index] if index < len(old) else None, value, f"{path}[{index}]")
    else:
        yield path, after


def _in_order(line: str) -> str:
    """Tags in the order in which they are required; the engine sorts keys."""
    return re.sub(
        r'\{"cost-center": ("[^"]+"), "owner": ("[^"]+")\}', r'{"owner": \2, "cost-center": \1}', line
    )


def test_wrong_settings_are_refused_in_words(box: Sandbox, planted: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(
        json.dumps({"required-tags": {"enforcementLevel": "mandatory", "tags": {"owner": {"vale": "x"}}}})
    )
    told = run(box, planted, "preview", stack="prod", config=wrong)
    assert told.code
    assert "vale" in told.text
    assert "Traceback" not in told.text


def test_a_deployment_finds_what_check_finds(
    box: Sandbox, planted: Path, settings: Path, expected: Broken
) -> None:
    """With no rule above advisory, so that it is not stopped; also where nothing changes any more."""
    document = json.loads(settings.read_text())
    for row in document.values():
        row["enforcementLevel"] = row["enforcementLevel"].replace("mandatory", "advisory")
    gentle = settings.with_name("gentle.json")
    gentle.write_text(json.dumps(document))
    softened: Broken = Counter()
    for (rule, urn, _), count in expected.items():
        softened[rule, urn, "advisory"] += count
    first = run(box, planted, "up", "--yes", "--skip-preview", stack="prod", config=gentle)
    assert (first.code, first.untold, first.broken) == (0, set(), softened), first.text
    again = run(box, planted, "preview", "--expect-no-changes", stack="prod", config=gentle)
    assert (again.code, again.untold, again.broken) == (0, set(), softened), again.text


def test_the_shipped_development_stack_keeps_the_rules(box: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "pack.json"
    report = check("dev", "--save-pack-config", str(file), cwd=ROOT)
    project = box.project(ROOT, "tradewind")
    box.pulumi("stack", "init", "dev", cwd=project)
    told = run(box, project, "preview", stack="dev", config=file)
    assert told.code == 0, told.text
    assert without(of_a_pack(report), told.untold) == without(told.broken, told.untold)
    assert not any(level == "mandatory" for _, _, level in told.broken)


@pytest.mark.parametrize("name", programs.NAMES)
def test_the_pack_judges_any_program_as_check_does(box: Sandbox, name: str) -> None:
    project = programs.prepared(box, name)
    stack = programs.stacks_of(project)[-1]
    told = run(box, project, "preview", stack=stack)
    assert set(told.errors) <= {"preview failed\n"}
    found = of_a_pack(check(project, "--stack", stack))
    assert without(found, told.untold) == told.broken
