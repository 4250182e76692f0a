"""Files and objects: S3 with replication, EFS, FSx for Lustre, backups."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from finops.estimators.compute import to_the_internet
from finops.estimators.registry import Items, estimator
from finops.estimators.subject import (
    BETWEEN_REGIONS,
    Item,
    Rate,
    Section,
    Subject,
    Undetermined,
    Unpriceable,
    item,
)
from finops.quantity import HOURS, Quantity
from plan.graph import Resource
from plan.regions import region_of_arn
from plan.values import Value, references

THOUSANDTH = Decimal("0.001")
BASELINE = Decimal("0.05")
"""MB/s that come with a GB of EFS standard storage."""
CLASSES = {
    "standard_gb": ("storage", "TimedStorage-ByteHrs"),
    "infrequent_gb": ("storage, infrequent access", "TimedStorage-SIA-ByteHrs"),
    "glacier_instant_gb": ("storage, Glacier instant", "TimedStorage-GIR-ByteHrs"),
    "deep_archive_gb": ("storage, deep archive", "TimedStorage-GDA-ByteHrs"),
}
BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")


def s3(usage_type: str) -> Rate:
    return Rate("AmazonS3", usage_type)


@estimator(
    *BUCKETS, service="S3",
    usage=(*CLASSES, "write_requests", "read_requests", "retrieved_infrequent_gb", "internet_gb"),
)  # fmt: skip
def bucket(it: Subject) -> Items:
    for key, (name, usage_type) in CLASSES.items():
        yield item(name, it.usage(key), s3(usage_type))
    yield item(
        "PUT, COPY, POST and LIST requests", it.usage("write_requests") * THOUSANDTH, s3("Requests-Tier1")
    )
    yield item("GET and other requests", it.usage("read_requests") * THOUSANDTH, s3("Requests-Tier2"))
    yield item("data read, infrequent access", it.usage("retrieved_infrequent_gb"), s3("Retrieval-SIA"))
    yield to_the_internet(it)


@estimator(
    "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint", service="S3",
    usage=("routed_gb", "transferred_gb"),
)  # fmt: skip
def multi_region_access_point(it: Subject) -> Items:
    """By the GB routed; what is routed to a bucket in another region is data transfer as well."""
    yield item("data routed", it.usage("routed_gb"), s3("MRAP-Bytes"))
    moved = Rate("AWSDataTransfer", "AWS-Out-Bytes")
    yield item("data routed to another region", it.usage("transferred_gb"), moved, region=BETWEEN_REGIONS)


@estimator(
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
    service="S3", usage=("replicated_gb", "replicated_objects"),
)  # fmt: skip
def bucket_replication(it: Subject) -> Items:
    """For each enabled rule: a PUT per object at the destination, bytes between regions, time control."""
    for rule in it.sections("rules"):
        if rule.text("status", "Enabled") != "Enabled":
            continue
        yield from _replicated(it, rule.section("destination"))


def _replicated(it: Subject, destination: Section) -> Iterator[Item]:
    target = _bucket(it, destination)
    there = it.of(target).region if target is not None else ""
    label = f"to {there}" if there else "to a bucket elsewhere"
    moved, objects = it.usage("replicated_gb"), it.usage("replicated_objects") * THOUSANDTH
    if not there:
        it.assume("a replication destination outside of this plan is taken to be in another region")
    if there != it.region:
        rate = Rate("AWSDataTransfer", "AWS-Out-Bytes", region=it.region)
        yield item(f"replicated data {label}", moved, rate, region=BETWEEN_REGIONS, copy=True)
    yield item(
        f"replicated objects {label}",
        objects,
        Rate("AmazonS3", "Requests-Tier1", region=there or it.region),
        copy=True,
    )
    if destination.section("replicationTime").text("status") == "Enabled":
        yield item(f"replication time control {label}", moved, s3("S3RTC-Out-Bytes"), copy=True)


def _bucket(it: Subject, destination: Section) -> Resource | None:
    """The destination bucket: by reference, or by the name in its ARN."""
    value = destination.inputs.get("bucket")
    for reference in references(value):
        found = it.graph.get(reference.urn)
        if found is not None and found.type in BUCKETS:
            return found
    if isinstance(value, str):
        name = value.removeprefix("arn:aws:s3:::")
        return next((b for b in it.graph.of_type(*BUCKETS) if b.inputs.get("bucket") == name), None)
    return None


REQUEST_METRICS = 16
"""Metrics that S3 publishes for one filter: requests by kind, bytes, errors, latencies."""


@estimator("aws:s3/bucketMetric:BucketMetric", service="CloudWatch")
def bucket_metric(it: Subject) -> Items:
    """Request metrics are custom metrics of CloudWatch; one that has nothing to say is not published."""
    published = Quantity.between(0, REQUEST_METRICS, REQUEST_METRICS, "requests of a kind publish its metric")
    yield item("request metrics", published, Rate("AmazonCloudWatch", "CW:MetricMonitorUsage"))


@estimator(
    "aws:s3tables/tableBucket:TableBucket", service="S3",
    usage=("standard_gb", "write_requests", "read_requests", "objects", "compacted_objects", "compacted_gb"),
)  # fmt: skip
def table_bucket(it: Subject) -> Items:
    """Storage, requests, objects that are watched, and what compaction rewrites."""
    yield item("tables", it.usage("standard_gb"), s3("Tables-TimedStorage-ByteHrs"))
    for key, name, usage_type in (
        ("write_requests", "PUT requests", "Tables-Requests-Tier1"),
        ("read_requests", "GET requests", "Tables-Requests-Tier2"),
        ("objects", "monitored objects", "Tables-MonitoredObjects"),
        ("compacted_objects", "compacted objects", "Tables-Compaction-Objects"),
    ):
        yield item(name, it.usage(key) * THOUSANDTH, s3(usage_type))
    yield item("compacted data", it.usage("compacted_gb"), s3("Tables-Compaction-Bytes"))


EFS_FLOWS = {
    "read_gb": ("elastic throughput, read", "ETDataAccess-Read-Bytes"),
    "written_gb": ("elastic throughput, written", "ETDataAccess-Write-Bytes"),
    "tiered_infrequent_gb": ("moved to or from infrequent access", "IADataAccess-Tiering-Bytes"),
    "archive_gb": ("storage, archive", "ArchiveTimedStorage-ByteHrs"),
    "tiered_archive_gb": ("moved to the archive", "ArchiveDataAccess-Tiering-Bytes"),
    "read_archive_gb": ("moved back from the archive", "ArchiveDataAccess-Read-Bytes"),
}


@estimator(
    "aws:s3tables/tableBucketReplication:TableBucketReplication", service="S3",
    usage=("replicated_gb", "replicated_requests"),
)  # fmt: skip
def table_bucket_replication(it: Subject) -> Items:
    """For each destination: bytes between regions, and requests there; copies are stored in its bucket."""
    for target in it.section("rule").sections("destinations"):
        there = _region_of_tables(it, target.inputs.get("destinationTableBucketArn"))
        label = f"to {there}" if there else "to a table bucket elsewhere"
        if there != it.region:
            rate = Rate("AWSDataTransfer", "AWS-Out-Bytes", region=it.region)
            moved = it.usage("replicated_gb")
            yield item(f"replicated data {label}", moved, rate, region=BETWEEN_REGIONS, copy=True)
        put = Rate("AmazonS3", "Tables-Requests-Tier1", region=there or it.region)
        requests = it.usage("replicated_requests") * THOUSANDTH
        yield item(f"replicated requests {label}", requests, put, copy=True)


def _region_of_tables(it: Subject, arn: Value) -> str:
    """Of a table bucket by its ARN: the planned one's, or what the text says; "" where neither tells."""
    planned = (it.graph.get(reference.urn) for reference in references(arn))
    found = next((bucket.region for bucket in planned if bucket is not None), "")
    return found or (region_of_arn(arn) if isinstance(arn, str) else "")


