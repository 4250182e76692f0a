"""What is in a store of AWS, as `deploy.teardown_stores` asks: each function takes a client and whom to ask about.

They read only, and raise what boto3 raises.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

__all__ = [
    "Asked", "Contents", "database_instances", "images", "locked_versions", "model_packages", "namespaces",
    "node_groups", "profiles", "queries", "recovery_points", "rules", "tables", "targets", "tasks", "versions",
]  # fmt: skip

MOST = 1000
"""Things that are counted at most."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One store to ask about: its name, whether its deletion empties it, and what in it is in the state too.

    `within` is what the store itself is in, where its name alone does not say.
    """

    name: str
    forced: bool = False
    known: frozenset[str] = frozenset()
    within: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a store and stands in the way; `more` where there are more than were counted.

    `but` and `fix` are said instead of what is said of every store of the kind, where they are not "".
    """

    inside: tuple[str, ...] = ()
    more: bool = False
    but: str = ""
    fix: str = ""

    def told(self, words: tuple[str, str], shown: int = 3) -> str:
        """`2 recovery points: a, b`; of `words` one is for one thing, the other for several."""
        if not any(words):
            return "not empty"
        count = f"more than {len(self.inside):,}" if self.more else f"{len(self.inside):,}"
        rest = ", ..." if len(self.inside) > shown else ""
        return f"{count} {words[len(self.inside) != 1]}: {', '.join(self.inside[:shown])}{rest}"


def _rows(client: Any, operation: str, *keys: str, **given: Any) -> Iterator[Any]:
    """What all pages of `operation` hold under `keys`; no page is asked for before it is needed."""
    for page in client.get_paginator(operation).paginate(**given):
        for key in keys:
            yield from page.get(key) or ()


def _some(names: Iterable[str], known: frozenset[str] = frozenset(), most: int = MOST) -> Contents:
    """The first `most` of `names` that are not `known`."""
    found = tuple(islice((name for name in names if name not in known), most + 1))
    return Contents(found[:most], len(found) > most)


def _end(arn: str) -> str:
    return arn.rpartition("/")[2]


def versions(s3: Any, asked: Asked) -> Contents:
    rows = _rows(s3, "list_object_versions", "Versions", "DeleteMarkers", Bucket=asked.name)
    return _some((row["Key"] for row in rows), most=1)


def locked_versions(s3: Any, asked: Asked) -> Contents:
    """Of a bucket with an object lock. One that is emptied by force is not held by governance mode."""
    answer = s3.get_object_lock_configuration(Bucket=asked.name)
    rule = answer.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention", {})
    if asked.forced and rule.get("Mode") == "GOVERNANCE":
        return Contents()
    found = versions(s3, asked)
    if not found.inside or not rule:
        return found
    unit = "Days" if rule.get("Days") else "Years"
    but = (
        f"its object lock ({rule.get('Mode', '').lower()} mode) keeps every version for {rule.get(unit)} "
        f"{unit.lower()} after it was written, longer where a version says so"
    )
    if rule.get("Mode") == "GOVERNANCE":
        fix = "set force_destroy (`protection: off` does) and run up: with s3:BypassGovernanceRetention it empties"
        return Contents(found.inside, found.more, but, fix)
    return Contents(found.inside, found.more, f"{but}, whoever asks")


def images(ecr: Any, asked: Asked) -> Contents:
    rows = _rows(ecr, "list_images", "imageIds", repositoryName=asked.name)
    return _some(row.get("imageTag") or row["imageDigest"] for row in rows)


def queries(athena: Any, asked: Asked) -> Contents:
    ran = _some(_rows(athena, "list_query_executions", "QueryExecutionIds", WorkGroup=asked.name), most=1)
    # A history is kept for 45 days, what somebody saved for ever.
    return (
        ran
        if ran.inside
        else _some(_rows(athena, "list_named_queries", "NamedQueryIds", WorkGroup=asked.name))
    )


