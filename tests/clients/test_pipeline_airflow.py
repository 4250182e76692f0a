"""The file of a pipeline, parsed by Airflow itself, and its own functions run against moto.

Airflow runs in its own environment (`requirements/clients-airflow.txt`), in the version that MWAA is asked
for. `DagBag` imports the file as the DAG processor does, with the true operators of the Amazon provider;
the graph that it finds is compared with the one asked for. No scheduler runs, so no DAG is run as a whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from components.pipelines import names
from components.pipelines.airflow import INPUTS, dag_file
from components.pipelines.settings import Engine, MwaaSettings
from components.pipelines.tasks import key_text
from tests.clients.virtual_environment import python
from tests.components.pipelines_plan import placed, planned

pytestmark = pytest.mark.clients

VERSION = "s3://lake/metadata/00001.metadata.json"
PARSE = """
import json, sys
from airflow.models.dagbag import DagBag

bag = DagBag(dag_folder=sys.argv[1], include_examples=False)
dags = {}
for name, dag in bag.dags.items():
    dags[name] = {
        "schedule": str(dag.timetable.summary), "timezone": str(dag.timezone), "paused": dag.is_paused_upon_creation,
        "max_active_runs": dag.max_active_runs, "catchup": dag.catchup,
        "tasks": {
            task.task_id: {
                "kind": task.task_type, "after": sorted(task.upstream_task_ids), "retries": task.retries,
                "wait": task.retry_delay.total_seconds(), "grows": task.retry_exponential_backoff,
                "rule": str(task.trigger_rule), "told": task.on_failure_callback is not None,
                "queue": getattr(task, "job_queue", ""), "job": getattr(task, "job_definition", ""),
                "overrides": getattr(task, "container_overrides", None),
            }
            for task in dag.tasks
        },
    }
print("FOUND " + json.dumps({"errors": bag.import_errors, "dags": dags}))
"""
# What the DAG's own functions do when Airflow calls them.
CALL = """
import importlib.util, json, sys
from airflow.exceptions import AirflowSkipException

