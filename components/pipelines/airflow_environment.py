"""Pipelines on Managed Workflows for Apache Airflow: one private environment, a file for each pipeline.

Commits and drift reach Airflow through a state machine of one step, as EventBridge has no target that
starts a DAG.
"""

import json
from typing import Any, Dict, List, Sequence, Tuple

import pulumi
from pulumi_aws import cloudwatch, mwaa, s3, sfn

from components.base import Component
from components.pipelines import events, names
from components.pipelines.airflow import dag_file
from components.pipelines.ground import Ground, bucket
from components.pipelines.machines import machine, triggers_role
from components.pipelines.policies import airflow, service, starter
from components.pipelines.roles import Made, role
from components.pipelines.settings import AirflowClass, MwaaSettings
from components.pipelines.tasks import Placed
from components.storage.buckets import lifecycle

__all__ = ["STARTER", "environment", "execution_documents", "start_definition"]

STARTER = "start-in-airflow"
DAGS = "dags"
OLD_FILES_DAYS = 30
LOGS = ("dag_processing_logs", "scheduler_logs", "task_logs", "webserver_logs", "worker_logs")
# MWAA takes two subnets, in different zones.
SUBNETS = 2


def execution_documents(cell_document: Dict[str, Any], controls: Sequence[Dict[str, Any]]) -> Dict[str, Any]:
    """The policies of the environment's role: its own needs, and the rights to start each pipeline's tasks."""
    found = {"environment": cell_document}
    for number, one in enumerate(controls):
        found[f"pipeline-{number}"] = one
    return found


def start_definition(environment_name: str) -> str:
    """Starts the DAG of the pipeline that the event names."""
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:mwaa:invokeRestApi",
        "Parameters": {
            "Name": environment_name,
            "Method": "POST",
            "Path.$": "States.Format('/dags/{}/dagRuns', $.pipeline)",
            "Body": {"logical_date": None},
        },
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 30, "MaxAttempts": 5, "BackoffRate": 2}],
        "End": True,
    }
    return json.dumps({"StartAt": "Start", "States": {"Start": call}})


def environment(
    parent: Component,
    name: str,
    settings: MwaaSettings,
    placed: Sequence[Placed],
    controls: Dict[str, Dict[str, Any]],
    stands_on: Ground,
    logs: cloudwatch.LogGroup,
    *,
    subnet_ids: pulumi.Output[List[str]],
    security_group_id: pulumi.Output[str],
) -> mwaa.Environment:
    """The environment with its files, and what starts its DAGs. `controls` are policies by pipeline."""
    cell = parent.cell
    store, files = _files(parent, name, placed, stands_on)
    runs = role(
        parent,
        f"{name}-airflow",
        names.region_role(cell, "airflow"),
        trust=service(cell, "airflow.amazonaws.com", "airflow-env.amazonaws.com"),
        description=f"Airflow of {cell.environment} in {cell.region}",
        documents=execution_documents(airflow(cell), list(controls.values())),
    )
    physical = names.environment(cell)
    made = mwaa.Environment(
        f"{name}-airflow",
        name=physical,
        airflow_version=settings.airflow_version,
        environment_class=settings.environment_class.value,
        **_sizes(settings),
        source_bucket_arn=store.arn,
        dag_s3_path=DAGS,
        execution_role_arn=runs.arn,
        kms_key=stands_on.key.arn,
        network_configuration={
            "security_group_ids": [security_group_id],
            "subnet_ids": pulumi.Output.from_input(subnet_ids).apply(lambda ids: list(ids)[:SUBNETS]),
        },
        webserver_access_mode="PRIVATE_ONLY",
        worker_replacement_strategy="GRACEFUL",
        weekly_maintenance_window_start="TUE:03:30",
        logging_configuration={part: {"enabled": True, "log_level": "INFO"} for part in LOGS},
        region=cell.region,
        tags=parent.tags(physical),
        opts=parent.child(depends_on=[*runs.rights, *files]),
    )
    if any(events.patterns(one) for one in placed):
        _start_on_events(parent, name, placed, made, stands_on, logs)
    return made


def _files(
    parent: Component, name: str, placed: Sequence[Placed], stands_on: Ground
) -> Tuple[s3.Bucket, List[pulumi.Resource]]:
    """The bucket that Airflow reads, with a file for each pipeline."""
    store = bucket(
        parent,
        f"{name}-airflow",
        names.AIRFLOW,
        stands_on.key,
        lifecycle(expire_days=OLD_FILES_DAYS),
        stands_on.data_class,
    )
    files: List[pulumi.Resource] = [
        s3.BucketObjectv2(
            f"{name}-{one.name}-dag",
            bucket=store.bucket,
            key=f"{DAGS}/{one.name}.py",
            content=dag_file(one),
            content_type="text/x-python",
            region=parent.cell.region,
            opts=parent.child(),
        )
        for one in placed
    ]
    return store, files


def _sizes(settings: MwaaSettings) -> Dict[str, int]:
    """Of the smallest class there is one worker and one web server."""
    if settings.environment_class is AirflowClass.MICRO:
        return {"min_workers": 1, "max_workers": 1, "min_webservers": 1, "max_webservers": 1}
    return {"min_workers": settings.min_workers, "max_workers": settings.max_workers}


def _start_on_events(
    parent: Component,
    name: str,
    placed: Sequence[Placed],
    made: mwaa.Environment,
    stands_on: Ground,
    logs: cloudwatch.LogGroup,
) -> sfn.StateMachine:
    cell = parent.cell
    asks = role(
        parent,
        f"{name}-{STARTER}",
        names.control_role(cell, STARTER),
        trust=service(cell, "states.amazonaws.com"),
        description="Starts DAGs of pipelines in Airflow",
        documents={"start": starter(cell, STARTER)},
    )
    starting = machine(
        parent,
        f"{name}-{STARTER}",
        names.machine(cell, STARTER),
        start_definition(names.environment(cell)),
        asks,
        stands_on,
        logs,
        traced=False,
        after=[*asks.rights, made],
    )
    starts: Made = triggers_role(parent, name, "airflow-triggers", [STARTER])
    arn: pulumi.Output[str] = starting.arn
    letters: pulumi.Output[str] = stands_on.dead_letters.arn
    for one in placed:
        events.rules(
            parent,
            name,
            one,
            target_arn=arn,
            role_arn=starts.arn,
            dead_letters_arn=letters,
            after=starts.rights,
        )
    return starting
