"""Data and machine learning: Glue, Athena, Airflow, search, warehouses, brokers, SageMaker."""

from __future__ import annotations

from decimal import Decimal

from finops.estimators.registry import Items, estimator
from finops.estimators.subject import Rate, Subject, Undetermined, Unpriceable, item
from finops.quantity import HOURS, Quantity

MILLIONTH = Decimal("0.000001")


@estimator("aws:glue/catalogDatabase:CatalogDatabase", service="Glue", usage=("requests", "objects"))
def glue_database(it: Subject) -> Items:
    """A million objects and a million requests a month are free; the rest is charged."""
    it.assume("Glue's free million of catalogue objects and of requests is taken for each database")
    million = 1_000_000
    yield item(
        "catalogue objects",
        it.usage("objects").over(million) * Decimal("0.00001"),
        Rate("AWSGlue", "Catalog-Storage"),
    )
    yield item(
        "catalogue requests",
        it.usage("requests").over(million) * MILLIONTH,
        Rate("AWSGlue", "Catalog-Request"),
    )


@estimator("aws:glue/crawler:Crawler", service="Glue", usage=("dpu_hours",))
def glue_crawler(it: Subject) -> Items:
    yield item("crawling", it.usage("dpu_hours"), Rate("AWSGlue", "Crawler-DPU-Hour"))


@estimator("aws:glue/job:Job", service="Glue", usage=("running_hours",))
def glue_job(it: Subject) -> Items:
    """Run time times capacity: a G.1X worker is one DPU, G.2X two."""
    sizes = {
        "Standard": Decimal(1),
        "G.025X": Decimal("0.25"),
        "G.1X": Decimal(1),
        "G.2X": Decimal(2),
        "G.4X": Decimal(4),
        "G.8X": Decimal(8),
    }
    kind = it.text("workerType")
    if kind and kind not in sizes:
        raise Unpriceable(f"how many DPUs a worker of type {kind} has is not in the price book")
    dpus = it.number("numberOfWorkers", 10) * sizes[kind] if kind else it.number("maxCapacity", 10)
    yield item("job runs", it.usage("running_hours") * dpus, Rate("AWSGlue", "ETL-DPU-Hour"))


@estimator("aws:athena/workgroup:Workgroup", service="Athena", usage=("scanned_tb",))
def athena_workgroup(it: Subject) -> Items:
    yield item("data scanned", it.usage("scanned_tb"), Rate("AmazonAthena", "DataScannedInTB"))


@estimator("aws:mwaa/environment:Environment", service="Airflow", usage=("average_workers", "stored_gb"))
def airflow(it: Subject) -> Items:
    kind = it.text("environmentClass", "mw1.small")
    low, high = it.number("minWorkers", 1), it.number("maxWorkers", 10)
    workers = Quantity.between(
        low, it.usage("average_workers").expected, high, f"average_workers, scales from {low} to {high}"
    )
    yield item(f"environment {kind}", HOURS, Rate("AmazonMWAA", f"MWAA-Environment:{kind}"))
    # The first worker is part of the environment.
    yield item("additional workers", workers.over(1) * HOURS, Rate("AmazonMWAA", f"MWAA-Worker:{kind}"))
    yield item("metadata database", it.usage("stored_gb"), Rate("AmazonMWAA", "MWAA-Storage"))


@estimator("aws:opensearch/domain:Domain", "aws:elasticsearch/domain:Domain", service="OpenSearch")
def search_domain(it: Subject) -> Items:
    shape = it.section("clusterConfig")
    kind, count = shape.text("instanceType", "m4.large.search"), shape.number("instanceCount", 1)
    yield item(f"{count} x {kind}", HOURS * count, search(kind))
    if shape.flag("dedicatedMasterEnabled"):
        kind, masters = shape.text("dedicatedMasterType", kind), shape.number("dedicatedMasterCount", 3)
        yield item(f"{masters} masters {kind}", HOURS * masters, search(kind))
    if shape.flag("warmEnabled"):
        kind, warm = shape.text("warmType"), shape.number("warmCount")
        yield item(f"{warm} warm {kind}", HOURS * warm, search(kind))
    disk = it.section("ebsOptions")
    if disk.flag("ebsEnabled"):
        volume = disk.text("volumeType", "gp2")
        yield item(
            f"storage {volume}", disk.number("volumeSize") * count, Rate("AmazonES", f"ES:{volume}-Storage")
        )


def search(kind: str) -> Rate:
    """Elasticsearch's instance types are OpenSearch's under another ending, at the same price."""
    return Rate("AmazonES", f"ESInstance:{kind.removesuffix('.elasticsearch').removesuffix('.search')}")


@estimator("aws:redshift/cluster:Cluster", service="Redshift")
def redshift_cluster(it: Subject) -> Items:
    kind, nodes = it.text("nodeType"), it.number("numberOfNodes", 1)
    yield item(f"{nodes} x {kind}", HOURS * nodes, Rate("AmazonRedshift", f"Node:{kind}"))


