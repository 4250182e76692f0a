"""Features kept fresh: the materialisation job, the alarms about it and about copies, mistakes in both."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from components.feature_store import materialization_program as program
from components.feature_store import metrics
from components.feature_store.alarms import Alarm, alarms_of
from components.feature_store.materialization import schedule_of
from components.feature_store.materialization_policies import execution, repository_of
from components.feature_store.operation_settings import MaterializationSettings
from components.feature_store.placement import groups, in_region
from components.feature_store.settings import FeatureStoreSettings
from components.model import Cell, EnvironmentClass
from finops.estimate import estimate
from finops.prices import PriceBook
from finops.usage import Usage
from plan.graph import Graph
from plan.values import Reference
from policies.iam import Access
from tests.components import feature_store_plan
from tests.components.feature_store_plan import HOME, REGIONS, STORE, ZONES, of, planned
from tests.stacks.test_specification import problems

IMAGE = "feastdev/feature-server:0.67.0"
JOB = {"image": IMAGE, "every_minutes": 30}
ALARMS = {"notify": ["oncall@example.com"], "replication_seconds": 10}
ACCOUNT = "123456789012"

development = feature_store_plan.development


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    store = {**STORE, "materialization": JOB, "alarms": ALARMS}
    return planned(tmp_path_factory.mktemp("fresh"), "production", REGIONS, store)


def cell(region: str = HOME, environment_class: EnvironmentClass = EnvironmentClass.PRODUCTION) -> Cell:
    return Cell(
        environment="prod",
        environment_class=environment_class,
        region=region,
        regions=REGIONS,
        account_id=ACCOUNT,
    )


def alarms(region: str, **store: Any) -> dict[str, Alarm]:
    settings = FeatureStoreSettings.model_validate({**STORE, "materialization": JOB, **store})
    here = in_region(groups(settings, REGIONS, ZONES), region)
    return {alarm.name: alarm for alarm in alarms_of(settings, cell(region), here)}


# The job


def test_a_group_is_materialised_in_its_home_region_and_stands_ready_in_the_others(fresh: Graph) -> None:
    on = {
        (it.name.rpartition("materialization-")[2], it.region)
        for it in of(fresh, "Schedule")
        if it.inputs["state"] == "ENABLED"
    }
    assert on == {("any", "us-east-1"), ("any-acme", "us-east-1"), ("eu", "eu-west-1")}
    assert len(of(fresh, "Schedule")) == 3 + 3 + 2
    assert {it.inputs["scheduleExpression"] for it in of(fresh, "Schedule")} == {"rate(30 minutes)"}


def test_the_task_is_the_program_with_the_groups_own_role_and_views(fresh: Graph) -> None:
    roles = {it.inputs["name"] for it in of(fresh, "Role")}
    for task in of(fresh, "TaskDefinition"):
        (container,) = json.loads(task.inputs["containerDefinitions"])
        assert container["image"] == IMAGE
        compile(container["command"][0], "command", "exec")
        said = {one["name"]: one["value"] for one in container["environment"]}
        label = task.name.rpartition("materialization-")[2]
        expected = {"any": "users", "any-acme": "scores", "eu": "europeans"}
        assert said["FEATURE_VIEWS"] == expected[label]
        assert said["REGISTRY_CLUSTER"].endswith("feature-registry")
        assert ("REGISTRY_FORWARDS" in said) == (task.region != HOME)
        assert task.inputs["taskRoleArn"].rpartition("/")[2] in roles
        # ECS takes 64 KB for a task definition.
        assert len(task.inputs["containerDefinitions"]) < 32_000


def test_the_schedule_starts_its_own_tasks_as_their_roles_only(fresh: Graph) -> None:
    access = Access(fresh, account=ACCOUNT)
    (role,) = [
        it.inputs["name"]
        for it in of(fresh, "Role")
        if it.inputs["name"].endswith("euw1-feature-task-schedule")
    ]
    ecs = f"arn:aws:ecs:eu-west-1:{ACCOUNT}"
    here = {"ecs:cluster": f"{ecs}:cluster/tradewind-prod-feature-materialization"}
    task = f"{ecs}:task-definition/tradewind-prod-materialize-eu:7"
    assert access.may(role, "ecs:RunTask", task, context=here).allowed
    assert access.may(role, "ecs:RunTask", task, context={"ecs:cluster": f"{ecs}:cluster/another"}).denied
    assert access.may(role, "ecs:RunTask", f"{ecs}:task-definition/another:1", context=here).denied
    passing = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    arn = f"arn:aws:iam::{ACCOUNT}:role"
    assert access.may(
        role, "iam:PassRole", f"{arn}/tradewind-prod-feature-materializer-eu", context=passing
    ).allowed
    assert access.may(role, "iam:PassRole", f"{arn}/tradewind-prod-feature-writer-eu", context=passing).denied
    elsewhere = {"iam:PassedToService": "lambda.amazonaws.com"}
    assert access.may(
        role, "iam:PassRole", f"{arn}/tradewind-prod-feature-materializer-eu", context=elsewhere
    ).denied


def test_an_image_in_ecr_may_be_pulled_and_nothing_else() -> None:
    image = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/shared/feast:0.67.0"
    assert repository_of(image) == f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/shared/feast"
    assert repository_of(IMAGE) is None
    assert [statement["Sid"] for statement in execution(cell(), IMAGE)["Statement"]] == ["WriteLogs"]
    (pull,) = [it for it in execution(cell(), image)["Statement"] if it["Sid"] == "PullImage"]
    assert pull["Resource"] == [repository_of(image)]


@pytest.mark.parametrize(
    ("minutes", "expression"),
    [(5, "rate(5 minutes)"), (60, "rate(1 hour)"), (90, "rate(90 minutes)"), (180, "rate(3 hours)"), (2880, "rate(2 days)")],
)  # fmt: skip
def test_a_rate_is_in_the_largest_unit_that_fits(minutes: int, expression: str) -> None:
    assert schedule_of(MaterializationSettings(image=IMAGE, every_minutes=minutes)) == expression


def test_a_task_costs_its_hours_where_it_runs_and_nothing_is_expected_where_it_is_off(fresh: Graph) -> None:
    found = estimate(fresh, Usage(), PriceBook.bundled())
    lines = [line for line in found.lines if line.item.startswith("task ")]
    assert {line.service for line in lines} == {"ECS"}
    expected = {
        (fresh[line.urn].region, fresh[line.urn].inputs["state"]): line.expected > 0 for line in lines
    }
    assert all(paid == (state == "ENABLED") for (_, state), paid in expected.items())
    assert all(line.ceiling > 0 for line in lines)
    # 60 hours a month of one vCPU and 4 GiB, at Fargate's prices in us-east-1.
    home = {line.item: line.expected for line in lines if line.name.endswith("us-east-1-materialization-any")}
    assert home == {"task vCPU": Decimal("2.43"), "task memory": Decimal("1.07")}


def test_without_the_section_there_is_no_job_and_in_development_no_alarm(development: Graph) -> None:
    kinds = {it.type for it in development}
    assert not {kind for kind in kinds if ":ecs/" in kind or ":scheduler/" in kind or "metricAlarm" in kind}


# What the program says


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROW = {"score": 0.5, "tags": [1, 2], "event_timestamp": NOW}


@pytest.mark.parametrize(
    ("online", "seconds", "said"),
    [
        ({"score": 0.5, "tags": [1, 2]}, 0, False),
        ({"score": 0.5000000001, "tags": [1, 2]}, 0, False),
        ({"score": 0.6, "tags": [1, 2]}, 0, True),
        ({"score": 0.5, "tags": [1]}, 0, True),
        ({"score": None, "tags": None}, -NOW.timestamp(), True),
        ({"score": 0.5, "tags": [1, 2]}, -60, True),
        ({"score": 0.9, "tags": [9]}, 60, None),
    ],
)
def test_values_differ_unless_they_are_the_same_or_newer(
    online: dict[str, Any], seconds: float, said: bool | None
) -> None:
    written = int(NOW.timestamp() + seconds)
    stamped = {**online, "score__ts": written, "tags__ts": written}
    assert program.differs(ROW, stamped, ["score", "tags"], "event_timestamp") is said


def test_metrics_are_made_of_the_lines_that_the_program_writes(fresh: Graph) -> None:
    """By the filters' patterns, on lines as `materialize` makes them."""
    source = Path(program.__file__).read_text(encoding="utf-8")
    for filter in of(fresh, "LogMetricFilter"):
        made = filter.inputs["metricTransformation"]
        field = made["value"].removeprefix("$.")
        assert filter.inputs["pattern"] == f"{{ $.{field} = * }}"
        assert f'"{field}"' in source
        assert made["dimensions"] == {"FeatureView": "$.feature_view"}
        assert made["namespace"] == metrics.NAMESPACE
    names = {it.inputs["metricTransformation"]["name"] for it in of(fresh, "LogMetricFilter")}
    assert names == {"MaterializationAge", "OnlineOfflineSkew"}


