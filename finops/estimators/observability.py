"""Logs, metrics, alarms, dashboards."""

from __future__ import annotations

from decimal import Decimal

from finops.estimators.registry import Items, estimator
from finops.estimators.subject import Rate, Subject, item
from finops.quantity import Quantity


def cloudwatch(usage_type: str) -> Rate:
    return Rate("AmazonCloudWatch", usage_type)


@estimator(
    "aws:cloudwatch/logGroup:LogGroup", service="CloudWatch", usage=("ingested_gb", "stored_gb", "queried_gb")
)
def log_group(it: Subject) -> Items:
    """Ingestion by the log group's class, what is kept, and what Logs Insights reads."""
    infrequent = it.text("logGroupClass", "STANDARD") == "INFREQUENT_ACCESS"
    yield item(
        "logs ingested",
        it.usage("ingested_gb"),
        cloudwatch("DataProcessingIA-Bytes" if infrequent else "DataProcessing-Bytes"),
    )
    yield item("logs kept", it.usage("stored_gb"), cloudwatch("TimedStorage-ByteHrs"))
    yield item("logs queried", it.usage("queried_gb"), cloudwatch("DataScanned-Bytes"))


@estimator("aws:cloudwatch/metricAlarm:MetricAlarm", service="CloudWatch")
def metric_alarm(it: Subject) -> Items:
    """By the metric that the alarm evaluates; below a minute it is of high resolution."""
    queries = it.sections("metricQueries")
    metrics = sum(1 for query in queries if query.section("metric")) or 1
    periods = [query.section("metric").number("period", 300) for query in queries if query.section("metric")]
    period = min([*periods, it.number("period", 300)])
    kind = "CW:HighResAlarmMonitorUsage" if period < 60 else "CW:AlarmMonitorUsage"
    yield item("alarm", Decimal(metrics), cloudwatch(kind))


@estimator("aws:cloudwatch/compositeAlarm:CompositeAlarm", service="CloudWatch")
def composite_alarm(it: Subject) -> Items:
    yield item("composite alarm", 1, cloudwatch("CW:CompositeAlarmMonitorUsage"))


@estimator("aws:cloudwatch/dashboard:Dashboard", service="CloudWatch")
def dashboard(it: Subject) -> Items:
    yield item("dashboard", 1, cloudwatch("DashboardsUsageHour"))


@estimator("aws:cloudwatch/logMetricFilter:LogMetricFilter", service="CloudWatch", usage=("metrics",))
def metric_filter(it: Subject) -> Items:
    """The filter is free; each custom metric it writes is charged by the month: one, or one for each value
    of its dimensions that occurs."""
    dimensions = it.section("metricTransformation").section("dimensions")
    written = it.usage("metrics") if dimensions else Quantity.exactly(1)
    yield item("custom metric", written, cloudwatch("CW:MetricMonitorUsage"))


@estimator("aws:synthetics/canary:Canary", service="CloudWatch", usage=("runs",))
def canary(it: Subject) -> Items:
    yield item("canary runs", it.usage("runs"), cloudwatch("Canary-runs"))


@estimator("aws:amp/workspace:Workspace", service="Prometheus", usage=("million_samples",))
def prometheus(it: Subject) -> Items:
    yield item(
        "samples ingested", it.usage("million_samples"), Rate("AmazonPrometheus", "AMP:MetricSampleCount")
    )


@estimator("aws:grafana/workspace:Workspace", service="Grafana", usage=("editors", "viewers"))
def grafana(it: Subject) -> Items:
    yield item("editors and administrators", it.usage("editors"), Rate("AmazonGrafana", "AMG:EditorUser"))
    yield item("viewers", it.usage("viewers"), Rate("AmazonGrafana", "AMG:ViewerUser"))


@estimator("aws:xray/group:Group", service="X-Ray", usage=("million_traces",))
def xray_group(it: Subject) -> Items:
    yield item("traces recorded", it.usage("million_traces"), Rate("AWSXRay", "XRay-TracesStored"))
