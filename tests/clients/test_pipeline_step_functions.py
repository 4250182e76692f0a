"""The planned state machine of the worked pipeline, executed by moto; what stands in is in `pipeline_services`."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from components.pipelines.settings import Engine
from components.pipelines.tasks import key_text
from plan.graph import Graph
from tests.clients.pipeline_services import Services
from tests.components.pipelines_plan import ACCOUNT, of, placed, planned, settings

pytestmark = pytest.mark.clients

REGION = "us-east-1"
STEPS = ["ingest", "validate", "featurise", "train", "evaluate", "register"]
GOOD = [{"user_id": "a", "purchases_30d": 3}, {"user_id": "b", "purchases_30d": 0}]
VERSION = "s3://lake/tables/user_activity/metadata/00001.metadata.json"
SECONDS = 60


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Planned with retries that wait a second: how long to wait is no part of what is tested here."""
    section = settings("step-functions")
    pipeline = section["pipelines"][0]
    pipeline["retry"] = {"attempts": 2, "wait_seconds": 1, "backoff": 1}
    pipeline["steps"][3]["retry"] = {"attempts": 3, "wait_seconds": 1, "backoff": 1}
    folder = tmp_path_factory.mktemp("pipelines")
    return planned(folder, "step-functions", regions=[REGION], pipelines=section["pipelines"])


@dataclass
class Cloud:
    """moto with what the plan says: catalogue, bucket, queue, Batch and the state machine."""

    graph: Graph
    services: Services
    endpoint: str

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def provision(self) -> None:
        glue = self.client("glue")
        glue.create_database(DatabaseInput={"Name": "tradewind_prod"})
        self.commit(VERSION)
        for bucket in of(self.graph, "Bucket"):
            self.client("s3").create_bucket(Bucket=bucket.inputs["bucket"])
        for queue in of(self.graph, "Queue"):
            self.client("sqs").create_queue(QueueName=queue.inputs["name"])
        for ruleset in of(self.graph, "DataQualityRuleset"):
            self.services.rulesets[ruleset.inputs["name"]] = ruleset.inputs["ruleset"]
        self._batch()
        (machine,) = of(self.graph, "StateMachine")
        definition = json.loads(machine.inputs["definition"])
        shorten(definition)
        self.machine = self.client("stepfunctions").create_state_machine(
            name=machine.inputs["name"],
            definition=json.dumps(definition),
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/control",
        )["stateMachineArn"]

    def _batch(self) -> None:
        """Queues and definitions as planned; moto starts nothing, so one compute environment does for all."""
        batch = self.client("batch")
        made = batch.create_compute_environment(
            computeEnvironmentName="any", type="UNMANAGED", serviceRole=self._role()
        )
        for queue in of(self.graph, "JobQueue"):
            batch.create_job_queue(
                jobQueueName=queue.inputs["name"],
                priority=1,
                state="ENABLED",
                computeEnvironmentOrder=[{"order": 1, "computeEnvironment": made["computeEnvironmentArn"]}],
            )
        for job in of(self.graph, "JobDefinition"):
            batch.register_job_definition(
                jobDefinitionName=job.inputs["name"],
                type="container",
                containerProperties={"image": "any", "vcpus": 1, "memory": 128},
            )

    def _role(self) -> str:
        made = self.client("iam").create_role(RoleName="batch", AssumeRolePolicyDocument="{}")
        return str(made["Role"]["Arn"])

    def commit(self, version: str) -> None:
        """A commit to the dataset's Iceberg table: new metadata."""
        table = {"Name": "user_activity", "Parameters": {"metadata_location": version}}
        glue = self.client("glue")
        if glue.get_tables(DatabaseName="tradewind_prod")["TableList"]:
            glue.update_table(DatabaseName="tradewind_prod", TableInput=table)
        else:
            glue.create_table(DatabaseName="tradewind_prod", TableInput=table)

    def run(self) -> str:
        """Starts the machine as the scheduler does; its status at the end."""
        states = self.client("stepfunctions")
        started = states.start_execution(
            stateMachineArn=self.machine,
            name=uuid.uuid4().hex,
            input=json.dumps({"pipeline": "recommendations", "trigger": "schedule"}),
        )["executionArn"]
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            found = states.describe_execution(executionArn=started)
            if found["status"] != "RUNNING":
                self.last = {**found, "last": self._last_events(started)}
                return str(found["status"])
            time.sleep(0.1)
        raise AssertionError("the execution did not end")

    def _last_events(self, execution: str) -> list[dict[str, Any]]:
        found = self.client("stepfunctions").get_execution_history(executionArn=execution, reverseOrder=True)
        return [{k: v for k, v in event.items() if k.endswith("Details")} for event in found["events"][:6]]

    def steps(self) -> list[str]:
        return [name.removeprefix("recommendations-") for name, _, _ in self.services.jobs]

    def letters(self) -> list[dict[str, Any]]:
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName="tradewind-prod-pipeline-dead-letters")["QueueUrl"]
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]

    def objects(self) -> list[str]:
        (bucket,) = of(self.graph, "Bucket")
        found = self.client("s3").list_objects_v2(Bucket=bucket.inputs["bucket"])
        return [one["Key"] for one in found.get("Contents", [])]


def shorten(definition: Any) -> None:
    """The gate is looked at every second instead of every half minute."""
    for state in definition.get("States", {}).values():
        if state["Type"] == "Wait":
            state["Seconds"] = 1
        for branch in state.get("Branches", []):
            shorten(branch)


