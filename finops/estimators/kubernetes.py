"""What Kubernetes objects make AWS charge: Karpenter's nodes, load balancers, volumes.

Everything else in a cluster runs on nodes that are charged elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from finops.estimators import karpenter, pods
from finops.estimators.compute import disk, instance_hours
from finops.estimators.network import balancer
from finops.estimators.registry import Items, estimator
from finops.estimators.subject import Section, Subject, Unpriceable
from finops.place import place_of
from finops.quantity import HOURS, Quantity
from finops.usage import NodePool


@estimator("kubernetes:karpenter.sh/v1:NodePool", "kubernetes:karpenter.sh/v1beta1:NodePool", service="EC2")
def node_pool(it: Subject) -> Items:
    """Nodes that Karpenter may start: none at least, what is stated, and at most what `limits` allow."""
    region = place_of(it.resource, it.graph).region
    if not region:
        raise Unpriceable("in which region the cluster stands cannot be told from the plan")
    name = it.section("metadata").text("name", it.resource.name)
    spec = it.section("spec")
    pool = karpenter.Pool.of(spec, name)
    stated = it.stated.node_pool(name, region)
    labels = pods.labels_of(it.resource.inputs.get("spec"), name)
    allowed = pool.allowed(it.book, region)
    pool, is_queued = pods.limited(pool, it.graph, it.resource, labels, allowed)
    if is_queued:
        it.assume(f"everything on pool {name} comes through Kueue, whose quotas are below the pool's limits")
    stated = _asked_for(it, pool, stated, region, labels)
    plan = karpenter.decide(pool, stated, it.book, region, it.stated.ceiling_factor)
    for option, kind, hours in plan.hours:
        label = (
            f"nodes of pool {name}," if hours.expected else f"further nodes of pool {name}, up to its limit,"
        )
        yield instance_hours(label, hours, kind, option)
    nodes = plan.node_hours * (1 / HOURS)
    for size in _disks(it, spec):
        yield from disk(Quantity.exactly(size), "gp3", count=nodes, label="node disk")


def _asked_for(
    it: Subject, pool: karpenter.Pool, stated: NodePool, region: str, labels: dict[str, str]
) -> NodePool:
    """Where nobody stated how many nodes run: those that the pods of the plan need which ask for the pool."""
    if stated.stated:
        return stated
    asked = pods.asked_of(it.graph, it.resource, labels)
    if not asked:
        return stated
    chosen = karpenter.chosen(pool, stated, pool.allowed(it.book, region))
    nodes = pods.needed(asked, chosen)
    it.assume(
        f"pool {pool.name} runs what the pods that select it ask for, on {chosen.instance.type}, "
        f"of which the system takes {pods.OVERHEAD:.0%}"
    )
    return replace(stated, average_nodes=nodes)


NODE_CLASSES = (
    "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass",
    "kubernetes:karpenter.k8s.aws/v1beta1:EC2NodeClass",
)


def _disks(it: Subject, spec: Section) -> list[Decimal]:
    """GiB of the volumes that the pool's EC2NodeClass gives each node."""
    name = spec.section("template").section("spec").section("nodeClassRef").text("name")
    for found in it.graph.of_type(*NODE_CLASSES):
        node_class = it.of(found)
        same_cluster = found.provider == it.resource.provider
        if same_cluster and node_class.section("metadata").text("name", found.name) == name:
            blocks = node_class.section("spec").sections("blockDeviceMappings")
            volumes = [block.section("ebs") for block in blocks]
            return [gib(volume.text("volumeSize", "20Gi")) for volume in volumes if volume]
    it.assume("a node class that states no disks gives each node 20 GB of gp3")
    return [Decimal(20)]


def gib(text: str) -> Decimal:
    """A Kubernetes quantity in GiB: `100Gi`, `1Ti`, `107374182400`."""
    return karpenter.quantity_of("memory", text)


@estimator("kubernetes:core/v1:Service", service="ELB", usage=("capacity_units",))
def service(it: Subject) -> Items:
    """A service of type LoadBalancer is a load balancer in AWS; the others are free."""
    if it.section("spec").text("type", "ClusterIP") != "LoadBalancer":
        return
    notes = it.section("metadata").section("annotations")
    kind = notes.text("service.beta.kubernetes.io/aws-load-balancer-type")
    chosen = it.section("spec").text("loadBalancerClass")
    if kind in ("nlb", "nlb-ip", "external") or chosen == "service.k8s.aws/nlb":
        yield from balancer(it, "network", it.usage("capacity_units"))
        return
    raise Unpriceable(
        "which load balancer AWS makes of this service depends on the controllers in the cluster"
    )


@estimator("kubernetes:networking.k8s.io/v1:Ingress", service="ELB", usage=("capacity_units",))
def ingress(it: Subject) -> Items:
    """An ingress of class `alb` is a load balancer, unless it joins a group."""
    notes = it.section("metadata").section("annotations")
    chosen = it.section("spec").text("ingressClassName") or notes.text("kubernetes.io/ingress.class")
    if chosen != "alb":
        return
    if notes.text("alb.ingress.kubernetes.io/group.name"):
        it.assume("ingresses of one group share a load balancer, but each is priced as if it had its own")
    yield from balancer(it, "application", it.usage("capacity_units"))


@estimator("kubernetes:core/v1:PersistentVolumeClaim", service="EBS")
def volume_claim(it: Subject) -> Items:
    yield from _claimed(it, it.section("spec"), Quantity.exactly(1))


@estimator("kubernetes:apps/v1:StatefulSet", service="EBS")
def stateful_set(it: Subject) -> Items:
    """The pods are free; each claims the volumes of the set's templates."""
    spec = it.section("spec")
    for claim in spec.sections("volumeClaimTemplates"):
        yield from _claimed(it, claim.section("spec"), Quantity.exactly(spec.number("replicas", 1)))


def _claimed(it: Subject, spec: Section, count: Quantity) -> Items:
    it.assume("volumes claimed in Kubernetes are EBS volumes of type gp3")
    size = spec.section("resources").section("requests").text("storage")
    if not size:
        raise Unpriceable("how much storage is claimed is not stated")
    yield from disk(Quantity.exactly(gib(size)), "gp3", count=count, label="claimed volume")


# Controllers: pods, and no load balancer or volume of their own.
FREE_CHARTS = frozenset(
    {
        "argo-events", "argo-workflows",
        "aws-ebs-csi-driver", "aws-efs-csi-driver", "aws-for-fluent-bit", "aws-load-balancer-controller",
        "cert-manager", "cluster-autoscaler", "external-dns", "external-secrets", "gpu-operator", "karpenter",
        "karpenter-crd", "keda", "kueue", "lakefs", "metrics-server", "nvidia-device-plugin",
    }
)  # fmt: skip


@estimator("kubernetes:helm.sh/v3:Release", service="Kubernetes")
def helm_release(it: Subject) -> Items:
    """What a chart installs is not in the plan; known controllers make nothing that is charged."""
    chart = it.text("chart").rpartition("/")[2]
    if chart not in FREE_CHARTS:
        raise Unpriceable(
            f"what chart {chart} installs is not in the plan: pods are free, load balancers and volumes are not"
        )
    return ()
