"""What AWS holds in the name of an environment and no state of it knows.

By the tag `environment`, region by region. What controllers and services make while they run (nodes, load
balancers, volumes) carries that tag too, and a mark of whoever made it: that is told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.cloud import Cloud

__all__ = ["Unmanaged", "made_by", "unmanaged"]

# Marks that the makers put on what they make, and what to call them.
_MAKERS = {
    "aws:cloudformation:stack-name": "CloudFormation",
    "karpenter.sh/nodepool": "Karpenter",
    "karpenter.sh/nodeclaim": "Karpenter",
    "elbv2.k8s.aws/cluster": "AWS Load Balancer Controller",
    "ebs.csi.aws.com/cluster": "EBS CSI driver",
    "kubernetes.io/created-for/pvc/name": "EBS CSI driver",
    "eks:cluster-name": "EKS",
    "aws:eks:cluster-name": "EKS",
    "aws:autoscaling:groupName": "EC2 Auto Scaling",
    "aws:backup:source-resource": "AWS Backup",
}
# Services whose replicas in other regions belong to the resource in one.
_REPLICATED = ("dynamodb", "secretsmanager")
# Outputs that hold a resource's own ARN.
_OWN = ("arn", "accessEntryArn", "associationArn", "dashboardArn")


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """`maker` is who made it, "" where nothing tells: then it is an orphan."""

    arn: str
    region: str
    name: str
    maker: str


def unmanaged(
    environment: str,
    regions: Sequence[str],
    documents: Iterable[Mapping[str, Any]],
    cloud: Callable[[str], Cloud] = Cloud,
) -> tuple[Unmanaged, ...]:
    """Everything tagged `environment` in `regions` that none of the exported states holds.

    Raises `Missing` when a region cannot be asked.
    """
    known = set(_known(documents))
    found = []
    for region in regions:
        for arn, tags in sorted(cloud(region).tagged({"environment": environment}).items()):
            if not known.intersection(_names(arn)):
                found.append(Unmanaged(arn, region, tags.get("Name", ""), made_by(tags)))
    return tuple(found)


def made_by(tags: Mapping[str, str]) -> str:
    """Who made something, by the marks among its `tags`; "" where there is none."""
    return next((maker for key, maker in _MAKERS.items() if key in tags), "")


def _known(documents: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for document in documents:
        for row in (document.get("deployment") or {}).get("resources") or ():
            if not row.get("custom"):
                continue
            outputs = row.get("outputs") or {}
            yield row.get("id", "")
            for arn in map(outputs.get, _OWN):
                yield from _names(arn) if isinstance(arn, str) else ()


def _names(arn: str) -> Iterator[str]:
    """What a state may know the thing with `arn` by: the ARN, its last part, its kin in other regions."""
    yield arn
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return
    service, resource = parts[2], parts[5]
    if service in _REPLICATED:
        yield f"{service}:{resource}"
    # Only ids that AWS gave are unique whatever the type: eipalloc-0a1b, sgr-0a1b.
    last = resource.rpartition("/")[2]
    if service in ("ec2", "kms"):
        yield last
