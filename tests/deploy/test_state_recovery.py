"""What is decided about operations that a killed engine left, without an engine or a cloud."""

from __future__ import annotations

import datetime as dt
import json
import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest

from cli.recovering import lookup_of, waiting
from deploy import recovery
from deploy.cloud import Cloud
from deploy.locks import is_running, locks_of
from deploy.lookup import Lookup
from deploy.pending import pending_of
from deploy.recovery import Action, commands, decide, import_file
from deploy.stack import CellStack, Location
from deploy.torn import torn_notes
from deploy.unmanaged import made_by, unmanaged
from problems import Missing
from stacks.specification import FOLDER, load

PROVIDER = "urn:pulumi:dev::tradewind::pulumi:providers:aws::aws-global"
PARENT = "urn:pulumi:dev::tradewind::tradewind:index:Network::network"
VPC = "aws:ec2/vpc:Vpc"
BUCKET = "aws:s3/bucket:Bucket"
TAGS = {"Name": "one", "environment": "dev"}


class Stand(Cloud):
    """Stands in for AWS: what is tagged, by kind."""

    arns: ClassVar[dict[str, list[str]]] = {}

    def tagged(self, tags: Any, kind: str = "") -> dict[str, dict[str, str]]:
        if kind not in self.arns:
            raise Missing("AWS does not answer")
        return {arn: dict(tags) for arn in self.arns[kind]}


def urn(type: str, name: str = "one") -> str:
    return f"urn:pulumi:dev::tradewind::tradewind:index:Network${type}::{name}"


def creating(type: str, called: str = "one", /, **inputs: Any) -> dict[str, Any]:
    resource = {"urn": urn(type, called), "type": type, "custom": True, "inputs": inputs, "parent": PARENT, "provider": f"{PROVIDER}::id"}  # fmt: skip
    return {"type": "creating", "resource": resource}


