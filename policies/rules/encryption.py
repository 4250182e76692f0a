"""Stores that are not encrypted at rest: one row per type, one rule per family.

What AWS encrypts whatever one does (S3 since January 2023, DynamoDB, MSK, FSx, ECR, CloudWatch logs) is
asked for a key of one's own in production only, where its use can then be audited and taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from policies.rule import Breach, rule
from policies.rules.buckets import BUCKETS
from policies.view import View


@dataclass(frozen=True, slots=True)
class Switch:
    """A type that is encrypted when the switch at `path` is on. `default` is what leaving it out means.

    `unless` are properties that, when set, decide it elsewhere (a replica is encrypted as its source is).
    """

    type: str
    path: tuple[str, ...]
    default: bool = False
    unless: tuple[str, ...] = ()


def unencrypted(switches: dict[str, Switch], view: View) -> Iterator[Breach]:
    switch = switches[view.type]
    if any(view.given(name) for name in switch.unless):
        return
    if view.flag(*switch.path) or (switch.default and view.get(*switch.path) is None):
        return
    where = ".".join(switch.path)
    got = view.get(*switch.path)
    yield Breach(
        f"is not encrypted at rest: {where} is {'not set' if got is None else str(got).lower()}",
        f"set {where} to true",
    )


FAMILIES: dict[str, tuple[str, tuple[Switch, ...]]] = {
    "rds-encryption": (
        "A database on a plain volume can be read from any snapshot of it that is shared or leaks.",
        (
            Switch("aws:rds/instance:Instance", ("storageEncrypted",), unless=("replicateSourceDb",)),
            Switch("aws:rds/cluster:Cluster", ("storageEncrypted",), unless=("replicationSourceIdentifier",)),
            Switch(
                "aws:rds/globalCluster:GlobalCluster",
                ("storageEncrypted",),
                unless=("sourceDbClusterIdentifier",),
            ),
            Switch("aws:docdb/cluster:Cluster", ("storageEncrypted",)),
            Switch(
                "aws:docdb/globalCluster:GlobalCluster",
                ("storageEncrypted",),
                unless=("sourceDbClusterIdentifier",),
            ),
            Switch(
                "aws:neptune/cluster:Cluster", ("storageEncrypted",), unless=("replicationSourceIdentifier",)
            ),
            Switch("aws:redshift/cluster:Cluster", ("encrypted",), default=True),
        ),
    ),
    "efs-encryption": (
        "A file system that was created plain can never be encrypted, only copied.",
        (Switch("aws:efs/fileSystem:FileSystem", ("encrypted",)),),
    ),
    "cache-encryption": (
        "Caches hold features and sessions in clear text, and write them to disk in snapshots.",
        (Switch("aws:dax/cluster:Cluster", ("serverSideEncryption", "enabled")),),
    ),
    "search-encryption": (
        "An index repeats the documents it was made from, on disks and in automatic snapshots.",
        (
            Switch("aws:opensearch/domain:Domain", ("encryptAtRest", "enabled")),
            Switch("aws:elasticsearch/domain:Domain", ("encryptAtRest", "enabled")),
        ),
    ),
    "firehose-encryption": (
        "A delivery stream keeps what it could not deliver for a day.",
        (
            Switch(
                "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
                ("serverSideEncryption", "enabled"),
                unless=("kinesisSourceConfiguration", "mskSourceConfiguration"),
            ),
        ),
    ),
    "queue-encryption": (
        "Messages wait on disk for days, dead letters for two weeks.",
        (Switch("aws:sqs/queue:Queue", ("sqsManagedSseEnabled",), default=True, unless=("kmsMasterKeyId",)),),
    ),
}

for _id, (_rationale, _switches) in FAMILIES.items():
    _table = {switch.type: switch for switch in _switches}
    rule(
        id=_id, types=_table, severity="high", level="mandatory", rationale=_rationale,
        fix="switch encryption at rest on", frameworks=("AWS FSBP encryption at rest",),
    )(partial(unencrypted, _table))  # fmt: skip


REPLICATION_GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"


@rule(
    id="elasticache-encryption",
    types=(REPLICATION_GROUP,),
    severity="high",
    level="mandatory",
    rationale="Caches hold features and sessions in clear text, and write them to disk in snapshots.",
    fix="set atRestEncryptionEnabled to true",
    frameworks=("AWS FSBP ElastiCache.4",),
)
def elasticache(group: View) -> Iterator[str]:
    """Valkey is encrypted when nothing is said, Redis is not."""
    got = group.get("atRestEncryptionEnabled")
    if group.given("globalReplicationGroupId") or group.flag("atRestEncryptionEnabled"):
        return
    if got is not None or group.get("engine") != "valkey":
        yield "is not encrypted at rest: atRestEncryptionEnabled is " + (
            "not set" if got is None else "false"
        )


@rule(
    id="kinesis-encryption",
    types=("aws:kinesis/stream:Stream",),
    severity="high",
    level="mandatory",
    rationale="A stream keeps every record for a day at least, up to a year.",
    fix="set encryptionType to KMS and kmsKeyId to a key (alias/aws/kinesis costs nothing)",
    frameworks=("AWS FSBP Kinesis.1",),
)
def kinesis(stream: View) -> Iterator[str]:
    if (got := stream.get("encryptionType")) != "KMS":
        yield f"is not encrypted at rest: encryptionType is {got or 'not set'}"


@rule(
    id="topic-encryption",
    types=("aws:sns/topic:Topic",),
    severity="medium",
    level="mandatory",
    rationale="A topic without a key stores its messages in clear text until every subscriber has them.",
    fix="set kmsMasterKeyId (alias/aws/sns will do where no AWS service publishes to the topic)",
    frameworks=("AWS FSBP SNS.1",),
)
def topic(view: View) -> Iterator[str]:
    if not view.given("kmsMasterKeyId"):
        yield "has no key: kmsMasterKeyId is not set"


# Where the volumes of machines are described: the blocks, and the path of the switch inside each.
VOLUMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aws:ebs/volume:Volume": ((), ("encrypted",)),
    "aws:ec2/instance:Instance": (("rootBlockDevice", "ebsBlockDevices"), ("encrypted",)),
    "aws:ec2/launchConfiguration:LaunchConfiguration": (
        ("rootBlockDevice", "ebsBlockDevices"),
        ("encrypted",),
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": (("blockDeviceMappings",), ("ebs", "encrypted")),
    "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass": (("spec.blockDeviceMappings",), ("ebs", "encrypted")),
}
BY_DEFAULT = "aws:ebs/encryptionByDefault:EncryptionByDefault"


@rule(
    id="ebs-encryption",
    types=VOLUMES,
    scope="stack",
    severity="high",
    level="mandatory",
    rationale="A plain volume can be read from any snapshot of it, and can never be encrypted in place.",
    fix="set encrypted to true on every block device, or add an aws.ebs.EncryptionByDefault in the region",
    frameworks=("AWS FSBP EC2.3",),
)
def volumes(machine: View) -> Iterator[str]:
    """Satisfied for a whole region by `EncryptionByDefault`. No block device is the image's own business."""
    blocks, path = VOLUMES[machine.type]
    regional = [one for one in machine.all_of(BY_DEFAULT) if one.resource.region == machine.resource.region]
    if any(one.get("enabled") is not False for one in regional):
        return
    devices = [one for block in blocks for one in machine.each(*block.split("."))] if blocks else [machine]
    for device in devices:
        if device.get("noDevice") is not None or device.get("virtualName") is not None:
            continue
        if not device.flag(*path):
            name = device.get("deviceName") or device.path or "the volume"
            yield (
                f"has a volume that is not encrypted ({name})"
                if device is not machine
                else "is not encrypted"
            )


