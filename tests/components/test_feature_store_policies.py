"""Who may do what with features: every statement names what it is about, and denials cannot be got round."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.feature_store import names
from components.feature_store.check import problems_of
from components.feature_store.key_policies import key_policy, regional_key_policy
from components.feature_store.placement import ViewGroup, groups
from components.feature_store.policies import (
    KEPT_FROM_APPLICATIONS,
    key_use,
    pod_trust,
    reader,
    writer,
)
from components.feature_store.settings import FeatureStoreSettings
from components.model import Cell
from components.storage.policies import bucket_policy, reencrypt, replication

Document = dict[str, Any]

REGIONS = ["us-east-1", "eu-west-1", "eu-central-1"]
ZONES = {"eu": ["eu-west-1", "eu-central-1"]}
CELL = Cell(environment="prod", region="us-east-1", regions=REGIONS, account_id="123456789012")
VIEW = {"entity_key": "id", "columns": [{"name": "value", "type": "float"}]}
STORE = FeatureStoreSettings.model_validate(
    {
        "views": [
            {"name": "users", **VIEW},
            {"name": "history", "online": False, **VIEW},
            {"name": "europeans", "residency": "eu", **VIEW},
            {"name": "scores", "tenant": "acme", **VIEW},
        ],
        "low_latency": {"max_gb": 1, "max_ecpu_per_second": 1000},
    }
)
GROUPS = {group.label: group for group in groups(STORE, REGIONS, ZONES)}
SHARED, EUROPE, ACME = GROUPS["any"], GROUPS["eu"], GROUPS["any-acme"]


def roles(group: ViewGroup) -> list[Document]:
    return [
        reader(STORE, CELL, group, registry=True),
        writer(STORE, CELL, group, registry=True),
    ]


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def allows(document: Document, action: str, resource: str, effect: str = "Allow") -> bool:
    """Whether a statement of that effect matches, whatever its conditions say."""
    return any(
        statement["Effect"] == effect
        and any(fnmatch.fnmatchcase(action, pattern) for pattern in listed(statement["Action"]))
        and any(fnmatch.fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
        for statement in document["Statement"]
    )


def table(view: str, region: str = "us-east-1") -> str:
    return f"arn:aws:dynamodb:{region}:123456789012:table/tradewind_prod.{view}"


def lake(group: ViewGroup, region: str, key: str) -> str:
    return f"arn:aws:s3:::{names.lake_bucket(CELL, group, region)}/{key}"


@pytest.mark.parametrize("group", GROUPS.values(), ids=list(GROUPS))
@pytest.mark.parametrize("action", KEPT_FROM_APPLICATIONS)
def test_no_role_may_change_tables_or_their_tags(group: ViewGroup, action: str) -> None:
    for document in roles(group):
        assert allows(document, action, table("users"), "Deny")


@pytest.mark.parametrize("group", GROUPS.values(), ids=list(GROUPS))
def test_nothing_is_allowed_on_everything(group: ViewGroup) -> None:
    for document in roles(group):
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow":
                assert "*" not in listed(statement["Resource"])
                assert not [action for action in listed(statement["Action"]) if action.endswith(":*")]


def test_readers_read_and_writers_write_their_own_tables_in_every_region() -> None:
    read, write = roles(SHARED)
    for region in REGIONS:
        assert allows(read, "dynamodb:BatchGetItem", table("users", region))
        assert not allows(read, "dynamodb:PutItem", table("users", region))
        assert allows(write, "dynamodb:BatchWriteItem", table("users", region))


def test_a_group_reads_no_other_groups_tables_or_buckets() -> None:
    for document in roles(ACME):
        assert allows(document, "dynamodb:GetItem", table("scores"))
        assert not allows(document, "dynamodb:GetItem", table("users"))
        assert allows(document, "s3:GetObject", lake(ACME, "us-east-1", "tables/x"))
        assert not allows(document, "s3:GetObject", lake(SHARED, "us-east-1", "tables/x"))


def test_an_offline_view_has_no_table_to_be_allowed() -> None:
    assert not allows(roles(SHARED)[0], "dynamodb:GetItem", table("history"))


def test_a_writer_writes_below_the_regions_own_prefix_only() -> None:
    """What lies below another region's prefix is a copy: who wrote there would write into its tables."""
    write = roles(SHARED)[1]
    assert allows(write, "s3:PutObject", lake(SHARED, "eu-west-1", "tables/eu-west-1/users/data/0.parquet"))
    assert not allows(
        write, "s3:PutObject", lake(SHARED, "eu-west-1", "tables/us-east-1/users/data/0.parquet")
    )


@pytest.mark.parametrize("group", GROUPS.values(), ids=list(GROUPS))
def test_roles_work_in_their_groups_regions_only(group: ViewGroup) -> None:
    """Whatever the other statements allow: they name tables in every region."""
    for document in roles(group):
        (boundary,) = [s for s in document["Statement"] if s["Sid"] == "NoOtherRegion"]
        assert (boundary["Effect"], boundary["Resource"]) == ("Deny", "*")
        assert boundary["Condition"] == {"StringNotEquals": {"aws:RequestedRegion": list(group.regions)}}
        allowed = {a.partition(":")[0] for s in document["Statement"] for a in listed(s["Action"])}
        assert allowed == {action.partition(":")[0] for action in boundary["Action"]} & allowed


