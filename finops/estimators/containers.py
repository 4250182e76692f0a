"""Clusters and containers: EKS with its node groups, ECS on Fargate."""

from __future__ import annotations

from decimal import Decimal

from finops.estimators.compute import (
    disk,
    disk_of,
    instance_hours,
    instance_type_of_template,
    public_ipv4,
    sized,
)
from finops.estimators.registry import Items, estimator
from finops.estimators.subject import Rate, Subject, Undetermined, Unpriceable, item
from finops.quantity import HOURS, Quantity
from plan.graph import Resource


@estimator("aws:eks/cluster:Cluster", service="EKS")
def eks_cluster(it: Subject) -> Items:
    """The control plane; a cluster that may enter extended support costs six times as much then."""
    yield item("control plane", HOURS, Rate("AmazonEKS", "AmazonEKS-Hours:perCluster"))
    if it.section("upgradePolicy").text("supportType", "EXTENDED") == "EXTENDED":
        late = Quantity.between(0, 0, HOURS, "upgradePolicy.supportType EXTENDED: an outdated version stays")
        yield item("extended support", late, Rate("AmazonEKS", "AmazonEKS-Hours:extendedSupport"))
    if it.section("computeConfig").flag("enabled"):
        it.assume("the surcharge of EKS Auto Mode on its nodes is not priced")


@estimator("aws:eks/nodeGroup:NodeGroup", service="EC2", usage=("average_instances",))
def node_group(it: Subject) -> Items:
    scaling = it.section("scalingConfig")
    low, high = scaling.number("minSize"), scaling.number("maxSize")
    count = sized(it, low, scaling.number("desiredSize", low), high, key="average_instances")
    kinds, template = [str(kind) for kind in it.items("instanceTypes")], None
    if it.states("launchTemplate"):
        kind, template = instance_type_of_template(it, it, "launchTemplate")
        kinds = kinds or ([kind] if kind else [])
    if len(kinds) > 1:
        it.assume("a group of several instance types is priced as its first type")
    option = "spot" if it.text("capacityType", "ON_DEMAND") == "SPOT" else "on_demand"
    yield instance_hours("nodes", count * HOURS, kinds[0] if kinds else "t3.medium", option)
    blocks = template.sections("blockDeviceMappings") if template else []
    for block in blocks:
        yield from disk_of(block.section("ebs"), 20, count=count, label="node disk")
    if not blocks:
        yield from disk(Quantity.exactly(it.number("diskSize", 20)), "gp3", count=count, label="node disk")


@estimator("aws:eks/fargateProfile:FargateProfile", service="EKS", usage=("vcpu_hours", "memory_gb_hours"))
def fargate_profile(it: Subject) -> Items:
    yield item("vCPU", it.usage("vcpu_hours"), Rate("AmazonECS", "Fargate-vCPU-Hours:perCPU"))
    yield item("memory", it.usage("memory_gb_hours"), Rate("AmazonECS", "Fargate-GB-Hours"))


@estimator("aws:eks/capability:Capability", service="EKS")
def eks_capability(it: Subject) -> Items:
    kind = it.text("type").upper()
    yield item(f"capability {kind}", HOURS, Rate("AmazonEKS", f"AmazonEKS-Hours:Capability-{kind}"))


@estimator("aws:ecs/service:Service", service="ECS", usage=("average_tasks",))
def ecs_service(it: Subject) -> Items:
    """Fargate tasks by vCPU and memory; tasks on EC2 cost what their instances cost."""
    launch = it.text("launchType", "")
    providers = {str(s.value("capacityProvider")) for s in it.sections("capacityProviderStrategies")}
    if launch != "FARGATE" and not any(name.startswith("FARGATE") for name in providers):
        return
    task = _task(it)
    cpu, memory = task.number("cpu") / 1024, task.number("memory") / 1024
    if not cpu or not memory:
        raise Undetermined("cpu", "or `memory` of the task definition is not stated")
    count = _tasks(it)
    platform = task.section("runtimePlatform")
    if platform.text("operatingSystemFamily").startswith("WINDOWS"):
        for name, amount, what in (("vCPU", cpu, "vCPU-Hours:perCPU"), ("Windows", cpu, "OS-Hours:perCPU"), ("memory", memory, "GB-Hours")):  # fmt: skip
            yield item(name, count * HOURS * amount, Rate("AmazonECS", f"Fargate-Windows-{what}"))
        return
    arm = "ARM-" if platform.text("cpuArchitecture") == "ARM64" else ""
    spot = "SpotUsage-" if providers == {"FARGATE_SPOT"} else ""
    yield item("vCPU", count * HOURS * cpu, Rate("AmazonECS", f"{spot}Fargate-{arm}vCPU-Hours:perCPU"))
    yield item("memory", count * HOURS * memory, Rate("AmazonECS", f"{spot}Fargate-{arm}GB-Hours"))
    extra = task.section("ephemeralStorage").number("sizeInGib", 20) - 20
    if extra > 0:
        yield item(
            "ephemeral storage", count * HOURS * extra, Rate("AmazonECS", "Fargate-EphemeralStorage-GB-Hours")
        )
    if it.section("networkConfiguration").flag("assignPublicIp"):
        yield public_ipv4(count)


def _task(it: Subject) -> Subject:
    found = it.linked("taskDefinition", "aws:ecs/taskDefinition:TaskDefinition")
    if found is None:
        raise Undetermined("taskDefinition", "is not part of this plan")
    return it.of(found)


def _tasks(it: Subject) -> Quantity:
    """How many tasks run: the desired count, or what an autoscaling target allows."""
    desired = it.number("desiredCount", 1)
    for target in _targets(it):
        scaling = it.of(target)
        return sized(
            it, scaling.number("minCapacity"), desired, scaling.number("maxCapacity"), key="average_tasks"
        )
    return Quantity.exactly(desired)


def _targets(it: Subject) -> list[Resource]:
    found = it.dependents("aws:appautoscaling/target:Target")
    return [target for target in found if target.inputs.get("serviceNamespace") == "ecs"]


@estimator("aws:apprunner/service:Service", service="App Runner", usage=("active_hours",))
def apprunner_service(it: Subject) -> Items:
    shape = it.section("instanceConfiguration")
    cpu, memory = _units(shape.text("cpu", "1024")), _units(shape.text("memory", "2048"))
    yield item("provisioned memory", HOURS * memory, Rate("AWSAppRunner", "AppRunner-Provisioned-GB-hours"))
    yield item("active vCPU", it.usage("active_hours") * cpu, Rate("AWSAppRunner", "AppRunner-vCPU-hours"))


def _units(text: str) -> Decimal:
    """`1024` and `1 vCPU` are both one."""
    try:
        number = Decimal(text.split()[0])
    except (ArithmeticError, IndexError) as error:
        raise Unpriceable(f"{text!r} is no size of an App Runner instance") from error
    return number if number < 64 else number / 1024