# Alarms


def test_each_replica_and_copy_is_watched_where_its_metric_is_published() -> None:
    home, away = alarms("us-east-1"), alarms("eu-west-1")
    assert {"users-behind-in-eu-west-1", "users-behind-in-eu-central-1"} <= home.keys()
    assert "users-behind-in-us-east-1" in away
    copied = home["any-files-not-copied-to-eu-west-1"]
    assert copied.dimensions == away["any-files-late-from-us-east-1"].dimensions
    assert copied.dimensions["RuleId"] == "to-eu-west-1"
    assert (copied.metric, away["any-files-late-from-us-east-1"].metric) == (
        "OperationsFailedReplication",
        "ReplicationLatency",
    )


def test_a_strongly_consistent_view_has_no_lag_to_watch() -> None:
    assert not [name for name in alarms("eu-west-1") if name.startswith("europeans-behind")]
    assert "europeans-reads-throttled" in alarms("eu-west-1")


def test_no_run_for_too_long_rings_although_there_is_no_data() -> None:
    stale = alarms("us-east-1")["users-stale"]
    assert stale.silence_rings
    assert stale.seconds * stale.periods == 90 * 60
    assert stale.threshold == 90 * 60
    assert "users-stale" not in alarms("eu-west-1")
    # CloudWatch looks back a day by minutes, a week by hours.
    long = alarms("us-east-1", materialization={**JOB, "stale_after_minutes": 4000})["users-stale"]
    assert (long.seconds, long.periods) == (3600, 67)


