"""DVC itself on the buckets of the plan, each of its requests decided by its role's policies.

The copy to the second region is emulated: moto replicates nothing (`planned_buckets.replicate`).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from plan.graph import Graph, Resource
from plan.survive import survive
from policies.iam import Access
from tests.clients.gateway import Gateway
from tests.clients.planned_buckets import client, keys_in, make_buckets, replicate, take_away
from tests.clients.requested import Call
from tests.clients.virtual_environment import python
from tests.components import versions_plan
from tests.components.versions_plan import ACCOUNT, named

pytestmark = pytest.mark.clients

versions_in_production = versions_plan.versions_in_production

HOME, SECOND = "us-east-1", "eu-west-1"
ROLES = {
    f"{project}-{kind}": f"tradewind-prod-data-{kind}-{project}"
    for project, kind in (
        ("ranking", "reader"),
        ("ranking", "writer"),
        ("ranking", "collector"),
        ("clicks", "reader"),
        ("clicks", "writer"),
    )
}
"""Access keys by the role that they stand for."""
CALLS: list[Call] = []
"""What was allowed, in order."""
LARGE = 20 * 1024 * 1024
"""Bytes of a file that DVC uploads in parts."""


def bucket_of(region: str) -> str:
    code = {HOME: "use1", SECOND: "euw1"}[region]
    return f"tradewind-prod-{code}-data-{ACCOUNT}"


def home_of(graph: Graph) -> Resource:
    return named(graph, "Bucket", bucket_of(HOME))


@dataclass
class Workspace:
    """A clone of one repository with DVC in it, working as one role in one region."""

    folder: Path
    url: str
    key: str
    region: str = HOME

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        binaries = python("dvc").parent
        home = self.folder.parent / "home"
        home.mkdir(exist_ok=True)
        environment = {
            "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "DVC_NO_ANALYTICS": "1",
            "GIT_AUTHOR_NAME": "test",
            "GIT_AUTHOR_EMAIL": "test@example.com",
            "GIT_COMMITTER_NAME": "test",
            "GIT_COMMITTER_EMAIL": "test@example.com",
        }
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
        return done

    def remote(self, project: str) -> None:
        """The project's remote in this workspace's region, in the settings that are not committed."""
        url = f"s3://{bucket_of(self.region)}/{project}"
        self.run("dvc", "remote", "add", "--local", "--force", "--default", "storage", url)
        self.run("dvc", "remote", "modify", "--local", "storage", "endpointurl", self.url)

    def clone(self, name: str, key: str, region: str = HOME) -> Workspace:
        folder = self.folder.parent / name
        self.run("git", "clone", "--quiet", str(self.folder), str(folder))
        return Workspace(folder, self.url, key, region)


@pytest.fixture(scope="module")
def gateway(versions_in_production: Graph) -> Iterator[Gateway]:
    access = Access(versions_in_production, account=ACCOUNT)
    with Gateway(access, ROLES, instead=CALLS.append) as server:
        make_buckets(versions_in_production, access, server.url)
        yield server


@pytest.fixture(scope="module")
def pushed(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A repository whose data the writer of `ranking` has pushed from the home region."""
    folder = tmp_path_factory.mktemp("dvc") / "first"
    folder.mkdir()
    here = Workspace(folder, gateway.url, "ranking-writer")
    here.run("git", "init", "--quiet")
    here.run("dvc", "init", "--quiet")
    data = folder / "data"
    data.mkdir()
    for number in range(5):
        (data / f"part-{number}.csv").write_text(f"id,score\n{number},{number / 7}\n")
    (folder / "large.bin").write_bytes(os.urandom(LARGE))
    here.run("dvc", "add", "--quiet", "data", "large.bin")
    here.run("git", "add", ".")
    here.run("git", "commit", "--quiet", "--message", "Data")
    here.remote("ranking")
    here.run("dvc", "push", "--quiet")
    return here


def same_data(one: Workspace, other: Workspace) -> bool:
    files = ["large.bin", *(f"data/part-{number}.csv" for number in range(5))]
    return all((one.folder / file).read_bytes() == (other.folder / file).read_bytes() for file in files)


def test_what_the_writer_pushes_another_clone_pulls_as_reader(pushed: Workspace, gateway: Gateway) -> None:
    other = pushed.clone("second", "ranking-reader")
    other.remote("ranking")
    other.run("dvc", "pull", "--quiet")
    assert same_data(pushed, other)
    assert not gateway.refused(ROLES["ranking-reader"])


def test_the_writer_was_refused_nothing(pushed: Workspace, gateway: Gateway) -> None:
    """Among its requests is an upload in parts."""
    assert not gateway.refused(ROLES["ranking-writer"])
    assert {"s3:PutObject", "s3:ListBucket"} <= gateway.allowed(ROLES["ranking-writer"])


def test_a_missing_object_is_a_404_to_dvc(pushed: Workspace, gateway: Gateway) -> None:
    """DVC asks for objects that are not there yet: S3 says 404 to who may list them, 403 to everybody else.

    moto says 404 in any case, so the roles are asked here. That S3 takes the object's name for the prefix is
    what documented policies of other clients rely on; no AWS account was at hand to see it.
    """
    written: set[str] = set()
    missing = 0
    for call in CALLS:
        bucket, _, key = call.path.lstrip("/").partition("/")
        if not key:
            continue
        if call.method in ("PUT", "POST"):
            written.add(call.path)
        elif call.path not in written:
            missing += 1
            context = {"s3:prefix": key}
            answer = gateway.access.may(
                gateway.roles[call.access_key], "s3:ListBucket", f"arn:aws:s3:::{bucket}", context=context
            )
            assert answer.allowed, answer.explanation
    assert missing


