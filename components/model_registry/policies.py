"""Who may do what with models: policy documents, as plain dicts made of names.

Four kinds of roles, so that nobody judges their own work: `publisher` stores artifacts and registers
packages, `evaluator` stores evidence, `reader` serves, and `promoter` starts the machine. None of them
changes a stage: only the machines' own roles do.
"""

from typing import Any, Dict, List, Optional, Sequence

from components.model import Cell
from components.model_registry import names
from components.model_registry.placement import ModelGroup
from components.model_registry.settings import ModelRegistrySettings
from components.naming import arn, name
from components.statements import (
    Document,
    Statement,
    allow,
    by_identity_policies,
    document,
    for_logs,
    for_messages,
)
from components.storage.group import Group

__all__ = [
    "bus_policy",
    "evaluator",
    "events",
    "following_machine",
    "package_group_policy",
    "promoter",
    "promotion_machine",
    "publisher",
    "reader",
    "regional_key_policy",
    "topic_policy",
]

STORE = ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject")
KEPT_FROM_PEOPLE = (
    "s3:BypassGovernanceRetention",
    "s3:DeleteObjectVersion",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutObjectLegalHold",
    "s3:PutObjectRetention",
    "sagemaker:DeleteModelPackage",
    "sagemaker:DeleteModelPackageGroup",
    "sagemaker:PutModelPackageGroupPolicy",
    "sagemaker:UpdateModelPackage",
)
DESCRIBE = ("sagemaker:DescribeModelPackage", "sagemaker:DescribeModelPackageGroup")


def publisher(cell: Cell, one: ModelGroup) -> Document:
    """Stores artifacts of the group's models and registers packages; judges nothing."""
    group, _ = one
    packages = _packages(cell, one)
    return document(
        [
            *_find(cell, group),
            allow("StoreArtifacts", STORE, _objects(cell, one, names.ARTIFACT)),
            allow("ReadBack", ("s3:GetObject",), _objects(cell, one, names.ARTIFACT)),
            allow("Register", ("sagemaker:CreateModelPackage", *DESCRIBE), packages),
            _use_keys(cell, group, write=True),
            _never(),
            _nowhere_else(group),
        ]
    )


def evaluator(cell: Cell, one: ModelGroup) -> Document:
    """Reads artifacts of the group's models and stores what was found out about them."""
    group, _ = one
    return document(
        [
            *_find(cell, group),
            allow("ReadArtifacts", ("s3:GetObject", "s3:GetObjectVersion"), _objects(cell, one, "*")),
            allow("StoreEvidence", STORE, _objects(cell, one, names.EVIDENCE)),
            allow("Describe", DESCRIBE, _packages(cell, one)),
            _use_keys(cell, group, write=True),
            _never(),
            _nowhere_else(group),
        ]
    )


def reader(cell: Cell, one: ModelGroup) -> Document:
    """Serves: finds the alias of the group's models, reads package and artifact."""
    group, models = one
    tables = [names.table_arn(cell, region) for region in group.regions]
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [model.name for model in models]}}
    return document(
        [
            *_find(cell, group),
            allow(
                "ReadArtifacts", ("s3:GetObject", "s3:GetObjectVersion"), _objects(cell, one, names.ARTIFACT)
            ),
            allow("Describe", (*DESCRIBE, "sagemaker:ListModelPackages"), _packages(cell, one)),
            allow("ReadAliases", ("dynamodb:GetItem", "dynamodb:Query"), tables, own),
            _use_keys(cell, group, write=False),
            _use(
                cell,
                "UseTableKey",
                ["kms:Decrypt"],
                "dynamodb",
                group.regions,
                [names.table_key_alias(cell)],
            ),
            _never(),
            _nowhere_else(group),
        ]
    )


def promoter(cell: Cell) -> Document:
    """Starts promotions and rollbacks in every region, and sees what became of them."""
    machines = [names.machine_arn(cell, "promotion", region) for region in cell.regions]
    executions = [f"{one.replace(':stateMachine:', ':execution:')}:*" for one in machines]
    look = ("states:DescribeExecution", "states:GetExecutionHistory")
    return document([allow("Start", ("states:StartExecution",), machines), allow("Look", look, executions)])