def test_alarms_name_what_is_planned(fresh: Graph) -> None:
    """A dimension with a name that nothing has would never ring."""
    tables = {it.inputs["name"] for it in of(fresh, "Table")}
    buckets = {it.inputs["bucket"] for it in of(fresh, "Bucket")}
    rules = {rule["id"] for it in of(fresh, "BucketReplicationConfig") for rule in it.inputs["rules"]}
    queues = {it.inputs["name"] for it in of(fresh, "Queue")}
    views = {name.partition(".")[2] for name in tables}
    known = {
        "TableName": tables,
        "ReceivingRegion": set(REGIONS),
        "SourceBucket": buckets,
        "DestinationBucket": buckets,
        "RuleId": rules,
        "QueueName": queues,
        "FeatureView": views,
    }
    seen = set()
    for alarm in of(fresh, "MetricAlarm"):
        for dimension, value in alarm.inputs["dimensions"].items():
            assert value in known[dimension], alarm.name
            seen.add(dimension)
    assert seen == known.keys()


def test_alarms_tell_the_regions_topic_and_that_the_people(fresh: Graph) -> None:
    for alarm in of(fresh, "MetricAlarm"):
        (action,) = alarm.inputs["alarmActions"]
        assert isinstance(action, Reference)
        assert fresh[action.urn].region == alarm.region
    assert {it.inputs["endpoint"] for it in of(fresh, "TopicSubscription")} == {"oncall@example.com"}
    access = Access(fresh, account=ACCOUNT)
    (topic,) = [it for it in of(fresh, "Topic") if it.region == HOME]
    assert json.loads(next(it for it in of(fresh, "TopicPolicy") if it.region == HOME).inputs["policy"])[
        "Statement"
    ][0]["Resource"] == access.arn(topic)


def test_capacity_has_a_ceiling_in_every_table(fresh: Graph) -> None:
    for table in of(fresh, "Table"):
        limits = table.inputs["onDemandThroughput"]
        assert limits == {"maxReadRequestUnits": 40_000, "maxWriteRequestUnits": 40_000}


# Mistakes


@pytest.mark.parametrize(
    ("section", "path", "words"),
    [
        ({"materialization": {}}, "materialization.image", "image is required"),
        ({"materialization": {"image": "feast"}}, "materialization.image", "feast:<version>"),
        ({"materialization": {"image": "feast:latest"}}, "materialization.image", "whatever was pushed last"),
        ({"materialization": {**JOB, "every_minutes": 1}}, "materialization.every_minutes", "5"),
        ({"materialization": {**JOB, "cpu_units": 1000}}, "materialization", "256, 512, 1024"),
        ({"materialization": {**JOB, "memory_gib": 1}}, "materialization", "memory_gib: 2 to 8"),
        ({"materialization": {**JOB, "stale_after_minutes": 20}}, "materialization", "stale_after_minutes: 90"),
        ({"materialization": {**JOB, "skew_sample": 5000}}, "materialization.skew_sample", "1,000"),
        ({"materialization": {**JOB, "max_skew_percent": 101}}, "materialization.max_skew_percent", "100"),
        ({"materialization": {**JOB, "every": 5}}, "materialization.every", "every_minutes"),
        ({"alarms": {"notify": ["oncall"]}}, "alarms.notify", "not an e-mail address"),
        ({"alarms": {"enabled": "perhaps"}}, "alarms.enabled", "true"),
        ({"alarms": {"replication_seconds": 0}}, "alarms.replication_seconds", "1"),
        ({"offline": {"catalog": "s3tables"}}, "offline.catalog", "did you mean s3_tables?"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_problem_with_its_path_and_a_way_out(
    tmp_path: Path, section: dict[str, Any], path: str, words: str
) -> None:
    (problem,) = problems(tmp_path, {f"feature_store/{key}": value for key, value in section.items()})
    assert problem.path == f"feature_store.{path}"
    assert words in f"{problem.but} {problem.fix}"
    assert problem.but and problem.fix
