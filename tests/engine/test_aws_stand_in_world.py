"""The stand-in cloud: what exists, what collides, what it refuses, what goes wrong on request."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests.engine.aws.client import Client, partial_state
from tests.engine.aws.ties import IMAGE, NETWORK_INTERFACE, OBJECT
from tests.engine.aws.world import Fault, World

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
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
REGISTRY, BALANCER = "aws:ecr/repository:Repository", "aws:lb/loadBalancer:LoadBalancer"
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


class TestRefreshAndImport:
    def test_nothing_changed_is_read_as_it_was(self, aws: Client) -> None:
        given = {
            "ingress": [{"protocol": "tcp", "fromPort": 1, "toPort": 2}],
            "vpcId": "vpc-1",
            "tags": {"a": "b"},
        }
        checked = aws.check(GROUP, "x", given, seed=b"x")
        id, state = aws.create(GROUP, "x", given)
        assert aws.read(GROUP, id, state, checked) == (id, state, checked)

    def test_drift_shows_in_inputs(self, aws: Client) -> None:
        checked = aws.check(QUEUE, "q", {"delaySeconds": 1, "tags": {"a": "b"}}, seed=b"q")
        id, state = aws.create(QUEUE, "q", {"delaySeconds": 1, "tags": {"a": "b"}})
        aws.world.drift(QUEUE, id, delaySeconds=9, tags={"a": "c", "d": "e"}, maxMessageSize=2048)
        _, values, inputs = aws.read(QUEUE, id, state, checked)
        assert (values["delaySeconds"], inputs["delaySeconds"], inputs["maxMessageSize"]) == (9, 9, 2048)
        assert inputs["tags"] == inputs["tagsAll"] == {"a": "c", "d": "e"}
        paths = aws.diff(QUEUE, inputs, checked).detailedDiff
        assert {"delaySeconds", "tags.a", "tags.d", "maxMessageSize"} <= {*paths}

    def test_import_by_id(self, aws: Client) -> None:
        id, _ = aws.create(QUEUE, "q", {"name": "q", "delaySeconds": 3})
        found, values, inputs = aws.read(QUEUE, id)
        assert (found, values["url"], inputs["delaySeconds"], inputs["name"]) == (id, id, 3, "q")
        aws.world.plant(
            "eu-west-1", VPC, "vpc-00000009", {"cidrBlock": "10.9.0.0/16", "arn": "arn:aws:ec2:x"}
        )
        found, _, inputs = aws.read(VPC, "vpc-00000009@eu-west-1")
        assert (found, inputs) == ("vpc-00000009", {"__defaults": [], "cidrBlock": "10.9.0.0/16"})
        assert aws.read(VPC, "vpc-00000009")[0] == ""

    @pytest.mark.parametrize(
        ("token", "inputs", "id"),
        [
            (
                "aws:ec2/route:Route",
                {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0"},
                "rtb-1_0.0.0.0/0",
            ),
            (
                "aws:ec2/routeTableAssociation:RouteTableAssociation",
                {"routeTableId": "rtb-1", "subnetId": "s"},
                "s/rtb-1",
            ),
            ("aws:cloudwatch/eventTarget:EventTarget", {"rule": "r", "targetId": "t", "arn": "a"}, "r/t"),
            (
                "aws:lambda/permission:Permission",
                {"function": "f", "statementId": "s", "action": "a", "principal": "p"},
                "f/s",
            ),
        ],
    )
    def test_import_by_the_forms_of_the_reference(
        self, aws: Client, token: str, inputs: dict[str, object], id: str
    ) -> None:
        made, _ = aws.create(token, "x", inputs)
        assert aws.read(token, id)[0] == made
        assert aws.read(token, f"{id}-other")[0] == ""


class TestFaults:
    def test_throttling_is_waited_out(self, aws: Client) -> None:
        aws.world.faults = [Fault("throttle", times=2)]
        aws.create(QUEUE, "q", {})
        assert (len(aws.world.things(QUEUE)), aws.world.faults) == (1, [])
        aws.world.faults = [Fault("throttle")]
        with pytest.raises(grpc.RpcError, match="ThrottlingException"):
            aws.create(QUEUE, "r", {})

    def test_by_region_type_and_operation(self, aws: Client) -> None:
        aws.world.faults = [Fault("refuse", region="eu-*", type="aws:sqs/*", operation="create")]
        aws.create(QUEUE, "q", {})
        aws.create(LOGS, "l", {"region": "eu-west-1"})
        with pytest.raises(grpc.RpcError, match="AccessDenied"):
            aws.create(QUEUE, "q", {"region": "eu-west-1"})
        aws.world.faults = [Fault("timeout", operation="delete", times=1)]
        id = aws.world.things(QUEUE)[0].id
        with pytest.raises(grpc.RpcError, match="deadline exceeded"):
            aws.delete(QUEUE, id)
        aws.delete(QUEUE, id)

    def test_half_made_comes_with_its_state(self, aws: Client) -> None:
        aws.world.faults = [Fault("half-create", times=1)]
        with pytest.raises(grpc.RpcError) as error:
            aws.create(QUEUE, "q", {"name": "q"})
        partial = partial_state(error.value)
        assert partial.id == aws.world.things(QUEUE)[0].id
        assert partial.inputs["name"] == "q"

    def test_lost_is_made_without_anybody_hearing_of_it(self, aws: Client) -> None:
        aws.world.faults = [Fault("lost", times=1)]
        with pytest.raises(grpc.RpcError) as error:
            aws.create(QUEUE, "q", {"name": "q"})
        assert partial_state(error.value) is None
        with pytest.raises(grpc.RpcError, match="QueueAlreadyExists"):
            aws.create(QUEUE, "q", {"name": "q"})

    def test_calls_are_counted(self, aws: Client) -> None:
        for name in ("a", "b"):
            aws.create(QUEUE, name, {})
        assert aws.world.calls() == {("us-east-1", QUEUE, "create"): 2}


def test_a_killed_provider_leaves_the_whole_thing_or_nothing(tmp_path: Path) -> None:
    """Several processes create at once and are killed: what is there is whole, and its names are claimed."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom tests.engine.aws import cloud\n"
        "from tests.engine.aws.settings import Settings\nfrom tests.engine.aws.world import World\n"
        "world = World(Path(sys.argv[1]))\nprint('ready', flush=True)\n"
        "for n in range(10**6):\n"
        "    given = {'name': f'{sys.argv[2]}-{n}', 'region': 'us-east-1'}\n"
        "    cloud.create(world, Settings('us-east-1', '1'), 'aws:secretsmanager/secret:Secret', 's', 'u', given)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path), name], env=environment, stdout=subprocess.PIPE
        )
        for name in ("a", "b")
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    time.sleep(0.5)
    for process in started:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    world = World(tmp_path)
    things = world.things("aws:secretsmanager/secret:Secret")
    assert {thing.name[0] for thing in things} == {"a", "b"}
    assert all(world.claimed(f"1:us-east-1:{thing.type}:{thing.name}") for thing in things)
    assert world.tables.execute("select count(*) from claims").fetchone() == (len(things),)
    assert world.tables.execute("pragma integrity_check").fetchone() == ("ok",)
