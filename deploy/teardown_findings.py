"""What AWS does not know to depend on a cell, and what it will refuse: from what was looked up.

Load balancers of a controller, nodes and volumes that pods asked for, interfaces somebody left in the
network: none of them is in a state, each of them makes a destroy fail half-way or stays behind and is
paid. Pure functions of a state's graph and of `deploy.teardown_aws.Facts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from deploy.teardown_aws import Facts, Instance, Interface
from deploy.teardown_state import told
from deploy.teardown_stores import STORES
from plan.graph import Graph, Resource
from problems import Problem

__all__ = ["findings"]

OWNED = "kubernetes.io/cluster/"
CLUSTER_TAGS = ("aws:eks:cluster-name", "eks:cluster-name", "eks:eks-cluster-name")
NODE_POOL = "karpenter.sh/nodepool"
CLAIM = ("kubernetes.io/created-for/pvc/namespace", "kubernetes.io/created-for/pvc/name")
BALANCER = "elbv2.k8s.aws/cluster"
_STORES = {store.kind: store for store in STORES}
_CLUSTER = re.compile(r"Amazon EKS (\S+)")
# What a service's interfaces say of themselves, and the types of which one must be in the state.
_SERVICES = (
    ("RDSNetworkInterface", "aws:rds/"),
    ("ElastiCache", "aws:elasticache/"),
    ("EFS mount target", "aws:efs/"),
    ("AWS Lambda VPC ENI", "aws:lambda/"),
    ("DMSNetworkInterface", "aws:dms/"),
    # Tasks on Fargate; those that run are told of their cluster.
    ("arn:aws:ecs:", "aws:ecs/"),
    ("arn:aws:ecs:", "aws:batch/"),
    ("arn:aws:ecs:", "aws:mwaa/"),
)
# What a service makes in the network for something, tagged so, and takes away with that: the tag, and the
# types of which one must be in the state.
_MADE = {
    "AmazonElastiCacheManaged": "aws:elasticache/",
    "AmazonMWAAManaged": "aws:mwaa/",
    "AWSBatchServiceTag": "aws:batch/",
}


class _Known:
    """What a state explains of what is found in AWS."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    @cached_property
    def ids(self) -> set[str]:
        """Ids of everything in the state, and the ends of load balancers' ARNs."""
        found = {one.id for one in self.graph if one.id}
        return found | {one.rpartition("loadbalancer/")[2] for one in found if ":loadbalancer/" in one}

    @cached_property
    def clusters(self) -> set[str]:
        return {str(told(one, "name") or one.id) for one in self.graph.of_type("aws:eks/cluster:Cluster")}

    @cached_property
    def drained(self) -> set[tuple[str, str]]:
        """Cluster and pool where Karpenter is still there to end the pool's nodes."""
        controllers = {
            self._cluster(one)
            for one in self.graph.of_type("kubernetes:helm.sh/v3:Release")
            if str(told(one, "chart")).rpartition("/")[2] == "karpenter"
        }
        pools = self.graph.of_type("kubernetes:karpenter.sh/v1:NodePool")
        found = {(self._cluster(one), _object_name(one)) for one in pools}
        return {(cluster, pool) for cluster, pool in found if cluster in controllers}

    def _cluster(self, resource: Resource) -> str:
        provider = self.graph.provider_of(resource)
        identifier = provider.inputs.get("clusterIdentifier") if provider else None
        return str(identifier or "").rpartition("/")[2]

    def makes(self, tags: Mapping[str, str]) -> bool:
        """Whether a service made it for something in the state, and ends it with that."""
        types = tuple(_MADE[tag] for tag in tags if tag in _MADE)
        return any(one.type.startswith(types) for one in self.graph) if types else False

    def explains(self, interface: Interface, going: set[str]) -> bool:
        """Whether the interface goes with something in the state, or with one of `going`."""
        words = re.split(r"[\s,:]+", interface.description)
        known = self.ids | going
        if known.intersection((*words, interface.instance, interface.id)):
            return True
        cluster = _CLUSTER.search(interface.description)
        if cluster:
            return cluster.group(1) in self.clusters
        text = f"{interface.description} {interface.requester}"
        types = [kind for mark, kind in _SERVICES if mark.lower() in text.lower()]
        return any(one.type.startswith(tuple(types)) for one in self.graph) if types else False


def _object_name(resource: Resource) -> str:
    metadata = told(resource, "metadata")
    return str(metadata.get("name")) if isinstance(metadata, dict) else ""


def findings(stack: str, graph: Graph, facts: Facts) -> list[Problem]:
    """Everything in the way of the destroy of `stack` that was found in one region."""
    known = _Known(graph)
    return [
        *_full(stack, facts),
        *_held(stack, graph, facts),
        *_of_controllers(stack, known, facts),
        *_in_networks(stack, known, facts),
    ]


def _full(stack: str, facts: Facts) -> Iterator[Problem]:
    """What is not empty and is not deleted with what is in it."""
    for kind, asked, found in facts.filled:
        store = _STORES[kind]
        fix = found.fix.replace("FIX", store.fix) if found.fix else store.fix
        for word, said in (
            ("AT", f"--region {facts.region}"),
            ("WITHIN", asked.within),
            ("NAME", asked.name),
        ):
            fix = re.sub(rf"\b{word}\b", said.replace("\\", r"\\"), fix)
        got = found.told(store.words)
        yield Problem(stack, f"{kind} {asked.name}", got, found.but or store.but, fix)