@estimator("aws:efs/fileSystem:FileSystem", service="EFS", usage=("standard_gb", "infrequent_gb", *EFS_FLOWS))
def efs(it: Subject) -> Items:
    zone = "Z" if it.states("availabilityZoneName") else ""
    yield item("storage", it.usage("standard_gb"), Rate("AmazonEFS", f"TimedStorage-{zone}ByteHrs"))
    yield item(
        "storage, infrequent access",
        it.usage("infrequent_gb"),
        Rate("AmazonEFS", f"IATimedStorage-{zone}ByteHrs"),
    )
    if it.text("throughputMode") == "provisioned":
        # 50 KB/s for each GB of standard storage are part of the storage.
        stated = it.number("provisionedThroughputInMibps")
        stored = it.usage("standard_gb")
        low, middle, high = (
            max(stated - held * BASELINE, Decimal(0))
            for held in (stored.ceiling, stored.expected, stored.floor)
        )
        billed = Quantity(low, middle, high, stored.drivers)
        yield item("provisioned throughput", billed, Rate("AmazonEFS", "ProvisionedTP-MiBpsHrs"))
    for key, (name, usage_type) in EFS_FLOWS.items():
        if not usage_type.startswith("ET") or it.text("throughputMode") == "elastic":
            yield item(name, it.usage(key), Rate("AmazonEFS", usage_type))


