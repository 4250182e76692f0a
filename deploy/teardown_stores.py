"""What AWS deletes only when it is empty: one entry for each kind of thing, in `STORES`.

An entry says which resources of a state are asked about, how AWS is asked what is in one, and what somebody
does about it. What is in the state itself goes before what holds it, so it is never in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from deploy import teardown_contents as contents
from deploy.teardown_contents import Asked, Contents
from deploy.teardown_state import told
from plan.graph import Graph, Resource

__all__ = ["STORES", "Asked", "Contents", "Store"]


@dataclass(frozen=True, slots=True)
class Store:
    """A kind of thing that AWS deletes only when it is empty.

    In `how`, `but` and `fix`, NAME is what is asked about, WITHIN what that is in (a bucket, a bus), AT the
    region as an option of the AWS CLI. `how` is a command of `aws` that shows by hand what `look` finds.
    """

    kind: str
    types: tuple[str, ...]
    asked: Callable[[Resource, Graph], Asked | None]
    """What to ask of a resource of these types; None where it is emptied by force."""
    service: str
    look: Callable[[Any, Asked], Contents]
    """What a client of `service` finds in it."""
    how: str
    words: tuple[str, str]
    """One of what it holds, and several; ("", "") where they are not counted."""
    but: str
    fix: str
    gone: str = "ResourceNotFoundException"
    """The error by which the service says that it is not there any more; "" where that has none of its own."""


def _name(one: Resource, key: str = "name") -> str:
    return str(told(one, key) or one.id)


def _unless(switch: str, key: str = "name") -> Callable[[Resource, Graph], Asked | None]:
    """Asked about unless `switch` has it emptied by force."""
    return lambda one, graph: None if told(one, switch) is True else Asked(_name(one, key))


def _known(graph: Graph, type: str, label: str, **where: Iterable[str]) -> frozenset[str]:
    """What the property `label` says of the resources of `type` whose properties are among `where`."""
    return frozenset(
        str(told(one, label))
        for one in graph.of_type(type)
        if all(told(one, key) is not None and str(told(one, key)) in values for key, values in where.items())
    )


def _open_bucket(one: Resource, graph: Graph) -> Asked | None:
    return None if _lock(one, graph) or told(one, "forceDestroy") is True else Asked(one.id)


def _locked_bucket(one: Resource, graph: Graph) -> Asked | None:
    return Asked(one.id, forced=told(one, "forceDestroy") is True) if _lock(one, graph) else None


def _lock(bucket: Resource, graph: Graph) -> bool:
    """Whether the bucket has an object lock, by itself or by a configuration of its own."""
    configured = graph.of_type("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    named = any(told(one, "bucket") == bucket.id for one in configured)
    return named or told(bucket, "objectLockEnabled") is True


def _vault(one: Resource, graph: Graph) -> Asked:
    name = _name(one)
    type = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
    locks = _known(graph, type, "backupVaultName", backupVaultName=(name,))
    return Asked(name, forced=told(one, "forceDestroy") is True, known=locks)


def _bus(one: Resource, graph: Graph) -> Asked:
    ends = (_name(one), str(told(one, "arn")))
    return Asked(
        _name(one), known=_known(graph, "aws:cloudwatch/eventRule:EventRule", "name", eventBusName=ends)
    )


def _rule(one: Resource, graph: Graph) -> Asked | None:
    if told(one, "forceDestroy") is True:
        return None
    targets = _known(graph, "aws:cloudwatch/eventTarget:EventTarget", "targetId", rule=(_name(one), one.id))
    return Asked(_name(one), known=targets, within=str(told(one, "eventBusName") or "default"))


def _tasks(one: Resource, graph: Graph) -> Asked:
    ends = (_name(one), one.id, str(told(one, "arn")))
    return Asked(_name(one), known=_known(graph, "aws:ecs/service:Service", "name", cluster=ends))


def _nodes(type: str, label: str) -> Callable[[Resource, Graph], Asked]:
    return lambda one, graph: Asked(_name(one), known=_known(graph, type, label, clusterName=(_name(one),)))


def _instances(one: Resource, graph: Graph) -> Asked:
    type = "aws:rds/clusterInstance:ClusterInstance"
    return Asked(one.id, known=_known(graph, type, "identifier", clusterIdentifier=(one.id,)))


def _namespace(one: Resource, graph: Graph) -> Asked:
    bucket, name = str(told(one, "tableBucketArn")), str(told(one, "namespace"))
    where = {"tableBucketArn": (bucket,), "namespace": (name,)}
    return Asked(name, known=_known(graph, "aws:s3tables/table:Table", "name", **where), within=bucket)


def _table_bucket(one: Resource, graph: Graph) -> Asked | None:
    if told(one, "forceDestroy") is True:
        return None
    arn = str(told(one, "arn") or one.id)
    spaces = _known(graph, "aws:s3tables/namespace:Namespace", "namespace", tableBucketArn=(arn,))
    return Asked(_name(one), known=spaces, within=arn)


def _each(listing: str, query: str, delete: str) -> str:
    """A command that takes every one of `listing`, which `query` selects, through `delete`."""
    selected = f"aws {listing} --query '{query}' --output text | tr '\\t' '\\n'"
    return f"{selected} | xargs -rn1 aws {delete}"


_BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
_POINTS = "backup list-recovery-points-by-backup-vault AT --backup-vault-name NAME"
_PACKAGES = "sagemaker list-model-packages AT --model-package-group-name NAME"
_NAMESPACE = "AT --table-bucket-arn WITHIN --namespace NAME"

STORES = (
    Store(
        "bucket", _BUCKETS, _open_bucket, "s3", contents.versions,
        "s3api list-object-versions AT --max-items 1 --bucket NAME", ("", ""),
        "AWS deletes no bucket that holds anything",
        "copy what is needed, then empty it with all its versions: aws s3 rm s3://NAME --recursive, "
        "or set force_destroy (`protection: off` does) and run up",
        "NoSuchBucket",
    ),
    Store(
        "locked bucket", _BUCKETS, _locked_bucket, "s3", contents.locked_versions,
        "s3api get-object-lock-configuration AT --bucket NAME", ("", ""),
        "its object lock keeps every version until it expires",
        "wait for the retention to end, or keep it: pulumi state delete its URN",
        "NoSuchBucket",
    ),
    Store(
        "registry", ("aws:ecr/repository:Repository",), _unless("forceDelete"), "ecr", contents.images,
        "ecr list-images AT --max-items 1 --repository-name NAME", ("image", "images"),
        "AWS deletes no registry that holds images",
        "aws ecr delete-repository AT --force --repository-name NAME, or set force_delete and run up",
        "RepositoryNotFoundException",
    ),
    Store(
        "workgroup", ("aws:athena/workgroup:Workgroup",), _unless("forceDestroy"), "athena", contents.queries,
        "athena list-query-executions AT --max-items 1 --work-group NAME", ("", ""),
        "AWS deletes no workgroup with a history of queries, or with saved ones",
        "set force_destroy (`protection: off` does) and run up, "
        "or aws athena delete-work-group AT --recursive-delete-option --work-group NAME",
        "",
    ),
    Store(
        "backup vault", ("aws:backup/vault:Vault",), _vault, "backup", contents.recovery_points,
        _POINTS, ("recovery point", "recovery points"),
        "AWS deletes no backup vault with recovery points in it",
        "before the destroy, restore or copy what is needed, then delete them: "
        + _each(_POINTS, "RecoveryPoints[].RecoveryPointArn",
                "backup delete-recovery-point AT --backup-vault-name NAME --recovery-point-arn")
        + " (or set force_destroy, as `protection: off` does, and run up)",
    ),
    Store(
        "model package group", ("aws:sagemaker/modelPackageGroup:ModelPackageGroup",),
        lambda one, graph: Asked(_name(one, "modelPackageGroupName")), "sagemaker", contents.model_packages,
        _PACKAGES, ("model package", "model packages"),
        "AWS deletes no group that holds model packages, and nothing deletes them by force",
        "before the destroy, stop what registers models and delete them: "
        + _each(_PACKAGES, "ModelPackageSummaryList[].ModelPackageArn",
                "sagemaker delete-model-package AT --model-package-name"),
        "",
    ),
    Store(
        "event bus", ("aws:cloudwatch/eventBus:EventBus",), _bus, "events", contents.rules,
        "events list-rules AT --event-bus-name NAME", ("rule", "rules"),
        "AWS deletes no event bus with rules, and these are not in the state",
        "before the destroy, for each RULE: aws events list-targets-by-rule AT --event-bus-name NAME "
        "--rule RULE, aws events remove-targets AT --event-bus-name NAME --rule RULE --ids ..., then "
        "aws events delete-rule AT --event-bus-name NAME --name RULE",
    ),
    Store(
        "event rule", ("aws:cloudwatch/eventRule:EventRule",), _rule, "events", contents.targets,
        "events list-targets-by-rule AT --event-bus-name WITHIN --rule NAME", ("target", "targets"),
        "AWS deletes no rule with targets, and these are not in the state",
        "before the destroy: aws events remove-targets AT --event-bus-name WITHIN --rule NAME --ids ...",
    ),
    Store(
        "task cluster", ("aws:ecs/cluster:Cluster",), _tasks, "ecs", contents.tasks,
        "ecs list-tasks AT --cluster NAME", ("task, service or instance", "tasks, services or instances"),
        "AWS deletes no cluster of ECS in which anything runs that is not in the state",
        "before the destroy, disable what starts tasks (schedules), then wait for them or end them: "
        + _each("ecs list-tasks AT --cluster NAME", "taskArns[]", "ecs stop-task AT --cluster NAME --task")
        + "; services: aws ecs delete-service AT --cluster NAME --force --service SERVICE",
        "ClusterNotFoundException",
    ),
    Store(
        "node groups of", ("aws:eks/cluster:Cluster",),
        _nodes("aws:eks/nodeGroup:NodeGroup", "nodeGroupName"), "eks", contents.node_groups,
        "eks list-nodegroups AT --cluster-name NAME", ("node group", "node groups"),
        "AWS deletes no cluster with node groups, and these are not in the state",
        "before the destroy: aws eks delete-nodegroup AT --cluster-name NAME --nodegroup-name GROUP",
    ),
    Store(
        "Fargate profiles of", ("aws:eks/cluster:Cluster",),
        _nodes("aws:eks/fargateProfile:FargateProfile", "fargateProfileName"), "eks", contents.profiles,
        "eks list-fargate-profiles AT --cluster-name NAME", ("Fargate profile", "Fargate profiles"),
        "AWS deletes no cluster with Fargate profiles, and these are not in the state",
        "before the destroy: aws eks delete-fargate-profile AT --cluster-name NAME "
        "--fargate-profile-name PROFILE",
    ),
    Store(
        "database cluster", ("aws:rds/cluster:Cluster",), _instances, "rds", contents.database_instances,
        "rds describe-db-clusters AT --db-cluster-identifier NAME --query 'DBClusters[].DBClusterMembers'",
        ("instance", "instances"),
        "AWS deletes no database cluster with instances, and these are not in the state",
        "before the destroy: aws rds delete-db-instance AT --skip-final-snapshot "
        "--db-instance-identifier INSTANCE",
        "DBClusterNotFoundFault",
    ),
    Store(
        "table namespace", ("aws:s3tables/namespace:Namespace",), _namespace, "s3tables", contents.tables,
        "s3tables list-tables " + _NAMESPACE, ("table", "tables"),
        "AWS deletes no namespace with tables, and these are not in the state; the bucket's force_destroy "
        "comes after its namespaces",
        "before the destroy, stop what makes tables and delete them: "
        + _each(f"s3tables list-tables {_NAMESPACE}", "tables[].name",
                f"s3tables delete-table {_NAMESPACE} --name"),
        "NotFoundException",
    ),
    Store(
        "table bucket", ("aws:s3tables/tableBucket:TableBucket",), _table_bucket, "s3tables",
        contents.namespaces,
        "s3tables list-namespaces AT --table-bucket-arn WITHIN", ("namespace", "namespaces"),
        "AWS deletes no table bucket with namespaces, and these are not in the state",
        "set force_destroy (`protection: off` does) and run up, or before the destroy delete each one's "
        "tables, then aws s3tables delete-namespace AT --table-bucket-arn WITHIN --namespace NAMESPACE",
        "NotFoundException",
    ),
)  # fmt: skip
