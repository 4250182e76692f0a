"""`tradewind destroy` with things in AWS that no state knows of: refused beforehand, and resumed after a failure.

What is planted stands in two places, as nothing real can hold it: in the world of the stand-in provider,
which then refuses deletions as AWS does, and in moto, which answers boto3's look-ups.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import jsonschema
import pytest
from moto.backends import get_backend
from moto.server import ThreadedMotoServer

from tests.engine.aws.ties import IMAGE, NETWORK_INTERFACE, OBJECT
from tests.engine.aws.world import Fault, World
from tests.engine.deploying import deploy, deployable, inside
from tests.engine.sandbox import ROOT, Sandbox

pytestmark = pytest.mark.engine

ACCOUNT, REGION = "123456789012", "us-east-1"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TABLE = "aws:dynamodb/table:Table"
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

    def the(self, type: str) -> Any:
        (found,) = self.world.things(type)
        return found


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    aws = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    box = Sandbox(tmp_path_factory.mktemp("teardown"), aws)
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
    server.stop()


@pytest.fixture(scope="module")
def planted(deployed: Deployed) -> dict[str, str]:
    """Something of every kind that a state does not know, by what it is called in the report."""
    world, cluster = deployed.world, deployed.the("aws:eks/cluster:Cluster").name
    vpc, table = deployed.the("aws:ec2/vpc:Vpc").id, deployed.the(TABLE)
    ec2 = boto3.client("ec2", region_name=REGION)
    subnets = _network(ec2, vpc)
    found = {"bucket": "tradewind-dev-datasets", "registry": "models", "table": table.name}

    interface = ec2.create_network_interface(SubnetId=subnets[0], Description="left by a job")
    found["network interface"] = interface["NetworkInterface"]["NetworkInterfaceId"]
    world.plant(REGION, NETWORK_INTERFACE, found["network interface"], {"vpcId": vpc})

    tag = {"Key": "elbv2.k8s.aws/cluster", "Value": cluster}
    balancers = boto3.client("elbv2", region_name=REGION)
    balancer = balancers.create_load_balancer(Name="k8s-shop", Subnets=subnets, Tags=[tag])["LoadBalancers"][
        0
    ]
    found["load balancer"] = balancer["LoadBalancerArn"].rpartition(":")[2]
    world.plant(REGION, BALANCER, balancer["LoadBalancerArn"], {"vpcId": vpc, "name": "k8s-shop"})

    node = {f"kubernetes.io/cluster/{cluster}": "owned", "karpenter.sh/nodepool": "by-hand"}
    tags = [{"Key": key, "Value": value} for key, value in node.items()]
    started = ec2.run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnets[0],
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )  # fmt: skip
    found["instance"] = started["Instances"][0]["InstanceId"]
    world.plant(REGION, "aws:ec2/instance:Instance", found["instance"], {"vpcId": vpc})

    world.plant(REGION, OBJECT, "labels.parquet", {"bucket": found["bucket"], "key": "labels.parquet"})
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket=found["bucket"])
    s3.put_object(Bucket=found["bucket"], Key="labels.parquet", Body=b"x")

    world.plant(REGION, IMAGE, "models:1", {"repository": "models"})
    ecr = boto3.client("ecr", region_name=REGION)
    ecr.create_repository(repositoryName="models")
    ecr.put_image(repositoryName="models", imageTag="1", imageManifest=json.dumps(_manifest()))

    world.drift(TABLE, table.id, deletionProtectionEnabled=True)
    boto3.client("dynamodb", region_name=REGION).create_table(
        TableName=table.name, BillingMode="PAY_PER_REQUEST", DeletionProtectionEnabled=True,
        AttributeDefinitions=[{"AttributeName": "entity_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "entity_id", "KeyType": "HASH"}],
    )  # fmt: skip
    return found


def _network(ec2: Any, wanted: str) -> list[str]:
    """Two subnets of a network that has, in moto, the id that the provider gave to it."""
    vpc = ec2.create_vpc(CidrBlock="10.16.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.16.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")[
            "Subnet"
        ]["SubnetId"]
        for number, zone in enumerate("ab")
    ]
    backend = get_backend("ec2")[ACCOUNT][REGION]
    backend.vpcs[wanted] = backend.vpcs.pop(vpc)
    backend.vpcs[wanted].id = wanted
    backend.groups[wanted] = backend.groups.pop(vpc, {})
    for group in backend.groups[wanted].values():
        group.vpc_id = wanted
    for subnet in subnets:
        backend.get_subnet(subnet).vpc_id = wanted
    return subnets


def _manifest() -> dict[str, object]:
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "size": 1, "digest": f"sha256:{'0' * 64}"}
    kind = "application/vnd.oci.image.manifest.v1+json"
    return {"schemaVersion": 2, "mediaType": kind, "config": layer, "layers": [layer]}


def _clear(deployed: Deployed, planted: dict[str, str]) -> None:
    """What somebody does who follows the report."""
    world, name = deployed.world, planted["table"]
    for type, region in ((NETWORK_INTERFACE, REGION), (BALANCER, REGION), ("aws:ec2/instance:Instance", REGION),
                         (OBJECT, REGION), (IMAGE, REGION)):  # fmt: skip
        for thing in world.things(type, region):
            world.remove(type, thing.id)
    world.drift(TABLE, deployed.the(TABLE).id, deletionProtectionEnabled=False)
    ec2 = boto3.client("ec2", region_name=REGION)
    ec2.terminate_instances(InstanceIds=[planted["instance"]])
    arn = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{planted['load balancer']}"
    boto3.client("elbv2", region_name=REGION).delete_load_balancer(LoadBalancerArn=arn)
    # Also those of the load balancer, which moto leaves behind.
    for interface in ec2.describe_network_interfaces()["NetworkInterfaces"]:
        ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
    boto3.client("s3", region_name=REGION).delete_object(Bucket=planted["bucket"], Key="labels.parquet")
    images = boto3.client("ecr", region_name=REGION)
    images.batch_delete_image(repositoryName="models", imageIds=[{"imageTag": "1"}])
    boto3.client("dynamodb", region_name=REGION).update_table(TableName=name, DeletionProtectionEnabled=False)


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


def test_without_an_answer_nothing_is_destroyed(deployed: Deployed, planted: dict[str, str]) -> None:
    _clear(deployed, planted)
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
    assert [
        failure["urn"].split("::")[2].rpartition("$")[2] for failure in cell["failures"] if failure["urn"]
    ] == [QUEUE]
    assert 0 < len(deployed.world.things()) < before

    deployed.world.faults = []
    resumed = deployed.destroy("--yes")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert deployed.world.things() == []
    assert "KMS key" in resumed.stdout or "KMS key" in str(document["stays"])


def test_a_second_destroy_finds_nothing_to_do(deployed: Deployed) -> None:
    done = deployed.destroy("--yes")
    assert (done.returncode, "nothing to destroy" in done.stdout) == (0, True)