@estimator(
    "aws:efs/replicationConfiguration:ReplicationConfiguration",
    service="EFS",
    usage=("replicated_gb", "standard_gb", "infrequent_gb"),
)
def efs_replication(it: Subject) -> Items:
    there = it.section("destination").text("region")
    rate = Rate("AWSDataTransfer", "AWS-Out-Bytes", region=it.region)
    yield item(
        f"replicated data to {there}", it.usage("replicated_gb"), rate, region=BETWEEN_REGIONS, copy=True
    )
    yield item(
        "replica storage",
        it.usage("standard_gb"),
        Rate("AmazonEFS", "TimedStorage-ByteHrs", region=there),
        copy=True,
    )
    cold = Rate("AmazonEFS", "IATimedStorage-ByteHrs", region=there)
    yield item("replica storage, infrequent access", it.usage("infrequent_gb"), cold, copy=True)


@estimator("aws:fsx/lustreFileSystem:LustreFileSystem", service="FSx")
def lustre(it: Subject) -> Items:
    size, kind = it.number("storageCapacity"), it.text("deploymentType", "SCRATCH_1")
    if it.text("storageType", "SSD") != "SSD":
        raise Unpriceable(f"the price book has no price for Lustre on {it.text('storageType')} storage")
    if not size:
        raise Undetermined("storageCapacity", "is not stated")
    names = {
        "SCRATCH_1": "Lustre:Scratch2",
        "SCRATCH_2": "Lustre:Scratch2",
        "PERSISTENT_2": f"Lustre:Persistent2-{it.number('perUnitStorageThroughput')}",
    }
    if kind not in names:
        raise Unpriceable(f"the price book has no price for Lustre deployments of type {kind}")
    yield item(f"Lustre {kind.lower()}", size, Rate("AmazonFSx", names[kind]))


@estimator("aws:fsx/openZfsFileSystem:OpenZfsFileSystem", service="FSx")
def openzfs(it: Subject) -> Items:
    yield item("storage", it.number("storageCapacity"), Rate("AmazonFSx", "OpenZFS:Storage"))
    yield item("throughput", it.number("throughputCapacity"), Rate("AmazonFSx", "OpenZFS:Throughput"))


@estimator("aws:fsx/windowsFileSystem:WindowsFileSystem", service="FSx")
def windows(it: Subject) -> Items:
    zones = "MultiAZ" if it.text("deploymentType").startswith("MULTI") else "SingleAZ"
    disk = it.text("storageType", "SSD")
    yield item("storage", it.number("storageCapacity"), Rate("AmazonFSx", f"Windows:{zones}-{disk}"))
    yield item(
        "throughput", it.number("throughputCapacity"), Rate("AmazonFSx", f"Windows:{zones}-Throughput")
    )


@estimator("aws:backup/vault:Vault", service="Backup", usage=("backup_gb",))
def backup_vault(it: Subject) -> Items:
    it.assume("backup vaults hold EBS and RDS snapshots at the price of an EBS snapshot")
    yield item("backups", it.usage("backup_gb"), Rate("AmazonEC2-EBS", "EBS:SnapshotUsage"))


@estimator("aws:backup/plan:Plan", service="Backup", usage=("copied_gb",))
def backup_plan(it: Subject) -> Items:
    """What lies in vaults is theirs; a copy to another region's vault crosses regions."""
    for rule in it.sections("rules"):
        for action in rule.sections("copyActions"):
            there = _vault_region(it, action)
            if there == it.region:
                continue
            if not there:
                it.assume("a vault for copies outside of this plan is taken to be in another region")
            label = f"backups copied to {there or 'another region'}"
            rate = Rate("AWSDataTransfer", "AWS-Out-Bytes", region=it.region)
            yield item(label, it.usage("copied_gb"), rate, region=BETWEEN_REGIONS, copy=True)