@pytest.fixture
def cloud(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    services = Services(rows=list(GOOD))
    services.stand_in(monkeypatch)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        monkeypatch.setenv("MOTO_PORT", str(port))
        found = Cloud(graph, services, f"http://127.0.0.1:{port}")
        found.client("s3").list_buckets()
        requests.post(f"{found.endpoint}/moto-api/reset", timeout=10)
        # Otherwise moto only says that it runs, and asks Docker for jobs.
        running = {"stepfunctions": {"execute_state_machine": True}}
        requests.post(f"{found.endpoint}/moto-api/config", json=running, timeout=10)
        found.provision()
        yield found
    finally:
        server.stop()


def test_all_steps_run_in_their_order_and_each_once(cloud: Cloud) -> None:
    assert cloud.run() == "SUCCEEDED", cloud.last
    assert cloud.steps() == STEPS
    assert [one["RulesetNames"] for one in cloud.services.judged] == [["tradewind-prod-dataset-activity"]]
    assert cloud.letters() == []


def test_outputs_of_one_step_are_inputs_of_the_next(cloud: Cloud) -> None:
    cloud.run()
    told = {
        name.removeprefix("recommendations-"): environment for name, _, environment in cloud.services.jobs
    }
    assert told["ingest"]["DATASET_ACTIVITY_VERSION"] == VERSION
    assert told["validate"]["INPUT_RAW"] == told["ingest"]["OUTPUT_RAW"]
    assert told["register"]["INPUT_MODEL"] == told["train"]["OUTPUT_MODEL"]
    assert told["evaluate"]["INPUT_MODEL"].endswith("/train/model")
    assert {one["EXECUTION_KEY"] for one in told.values()} == {_key(VERSION)}


def test_the_same_code_on_the_same_data_does_nothing_twice(cloud: Cloud) -> None:
    assert [cloud.run(), cloud.run()] == ["SUCCEEDED", "SUCCEEDED"]
    assert cloud.steps() == STEPS
    assert len(cloud.services.judged) == 1


def test_a_commit_to_the_data_is_another_run(cloud: Cloud) -> None:
    cloud.run()
    cloud.commit(VERSION.replace("00001", "00002"))
    assert cloud.run() == "SUCCEEDED"
    assert cloud.steps() == STEPS * 2
    assert len({environment["EXECUTION_KEY"] for _, _, environment in cloud.services.jobs}) == 2


def test_a_step_that_fails_once_is_tried_again(cloud: Cloud) -> None:
    cloud.services.failing = {"recommendations-featurise": 1}
    assert cloud.run() == "SUCCEEDED"
    assert cloud.steps() == ["ingest", "validate", "featurise", "featurise", "train", "evaluate", "register"]
    assert cloud.letters() == []


def test_a_step_that_goes_on_failing_is_a_dead_letter(cloud: Cloud) -> None:
    """Its own retries, not the pipeline's: three after the first."""
    cloud.services.failing = {"recommendations-train": 99}
    assert cloud.run() == "FAILED"
    assert cloud.steps() == ["ingest", "validate", "featurise", *["train"] * 4]
    (letter,) = cloud.letters()
    assert (letter["pipeline"], letter["task"], letter["region"]) == ("recommendations", "train", REGION)
    assert letter["run"] == cloud.last["executionArn"]
    assert "recommendations-train" in letter["cause"]
    assert cloud.last["error"] == "train"


def test_what_was_done_before_a_failure_is_not_done_again(cloud: Cloud) -> None:
    cloud.services.failing = {"recommendations-train": 4}
    assert cloud.run() == "FAILED"
    assert cloud.run() == "SUCCEEDED"
    assert cloud.steps() == ["ingest", "validate", "featurise", *["train"] * 5, "evaluate", "register"]


def test_a_step_without_retries_gets_none(cloud: Cloud) -> None:
    cloud.services.failing = {"recommendations-register": 99}
    assert cloud.run() == "FAILED"
    assert cloud.steps() == STEPS


@pytest.mark.parametrize(
    ("rows", "broken"),
    [
        ([*GOOD, {"user_id": None, "purchases_30d": 1}], 'IsComplete "user_id"'),
        ([*GOOD, {"user_id": "c", "purchases_30d": -1}], 'ColumnValues "purchases_30d" >= 0'),
        ([*GOOD, {"user_id": "c", "purchases_30d": 10001}], 'ColumnValues "purchases_30d" <= 10000'),
        ([{"purchases_30d": 1}, {"purchases_30d": 2}], 'ColumnExists "user_id"'),
        (GOOD[:1], "RowCount >= 2"),
    ],
)
def test_bad_data_stops_at_the_gate(cloud: Cloud, rows: list[dict[str, Any]], broken: str) -> None:
    cloud.services.rows = rows
    assert cloud.run() == "FAILED"
    assert cloud.steps() == []
    (letter,) = cloud.letters()
    assert letter["task"] == "check-activity"
    failed = {one["Description"] for one in json.loads(letter["cause"]) if one["Result"] != "PASS"}
    assert broken in failed


def test_data_that_was_mended_passes(cloud: Cloud) -> None:
    cloud.services.rows = GOOD[:1]
    assert cloud.run() == "FAILED"
    cloud.services.rows = list(GOOD)
    cloud.commit(VERSION.replace("00001", "00002"))
    assert cloud.run() == "SUCCEEDED"
    assert cloud.steps() == STEPS


def test_a_dataset_that_is_not_there_is_a_dead_letter(cloud: Cloud) -> None:
    cloud.client("glue").delete_table(DatabaseName="tradewind_prod", Name="user_activity")
    assert cloud.run() == "FAILED"
    (letter,) = cloud.letters()
    assert letter["pipeline"] == "recommendations"
    assert cloud.steps() == []


def _key(version: str) -> str:
    made = placed(Engine.STEP_FUNCTIONS)
    text = key_text(made.digest, made.datasets).replace("{version:activity}", version)
    return hashlib.sha256(text.encode()).hexdigest()
