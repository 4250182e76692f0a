"""The parts that policies of pipelines are put together from: one right each, on named things only."""

from typing import Any, Dict, List, Sequence

from components.model import Cell
from components.naming import arn, partition
from components.pipelines import names
from components.pipelines.settings import Dataset
from components.pipelines.tasks import Placed, location_of
from components.statements import Statement, allow

__all__ = [
    "bucket_arn",
    "in_region",
    "judge",
    "look_up",
    "mark",
    "read_data",
    "submit_jobs",
    "tell_dead_letters",
    "use_key",
    "write_runs",
]


def in_region(cell: Cell) -> Dict[str, Any]:
    """Bounds what knows no resource of its own."""
    return {"StringEquals": {"aws:RequestedRegion": cell.region}}


def bucket_arn(cell: Cell, bucket: str = "") -> str:
    return f"arn:{partition(cell.region)}:s3:::{bucket or names.bucket(cell)}"


def look_up(cell: Cell, datasets: Sequence[Dataset]) -> List[Statement]:
    """The tables' versions. Glue wants the catalogue and the database named along with the table."""
    wanted = [arn(cell, "glue", "catalog", region=cell.region)]
    for one in datasets:
        for part in (f"database/{one.database}", f"table/{one.database}/{one.table}"):
            wanted.append(arn(cell, "glue", part, region=cell.region))
    return [allow("LookUpDatasets", ["glue:GetTable"], list(dict.fromkeys(wanted)))]


def judge(cell: Cell, datasets: Sequence[Dataset]) -> List[Statement]:
    """Has Glue evaluate the datasets' rulesets, under the gate's role."""
    rulesets = [names.ruleset_arn(cell, one.name) for one in datasets]
    actions = [
        "glue:GetDataQualityResult",
        "glue:GetDataQualityRuleset",
        "glue:GetDataQualityRulesetEvaluationRun",
        "glue:StartDataQualityRulesetEvaluationRun",
    ]
    gate = names.role_arn(cell, names.gate_role(cell))
    to_glue = {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}
    return [allow("Judge", actions, rulesets), allow("LendGateRole", ["iam:PassRole"], [gate], to_glue)]


def mark(cell: Cell, pipelines: Sequence[str]) -> List[Statement]:
    """Markers of what is done, below the pipelines' own prefixes."""
    prefixes = [f"{names.runs(pipeline)}/*" for pipeline in pipelines]
    own = {"StringLike": {"s3:prefix": prefixes}}
    objects = [f"{bucket_arn(cell)}/{prefix}/_done" for prefix in prefixes]
    return [
        allow("SeeWhatIsDone", ["s3:ListBucket"], [bucket_arn(cell)], own),
        allow("MarkAsDone", ["s3:PutObject"], objects),
    ]


def write_runs(cell: Cell, pipeline: str) -> List[Statement]:
    """What runs of one pipeline leave behind."""
    prefix = f"{names.runs(pipeline)}/*"
    actions = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    own = {"StringLike": {"s3:prefix": [prefix]}}
    return [
        allow("FindOwnRuns", ["s3:ListBucket"], [bucket_arn(cell)], own),
        allow("WriteOwnRuns", actions, [f"{bucket_arn(cell)}/{prefix}"]),
    ]


def read_data(cell: Cell, datasets: Sequence[Dataset]) -> List[Statement]:
    """The datasets' tables and files, and nothing beside them in their buckets."""
    statements = []
    tables = look_up(cell, datasets)[0]["Resource"]
    actions = ["glue:GetDatabase", "glue:GetPartitions", "glue:GetTable"]
    statements.append(allow("ReadTables", actions, tables))
    places = [location_of(one, cell) for one in datasets]
    objects = [f"{bucket_arn(cell, bucket)}/{prefix}/*" for bucket, prefix in places]
    statements.append(allow("ReadFiles", ["s3:GetObject"], objects))
    buckets = list(dict.fromkeys(bucket_arn(cell, bucket) for bucket, _ in places))
    listed = {"StringLike": {"s3:prefix": [f"{prefix}/*" for _, prefix in places]}}
    statements.append(allow("FindFiles", ["s3:ListBucket"], buckets, listed))
    aliases = sorted({one.key_alias for one in datasets if one.key_alias})
    if aliases:
        statements.append(_by_alias("ReadEncrypted", ["kms:Decrypt"], cell, aliases, ["s3"]))
    return statements


def submit_jobs(placed: Placed) -> List[Statement]:
    """The pipeline's own jobs in its own queues. Batch tells how a job goes to whoever may ask at all."""
    cell = placed.cell
    steps = [task for task in placed.tasks if not task.is_gate]
    jobs = [names.job_definition(cell, placed.name, task.name) for task in steps]
    definitions = [
        arn(cell, "batch", f"job-definition/{job}{revision}", region=cell.region)
        for job in jobs
        for revision in ("", ":*")
    ]
    queues = sorted({names.batch_queue(cell, task.queue) for task in steps})
    own_jobs = arn(cell, "batch", "job/*", region=cell.region)
    ours = {"StringEquals": {"aws:ResourceTag/pipeline": placed.name}}
    tagged = {"StringEquals": {"aws:RequestTag/pipeline": placed.name}}
    return [
        allow("TagJobs", ["batch:TagResource"], [own_jobs], tagged),
        allow("SubmitJobs", ["batch:SubmitJob"], [*definitions, *queues]),
        allow("FollowJobs", ["batch:DescribeJobs"], ["*"], in_region(cell)),
        allow("EndJobs", ["batch:TerminateJob"], [own_jobs], ours),
    ]


def tell_dead_letters(cell: Cell) -> List[Statement]:
    queue = names.queue_arn(cell, names.dead_letters(cell))
    return [allow("TellDeadLetters", ["sqs:SendMessage"], [queue])]


def use_key(cell: Cell, *services: str) -> List[Statement]:
    """The region's key of pipelines, through `services` only."""
    actions = ["kms:Decrypt", "kms:GenerateDataKey"]
    return [_by_alias("UsePipelinesKey", actions, cell, [names.key_alias(cell)], services)]


def _by_alias(
    sid: str, actions: Sequence[str], cell: Cell, aliases: Sequence[str], services: Sequence[str]
) -> Statement:
    """Keys have no names that a policy could use; their aliases do."""
    condition = {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": list(aliases)},
        "StringEquals": {"kms:ViaService": [f"{one}.{cell.region}.amazonaws.com" for one in services]},
    }
    return allow(sid, actions, [arn(cell, "kms", "key/*", region=cell.region)], condition)
