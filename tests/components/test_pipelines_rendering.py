"""One specification, three engines: the same steps in the same order with the same retries, as a property."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.pipelines.airflow import dag_file
from components.pipelines.argo import INPUTS, cron_workflow, sensor, workflow_template
from components.pipelines.asl import asl
from components.pipelines.batch import container
from components.pipelines.order import cycle, levels
from components.pipelines.settings import Engine, PipelinesSettings
from components.pipelines.tasks import Placed, place
from tests.components.pipelines_plan import cell, placed, settings

Told = dict[str, tuple[frozenset[str], int, int, float]]
"""Of each task: those it waits for directly or through others, retries, seconds before the first, backoff."""


def through(before: Mapping[str, frozenset[str]], name: str) -> frozenset[str]:
    return (
        before[name].union(*(through(before, other) for other in before[name]))
        if before[name]
        else frozenset()
    )


def closed(found: Mapping[str, tuple[frozenset[str], int, int, float]]) -> Told:
    """With what each task waits for through others."""
    before = {name: told[0] for name, told in found.items()}
    return {name: (through(before, name), *told[1:]) for name, told in found.items()}


def states(definition: Any) -> Iterator[tuple[str, Any]]:
    for name, state in definition["States"].items():
        yield name, state
        for branch in state.get("Branches", []):
            yield from states(branch)


def in_step_functions(it: Placed) -> Told:
    """Read off the definition: the chain of levels, and of each branch the state that runs."""
    definition, found = asl(it), {}
    earlier: frozenset[str] = frozenset()
    name = definition["StartAt"]
    while name != "Done":
        state = definition["States"][name]
        here = set()
        for branch in state.get("Branches", []):
            (task,) = [
                one.removeprefix("Look for ") for one in branch["States"] if one.startswith("Look for ")
            ]
            (retry,) = branch["States"][task]["Retry"] or [{"MaxAttempts": 0}]
            found[task] = (
                earlier,
                retry["MaxAttempts"],
                retry.get("IntervalSeconds", 0),
                float(retry.get("BackoffRate", 0)),
            )
            here.add(task)
        earlier |= here
        name = state["Next"]
    return found


def in_argo(it: Placed) -> Told:
    template = workflow_template(it, PipelinesSettings.model_validate(settings("argo")).argo, {})
    by_name = {one["name"]: one for one in template["spec"]["templates"]}
    found = {}
    for node in by_name["pipeline"]["dag"]["tasks"]:
        if node["name"] == INPUTS:
            continue
        retry = by_name[node["template"]]["retryStrategy"]
        found[node["name"]] = (
            frozenset(node["dependencies"]) - {INPUTS},
            int(retry["limit"]),
            int(retry["backoff"]["duration"].removesuffix("s")),
            float(retry["backoff"]["factor"]),
        )
    return closed(found)


def in_airflow(it: Placed) -> Told:
    tree = ast.parse(dag_file(it))
    (text,) = [
        ast.literal_eval(node.value.args[0])
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and node.targets[0].id == "SPEC"  # type: ignore[attr-defined]
    ]
    found = {
        one["name"]: (frozenset(one["after"]), one["attempts"], one["wait_seconds"], float(one["backoff"]))
        for one in json.loads(text)["tasks"]
    }
    return closed(found)


NAMES = [f"step-{letter}" for letter in "abcdefg"]


@st.composite
def pipelines(draw: st.DrawFn) -> dict[str, Any]:
    """Any graph without a circle: each step reads outputs of earlier ones, or comes after them by name."""
    steps: list[dict[str, Any]] = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)):
        earlier = [one["name"] for one in steps]
        some = st.lists(st.sampled_from(earlier), unique=True) if earlier else st.just([])
        read = [f"{one}-out" for one in draw(some)]
        steps.append(
            {
                "name": name,
                "image": "team/image:1",
                "inputs": [*(["activity"] if not steps or draw(st.booleans()) else []), *read],
                "outputs": [f"{name}-out"],
                "after": draw(some),
                "retry": {
                    "attempts": draw(st.integers(0, 10)),
                    "wait_seconds": draw(st.integers(1, 3600)),
                    "backoff": draw(st.sampled_from([1.0, 2.0])),
                },
            }
        )
    return {"name": "any", "steps": draw(st.permutations(steps))}


@given(pipelines())
def test_the_same_pipeline_is_the_same_on_every_engine(pipeline: dict[str, Any]) -> None:
    made = PipelinesSettings.model_validate(settings("argo", pipelines=[pipeline]))
    it = place(made, made.pipelines[0], cell(), active=True)
    argo, airflow, step_functions = in_argo(it), in_airflow(it), in_step_functions(it)
    assert argo == airflow
    assert argo.keys() == step_functions.keys() == {task.name for task in it.tasks}
    for name, (before, attempts, wait, backoff) in argo.items():
        earlier, *retry = step_functions[name]
        # Levels wait for more than the graph asks for, never for less.
        assert before <= earlier
        assert retry == ([attempts, wait, backoff] if attempts else [0, 0, 0.0])


@given(pipelines())
def test_every_step_waits_for_the_gate(pipeline: dict[str, Any]) -> None:
    made = PipelinesSettings.model_validate(settings("argo", pipelines=[pipeline]))
    it = place(made, made.pipelines[0], cell(), active=True)
    for name, (before, *_) in in_argo(it).items():
        assert (name == "check-activity") is not ("check-activity" in before)


def test_the_worked_pipeline_in_its_order() -> None:
    order = [name for level in placed(Engine.ARGO).levels for name in (task.name for task in level)]
    assert order == ["check-activity", "ingest", "validate", "featurise", "train", "evaluate", "register"]


def test_levels_hold_what_may_run_at_the_same_time() -> None:
    assert levels({"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"], "e": []}) == [
        ["a", "e"],
        ["b", "c"],
        ["d"],
    ]
    assert cycle({"a": ["c"], "b": ["a"], "c": ["b"]}) == ["a", "c", "b", "a"]
    assert cycle({"a": [], "b": ["a"]}) == []


def test_the_key_is_that_of_code_and_data_not_of_the_engine_or_region() -> None:
    made = [placed(engine, region) for engine in Engine for region in ("us-east-1", "eu-west-1")]
    assert len({it.digest for it in made}) == 1
    section = settings("argo")
    section["pipelines"][0]["steps"][0]["image"] = "recommendations/steps:1.4.3"
    assert placed(Engine.ARGO, pipelines=section["pipelines"]).digest != made[0].digest


def test_a_job_may_wait_in_its_queue_before_it_counts_as_hanging() -> None:
    found = dict(states(asl(placed(Engine.STEP_FUNCTIONS))))
    assert found["train"]["TimeoutSeconds"] == 4 * 240 * 60
    assert found["ingest"]["TimeoutSeconds"] == 4 * 60 * 60


def test_no_state_of_a_definition_leads_nowhere() -> None:
    """Nothing but a start leads to a state, and every state is led to."""

    def check(definition: Any) -> None:
        known = set(definition["States"])
        led = {definition["StartAt"]}
        for state in definition["States"].values():
            led |= {state[key] for key in ("Next", "Default") if key in state}
            led |= {choice["Next"] for choice in state.get("Choices", [])}
            led |= {caught["Next"] for caught in state.get("Catch", [])}
            assert state["Type"] in ("Succeed", "Fail") or {"Next", "Default"} & state.keys()
            for branch in state.get("Branches", []):
                check(branch)
        assert led == known

    check(asl(placed(Engine.STEP_FUNCTIONS)))


def test_pods_with_gpus_wait_in_their_queue() -> None:
    template = workflow_template(
        placed(Engine.ARGO), PipelinesSettings.model_validate(settings("argo")).argo, {}
    )
    by_name = {one["name"]: one for one in template["spec"]["templates"]}
    train = by_name["train"]
    assert train["metadata"]["labels"] == {"kueue.x-k8s.io/queue-name": "gpu"}
    assert train["container"]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert train["tolerations"][0]["key"] == "nvidia.com/gpu"
    assert by_name["ingest"]["metadata"]["labels"] == {"kueue.x-k8s.io/queue-name": "default"}
    assert "tolerations" not in by_name["ingest"]


def test_a_pipeline_that_stands_by_is_started_by_nothing() -> None:
    argo = PipelinesSettings.model_validate(settings("argo")).argo
    there, here = placed(Engine.ARGO, "eu-west-1"), placed(Engine.ARGO)
    assert (cron_workflow(there, argo) or {})["spec"]["suspend"] is True
    assert (cron_workflow(here, argo) or {})["spec"]["suspend"] is False
    assert sensor(there, argo, "sensors") is None
    assert sensor(here, argo, "sensors")
    text = dag_file(placed(Engine.MWAA, "eu-west-1"))
    assert '"active": false' in text
    assert '"schedule": null' in text


def test_every_parameter_of_argo_is_given() -> None:
    """What a template reads, its task in the graph passes on."""
    template = workflow_template(
        placed(Engine.ARGO), PipelinesSettings.model_validate(settings("argo")).argo, {}
    )
    by_name = {one["name"]: one for one in template["spec"]["templates"]}
    for node in by_name["pipeline"]["dag"]["tasks"]:
        passed = {one["name"] for one in node.get("arguments", {}).get("parameters", [])}
        used = set(re.findall(r"{{inputs\.parameters\.([\w-]+)}}", json.dumps(by_name[node["template"]])))
        assert used <= passed
    outputs = {one["name"] for one in by_name[INPUTS]["outputs"]["parameters"]}
    asked = set(re.findall(rf"{{{{tasks\.{INPUTS}\.outputs\.parameters\.([\w-]+)}}}}", json.dumps(template)))
    assert asked <= outputs


@pytest.mark.parametrize(("region", "host"), [("us-east-1", "us-east-1"), ("eu-west-1", "eu-west-1")])
def test_images_come_from_the_regions_own_registry(region: str, host: str) -> None:
    (ingest,) = [task for task in placed(Engine.STEP_FUNCTIONS, region).tasks if task.name == "ingest"]
    assert ingest.image == f"123456789012.dkr.ecr.{host}.amazonaws.com/recommendations/steps:1.4.2"


def test_jobs_have_the_size_asked_for_and_no_public_address() -> None:
    it = placed(Engine.STEP_FUNCTIONS)
    by_name = {task.name: task for task in it.tasks}
    small = container(it, by_name["ingest"], on_instances=False)
    assert {one["type"]: one["value"] for one in small["resourceRequirements"]} == {
        "VCPU": "1",
        "MEMORY": "2048",
    }
    assert small["networkConfiguration"] == {"assignPublicIp": "DISABLED"}
    large = container(it, by_name["train"], on_instances=True)
    assert {one["type"]: one["value"] for one in large["resourceRequirements"]} == {
        "VCPU": "4", "MEMORY": "14336", "GPU": "1",
    }  # fmt: skip