def _vault_region(it: Subject, action: Section) -> str:
    """By reference, or as the ARN says it."""
    value = action.inputs.get("destinationVaultArn")
    for reference in references(value):
        found = it.graph.get(reference.urn)
        if found is not None and found.type == "aws:backup/vault:Vault":
            return it.of(found).region
    parts = value.split(":") if isinstance(value, str) else []
    return parts[3] if len(parts) > 3 else ""


@estimator("aws:ecr/repository:Repository", service="ECR", usage=("stored_gb",))
def ecr_repository(it: Subject) -> Items:
    yield item("images", it.usage("stored_gb"), Rate("AmazonECR", "TimedStorage-ByteHrs"))


@estimator(
    "aws:ecr/replicationConfiguration:ReplicationConfiguration",
    service="ECR",
    usage=("replicated_gb", "stored_gb"),
)
def ecr_replication(it: Subject) -> Items:
    """For each destination region: layers sent, and the images kept there."""
    found = it.section("replicationConfiguration")
    places = [d.text("region") for rule in found.sections("rules") for d in rule.sections("destinations")]
    for there in sorted({place for place in places if place and place != it.region}):
        moved = Rate("AWSDataTransfer", "AWS-Out-Bytes", region=it.region)
        yield item(
            f"images sent to {there}", it.usage("replicated_gb"), moved, region=BETWEEN_REGIONS, copy=True
        )
        if any(one.region == there for one in it.graph.of_type("aws:ecr/repository:Repository")):
            it.assume("what is replicated to repositories of this plan is stored there, and counted there")
            continue
        kept = Rate("AmazonECR", "TimedStorage-ByteHrs", region=there)
        yield item(f"images in {there}", it.usage("stored_gb"), kept, copy=True)


@estimator(
    "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration",
    service="Inspector",
    usage=("scanned_images", "scanned_again"),
)
def registry_scanning(it: Subject) -> Items:
    """Basic scanning is free, enhanced scanning is charged by Inspector: by the image, and by the rescan."""
    if it.text("scanType", "BASIC") != "ENHANCED":
        return
    yield item("images scanned", it.usage("scanned_images"), Rate("AmazonInspectorV2", "ECR-InitialScan"))
    yield item("images scanned again", it.usage("scanned_again"), Rate("AmazonInspectorV2", "ECR-Rescan"))


@estimator("aws:kinesis/stream:Stream", service="Kinesis", usage=("ingested_gb", "read_gb", "put_units"))
def kinesis_stream(it: Subject) -> Items:
    mode = it.section("streamModeDetails").text("streamMode", "PROVISIONED")
    if mode == "ON_DEMAND":
        yield item("stream", HOURS, Rate("AmazonKinesis", "OnDemand-StreamHour"))
        yield item("data in", it.usage("ingested_gb"), Rate("AmazonKinesis", "OnDemand-BilledIncomingBytes"))
        yield item("data out", it.usage("read_gb"), Rate("AmazonKinesis", "OnDemand-BilledOutgoingBytes"))
        return
    shards = it.number("shardCount", 1)
    yield item(f"{shards} shards", HOURS * shards, Rate("AmazonKinesis", "Storage-ShardHour"))
    yield item(
        "PUT payload units",
        it.usage("put_units") * Decimal("0.000001"),
        Rate("AmazonKinesis", "PutRequestPayloadUnits"),
    )
    if it.number("retentionPeriod", 24) > 24:
        yield item("extended retention", HOURS * shards, Rate("AmazonKinesis", "Extended-ShardHour"))


@estimator(
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", service="Kinesis", usage=("ingested_gb",)
)
def firehose(it: Subject) -> Items:
    ingested: Quantity = it.usage("ingested_gb")
    yield item("data ingested", ingested, Rate("AmazonKinesisFirehose", "BilledBytes"))
    conversion = it.section("extendedS3Configuration").section("dataFormatConversionConfiguration")
    if conversion and conversion.flag("enabled", True):
        yield item("format conversion", ingested, Rate("AmazonKinesisFirehose", "DataFormatConversion-Bytes"))
