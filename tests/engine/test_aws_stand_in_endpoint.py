"""boto3 asks the stand-in cloud, as the product's own questions to AWS do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.engine.aws import cloud
from tests.engine.aws.endpoint import start
from tests.engine.aws.settings import Settings
from tests.engine.aws.ties import IMAGE, NETWORK_INTERFACE, OBJECT
from tests.engine.aws.world import Thing, World

pytestmark = pytest.mark.engine

SETTINGS = Settings("eu-west-1", "123456789012")
VPC, GROUP, BUCKET = "aws:ec2/vpc:Vpc", "aws:ec2/securityGroup:SecurityGroup", "aws:s3/bucket:Bucket"


class Asking:
    """Clients of one region at the endpoint over `world`."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self.server, self.url = start(folder)

    def make(self, token: str, **inputs: Any) -> Thing:
        return cloud.create(
            self.world, SETTINGS, token, "x", "urn:pulumi:x::y::z::x", {"region": "eu-west-1", **inputs}
        )

    def client(self, service: str, region: str = "eu-west-1") -> Any:
        return boto3.client(
            service, region_name=region, endpoint_url=self.url, aws_access_key_id="a", aws_secret_access_key="b",
            config=Config(retries={"total_max_attempts": 1}),
        )  # fmt: skip


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Asking]:
    asking = Asking(tmp_path)
    yield asking
    asking.server.shutdown()
    asking.server.server_close()


def test_who_asks(aws: Asking) -> None:
    assert aws.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_resources_by_tags_over_pages(aws: Asking) -> None:
    made = [
        aws.make("aws:sqs/queue:Queue", name=f"q{n}", tagsAll={"owner": "us", "n": str(n)}) for n in range(5)
    ]
    aws.make(VPC, cidrBlock="10.0.0.0/16", tagsAll={"owner": "us"})
    aws.make("aws:sqs/queue:Queue", name="other", tagsAll={"owner": "them"})
    pages = aws.client("resourcegroupstaggingapi").get_paginator("get_resources")
    asked = {
        "TagFilters": [{"Key": "owner", "Values": ["us"]}],
        "ResourceTypeFilters": ["sqs"],
        "ResourcesPerPage": 2,
    }
    found = [page["ResourceTagMappingList"] for page in pages.paginate(**asked)]
    assert [len(page) for page in found] == [2, 2, 1]
    assert [row["ResourceARN"] for page in found for row in page] == [thing.arn for thing in made]
    assert found[0][1]["Tags"] == [{"Key": "n", "Value": "1"}, {"Key": "owner", "Value": "us"}]
    elsewhere = aws.client("resourcegroupstaggingapi", "us-east-1").get_resources()
    assert elsewhere["ResourceTagMappingList"] == []


def test_networks_and_what_is_in_them(aws: Asking) -> None:
    vpc = aws.make(VPC, cidrBlock="10.0.0.0/16", tagsAll={"Name": "net"})
    aws.make(
        "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",
        vpcId=vpc.id,
        cidrBlock="100.64.0.0/16",
    )
    group = aws.make(GROUP, name="g", vpcId=vpc.id)
    aws.make(GROUP, name="h", vpcId="vpc-00000000")
    properties = {
        "vpcId": vpc.id,
        "description": "ELB app/x",
        "requesterId": "amazon-elb",
        "attachment": {"instanceId": "i-1"},
    }
    aws.world.plant("eu-west-1", NETWORK_INTERFACE, "eni-00000001", properties)
    ec2, here = aws.client("ec2"), [{"Name": "vpc-id", "Values": [vpc.id]}]
    found = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["n*"]}])["Vpcs"]
    assert [row["CidrBlock"] for row in found[0]["CidrBlockAssociationSet"]] == [
        "10.0.0.0/16",
        "100.64.0.0/16",
    ]
    groups = {
        row["GroupName"]: row["GroupId"]
        for row in ec2.describe_security_groups(Filters=here)["SecurityGroups"]
    }
    assert groups == {"g": group.id, "default": vpc.properties["defaultSecurityGroupId"]}
    (row,) = [
        row
        for page in ec2.get_paginator("describe_network_interfaces").paginate(Filters=here)
        for row in page["NetworkInterfaces"]
    ]
    assert (row["Description"], row["RequesterId"], row["Attachment"]) == (
        "ELB app/x",
        "amazon-elb",
        {"InstanceId": "i-1"},
    )
    tables = ec2.describe_route_tables(Filters=[*here, {"Name": "association.main", "Values": ["true"]}])[
        "RouteTables"
    ]
    assert [row["RouteTableId"] for row in tables] == [vpc.properties["mainRouteTableId"]]


