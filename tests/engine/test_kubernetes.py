"""The Kubernetes stand-in against a real API server: what it applies is stored, checked and refused there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.conftest import Clusters
from tests.engine.kubernetes import naming
from tests.engine.kubernetes.api import Api
from tests.engine.kubernetes.control_plane import Cluster
from tests.engine.kubernetes.helm import Releases, unpack
from tests.engine.kubernetes.objects import INPUTS, MANAGER, Failed, Objects
from tests.engine.kubernetes.values import UNKNOWN, Secret, plain

pytestmark = pytest.mark.engine

URN = "urn:pulumi:dev::shop::kubernetes:{}::{}"


@pytest.fixture(scope="module")
def cluster(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with clusters(1, tmp_path_factory.mktemp("world")) as lent:
        yield lent[0]


@pytest.fixture
def api(cluster: Cluster) -> Api:
    return cluster.api()


@pytest.fixture
def objects(api: Api) -> Objects:
    return Objects(api, {}, "default")


class Resource:
    """One object through its life, as the engine would call for it."""

    def __init__(self, objects: Objects, type_: str, thing: dict[str, Any], name: str = "it") -> None:
        self.objects, self.urn = objects, URN.format(type_, name)
        self.inputs = objects.check(self.urn, {}, thing, b"seed", "")
        self.id, self.state = objects.create(self.urn, self.inputs, preview=False)

    def to(self, thing: dict[str, Any]) -> dict[str, str]:
        """Change it to `thing`; returns what changes."""
        news = self.objects.check(self.urn, self.inputs, thing, b"", "")
        change = self.objects.diff(self.urn, self.state, self.inputs, news)
        assert not change.replacing
        if change.places:
            self.state = self.objects.update(self.urn, self.state, news, preview=False)
            self.inputs = news
        return dict(change.places)

    def refresh(self) -> bool:
        """Whether it is still there."""
        found = self.objects.read(self.id, self.inputs, self.state, naming.type_of(self.urn))
        if found is None:
            return False
        self.inputs, self.state = found
        return True

    def delete(self, seconds: float = 20) -> None:
        self.objects.delete(self.urn, self.id, self.state, seconds)


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def config_map(name: str, data: dict[str, str], where: str = "default") -> dict[str, Any]:
    meta = {"name": name, "namespace": where}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


def deployment(replicas: int, cpu: str = "500m") -> dict[str, Any]:
    labels = {"app": "web"}
    container = {"name": "web", "image": "web:1", "resources": {"requests": {"cpu": cpu}}}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def node_pool(**disruption: Any) -> dict[str, Any]:
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "general"}
    terms = [{"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["spot"]}]
    template = {"spec": {"nodeClassRef": reference, "requirements": terms}}
    spec = {"template": template, "limits": {"cpu": "100"}, "disruption": disruption}
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": "general"},
        "spec": spec,
    }


def test_an_object_lives_and_dies_in_the_cluster(objects: Objects, api: Api) -> None:
    resource = Resource(objects, "apps/v1:Deployment", deployment(2))
    kind = api.kind("apps/v1", "Deployment")
    live = api.find(kind, "default", "web")
    assert live and live["spec"]["replicas"] == 2
    assert resource.id == "default/web"
    assert {it["manager"] for it in live["metadata"]["managedFields"]} == {resource.state[MANAGER]}
    assert resource.state[MANAGER].startswith("pulumi-kubernetes-")
    assert resource.to(deployment(2)) == {}
    assert resource.to(deployment(3)) == {"spec.replicas": "update"}
    changed = api.find(kind, "default", "web")
    assert changed and changed["spec"]["replicas"] == 3
    resource.delete()
    assert api.find(kind, "default", "web") is None
    assert not resource.refresh()


def test_another_way_to_write_a_quantity_is_no_change(objects: Objects) -> None:
    """The server writes 1000m as 1."""
    resource = Resource(objects, "apps/v1:Deployment", deployment(1, cpu="1000m"))
    assert resource.refresh()
    assert resource.to(deployment(1, cpu="1000m")) == {}
    resource.delete()


def test_drift_is_seen_by_a_refresh_and_taken_back_by_force_only(objects: Objects, api: Api) -> None:
    resource = Resource(objects, "apps/v1:Deployment", deployment(2))
    kind = api.kind("apps/v1", "Deployment")
    api.merge(kind, "default", "web", {"spec": {"replicas": 7}}, manager="kubectl-edit")
    assert resource.refresh()
    assert resource.inputs["spec"]["replicas"] == 7
    with pytest.raises(
        Failed, match=r"another field manager.*conflict with \"kubectl-edit\".*\.spec\.replicas"
    ):
        resource.to(deployment(2))
    forced = deployment(2)
    forced["metadata"]["annotations"] = {"pulumi.com/patchForce": "true"}
    assert resource.to(forced)["spec.replicas"] == "update"
    live = api.find(kind, "default", "web")
    assert live and live["spec"]["replicas"] == 2
    resource.delete()


def test_what_exists_already_is_not_taken_over(objects: Objects, api: Api) -> None:
    thing = config_map("taken", {"a": "1"})
    api.create(api.kind("v1", "ConfigMap"), "default", thing, manager="somebody")
    with pytest.raises(Failed, match='configmaps "taken" already exists'):
        Resource(objects, "core/v1:ConfigMap", thing)
    adopting = Objects(api, {"upsertExistingObjects": "true"}, "default")
    Resource(adopting, "core/v1:ConfigMap", thing).delete()


@pytest.mark.parametrize(
    ("disruption", "message"),
    [
        (
            {"consolidateAfter": "1m", "consolidationPolicy": "WhenEmptyy"},
            r'spec\.disruption\.consolidationPolicy: Unsupported value: "WhenEmptyy"',
        ),
        ({"consolidateAfter": "1m", "budgets": [{"nodes": "1", "schedule": "@daily"}]}, "schedule.*duration"),
        (
            {"consolidateAfter": "1m", "sometimes": True},
            r"spec\.disruption\.sometimes: field not declared in schema",
        ),
    ],
)
def test_a_wrong_node_pool_is_refused_in_the_servers_words(
    objects: Objects, api: Api, disruption: dict[str, Any], message: str
) -> None:
    with pytest.raises(Failed, match=message):
        Resource(objects, "karpenter.sh/v1:NodePool", node_pool(**disruption))
    assert api.find(api.kind("karpenter.sh/v1", "NodePool"), "", "general") is None


def test_a_right_node_pool_is_stored_without_a_namespace(objects: Objects) -> None:
    resource = Resource(objects, "karpenter.sh/v1:NodePool", node_pool(consolidateAfter="1m"))
    assert resource.id == "general"
    assert resource.refresh()
    assert resource.to(node_pool(consolidateAfter="1m")) == {}
    resource.delete()


def test_a_kind_without_its_definition_is_refused(objects: Objects) -> None:
    monitor = {"apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": {"name": "m"}}
    with pytest.raises(
        Failed, match=r'no matches for kind "ServiceMonitor" in version "monitoring\.coreos\.com/v1"'
    ):
        Resource(objects, "monitoring.coreos.com/v1:ServiceMonitor", monitor)


def test_a_preview_asks_the_server_and_stores_nothing(objects: Objects, api: Api) -> None:
    urn = URN.format("apps/v1:Deployment", "it")
    inputs = objects.check(urn, {}, deployment(2), b"", "")
    identity, state = objects.create(urn, inputs, preview=True)
    assert identity == ""
    assert state["spec"]["strategy"]["type"] == "RollingUpdate"
    assert api.find(api.kind("apps/v1", "Deployment"), "default", "web") is None
    wrong = deployment(-1)
    with pytest.raises(Failed, match="must be greater than or equal to 0"):
        objects.create(urn, wrong | {"metadata": inputs["metadata"]}, preview=True)
    unknown = {**inputs, "spec": UNKNOWN}
    assert objects.create(urn, unknown, preview=True) == ("", unknown)


def test_a_preview_does_not_need_the_namespace_yet(objects: Objects) -> None:
    inputs = config_map("early", {}, where="not-yet")
    assert objects.create(URN.format("core/v1:ConfigMap", "it"), inputs, preview=True) == ("", inputs)


def test_a_namespace_is_gone_with_all_it_held(objects: Objects, api: Api) -> None:
    space = Resource(objects, "core/v1:Namespace", namespace("team"))
    Resource(objects, "core/v1:ConfigMap", config_map("inside", {"a": "1"}, where="team"))
    space.delete()
    assert api.find(api.kind("v1", "Namespace"), "", "team") is None


def test_a_deletion_that_does_not_end_says_what_holds_it(objects: Objects, api: Api) -> None:
    held = config_map("held", {})
    held["metadata"]["finalizers"] = ["example.com/wait"]
    resource = Resource(objects, "core/v1:ConfigMap", held)
    started = time.monotonic()
    with pytest.raises(Failed, match=r"still there after 1 s: its finalizers are .*example\.com/wait"):
        resource.delete(seconds=1)
    assert time.monotonic() - started < 10
    kind = api.kind("v1", "ConfigMap")
    api.merge(kind, "default", "held", {"metadata": {"finalizers": None}}, manager="tests")
    resource.delete()


def test_a_claim_of_storage_can_be_deleted(objects: Objects) -> None:
    """The server puts a finalizer on claims that only a controller takes away."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "disk"}, "spec": spec}
    Resource(objects, "core/v1:PersistentVolumeClaim", claim).delete()


