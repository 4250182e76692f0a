"""Stores with one simple rule each, and those that nothing copies."""

from __future__ import annotations

from plan.graph import Resource
from plan.joins import at
from plan.survive.model import Copy, Reason, Store
from plan.survive.typical import ECR_LAG, EFS_LAG, EFS_PROMOTION, SECRET_LAG
from plan.survive.world import World, rows, store, title
from plan.values import Unknown

__all__: list[str] = []

# Type -> (kind, input with its KMS key). AWS copies none of these to another region by itself.
SINGLE = {
    "aws:ebs/volume:Volume": ("EBS volume", "kmsKeyId"),
    "aws:opensearch/domain:Domain": ("OpenSearch domain", "encryptAtRest.kmsKeyId"),
    "aws:opensearch/serverlessCollection:ServerlessCollection": ("OpenSearch collection", ""),
    "aws:redshift/cluster:Cluster": ("Redshift cluster", "kmsKeyId"),
    "aws:redshiftserverless/namespace:Namespace": ("Redshift namespace", "kmsKeyId"),
    "aws:fsx/lustreFileSystem:LustreFileSystem": ("FSx file system", "kmsKeyId"),
    "aws:fsx/ontapFileSystem:OntapFileSystem": ("FSx file system", "kmsKeyId"),
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": ("FSx file system", "kmsKeyId"),
    "aws:fsx/windowsFileSystem:WindowsFileSystem": ("FSx file system", "kmsKeyId"),
    "aws:sagemaker/featureGroup:FeatureGroup": ("SageMaker feature group", ""),
    "aws:cognito/userPool:UserPool": ("Cognito user pool", ""),
    "aws:timestreamwrite/table:Table": ("Timestream table", ""),
    "aws:keyspaces/table:Table": ("Keyspaces table", ""),
    "kubernetes:core/v1:PersistentVolumeClaim": ("volume of a cluster", ""),
}

# Type -> (kind, what is lost, input that says how long it is kept, seconds in one unit of it, default).
_REMADE = "definitions, which the program makes again elsewhere"
FLOWING: dict[str, tuple[str, str, str, int, int]] = {
    "aws:sqs/queue:Queue": ("SQS queue", "messages not yet handled", "messageRetentionSeconds", 1, 345600),
    "aws:kinesis/stream:Stream": ("Kinesis stream", "records not yet read", "retentionPeriod", 3600, 24),
    "aws:sns/topic:Topic": ("SNS topic", "messages not yet delivered", "", 0, 0),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": (
        "Firehose stream", "records not yet delivered", "", 0, 0,
    ),
    "aws:msk/cluster:Cluster": ("Kafka cluster", "records not yet read", "", 0, 0),
    "aws:msk/serverlessCluster:ServerlessCluster": ("Kafka cluster", "records not yet read", "", 0, 0),
    "aws:mq/broker:Broker": ("message broker", "messages not yet handled", "", 0, 0),
    "aws:cloudwatch/logGroup:LogGroup": ("log group", "the region's logs", "", 0, 0),
}  # fmt: skip
REBUILT = {
    "aws:glue/catalogDatabase:CatalogDatabase": ("Glue database", _REMADE),
    "aws:glue/catalogTable:CatalogTable": ("Glue table", f"{_REMADE}, and pointers to Iceberg's snapshots"),
    "aws:athena/workgroup:Workgroup": ("Athena workgroup", "its history of queries"),
}


@store(*SINGLE)
def _single(resource: Resource, world: World) -> Store:
    kind, key = SINGLE[resource.type]
    copies = (world.home(resource, key=key), *world.backups.get(resource.urn, ()))
    return Store(resource.urn, resource.name, kind, copies, source=resource.source)


@store("kubernetes:apps/v1:StatefulSet")
def _stateful_set(resource: Resource, world: World) -> Store | None:
    if not rows(at(resource.inputs, "spec.volumeClaimTemplates")):
        return None
    return Store(
        resource.urn, resource.name, "volumes of a cluster", (world.home(resource),), source=resource.source
    )


