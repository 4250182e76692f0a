"""Pipelines: compute of AWS Batch by what its steps use, quality gates by Glue's capacity."""

from __future__ import annotations

from finops.estimators.compute import disk_of, instance_hours
from finops.estimators.registry import Items, estimator
from finops.estimators.subject import Rate, Subject, Unpriceable, item
from finops.instances import instances
from finops.quantity import HOURS, Quantity


@estimator(
    "aws:batch/computeEnvironment:ComputeEnvironment", service="Batch",
    usage=("vcpu_hours", "memory_gb_hours", "instance_hours"),
)  # fmt: skip
def compute_environment(it: Subject) -> Items:
    """Batch itself is free; what it starts is paid by the second, and at most all of `maxVcpus` all month."""
    resources = it.section("computeResources")
    kind, most = resources.text("type"), resources.number("maxVcpus")
    because = f"computeResources.maxVcpus {most}"
    if kind.startswith("FARGATE"):
        if kind == "FARGATE_SPOT":
            it.assume("spare capacity of Fargate is priced as its regular capacity, which is never cheaper")
        vcpus = it.usage("vcpu_hours", limit=most * HOURS, because=because)
        # A task on Fargate has at most 8 GB for each vCPU.
        memory = it.usage("memory_gb_hours", limit=8 * most * HOURS, because=because)
        yield item("vCPU", vcpus, Rate("AmazonECS", "Fargate-vCPU-Hours:perCPU"), service="ECS")
        yield item("memory", memory, Rate("AmazonECS", "Fargate-GB-Hours"), service="ECS")
        return
    types = [str(name) for name in (resources.value("instanceTypes") or [])]
    first = types[0] if types else "optimal"
    if len(types) > 1:
        it.assume("a compute environment of several instance types is priced as its first type")
    if first not in instances():
        raise Unpriceable(f"how many vCPUs an instance of type {first} has is not in the price book")
    hours = it.usage("instance_hours", limit=most / instances()[first].vcpu * HOURS, because=because)
    yield instance_hours("instances", hours, first, "spot" if kind == "SPOT" else "on_demand")
    yield from _disks(it, hours)


def _disks(it: Subject, hours: Quantity) -> Items:
    """Disks of the launch template, as long as their instances run."""
    found = it.linked("computeResources", "aws:ec2/launchTemplate:LaunchTemplate")
    if found is None:
        return
    for block in it.of(found).sections("blockDeviceMappings"):
        count = hours * (1 / HOURS)
        yield from disk_of(block.section("ebs"), 30, count=count, label="instance disk")


@estimator("aws:glue/dataQualityRuleset:DataQualityRuleset", service="Glue", usage=("dpu_hours",))
def ruleset(it: Subject) -> Items:
    """The ruleset is free, each evaluation is paid by the capacity that it takes."""
    yield item("evaluations", it.usage("dpu_hours"), Rate("AWSGlue", "ETL-DPU-Hour"))