def _held(stack: str, graph: Graph, facts: Facts) -> Iterator[Problem]:
    """Deletion protection that was set past Pulumi; what the state knows of is told from the state."""
    names = {
        str(told(one, key))
        for one in graph
        for key in ("deletionProtection", "deletionProtectionEnabled")
        if told(one, key) is True
        for key in ("name", "clusterIdentifier")
    }
    for text in facts.held:
        if text.rpartition(" ")[2] not in names:
            but = "somebody set deletion protection past Pulumi"
            fix = "pulumi up sets it back to what the program says (refresh first), or switch it off in AWS"
            yield Problem(stack, text, "deletion protection", but, fix)


def _of_controllers(stack: str, known: _Known, facts: Facts) -> Iterator[Problem]:
    at = f"--region {facts.region}"
    for arn, cluster in sorted(facts.balancers.items()):
        if cluster not in known.clusters or known.ids.intersection((arn,)):
            continue
        kind = "target group" if ":targetgroup/" in arn else "load balancer"
        verb = (
            "delete-target-group --target-group-arn"
            if kind == "target group"
            else "delete-load-balancer --load-balancer-arn"
        )
        but = f"the load balancer controller of {cluster} made it; nobody deletes it once the controller is gone"
        fix = f"delete its Service, Ingress or Gateway while the cluster runs (else: aws elbv2 {verb} {arn} {at})"
        yield Problem(stack, f"{kind} {arn.rpartition(':')[2]}", cluster, but, fix)
    for instance in facts.instances:
        pool = instance.tags.get(NODE_POOL, "")
        cluster = _cluster_of(instance.tags)
        if pool and cluster in known.clusters and (cluster, pool) not in known.drained:
            but = (
                f"Karpenter started it for pool {pool}, and that pool or Karpenter itself is not in the state"
            )
            fix = f"kubectl delete nodepool {pool}, or aws ec2 terminate-instances {at} --instance-ids {instance.id}"
            yield Problem(stack, f"instance {instance.id}", cluster, but, fix)
    for volume, tags in sorted(facts.volumes.items()):
        cluster = _cluster_of(tags)
        if cluster in known.clusters and volume not in known.ids:
            claim = "/".join(tags[key] for key in CLAIM if key in tags) or "a claim"
            but = f"the volume driver made it for {claim}; it would stay, and be paid"
            fix = (
                f"delete the claim while the cluster runs, or aws ec2 delete-volume {at} --volume-id {volume}"
            )
            yield Problem(stack, f"volume {volume}", cluster, but, fix)


def _in_networks(stack: str, known: _Known, facts: Facts) -> Iterator[Problem]:
    """What is in the VPC and not in the state: AWS deletes no network with anything in it."""
    at = f"--region {facts.region}"
    nodes = {
        one.id for one in facts.instances if _cluster_of(one.tags) in known.clusters or known.makes(one.tags)
    }
    made = {id for id, one in facts.endpoints.items() if known.makes(one.tags)}
    for instance in facts.instances:
        if instance.id not in nodes | known.ids:
            name = instance.tags.get("Name", "no name")
            fix = f"aws ec2 terminate-instances {at} --instance-ids {instance.id}"
            yield _foreign(stack, f"instance {instance.id}", name, fix)
    told_already = tuple(arn.rpartition("loadbalancer/")[2] for arn in facts.balancers if "/k8s-" in arn)
    strangers = {one.id for one in _strangers(known, facts, nodes)}
    for interface in facts.interfaces:
        by_balancer = any(end in interface.description for end in told_already)
        if by_balancer or interface.instance in strangers or known.explains(interface, nodes | made):
            continue
        fix = f"aws ec2 delete-network-interface {at} --network-interface-id {interface.id}"
        if interface.status != "available":
            fix = "delete what uses it: its description and requester say what that is"
        got = interface.description or "no description"
        yield _foreign(stack, f"network interface {interface.id}", f"{got} ({interface.status})", fix)
    for group, tags in sorted(facts.groups.items()):
        if group in known.ids or tags.get("aws:eks:cluster-name") in known.clusters:
            continue
        by = f", made by the load balancer controller of {tags[BALANCER]}" if BALANCER in tags else ""
        fix = f"aws ec2 delete-security-group {at} --group-id {group}"
        yield _foreign(stack, f"security group {group}", f"{tags['GroupName']}{by}", fix)
    for id, endpoint in sorted(facts.endpoints.items(), key=lambda item: item[0]):
        if id not in known.ids | made:
            fix = f"aws ec2 delete-vpc-endpoints {at} --vpc-endpoint-ids {id}"
            yield _foreign(stack, f"VPC endpoint {id}", endpoint.service, fix)


def _strangers(known: _Known, facts: Facts, nodes: set[str]) -> Iterator[Instance]:
    return (one for one in facts.instances if one.id not in nodes | known.ids)


def _foreign(stack: str, what: str, got: str, fix: str) -> Problem:
    but = "it is in the network and not in the state, and AWS deletes no network with anything in it"
    return Problem(stack, what, got, but, fix)


def _cluster_of(tags: Mapping[str, str]) -> str:
    """The cluster that a thing carries as a tag, "" where none."""
    for key in CLUSTER_TAGS:
        if key in tags:
            return tags[key]
    owned = [key.removeprefix(OWNED) for key in tags if key.startswith(OWNED)]
    return owned[0] if owned else ""
