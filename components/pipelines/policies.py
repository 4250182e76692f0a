"""Who may do what for pipelines, and who may be whom: policy documents, as plain dicts.

One pair of roles for each pipeline: `control` starts tasks and knows how they end, and never sees data;
`steps` is what the containers are, reads the pipeline's datasets and writes below its own prefix. Beside
them, for all pipelines of a region: `gate` for Glue, `triggers` for EventBridge, `pull` for what starts
containers on Fargate, and those of Argo's events and of Airflow.
"""

from typing import Any, Dict, List, Sequence

from components.cluster.names import ClusterNames
from components.cluster.policies import pod_trust
from components.model import Cell
from components.naming import arn
from components.pipelines import names
from components.pipelines.settings import Dataset, Engine
from components.pipelines.statements import (
    bucket_arn,
    in_region,
    judge,
    look_up,
    mark,
    read_data,
    submit_jobs,
    tell_dead_letters,
    use_key,
    write_runs,
)
from components.pipelines.tasks import Placed
from components.statements import Document, Statement, allow, by_identity_policies, document

__all__ = [
    "airflow",
    "control",
    "events",
    "gate",
    "key_policy",
    "pod",
    "pull",
    "queue_policy",
    "service",
    "starter",
    "steps",
    "topic_policy",
    "triggers",
]


def control(placed: Placed) -> Document:
    """Starts the pipeline's tasks, marks what is done and tells the dead letters."""
    cell = placed.cell
    statements = [*look_up(cell, placed.datasets), *judge(cell, placed.datasets), *tell_dead_letters(cell)]
    if placed.engine is Engine.ARGO:
        # What is done Argo remembers itself; it keeps the logs of its pods in the bucket.
        logs = [f"{bucket_arn(cell)}/argo/{placed.name}/*"]
        return document([*statements, allow("KeepLogs", ["s3:PutObject"], logs), *use_key(cell, "s3", "sqs")])
    statements += [*mark(cell, [placed.name]), *submit_jobs(placed), *use_key(cell, "s3", "sqs")]
    if placed.engine is Engine.STEP_FUNCTIONS:
        rule = arn(cell, "events", "rule/StepFunctionsGetEventsForBatchJobsRule", region=cell.region)
        heard = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
        statements += [allow("HearOfJobs", heard, [rule]), *_state_machine(cell, placed.name)]
    return document(statements)


def _state_machine(cell: Cell, machine: str) -> List[Statement]:
    """What every state machine needs for itself: to write its log and to encrypt its history."""
    deliveries = ["CreateLogDelivery", "DeleteLogDelivery", "DescribeLogGroups", "DescribeResourcePolicies"]
    deliveries += ["GetLogDelivery", "ListLogDeliveries", "PutResourcePolicy", "UpdateLogDelivery"]
    key = arn(cell, "kms", "key/*", region=cell.region)
    history = {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": [names.key_alias(cell)]},
        "StringEquals": {
            "kms:EncryptionContext:aws:states:stateMachineArn": names.machine_arn(cell, machine)
        },
    }
    return [
        allow("DeliverLogs", [f"logs:{action}" for action in deliveries], ["*"], in_region(cell)),
        allow("KeepHistory", ["kms:Decrypt", "kms:GenerateDataKey"], [key], history),
    ]


def steps(placed: Placed) -> Document:
    """What the containers may: read the pipeline's datasets, write below its own prefix."""
    cell = placed.cell
    return document(
        [
            *read_data(cell, placed.datasets),
            *write_runs(cell, placed.name),
            *_logs(placed),
            *use_key(cell, "s3"),
        ]
    )


def _logs(placed: Placed) -> List[Statement]:
    if placed.engine is not Engine.ARGO:
        return []
    logs = [f"{bucket_arn(placed.cell)}/argo/{placed.name}/*"]
    return [allow("KeepLogs", ["s3:PutObject"], logs)]


def gate(cell: Cell, datasets: Sequence[Dataset]) -> Document:
    """What Glue may while it judges: read the datasets, tell how they did, write its log."""
    rulesets = [names.ruleset_arn(cell, one.name) for one in datasets]
    published = ["glue:GetDataQualityRuleset", "glue:PublishDataQuality"]
    group = arn(cell, "logs", "log-group:/aws-glue/data-quality*", region=cell.region)
    metrics = {"StringEquals": {"cloudwatch:namespace": "Glue Data Quality"}}
    return document(
        [
            *read_data(cell, datasets),
            allow("TellResults", published, rulesets),
            allow("WriteLogs", ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], [group]),
            allow("CountResults", ["cloudwatch:PutMetricData"], ["*"], metrics),
        ]
    )


def triggers(cell: Cell, machines: Sequence[str]) -> Document:
    """Starts state machines by their names, and tells the dead letters what it could not start."""
    arns = [names.machine_arn(cell, machine) for machine in machines]
    return document(
        [allow("Start", ["states:StartExecution"], arns), *tell_dead_letters(cell), *use_key(cell, "sqs")]
    )


