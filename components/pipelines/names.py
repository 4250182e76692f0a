"""Names of what pipelines consist of in one region; policies and definitions are made of them."""

from components import naming
from components.model import Cell
from components.naming import arn, bucket_name, name

__all__ = [
    "airflow_bucket",
    "batch_queue",
    "bucket",
    "control_role",
    "dead_letters",
    "environment",
    "events",
    "gate_role",
    "job_definition",
    "job_queue",
    "key_alias",
    "log_group",
    "machine",
    "machine_arn",
    "queue_arn",
    "queue_url",
    "region_role",
    "role",
    "role_arn",
    "rule",
    "ruleset",
    "ruleset_arn",
    "runs",
    "steps_role",
    "topic",
]


RUNS, AIRFLOW = "pipelines", "pipelines-airflow"
"""Parts of the platform that buckets are named after."""


def bucket(cell: Cell) -> str:
    """What runs leave behind."""
    return bucket_name(cell, RUNS, region=cell.region)


def airflow_bucket(cell: Cell) -> str:
    """Files that Airflow reads."""
    return bucket_name(cell, AIRFLOW, region=cell.region)


def runs(pipeline: str) -> str:
    """Prefix of everything that runs of one pipeline write."""
    return f"runs/{pipeline}"


def key_alias(cell: Cell) -> str:
    return f"alias/{name(cell, 'pipelines', limit=200)}"


def dead_letters(cell: Cell) -> str:
    return name(cell, "pipeline-dead-letters", limit=80)


def events(cell: Cell) -> str:
    """Queue of commits and drifts that Argo hears of."""
    return name(cell, "pipeline-events", limit=80)


def queue_arn(cell: Cell, queue: str) -> str:
    return arn(cell, "sqs", queue, region=cell.region)


def queue_url(cell: Cell, queue: str) -> str:
    return f"https://sqs.{cell.region}.amazonaws.com/{cell.account_id}/{queue}"


def topic(cell: Cell) -> str:
    return name(cell, "pipeline-alarms", limit=200)


def machine(cell: Cell, pipeline: str) -> str:
    return name(cell, "pipeline", pipeline, limit=80)


def machine_arn(cell: Cell, pipeline: str) -> str:
    return arn(cell, "states", f"stateMachine:{machine(cell, pipeline)}", region=cell.region)


def job_definition(cell: Cell, pipeline: str, step: str) -> str:
    return name(cell, pipeline, step, limit=128)


def job_queue(cell: Cell, queue: str) -> str:
    return name(cell, "pipelines", queue, limit=128)


def batch_queue(cell: Cell, queue: str) -> str:
    """ARN of a queue of AWS Batch."""
    return arn(cell, "batch", f"job-queue/{job_queue(cell, queue)}", region=cell.region)


def ruleset(cell: Cell, dataset: str) -> str:
    return name(cell, "dataset", dataset, limit=255)


def ruleset_arn(cell: Cell, dataset: str) -> str:
    return arn(cell, "glue", f"dataQualityRuleset/{ruleset(cell, dataset)}", region=cell.region)


def rule(cell: Cell, pipeline: str, trigger: str) -> str:
    """Of an EventBridge rule or schedule."""
    return name(cell, "pipeline", pipeline, trigger, limit=64)


def environment(cell: Cell) -> str:
    """Of MWAA."""
    return name(cell, "pipelines", limit=80)


def log_group(cell: Cell, part: str) -> str:
    """CloudWatch takes definitions of delivery for names that begin so without limits on their policy."""
    return f"/aws/vendedlogs/{cell.platform}/{cell.environment}/pipelines/{part}"


def role(cell: Cell, *parts: str) -> str:
    return name(cell, "pipeline", *parts, region=cell.region, limit=64)


def role_arn(cell: Cell, physical: str) -> str:
    return arn(cell, "iam", f"role/{physical}")


def control_role(cell: Cell, pipeline: str) -> str:
    """Of what starts the steps and knows how they end."""
    return role(cell, pipeline, "control")


def steps_role(cell: Cell, pipeline: str) -> str:
    """Of the containers."""
    return role(cell, pipeline, "steps")


def gate_role(cell: Cell) -> str:
    """With which Glue reads datasets to judge them."""
    return region_role(cell, "gate")


def region_role(cell: Cell, part: str) -> str:
    return naming.name(cell, "pipelines", part, region=cell.region, limit=64)
