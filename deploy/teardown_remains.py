"""What is still there after a destroy, by design: for how long, and what it costs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from deploy.teardown_state import told
from plan.graph import Graph, Resource
from plan.values import Value

__all__ = ["Remain", "came_back", "remains"]

KEY = "aws:kms/key:Key"
REPLICA = "aws:kms/replicaKey:ReplicaKey"
_KEYS = (KEY, REPLICA, "aws:kms/externalKey:ExternalKey")
_DATABASES = (
    "aws:rds/cluster:Cluster",
    "aws:rds/instance:Instance",
    "aws:docdb/cluster:Cluster",
    "aws:neptune/cluster:Cluster",
)
_WINDOW = 30
"""Days that KMS and Secrets Manager wait where nothing else was said."""
_AFTER_RECOVERY = 35
"""Days for which DynamoDB keeps the last state of a table with point-in-time recovery."""
_CANCELED = 2 * 365
"""Days for which Signer keeps a canceled profile, and with it its name."""


@dataclass(frozen=True, slots=True)
class Remain:
    """Something that stays: its kind, which (name and id), why, until when (None: for ever), the cost."""

    stack: str
    kind: str
    name: str
    id: str
    region: str
    why: str
    until: dt.date | None
    cost: str


def remains(stack: str, graph: Graph, gone: Iterable[str], today: dt.date) -> list[Remain]:
    """What stays of the resources whose URNs are in `gone`, deleted on `today`."""
    deleted = set(gone)
    found = []
    for one in graph:
        if one.urn in deleted:
            found += list(_of(stack, graph, one, today))
    return found


def came_back(stack: str, region: str, name: str) -> Remain:
    """A log group that a service made again after its deletion."""
    why = "a service delivered late and made it again, and the next up would find it there: "
    why += f"aws logs delete-log-group --region {region} --log-group-name {name}"
    return Remain(stack, "log group", name, name, region, why, None, "log storage by the gigabyte")


def _of(stack: str, graph: Graph, one: Resource, today: dt.date) -> Iterator[Remain]:
    def stays(kind: str, why: str, days: int | None, cost: str, name: str = "") -> Remain:
        until = None if days is None else today + dt.timedelta(days=days)
        return Remain(stack, kind, name or one.name, one.id, one.region, why, until, cost)

    if one.options.get("retainOnDelete"):
        yield stays(one.type, "the program keeps it (retain_on_delete)", None, "as before")
    elif one.type in _KEYS:
        days = _days(told(one, "deletionWindowInDays"))
        why = "KMS waits before it deletes a key; `aws kms cancel-key-deletion` brings it back until then"
        copies = [
            copy
            for copy in graph.of_type(REPLICA)
            if one.type == KEY and told(copy, "primaryKeyArn") == told(one, "arn")
        ]
        if copies:
            days += max(_days(told(copy, "deletionWindowInDays")) for copy in copies)
            why += "; the wait of a primary key begins when its last replica is gone"
        yield stays("KMS key", why, days, "nothing")
    elif one.type == "aws:secretsmanager/secret:Secret":
        days = _days(told(one, "recoveryWindowInDays"))
        if days:
            why = "Secrets Manager waits before it deletes a secret, and keeps its name taken"
            yield stays("secret", why, days, "nothing")
    elif one.type in _DATABASES and told(one, "skipFinalSnapshot") is not True:
        name = told(one, "finalSnapshotIdentifier")
        if isinstance(name, str):
            why = "the last snapshot of the database; it can be restored for as long as its key is there"
            yield stays("database snapshot", why, None, "backup storage by the gigabyte", name)
    elif one.type == "aws:dynamodb/table:Table" and _recovers(told(one, "pointInTimeRecovery")):
        why = (
            "DynamoDB keeps a table with point-in-time recovery as a backup that nobody can delete; "
            "it can be restored for as long as its key is there"
        )
        name = f"{told(one, 'name') or one.id}$DeletedTableBackup"
        yield stays("table backup", why, _AFTER_RECOVERY, "nothing", name)
    elif one.type == "aws:signer/signingProfile:SigningProfile":
        why = "Signer cancels a profile and keeps it, so that its name stays taken in this account and region"
        yield stays("signing profile", why, _CANCELED, "nothing", str(told(one, "name") or one.id))
    elif one.type == "aws:mwaa/environment:Environment":
        prefix = f"airflow-{told(one, 'name') or one.id}-"
        why = "MWAA made its log groups and leaves them: " + _each_group(one.region, prefix)
        yield stays("log groups", why, None, "log storage by the gigabyte", f"{prefix}*")
    elif one.type == "aws:cloudwatch/logGroup:LogGroup" and told(one, "skipDestroy") is True:
        yield stays("log group", "the program keeps it (skip_destroy)", None, "log storage by the gigabyte")


def _days(value: Value) -> int:
    return int(value) if isinstance(value, int | float) else _WINDOW


def _recovers(value: Value) -> bool:
    return isinstance(value, dict) and value.get("enabled") is True


def _each_group(region: str, prefix: str) -> str:
    listed = f"aws logs describe-log-groups --region {region} --log-group-name-prefix {prefix}"
    selected = f"{listed} --query 'logGroups[].logGroupName' --output text | tr '\\t' '\\n'"
    return f"{selected} | xargs -rn1 aws logs delete-log-group --region {region} --log-group-name"
