"""Running it: logs that end, keys that turn, costs that somebody meant."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rule import rule
from policies.view import View

NAT = "aws:ec2/natGateway:NatGateway"


@rule(
    id="log-retention",
    types=("aws:cloudwatch/logGroup:LogGroup",),
    severity="low",
    level="advisory",
    rationale="Logs without an end are kept, and paid for, for ever.",
    fix="set retentionInDays (30 is usual, 400 for an audit trail)",
    frameworks=("AWS FSBP CloudWatch.16",),
)
def log_retention(group: View) -> Iterator[str]:
    if not group.get("retentionInDays") and group.get("logGroupClass") != "DELIVERY":
        yield "keeps its logs for ever: retentionInDays is not set"


@rule(
    id="kms-rotation",
    types=("aws:kms/key:Key",),
    severity="medium",
    level="mandatory",
    rationale="A key that never turns protects everything ever written with one secret.",
    fix="set enableKeyRotation to true",
    frameworks=("CIS AWS 3.0 3.6", "AWS FSBP KMS.4"),
)
def kms_rotation(key: View) -> Iterator[str]:
    """Only symmetric keys of KMS itself can rotate."""
    symmetric = key.get("customerMasterKeySpec") in (None, "SYMMETRIC_DEFAULT")
    encrypts = key.get("keyUsage") in (None, "ENCRYPT_DECRYPT")
    if symmetric and encrypts and not key.given("customKeyStoreId") and not key.flag("enableKeyRotation"):
        yield "does not rotate"


@rule(
    id="capacity-block-needs-approval",
    types=("aws:ec2/capacityBlockReservation:CapacityBlockReservation",),
    severity="critical",
    level="mandatory",
    rationale="Creating it spends the whole reservation's price at once, and it cannot be deleted.",
    fix="have it approved: an exemption of this rule that names this resource, the reason and an `until` date",
)
def capacity_block(reservation: View) -> Iterator[str]:
    yield "buys a capacity block, which spends money at once and cannot be undone"


@rule(
    id="nat-per-zone-in-development",
    types=(NAT,),
    scope="stack",
    reads=("environment_class",),
    severity="low",
    level="advisory",
    rationale="A development environment does not need outgoing traffic to survive a zone, and each NAT gateway costs by the hour.",
    fix="set network.nat to single for this environment",
)
def nat_per_zone(nat: View) -> Iterator[str]:
    if not nat.is_development:
        return
    here = [
        one
        for one in nat.all_of(NAT)
        if one.resource.region == nat.resource.region and one.resource.stack == nat.resource.stack
    ]
    if len(here) > 1 and here[0].urn == nat.urn:
        yield f"is one of {len(here)} NAT gateways in {nat.resource.region or 'its region'}, where one would do"


@rule(
    id="single-nat-in-production",
    types=(NAT,),
    scope="stack",
    reads=("environment_class",),
    severity="medium",
    level="advisory",
    rationale="When the zone of the only NAT gateway fails, every private subnet of the region loses its way out.",
    fix="set network.nat to per-zone for this environment",
)
def single_nat(nat: View) -> Iterator[str]:
    here = [
        one
        for one in nat.all_of(NAT)
        if one.resource.region == nat.resource.region and one.resource.stack == nat.resource.stack
    ]
    if nat.is_production and len(here) == 1 and nat.get("availabilityMode") != "regional":
        yield f"is the only NAT gateway in {nat.resource.region or 'its region'}"


@rule(
    id="cluster-audit-logs",
    types=("aws:eks/cluster:Cluster",),
    reads=("environment_class",),
    severity="medium",
    level="mandatory",
    rationale="Without the audit log nobody can say afterwards who did what in the cluster.",
    fix="set enabledClusterLogTypes to a list with audit and authenticator",
    frameworks=("AWS FSBP EKS.8",),
)
def cluster_audit_logs(cluster: View) -> Iterator[str]:
    if not cluster.is_development and "audit" not in cluster.texts("enabledClusterLogTypes"):
        yield "writes no audit log"


@rule(
    id="flow-logs",
    types=("aws:ec2/vpc:Vpc",),
    scope="stack",
    reads=("environment_class",),
    severity="low",
    level="advisory",
    rationale="After an incident, flow logs are the only record of who spoke with whom.",
    fix="add an aws.ec2.FlowLog for this VPC",
    frameworks=("CIS AWS 3.0 3.7", "AWS FSBP EC2.6"),
)
def flow_logs(vpc: View) -> Iterator[str]:
    if vpc.is_production and not vpc.related("aws:ec2/flowLog:FlowLog", through="vpcId"):
        yield "has no flow log"


@rule(
    id="mutable-image-tags",
    types=("aws:ecr/repository:Repository",),
    severity="low",
    level="advisory",
    rationale="Where a tag may be pushed again, what runs can be changed without a deployment.",
    fix="set imageTagMutability to IMMUTABLE or IMMUTABLE_WITH_EXCLUSION",
    frameworks=("AWS FSBP ECR.2",),
)
def mutable_tags(repository: View) -> Iterator[str]:
    if (got := repository.get("imageTagMutability")) in (None, "MUTABLE", "MUTABLE_WITH_EXCLUSION"):
        yield f"lets tags be pushed again: imageTagMutability is {got or 'not set'}"
