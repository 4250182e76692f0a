"""The stand-in cloud: what its outputs look like, and what collides."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests.engine.aws.client import Client

pytestmark = pytest.mark.engine

VPC, SUBNET, GROUP = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/securityGroup:SecurityGroup"
BUCKET, TABLE, QUEUE, ROLE = (
    "aws:s3/bucket:Bucket",
    "aws:dynamodb/table:Table",
    "aws:sqs/queue:Queue",
    "aws:iam/role:Role",
)
KEY, ALIAS, SECRET = "aws:kms/key:Key", "aws:kms/alias:Alias", "aws:secretsmanager/secret:Secret"
CLUSTER, LOGS, DATABASE = (
    "aws:eks/cluster:Cluster",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:rds/cluster:Cluster",
)
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
HASH = {"attributes": [{"name": "a", "type": "S"}], "hashKey": "a"}


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Client]:
    client = Client.over(tmp_path)
    yield client
    client.stop()


class TestOutputs:
    @pytest.mark.parametrize(
        ("token", "inputs", "id", "arn"),
        [
            (VPC, {}, r"vpc-[0-9a-f]{17}", r"arn:aws:ec2:us-east-1:123456789012:vpc/vpc-[0-9a-f]{17}"),
            (ROLE, {"name": "r", "assumeRolePolicy": "{}"}, "r", "arn:aws:iam::123456789012:role/r"),
            (BUCKET, {"bucket": "b"}, "b", "arn:aws:s3:::b"),
            (QUEUE, {"name": "q"}, "https://sqs.us-east-1.amazonaws.com/123456789012/q", "arn:aws:sqs:us-east-1:123456789012:q"),
            (TABLE, {"name": "t", **HASH}, "t", "arn:aws:dynamodb:us-east-1:123456789012:table/t"),
            (KEY, {}, r"[0-9a-f]{8}-[0-9a-f-]{27}", r"arn:aws:kms:us-east-1:123456789012:key/[0-9a-f-]{36}"),
            (KEY, {"multiRegion": True}, r"mrk-[0-9a-f]{32}", r"arn:aws:kms:us-east-1:123456789012:key/mrk-[0-9a-f]{32}"),
            ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "name": "p", "policy": "{}"}, "r:p", None),
            ("aws:s3/bucketVersioning:BucketVersioning", {"bucket": "b", "versioningConfiguration": {"status": "Enabled"}}, "b", None),
            ("aws:eks/addon:Addon", {"clusterName": "c", "addonName": "dns"}, "c:dns", r"arn:aws:eks:us-east-1:123456789012:addon/c/dns/.+"),
            ("aws:sns/topic:Topic", {"name": "t"}, "arn:aws:sns:us-east-1:123456789012:t", "arn:aws:sns:us-east-1:123456789012:t"),
            ("aws:guardduty/detector:Detector", {}, r"detector-[0-9a-f]{17}", r"arn:aws:guardduty:us-east-1:123456789012:detector/.+"),
        ],
    )  # fmt: skip
    def test_ids_and_arns_have_their_services_form(
        self, aws: Client, token: str, inputs: dict[str, object], id: str, arn: str | None
    ) -> None:
        made, values = aws.create(token, "x", inputs)
        assert re.fullmatch(id, made), made
        assert values["id"] == made
        assert arn is None or re.fullmatch(arn, values["arn"]), values["arn"]

    def test_region_and_partition_are_in_arns(self, aws: Client) -> None:
        _, values = aws.create(TABLE, "t", {"name": "t", "region": "eu-west-1", **HASH})
        assert values["arn"] == "arn:aws:dynamodb:eu-west-1:123456789012:table/t"

    def test_a_clusters_outputs(self, aws: Client) -> None:
        vpc, _ = aws.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
        subnet, _ = aws.create(SUBNET, "s", {"vpcId": vpc, "cidrBlock": "10.0.0.0/24"})
        _, values = aws.create(
            CLUSTER, "c", {"roleArn": "arn:aws:iam::1:role/r", "vpcConfig": {"subnetIds": [subnet]}}
        )
        assert re.fullmatch(r"https://[0-9A-F]{32}\.gr7\.us-east-1\.eks\.amazonaws\.com", values["endpoint"])
        assert values["identities"][0]["oidcs"][0]["issuer"].startswith(
            "https://oidc.eks.us-east-1.amazonaws.com/id/"
        )
        assert values["vpcConfig"]["vpcId"] == vpc
        assert values["vpcConfig"]["clusterSecurityGroupId"].startswith("sg-")

    def test_clusters_take_real_api_servers_and_give_them_back(self, aws: Client) -> None:
        entries = [
            {"endpoint": f"https://127.0.0.1:{port}", "certificate_authority": "Q0E="} for port in (1, 2)
        ]
        (aws.world.folder / "clusters.json").write_text(json.dumps(entries))
        given = {"roleArn": "r", "vpcConfig": {"subnetIds": []}}
        made = [aws.create(CLUSTER, name, given) for name in ("a", "b")]
        assert [values["endpoint"] for _, values in made] == [entry["endpoint"] for entry in entries]
        assert made[0][1]["certificateAuthority"] == {"data": "Q0E="}
        aws.delete(CLUSTER, made[0][0], made[0][1])
        assert aws.create(CLUSTER, "c", given)[1]["endpoint"] == entries[0]["endpoint"]

    def test_streams_and_replicas_of_tables(self, aws: Client) -> None:
        replicas = [{"regionName": "eu-west-1"}]
        _, values = aws.create(TABLE, "t", {"name": "t", "streamEnabled": True, "replicas": replicas, **HASH})
        assert values["streamArn"].startswith("arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/")
        assert values["replicas"][0]["arn"] == "arn:aws:dynamodb:eu-west-1:123456789012:table/t"

    def test_passwords_that_the_service_keeps(self, aws: Client) -> None:
        given = {"engine": "aurora-postgresql", "manageMasterUserPassword": True}
        _, values = aws.create(DATABASE, "d", given)
        assert values["masterUserSecrets"][0]["secretArn"].startswith(
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!"
        )
        assert values["port"] == 5432


class TestCollisions:
    @pytest.mark.parametrize(
        ("token", "inputs", "code"),
        [
            (BUCKET, {"bucket": "b"}, "BucketAlreadyOwnedByYou"),
            (
                ROLE,
                {"name": "r", "assumeRolePolicy": "{}"},
                "EntityAlreadyExists: Role with name r already exists",
            ),
            (TABLE, {"name": "t", **HASH}, "ResourceInUseException: Table already exists: t"),
            (LOGS, {"name": "/a/b"}, "ResourceAlreadyExistsException"),
            (ALIAS, {"name": "alias/a", "targetKeyId": "k"}, "AlreadyExistsException"),
            (GROUP, {"name": "g", "vpcId": "vpc-1"}, "InvalidGroup.Duplicate"),
            (BALANCER, {"name": "lb"}, "DuplicateLoadBalancerName"),
            (SECRET, {"name": "s"}, "ResourceExistsException"),
        ],
    )
    def test_a_name_exists_once_in_its_scope(
        self, aws: Client, token: str, inputs: dict[str, object], code: str
    ) -> None:
        aws.create(token, "x", inputs)
        with pytest.raises(grpc.RpcError, match=code):
            aws.create(token, "y", inputs)
        assert len(aws.world.things(token)) == 1

    def test_buckets_and_roles_collide_worldwide_and_others_by_region(
        self, aws: Client, tmp_path: Path
    ) -> None:
        aws.create(BUCKET, "x", {"bucket": "b"})
        aws.create(QUEUE, "x", {"name": "q"})
        aws.create(QUEUE, "y", {"name": "q", "region": "eu-west-1"})
        with pytest.raises(grpc.RpcError, match="BucketAlreadyOwnedByYou"):
            aws.create(BUCKET, "y", {"bucket": "b", "region": "eu-west-1"})
        other = Client.over(tmp_path, allowedAccountIds=["999999999999"])
        other.create(QUEUE, "x", {"name": "q"})
        other.stop()

    def test_a_replica_is_the_table_of_its_region(self, aws: Client) -> None:
        aws.create(TABLE, "t", {"name": "t", "replicas": [{"regionName": "eu-west-1"}], **HASH})
        with pytest.raises(grpc.RpcError, match="Table already exists"):
            aws.create(TABLE, "u", {"name": "t", "region": "eu-west-1", **HASH})

    def test_what_is_put_is_put_again(self, aws: Client) -> None:
        given = {"bucket": "b", "versioningConfiguration": {"status": "Enabled"}}
        for name in ("x", "y"):
            aws.create("aws:s3/bucketVersioning:BucketVersioning", name, given)
        assert len(aws.world.things("aws:s3/bucketVersioning:BucketVersioning")) == 1