def test_a_patch_owns_its_fields_only_and_gives_them_back(objects: Objects, api: Api) -> None:
    theirs = Resource(objects, "core/v1:ConfigMap", config_map("shared", {"theirs": "1"}))
    ours = {**config_map("shared", {"ours": "2"}), "kind": "ConfigMap"}
    patch = Resource(objects, "core/v1:ConfigMapPatch", ours)
    kind = api.kind("v1", "ConfigMap")
    live = api.find(kind, "default", "shared")
    assert live and live["data"] == {"theirs": "1", "ours": "2"}
    patch.delete()
    left = api.find(kind, "default", "shared")
    assert left and left["data"] == {"theirs": "1"}
    theirs.delete()


def test_a_load_balancer_gets_an_address(objects: Objects) -> None:
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"app": "web"}}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "front"}, "spec": spec}
    resource = Resource(objects, "core/v1:Service", service)
    assert resource.state["status"]["loadBalancer"]["ingress"][0]["hostname"].endswith(".amazonaws.com")
    assert resource.to(service) == {}
    resource.delete()


def test_the_data_of_a_secret_is_secret_in_state(objects: Objects, api: Api) -> None:
    meta = {"name": "password"}
    thing = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"word": Secret("open")}}
    resource = Resource(objects, "core/v1:Secret", thing)
    assert resource.state["data"] == Secret({"word": "b3Blbg=="})
    assert isinstance(resource.state[INPUTS]["stringData"], Secret)
    assert resource.to(thing) == {}
    change = {"stringData": {"word": "sesame"}}
    api.merge(api.kind("v1", "Secret"), "default", "password", change, manager="kubectl-edit")
    assert resource.refresh()
    assert plain(resource.inputs)["stringData"] == {"word": "sesame"}
    resource.delete()


