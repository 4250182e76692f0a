"""Who may do what with images: policy documents, as plain dicts made of names."""

from typing import Sequence

from components.container_registry import names
from components.model import Cell
from components.naming import arn, name
from components.statements import (
    Document,
    allow,
    by_identity_policies,
    document,
    for_logs,
    for_messages,
    sourced_trust,
)

__all__ = [
    "caching",
    "events_service_trust",
    "gate",
    "gate_start",
    "key_policy",
    "log_delivery",
    "publisher",
    "topic_policy",
]

# A role's pipelines may do none of this, whatever another policy of theirs allows.
KEPT_FROM_PIPELINES = (
    "ecr:BatchDeleteImage",
    "ecr:DeleteLifecyclePolicy",
    "ecr:DeleteRepository",
    "ecr:DeleteRepositoryPolicy",
    "ecr:PutImageTagMutability",
    "ecr:PutLifecyclePolicy",
    "ecr:SetRepositoryPolicy",
)
PUSH = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImageScanFindings",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:ListImages",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)


def publisher(cell: Cell, scope: str, regions: Sequence[str], *, generation: int) -> Document:
    """Pushes images of one scope and signs them by the profiles of `generation`, none where it is 0; deletes
    none, and changes no repository's rules."""
    repositories = [
        names.repository_arn(cell, f"{names.prefix(cell)}{scope}/*", region) for region in regions
    ]
    statements = [
        # The token is the caller's own: ECR knows no resource for it.
        allow("SignIn", ["ecr:GetAuthorizationToken"], ["*"], _in(regions)),
        allow("Push", PUSH, repositories),
    ]
    if generation:
        profiles = [names.profile_arn(cell, region, generation) for region in regions]
        statements.append(allow("Sign", ["signer:GetSigningProfile", "signer:SignPayload"], profiles))
    denied = {"Sid": "NoRules", "Effect": "Deny", "Action": list(KEPT_FROM_PIPELINES), "Resource": "*"}
    return document([*statements, denied])


def caching(cell: Cell, prefixes: Sequence[str]) -> Document:
    """Lets a node fetch what a cache has not got yet; ECR makes the repository in the node's name."""
    actions = ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository", "ecr:TagResource"]
    caches = [names.repository_arn(cell, f"{prefix}/*", cell.region) for prefix in prefixes]
    return document([allow("FillCaches", actions, caches)])


def gate(cell: Cell) -> Document:
    """What the quarantine's state machine needs in its region: retag images, tell people, write its log."""
    retag = ["ecr:BatchDeleteImage", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:PutImage"]
    repositories = [names.repository_arn(cell, f"{names.prefix(cell)}*", cell.region)]
    topic = arn(cell, "sns", name(cell, "images"), region=cell.region)
    return document(
        [
            allow("Retag", retag, repositories),
            allow("Tell", ["sns:Publish"], [topic]),
            _use_key(cell, ["kms:Decrypt", "kms:GenerateDataKey"], ["ecr", "sns"]),
            log_delivery(cell),
        ],
    )


def log_delivery(cell: Cell) -> Document:
    """What Step Functions wants of a machine that logs: AWS knows no resources for these actions."""
    actions = [
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ]
    return allow("DeliverLogs", actions, ["*"], _in([cell.region]))


def gate_start(machine_arn: str) -> Document:
    """EventBridge starts the quarantine."""
    return document([allow("Start", ["states:StartExecution"], [machine_arn])])


def events_service_trust(cell: Cell) -> Document:
    """EventBridge, for the rules of this environment's images in this region."""
    rules = arn(cell, "events", f"rule/{name(cell, 'images')}-*", region=cell.region)
    return sourced_trust(cell, "events.amazonaws.com", rules)


def topic_policy(cell: Cell, topic_arn: str) -> Document:
    """EventBridge tells of findings, nobody outside the account anything."""
    rules = arn(cell, "events", f"rule/{name(cell, 'images')}-*", region=cell.region)
    return document(
        [
            {
                "Sid": "FindingsOfInspector",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": {"ArnLike": {"aws:SourceArn": rules}},
            }
        ]
    )


def key_policy(cell: Cell) -> Document:
    """The account as IAM allows it, EventBridge for the topic, CloudWatch Logs for the machine's log."""
    group = arn(cell, "logs", f"log-group:/aws/vendedlogs/states/{name(cell)}-*", region=cell.region)
    findings = for_messages(cell, "Findings", "events.amazonaws.com")
    return document([by_identity_policies(cell), findings, for_logs(cell, group)])


def _use_key(cell: Cell, actions: Sequence[str], services: Sequence[str]) -> Document:
    """The region's key, known by its alias, through these services only."""
    condition = {
        "StringEquals": {"kms:ViaService": [f"{one}.{cell.region}.amazonaws.com" for one in services]},
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": names.key_alias(cell)},
    }
    return allow("UseKey", actions, [arn(cell, "kms", "key/*", region=cell.region)], condition)


def _in(regions: Sequence[str]) -> Document:
    return {"StringEquals": {"aws:RequestedRegion": list(regions)}}
