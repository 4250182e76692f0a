"""Instances and what runs them: EC2, Auto Scaling groups, capacity reservations, disks."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from finops.estimators.registry import Items, estimator
from finops.estimators.subject import Item, Rate, Section, Subject, Undetermined, Unpriceable, item
from finops.quantity import HOURS, Quantity

__all__ = ["disk", "instance_hours", "instance_type_of_template", "public_ipv4", "to_the_internet"]

INCLUDED_IOPS = 3000
INCLUDED_THROUGHPUT = 125
VOLUMES = {
    "gp2": "EBS:VolumeUsage.gp2", "gp3": "EBS:VolumeUsage.gp3", "io1": "EBS:VolumeUsage.piops",
    "io2": "EBS:VolumeUsage.io2", "st1": "EBS:VolumeUsage.st1", "sc1": "EBS:VolumeUsage.sc1",
    "standard": "EBS:VolumeUsage",
}  # fmt: skip
IOPS = {"io1": "EBS:VolumeP-IOPS.piops", "io2": "EBS:VolumeP-IOPS.io2"}
IO2_STEPS = ((32_000, 32_000, ".tier2"), (64_000, None, ".tier3"))
"""From which IOPS of one io2 volume a lower price holds, for how many, and what its usage type ends in."""


def ebs(usage_type: str) -> Rate:
    return Rate("AmazonEC2-EBS", usage_type)


def instance_hours(
    name: str, hours: Quantity | Decimal, instance_type: str, option: str = "on_demand"
) -> Item:
    """Hours of one EC2 instance type, Linux, shared tenancy."""
    how = "spot" if option == "spot" else "on demand"
    rate = Rate("AmazonEC2", f"BoxUsage:{instance_type}", purchase_option=option)
    return item(f"{name} {instance_type}, {how}", hours, rate, service="EC2")


def public_ipv4(count: Quantity | Decimal | int = 1) -> Item:
    """Public IPv4 addresses: charged by the hour whether used or not."""
    amount = count if isinstance(count, Quantity) else Quantity.exactly(count)
    return item(
        "public IPv4 address", amount * HOURS, Rate("AmazonVPC", "PublicIPv4:InUseAddress"), service="VPC"
    )


def to_the_internet(it: Subject) -> Item:
    """GB that leave AWS for the internet, in the tiers of the resource's region."""
    return item(
        "data to the internet", it.usage("internet_gb"), Rate("AWSDataTransfer", "DataTransfer-Out-Bytes")
    )


def disk(
    size: Quantity, kind: str, iops: Decimal = Decimal(0), throughput: Decimal = Decimal(0), *,
    count: Quantity | None = None, label: str = "disk",
) -> Iterator[Item]:  # fmt: skip
    """EBS storage of `size` GB each, with what is provisioned beyond the included IOPS and MiB/s."""
    if kind not in VOLUMES:
        raise Unpriceable(f"EBS has no volume type {kind!r}")
    disks = count or Quantity.exactly(1)
    yield item(f"{label} {kind}", size * disks, ebs(VOLUMES[kind]), service="EBS")
    if kind == "gp3":
        extra = max(iops - INCLUDED_IOPS, Decimal(0))
        if extra:
            yield item(f"{label} IOPS above 3,000", disks * extra, ebs("EBS:VolumeP-IOPS.gp3"), service="EBS")
        extra = max(throughput - INCLUDED_THROUGHPUT, Decimal(0))
        if extra:
            rate = ebs("EBS:VolumeP-Throughput.gp3")
            yield item(f"{label} throughput above 125 MiB/s", disks * extra, rate, service="EBS")
    elif kind in IOPS and iops:
        first = min(iops, Decimal(IO2_STEPS[0][0])) if kind == "io2" else iops
        yield item(f"{label} IOPS", disks * first, ebs(IOPS[kind]), service="EBS")
        for start, width, ending in IO2_STEPS if kind == "io2" else ():
            above = max(iops - start, Decimal(0))
            if above:
                amount = disks * (above if width is None else min(above, Decimal(width)))
                rate = ebs(IOPS[kind] + ending)
                yield item(f"{label} IOPS above {start:,}", amount, rate, service="EBS")