@store(*FLOWING)
def _flowing(resource: Resource, world: World) -> Store:
    kind, lost, path, unit, default = FLOWING[resource.type]
    kept = resource.inputs.get(path, default)
    seconds = float(kept * unit) if unit and isinstance(kept, int | float) else None
    copies = (world.home(resource),)
    text = f"lost: {lost}"
    return Store(
        resource.urn, resource.name, kind, copies, "transient", text, seconds, source=resource.source
    )


@store(*REBUILT)
def _rebuilt(resource: Resource, world: World) -> Store:
    kind, lost = REBUILT[resource.type]
    others = (
        Copy(other.region, "writer", Reason.of(other, f"{other.region} has its own {title(other)}"), own=True)
        for other in world.siblings(resource)
    )
    copies = (world.home(resource), *others)
    text = f"lost: {lost}"
    return Store(resource.urn, resource.name, kind, copies, "rebuilt", text, source=resource.source)


@store("aws:efs/fileSystem:FileSystem")
def _file_system(system: Resource, world: World) -> Store:
    copies = [world.home(system, key="kmsKeyId")]
    untold = []
    kind = "aws:efs/replicationConfiguration:ReplicationConfiguration"
    for config in world.attached(system, "sourceFileSystemId", kind):
        target = config.inputs.get("destination")
        region = at(target, "region") or config.region
        if not isinstance(region, str) or isinstance(target, Unknown):
            untold.append(Reason.of(config, "the region of its replica is decided during deployment"))
            continue
        text = f"it is copied to {region}: {EFS_LAG.text}; {EFS_PROMOTION.text}"
        copy = Copy(region, "reader", Reason.of(config, text), lag=EFS_LAG, wait=EFS_PROMOTION)
        copies.append(world.with_key(copy, config, at(target, "kmsKeyId"), "destination"))
    copies += world.backups.get(system.urn, ())
    return Store(
        system.urn, system.name, "EFS file system", tuple(copies), untold=tuple(untold), source=system.source
    )


@store("aws:ecr/repository:Repository")
def _repository(repository: Resource, world: World) -> Store:
    """The registry of a region replicates, by rules that name prefixes of repositories."""
    copies = [world.home(repository)]
    name = repository.inputs.get("name")
    for config in world.in_region(
        "aws:ecr/replicationConfiguration:ReplicationConfiguration", repository.region
    ):
        for rule in rows(at(config.inputs, "replicationConfiguration.rules")):
            prefixes = [row.get("filter") for row in rows(rule.get("repositoryFilters"))]
            if prefixes and not any(isinstance(p, str) and str(name).startswith(p) for p in prefixes):
                continue
            for target in rows(rule.get("destinations")):
                region = target.get("region")
                if isinstance(region, str) and region != repository.region:
                    text = f"its images are copied to {region}: {ECR_LAG.text}; those pushed before are not"
                    copies.append(Copy(region, "writer", Reason.of(config, text), lag=ECR_LAG))
    return Store(repository.urn, repository.name, "ECR repository", tuple(copies), source=repository.source)


@store("aws:secretsmanager/secret:Secret")
def _secret(secret: Resource, world: World) -> Store:
    copies = [world.home(secret, key="kmsKeyId")]
    untold = []
    replicas = secret.inputs.get("replicas")
    if isinstance(replicas, Unknown):
        untold.append(Reason.of(secret, "its replicas are decided during deployment"))
    for replica in rows(replicas):
        region = replica.get("region")
        if isinstance(region, str):
            text = f"it has a replica in {region}, readable at once"
            copy = Copy(region, "reader", Reason.of(secret, text), lag=SECRET_LAG)
            copies.append(world.with_key(copy, secret, replica.get("kmsKeyId"), "replicas"))
    return Store(secret.urn, secret.name, "secret", tuple(copies), untold=tuple(untold), source=secret.source)