def document(*operations: dict[str, Any], resources: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    provider = {"urn": PROVIDER, "type": "pulumi:providers:aws", "custom": True, "id": "id", "inputs": {"region": "us-east-1"}}  # fmt: skip
    return {"deployment": {"resources": [provider, *resources], "pending_operations": list(operations)}}


def decided(
    found: dict[str, Any], arns: dict[str, list[str]] | None = None, taken: tuple[str, ...] = ()
) -> Any:
    Stand.arns = arns or {}
    return decide(found, Lookup("123456789012", "us-east-1", taken=taken, cloud=Stand))


def test_pending_operations_of_a_state() -> None:
    update = {"type": "updating", "resource": {"urn": urn(BUCKET, "b"), "type": BUCKET, "id": "b"}}
    found = pending_of(document(creating(VPC), creating(VPC), update))
    assert [(it.operation, it.name, it.id, it.provider) for it in found] == [
        ("creating", "one", "", PROVIDER),
        ("updating", "b", "b", ""),
    ]
    assert pending_of({}) == pending_of({"deployment": None}) == ()


@pytest.mark.parametrize(
    ("operation", "arns", "action", "id"),
    [
        (creating(BUCKET, bucket="b", region="us-east-1"), {}, Action.IMPORT, "b"),
        (creating(BUCKET, bucket="b", region="eu-west-1"), {}, Action.IMPORT, "b@eu-west-1"),
        (creating("aws:iam/role:Role", name="r"), {}, Action.IMPORT, "r"),
        (creating(VPC, tags=TAGS), {"ec2:vpc": ["arn:aws:ec2:us-east-1:1:vpc/vpc-1"]}, Action.IMPORT, "vpc-1"),
        (creating(VPC, tagsAll=TAGS, region="eu-west-1"), {"ec2:vpc": ["arn:aws:ec2:eu-west-1:1:vpc/vpc-1"]}, Action.IMPORT, "vpc-1@eu-west-1"),
        (creating(VPC, tags=TAGS), {"ec2:vpc": []}, Action.FORGET, ""),
        (creating(VPC, tags=TAGS), {"ec2:vpc": ["arn:x:vpc/vpc-1", "arn:x:vpc/vpc-2"]}, Action.LOOK, ""),
        (creating(VPC, tags={"Name": "one"}), {"ec2:vpc": []}, Action.LOOK, ""),
        (creating("aws:made/up:Thing", name="n"), {}, Action.LOOK, ""),
        (creating("kubernetes:core/v1:ConfigMap", metadata={"name": "n", "namespace": "s"}), {}, Action.IMPORT, "s/n"),
    ],
)  # fmt: skip
def test_what_to_do_about_a_creation(
    operation: dict[str, Any], arns: dict[str, list[str]], action: Action, id: str
) -> None:
    (decision,) = decided(document(operation), arns)
    assert (decision.action, decision.id) == (action, id)
    assert decision.why


@pytest.mark.parametrize(
    ("type", "custom"), [("tradewind:index:Network", False), ("pulumi:providers:aws", True)]
)
def test_what_is_in_the_state_only_is_never_looked_for(type: str, custom: bool) -> None:
    operation = creating(type)
    operation["resource"]["custom"] = custom
    (decision,) = decided(document(operation))
    assert decision.action is Action.FORGET


def test_what_a_state_holds_already_is_not_found_again() -> None:
    arns = {"ec2:vpc": ["arn:aws:ec2:us-east-1:1:vpc/vpc-1"]}
    (decision,) = decided(document(creating(VPC, tags=TAGS)), arns, taken=("vpc-1",))
    assert decision.action is Action.FORGET


def test_a_replacement_is_for_a_person_to_sort_out() -> None:
    old = {"urn": urn(VPC), "type": VPC, "custom": True, "id": "vpc-0"}
    found = document(creating(VPC, tags=TAGS), resources=(old,))
    arns = {"ec2:vpc": ["arn:x:vpc/vpc-0", "arn:x:vpc/vpc-1"]}
    (decision,) = decided(found, arns, taken=("vpc-0",))
    assert decision.action is Action.LOOK
    assert "vpc-1" in decision.why
    (decision,) = decided(found, {"ec2:vpc": ["arn:x:vpc/vpc-0"]}, taken=("vpc-0",))
    assert decision.action is Action.FORGET


def test_without_aws_nothing_is_forgotten() -> None:
    found = document(creating(VPC, tags=TAGS))
    with pytest.raises(Missing):
        decided(found)
    Stand.arns = {}
    (decision,) = decide(found, Lookup("1", "us-east-1", cloud=Stand), offline=True)
    assert decision.action is Action.LOOK
    assert "--clear-pending-creates" not in commands("dev", [decision])[0]


def test_the_commands_survive_a_shell() -> None:
    lines = commands("dev", decided(document(creating(BUCKET, bucket="b", region="us-east-1"))))
    words = shlex.split(lines[0])
    assert words[:5] == ["pulumi", "import", BUCKET, "one", "b"]
    assert f"parent={PARENT}" in words
    assert "--protect=false" in words
    assert shlex.split(lines[-1])[:2] == ["pulumi", "refresh"]
    assert "--clear-pending-creates" in lines[-1]


def test_the_import_file_names_parents_and_providers_once() -> None:
    found = document(creating(BUCKET, "a", bucket="a"), creating(BUCKET, "b", bucket="b"))
    made = import_file(decided(found))
    assert sorted(made["nameTable"].values()) == sorted([PARENT, PROVIDER])
    assert [(row["id"], made["nameTable"][row["parent"]]) for row in made["resources"]] == [
        ("a", PARENT),
        ("b", PARENT),
    ]


def test_absence_is_told_by_urn_not_by_id() -> None:
    """Many resources of a bucket have the bucket's name as their id."""
    policy = "aws:s3/bucketPolicy:BucketPolicy"
    found = decided(document(creating(BUCKET, bucket="b"), creating(policy, bucket="b")))
    said = f"Diagnostics:\n  {urn(policy)}:\n    error: resource 'b' does not exist\n\n  {urn(BUCKET)}:\n    warning: x\n"
    assert recovery._absent(said, found) == {urn(policy)}
    assert recovery._absent("error: AccessDenied", found) == set()


@pytest.mark.parametrize(("age", "seconds"), [(0, 90), (30, 60), (200, 0)])
def test_what_an_index_may_not_know_yet_is_waited_for(age: int, seconds: int) -> None:
    decisions = decided(document(creating(VPC, tags=TAGS)), {"ec2:vpc": []})
    now = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
    written = (now - dt.timedelta(seconds=age)).isoformat()
    assert waiting(decisions, written, 90, now) == seconds
    assert waiting(decided(document(creating(BUCKET, bucket="b"))), written, 90, now) == 0
    assert waiting(decisions, "", 90, now) == 90


def test_lookups_know_what_every_cell_holds() -> None:
    held = {"urn": urn(VPC), "type": VPC, "custom": True, "id": "vpc-9"}
    lookup = lookup_of(load(FOLDER / "dev.yaml"), [document(resources=(held,)), {}])
    assert "vpc-9" in lookup.taken
    assert (lookup.account, lookup.home_region, lookup.partition) == ("123456789012", "us-east-1", "aws")


def stack_in(folder: Path) -> CellStack:
    return CellStack(folder, "dev", "all", 0, Location(f"file://{folder}"))


def test_locks_and_who_holds_them(tmp_path: Path) -> None:
    folder = tmp_path / ".pulumi" / "locks" / "organization" / "tradewind" / "dev"
    folder.mkdir(parents=True)
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    host = socket.gethostname()
    for name, pid, where in (("a", os.getpid(), host), ("b", int(ended.stdout), host), ("c", 1, "elsewhere")):
        row = {
            "pid": pid,
            "username": "me",
            "hostname": where,
            "timestamp": f"2026-05-0{ord(name) - 96}T10:00:00Z",
        }
        (folder / f"{name}.json").write_text(json.dumps(row), encoding="utf-8")
        (folder / f"{name}.json.attrs").write_text("{}", encoding="utf-8")
    found = locks_of(stack_in(tmp_path), "tradewind")
    assert [lock.alive for lock in found] == [True, False, None]
    (folder / "d.json.18ea.tmp").write_text("", encoding="utf-8")
    assert [lock.alive for lock in locks_of(stack_in(tmp_path), "tradewind")] == [False, True, False, None]
    assert locks_of(stack_in(tmp_path), "another") == ()
    assert is_running("elsewhere", 1) is None


def test_torn_notes(tmp_path: Path) -> None:
    folder = tmp_path / ".pulumi" / "stacks" / "tradewind"
    folder.mkdir(parents=True)
    notes = {"dev.json": "", "dev.json.bak": '{"user.md5": "x"}', "prod.json": ""}
    for name, text in notes.items():
        (folder / f"{name}.attrs").write_text(text, encoding="utf-8")
    assert torn_notes(stack_in(tmp_path), "tradewind") == (folder / "dev.json.attrs",)
    elsewhere = CellStack(tmp_path, "dev", "all", 0, Location("s3://bucket?region=us-east-1"))
    assert torn_notes(elsewhere, "tradewind") == ()


def test_what_no_state_knows() -> None:
    arn = "arn:aws:ec2:us-east-1:1:volume/vol-1"

    class Tagged(Cloud):
        def tagged(self, tags: Any, kind: str = "") -> dict[str, dict[str, str]]:
            assert dict(tags) == {"environment": "dev"}
            found = {
                arn: {"Name": "lost"},
                "arn:aws:ec2:us-east-1:1:vpc/vpc-1": {},
                "arn:aws:dynamodb:us-east-1:1:table/t": {},
                "arn:aws:ec2:us-east-1:1:instance/i-1": {"karpenter.sh/nodepool": "general"},
            }
            return found if self.region == "us-east-1" else {"arn:aws:dynamodb:eu-west-1:1:table/t": {}}

    held = (
        {"urn": urn(VPC), "type": VPC, "custom": True, "id": "vpc-1", "outputs": {}},
        {"urn": urn("t"), "type": "t", "custom": True, "id": "t", "outputs": {"arn": "arn:aws:dynamodb:us-east-1:1:table/t"}},
    )  # fmt: skip
    found = unmanaged("dev", ["us-east-1", "eu-west-1"], [document(resources=held)], cloud=Tagged)
    assert [(one.arn, one.maker) for one in found] == [
        ("arn:aws:ec2:us-east-1:1:instance/i-1", "Karpenter"),
        (arn, ""),
    ]
    assert made_by({"aws:cloudformation:stack-name": "tradewind-prod-state"}) == "CloudFormation"