def disk_of(
    section: Section, default_size: int, *, count: Quantity | None = None, label: str
) -> Iterator[Item]:
    """The disk that a `rootBlockDevice`, `ebsBlockDevices` or template's `ebs` block describes."""
    if not section:
        section.subject.assume(f"a root disk without a stated size has {default_size} GB of gp3")
    elif section.value("volumeSize") is None:
        section.subject.assume("a disk without a stated size is as big as its image: 8 GB")
    size = Quantity.exactly(section.number("volumeSize", default_size))
    kind = section.text("volumeType", "gp3")
    yield from disk(
        size, kind, section.number("iops"), section.number("throughput"), count=count, label=label
    )


def instance_type_of_template(
    subject: Subject, section: Section | Subject, property: str
) -> tuple[str, Subject | None]:
    """The instance type a launch template names; the template is found by reference."""
    template = subject.linked(
        property, "aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/launchConfiguration:LaunchConfiguration"
    )
    if template is None:
        raise Undetermined(property, "names a launch template that is not part of this plan")
    found = subject.of(template)
    return found.text("instanceType"), found


@estimator("aws:ec2/instance:Instance", service="EC2", usage=("running_hours", "internet_gb"))
def instance(it: Subject) -> Items:
    kind = it.text("instanceType")
    if not kind:
        kind, _ = instance_type_of_template(it, it, "launchTemplate")
    if it.text("tenancy", "default") not in ("", "default"):
        raise Unpriceable("the price book has shared tenancy only, and this instance has dedicated tenancy")
    market = it.section("instanceMarketOptions").text("marketType")
    it.assume("instances run Linux")
    yield instance_hours(
        "instance", it.usage("running_hours"), kind, "spot" if market == "spot" else "on_demand"
    )
    yield from disk_of(it.section("rootBlockDevice"), 8, label="root disk")
    for number, block in enumerate(it.sections("ebsBlockDevices"), 1):
        yield from disk_of(block, 8, label=f"disk {number}")
    if _has_public_address(it):
        yield public_ipv4()
    yield to_the_internet(it)


def _has_public_address(it: Subject) -> bool:
    if it.value("associatePublicIpAddress") is not None:
        return it.flag("associatePublicIpAddress")
    subnet = it.linked("subnetId", "aws:ec2/subnet:Subnet")
    return subnet is not None and it.of(subnet).flag("mapPublicIpOnLaunch")


@estimator("aws:ec2/spotInstanceRequest:SpotInstanceRequest", service="EC2", usage=("running_hours",))
def spot_instance(it: Subject) -> Items:
    yield instance_hours("instance", it.usage("running_hours"), it.text("instanceType"), "spot")
    yield from disk_of(it.section("rootBlockDevice"), 8, label="root disk")


@estimator("aws:ec2/capacityReservation:CapacityReservation", service="EC2")
def capacity_reservation(it: Subject) -> Items:
    """Charged like the instances, whether they run in it or not; instances that do are not charged again."""
    it.assume("capacity reservations are charged in full, as if no instance of this plan ran in them")
    yield instance_hours("reserved capacity", HOURS * it.number("instanceCount"), it.text("instanceType"))


@estimator("aws:ec2/capacityBlockReservation:CapacityBlockReservation", service="EC2", usage=("block_hours",))
def capacity_block(it: Subject) -> Items:
    """Paid once, in advance, for a number of hours of an instance type; both are its offering's.

    The offering is a number that only AWS can read, so the type is known after the purchase, and the
    hours of all instances together are stated in the usage file.
    """
    kind, hours = it.text("instanceType"), it.usage("block_hours")
    if not kind or not hours.ceiling:
        raise Unpriceable(
            "a capacity block is paid once, in advance, at the price of its offering: "
            "state `block_hours` and the instance type to see it"
        )
    it.assume("a capacity block is charged in the month it is bought")
    yield item(f"capacity block {kind}", hours, Rate("AmazonEC2", f"CapacityBlock:{kind}"))