def test_everything_lies_below_the_projects_prefix(
    pushed: Workspace, gateway: Gateway, versions_in_production: Graph
) -> None:
    keys = keys_in(gateway.url, named(versions_in_production, "Bucket", bucket_of(HOME)))
    assert len(keys) >= 7  # five parts, the list of the folder, the large file
    assert {key.split("/", 1)[0] for key in keys} == {"ranking"}


def test_the_second_region_has_the_same_after_replication(
    pushed: Workspace, gateway: Gateway, versions_in_production: Graph
) -> None:
    far = pushed.clone("far", "ranking-reader", SECOND)
    far.remote("ranking")
    assert far.run("dvc", "pull", "--quiet", check=False).returncode != 0
    assert replicate(versions_in_production, gateway.url) >= 7
    far.run("dvc", "pull", "--quiet")
    assert same_data(pushed, far)


@pytest.mark.parametrize("key", ["clicks-reader", "clicks-writer"])
def test_another_projects_roles_are_refused(pushed: Workspace, gateway: Gateway, key: str) -> None:
    """It lies in the same bucket, under the same key: the prefix is all that keeps it apart."""
    stranger = pushed.clone(f"stranger-{key}", key)
    stranger.remote("ranking")
    done = stranger.run("dvc", "pull", check=False)
    assert done.returncode != 0
    assert not (stranger.folder / "large.bin").exists()
    assert gateway.refused(ROLES[key]) <= {"s3:GetObject", "s3:ListBucket"} != set()
    assert not gateway.allowed(ROLES[key]) - {"s3:GetBucketLocation"}


def test_a_reader_pushes_nothing(pushed: Workspace, gateway: Gateway) -> None:
    reader = pushed.clone("reader", "ranking-reader")
    reader.remote("ranking")
    (reader.folder / "new.txt").write_text("mine")
    reader.run("dvc", "add", "--quiet", "new.txt")
    done = reader.run("dvc", "push", check=False)
    assert done.returncode != 0
    assert gateway.refused(ROLES["ranking-reader"]) == {"s3:PutObject"}


def test_only_the_collector_deletes_and_what_it_deletes_can_be_had_back(
    pushed: Workspace, gateway: Gateway, versions_in_production: Graph
) -> None:
    writer = pushed.clone("collecting", "ranking-writer")
    writer.run("git", "rm", "--quiet", "large.bin.dvc")
    writer.run("git", "commit", "--quiet", "--message", "Without the large file")
    writer.remote("ranking")
    collect = ("dvc", "gc", "--workspace", "--cloud", "--force")
    assert writer.run(*collect, check=False).returncode != 0
    assert gateway.refused(ROLES["ranking-writer"]) == {"s3:DeleteObject"}

    home = home_of(versions_in_production)
    before = set(keys_in(gateway.url, home))
    collector = Workspace(writer.folder, gateway.url, "ranking-collector")
    collector.run(*collect)
    gone = before - set(keys_in(gateway.url, home))
    assert len(gone) == 1
    s3 = client("s3", gateway.url, HOME)
    versions = s3.list_object_versions(Bucket=bucket_of(HOME), Prefix=gone.pop())
    assert [version["Size"] for version in versions["Versions"]] == [LARGE]
    assert len(versions["DeleteMarkers"]) == 1


def test_losing_the_home_region_costs_what_was_not_yet_copied_and_nothing_else(
    pushed: Workspace, gateway: Gateway, versions_in_production: Graph
) -> None:
    """What `survive` says of it: minutes of writes, and access at once. The last test: it takes the region away."""
    lost = survive(versions_in_production).losing(HOME)
    assert lost is not None
    (loss,) = [store for store in lost.stores if store.name == f"versions-shared-{HOME}"]
    assert (loss.verdict, loss.data_loss_seconds, loss.access) == ("degraded", 900, "now")

    replicate(versions_in_production, gateway.url)
    second = named(versions_in_production, "Bucket", bucket_of(SECOND))
    assert len(keys_in(gateway.url, second)) == len(keys_in(gateway.url, home_of(versions_in_production)))
    late = pushed.clone("late", "ranking-writer")
    late.remote("ranking")
    (late.folder / "late.csv").write_text("written after the last copy\n")
    late.run("dvc", "add", "--quiet", "late.csv")
    late.run("git", "add", ".")
    late.run("git", "commit", "--quiet", "--message", "Late")
    late.run("dvc", "push", "--quiet", "late.csv")
    take_away(versions_in_production, gateway.url, HOME)

    after = late.clone("after", "ranking-reader", SECOND)
    after.remote("ranking")
    after.run("dvc", "pull", "--quiet", "data")
    assert (after.folder / "data" / "part-4.csv").read_bytes() == (
        pushed.folder / "data" / "part-4.csv"
    ).read_bytes()
    assert after.run("dvc", "pull", "late.csv", check=False).returncode != 0
    assert not (after.folder / "late.csv").exists()