def _own_key(path: tuple[str, ...], view: View) -> Iterator[Breach]:
    if not view.given(*path):
        where = ".".join(path)
        yield Breach(
            f"has no key of your own: {where} is not set", f"set {where} to the ARN of an aws.kms.Key"
        )


def _table_key(table: View) -> Iterator[Breach]:
    yield from _own_key(("serverSideEncryption", "kmsKeyArn"), table)
    for replica in table.each("replicas"):
        if not replica.given("kmsKeyArn"):
            where = replica.get("regionName") or replica.path
            yield Breach(
                f"has no key of your own for its replica in {where}",
                "set kmsKeyArn of the replica to a key of its region",
            )


def _bucket_key(bucket: View) -> Iterator[Breach]:
    settings = bucket.related(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
        through="bucket",
    )
    default = "applyServerSideEncryptionByDefault"
    rules = [one.get(default, "sseAlgorithm") for setting in settings for one in setting.each("rules")]
    rules.append(bucket.get("serverSideEncryptionConfiguration", "rule", default, "sseAlgorithm"))
    found = [str(algorithm) for algorithm in rules if algorithm]
    if not any(algorithm.startswith("aws:kms") for algorithm in found):
        yield Breach(
            f"has no key of your own: it is encrypted with {found[0] if found else 'AES256'}",
            "add a BucketServerSideEncryptionConfiguration with sseAlgorithm aws:kms and kmsMasterKeyId",
        )


OWN_KEY: dict[str, Callable[[View], Iterator[Breach]]] = {
    "aws:dynamodb/table:Table": _table_key,
    "aws:dynamodb/tableReplica:TableReplica": partial(_own_key, ("kmsKeyArn",)),
    **dict.fromkeys(BUCKETS, _bucket_key),
    "aws:rds/cluster:Cluster": partial(_own_key, ("kmsKeyId",)),
    "aws:rds/instance:Instance": partial(_own_key, ("kmsKeyId",)),
    "aws:elasticache/serverlessCache:ServerlessCache": partial(_own_key, ("kmsKeyId",)),
    "aws:fsx/lustreFileSystem:LustreFileSystem": partial(_own_key, ("kmsKeyId",)),
    "aws:s3tables/tableBucket:TableBucket": partial(_own_key, ("encryptionConfiguration", "kmsKeyArn")),
    "aws:msk/cluster:Cluster": partial(_own_key, ("encryptionInfo", "encryptionAtRestKmsKeyArn")),
}


@rule(
    id="own-key-in-production",
    types=OWN_KEY,
    scope="stack",
    reads=("environment_class",),
    severity="medium",
    level="mandatory",
    rationale="Only the use of a key of your own can be audited, limited to roles, and withdrawn.",
    fix="encrypt with an aws.kms.Key of yours",
    frameworks=("AWS FSBP DynamoDB.1",),
)
def own_key(store: View) -> Iterator[Breach]:
    if store.is_production and not (
        store.type == "aws:rds/instance:Instance" and store.given("replicateSourceDb")
    ):
        yield from OWN_KEY[store.type](store)