@estimator("aws:autoscaling/group:Group", service="EC2", usage=("average_instances",))
def autoscaling_group(it: Subject) -> Items:
    low, high = it.number("minSize"), it.number("maxSize")
    count = sized(it, low, it.number("desiredCapacity", low), high, key="average_instances")
    policy = it.section("mixedInstancesPolicy")
    property = "launchTemplate" if it.states("launchTemplate") else "launchConfiguration"
    property = "mixedInstancesPolicy" if policy else property
    kind, template = instance_type_of_template(it, it, property)
    overrides = policy.section("launchTemplate").sections("overrides")
    if overrides and (first := overrides[0].text("instanceType")):
        kind = first
        it.assume("a group of several instance types is priced as its first type")
    if not kind:
        raise Undetermined("instanceType", "of the launch template is chosen during deployment")
    spot = _spot_share(policy.section("instancesDistribution")) if policy else Decimal(0)
    if spot < 1:
        yield instance_hours("instances", count * HOURS * (1 - spot), kind)
    if spot > 0:
        yield instance_hours("instances", count * HOURS * spot, kind, "spot")
    for block in template.sections("blockDeviceMappings") if template else ():
        yield from disk_of(block.section("ebs"), 8, count=count, label="disk")


def _spot_share(distribution: Section) -> Decimal:
    return 1 - distribution.number("onDemandPercentageAboveBaseCapacity", 100) / 100


def sized(it: Subject, low: Decimal, desired: Decimal, high: Decimal, *, key: str) -> Quantity:
    """Instances of a scaling group: its minimum, what is stated or desired, its maximum."""
    stated = it.usage(key)
    expected = stated.expected if stated.expected else desired
    return Quantity.between(low, expected, max(high, low), f"{key}, scales from {low} to {high}")


@estimator("aws:ebs/volume:Volume", service="EBS")
def volume(it: Subject) -> Items:
    size = Quantity.exactly(it.number("size"))
    if not size.ceiling:
        raise Undetermined("size", "is not stated: it is that of the snapshot")
    yield from disk(size, it.text("type", "gp2"), it.number("iops"), it.number("throughput"), label="volume")


@estimator(
    "aws:ebs/snapshot:Snapshot",
    "aws:ebs/snapshotCopy:SnapshotCopy",
    service="EBS",
    usage=("snapshot_gb", "restored_gb"),
)
def snapshot(it: Subject) -> Items:
    archived = it.text("storageTier", "standard") == "archive"
    kind = "EBS:SnapshotArchiveStorage" if archived else "EBS:SnapshotUsage"
    yield item("snapshot", it.usage("snapshot_gb"), ebs(kind))
    if archived:
        yield item(
            "snapshot taken out of the archive", it.usage("restored_gb"), ebs("EBS:SnapshotArchiveRetrieval")
        )


@estimator(
    "aws:ebs/fastSnapshotRestore:FastSnapshotRestore", service="EBS", usage=("running_hours",)
)  # fmt: skip
def fast_snapshot_restore(it: Subject) -> Items:
    """By the hour for one snapshot in one zone; the shortest charge is an hour."""
    yield item("fast restore", it.usage("running_hours"), ebs("EBS:FastSnapshotRestore"))


@estimator(
    "aws:ec2/ami:Ami",
    "aws:ec2/amiCopy:AmiCopy",
    "aws:ec2/amiFromInstance:AmiFromInstance",
    service="EBS",
    usage=("snapshot_gb",),
)
def image(it: Subject) -> Items:
    yield item("snapshots of the image", it.usage("snapshot_gb"), ebs("EBS:SnapshotUsage"))