@estimator("aws:msk/cluster:Cluster", service="MSK")
def msk_cluster(it: Subject) -> Items:
    brokers, group = it.number("numberOfBrokerNodes"), it.section("brokerNodeGroupInfo")
    kind = group.text("instanceType")
    yield item(
        f"{brokers} x {kind}", HOURS * brokers, Rate("AmazonMSK", f"Kafka.{kind.removeprefix('kafka.')}")
    )
    size = group.section("storageInfo").section("ebsStorageInfo").number("volumeSize")
    yield item("broker storage", size * brokers, Rate("AmazonMSK", "Kafka.Storage.GP2"))


BROKERS = {"SINGLE_INSTANCE": 1, "ACTIVE_STANDBY_MULTI_AZ": 2, "CLUSTER_MULTI_AZ": 3}


@estimator("aws:mq/broker:Broker", service="MQ")
def mq_broker(it: Subject) -> Items:
    kind, mode, name = (
        it.text("hostInstanceType"),
        it.text("deploymentMode", "SINGLE_INSTANCE"),
        it.text("engineType"),
    )
    if mode not in BROKERS:
        raise Unpriceable(f"MQ has no deployment mode {mode!r}")
    count = BROKERS[mode]
    yield item(
        f"{count} x {kind}",
        HOURS * count,
        Rate("AmazonMQ", f"Instance:{kind}", attributes={"brokerEngine": name.lower()}),
    )


@estimator("aws:docdb/clusterInstance:ClusterInstance", service="DocumentDB")
def docdb_instance(it: Subject) -> Items:
    kind = it.text("instanceClass")
    yield item(kind, HOURS, Rate("AmazonDocDB", f"InstanceUsage:{kind}"))


@estimator("aws:docdb/cluster:Cluster", service="DocumentDB", usage=("stored_gb", "io_requests"))
def docdb_cluster(it: Subject) -> Items:
    yield item("storage", it.usage("stored_gb"), Rate("AmazonDocDB", "StorageUsage"))
    yield item("I/O requests", it.usage("io_requests") * MILLIONTH, Rate("AmazonDocDB", "StorageIOUsage"))


@estimator("aws:codebuild/project:Project", service="CodeBuild", usage=("build_minutes",))
def codebuild(it: Subject) -> Items:
    shape = it.section("environment")
    size, kind = (
        shape.text("computeType").removeprefix("BUILD_").lower(),
        shape.text("type", "LINUX_CONTAINER"),
    )
    system = {"LINUX_CONTAINER": "Linux", "WINDOWS_CONTAINER": "Windows", "ARM_CONTAINER": "ARM"}.get(
        kind, kind
    )
    yield item(
        f"build minutes {size}", it.usage("build_minutes"), Rate("CodeBuild", f"Build-Min:{system}:{size}")
    )


@estimator("aws:sagemaker/endpoint:Endpoint", service="SageMaker", usage=("average_instances",))
def sagemaker_endpoint(it: Subject) -> Items:
    """Instances of each production and shadow variant, or serverless calls, by the endpoint's configuration."""
    kind = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
    found = it.linked("endpointConfigName", kind)
    if found is None:
        raise Undetermined("endpointConfigName", "leads to a configuration that is not part of this plan")
    config = it.of(found)
    for variant in (*config.sections("productionVariants"), *config.sections("shadowProductionVariants")):
        if variant.section("serverlessConfig"):
            raise Unpriceable(
                "serverless endpoints are charged by the second of inference, which nothing here states"
            )
        count = variant.number("initialInstanceCount", 1)
        stated = it.usage("average_instances").expected
        limits = [it.of(t).number("maxCapacity") for t in it.dependents("aws:appautoscaling/target:Target")]
        most = max([count, stated, *limits])
        number = Quantity.between(count, stated or count, most, "autoscaling of the variant")
        name = variant.text("variantName", "variant")
        yield item(
            f"{name} {variant.text('instanceType')}",
            number * HOURS,
            sagemaker(f"Host:{variant.text('instanceType')}"),
        )


def sagemaker(usage_type: str) -> Rate:
    return Rate("AmazonSageMaker", usage_type)


@estimator("aws:sagemaker/notebookInstance:NotebookInstance", service="SageMaker", usage=("running_hours",))
def sagemaker_notebook(it: Subject) -> Items:
    yield item(
        f"notebook {it.text('instanceType')}",
        it.usage("running_hours"),
        sagemaker(f"Notebk:{it.text('instanceType')}"),
    )


@estimator(
    "aws:sagemaker/featureGroup:FeatureGroup",
    service="SageMaker",
    usage=("write_requests", "read_requests", "stored_gb"),
)
def sagemaker_feature_group(it: Subject) -> Items:
    if not it.section("onlineStoreConfig").flag("enableOnlineStore"):
        return
    yield item("writes", it.usage("write_requests") * MILLIONTH, sagemaker("FeatureStore:WriteRequestUnits"))
    yield item("reads", it.usage("read_requests") * MILLIONTH, sagemaker("FeatureStore:ReadRequestUnits"))
    yield item("storage", it.usage("stored_gb"), sagemaker("FeatureStore:TimedStorage-ByteHrs"))
