"""The stand-in cloud refuses to delete what AWS would not: what others use, what is full, what is protected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests.engine.aws.client import Client
from tests.engine.aws.ties import IMAGE, NETWORK_INTERFACE, OBJECT

pytestmark = pytest.mark.engine

VPC, SUBNET = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"
BUCKET, TABLE, QUEUE, ROLE = (
    "aws:s3/bucket:Bucket",
    "aws:dynamodb/table:Table",
    "aws:sqs/queue:Queue",
    "aws:iam/role:Role",
)
KEY, ALIAS, SECRET = "aws:kms/key:Key", "aws:kms/alias:Alias", "aws:secretsmanager/secret:Secret"
CLUSTER, DATABASE = "aws:eks/cluster:Cluster", "aws:rds/cluster:Cluster"
REGISTRY, BALANCER = "aws:ecr/repository:Repository", "aws:lb/loadBalancer:LoadBalancer"
HASH = {"attributes": [{"name": "a", "type": "S"}], "hashKey": "a"}


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Client]:
    client = Client.over(tmp_path)
    yield client
    client.stop()


class TestDeletion:
    def test_what_others_use_stays(self, aws: Client) -> None:
        vpc, state = aws.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
        subnet, _ = aws.create(SUBNET, "s", {"vpcId": vpc, "cidrBlock": "10.0.0.0/24"})
        with pytest.raises(grpc.RpcError, match=f"DependencyViolation: The vpc '{vpc}'.*Subnet {subnet}"):
            aws.delete(VPC, vpc, state)
        aws.world.plant("us-east-1", NETWORK_INTERFACE, "eni-00000001", {"subnetId": subnet, "vpcId": vpc})
        with pytest.raises(grpc.RpcError, match="DependencyViolation: The subnet"):
            aws.delete(SUBNET, subnet)
        aws.world.remove(NETWORK_INTERFACE, "eni-00000001")
        aws.delete(SUBNET, subnet)
        aws.delete(VPC, vpc, state)
        assert not aws.world.things()

    @pytest.mark.parametrize(
        ("token", "inputs", "planted", "code", "force"),
        [
            (
                BUCKET,
                {"bucket": "b"},
                (OBJECT, {"bucket": "b", "key": "k"}),
                "BucketNotEmpty",
                "forceDestroy",
            ),
            (
                REGISTRY,
                {"name": "r"},
                (IMAGE, {"repository": "r"}),
                "RepositoryNotEmptyException",
                "forceDelete",
            ),
        ],
    )
    def test_what_is_full_stays_unless_forced(
        self,
        aws: Client,
        token: str,
        inputs: dict[str, object],
        planted: tuple[str, dict[str, object]],
        code: str,
        force: str,
    ) -> None:
        id, state = aws.create(token, "x", inputs)
        aws.world.plant("us-east-1", planted[0], "thing", planted[1])
        with pytest.raises(grpc.RpcError, match=code):
            aws.delete(token, id, state)
        aws.delete(token, id, {**state, force: True})
        assert not aws.world.things()

    @pytest.mark.parametrize(
        ("token", "inputs", "flag"),
        [
            (TABLE, {"name": "t", **HASH}, "deletionProtectionEnabled"),
            (CLUSTER, {"name": "c", "roleArn": "r", "vpcConfig": {"subnetIds": []}}, "deletionProtection"),
            (DATABASE, {"clusterIdentifier": "d", "engine": "aurora-mysql", "skipFinalSnapshot": True}, "deletionProtection"),
            (BALANCER, {"name": "l"}, "enableDeletionProtection"),
        ],
    )  # fmt: skip
    def test_what_is_protected_stays(
        self, aws: Client, token: str, inputs: dict[str, object], flag: str
    ) -> None:
        checked = aws.check(token, "x", {**inputs, flag: True})
        id, state = aws.create(token, "x", {**inputs, flag: True})
        with pytest.raises(grpc.RpcError, match=r"(?i)protect"):
            aws.delete(token, id, state)
        changed = aws.update(token, id, checked, {**checked, flag: False}, state)
        aws.delete(token, id, changed)
        assert not aws.world.things()

    def test_a_role_goes_after_its_policies(self, aws: Client) -> None:
        aws.create(ROLE, "r", {"name": "r", "assumeRolePolicy": "{}"})
        attached, _ = aws.create(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "a",
            {"role": "r", "policyArn": "arn:aws:iam::aws:policy/P"},
        )
        with pytest.raises(grpc.RpcError, match="DeleteConflict"):
            aws.delete(ROLE, "r")
        aws.delete("aws:iam/rolePolicyAttachment:RolePolicyAttachment", attached)
        aws.delete(ROLE, "r")

    def test_keys_wait_and_their_aliases_are_free(self, aws: Client) -> None:
        key, state = aws.create(KEY, "k", {})
        aws.create(ALIAS, "a", {"name": "alias/a", "targetKeyId": key})
        aws.delete(ALIAS, "alias/a")
        aws.delete(KEY, key, state)
        assert not aws.world.things()
        assert [(thing.id, thing.status) for thing in aws.world.things(pending=True)] == [
            (key, "pending-deletion")
        ]
        aws.create(ALIAS, "b", {"name": "alias/a", "targetKeyId": aws.create(KEY, "k2", {})[0]})

    def test_a_secrets_name_is_taken_while_it_waits(self, aws: Client) -> None:
        id, state = aws.create(SECRET, "s", {"name": "s"})
        aws.delete(SECRET, id, state)
        with pytest.raises(grpc.RpcError, match="scheduled for deletion"):
            aws.create(SECRET, "s", {"name": "s"})
        other, state = aws.create(SECRET, "t", {"name": "t", "recoveryWindowInDays": 0})
        aws.delete(SECRET, other, state)
        aws.create(SECRET, "t", {"name": "t"})

    def test_databases_leave_their_last_snapshot(self, aws: Client) -> None:
        given = {"clusterIdentifier": "d", "engine": "aurora-mysql"}
        id, state = aws.create(DATABASE, "d", given)
        with pytest.raises(grpc.RpcError, match="final_snapshot_identifier is required"):
            aws.delete(DATABASE, id, state)
        aws.delete(DATABASE, id, {**state, "finalSnapshotIdentifier": "last"})
        id, state = aws.create(DATABASE, "d", given)
        with pytest.raises(grpc.RpcError, match=r"DBClusterSnapshotAlreadyExistsFault.*last"):
            aws.delete(DATABASE, id, {**state, "finalSnapshotIdentifier": "last"})

    def test_what_is_gone(self, aws: Client) -> None:
        checked = aws.check(QUEUE, "q", {"name": "q"})
        id, state = aws.create(QUEUE, "q", {"name": "q"})
        aws.world.remove(QUEUE, id)
        assert aws.read(QUEUE, id, state, checked) == ("", {}, {})
        with pytest.raises(grpc.RpcError, match="couldn't find resource"):
            aws.update(QUEUE, id, checked, {**checked, "delaySeconds": 1}, state)
        aws.delete(QUEUE, id, state)
