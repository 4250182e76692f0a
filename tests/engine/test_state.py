"""`tradewind state` on the real engine: what it finds, and that what it says to run mends it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.engine.aws import endpoint
from tests.engine.aws.world import World
from tests.engine.sandbox import ROOT, Sandbox

pytestmark = pytest.mark.engine

SCHEMA = json.loads((ROOT / "cli" / "schemas" / "state.json").read_text(encoding="utf-8"))
UP = ("up", "--yes", "--skip-preview", "-s", "dev")
STATE = "state/.pulumi/stacks/tradewind/dev.json"
LOCKS = "state/.pulumi/locks/organization/tradewind/dev"
VPC = "aws:ec2/vpc:Vpc"
GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
ROUTE = "aws:ec2/route:Route"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
BUCKET = "aws:s3/bucket:Bucket"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ATTACHMENT = "aws:iam/rolePolicy:RolePolicy"
TABLE = "aws:dynamodb/table:Table"


class Deployment:
    """Dev as the small program deploys it: network and feature store, in a sandbox of its own."""

    def __init__(self, folder: Path) -> None:
        self.box = Sandbox(folder)
        self.project = self.box.project(ROOT, "tradewind")
        shutil.copy(Path(__file__).with_name("small_program.py"), self.project / "stacks" / "__main__.py")

    @property
    def state_file(self) -> Path:
        return self.box.folder / STATE

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.state_file.read_text(encoding="utf-8"))
        return found

    def plant(self, document: dict[str, Any]) -> None:
        """Put a state in place. `pulumi stack import` would drop pending operations."""
        self.state_file.write_text(json.dumps(document), encoding="utf-8")

    def tradewind(self, *options: str, box: Sandbox | None = None) -> subprocess.CompletedProcess[str]:
        return (box or self.box).run("tradewind", "state", "dev", *options, cwd=self.project, check=False)

    def asked(self) -> tuple[Any, Sandbox]:
        """The sandbox with AWS' interface over its world, and what ends that."""
        server, url = endpoint.start(self.box.world)
        given = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
        return server, Sandbox(self.box.folder, extra=given)

    def json(self, *options: str, code: int, box: Sandbox | None = None) -> dict[str, Any]:
        """The document, checked against its schema."""
        done = self.tradewind("--format", "json", *options, box=box)
        assert done.returncode == code, done.stdout + done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        jsonschema.validate(document, SCHEMA)
        return document


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    made = Deployment(tmp_path_factory.mktemp("state"))
    made.box.pulumi("stack", "init", "dev", cwd=made.project)
    made.box.pulumi(*UP, cwd=made.project)
    return made


@pytest.fixture
def dev(first: Deployment) -> Iterator[Deployment]:
    """The deployment; what a test does to it is undone."""
    kept = first.box.folder / "kept"
    for name in ("state", "world"):
        shutil.copytree(first.box.folder / name, kept / name)
    yield first
    for name in ("state", "world"):
        shutil.rmtree(first.box.folder / name)
        shutil.move(kept / name, first.box.folder / name)
    shutil.rmtree(kept)


def pending(rows: list[dict[str, Any]], type: str, operation: str = "creating") -> dict[str, Any]:
    """The first resource of `type` that no other needs, as an operation that was under way."""
    needed = {urn for row in rows for urn in (*(row.get("dependencies") or ()), row.get("parent"))}
    row = next(row for row in rows if row["type"] == type and row["urn"] not in needed)
    if operation == "creating":
        rows.remove(row)
        row = {
            key: value for key, value in row.items() if key not in ("id", "outputs", "created", "modified")
        }
    return {"resource": row, "type": operation}


def killed(dev: Deployment) -> None:
    """The state as a kill leaves it in the middle of much: a lock, and operations of every kind."""
    document = dev.document
    latest = document["checkpoint"]["latest"]
    rows = latest["resources"]
    latest["pending_operations"] = [
        pending(rows, GROUP),
        pending(rows, ENDPOINT),
        pending(rows, ROUTE),
        pending(rows, ENCRYPTION),
        pending(rows, POLICY),
        pending(rows, TABLE, "updating"),
        pending(rows, ATTACHMENT, "deleting"),
    ]
    dev.plant(document)
    world = World(dev.box.world)
    gone = latest["pending_operations"][4]["resource"]["inputs"]["bucket"]
    world.remove(POLICY, gone)
    world.close()
    lock(dev, process=2**22 + 1)


def lock(dev: Deployment, *, process: int, host: str = "") -> None:
    folder = dev.box.folder / LOCKS
    folder.mkdir(parents=True, exist_ok=True)
    row = {
        "pid": process,
        "username": "me",
        "hostname": host or socket.gethostname(),
        "timestamp": "2026-05-01T10:00:00Z",
    }
    (folder / "0b36.json").write_text(json.dumps(row), encoding="utf-8")  # fmt: skip


