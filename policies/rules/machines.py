"""Machines and what they may not do: hand out credentials to whoever asks, run as root of the node."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rule import Breach, rule
from policies.view import View
from policies.workloads import POD_TYPES

NOTEBOOK = "aws:sagemaker/notebookInstance:NotebookInstance"
NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"


@rule(
    id="imdsv1",
    types=(
        "aws:ec2/instance:Instance",
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:ec2/launchConfiguration:LaunchConfiguration",
        "aws:ec2/spotInstanceRequest:SpotInstanceRequest",
        NOTEBOOK,
        NODE_CLASS,
    ),
    severity="high",
    level="mandatory",
    rationale="With version 1 of the metadata service, one request forged through an application yields the machine's credentials.",
    fix="set metadataOptions.httpTokens to required",
    frameworks=("CIS AWS 3.0 5.6", "AWS FSBP EC2.8"),
)
def imdsv1(machine: View) -> Iterator[str | Breach]:
    if machine.type == NOTEBOOK:
        version = machine.get("instanceMetadataServiceConfiguration", "minimumInstanceMetadataServiceVersion")
        if str(version or "1") == "1":
            yield Breach(
                "allows version 1 of the metadata service",
                "set instanceMetadataServiceConfiguration.minimumInstanceMetadataServiceVersion to 2",
            )
        return
    path = ("spec", "metadataOptions") if machine.type == NODE_CLASS else ("metadataOptions",)
    tokens = machine.get(*path, "httpTokens")
    if machine.get(*path, "httpEndpoint") == "disabled" or tokens == "required":
        return
    if tokens is None and machine.type == NODE_CLASS:
        return  # Karpenter's own default is "required".
    yield f"allows version 1 of the metadata service: httpTokens is {tokens or 'not set'}"


@rule(
    id="privileged-container",
    types=POD_TYPES,
    severity="high",
    level="mandatory",
    rationale="A privileged container, or one that shares the node's namespaces, is root on the node and reads its neighbours.",
    fix="leave out securityContext.privileged, hostPID, hostIPC and hostNetwork",
    frameworks=("Kubernetes Pod Security Baseline",),
)
def privileged(workload: View) -> Iterator[str]:
    path = POD_TYPES[workload.type]
    for switch in ("hostPID", "hostIPC", "hostNetwork"):
        if workload.flag(*path, switch):
            yield f"shares the node: {switch} is true"
    for group in ("initContainers", "containers"):
        for container in workload.each(*path, group):
            if container.flag("securityContext", "privileged"):
                yield f"runs {container.get('name')} privileged"
