"""What a run changes, for people: one row a resource, what cannot be undone first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.events import Outcome, Step
from plan.graph import name_of

__all__ = ["DATA_STORES", "OPERATIONS", "Change", "changes_of", "lost", "operations", "planned", "type_of"]

OPERATIONS = ("create", "update", "replace", "delete", "same")
"""What happens to a resource, as it is counted and shown."""

DATA_STORES = frozenset({
    "aws:backup/vault:Vault", "aws:cognito/userPool:UserPool", "aws:docdb/cluster:Cluster",
    "aws:docdb/globalCluster:GlobalCluster", "aws:dynamodb/globalTable:GlobalTable", "aws:dynamodb/table:Table",
    "aws:dynamodb/tableReplica:TableReplica", "aws:ebs/volume:Volume", "aws:ecr/repository:Repository",
    "aws:efs/fileSystem:FileSystem", "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:elasticache/serverlessCache:ServerlessCache", "aws:fsx/lustreFileSystem:LustreFileSystem",
    "aws:fsx/ontapFileSystem:OntapFileSystem", "aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
    "aws:fsx/windowsFileSystem:WindowsFileSystem", "aws:glue/catalogDatabase:CatalogDatabase",
    "aws:keyspaces/table:Table", "aws:kinesis/stream:Stream", "aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey",
    "aws:memorydb/cluster:Cluster", "aws:msk/cluster:Cluster", "aws:neptune/cluster:Cluster",
    "aws:opensearch/domain:Domain", "aws:opensearch/serverlessCollection:ServerlessCollection",
    "aws:rds/cluster:Cluster", "aws:rds/globalCluster:GlobalCluster", "aws:rds/instance:Instance",
    "aws:redshift/cluster:Cluster", "aws:redshiftserverless/namespace:Namespace", "aws:s3/bucket:Bucket",
    "aws:s3/bucketV2:BucketV2", "aws:s3tables/tableBucket:TableBucket", "aws:sagemaker/featureGroup:FeatureGroup",
    "aws:secretsmanager/secret:Secret", "aws:sqs/queue:Queue",
    "kubernetes:core/v1:Namespace", "kubernetes:core/v1:PersistentVolumeClaim",
})  # fmt: skip
"""Types whose deletion loses data, or (keys) all that was encrypted with them."""

# The engine's steps by what they come to. A replacement is three: one of them, logical, counts.
_MEANS = {
    "create": "create",
    "import": "create",
    "update": "update",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "import-replacement": "replace",
    "delete": "delete",
    "discard": "delete",
    "discard-replaced": "delete",
    "remove-pending-replace": "delete",
    "same": "same",
    "read": "same",
    "refresh": "same",
}
_RANK = {"replace": 1, "delete": 1, "update": 2, "create": 3}


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource: `operation` is one of `OPERATIONS`.

    `changed` are properties that differ, `forced_by` those of them that force a replacement.
    """

    operation: str
    urn: str
    type: str
    changed: tuple[str, ...] = ()
    forced_by: tuple[str, ...] = ()

    @property
    def loses_data(self) -> bool:
        """Whether a store of data is replaced or deleted."""
        return self.operation in ("replace", "delete") and self.type in DATA_STORES


def changes_of(outcome: Outcome) -> tuple[Change, ...]:
    """What the run changes, without what stays the same: lost data first, then by how much it disturbs."""
    found: dict[str, Change] = {}
    for step in outcome.steps:
        operation = _MEANS.get(step.op, "")
        if operation and operation != "same":
            found[step.urn] = _merged(found.get(step.urn), operation, step)
    return tuple(sorted(found.values(), key=_weight))


def _merged(before: Change | None, operation: str, step: Step) -> Change:
    if before is None:
        return Change(operation, step.urn, step.type, step.changed, step.replaces)
    return Change(
        "replace" if "replace" in (before.operation, operation) else operation,
        step.urn,
        step.type,
        tuple(sorted({*before.changed, *step.changed})),
        tuple(sorted({*before.forced_by, *step.replaces})),
    )


def _weight(change: Change) -> tuple[bool, int, str]:
    return (not change.loses_data, _RANK.get(change.operation, 9), change.urn)


def operations(counts: Mapping[str, int]) -> dict[str, int]:
    """How many resources see each of `OPERATIONS`, from the engine's own count of steps."""
    result = dict.fromkeys(OPERATIONS, 0)
    physical = {"create-replacement", "delete-replaced", "import-replacement", "discard-replaced"}
    for op, count in counts.items():
        if op in _MEANS and not (op in physical and "replace" in counts):
            result[_MEANS[op]] += count
    return result


def planned(document: Mapping[str, Any]) -> dict[str, int]:
    """How many resources see each of `OPERATIONS` by a saved plan (`--save-plan`), parsed."""
    return operations(Counter(_first(plan.get("steps") or ()) for plan in document["resourcePlans"].values()))


def lost(document: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Operation, type and name of each data store that is replaced or deleted by a saved plan."""
    found = []
    for urn, plan in document["resourcePlans"].items():
        operation, kind = _first(plan.get("steps") or ()), type_of(urn)
        if operation in ("replace", "delete") and kind in DATA_STORES:
            found.append((operation, kind, name_of(urn)))
    return found


def type_of(urn: str) -> str:
    """The resource's own type, without those of the components it is part of."""
    return urn.split("::", 3)[2].rpartition("$")[2]


def _first(names: Iterable[str]) -> str:
    kinds = {_MEANS.get(name, "same") for name in names}
    return next((kind for kind in ("replace", "delete", "create", "update") if kind in kinds), "same")