def promotion_machine(cell: Cell, here: Sequence[ModelGroup], *, image_scan: bool) -> Document:
    """Looks at packages, artifacts, evidence and scans of its region; approves, and points aliases."""
    statements = [
        *_stages(cell, here, create=False),
        allow("Look", ("s3:GetObject", "s3:GetObjectRetention"), _all_objects(cell, here)),
        # Without it, S3 says of a missing object that access is denied.
        allow("Find", ("s3:ListBucket",), _buckets(cell, here)),
        *_decrypt(cell, here),
        allow("Tell", ("events:PutEvents",), [names.bus_arn(cell, cell.region)]),
        _logs(cell),
    ]
    if image_scan:
        images = [arn(cell, "ecr", f"repository/{name(cell)}/*", region=cell.region)]
        statements.insert(3, allow("Scans", ("ecr:DescribeImageScanFindings",), images))
    return document(statements)


def following_machine(cell: Cell, here: Sequence[ModelGroup], others: Sequence[Cell] = ()) -> Document:
    """Registers in its region what was promoted elsewhere, also in the registries of `others`' accounts."""
    sources = [group.bucket_arn(other, cell.region) for other in others for group, _ in here]
    images = [arn(cell, "ecr", f"repository/{name(cell)}/*", region=cell.region)]
    statements = [
        *_stages(cell, here, create=True),
        allow("Look", ("s3:GetObject",), _all_objects(cell, here)),
        allow("Find", ("s3:ListBucket",), [*_buckets(cell, here), *sources]),
        # SageMaker looks for the image on behalf of who registers.
        allow("Images", ("ecr:BatchGetImage", "ecr:DescribeImages"), images),
        *_decrypt(cell, here, write=bool(sources)),
        _logs(cell),
    ]
    if sources:
        statements += [
            allow("Fetch", ("s3:GetObject",), [f"{source}/models/*" for source in sources]),
            *(
                _use(
                    other,
                    f"UseKeysOf{other.account_id}",
                    ["kms:Decrypt"],
                    "s3",
                    [cell.region],
                    sorted({group.alias(other) for group, _ in here}),
                )
                for other in others
            ),
            allow("Store", ("s3:PutObject",), _all_objects(cell, here)),
        ]
    return document(statements)


