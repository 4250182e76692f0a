"""`tradewind destroy` with things in AWS that no state knows of: refused beforehand, and resumed after a failure.

What is planted stands in the world of the stand-in provider, which then refuses deletions as AWS does; boto3's
look-ups are answered from that same world (`tests/engine/aws/endpoint.py`).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.engine.aws import endpoint
from tests.engine.aws.ties import IMAGE, MODEL_PACKAGE, NETWORK_INTERFACE, OBJECT, refusal
from tests.engine.aws.world import Fault, World
from tests.engine.deploying import deploy, deployable, inside
from tests.engine.sandbox import ROOT, Sandbox

pytestmark = pytest.mark.engine

ACCOUNT, REGION = "123456789012", "us-east-1"
BALANCER, INSTANCE = "aws:lb/loadBalancer:LoadBalancer", "aws:ec2/instance:Instance"
TABLE, VIEW = "aws:dynamodb/table:Table", "user_activity"
GROUP, BUS = "aws:sagemaker/modelPackageGroup:ModelPackageGroup", "aws:cloudwatch/eventBus:EventBus"
RULE = "aws:cloudwatch/eventRule:EventRule"
BY_HAND = "notify-the-team"
QUEUE = "aws:sqs/queue:Queue"
# What a platform's people add to its program: stores that are not emptied by force.
ADDED = """
    provider = aws.Provider("added", region="us-east-1")
    aws.s3.Bucket("datasets", bucket="tradewind-dev-datasets", opts=pulumi.ResourceOptions(provider=provider))
    aws.ecr.Repository("models", name="models", opts=pulumi.ResourceOptions(provider=provider))
