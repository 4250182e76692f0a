"""The look-ups, against moto's AWS: real requests of boto3 over HTTP."""

from __future__ import annotations

import json

import boto3
import pytest

from deploy.process import ENGINES
from deploy.teardown_aws import BALANCER_TAG, look, made_again
from deploy.teardown_questions import Questions
from deploy.teardown_stores import Asked

ACCOUNT = "123456789012"
REGION = "eu-west-1"
CLUSTER = "tradewind-staging-euw1-cluster"


def client(service: str) -> object:
    return boto3.client(service, region_name=REGION)


@pytest.fixture(scope="module")
def planted(cloud: None) -> dict[str, str]:
    """A network with what a controller and people leave in one."""
    ec2, s3, tables = client("ec2"), client("s3"), client("dynamodb")
    made = {"vpc": ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]}
    subnets = [
        ec2.create_subnet(
            VpcId=made["vpc"], CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    ]
    tags = [{"Key": BALANCER_TAG, "Value": CLUSTER}]
    made["interface"] = ec2.create_network_interface(SubnetId=subnets[0], Description="left by a job")[
        "NetworkInterface"
    ]["NetworkInterfaceId"]
    made["group"] = ec2.create_security_group(VpcId=made["vpc"], GroupName="k8s-shop", Description="-")[
        "GroupId"
    ]
    made["balancer"] = client("elbv2").create_load_balancer(
        Name="k8s-shop", Subnets=subnets, Tags=tags, Type="application"
    )["LoadBalancers"][0]["LoadBalancerArn"]
    made["volume"] = ec2.create_volume(
        AvailabilityZone=f"{REGION}a",
        Size=1,
        TagSpecifications=[
            {
                "ResourceType": "volume",
                "Tags": [{"Key": f"kubernetes.io/cluster/{CLUSTER}", "Value": "owned"}],
            }
        ],
    )["VolumeId"]
    for name in ("filled", "emptied", "versions"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="filled", Key="a", Body=b"x")
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="versions", Key="a", Body=b"x")
    s3.delete_object(Bucket="versions", Key="a")
    ecr = client("ecr")
    for name in ("models", "none"):
        ecr.create_repository(repositoryName=name)
    ecr.put_image(repositoryName="models", imageTag="1", imageManifest=json.dumps(_manifest()))
    for name, protected in (("users", True), ("events", False)):
        tables.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            DeletionProtectionEnabled=protected,
        )
    return made


def _all(*names: str) -> list[Asked]:
    return [Asked(name) for name in names]


def _manifest() -> dict[str, object]:
    digest = "sha256:" + "0" * 64
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "size": 1, "digest": digest}
    return {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": layer,
        "layers": [layer],
    }


def test_everything_planted_is_seen(planted: dict[str, str]) -> None:
    asked = Questions(
        stores={
            "bucket": _all("filled", "emptied", "versions", "not-there"),
            "registry": _all("models", "none", "not-there"),
        },
        switched={"table": ["users", "events", "not-there"]},
        clusters=[CLUSTER],
        vpcs=[planted["vpc"]],
    )
    facts, unseen = look(REGION, asked, ACCOUNT)
    assert unseen == []
    assert [(kind, one.name, found.inside) for kind, one, found in facts.filled] == [
        ("bucket", "filled", ("a",)),
        ("bucket", "versions", ("a",)),
        ("registry", "models", ("1",)),
    ]
    assert facts.held == ["table users"]
    assert facts.balancers == {planted["balancer"]: CLUSTER}
    assert list(facts.volumes) == [planted["volume"]]
    assert planted["group"] in facts.groups
    assert planted["interface"] in [interface.id for interface in facts.interfaces]


def test_the_credentials_of_another_account_see_nothing(planted: dict[str, str]) -> None:
    facts, unseen = look(REGION, Questions({"bucket": _all("filled")}), "999999999999")
    assert facts.filled == []
    (one,) = unseen
    assert one.why == f"the credentials are those of account {ACCOUNT}, not 999999999999"
    assert one.how.startswith("aws s3api list-object-versions --region eu-west-1")


def test_without_credentials_it_says_what_it_could_not_see(
    cloud: None, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    _, unseen = look(REGION, Questions({"bucket": _all("filled")}, vpcs=["vpc-1"]), ACCOUNT)
    assert [one.what for one in unseen] == [
        "what is in bucket filled",
        "interfaces, instances, endpoints and security groups in vpc-1",
    ]
    assert all("credentials" in one.why for one in unseen)


def test_a_question_that_is_not_answered_is_told_and_the_others_are_answered(
    planted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", "http://127.0.0.1:9")
    asked = Questions({"bucket": _all("filled"), "workgroup": _all("analysts")})
    facts, unseen = look(REGION, asked, ACCOUNT)
    assert [one.name for _, one, _ in facts.filled] == ["filled"]
    (one,) = unseen
    assert one.what == "what is in workgroup analysts"
    assert "127.0.0.1:9" in one.why


def test_what_is_left_when_somebody_asks_to_stop_is_told(
    planted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ENGINES, "asked", 1)
    facts, unseen = look(REGION, Questions({"bucket": _all("filled")}), ACCOUNT)
    assert facts.filled == []
    assert [one.why for one in unseen] == ["interrupted"]


def test_a_log_group_that_came_back_is_found_by_its_whole_name(cloud: None) -> None:
    logs = client("logs")
    for name in ("/aws/eks/a/cluster", "/aws/eks/a/cluster-2"):
        logs.create_log_group(logGroupName=name)
    found = made_again(REGION, ["/aws/eks/a/cluster", "/aws/eks/a"], ACCOUNT)
    assert found == (["/aws/eks/a/cluster"], [])