def test_the_cache_is_for_shared_views() -> None:
    assert "elasticache:Connect" in json.dumps(roles(SHARED)[0])
    assert "elasticache:Connect" not in json.dumps(roles(ACME)[0])


def test_a_role_signs_in_at_the_registry_as_its_own_user_only_where_there_is_one() -> None:
    user = "arn:aws:rds-db:eu-west-1:123456789012:dbuser:cluster-X/tradewind_prod_reader"
    assert allows(reader(STORE, CELL, SHARED, registry=True), "rds-db:connect", user)
    assert not allows(writer(STORE, CELL, SHARED, registry=True), "rds-db:connect", user)
    assert not allows(reader(STORE, CELL, SHARED, registry=False), "rds-db:connect", user)


def test_readers_make_the_tables_feast_uploads_entities_to_and_no_others() -> None:
    read = roles(SHARED)[0]
    database = "arn:aws:glue:us-east-1:123456789012:table/tradewind_prod"
    assert allows(read, "glue:CreateTable", f"{database}/feast_entity_df_0a1b")
    assert not allows(read, "glue:DeleteTable", f"{database}/users")


def store_of(count: int) -> FeatureStoreSettings:
    views = [{"name": f"view_number_{number}", **VIEW} for number in range(count)]
    return FeatureStoreSettings.model_validate({"views": views, "low_latency": STORE.low_latency})


@given(st.integers(1, 40), st.integers(1, 4))
def test_policies_of_forty_views_in_four_regions_fit_a_role(count: int, regions: int) -> None:
    used = ["us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-2"][:regions]
    assert problems_of(store_of(count), CELL.model_copy(update={"regions": used}), {}) == ()


def test_more_views_than_a_roles_policies_hold_are_a_problem() -> None:
    (problem,) = problems_of(store_of(200), CELL, {})
    assert "200 online views" in problem.got
    assert "an IAM role takes 10240" in problem.but


def test_keys_are_used_through_services_only() -> None:
    for document in (key_use(EUROPE, ["arn:a"], write=True), reencrypt(EUROPE.regions, ["arn:a"])):
        for statement in document["Statement"]:
            services = statement["Condition"]["StringEquals"]["kms:ViaService"]
            assert services
            assert all(".eu-" in service for service in services)


def test_a_reader_never_encrypts() -> None:
    assert not allows(key_use(SHARED, ["arn:a"], write=False), "kms:Encrypt", "arn:a")


def test_pods_of_other_environments_do_not_get_the_role() -> None:
    (statement,) = pod_trust(CELL)["Statement"]
    (pattern,) = statement["Condition"]["StringLike"].values()
    assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    cluster = "arn:aws:eks:eu-west-1:123456789012:cluster/tradewind-{}-euw1-cluster"
    assert fnmatch.fnmatchcase(cluster.format("prod"), pattern)
    assert not fnmatch.fnmatchcase(cluster.format("dev"), pattern)


def test_a_key_has_replicas_in_its_zone_only() -> None:
    (denial,) = [s for s in key_policy(CELL, EUROPE.regions)["Statement"] if s["Effect"] == "Deny"]
    assert denial["Condition"]["StringNotEquals"]["kms:ReplicaRegion"] == ["eu-central-1", "eu-west-1"]


def test_logs_are_encrypted_for_the_registrys_groups_of_the_region_only() -> None:
    statement = regional_key_policy(CELL)["Statement"][1]
    assert statement["Principal"] == {"Service": "logs.us-east-1.amazonaws.com"}
    here = "arn:aws:logs:us-east-1:123456789012:log-group:"
    assert statement["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"] == [
        f"{here}/aws/rds/cluster/*",
        f"{here}/tradewind-prod-feature-materialization",
    ]


def test_a_bucket_refuses_plain_text_and_foreign_encryption() -> None:
    statements = {
        statement["Sid"]: statement for statement in bucket_policy(CELL, "arn:aws:s3:::lake")["Statement"]
    }
    assert {statement["Effect"] for statement in statements.values()} == {"Deny"}
    assert statements["NoPlainText"]["Resource"] == ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"]
    # An upload that names no encryption gets the bucket's own: only another one is refused.
    other = statements["NoOtherEncryption"]["Condition"]
    assert other["Null"] == {"s3:x-amz-server-side-encryption": "false"}


def test_replication_touches_the_groups_buckets_only() -> None:
    buckets = {names.lake_bucket(CELL, EUROPE, region) for region in EUROPE.regions}
    found = {
        resource.removeprefix("arn:aws:s3:::").partition("/")[0]
        for statement in replication(
            [names.lake_bucket_arn(CELL, EUROPE, region) for region in EUROPE.regions]
        )["Statement"]
        for resource in statement["Resource"]
    }
    assert found == buckets
