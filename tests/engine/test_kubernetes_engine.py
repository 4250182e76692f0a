"""A program on the engine, its Kubernetes stand-in, and a real API server: up, again, drift, change, destroy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.conftest import Clusters
from tests.engine.kubernetes.control_plane import Cluster
from tests.engine.sandbox import Sandbox

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace, Secret
from pulumi_kubernetes.helm.v3 import Release
from pulumi_kubernetes.provider import Provider
from pulumi_kubernetes.storage.v1 import StorageClass
from pulumi_kubernetes.yaml import ConfigGroup

config = pulumi.Config()
there = pulumi.ResourceOptions(
    provider=Provider("cluster", kubeconfig=config.require_secret("kubeconfig"), cluster_identifier="tests")
)
space = Namespace("space", metadata={"labels": {"team": "a"}}, opts=there)
name = space.metadata.apply(lambda meta: meta.name)
settings = ConfigMap("settings", metadata={"namespace": name}, data={"level": config.require("level")}, opts=there)
Secret("password", metadata={"namespace": name}, string_data={"word": config.require_secret("word")}, opts=there)
StorageClass(
    "fast", metadata={"name": "fast"}, provisioner="ebs.csi.aws.com", parameters={"type": config.require("disk")},
    opts=there,
)
CustomResource(
    "pool", api_version="karpenter.sh/v1", kind="NodePool", metadata={"name": "general"}, opts=there,
    spec={
        "limits": {"cpu": config.require("cpu")},
        "disruption": {"consolidateAfter": "1m", "consolidationPolicy": config.require("policy")},
        "template": {"spec": {
            "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "general"},
            "requirements": [{"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["spot"]}],
        }},
    },
)
Release("agent", name="agent", chart="agent", version="1.0.0", namespace=name, values={"a": 1}, opts=there)
ConfigGroup("group", yaml=["{apiVersion: v1, kind: ConfigMap, metadata: {name: grouped}, data: {a: b}}"], opts=there)
pulumi.export("settings", settings.metadata["name"])
"""
SETTINGS = {"level": "info", "disk": "gp3", "cpu": "100", "policy": "WhenEmpty"}


@dataclass
class Stack:
    """The program's stack `dev`, and the cluster that it is on."""

    box: Sandbox
    folder: Path
    cluster: Cluster

    def set(self, **values: str) -> None:
        for key, value in values.items():
            self.box.pulumi("config", "set", key, value, "--stack", "dev", cwd=self.folder)

    def run(self, *arguments: str, check: bool = True) -> str:
        done = self.box.pulumi(*arguments, "--stack", "dev", cwd=self.folder, check=check)
        return done.stdout + done.stderr

    def preview(self) -> dict[str, Any]:
        """`{name: step}` of everything that would change."""
        done = self.box.pulumi("preview", "--json", "--stack", "dev", cwd=self.folder)
        steps = json.loads(done.stdout[done.stdout.index("{") :])["steps"]
        return {step["urn"].rpartition("::")[2]: step for step in steps if step["op"] != "same"}

    def find(self, version: str, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        api = self.cluster.api()
        return api.find(api.kind(version, kind), namespace, name)


@pytest.fixture(scope="module")
def stack(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    box = Sandbox(tmp_path_factory.mktemp("box"))
    source = tmp_path_factory.mktemp("source") / "objects"
    source.mkdir()
    (source / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    document = {"name": "objects", "runtime": "python"}
    (source / "Pulumi.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    with clusters(1, box.world) as (cluster,):
        made = Stack(box, box.project(source), cluster)
        box.pulumi("stack", "init", "dev", cwd=made.folder)
        made.set(**SETTINGS)
        for key, value in {"kubeconfig": cluster.kubeconfig(), "word": "open sesame"}.items():
            box.pulumi("config", "set", "--secret", key, value, "--stack", "dev", cwd=made.folder)
        yield made


def test_a_stack_lives_on_a_real_cluster(stack: Stack) -> None:
    said = stack.run("up", "--yes", "--skip-preview")
    assert "open sesame" not in said
    name = stack.run("stack", "output", "settings").strip()
    space = next(it for it in stack.cluster.left() if it.startswith("v1/Namespace")).rpartition("/")[2]
    assert stack.find("v1", "ConfigMap", space, name)
    assert stack.find("v1", "ConfigMap", "default", "grouped")
    assert stack.find("v1", "Secret", space, "sh.helm.release.v1.agent.v1")
    assert stack.find("karpenter.sh/v1", "NodePool", "", "general")
    exported = stack.run("stack", "export")
    assert "open sesame" not in exported
    assert stack.cluster.token not in exported
    assert stack.preview() == {}

    api = stack.cluster.api()
    pool = api.kind("karpenter.sh/v1", "NodePool")
    api.merge(pool, "", "general", {"spec": {"limits": {"cpu": "7"}}}, manager="kubectl-edit")
    drift = stack.run("refresh", "--yes", "--diff")
    assert '"100" => "7"' in drift
    # Another manager owns the field now: the server lets it go only to the one who insists.
    refused = stack.run("preview", check=False)
    assert 'conflict with "kubectl-edit" using karpenter.sh/v1: .spec.limits.cpu' in refused
    api.merge(pool, "", "general", {"spec": {"limits": {"cpu": "100"}}}, manager="kubectl-edit")

    stack.set(level="debug", disk="io2")
    steps = stack.preview()
    changed = {name: step["op"] for name, step in steps.items()}
    assert changed == {"settings": "replace", "fast": "replace", "pool": "update"}
    assert steps["fast"]["detailedDiff"]["parameters.type"]["kind"] == "update-replace"
    stack.run("up", "--yes", "--skip-preview")
    fast = stack.find("storage.k8s.io/v1", "StorageClass", "", "fast")
    assert fast and fast["parameters"] == {"type": "io2"}
    assert stack.run("stack", "output", "settings").strip() != name, (
        "a new name, so that the old one stays until then"
    )
    assert stack.find("v1", "ConfigMap", space, name) is None

    stack.set(policy="Sometimes")
    wrong = stack.run("up", "--yes", "--skip-preview", check=False)
    assert 'spec.disruption.consolidationPolicy: Unsupported value: "Sometimes"' in wrong
    assert "Traceback" not in wrong

    stack.run("destroy", "--yes", "--skip-preview")
    assert stack.cluster.left() == []
