"""The stand-in for pulumi-aws behaves as the provider where a plan depends on it: names, tags, unknowns, changes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests.engine.aws.client import Client
from tests.engine.aws.wire import UNKNOWN

pytestmark = pytest.mark.engine

QUEUE, ROLE, VPC, SUBNET = (
    "aws:sqs/queue:Queue",
    "aws:iam/role:Role",
    "aws:ec2/vpc:Vpc",
    "aws:ec2/subnet:Subnet",
)
BUCKET, TABLE, CLUSTER = "aws:s3/bucket:Bucket", "aws:dynamodb/table:Table", "aws:eks/cluster:Cluster"
ADD, DELETE, UPDATE, UPDATE_REPLACE = 0, 2, 4, 5


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Client]:
    client = Client.over(
        tmp_path, defaultTags={"tags": {"owner": "us", "env": "dev"}}, allowedAccountIds=["111122223333"]
    )
    yield client
    client.stop()


class TestCheck:
    def test_default_tags_lie_under_a_resources_own(self, aws: Client) -> None:
        checked = aws.check(QUEUE, "jobs", {"tags": {"env": "prod", "team": "a"}})
        assert checked["tagsAll"] == {"owner": "us", "env": "prod", "team": "a"}
        assert checked["tags"] == {"env": "prod", "team": "a"}

    def test_one_unknown_tag_makes_all_tags_unknown(self, aws: Client) -> None:
        assert aws.check(QUEUE, "jobs", {"tags": {"id": UNKNOWN}})["tagsAll"] == UNKNOWN

    def test_types_without_tags_get_none_and_global_ones_no_region(self, aws: Client) -> None:
        attached = aws.check(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "a", {"role": "r", "policyArn": "p"}
        )
        assert attached == {"__defaults": [], "role": "r", "policyArn": "p"}
        assert "region" not in aws.check(ROLE, "r", {"assumeRolePolicy": "{}"})
        assert aws.check(VPC, "v", {"cidrBlock": "10.0.0.0/16"})["region"] == "us-east-1"
        assert aws.check(VPC, "v", {"region": "eu-west-1"})["region"] == "eu-west-1"

    def test_automatic_names_follow_the_seed_and_are_kept(self, aws: Client) -> None:
        first = aws.check(QUEUE, "jobs", {}, seed=b"one")
        assert re.fullmatch(r"jobs-[0-9a-f]{7}", first["name"])
        assert first["__defaults"] == ["name"]
        assert aws.check(QUEUE, "jobs", {}, seed=b"one")["name"] == first["name"]
        assert aws.check(QUEUE, "jobs", {}, seed=b"two")["name"] != first["name"]
        assert aws.check(QUEUE, "jobs", {}, olds=first, seed=b"two")["name"] == first["name"]

    def test_a_name_that_the_program_gives_is_its_own(self, aws: Client) -> None:
        checked = aws.check(QUEUE, "jobs", {"name": "orders"})
        assert (checked["name"], checked["__defaults"]) == ("orders", [])

    def test_forms_of_automatic_names(self, aws: Client) -> None:
        assert re.fullmatch(r"data-[0-9a-f]{7}", aws.check(BUCKET, "DATA", {})["bucket"])
        assert aws.check("aws:kms/alias:Alias", "key", {"targetKeyId": "k"})["name"].startswith("alias/key-")
        assert aws.check(QUEUE, "q", {"fifoQueue": True})["name"].endswith(".fifo")
        assert aws.check("aws:s3/bucketObjectv2:BucketObjectv2", "a.txt", {"bucket": "b"})["key"] == "a.txt"
        failed = aws.check_answer(ROLE, "r" * 60, {"assumeRolePolicy": "{}"}).failures
        assert "longer than maximum length 64" in failed[0].reason

    def test_autonaming_of_the_project(self, aws: Client) -> None:
        assert aws.check(QUEUE, "jobs", {}, proposed_name="dev-jobs", mode=0)["name"] == "dev-jobs"
        assert aws.check(BUCKET, "Data", {}, proposed_name="Dev-Data", mode=0)["bucket"] == "dev-data"
        assert "name" not in aws.check(QUEUE, "jobs", {}, mode=2)

    def test_objects_with_a_schema_note_their_defaults(self, aws: Client) -> None:
        config = aws.check(CLUSTER, "c", {"roleArn": "r", "vpcConfig": {"subnetIds": ["subnet-1"]}})[
            "vpcConfig"
        ]
        assert config == {"__defaults": [], "subnetIds": ["subnet-1"]}

    @pytest.mark.parametrize(
        ("token", "inputs", "property"),
        [
            (SUBNET, {}, "vpcId"),
            (QUEUE, {"nmae": "x"}, "nmae"),
            (QUEUE, {"delaySeconds": "soon"}, "delaySeconds"),
            (VPC, {"tags": ["a"]}, "tags"),
        ],
    )
    def test_wrong_inputs_are_named(
        self, aws: Client, token: str, inputs: dict[str, object], property: str
    ) -> None:
        failures = aws.check_answer(token, "x", inputs).failures
        assert property in [failure.property for failure in failures]

    def test_policies_as_objects_become_text(self, aws: Client) -> None:
        policy = aws.check(ROLE, "r", {"assumeRolePolicy": {"Version": "2012-10-17", "Statement": []}})
        assert json.loads(policy["assumeRolePolicy"]) == {"Statement": [], "Version": "2012-10-17"}
        assert (
            aws.check(ROLE, "r", {"assumeRolePolicy": {"Statement": UNKNOWN}})["assumeRolePolicy"] == UNKNOWN
        )

    def test_an_account_that_is_not_allowed_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TRADEWIND_AWS_ACCOUNT", "999999999999")
        with pytest.raises(grpc.RpcError, match="AWS account ID not allowed: 999999999999"):
            Client.over(tmp_path, allowedAccountIds=["111122223333"])

    def test_a_provider_without_region_says_so(self, tmp_path: Path) -> None:
        client = Client.over(tmp_path, region="")
        with pytest.raises(grpc.RpcError, match="Missing region configuration"):
            client.check(QUEUE, "q", {})
        client.stop()


class TestDiff:
    def test_nothing_for_the_same_inputs(self, aws: Client) -> None:
        inputs = aws.check(QUEUE, "q", {"delaySeconds": 5})
        answer = aws.diff(QUEUE, inputs, {**inputs, "delaySeconds": "5"})
        assert answer.changes == answer.DIFF_NONE
        assert not answer.detailedDiff

    def test_changes_in_place_have_their_paths(self, aws: Client) -> None:
        olds = {"tags": {"a": "1", "b/c": "2"}, "delaySeconds": 1}
        answer = aws.diff(QUEUE, olds, {"tags": {"a": "2"}, "delaySeconds": 1, "maxMessageSize": 2048})
        assert {path: entry.kind for path, entry in answer.detailedDiff.items()} == {
            "tags.a": UPDATE, 'tags["b/c"]': DELETE, "maxMessageSize": ADD,
        }  # fmt: skip
        assert not answer.replaces
        assert {"id", "arn", "name", "fifoQueue"} <= {*answer.stables}

    @pytest.mark.parametrize(
        ("token", "olds", "news", "property"),
        [
            (VPC, {"cidrBlock": "10.0.0.0/16"}, {"cidrBlock": "10.1.0.0/16"}, "cidrBlock"),
            (QUEUE, {"region": "us-east-1"}, {"region": "eu-west-1"}, "region"),
            (TABLE, {"hashKey": "a"}, {"hashKey": UNKNOWN}, "hashKey"),
            (CLUSTER, {"encryptionConfig": {"provider": {"keyArn": "a"}}}, {"encryptionConfig": {"provider": {"keyArn": "b"}}}, "encryptionConfig"),
            ("aws:ecs/taskDefinition:TaskDefinition", {"cpu": "256"}, {"cpu": "512"}, "cpu"),
        ],
    )  # fmt: skip
    def test_some_changes_mean_another_resource(
        self, aws: Client, token: str, olds: dict[str, object], news: dict[str, object], property: str
    ) -> None:
        answer = aws.diff(token, olds, news)
        assert list(answer.replaces) == [property]
        assert {entry.kind for entry in answer.detailedDiff.values()} == {UPDATE_REPLACE}

    def test_a_fixed_name_means_deletion_first(self, aws: Client) -> None:
        olds = {"name": "t", "hashKey": "a", "__defaults": []}
        assert aws.diff(TABLE, olds, {**olds, "hashKey": "b"}).deleteBeforeReplace
        automatic = {**olds, "__defaults": ["name"]}
        assert not aws.diff(TABLE, automatic, {**automatic, "hashKey": "b"}).deleteBeforeReplace
        assert not aws.diff(TABLE, olds, {**olds, "name": "u"}).deleteBeforeReplace

    def test_ignored_changes_are_none(self, aws: Client) -> None:
        olds, news = {"tags": {"a": "1"}, "delaySeconds": 1}, {"tags": {"a": "2"}, "delaySeconds": 1}
        answer = aws.diff(QUEUE, olds, news, ignore=["tags"])
        assert answer.changes == answer.DIFF_NONE

    def test_other_default_tags_are_a_change(self, aws: Client, tmp_path: Path) -> None:
        olds = aws.check(QUEUE, "q", {})
        other = Client.over(tmp_path, defaultTags={"tags": {"owner": "them", "env": "dev"}})
        assert list(aws.diff(QUEUE, olds, other.check(QUEUE, "q", {}, olds=olds)).detailedDiff) == [
            "tagsAll.owner"
        ]
        other.stop()


class TestPreview:
    def test_what_the_service_computes_is_unknown_and_inputs_are_not(self, aws: Client) -> None:
        id, values = aws.create(QUEUE, "jobs", {"delaySeconds": 5}, preview=True)
        assert id == ""
        assert (values["arn"], values["url"], values["id"]) == (UNKNOWN, UNKNOWN, UNKNOWN)
        assert (values["delaySeconds"], values["tagsAll"]) == (5, {"owner": "us", "env": "dev"})
        assert not aws.world.things()

    def test_unknowns_inside_of_objects(self, aws: Client) -> None:
        _, values = aws.create(
            CLUSTER, "c", {"roleArn": UNKNOWN, "vpcConfig": {"subnetIds": UNKNOWN}}, preview=True
        )
        assert values["vpcConfig"] == {
            "subnetIds": UNKNOWN,
            "clusterSecurityGroupId": UNKNOWN,
            "vpcId": UNKNOWN,
        }
        assert values["endpoint"] == values["identities"] == UNKNOWN


class TestLookups:
    def test_the_account_is_the_providers(self, aws: Client) -> None:
        assert aws.invoke("aws:index/getCallerIdentity:getCallerIdentity")["accountId"] == "111122223333"
        assert aws.invoke("aws:index/getRegion:getRegion")["region"] == "us-east-1"
        assert aws.invoke("aws:index/getAvailabilityZones:getAvailabilityZones")["names"][:2] == [
            "us-east-1a",
            "us-east-1b",
        ]

    def test_documents_are_the_providers(self, aws: Client) -> None:
        statement = {"actions": ["s3:Get*"], "resources": ["*"]}
        text = aws.invoke("aws:iam/getPolicyDocument:getPolicyDocument", statements=[statement])["json"]
        assert json.loads(text)["Statement"] == [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]

    def test_what_nobody_can_answer_is_an_error(self, aws: Client) -> None:
        with pytest.raises(grpc.RpcError, match="getNothing"):
            aws.invoke("aws:index/getNothing:getNothing")