def test_a_release_is_helms_record(api: Api) -> None:
    releases = Releases(api, "default")
    asked = {
        "name": "karpenter",
        "chart": "oci://registry/charts/karpenter",
        "version": "1.2.3",
        "namespace": "system",
    }
    inputs = releases.check(URN.format("helm.sh/v3:Release", "it"), {}, {**asked, "values": {"replicas": 2}})
    with pytest.raises(Failed, match='namespaces "system" not found'):
        releases.create(inputs, preview=False)
    identity, state = releases.create({**inputs, "createNamespace": True}, preview=False)
    assert identity == "system/karpenter"
    with pytest.raises(Failed, match="still in use"):
        releases.create(inputs, preview=False)
    state = releases.update(state, {**inputs, "values": {"replicas": 3}}, preview=False)
    assert plain(state)["status"]["revision"] == 2
    kind = api.kind("v1", "Secret")
    records = {it["metadata"]["name"]: it for it in api.all(kind, "system", labelSelector="owner=helm")}
    first, second = (records[f"sh.helm.release.v1.karpenter.v{number}"] for number in (1, 2))
    assert first["metadata"]["labels"]["status"] == "superseded"
    assert unpack(second)["config"] == {"replicas": 3}
    seen = releases.read(identity, inputs, state)
    assert seen[0]["values"] == {"replicas": 3}
    releases.delete(identity)
    assert releases.read(identity, inputs, state) is None
    api.delete(api.kind("v1", "Namespace"), "", "system")


def test_clusters_do_not_see_each_other(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> None:
    with clusters(2, tmp_path_factory.mktemp("world")) as (one, other):
        api = one.api()
        api.apply(config_map("here", {}), manager="tests")
        assert [it for it in one.left() if "here" in it] == ["v1/ConfigMap default/here"]
        assert not any("here" in it for it in other.left())
        api.delete(api.kind("v1", "ConfigMap"), "default", "here")
