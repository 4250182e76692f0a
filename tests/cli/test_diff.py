"""`tradewind diff`: from two graphs or two commits to one document, gates, and exit codes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cli.diff_document import Document, json_schema, parse
from cli.diff_gates import DiffGates
from cli.difference import document, environment
from cli.options import Gates
from plan.graph import Graph
from problems import InputError
from tests.cli import wrong
from tests.cli.differences import hostile, side
from tests.plan.build import graph, made

here, tradewind = wrong.here, wrong.tradewind

ROOT = Path(__file__).parents[2]
BUCKET, TABLE, VOLUME, THING = (
    "aws:s3/bucket:Bucket",
    "aws:dynamodb/table:Table",
    "aws:ebs/volume:Volume",
    "aws:novelty/thing:Thing",
)
HOME = "us-east-1"


def disk(gib: int, name: str = "disk", **rest: Any) -> Any:
    return made(VOLUME, name, HOME, type="gp3", size=gib, availabilityZone="us-east-1a", **rest)


def compared(before: Graph, after: Graph) -> Any:
    return environment("prod", side(before), side(after))


# The document.


def test_the_shipped_schema_is_that_of_the_models() -> None:
    shipped = json.loads((ROOT / "cli/schemas/diff.json").read_text(encoding="utf-8"))
    assert shipped == json_schema()


@pytest.mark.parametrize(
    "found",
    [
        document(
            "a", "b", [("prod", side(graph(disk(1))), side(graph(disk(2), made(THING, "x", HOME))))], ["g"]
        ),
        document("a", "b", []),
        hostile(),
    ],
)
def test_a_document_is_what_its_schema_says_and_is_read_back(found: Document, tmp_path: Path) -> None:
    written = found.to_dict()
    jsonschema.Draft202012Validator(json_schema()).validate(written)
    (tmp_path / "d.json").write_text(json.dumps(written))
    assert parse(tmp_path / "d.json") == found


def test_what_there_is_to_say_of_a_change() -> None:
    before = graph(
        disk(100), disk(10, "old"), made(TABLE, "orders", HOME, hashKey="a", billingMode="PAY_PER_REQUEST")
    )
    renamed = disk(10, "new", options={"aliases": [disk(10, "old").urn]})
    after = graph(disk(200), renamed, made(TABLE, "orders", HOME, hashKey="b", billingMode="PAY_PER_REQUEST"))
    found = compared(before, after)
    rows = {row.name: row for row in found.rows}
    assert {name: row.operation for name, row in rows.items()} == {
        "disk": "update", "new": "rename", "orders": "replace",
    }  # fmt: skip
    assert rows["disk"].cost.difference == Decimal("8.00") == found.cost.difference
    assert rows["new"].cost.difference == 0
    assert rows["orders"].loses_data and rows["orders"].replaces == ("hashKey",)
    assert found.counts == {"rename": 1, "replace": 1, "update": 1}


def test_a_name_of_any_length_stops_nothing() -> None:
    found = compared(graph(), graph(disk(1, "x" * 5000)))
    assert len(found.rows[0].name) == 1000


# Rules: new, fixed, and what only looks so.


def public(name: str, **rest: Any) -> Any:
    return made("aws:ec2/securityGroup:SecurityGroup", name, HOME, ingress=[
        {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["0.0.0.0/0"]},
    ], **rest)  # fmt: skip


def closed(name: str) -> Any:
    return made("aws:ec2/securityGroup:SecurityGroup", name, HOME, ingress=[])


def test_a_rule_newly_broken_and_one_mended() -> None:
    found = compared(
        graph(closed("a"), public("b"), public("c")), graph(public("a"), closed("b"), public("c"))
    )
    names = {(rule.became, rule.name) for rule in found.rules}
    assert ("new", "a") in names and ("fixed", "b") in names
    assert not any(name == "c" for _, name in names)


def test_a_rule_broken_by_what_is_gone_was_not_mended() -> None:
    found = compared(graph(public("a")), graph())
    assert {rule.became for rule in found.rules} == {"removed"}


def test_a_renamed_resource_breaks_no_new_rule() -> None:
    old = public("old")
    found = compared(graph(old), graph(public("new", options={"aliases": [old.urn]})))
    assert found.rules == ()


# Survival.


def test_a_verdict_that_changes_is_told_with_its_reason() -> None:
    alone = made(TABLE, "t", HOME, hashKey="id", billingMode="PAY_PER_REQUEST")
    twice = made(
        TABLE, "t", HOME, hashKey="id", billingMode="PAY_PER_REQUEST", streamEnabled=True,
        streamViewType="NEW_AND_OLD_IMAGES", replicas=[{"regionName": "eu-west-1"}],
    )  # fmt: skip
    found = compared(graph(twice), graph(alone))
    (lost,) = [it for it in found.changed_regions if it.region == HOME]
    assert lost.before in ("yes", "degraded")
    assert lost.after == "no"
    assert lost.because


# Gates.


def broken(before: Graph, after: Graph, **asked: Any) -> list[str]:
    return list(DiffGates(**asked).broken([("prod", side(before), side(after))]))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, ""),
        ({"increase": Decimal(100)}, ""),
        ({"increase": Decimal("99.9")}, "rises by $8.00 a month (100.0 %), over 99.9 %"),
        ({"standing": Gates(budget=Decimal(16))}, ""),
        ({"standing": Gates(budget=Decimal(15))}, "over $15.00"),
        ({"tenants": {"blue": Decimal(16)}}, ""),
        ({"tenants": {"blue": Decimal("15.99")}}, "blue is expected to cost $16.00"),
        ({"standing": Gates(survival=True)}, "losing us-east-1: no"),
        ({"losses": True}, ""),
    ],
)
def test_gates_of_cost(asked: dict[str, Any], said: str) -> None:
    before, after = (graph(disk(gib, tags={"tenant": "blue"})) for gib in (100, 200))
    found = broken(before, after, **asked)
    assert bool(found) == bool(said)
    assert all(said in text for text in found)


def test_the_increase_from_nothing_and_what_cannot_be_priced() -> None:
    assert "from nothing" in broken(graph(), graph(disk(1)), increase=Decimal(1000))[0]
    assert broken(graph(disk(1)), graph(), increase=Decimal(0)) == []
    assert "not known" in broken(graph(), graph(made(THING, "x", HOME)), increase=Decimal(5))[0]
    assert broken(graph(made(THING, "x", HOME)), graph(made(THING, "x", HOME)), increase=Decimal(5)) == []


def test_a_data_store_that_goes() -> None:
    store = made(TABLE, "orders", HOME, hashKey="a")
    assert "orders" in broken(graph(store), graph(), losses=True)[0]
    kept = made(TABLE, "orders", HOME, hashKey="a", options={"retainOnDelete": True})
    assert broken(graph(kept), graph(), losses=True) == []


def test_a_tenant_that_nobody_is() -> None:
    with pytest.raises(InputError, match="tenants: blue"):
        broken(graph(disk(1, tags={"tenant": "blue"})), graph(), tenants={"bleu": Decimal(5)})


# The command, over files and over commits.

PROGRAM = """import pulumi_aws as aws
aws.ebs.Volume("disk", availability_zone="us-east-1a", size={size}, type="gp3", tags={{"owner": "blue"}})
"""


@pytest.fixture
def project(here: Path) -> Callable[..., None]:
    """Writes the program with a disk of some size; the folder is a repository whose commits are so made."""
    (here / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    for stack in ("live", "trial"):
        (here / f"Pulumi.{stack}.yaml").write_text("config:\n  aws:region: us-east-1\n")

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *arguments], cwd=here, check=True, capture_output=True)

    def write(size: int, *, commit: bool = True) -> None:
        (here / "__main__.py").write_text(PROGRAM.format(size=size))
        if commit:
            git("add", "-A")
            git("commit", "--quiet", "-m", "x")

    git("init", "--quiet", "-b", "main")
    return write


def test_a_folder_against_its_commit(
    tradewind: wrong.Tradewind, project: Callable[..., None], here: Path
) -> None:
    project(100)
    project(300, commit=False)
    said = tradewind("diff", "git:main", ".", "--stack", "live", "--format", "json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    jsonschema.Draft202012Validator(json_schema()).validate(found)
    (only,) = found["environments"]
    assert (only["name"], only["cost"]["expected_before"], only["cost"]["expected_after"]) == (
        "live",
        "8.00",
        "24.00",
    )
    assert [it["name"] for it in only["groups"] if it["by"] == "owner"] == ["blue"]
    held = tradewind(
        "diff", "git:main", ".", "--stack", "live", "--max-increase", "10%", "--format", "markdown"
    )
    assert held.code == 3
    assert held.out.startswith("**live: +$16 a month (+200.0 %)")
    assert "--max-increase" in held.err and "**Not held:**" in held.out


def test_every_stack_where_none_is_named(
    tradewind: wrong.Tradewind, project: Callable[..., None], here: Path
) -> None:
    project(100)
    (here / "Pulumi.trial.yaml").unlink()
    project(100)
    said = tradewind("diff", "git:HEAD^1", "git:HEAD", "--format", "json")
    assert said.code == 0, said.err
    found = {it["name"]: it for it in json.loads(said.out)["environments"]}
    assert list(found) == ["live", "trial"]
    assert (found["trial"]["in_base"], found["trial"]["in_head"]) == (True, False)
    assert found["trial"]["cost"]["expected_after"] == "0.00"
    assert found["live"]["rows"] == []


def test_files_of_stacks_with_other_names_are_compared_resource_by_resource(
    tradewind: wrong.Tradewind, here: Path
) -> None:
    (here / "a.json").write_text(graph(disk(100)).to_json())
    (here / "b.json").write_text(graph(disk(200, stack="other")).to_json())
    said = tradewind("diff", "a.json", "b.json", "--format", "json")
    (row,) = json.loads(said.out)["environments"][0]["rows"]
    assert (row["operation"], row["cell"]) == ("update", "other")


def test_two_deployments_side_by_side_delete_nothing(tradewind: wrong.Tradewind, here: Path) -> None:
    """Nothing happens to the data of one environment because another one is without."""
    store = made(TABLE, "orders", HOME, hashKey="a", stack="trial", protect=True)
    (here / "a.json").write_text(graph(store, disk(100, stack="trial")).to_json())
    (here / "b.json").write_text(graph(disk(200, stack="one"), disk(5, "two", stack="two")).to_json())
    said = tradewind("diff", "a.json", "b.json", "--format", "json", "--require-data")
    assert said.code == 0, said.err
    rows = {row["name"]: row for row in json.loads(said.out)["environments"][0]["rows"]}
    assert {name: row["operation"] for name, row in rows.items()} == {
        "disk": "update", "two": "create", "orders": "delete",
    }  # fmt: skip
    assert not rows["orders"]["loses_data"] and rows["orders"]["refused"] == ""


@pytest.mark.parametrize("output", ["text", "markdown", "html"])
def test_every_form_begins_with_the_sentence(tradewind: wrong.Tradewind, here: Path, output: str) -> None:
    (here / "a.json").write_text(graph(disk(100)).to_json())
    (here / "b.json").write_text(graph(disk(200)).to_json())
    said = tradewind("diff", "a.json", "b.json", "--format", output)
    assert said.code == 0
    head = said.out.partition("<h1>")[2] if output == "html" else said.out.lstrip("*")
    assert head.startswith("b.json: +$8.00 a month (+100.0 %), ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("git:nowhere", "a.json"), "no such commit"),
        (("git:", "a.json"), "no commit is named"),
        (("git:main:/etc/passwd", "a.json"), "begins where you stand"),
        (("a.json", "nothing-like-it"), "no environment, folder or file"),
        (("git:main:absent", "git:main:absent"), "no environment, folder or file"),
        (("a.json", "a.json", "--tenant-ceiling", "x=5"), "such a tenant"),
    ],
)
def test_wrong_targets(
    tradewind: wrong.Tradewind,
    project: Callable[..., None],
    here: Path,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    project(1)
    (here / "a.json").write_text(graph(disk(100)).to_json())
    wrong.assert_refused(tradewind("diff", *arguments), words)


@pytest.mark.parametrize(
    "option",
    [
        ("--max-increase", "-1"),
        ("--max-increase", "x"),
        ("--tenant-ceiling", "5"),
        ("--tenant-ceiling", "a=b"),
    ],
)
def test_wrong_gates(tradewind: wrong.Tradewind, option: tuple[str, str]) -> None:
    said = tradewind("diff", "a", "b", *option)
    assert (said.code, said.out) == (2, "")
