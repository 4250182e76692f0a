"""Feast itself on the feature store as planned: apply, materialise, read in two regions, and what it may not.

What it runs on is in `feast_store.py`, with what is stood in for there. Here it is global tables (`copy_items`).
The tests are one story: each goes on from what those before it have left.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from components.feature_store.feast import feature_store_yaml
from components.feature_store.placement import groups
from tests.clients import feast_store
from tests.clients.feast_store import AWAY, HOME, REGIONS, ROLES, ROWS, TABLE, Feast
from tests.clients.provisioned import copy_items
from tests.clients.requested import ACCOUNT
from tests.clients.virtual_environment import python
from tests.components.feature_store_plan import of

pytestmark = pytest.mark.clients

feast = feast_store.feast


def tags(feast: Feast, region: str, table: str = TABLE) -> Mapping[str, str]:
    arn = f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{table}"
    found = feast.aws("dynamodb", region).list_tags_of_resource(ResourceArn=arn)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


def test_feast_is_applied_and_warned_that_tags_are_not_its_own(feast: Feast) -> None:
    before = tags(feast, HOME)
    assert before["owner"] == "ml-platform"
    done = feast.apply("user_activity", "item_statistics")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Unable to update tags for table {TABLE} due to insufficient permissions" in done.stderr
    assert feast.gateway.refused() == {"dynamodb:UntagResource"}
    assert tags(feast, HOME) == before


def test_the_job_writes_online_and_says_how_old_and_how_different_the_values_were(feast: Feast) -> None:
    code, lines = feast.materialize()
    assert code == 0, lines
    assert set(lines) == {"user_activity", "item_statistics"}
    for line in lines.values():
        assert line["age_seconds"] == 0
        assert (line["sampled"], line["skew_percent"]) == (ROWS, 0)
    assert feast.gateway.refused(ROLES["JOB"]) == set()
    found = feast.aws("dynamodb").scan(TableName=TABLE)["Items"]
    assert len(found) == ROWS


def test_the_same_values_are_read_in_both_regions(feast: Feast) -> None:
    ids = ["user_id-0", "user_id-7", "nobody"]
    expected = {"user_id": ids, "sessions_7d": [0, 7, None], "score": [0.0, 1.0, None]}
    assert feast.read(HOME, *ids) == expected
    assert feast.read(AWAY, *ids)["sessions_7d"] == [None, None, None]
    assert copy_items(TABLE, feast.gateway.url, HOME, AWAY) == ROWS
    assert feast.read(AWAY, *ids) == expected
    places = {
        it.asked.resource for it in feast.gateway.decisions if it.asked.action == "dynamodb:BatchGetItem"
    }
    assert places >= {f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{TABLE}" for region in REGIONS}
    assert feast.gateway.refused(ROLES["READER"]) == set()


TRAIN = """
import sys
from datetime import datetime, timezone
from pathlib import Path
import pandas as pd
from feast import FeatureStore

