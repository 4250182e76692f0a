"""The policy about images in a real API server: which pods it lets in, and what it says to the others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from components.container_registry.admission import POLICY, binding, policy
from components.container_registry.settings import AdmissionMode
from components.model import Cell
from tests.engine.conftest import Clusters
from tests.engine.kubernetes.api import Api, Refused

pytestmark = pytest.mark.engine

CELL = Cell(environment="prod", region="eu-west-1", regions=["eu-west-1"], account_id="123456789012")
OWN = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tradewind-prod"
DIGEST = "@sha256:" + "ab" * 32
GROUP = "admissionregistration.k8s.io/v1"


@pytest.fixture(scope="module")
def api(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with clusters(1, tmp_path_factory.mktemp("world")) as lent:
        api = lent[0].api()
        for name in ("serving", "kube-system"):
            space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            if api.find(api.kind("v1", "Namespace"), "", name) is None:
                api.create(api.kind("v1", "Namespace"), "", space, manager="test")
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
            # A controller makes it as well, sooner or later.
            try:
                api.create(api.kind("v1", "ServiceAccount"), name, account, manager="test")
            except Refused as refused:
                if refused.reason != "AlreadyExists":
                    raise
        for kind, spec in (
            ("ValidatingAdmissionPolicy", policy(CELL, require_digest=True)),
            ("ValidatingAdmissionPolicyBinding", binding(AdmissionMode.ENFORCE, ["kube-system"])),
        ):
            made = {"apiVersion": GROUP, "kind": kind, "metadata": {"name": POLICY}, "spec": spec}
            api.create(api.kind(GROUP, kind), "", made, manager="test")
        _until_it_holds(api)
        yield api
        for kind in ("ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"):
            api.delete(api.kind(GROUP, kind), "", POLICY)


def _until_it_holds(api: Api) -> None:
    """The API server takes a policy up a moment after it was stored."""
    end = time.monotonic() + 30
    while not said(api, "docker.io/library/busybox:1"):
        assert time.monotonic() < end, "the policy is never taken up"
        time.sleep(0.2)


def said(api: Api, *images: str, init: str = "", namespace: str = "serving") -> str:
    """What the API server says to a pod of these images; nothing where it lets it in."""
    spec: dict[str, Any] = {"containers": [{"name": f"c{n}", "image": it} for n, it in enumerate(images)]}
    if init:
        spec["initContainers"] = [{"name": "init", "image": init}]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "it"}, "spec": spec}
    kind = api.kind("v1", "Pod")
    try:
        api.create(kind, namespace, pod, manager="test")
    except Refused as refused:
        return str(refused)
    api.delete(kind, namespace, "it", propagation="Background")
    end = time.monotonic() + 30
    while api.find(kind, namespace, "it") is not None:
        assert time.monotonic() < end, "the pod does not go"
        time.sleep(0.1)
    return ""


@pytest.mark.parametrize("image", ["search/ranker", "shared/serving:1.4", "quay/prometheus/node-exporter:v1"])
def test_an_image_of_the_environments_registry_is_let_in_by_its_digest(api: Api, image: str) -> None:
    assert said(api, f"{OWN}/{image}{DIGEST}") == ""


@pytest.mark.parametrize(
    "image",
    [
        f"docker.io/library/busybox:1{DIGEST}",
        f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/tradewind-staging/shared/serving{DIGEST}",
        f"123456789012.dkr.ecr.us-east-1.amazonaws.com/tradewind-prod/shared/serving{DIGEST}",
        f"999999999999.dkr.ecr.eu-west-1.amazonaws.com/tradewind-prod/shared/serving{DIGEST}",
        f"example.com/{OWN}/serving{DIGEST}",
    ],
)
def test_an_image_from_elsewhere_is_refused_by_name(api: Api, image: str) -> None:
    answer = said(api, image)
    assert f"{image} is not from {OWN}/" in answer


@pytest.mark.parametrize("image", [f"{OWN}/search/ranker:1.0", f"{OWN}/search/ranker", f"{OWN}/a@sha256:abc"])
def test_an_image_that_can_be_exchanged_is_refused(api: Api, image: str) -> None:
    assert "not named by a digest" in said(api, image)


def test_every_container_of_a_pod_is_looked_at(api: Api) -> None:
    good, bad = f"{OWN}/search/ranker{DIGEST}", f"docker.io/library/busybox{DIGEST}"
    assert bad in said(api, good, bad)
    answer = said(api, good, init=bad)
    assert bad in answer and good not in answer


def test_an_exempt_namespace_runs_what_it_wants(api: Api) -> None:
    assert said(api, "registry.k8s.io/pause:3.10", namespace="kube-system") == ""
