"""The stand-in's decisions about Kubernetes objects, which need neither the engine nor a server."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.kubernetes import changes, naming
from tests.engine.kubernetes.connection import namespace_of, server_of
from tests.engine.kubernetes.helm import Releases
from tests.engine.kubernetes.manifests import decode
from tests.engine.kubernetes.objects import Failed, Objects
from tests.engine.kubernetes.values import Secret, as_secret_as, encode, has_unknown, plain
from tests.engine.kubernetes.values import decode as decoded

URN = "urn:pulumi:dev::shop::kubernetes:{}::web"
DEPLOYMENT = URN.format("apps/v1:Deployment")
OFFLINE = Objects(None, {}, "default")


def thing(kind: str = "apps/v1/Deployment", **parts: Any) -> dict[str, Any]:
    version, _, name = kind.rpartition("/")
    return {"apiVersion": version, "kind": name, "metadata": {"name": "web"}, **parts}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, {"a.b": "update"}),
        ({"a": {}}, {"a": {"b": {"c": 1}}}, {"a.b": "add"}),
        ({"a": {"b": 1}}, {"a": {}}, {"a.b": "delete"}),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, {"a[1]": "update", "a[2]": "add"}),
        ({"a": {"x.y/z": "1"}}, {"a": {"x.y/z": "2"}}, {'a["x.y/z"]': "update"}),
        ({"cpu": "1000m"}, {"cpu": "1"}, {}),
        ({"cpu": 1}, {"cpu": "1"}, {}),
        ({"on": True}, {"on": 1}, {"on": "update"}),
    ],
)
def test_a_change_is_reported_where_two_forms_part(old: Any, new: Any, expected: dict[str, str]) -> None:
    assert {changes.text(path): how for path, how in changes.differences(old, new)} == expected


@pytest.mark.parametrize(
    ("kind", "place", "replaced"),
    [
        ("apps/v1/Deployment", ("spec", "replicas"), False),
        ("apps/v1/Deployment", ("spec", "selector", "matchLabels", "app"), True),
        ("apps/v1/Deployment", ("metadata", "name"), True),
        ("apps/v1/Deployment", ("metadata", "labels", "name"), False),
        ("storage.k8s.io/v1/StorageClass", ("parameters", "type"), True),
        ("storage.k8s.io/v1/StorageClass", ("allowVolumeExpansion",), False),
        ("v1/ConfigMap", ("data", "a"), True),
        ("v1/Namespace", ("metadata", "namespace"), True),
        ("karpenter.sh/v1/NodePool", ("spec", "limits", "cpu"), False),
        ("batch/v1/Job", ("spec", "template", "spec", "containers", 0, "image"), True),
        ("rbac.authorization.k8s.io/v1/RoleBinding", ("roleRef", "name"), True),
        ("rbac.authorization.k8s.io/v1/RoleBinding", ("subjects", 0, "name"), False),
    ],
)
def test_what_kubernetes_does_not_let_change_replaces(kind: str, place: Any, replaced: bool) -> None:
    assert changes.replaces(place, changes.fixed(thing(kind), {})) is replaced


def test_a_config_map_may_be_made_changeable_in_place() -> None:
    settings = {"enableConfigMapMutable": True}
    assert not changes.replaces(("data", "a"), changes.fixed(thing("v1/ConfigMap"), settings))
    immutable = thing("v1/ConfigMap", immutable=True)
    assert changes.replaces(("data", "a"), changes.fixed(immutable, settings))


def test_what_the_server_added_is_no_drift() -> None:
    inputs = {"spec": {"replicas": 2, "ports": [{"port": 80}], "hostNetwork": False, "labels": {}}}
    live = {"spec": {"replicas": 3, "ports": [{"port": 80, "protocol": "TCP"}], "strategy": {}}, "status": {}}
    assert changes.as_live(inputs, live) == {
        "spec": {"replicas": 3, "ports": [{"port": 80}], "hostNetwork": False, "labels": {}}
    }


def test_an_object_without_a_name_gets_one_and_keeps_it() -> None:
    unnamed = {"apiVersion": "v1", "kind": "ConfigMap"}
    urn = URN.format("core/v1:ConfigMap")
    first = OFFLINE.check(urn, {}, {**unnamed, "metadata": {"labels": {"a": "b"}}}, b"seed", "")
    again = OFFLINE.check(urn, first, {**unnamed, "metadata": {}}, b"other", "")
    name = first["metadata"]["name"]
    assert name.startswith("web-") and len(name) == len("web-") + naming.DIGITS
    assert first["metadata"]["annotations"] == {naming.AUTONAMED: "true"}
    assert first["metadata"]["namespace"] == "default"
    assert again["metadata"]["name"] == name


def test_the_engines_own_proposal_is_taken() -> None:
    checked = OFFLINE.check(
        DEPLOYMENT, {}, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {}}, b"s", "p"
    )
    assert checked["metadata"]["name"] == "p"


@pytest.mark.parametrize(
    "kind", ["v1/Namespace", "storage.k8s.io/v1/StorageClass", "karpenter.sh/v1/NodePool"]
)
def test_what_belongs_to_the_whole_cluster_gets_no_namespace(kind: str) -> None:
    checked = OFFLINE.check(URN.format("x"), {}, thing(kind), b"", "")
    assert "namespace" not in checked["metadata"]


def test_a_list_is_refused() -> None:
    with pytest.raises(Failed, match="declare what it lists"):
        OFFLINE.check(URN.format("core/v1:ConfigMapList"), {}, {"items": []}, b"", "")


def test_a_replacement_under_a_chosen_name_deletes_first() -> None:
    old = thing("v1/ConfigMap", data={"a": "1"})
    urn = URN.format("core/v1:ConfigMap")
    change = OFFLINE.diff(urn, old, old, thing("v1/ConfigMap", data={"a": "2"}))
    assert (change.replacing, change.delete_first) == ({"data.a"}, True)
    notes = {"name": "web", "annotations": {naming.AUTONAMED: "true"}}
    automatic = {**old, "metadata": notes}
    change = OFFLINE.diff(urn, automatic, automatic, {**automatic, "data": {"a": "2"}})
    assert (change.replacing, change.delete_first) == ({"data.a"}, False)


def test_secrets_stay_secret() -> None:
    inputs = {
        "kind": "Secret",
        "stringData": {"password": "p"},
        "metadata": {"name": Secret("n"), "labels": {}},
    }
    marked = as_secret_as(plain(inputs), inputs)
    assert marked["stringData"] == Secret({"password": "p"})
    assert marked["metadata"]["name"] == Secret("n")
    assert decoded(encode(marked)) == marked


def test_whole_numbers_survive_the_wire() -> None:
    assert decoded(encode({"a": 3, "b": 2.5, "c": [True, None]})) == {"a": 3, "b": 2.5, "c": [True, None]}


def test_an_unknown_is_found_in_depth() -> None:
    assert has_unknown({"a": [{"b": Secret("04da6b54-80e4-46f7-96ec-b56ff0331ba9")}]})
    assert not has_unknown({"a": ["x"]})


def test_a_release_is_completed_as_the_plugin_does() -> None:
    urn = URN.format("helm.sh/v3:Release")
    checked = Releases(None, "default").check(
        urn, {}, {"chart": "c", "atomic": False, "values": {"a": False}}
    )
    assert checked.pop("name").startswith("web-")
    assert checked == {"chart": "c", "values": {"a": False}, "namespace": "default", "timeout": 300}


def test_the_context_decides_about_server_and_namespace() -> None:
    kubeconfig = """
        current-context: b
        clusters: [{name: one, cluster: {server: https://one}}, {name: two, cluster: {server: https://two}}]
        contexts:
        - {name: a, context: {cluster: one, namespace: team}}
        - {name: b, context: {cluster: two}}
    """
    from yaml import safe_load

    assert server_of(safe_load(kubeconfig)) == "https://two"
    assert server_of(safe_load(kubeconfig), "a") == "https://one"
    assert namespace_of({"kubeconfig": kubeconfig}) == "default"
    assert namespace_of({"kubeconfig": kubeconfig, "context": "a"}) == "team"
    assert namespace_of({"kubeconfig": kubeconfig, "namespace": "mine"}) == "mine"


def test_manifests_get_the_namespace_they_lack() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {day: 2026-01-01}\n---\n---\n"
    text += "apiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n"
    first, second = decode(text, "team", None)
    assert first["metadata"] == {"name": "a", "namespace": "team"}
    assert first["data"] == {"day": "2026-01-01"}
    assert second["metadata"] == {"name": "b"}