def test_nothing_is_the_matter_with_a_deployment_just_made(dev: Deployment) -> None:
    (cell,) = dev.json("--drift", code=0)["cells"]
    assert cell["drift"] == []
    assert cell["resources"] == sum("id" in row and not row["type"].startswith("pulumi:") for row in dev.document["checkpoint"]["latest"]["resources"])  # fmt: skip
    assert (cell["last_update"]["kind"], cell["last_update"]["result"]) == ("update", "succeeded")


def test_what_a_kill_left_is_found_said_and_mended(dev: Deployment) -> None:
    made = len(World(dev.box.world).things())
    killed(dev)
    server, box = dev.asked()
    try:
        (cell,) = dev.json(code=3, box=box)["cells"]
        actions = {one["type"]: one["action"] for one in cell["pending"]}
        assert actions == {
            GROUP: "import",
            ENDPOINT: "import",
            ROUTE: "import",
            ENCRYPTION: "import",
            POLICY: "import",
            TABLE: "refresh",
            ATTACHMENT: "refresh",
        }
        assert cell["locks"][0]["alive"] is False
        assert cell["recovery"][0] == "pulumi cancel --yes --stack dev"
        done = dev.tradewind("--recover", "--yes", "--settle", "0", box=box)
    finally:
        server.shutdown()
    assert done.returncode == 0, done.stderr
    assert "4 imported, 1 forgotten, 2 looked up" in done.stderr
    up = dev.box.pulumi(*UP, "--json", cwd=dev.project)
    events = [json.loads(line) for line in up.stdout.splitlines() if line.startswith("{")]
    (changes,) = (one["summaryEvent"]["resourceChanges"] for one in events if "summaryEvent" in one)
    assert (changes["create"], set(changes)) == (1, {"create", "same"})
    dev.box.pulumi(*UP, "--expect-no-changes", cwd=dev.project)
    assert len(World(dev.box.world).things()) == made
    assert not dev.document["checkpoint"]["latest"].get("pending_operations")


def test_the_commands_that_are_printed_mend_it_by_hand(dev: Deployment) -> None:
    document = dev.document
    latest = document["checkpoint"]["latest"]
    operations = [pending(latest["resources"], GROUP), pending(latest["resources"], ROUTE)]
    latest["pending_operations"] = operations
    dev.plant(document)
    lock(dev, process=2**22 + 1)
    server, box = dev.asked()
    try:
        (cell,) = dev.json(code=3, box=box)["cells"]
    finally:
        server.shutdown()
    for line in cell["recovery"]:
        dev.box.run(*shlex.split(line), cwd=dev.project)
    dev.box.pulumi(*UP, "--expect-no-changes", cwd=dev.project)