def _stages(cell: Cell, here: Sequence[ModelGroup], *, create: bool) -> List[Statement]:
    """What only machines may: the status of packages, and the table of aliases."""
    packages = [found for one in here for found in _packages(cell, one, [cell.region])]
    actions = ["sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"]
    table = [names.table_arn(cell, cell.region)]
    return [
        allow("Packages", [*actions, *(["sagemaker:CreateModelPackage"] if create else [])], packages),
        allow("Aliases", ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"), table),
    ]


def events(cell: Cell, targets: Sequence[str], machines: Sequence[str]) -> Document:
    """EventBridge sends to the buses of other regions and accounts, and starts this region's machines."""
    start = allow("Start", ("states:StartExecution",), machines)
    return document([start, *([allow("Send", ("events:PutEvents",), targets)] if targets else [])])


def bus_policy(cell: Cell, settings: ModelRegistrySettings, bus: str) -> Optional[Document]:
    """Which other accounts may tell of promotions; none where none is listed."""
    if not settings.takes_from:
        return None
    sources = {"StringEquals": {"events:source": names.event_source(cell)}}
    return document(
        [
            {
                "Sid": f"From{other.account_id}",
                "Effect": "Allow",
                "Principal": {"AWS": arn(names.other_cell(cell, other), "iam", "root")},
                "Action": "events:PutEvents",
                "Resource": bus,
                "Condition": sources,
            }
            for other in settings.takes_from
        ]
    )


def package_group_policy(cell: Cell, model: str, region: str, readers: Sequence[str]) -> Document:
    """Only the machines of the region change a package's status; other accounts may look and serve."""
    group, packages = names.package_arns(cell, model, region)
    deciders = [names.role_arn(cell, kind, region) for kind in ("promotion", "following")]
    statements: List[Statement] = [
        {
            "Sid": "OnlyTheMachinesDecide",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": ["sagemaker:UpdateModelPackage"],
            "Resource": packages,
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": deciders}},
        }
    ]
    if readers:
        accounts = [
            arn(cell.model_copy(update={"account_id": account}), "iam", "root") for account in readers
        ]
        look = ("sagemaker:CreateModel", "sagemaker:ListModelPackages", *DESCRIBE)
        reading = allow("OtherAccountsServe", look, [group, packages])
        statements.append({**reading, "Principal": {"AWS": accounts}})
    return document(statements)


def regional_key_policy(cell: Cell) -> Document:
    """The account as IAM allows it; CloudWatch for the topic of alarms, and Logs for the machines' log."""
    group = arn(cell, "logs", f"log-group:/aws/vendedlogs/states/{name(cell)}-*", region=cell.region)
    alarms = for_messages(cell, "Alarms", "cloudwatch.amazonaws.com")
    return document([by_identity_policies(cell), alarms, for_logs(cell, group)])


def topic_policy(cell: Cell) -> Document:
    """CloudWatch tells of this region's alarms."""
    alarms = arn(cell, "cloudwatch", f"alarm:{name(cell, names.PART)}-*", region=cell.region)
    return document(
        [
            {
                "Sid": "Alarms",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": arn(cell, "sns", names.topic_name(cell), region=cell.region),
                "Condition": {"ArnLike": {"aws:SourceArn": alarms}},
            }
        ]
    )


def _find(cell: Cell, group: Group) -> List[Statement]:
    prefixes: Dict[str, Any] = {"StringLike": {"s3:prefix": ["models/*"]}}
    return [allow("Find", ("s3:ListBucket",), group.bucket_arns(cell), prefixes)]


def _objects(cell: Cell, one: ModelGroup, part: str) -> List[str]:
    group, models = one
    return [
        f"{bucket}/{names.prefix(model.name, '*')}/{part}{'' if part == '*' else '/*'}"
        for bucket in group.bucket_arns(cell)
        for model in models
    ]


def _buckets(cell: Cell, here: Sequence[ModelGroup]) -> List[str]:
    return [group.bucket_arn(cell, cell.region) for group, _ in here]


def _all_objects(cell: Cell, here: Sequence[ModelGroup]) -> List[str]:
    return [f"{bucket}/models/*" for bucket in _buckets(cell, here)]


def _packages(cell: Cell, one: ModelGroup, regions: Sequence[str] = ()) -> List[str]:
    group, models = one
    return [
        found
        for region in regions or group.regions
        for model in models
        for found in names.package_arns(cell, model.name, region)
    ]


def _decrypt(cell: Cell, here: Sequence[ModelGroup], *, write: bool = False) -> List[Statement]:
    """The groups' keys in the region through S3, and that of the table of aliases through DynamoDB."""
    aliases = sorted({group.alias(cell) for group, _ in here})
    actions = ["kms:Decrypt", *(["kms:GenerateDataKey"] if write else [])]
    table = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"]
    return [
        _use(cell, "UseModelKeys", actions, "s3", [cell.region], aliases),
        _use(cell, "UseTableKey", table, "dynamodb", [cell.region], [names.table_key_alias(cell)]),
    ]


def _use_keys(cell: Cell, group: Group, *, write: bool) -> Statement:
    actions = ["kms:Decrypt", *(["kms:GenerateDataKey"] if write else [])]
    return _use(cell, "UseKeys", actions, "s3", group.regions, [group.alias(cell)])


def _use(
    cell: Cell,
    sid: str,
    actions: Sequence[str],
    service: str,
    regions: Sequence[str],
    aliases: Sequence[str],
) -> Statement:
    """Keys, known by their aliases, through one service only."""
    condition: Dict[str, Any] = {
        "StringEquals": {"kms:ViaService": [f"{service}.{region}.amazonaws.com" for region in regions]},
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": list(aliases)},
    }
    keys = [arn(cell, "kms", "key/*", region=region) for region in regions]
    return allow(sid, actions, keys, condition)


def _never() -> Statement:
    return {"Sid": "NoStages", "Effect": "Deny", "Action": list(KEPT_FROM_PEOPLE), "Resource": "*"}


def _nowhere_else(group: Group) -> Statement:
    return {
        "Sid": "NoOtherRegion",
        "Effect": "Deny",
        "Action": ["dynamodb:*", "kms:*", "s3:*", "sagemaker:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": list(group.regions)}},
    }


def _logs(cell: Cell) -> Statement:
    """What Step Functions wants of a machine that logs: AWS knows no resources for these actions."""
    actions = (
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    )
    here = {"StringEquals": {"aws:RequestedRegion": [cell.region]}}
    return allow("DeliverLogs", actions, ["*"], here)