def test_volumes_and_instances(aws: Asking) -> None:
    tags = {"kubernetes.io/cluster/c": "owned"}
    aws.world.plant("eu-west-1", "aws:ebs/volume:Volume", "vol-00000001", {"tags": tags})
    aws.world.plant(
        "eu-west-1", "aws:ec2/instance:Instance", "i-00000001", {"vpcId": "vpc-1", "tags": {"a": "b"}}
    )
    ec2 = aws.client("ec2")
    filters = [{"Name": "tag-key", "Values": ["kubernetes.io/cluster/c", "kubernetes.io/cluster/d"]}]
    assert [row["VolumeId"] for row in ec2.describe_volumes(Filters=filters)["Volumes"]] == ["vol-00000001"]
    (held,) = ec2.describe_instances(Filters=[{"Name": "vpc-id", "Values": ["vpc-1"]}])["Reservations"]
    assert held["Instances"][0]["State"]["Name"] == "running"


def test_what_is_full_and_what_is_protected(aws: Asking) -> None:
    aws.make(BUCKET, bucket="full"), aws.make(BUCKET, bucket="bare")
    aws.world.plant("eu-west-1", OBJECT, "full/k", {"bucket": "full", "key": "k"})
    aws.make("aws:ecr/repository:Repository", name="images")
    aws.world.plant("eu-west-1", IMAGE, "sha256:1", {"repository": "images"})
    aws.make(
        "aws:dynamodb/table:Table",
        name="t",
        deletionProtectionEnabled=True,
        replicas=[{"regionName": "us-east-1"}],
    )
    aws.make("aws:rds/cluster:Cluster", clusterIdentifier="d", engine="aurora-mysql", deletionProtection=True)
    aws.make(
        "aws:eks/cluster:Cluster", name="c", roleArn="r", vpcConfig={"subnetIds": []}, deletionProtection=True
    )
    s3 = aws.client("s3")
    assert [row["Key"] for row in s3.list_object_versions(Bucket="full", MaxKeys=1)["Versions"]] == ["k"]
    assert "Versions" not in s3.list_object_versions(Bucket="bare", MaxKeys=1)
    assert (
        aws.client("ecr").list_images(repositoryName="images", maxResults=1)["imageIds"][0]["imageDigest"]
        == "sha256:1"
    )
    for region in ("eu-west-1", "us-east-1"):
        assert aws.client("dynamodb", region).describe_table(TableName="t")["Table"][
            "DeletionProtectionEnabled"
        ]
    pages = aws.client("rds").get_paginator("describe_db_clusters").paginate()
    assert [row["DeletionProtection"] for page in pages for row in page["DBClusters"]] == [True]
    assert aws.client("eks").describe_cluster(name="c")["cluster"]["deletionProtection"] is True


def test_keys_and_secrets(aws: Asking) -> None:
    key = aws.make("aws:kms/key:Key")
    aws.make("aws:kms/alias:Alias", name="alias/k", targetKeyId=key.id)
    kms = aws.client("kms")
    assert kms.describe_key(KeyId="alias/k")["KeyMetadata"]["KeyState"] == "Enabled"
    cloud.delete(aws.world, SETTINGS, key.type, key.id, {"region": "eu-west-1"})
    assert kms.describe_key(KeyId=key.id)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    secret = aws.make("aws:secretsmanager/secret:Secret", name="s")
    version = aws.make("aws:secretsmanager/secretVersion:SecretVersion", secretId=secret.id)
    (row,) = aws.client("secretsmanager").list_secret_version_ids(SecretId="s")["Versions"]
    assert version.id == f"{secret.id}|{row['VersionId']}"


@pytest.mark.parametrize(
    ("service", "question", "arguments", "code"),
    [
        ("s3", "list_object_versions", {"Bucket": "none"}, "NoSuchBucket"),
        ("ecr", "list_images", {"repositoryName": "none"}, "RepositoryNotFoundException"),
        ("dynamodb", "describe_table", {"TableName": "none"}, "ResourceNotFoundException"),
        ("eks", "describe_cluster", {"name": "none"}, "ResourceNotFoundException"),
        ("ec2", "describe_vpcs", {"VpcIds": ["vpc-1"]}, "InvalidVpcID.NotFound"),
        ("elbv2", "describe_load_balancers", {"Names": ["none"]}, "LoadBalancerNotFound"),
        ("ec2", "describe_images", {}, "InvalidAction"),
    ],
)
def test_errors_are_those_of_the_service(
    aws: Asking, service: str, question: str, arguments: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as error:
        getattr(aws.client(service), question)(**arguments)
    assert error.value.response["Error"]["Code"] == code