def test_without_credentials_it_says_what_to_set(dev: Deployment) -> None:
    document = dev.document
    latest = document["checkpoint"]["latest"]
    latest["pending_operations"] = [pending(latest["resources"], GROUP)]
    dev.plant(document)
    nowhere = Sandbox(
        dev.box.folder, extra={"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(dev.box.folder)}
    )
    done = dev.tradewind("--recover", "--yes", box=nowhere)
    assert done.returncode == 4
    assert "set AWS_PROFILE" in done.stderr
    (cell,) = dev.json(code=3, box=nowhere)["cells"]
    assert cell["pending"][0]["action"] == "look"


def test_a_running_update_is_left_alone(dev: Deployment) -> None:
    lock(dev, process=os.getpid())
    done = dev.tradewind("--recover", "--yes")
    assert done.returncode == 1
    assert "an update is running" in done.stderr
    dev.json(code=0)


def test_a_lock_of_another_machine_is_broken_only_when_told(dev: Deployment) -> None:
    lock(dev, process=7, host="build-7")
    done = dev.tradewind("--recover", "--yes")
    assert (done.returncode, "--unlock" in done.stderr) == (1, True)
    done = dev.tradewind("--recover", "--yes", "--unlock")
    assert done.returncode == 0, done.stderr
    dev.json(code=0)


def test_a_note_that_is_torn_is_taken_away(dev: Deployment) -> None:
    """As a kill leaves it between opening and writing the note beside the state."""
    note = dev.state_file.with_name("dev.json.attrs")
    assert json.loads(note.read_text(encoding="utf-8"))
    note.write_text("", encoding="utf-8")
    assert dev.box.pulumi("stack", "export", "-s", "dev", cwd=dev.project, check=False).returncode
    (cell,) = dev.json(code=3)["cells"]
    assert "sound" in cell["failure"]
    done = dev.tradewind("--recover", "--yes")
    assert done.returncode == 0, done.stderr
    dev.json(code=0)


def test_drift_is_told_property_by_property(dev: Deployment) -> None:
    world = World(dev.box.world)
    table = world.things(TABLE)[0]
    world.drift(TABLE, table.id, deletionProtectionEnabled=True)
    gone = world.things("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")[0]
    world.remove(gone.type, gone.id)
    world.close()
    (cell,) = dev.json("--drift", code=3)["cells"]
    told = {(one["type"], one["op"], tuple(one["changed"])) for one in cell["drift"]}
    assert (TABLE, "update", ("deletionProtectionEnabled",)) in told
    assert (gone.type, "delete") in {one[:2] for one in told}
    assert len(told) == 2
    (cell,) = dev.json(code=0)["cells"]
    assert cell["drift"] is None


def test_orphans_and_what_has_no_owner(dev: Deployment) -> None:
    document = dev.document
    rows = document["checkpoint"]["latest"]["resources"]
    table = next(row for row in rows if row["type"] == TABLE)
    orphan = json.loads(json.dumps(table).replace("::feature-store", "::left-behind"))
    rows.append({**orphan, "protect": True})
    bucket = next(row for row in rows if row["type"] == BUCKET)
    for values in (bucket["inputs"], bucket["outputs"]):
        for key in ("tags", "tagsAll"):
            values.get(key, {}).pop("owner", None)
    dev.plant(document)
    (cell,) = dev.json(code=3)["cells"]
    assert [(one["urn"], one["protect"]) for one in cell["orphans"]] == [(orphan["urn"], True)]
    assert [(one["urn"], one["lacks"]) for one in cell["untagged"]] == [(bucket["urn"], ["owner"])]
    text = dev.tradewind()
    assert text.returncode == 3
    assert "left-behind" in text.stdout
    assert "gate  dev: 1 in the state but not in the program" in text.stderr


def test_what_aws_holds_and_no_state_knows(dev: Deployment) -> None:
    world = World(dev.box.world)
    arn = "arn:aws:ec2:us-east-1:123456789012:{}/{}"
    for id, tags in (("vol-0a1", {}), ("vol-0a2", {"karpenter.sh/nodepool": "general"})):
        tagged = {"environment": "dev", "Name": id, **tags}
        world.plant(
            "us-east-1", "aws:ebs/volume:Volume", id, {"arn": arn.format("volume", id), "tags": tagged}
        )
    world.close()
    server, box = dev.asked()
    try:
        document = dev.json("--cloud", code=3, box=box)
    finally:
        server.shutdown()
    assert [(one["name"], one["maker"]) for one in document["cloud"]] == [
        ("vol-0a1", ""),
        ("vol-0a2", "Karpenter"),
    ]
    assert document["findings"] == ["1 resource in AWS that no state knows"]


@pytest.mark.parametrize(
    ("passphrase", "code", "said"), [(None, 4, "PULUMI_CONFIG_PASSPHRASE"), ("wrong", 3, "passphrase")]
)
def test_the_passphrase(dev: Deployment, passphrase: str | None, code: int, said: str) -> None:
    box = Sandbox(dev.box.folder, extra={"PULUMI_CONFIG_PASSPHRASE": passphrase} if passphrase else {})
    if passphrase is None:
        del box.environment["PULUMI_CONFIG_PASSPHRASE"]
    done = dev.tradewind("--drift", box=box)
    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr


def test_a_program_that_fails(dev: Deployment) -> None:
    main = dev.project / "stacks" / "__main__.py"
    before = main.read_text(encoding="utf-8")
    main.write_text("raise ValueError('out of order')\n", encoding="utf-8")
    try:
        done = dev.tradewind()
    finally:
        main.write_text(before, encoding="utf-8")
    assert done.returncode == 1
    assert "out of order" in done.stderr
    assert "Traceback" not in done.stderr


def test_plain_pulumi_deploys_to_no_second_place(tmp_path: Path) -> None:
    """State of staging is in a bucket; an up from a folder would build everything again."""
    box = Sandbox(tmp_path)
    project = box.project(ROOT, "tradewind")
    box.pulumi("stack", "init", "staging-us-east-1", cwd=project)
    done = box.pulumi("up", "--yes", "--skip-preview", "-s", "staging-us-east-1", cwd=project, check=False)
    assert done.returncode
    said = re.sub(r"\s+", " ", done.stdout + done.stderr)
    wanted = "s3://tradewind-staging-use1-state-123456789012?region=us-east-1&awssdk=v2"
    assert f"export PULUMI_BACKEND_URL='{wanted}'" in said
    assert World(box.world).things() == []