def starter(cell: Cell, machine: str) -> Document:
    """Asks Airflow to start a run, as the one of Airflow's roles that may and no more."""
    user = arn(cell, "airflow", f"role/{names.environment(cell)}/User", region=cell.region)
    return document([allow("StartRuns", ["airflow:InvokeRestApi"], [user]), *_state_machine(cell, machine)])


def pull(cell: Cell, repositories: Sequence[str], log_group: str) -> Document:
    """Pulls the steps' images and opens their logs, before the step itself runs."""
    images = [arn(cell, "ecr", f"repository/{name}", region=cell.region) for name in repositories]
    layers = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    streams = arn(cell, "logs", f"log-group:{log_group}:*", region=cell.region)
    statements = [
        allow("SignIn", ["ecr:GetAuthorizationToken"], ["*"], in_region(cell)),
        allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [streams]),
    ]
    return document([*statements, *([allow("PullImages", layers, images)] if images else [])])


def events(cell: Cell) -> Document:
    """Takes what EventBridge heard out of the queue, for Argo."""
    actions = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
    queue = names.queue_arn(cell, names.events(cell))
    return document([allow("TakeEvents", actions, [queue]), *use_key(cell, "sqs")])


def airflow(cell: Cell) -> Document:
    """What every environment of MWAA needs for itself; each pipeline's `control` comes on top."""
    environment = names.environment(cell)
    me = arn(cell, "airflow", f"environment/{environment}", region=cell.region)
    groups = arn(cell, "logs", f"log-group:airflow-{environment}-*", region=cell.region)
    logs = ["CreateLogGroup", "CreateLogStream", "GetLogEvents", "GetLogGroupFields", "GetLogRecord"]
    logs += ["GetQueryResults", "PutLogEvents"]
    # The queue between its own parts stands in an account of AWS.
    queue = f"arn:aws:sqs:{cell.region}:*:airflow-celery-*"
    taken = ["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl"]
    taken += ["ReceiveMessage", "SendMessage"]
    files = ["s3:GetBucket*", "s3:GetObject*", "s3:ListBucket"]
    own = bucket_arn(cell, names.airflow_bucket(cell))
    metrics = {"StringEquals": {"cloudwatch:namespace": "AmazonMWAA"}}
    return document(
        [
            allow("TellHealth", ["airflow:PublishMetrics"], [me]),
            allow("ReadFiles", files, [own, f"{own}/*"]),
            allow("SeeAccountBlock", ["s3:GetAccountPublicAccessBlock"], ["*"]),
            allow("WriteLogs", [f"logs:{action}" for action in logs], [groups]),
            allow("FindLogs", ["logs:DescribeLogGroups"], ["*"], in_region(cell)),
            allow("Count", ["cloudwatch:PutMetricData"], ["*"], metrics),
            allow("PassTasks", [f"sqs:{action}" for action in taken], [queue]),
            *use_key(cell, "s3", "sqs"),
        ]
    )


def service(cell: Cell, *services: str) -> Document:
    """AWS services may assume the role, on behalf of this account only."""
    condition: Dict[str, Any] = {"StringEquals": {"aws:SourceAccount": cell.account_id}}
    return document(
        [
            {
                "Effect": "Allow",
                "Principal": {"Service": list(services)},
                "Action": "sts:AssumeRole",
                "Condition": condition,
            }
        ]
    )


def pod(cluster: ClusterNames, namespace: str, account: str) -> Document:
    return pod_trust(cluster, namespace, account)


def key_policy(cell: Cell, log_groups: Sequence[str]) -> Document:
    """The account's identities as IAM allows them; logs, alarms and events by the services that make them."""
    arns = [arn(cell, "logs", f"log-group:{group}", region=cell.region) for group in log_groups]
    here = {"StringEquals": {"aws:SourceAccount": cell.account_id}}
    use = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    statements: List[Statement] = [
        by_identity_policies(cell),
        _by_service(
            "Logs",
            [f"logs.{cell.region}.amazonaws.com"],
            use,
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arns}},
        ),
        _by_service("Events", ["events.amazonaws.com", "cloudwatch.amazonaws.com"], use[:1] + use[3:4], here),
    ]
    return document(statements)


def _by_service(
    sid: str, services: Sequence[str], actions: Sequence[str], condition: Dict[str, Any]
) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": list(services)},
        "Action": list(actions),
        "Resource": "*",
        "Condition": condition,
    }


def queue_policy(cell: Cell, queue: str) -> Document:
    """This account's EventBridge rules may fill the queue, and nobody speaks to it in plain text."""
    here, rules = names.queue_arn(cell, queue), arn(cell, "events", "rule/*", region=cell.region)
    return document(
        [
            {
                "Sid": "Rules",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": here,
                "Condition": {"ArnLike": {"aws:SourceArn": rules}},
            },
            {
                "Sid": "NoPlainText",
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": "sqs:*",
                "Resource": here,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ]
    )


def topic_policy(cell: Cell) -> Document:
    """This account's alarms may speak to the topic."""
    return document(
        [
            {
                "Sid": "Alarms",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": arn(cell, "sns", names.topic(cell), region=cell.region),
                "Condition": {"StringEquals": {"aws:SourceAccount": cell.account_id}},
            }
        ]
    )
