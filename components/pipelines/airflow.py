"""A pipeline as a file that Airflow finds: the specification as data, and the few lines that make a DAG of it.

The graph is the pipeline's own. A first task reads the versions of the datasets and makes the execution
key, which the others take from it; each then looks for its marker in the bucket before it starts, and sets
it when it is done. Steps run in AWS Batch, gates in Glue Data Quality. The last failure of a task tells the
dead letters. Airflow 3; Airflow 2 has other imports.
"""

import json
from typing import Any, Dict

from components.pipelines import names
from components.pipelines.asl import POLL_SECONDS, gate_request
from components.pipelines.tasks import HANGING, Placed, Task, filled, key_text, marker

__all__ = ["INPUTS", "dag_file", "told"]

INPUTS = "inputs"

_HEAD = '''"""Pipeline {name} of {environment}, made from its specification: what is changed here is overwritten."""

import json
from datetime import timedelta
from hashlib import sha256

import boto3
import pendulum
from airflow.exceptions import AirflowSkipException
from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.providers.amazon.aws.operators.glue import GlueDataQualityRuleSetEvaluationRunOperator
from airflow.sdk import DAG, task

SPEC = json.loads(
    {told!r}
)
'''

_BODY = '''

def client(service):
    return boto3.client(service, region_name=SPEC["region"])


def marker(context):
    key = context["ti"].xcom_pull(task_ids=SPEC["inputs"])["key"]
    return {"Bucket": SPEC["bucket"], "Key": SPEC["markers"][context["ti"].task_id].replace("{key}", key)}


def skip_if_done(context):
    """With the same code on the same data nothing is done twice."""
    place = marker(context)
    if client("s3").list_objects_v2(Bucket=place["Bucket"], Prefix=place["Key"], MaxKeys=1)["KeyCount"]:
        raise AirflowSkipException(f"{place['Key']} is there already")


def mark_done(context, result=None):
    client("s3").put_object(**marker(context), Body=b"")


def tell_dead_letters(context):
    letter = {
        "pipeline": SPEC["name"],
        "region": SPEC["region"],
        "run": context["run_id"],
        "task": context["ti"].task_id,
        "cause": str(context.get("exception"))[:10000],
    }
    client("sqs").send_message(QueueUrl=SPEC["dead_letters"], MessageBody=json.dumps(letter))


def common(it):
    return {
        "task_id": it["name"],
        "retries": it["attempts"],
        "retry_delay": timedelta(seconds=it["wait_seconds"]),
        "retry_exponential_backoff": it["backoff"] == 2,
        "execution_timeout": timedelta(seconds=it["hanging_seconds"]),
        "trigger_rule": "none_failed",
        "pre_execute": skip_if_done,
        "post_execute": mark_done,
        "aws_conn_id": None,
        "region_name": SPEC["region"],
    }


def operator(it):
    if it["gate"]:
        request = it["gate"]
        return GlueDataQualityRuleSetEvaluationRunOperator(
            **common(it),
            datasource=request["DataSource"],
            role=request["Role"],
            rule_set_names=request["RulesetNames"],
            number_of_workers=request["NumberOfWorkers"],
            timeout=request["Timeout"],
            waiter_delay=SPEC["poll_seconds"],
            waiter_max_attempts=it["hanging_seconds"] // SPEC["poll_seconds"],
            verify_result_status=True,
        )
    return BatchOperator(
        **common(it),
        job_name=f"{SPEC['name']}-{it['name']}",
        job_queue=it["job_queue"],
        job_definition=it["job_definition"],
        container_overrides={"environment": it["environment"]},
        tags={"pipeline": SPEC["name"]},
    )


with DAG(
    dag_id=SPEC["name"],
    schedule=SPEC["schedule"],
    start_date=pendulum.datetime(2026, 1, 1, tz=SPEC["timezone"]),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=not SPEC["active"],
    default_args={"on_failure_callback": tell_dead_letters},
    tags=SPEC["tags"],
) as dag:

    @task(task_id=SPEC["inputs"], retries=2)
    def look_up():
        found = {}
        for name, dataset in SPEC["datasets"].items():
            table = client("glue").get_table(DatabaseName=dataset["database"], Name=dataset["table"])["Table"]
            found[f"version:{name}"] = table["Parameters"]["metadata_location"]
        text = SPEC["key_text"]
        for placeholder, version in found.items():
            text = text.replace("{" + placeholder + "}", version)
        return {**found, "key": sha256(text.encode()).hexdigest()}

    first = look_up()
    made = {it["name"]: operator(it) for it in SPEC["tasks"]}
    for it in SPEC["tasks"]:
        first >> made[it["name"]]
        for before in it["after"]:
            made[before] >> made[it["name"]]
'''


def dag_file(placed: Placed) -> str:
    """The text of `dags/<pipeline>.py`."""
    text = json.dumps(told(placed), sort_keys=True)
    head = _HEAD.format(name=placed.name, environment=placed.cell.environment, told=text)
    return head + _BODY


def told(placed: Placed) -> Dict[str, Any]:
    """What the file knows of the pipeline."""
    cell, schedule = placed.cell, placed.pipeline.triggers.schedule
    return {
        "name": placed.name,
        "region": cell.region,
        "active": placed.active,
        "schedule": schedule.cron if schedule and placed.active else None,
        "timezone": schedule.timezone if schedule else "UTC",
        "tags": [cell.environment, *([placed.tenant] if placed.tenant else [])],
        "inputs": INPUTS,
        "bucket": names.bucket(cell),
        "dead_letters": names.queue_url(cell, names.dead_letters(cell)),
        "key_text": key_text(placed.digest, placed.datasets),
        "poll_seconds": POLL_SECONDS,
        "datasets": {one.name: {"database": one.database, "table": one.table} for one in placed.datasets},
        "markers": {task.name: marker(placed.name, task.name, "{key}") for task in placed.tasks},
        "tasks": [_task(placed, task) for task in placed.tasks],
    }


def _task(placed: Placed, task: Task) -> Dict[str, Any]:
    cell = placed.cell
    gate = [gate_request(placed, one) for one in placed.datasets if one.name == task.dataset]
    environment = [{"name": name, "value": _filled(text)} for name, text in task.environment]
    return {
        "name": task.name,
        "after": list(task.after),
        "attempts": task.retry.attempts,
        "wait_seconds": task.retry.wait_seconds,
        "backoff": task.retry.backoff,
        "hanging_seconds": task.timeout_seconds * HANGING,
        "gate": gate[0] if gate else None,
        "job_queue": "" if gate else names.batch_queue(cell, task.queue),
        "job_definition": "" if gate else names.job_definition(cell, placed.name, task.name),
        "environment": environment,
    }


def _filled(text: str) -> str:
    pulled = f"ti.xcom_pull(task_ids='{INPUTS}')"
    return filled(text, lambda placeholder: f"{{{{ {pulled}['{placeholder}'] }}}}")
