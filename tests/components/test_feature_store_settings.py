"""What people write about the feature store, and what is said about their mistakes."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pydantic
import pytest

from components.feature_store.check import problems_of
from components.feature_store.settings import DataClass, FeatureStoreSettings
from components.model import Cell, EnvironmentClass

FEATURE = {"name": "age", "type": "int"}
VIEW = {"name": "users", "entity_key": "user_id", "columns": [FEATURE]}
REGIONS = ["us-east-1", "eu-west-1", "eu-central-1"]
ZONES = {"eu": ["eu-west-1", "eu-central-1", "eu-west-3"], "us": ["us-east-1"], "asia": ["ap-northeast-1"]}


def view(**fields: Any) -> dict[str, Any]:
    return {**VIEW, **fields}


def settings(*views: dict[str, Any], **fields: Any) -> FeatureStoreSettings:
    return FeatureStoreSettings.model_validate({"views": list(views), **fields})


def cell(*regions: str, environment: str = "prod") -> Cell:
    used = list(regions or REGIONS)
    return Cell(
        environment=environment,
        environment_class=EnvironmentClass.PRODUCTION,
        region=used[0],
        regions=used,
        account_id="123456789012",
    )


def refusal(document: dict[str, Any]) -> tuple[str, str, str]:
    """(path, but, fix) of the one mistake in `document`."""
    with pytest.raises(pydantic.ValidationError) as caught:
        FeatureStoreSettings.model_validate(document)
    (error,) = caught.value.errors()
    return ".".join(map(str, error["loc"])), error["msg"], str(error.get("ctx", {}).get("fix", ""))


def test_an_empty_section_is_a_store_without_views() -> None:
    assert FeatureStoreSettings.model_validate({}).views == []


def test_a_view_needs_a_name_a_key_and_a_feature_only() -> None:
    (made,) = settings(VIEW).views
    assert (made.residency, made.tenant, made.online, made.data_class) == (
        "any",
        None,
        True,
        DataClass.INTERNAL,
    )


def test_numbers_may_arrive_as_floats() -> None:
    """The engine hands whole numbers over as floats."""
    made = settings(view(max_write_units_per_second=500.0), offline={"copies": 3.0})
    assert (made.views[0].max_write_units_per_second, made.offline.copies) == (500, 3)


def test_reading_the_settings_does_not_import_pulumi() -> None:
    code = (
        "import sys, components.feature_store.check; print(any(m.startswith('pulumi') for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


STRONG = {"consistency": "strong"}


@pytest.mark.parametrize(
    ("document", "path", "but", "fix"),
    [
        ({"views": [view(name="User-Stats")]}, "views.0.name", "'User-Stats' is no name", "user_stats"),
        ({"views": [view(entity_key="1st")]}, "views.0.entity_key", "a letter first", "f_1st"),
        (
            {"views": [view(columns=[{"name": "a", "type": "integer"}])]},
            "views.0.columns.0.type",
            "'int'",
            "",
        ),
        (
            {"views": [view(columns=[FEATURE, FEATURE])]},
            "views.0",
            "column age stands more than once",
            "list each feature once",
        ),
        (
            {"views": [view(columns=[{"name": "user_id", "type": "int"}])]},
            "views.0",
            "column user_id stands more than once",
            "list each feature once",
        ),
        (
            {"views": [view(partitioning=[{"column": "day", "transform": "identity"}])]},
            "views.0",
            "partitioned by 'day', which is no column of the view",
            "one of user_id, event_timestamp, created_timestamp, age",
        ),
        (
            {"views": [view(partitioning=[{"column": "age", "transform": "month"}])]},
            "views.0",
            "month of 'age', which is a int",
            "a column of type date, timestamp, timestamptz",
        ),
        (
            {"views": [view(partitioning=[{"column": "user_id", "transform": "bucket"}])]},
            "views.0.partitioning.0",
            "partition transform 'bucket' needs a width",
            "width: 16",
        ),
        (
            {"views": [view(witness_region="eu-west-3")]},
            "views.0",
            "only a strong one has a witness",
            "consistency: strong, or leave witness_region out",
        ),
        (
            {"views": [view(**STRONG, ttl_attribute="expires")]},
            "views.0",
            "DynamoDB has no TTL in a strongly consistent global table",
            "consistency: eventual, or leave ttl_attribute out",
        ),
        (
            {"views": [view(**STRONG, online=False)]},
            "views.0",
            "consistency is about its online replicas",
            "online: true, or leave consistency out",
        ),
        (
            {"views": [view(**STRONG, witness_region="eu-west3")]},
            "views.0.witness_region",
            "'eu-west3' is no region of AWS",
            "eu-west-3",
        ),
        ({"views": [view(consistency="linear")]}, "views.0.consistency", "'eventual' or 'strong'", ""),
        ({"views": [view(data_class="secret")]}, "views.0.data_class", "'confidential' or 'restricted'", ""),
        ({"views": [view(tenant="ACME")]}, "views.0.tenant", "'ACME' is no tenant", "the specification's"),
        ({"views": [VIEW, VIEW]}, "views", "users stands more than once", "rename one of them"),
        ({"views": [view(ttl="expires")]}, "views.0.ttl", "Extra inputs are not permitted", ""),
        (
            {"offline": {"transitions": [{"after_days": 5, "storage_class": "STANDARD_IA"}]}},
            "offline.transitions.0",
            "before 30 days, got 5",
            "after_days: 30",
        ),
        (
            {"offline": {"transitions": [{"after_days": 90, "storage_class": "DEEP_ARCHIVE"}]}},
            "offline.transitions.0.storage_class",
            "'STANDARD_IA', 'INTELLIGENT_TIERING' or 'GLACIER_IR'",
            "",
        ),
        (
            {
                "offline": {
                    "transitions": [
                        {"after_days": 90, "storage_class": "GLACIER_IR"},
                        {"after_days": 30, "storage_class": "STANDARD_IA"},
                    ]
                }
            },
            "offline.transitions",
            "after 90, 30 days are not in order",
            "each later than the one before",
        ),
        (
            {"registry": {"min_acu": 8, "max_acu": 4}},
            "registry",
            "min_acu 8 is above max_acu 4",
            "max_acu: 8",
        ),
        ({"project": "Tradewind prod"}, "project", "'Tradewind prod' is no name", "tradewind_prod"),
    ],
)
def test_a_mistake_is_named_with_its_way_out(document: Any, path: str, but: str, fix: str) -> None:
    said = refusal(document)
    assert said[0] == path
    assert but in said[1]
    assert fix in said[2]


def test_a_sound_store_has_no_problems() -> None:
    store = settings(
        VIEW,
        view(name="europeans", residency="eu", consistency="strong", witness_region="eu-west-3"),
        view(name="scores", tenant="acme"),
    )
    assert problems_of(store, cell(), ZONES) == ()


def test_a_default_project_names_the_environment_whatever_it_is_called() -> None:
    assert problems_of(settings(VIEW), cell(environment="prod-eu"), ZONES) == ()


@pytest.mark.parametrize(
    ("store", "regions", "path", "but", "fix"),
    [
        (
            settings(VIEW, project="ranking"),
            REGIONS,
            "project",
            "two environments of account 123456789012 would share them",
            "ranking_prod",
        ),
        (
            settings(VIEW, project="prod_ranking"),
            REGIONS,
            "project",
            "it must end in the environment's name",
            "prod_ranking_prod",
        ),
        (
            settings(view(residency="europe")),
            REGIONS,
            "views[0].residency",
            "names no zone of residency.zones",
            "one of any, asia, eu, us",
        ),
        (
            settings(view(residency="asia")),
            REGIONS,
            "views[0].residency",
            "the environment has no region of that zone (ap-northeast-1)",
            "add one of them to regions",
        ),
        (
            settings(view(residency="eu", **STRONG)),
            REGIONS,
            "views[0].consistency",
            "exactly three regions, three replicas or two and a witness; view 'users' has 2",
            "add witness_region",
        ),
        (
            settings(view(residency="us", **STRONG)),
            REGIONS,
            "views[0].consistency",
            "view 'users' has 1 (us-east-1)",
            "consistency: eventual",
        ),
        (
            settings(view(**STRONG)),
            REGIONS,
            "views[0].consistency",
            "does not span us-east-1, eu-west-1, eu-central-1",
            "us-east-1, us-east-2, us-west-2; eu-west-1",
        ),
        (
            settings(view(**STRONG, witness_region="eu-central-1")),
            REGIONS,
            "views[0].witness_region",
            "has a replica there",
            "leave witness_region out",
        ),
        (
            settings(view(residency="eu", **STRONG, witness_region="eu-west-2")),
            REGIONS,
            "views[0].witness_region",
            "a witness stores the view's data, and eu-west-2 is not in zone 'eu'",
            "one of eu-west-3",
        ),
    ],
)
def test_what_only_the_environment_shows_is_a_problem(
    store: FeatureStoreSettings, regions: list[str], path: str, but: str, fix: str
) -> None:
    (problem,) = problems_of(store, cell(*regions), ZONES)
    assert problem.path == path
    assert but in problem.but
    assert fix in problem.fix


def test_two_groups_of_one_name_are_a_problem() -> None:
    """Zone `eu` with tenant `west-a`, and zone `eu-west` with tenant `a`."""
    zones = {"eu": ["eu-west-1"], "eu-west": ["eu-west-1"]}
    store = settings(
        view(name="first", residency="eu", tenant="west-a"),
        view(name="second", residency="eu-west", tenant="a"),
    )
    (problem,) = problems_of(store, cell(), zones)
    assert "both are called 'eu-west-a'" in problem.but


def test_every_problem_is_reported_not_the_first_only() -> None:
    store = settings(view(residency="mars"), view(name="second", residency="venus"), project="ranking")
    paths = [problem.path for problem in problems_of(store, cell(), ZONES)]
    assert paths == ["project", "views[0].residency", "views[1].residency"]
