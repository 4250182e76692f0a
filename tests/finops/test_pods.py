"""Node pools from the pods that ask for them, Kueue's quotas, and what each workload costs."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

from finops.estimate import Estimate, estimate
from finops.prices import PriceBook
from finops.usage import Usage
from finops.usage_file import Entry
from finops.workloads import OVERHEAD
from plan.graph import Graph, Resource

BOOK = PriceBook.bundled()
CLUSTER = Resource(
    "urn:pulumi:s::p::aws:eks/cluster:Cluster::c", "aws:eks/cluster:Cluster", "c",
    {"upgradePolicy": {"supportType": "STANDARD"}}, region="us-east-1",
)  # fmt: skip
PROVIDER = Resource(
    "urn:pulumi:s::p::pulumi:providers:kubernetes::k", "pulumi:providers:kubernetes", "k",
    dependencies=(CLUSTER.urn,),
)  # fmt: skip


def kube(token: str, name: str, **inputs: Any) -> Resource:
    found = {"metadata": {"name": name}, "kind": token.rpartition(":")[2], **inputs}
    return Resource(f"urn:pulumi:s::p::{token}::{name}", token, name, found, provider=PROVIDER.urn)


def pool(**limits: str) -> Resource:
    requirements = [{"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["m7i.2xlarge"]}]
    template = {"metadata": {"labels": {"team": "search"}}, "spec": {"requirements": requirements}}
    return kube(
        "kubernetes:karpenter.sh/v1:NodePool", "general", spec={"template": template, "limits": limits}
    )


def deployment(
    name: str, cpu: str, memory: str, replicas: int, selector: dict[str, str] | None = None
) -> Resource:
    container = {"resources": {"requests": {"cpu": cpu, "memory": memory}}}
    pod = {
        "containers": [container],
        "nodeSelector": {"karpenter.sh/nodepool": "general"} if selector is None else selector,
    }
    return kube("kubernetes:apps/v1:Deployment", name, spec={"replicas": replicas, "template": {"spec": pod}})


def priced(*resources: Resource, usage: Usage | None = None) -> Estimate:
    return estimate(Graph.of([CLUSTER, PROVIDER, *resources]), usage or Usage(), BOOK)


def nodes(made: Estimate) -> D:
    found = [it for it in made.lines if it.item.startswith("nodes of pool general,")]
    return sum((it.quantities.expected for it in found), D(0)) / 730


def test_a_pool_runs_as_many_nodes_as_its_pods_need() -> None:
    """20 pods of 2 CPUs are 40; a node of 8 has 7.2 for them: six nodes."""
    made = priced(pool(cpu="400"), deployment("api", "2", "4Gi", 20))
    assert nodes(made) == 6
    assert any("what the pods that select it ask for" in text for text in made.assumptions)


def test_memory_can_be_what_fills_the_nodes() -> None:
    """10 pods of 16 GiB are 160; a node of 32 has 28.8: six nodes."""
    assert nodes(priced(pool(cpu="400"), deployment("cache", "100m", "16Gi", 10))) == 6


def test_a_label_of_the_pool_selects_it_and_no_selector_selects_nothing() -> None:
    assert nodes(priced(pool(cpu="400"), deployment("api", "2", "4Gi", 20, {"team": "search"}))) == 6
    assert nodes(priced(pool(cpu="400"), deployment("api", "2", "4Gi", 20, {"team": "other"}))) == 1
    assert nodes(priced(pool(cpu="400"), deployment("api", "2", "4Gi", 20, {}))) == 1


def test_what_the_usage_file_states_wins() -> None:
    usage = Usage(node_pools=(Entry("general", "", {"average_nodes": D(2)}, "", ""),))
    assert nodes(priced(pool(cpu="400"), deployment("api", "2", "4Gi", 20), usage=usage)) == 2


def test_the_limit_stays_the_ceiling() -> None:
    assert nodes(priced(pool(cpu="16"), deployment("api", "2", "4Gi", 20))) == 2


def test_workloads_and_overhead_are_what_the_pool_costs() -> None:
    api, jobs = deployment("api", "2", "4Gi", 15), deployment("jobs", "1", "1Gi", 10)
    made = priced(pool(cpu="400"), api, jobs)
    cost = {it.workload: it.cost for it in made.workloads}
    whole = sum((it.expected for it in made.lines if it.type.endswith("NodePool")), D(0))
    assert sum(cost.values(), D(0)) == whole
    # 40 CPUs on six nodes of eight: 30/48 and 10/48, and eight CPUs of nobody.
    assert cost[api.urn] == (whole * 30 / 48).quantize(D("0.01"), "ROUND_HALF_UP")
    assert cost[jobs.urn] == (whole * 10 / 48).quantize(D("0.01"), "ROUND_HALF_UP")
    assert cost[OVERHEAD] > 0


def queue(cpu: str) -> list[Resource]:
    flavor = kube(
        "kubernetes:kueue.x-k8s.io/v1beta1:ResourceFlavor", "plain",
        spec={"nodeLabels": {"karpenter.sh/nodepool": "general"}},
    )  # fmt: skip
    resources = [{"name": "cpu", "nominalQuota": cpu}]
    groups = [{"coveredResources": ["cpu"], "flavors": [{"name": "plain", "resources": resources}]}]
    return [
        flavor,
        kube("kubernetes:kueue.x-k8s.io/v1beta1:ClusterQueue", "all", spec={"resourceGroups": groups}),
    ]


def test_a_quota_below_the_limit_is_the_ceiling() -> None:
    free, held = priced(pool(cpu="400")), priced(pool(cpu="400"), *queue("72"))
    assert held.total.ceiling < free.total.ceiling / 4
    assert any("Kueue" in text for text in held.assumptions)
    assert priced(pool(cpu="16"), *queue("72")).total.ceiling == priced(pool(cpu="16")).total.ceiling


def test_a_quota_smaller_than_a_node_still_lets_a_node_run() -> None:
    assert priced(pool(cpu="400"), *queue("1")).unpriced == ()