def recovery_points(backup: Any, asked: Asked) -> Contents:
    """Those of a vault that its deletion would not delete; see `_kept` for a locked one."""
    vault = backup.describe_backup_vault(BackupVaultName=asked.name)
    locked, since = bool(vault.get("Locked")), vault.get("LockDate")
    immutable = locked and since is not None and since <= dt.datetime.now(tz=since.tzinfo)
    # A lock of the state goes before its vault, unless nobody can lift it.
    lifted = not locked or asked.name in asked.known
    if asked.forced and lifted and not immutable:
        return Contents()
    rows = _rows(backup, "list_recovery_points_by_backup_vault", "RecoveryPoints", BackupVaultName=asked.name)
    points = list(islice(rows, MOST + 1))
    found = _some(_end(row["RecoveryPointArn"].replace(":", "/")) for row in points)
    if not found.inside or not locked:
        return found
    if immutable:
        return Contents(found.inside, found.more, *_kept(points, vault.get("MinRetentionDays"), found.more))
    ends = f"; nobody can lift it from {since:%Y-%m-%d} on" if since else ""
    but = f"AWS deletes no backup vault with recovery points in it, and none of them while it is locked{ends}"
    fix = (
        "before the destroy lift the lock: aws backup delete-backup-vault-lock-configuration AT "
        "--backup-vault-name NAME"
    )
    return Contents(found.inside, found.more, but, fix if asked.forced else f"{fix}; then FIX")


def _kept(points: list[Mapping[str, Any]], days: int | None, more: bool) -> tuple[str, str]:
    """Why the points of a vault locked in compliance mode are in the way, until when, and what to do."""
    ends, endless = [], 0
    for row in points:
        until = (row.get("CalculatedLifecycle") or {}).get("DeleteAt")
        endless += until is None
        floor = row["CreationDate"] + dt.timedelta(days=days or 0)
        ends.append(max(until, floor) if until else floor)
    last = f"{max(ends):%Y-%m-%d}{' or later' if more else ''}"
    but = f"the vault is locked in compliance mode: nobody, AWS included, deletes them before their time, the last until {last}"
    if endless:
        but += f"; {endless:,} of them have no end and must be deleted by hand after that"
    fix = (
        f"end what writes to it (its backup plan), as every new point has its own time, and destroy after {last}; or before "
        "the destroy leave the vault and its key behind, without which nothing can be restored: pulumi state delete both URNs"
    )
    return but, fix


def model_packages(sagemaker: Any, asked: Asked) -> Contents:
    rows = _rows(
        sagemaker, "list_model_packages", "ModelPackageSummaryList", ModelPackageGroupName=asked.name
    )
    return _some(f"version {_end(row['ModelPackageArn'])}" for row in rows)


def rules(events: Any, asked: Asked) -> Contents:
    rows = _rows(events, "list_rules", "Rules", EventBusName=asked.name)
    return _some((row["Name"] for row in rows), asked.known)


def targets(events: Any, asked: Asked) -> Contents:
    rows = _rows(events, "list_targets_by_rule", "Targets", Rule=asked.name, EventBusName=asked.within)
    return _some((row["Id"] for row in rows), asked.known)


def tasks(ecs: Any, asked: Asked) -> Contents:
    """Tasks that run, but those of services in the state; services and instances that are not in it."""
    running = _some(_rows(ecs, "list_tasks", "taskArns", cluster=asked.name))
    found = []
    for start in range(0, len(running.inside), 100):
        some = ecs.describe_tasks(cluster=asked.name, tasks=list(running.inside[start : start + 100]))[
            "tasks"
        ]
        own = {f"service:{name}" for name in asked.known}
        found += [f"task {_end(row['taskArn'])}" for row in some if row.get("group") not in own]
    for kind in ("service", "containerInstance"):
        operation = "list_services" if kind == "service" else "list_container_instances"
        names = (_end(arn) for arn in _rows(ecs, operation, f"{kind}Arns", cluster=asked.name))
        word = "service" if kind == "service" else "instance"
        found += [f"{word} {name}" for name in _some(names, asked.known).inside]
    return Contents(tuple(found), running.more)


def node_groups(eks: Any, asked: Asked) -> Contents:
    return _some(_rows(eks, "list_nodegroups", "nodegroups", clusterName=asked.name), asked.known)


def profiles(eks: Any, asked: Asked) -> Contents:
    names = _rows(eks, "list_fargate_profiles", "fargateProfileNames", clusterName=asked.name)
    return _some(names, asked.known)


def database_instances(rds: Any, asked: Asked) -> Contents:
    rows = _rows(rds, "describe_db_clusters", "DBClusters", DBClusterIdentifier=asked.name)
    members = (member for row in rows for member in row.get("DBClusterMembers") or ())
    return _some((member["DBInstanceIdentifier"] for member in members), asked.known)


def tables(s3tables: Any, asked: Asked) -> Contents:
    rows = _rows(s3tables, "list_tables", "tables", tableBucketARN=asked.within, namespace=asked.name)
    return _some((row["name"] for row in rows), asked.known)


def namespaces(s3tables: Any, asked: Asked) -> Contents:
    rows = _rows(s3tables, "list_namespaces", "namespaces", tableBucketARN=asked.within)
    return _some((".".join(row["namespace"]) for row in rows), asked.known)
