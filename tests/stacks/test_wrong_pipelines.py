"""Mistakes in a specification's pipelines: one message each, with the place and the way out."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from problems import InputError
from stacks.specification import load
from tests.components.pipelines_plan import SETTINGS

Change = Callable[[dict[str, Any]], None]
HEAD = {
    "environment": "prod",
    "class": "production",
    "account_id": "123456789012",
    "tags": {
        "required": {
            "owner": {"value": "ml-platform"},
            "cost-center": {"value": "cc-1200"},
            "environment": {},
            "data-class": {"value": "internal"},
        }
    },
    "residency": {"zones": {"asia": ["ap-southeast-6"], "eu": ["eu-west-1"]}},
    "regions": [
        {"region": "eu-west-1", "network": {"cidr": "10.24.0.0/16"}},
        {"region": "ap-southeast-6", "network": {"cidr": "10.25.0.0/16"}},
    ],
    "cluster": {
        "access": {"administrators": ["role/ml-platform-deployer"]},
        "node_pools": [
            {"name": "general", "instance_categories": ["m"], "limits": {"cpu": 8, "memory_gib": 32}},
            {
                "name": "own",
                "instance_categories": ["m"],
                "limits": {"cpu": 8, "memory_gib": 32},
                "tenant": "credit",
            },
        ],
    },
    "tenants": [
        {"name": "recommendations", "tier": "pool", "owner": "recs", "cost_center": "cc-1300"},
        {"name": "credit", "tier": "silo", "owner": "credit", "cost_center": "cc-1400", "residency": "eu"},
    ],
}


def first(section: dict[str, Any]) -> dict[str, Any]:
    pipeline: dict[str, Any] = section["pipelines"][0]
    return pipeline


def step(name: str, **changes: Any) -> Change:
    def change(section: dict[str, Any]) -> None:
        (one,) = [one for one in first(section)["steps"] if one["name"] == name]
        one.update(changes)

    return change


def pipeline(**changes: Any) -> Change:
    return lambda section: first(section).update(changes)


def whole(**changes: Any) -> Change:
    return lambda section: section.update(changes)


def of_gpu_queue(**changes: Any) -> Change:
    return lambda section: section["queues"][1].update(changes)


def expectation(**rule: Any) -> Change:
    return lambda section: section["datasets"][0]["expectations"].append(rule)


# (change, path, part of why it is wrong, part of the way out)
CASES: dict[str, tuple[Change, str, str, str]] = {
    "a circle": (
        step("validate", after=["train"]), "pipelines.pipelines[0].steps",
        "waits for the next, so none ever starts", "out of what",
    ),
    "an unknown step in after": (
        step("train", after=["featurize"]), "pipelines.pipelines[0].steps",
        "step train comes after featurize, and there is no such step", "featurise",
    ),
    "an unknown dataset": (
        step("ingest", inputs=["activty"]), "pipelines.pipelines[0].steps[0].inputs[0]",
        "neither a dataset nor what another step", "activity",
    ),
    "GPUs without a queue": (
        step("train", queue=None), "pipelines.pipelines[0].steps[3]",
        "asks for 1 GPUs and for no queue", "gpu_instance_types",
    ),
    "GPUs in a queue without": (
        step("train", queue="default"), "pipelines.pipelines[0].steps[3].queue",
        "it has no GPUs", "one of gpu",
    ),
    "an unknown queue": (
        step("train", queue="gpus"), "pipelines.pipelines[0].steps[3].queue", "no such queue", "gpu",
    ),
    "a step larger than its queue": (
        of_gpu_queue(max_vcpus=2), "pipelines.pipelines[0].steps[3].resources.cpu",
        "would wait for ever", "max_vcpus of at least 4",
    ),
    "a step larger than Fargate": (
        step("featurise", resources={"cpu": 16, "memory_gib": 240}),
        "pipelines.pipelines[0].steps[2].resources", "ends at 16 and 120", "engine: argo",
    ),
    "a schedule of four fields": (
        pipeline(triggers={"schedule": {"cron": "0 3 * *"}}),
        "pipelines.pipelines[0].triggers.schedule.cron", "has 4 fields", "0 3 * * 1",
    ),
    "a schedule at the 25th hour": (
        pipeline(triggers={"schedule": {"cron": "0 25 * * *"}}),
        "pipelines.pipelines[0].triggers.schedule.cron", "'25' is no hour", "0 3 * * 1",
    ),
    "a schedule by two kinds of days": (
        pipeline(triggers={"schedule": {"cron": "0 3 1 * 1"}}),
        "pipelines.pipelines[0].triggers.schedule.cron", "engines differ", "* for one of the two",
    ),
    "a name too long": (
        pipeline(name="recommendations-of-everything-we-sell"), "pipelines.pipelines[0].name", "30", "30",
    ),
    "an engine that the region does not have": (
        pipeline(engine="mwaa", residency="asia"), "pipelines.pipelines[0].engine",
        "MWAA is not offered in ap-southeast-6", "argo or step-functions",
    ),
    "an engine too small for its class": (
        lambda it: it.update(engine="mwaa", active_region="eu-west-1", standby=False, mwaa={"environment_class": "mw1.micro"}),
        "pipelines.mwaa.environment_class", "means it for development", "mw1.small",
    ),
    "an engine that nobody knows": (whole(engine="step-function"), "pipelines.engine", "step-functions", "step-functions"),
    "a wait that Airflow does not know": (
        lambda it: (whole(engine="mwaa", standby=False)(it), step("train", retry={"attempts": 3, "backoff": 3})(it))[0],
        "pipelines.pipelines[0].steps[3].retry.backoff", "twice as long", "backoff: 1 or 2",
    ),
    "Argo for a silo tenant": (
        pipeline(engine="argo", tenant="credit"), "pipelines.pipelines[0].tenant",
        "tier silo stays on nodes of its own", "step-functions",
    ),
    "an unknown tenant": (
        pipeline(tenant="recommendation"), "pipelines.pipelines[0].tenant", "no such tenant", "recommendations",
    ),
    "an unknown zone": (
        pipeline(residency="europe"), "pipelines.pipelines[0].residency", "no such zone", "eu",
    ),
    "an active region that is none": (
        whole(active_region="eu-west-2"), "pipelines.active_region", "no such region", "eu-west-1",
    ),
    "an image without a version": (
        step("train", image="recommendations/train"), "pipelines.pipelines[0].steps[3].image",
        "changes without a commit", "recommendations/train:<version>",
    ),
    "no dataset at all": (
        step("ingest", inputs=[]), "pipelines.pipelines[0].steps", "no step reads a dataset", "inputs: [activity]",
    ),
    "an output of two steps": (
        step("validate", outputs=["raw"]), "pipelines.pipelines[0].steps", "output of both ingest and validate", "rename",
    ),
    "a rule with a foreign field": (
        expectation(rule="column_to_exist", column="x", min=1),
        "pipelines.datasets[0].expectations[4]", "takes no min", "it takes column",
    ),
    "a rule without bounds": (
        expectation(rule="column_mean_to_be_between", column="x"),
        "pipelines.datasets[0].expectations[4]", "neither min nor max", "give one of them",
    ),
    "a pattern that is none": (
        expectation(rule="column_values_to_match_regex", column="x", pattern="["),
        "pipelines.datasets[0].expectations[4].pattern", "not a regular expression", "[A-Z]",
    ),
    "a place with an unknown name": (
        lambda it: it["datasets"][0].update(location="s3://lake-{zone}/x"),
        "pipelines.datasets[0].location", "nothing stands for {zone}", "{region}",
    ),
}  # fmt: skip


def problems(tmp_path: Path, section: dict[str, Any]) -> list[Any]:
    file = tmp_path / "prod.yaml"
    file.write_text(yaml.safe_dump({**HEAD, "pipelines": section}, sort_keys=False), encoding="utf-8")
    try:
        load(file)
    except InputError as error:
        return list(error.problems)
    return []


def test_the_section_that_the_mistakes_are_made_in_is_right(tmp_path: Path) -> None:
    assert problems(tmp_path, copy.deepcopy(SETTINGS)) == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_mistake_is_told_once_with_its_place_and_the_way_out(case: str, tmp_path: Path) -> None:
    change, path, but, fix = CASES[case]
    section = copy.deepcopy(SETTINGS)
    change(section)
    (problem,) = problems(tmp_path, section)
    assert problem.path == path
    assert but in problem.but
    assert fix in problem.fix
    line = int(problem.place.rsplit(":", 2)[1])
    assert (tmp_path / "prod.yaml").read_text().splitlines()[line - 1].strip()