store = FeatureStore(fs_yaml_file=Path(sys.argv[1]))
entities = pd.DataFrame({"user_id": ["user_id-1"], "event_timestamp": [datetime.now(timezone.utc)]})
job = store.get_historical_features(entity_df=entities, features=["user_activity:score"])
print("rows", len(job.to_df()))
"""


def test_a_training_set_is_read_with_the_readers_role(feast: Feast) -> None:
    """It uploads entities, makes tables of them and of the answer, and drops both: the role lets it."""
    path = feast.configure(HOME, "user_activity", "item_statistics")
    done = feast.run(str(python("feast")), "-c", TRAIN, str(path), key="READER")
    assert done.returncode == 0, done.stderr
    assert f"rows {ROWS}" in done.stdout
    assert feast.gateway.refused(ROLES["READER"]) == set()
    asked = {it.asked.action for it in feast.gateway.decisions if it.role == ROLES["READER"]}
    assert {"athena:StartQueryExecution", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject"} <= asked


def test_values_that_were_changed_behind_the_jobs_back_are_skew(feast: Feast) -> None:
    table = feast.aws("dynamodb")
    items = table.scan(TableName=TABLE)["Items"]
    for item in items[: ROWS // 5]:
        table.delete_item(TableName=TABLE, Key={"entity_id": item["entity_id"]})
    feast.gateway.instead = feast.lost_write
    try:
        code, lines = feast.materialize()
    finally:
        feast.gateway.instead = feast.athena
    assert code == 0, lines
    assert lines["user_activity"]["age_seconds"] > 0
    assert lines["user_activity"]["skew_percent"] == 20
    assert lines["item_statistics"]["skew_percent"] == 0


def test_a_reader_materialises_nothing(feast: Feast) -> None:
    code, lines = feast.materialize(key="READER")
    assert code == 1
    assert "AccessDenied" in lines["user_activity"]["error"]
    assert "s3:PutObject" in feast.gateway.refused(ROLES["READER"])
    assert "dynamodb:BatchWriteItem" not in feast.gateway.allowed(ROLES["READER"])


def test_a_view_that_is_no_longer_defined_keeps_its_table(feast: Feast) -> None:
    done = feast.apply("item_statistics")
    assert done.returncode == 0, done.stderr
    assert f"{TABLE}" in done.stderr
    assert "insufficient permissions. The table may need to be deleted manually" in done.stderr
    assert "dynamodb:DeleteTable" in feast.gateway.refused(ROLES["WRITER"])
    assert TABLE in feast.aws("dynamodb").list_tables()["TableNames"]


def test_a_view_that_nobody_planned_gets_no_table(feast: Feast) -> None:
    path = feast.configure(HOME, "user_activity", "item_statistics")
    views = json.loads((path.parent / "views.json").read_text())
    source = {"query": "SELECT 1"}
    views.append({"name": "improvised", "key": "user_id", "source": source})
    (path.parent / "views.json").write_text(json.dumps(views))
    done = feast.run(
        str(python("feast").parent / "feast"),
        "--chdir",
        str(path.parent),
        "apply",
        "--skip-source-validation",
        key="WRITER",
    )
    assert done.returncode != 0
    assert "AccessDenied" in done.stderr
    table = f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/tradewind_prod.improvised"
    assert table in {it.asked.resource for it in feast.gateway.decisions if not it.allowed}
    assert "tradewind_prod.improvised" not in feast.aws("dynamodb").list_tables()["TableNames"]


OTHERS = (
    ("dynamodb:GetItem", f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/tradewind_prod.scores"),
    ("dynamodb:GetItem", f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/tradewind_staging.user_activity"),
    ("dynamodb:GetItem", f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/{TABLE}"),
    ("dynamodb:Scan", f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/{TABLE}"),
    ("dynamodb:CreateTable", f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/tradewind_prod.improvised"),
    ("dynamodb:DeleteTable", f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/{TABLE}"),
    ("dynamodb:TagResource", f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/{TABLE}"),
    ("dynamodb:UpdateTimeToLive", f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/{TABLE}"),
    (
        "s3:GetObject",
        f"arn:aws:s3:::tradewind-prod-use1-features-acme-{ACCOUNT}/tables/us-east-1/scores/data/0.parquet",
    ),
    ("s3:DeleteObjectVersion", f"arn:aws:s3:::tradewind-prod-use1-features-{ACCOUNT}/tables/us-east-1/x"),
    (
        "s3:GetObject",
        f"arn:aws:s3:::tradewind-prod-use1-feature-results-{ACCOUNT}/tradewind-prod-features-acme/x",
    ),
    ("athena:StartQueryExecution", f"arn:aws:athena:{HOME}:{ACCOUNT}:workgroup/tradewind-prod-features-acme"),
    ("glue:DeleteTable", f"arn:aws:glue:{HOME}:{ACCOUNT}:table/tradewind_prod/user_activity"),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/tradewind-prod-feature-writer"),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/tradewind-prod-feature-writer"),
)


@pytest.mark.parametrize("role", ROLES.values())
@pytest.mark.parametrize(("action", "resource"), OTHERS)
def test_no_role_reaches_what_is_anothers(feast: Feast, role: str, action: str, resource: str) -> None:
    answer = feast.gateway.access.may(role, action, resource)
    assert answer.denied, answer.explanation


NAMED = """
import json, sys
from pathlib import Path
from feast import FeatureView
from feast.infra.online_stores.dynamodb import _get_table_name
from feast.infra.offline_stores.file_source import FileSource
from feast.repo_config import load_repo_config

said = {}
for path, views in json.loads(sys.argv[1]).items():
    config = load_repo_config(Path("."), Path(path))
    for name in views:
        view = FeatureView(name=name, source=FileSource(path="x"), entities=[])
        said[f"{path} {name}"] = [config.project, config.registry.registry_type, _get_table_name(config.online_store, config, view)]
print(json.dumps(said))
"""


def test_feast_takes_every_configuration_and_finds_the_planned_tables(feast: Feast, tmp_path: Path) -> None:
    """Each group in each of its regions, with the registry in the bucket and in PostgreSQL."""
    asked: dict[str, list[str]] = {}
    for group in groups(feast.store, REGIONS, {}):
        for region in group.regions:
            for registry in (True, False):
                path = tmp_path / f"{group.label}-{region}-{registry}.yaml"
                path.write_text(feature_store_yaml(feast.store, feast.cell, group, region, registry=registry))
                asked[str(path)] = [view.name for view in group.online]
    environment = {"FEATURE_REGISTRY_HOST": "registry.example.com", "PGPASSFILE": "/run/pgpass"}
    done = feast.run(str(python("feast")), "-c", NAMED, json.dumps(asked), key="nobody", **environment)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    planned_tables = {it.inputs["name"] for it in of(feast.graph, "Table")}
    assert {table for _, _, table in said.values()} == planned_tables
    assert {project for project, _, _ in said.values()} == {"tradewind_prod", "tradewind_prod_acme"}
    assert {kind for _, kind, _ in said.values()} == {"sql", "file"}


def test_the_tables_are_what_the_plan_says_in_both_regions(feast: Feast) -> None:
    for region in REGIONS:
        table = feast.aws("dynamodb", region)
        found = table.describe_table(TableName=TABLE)["Table"]
        assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        live = table.describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"]
        assert (live["AttributeName"], live["TimeToLiveStatus"]) == ("expires_at", "ENABLED")
        backups = table.describe_continuous_backups(TableName=TABLE)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
        assert tags(feast, region)["feature-view"] == "user_activity"