spec = importlib.util.spec_from_file_location("pipeline", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
found = module.dag.get_task(module.SPEC["inputs"]).python_callable()

class Instance:
    task_id = "train"
    def xcom_pull(self, task_ids):
        return found

context = {"ti": Instance(), "run_id": "manual__1", "exception": ValueError("out of memory")}
said = []
for _ in range(2):
    try:
        module.skip_if_done(context)
        said.append("runs")
    except AirflowSkipException:
        said.append("skipped")
    module.mark_done(context)
module.tell_dead_letters(context)
train = module.dag.get_task("train")
train.render_template_fields({**context, "task_instance": context["ti"]})
print("FOUND " + json.dumps({"inputs": found, "said": said, "environment": train.container_overrides["environment"]}))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("airflow")


def airflow(home: Path, code: str, *arguments: str, **told: str) -> Any:
    """What a program in Airflow's environment says it found."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "false",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        **told,
    }
    done = subprocess.run(
        [str(python("airflow")), "-c", code, *arguments],
        env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("FOUND ")]
    assert done.returncode == 0 and lines, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return json.loads(lines[-1].removeprefix("FOUND "))


@pytest.fixture(scope="module")
def files(home: Path) -> Path:
    """The files as the plan uploads them, of the region that is active and of one that stands by."""
    graph = planned(home, "mwaa")
    for region in ("us-east-1", "eu-west-1"):
        folder = home / region
        folder.mkdir()
        for item in graph:
            if item.type.endswith(":BucketObjectv2") and item.region == region:
                (folder / Path(item.inputs["key"]).name).write_text(item.inputs["content"], encoding="utf-8")
    return home


@cache
def parsed(home: Path, region: str) -> Any:
    return airflow(home, PARSE, str(home / region))


@pytest.mark.parametrize("engine_region", ["us-east-1", "eu-west-1"])
def test_the_file_compiles(engine_region: str) -> None:
    compile(dag_file(placed(Engine.MWAA, engine_region)), "recommendations.py", "exec")


def test_airflow_is_the_version_that_mwaa_is_asked_for(home: Path) -> None:
    code = "import airflow; print('FOUND ' + repr(airflow.__version__).replace(chr(39), chr(34)))"
    assert airflow(home, code) == MwaaSettings().airflow_version


def test_airflow_finds_one_dag_and_no_error(files: Path) -> None:
    found = parsed(files, "us-east-1")
    assert found["errors"] == {}
    assert list(found["dags"]) == ["recommendations"]


def test_the_graph_is_the_one_asked_for(files: Path) -> None:
    dag, it = parsed(files, "us-east-1")["dags"]["recommendations"], placed(Engine.MWAA)
    assert dag["tasks"].keys() == {INPUTS, *(task.name for task in it.tasks)}
    for task in it.tasks:
        found = dag["tasks"][task.name]
        assert found["after"] == sorted({INPUTS, *task.after})
        assert found["retries"] == task.retry.attempts
        assert found["wait"] == task.retry.wait_seconds
        assert bool(found["grows"]) is (task.retry.backoff == 2)
        assert found["kind"] == (
            "GlueDataQualityRuleSetEvaluationRunOperator" if task.is_gate else "BatchOperator"
        )
        assert found["rule"].endswith("none_failed")
        assert found["told"]
        if not task.is_gate:
            assert found["queue"] == names.batch_queue(it.cell, task.queue)
            assert found["job"] == names.job_definition(it.cell, it.name, task.name)


def test_only_the_active_region_starts_it(files: Path) -> None:
    here = parsed(files, "us-east-1")["dags"]["recommendations"]
    there = parsed(files, "eu-west-1")["dags"]["recommendations"]
    assert (here["schedule"], here["timezone"], here["paused"]) == ("0 3 * * 1", "Europe/Dublin", False)
    assert (there["paused"], "0 3" in there["schedule"]) == (True, False)
    assert here["catchup"] is False
    assert here["max_active_runs"] == 1


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    # All servers of a process are one cloud: what other tests made is in it.
    requests.post(f"http://127.0.0.1:{port}/moto-api/reset", timeout=10)
    yield f"http://127.0.0.1:{port}"
    server.stop()


def test_its_functions_make_the_key_skip_what_is_done_and_tell_of_failures(
    files: Path, endpoint: str
) -> None:
    def client(service: str) -> Any:
        return boto3.client(
            service, region_name="us-east-1", endpoint_url=endpoint,
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip

    it = placed(Engine.MWAA)
    client("glue").create_database(DatabaseInput={"Name": "tradewind_prod"})
    table = {"Name": "user_activity", "Parameters": {"metadata_location": VERSION}}
    client("glue").create_table(DatabaseName="tradewind_prod", TableInput=table)
    client("s3").create_bucket(Bucket=names.bucket(it.cell))
    url = client("sqs").create_queue(QueueName=names.dead_letters(it.cell))["QueueUrl"]

    file = files / "us-east-1" / "recommendations.py"
    found = airflow(files, CALL, str(file), AWS_ENDPOINT_URL=endpoint)

    text = key_text(it.digest, it.datasets).replace("{version:activity}", VERSION)
    key = hashlib.sha256(text.encode()).hexdigest()
    assert found["inputs"] == {"version:activity": VERSION, "key": key}
    assert found["said"] == ["runs", "skipped"]
    told = {one["name"]: one["value"] for one in found["environment"]}
    assert told["EXECUTION_KEY"] == key
    assert told["OUTPUT_MODEL"] == f"s3://{names.bucket(it.cell)}/runs/recommendations/{key}/train/model"
    (message,) = client("sqs").receive_message(QueueUrl=url)["Messages"]
    letter = json.loads(message["Body"])
    assert (letter["pipeline"], letter["task"], letter["cause"]) == (
        "recommendations",
        "train",
        "out of memory",
    )