"""


@dataclass
class Deployed:
    """The development environment in a sandbox, and the AWS that look-ups see."""

    box: Sandbox
    project: Path
    world: World

    def destroy(self, *more: str) -> subprocess.CompletedProcess[str]:
        return self.box.run("tradewind", "destroy", "dev", *more, cwd=self.project, check=False)

    def the(self, type: str, part: str = "") -> Any:
        """The only thing of a type whose name has `part` in it."""
        (found,) = (thing for thing in self.world.things(type) if part in thing.name)
        return found


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("teardown")
    server, url = endpoint.start(folder / "world")
    aws = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    box = Sandbox(folder, aws)
    with inside(box):
        project = deployable(box)
        program = project / "stacks" / "__main__.py"
        text = program.read_text(encoding="utf-8")
        program.write_text(
            text.replace("    build(environment, cell)\n", f"    build(environment, cell)\n{ADDED}")
        )
        (outcome,) = deploy(project, "dev", rules=False)
        assert outcome.succeeded, outcome.failures
        yield Deployed(box, project, World(box.world))
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def planted(deployed: Deployed) -> dict[str, str]:
    """Something of every kind that a state does not know, by what it is called in the report."""
    world, cluster = deployed.world, deployed.the("aws:eks/cluster:Cluster").name
    vpc, table = deployed.the("aws:ec2/vpc:Vpc").id, deployed.the(TABLE, VIEW)
    found = {"bucket": "tradewind-dev-datasets", "registry": "models", "table": table.name}

    found["network interface"] = "eni-0a1b2c3d4e5f60718"
    left = {"vpcId": vpc, "description": "left by a job", "status": "available"}
    world.plant(REGION, NETWORK_INTERFACE, found["network interface"], left)

    found["load balancer"] = "loadbalancer/app/k8s-shop/0a1b2c3d4e5f6071"
    arn = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{found['load balancer']}"
    tags = {"elbv2.k8s.aws/cluster": cluster}
    world.plant(REGION, BALANCER, arn, {"vpcId": vpc, "name": "k8s-shop", "arn": arn, "tags": tags})

    found["instance"] = "i-0a1b2c3d4e5f60718"
    tags = {f"kubernetes.io/cluster/{cluster}": "owned", "karpenter.sh/nodepool": "by-hand"}
    world.plant(REGION, INSTANCE, found["instance"], {"vpcId": vpc, "tags": tags})

    world.plant(REGION, OBJECT, "labels.parquet", {"bucket": found["bucket"], "key": "labels.parquet"})
    world.plant(REGION, IMAGE, "models:1", {"repository": "models"})
    world.drift(TABLE, table.id, deletionProtectionEnabled=True)

    found["model package group"] = deployed.the(GROUP).properties["modelPackageGroupName"]
    package = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/{found['model package group']}/1"
    world.plant(REGION, MODEL_PACKAGE, package, {"modelPackageGroupName": found["model package group"]})

    found["event bus"] = deployed.the(BUS).name
    world.plant(REGION, RULE, BY_HAND, {"name": BY_HAND, "eventBusName": found["event bus"]})
    return found


def _clear(deployed: Deployed) -> None:
    """What somebody does who follows the report."""
    for type in (NETWORK_INTERFACE, BALANCER, INSTANCE, OBJECT, IMAGE):
        for thing in deployed.world.things(type, REGION):
            deployed.world.remove(type, thing.id)
    for thing in deployed.world.things(MODEL_PACKAGE, REGION):
        deployed.world.remove(MODEL_PACKAGE, thing.id)
    deployed.world.remove(RULE, BY_HAND)
    deployed.world.drift(TABLE, deployed.the(TABLE, VIEW).id, deletionProtectionEnabled=False)


def _deletions(world: World) -> int:
    return sum(count for (_, _, operation), count in world.calls().items() if operation == "delete")


def test_everything_in_the_way_is_told_before_anything_is_touched(
    deployed: Deployed, planted: dict[str, str]
) -> None:
    there = len(deployed.world.things())
    done = deployed.destroy("--yes", "--format", "json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    schema = json.loads((ROOT / "cli/schemas/destroy.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, schema)
    assert document["result"] == "refused"
    assert sorted(problem["path"] for problem in document["problems"]) == sorted(
        f"{kind} {name}" for kind, name in planted.items()
    )
    assert all(problem["fix"] for problem in document["problems"])
    assert document["not_looked_up"] == []
    assert f"{len(planted)} problems, nothing was destroyed" in done.stderr
    assert (len(deployed.world.things()), _deletions(deployed.world)) == (there, 0)


def test_the_stand_in_refuses_what_is_told(deployed: Deployed, planted: dict[str, str]) -> None:
    """What is told and would go all the same would be a false alarm."""
    for type in (GROUP, BUS):
        assert refusal(deployed.world, deployed.the(type)) != ""


def test_without_an_answer_nothing_is_destroyed(deployed: Deployed, planted: dict[str, str]) -> None:
    _clear(deployed)
    done = deployed.destroy()
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert _deletions(deployed.world) == 0


def test_a_destroy_that_fails_names_what_failed_and_is_resumed(
    deployed: Deployed, planted: dict[str, str]
) -> None:
    before = len(deployed.world.things())
    deployed.world.faults = [Fault("refuse", type=QUEUE, operation="delete")]
    failed = deployed.destroy("--yes", "--format", "json")
    document = json.loads(failed.stdout)
    assert (failed.returncode, document["result"]) == (1, "failed")
    (cell,) = document["cells"]
    assert {
        failure["urn"].split("::")[2].rpartition("$")[2] for failure in cell["failures"] if failure["urn"]
    } == {QUEUE}
    assert 0 < len(deployed.world.things()) < before

    deployed.world.faults = []
    resumed = deployed.destroy("--yes")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert deployed.world.things() == []
    assert "KMS key" in resumed.stdout or "KMS key" in str(document["stays"])


def test_a_second_destroy_finds_nothing_to_do(deployed: Deployed) -> None:
    done = deployed.destroy("--yes")
    assert (done.returncode, "nothing to destroy" in done.stdout) == (0, True)
