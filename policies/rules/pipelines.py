"""Pipelines: whose key an orchestrator uses, what is known of a run that failed, where its steps stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.documents import document
from policies.rule import rule
from policies.view import View

AIRFLOW = "aws:mwaa/environment:Environment"
MACHINE = "aws:sfn/stateMachine:StateMachine"
JOB = "aws:batch/jobDefinition:JobDefinition"


@rule(
    id="airflow-key",
    types=(AIRFLOW,),
    reads=("environment_class",),
    severity="medium",
    level="mandatory",
    rationale="Connections and variables of Airflow are secrets; with AWS's key nobody can take back who reads them.",
    fix="set kmsKey to the ARN of a key of this account",
)
def airflow_key(environment: View) -> Iterator[str]:
    if environment.is_production and not environment.given("kmsKey"):
        yield "encrypts its connections and variables with a key of AWS"


@rule(
    id="state-machine-logs",
    types=(MACHINE,),
    severity="medium",
    level="advisory",
    rationale="Step Functions keeps the history of a run for 90 days, and of an express run not at all.",
    fix="set loggingConfiguration.level to ERROR or ALL, and loggingConfiguration.logDestination",
    frameworks=("AWS FSBP StepFunctions.1",),
)
def state_machine_logs(machine: View) -> Iterator[str]:
    if machine.get("loggingConfiguration", "level") in (None, "OFF"):
        yield "writes no log of what failed"


@rule(
    id="public-job",
    types=(JOB,),
    severity="high",
    level="mandatory",
    rationale="A job with a public address stands on the internet with the rights of its role.",
    fix="set networkConfiguration.assignPublicIp in containerProperties to DISABLED, and give its subnets a NAT gateway",
)
def public_job(job: View) -> Iterator[str]:
    properties = document(job, "containerProperties")
    network = properties.get("networkConfiguration") if isinstance(properties, Mapping) else None
    if isinstance(network, Mapping) and network.get("assignPublicIp") == "ENABLED":
        yield "gets a public address"
