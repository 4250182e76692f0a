"""Where a resource lives: the rule that all readers share.

AWS: the resource's own `region`, else what its ARN says, else its provider's, else its zone's; nothing
for global services. Kubernetes: the region of the EKS cluster that the provider's kubeconfig speaks of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from plan.aws_types import is_global
from plan.graph import Resource
from plan.values import Value, references

__all__ = ["is_region", "kubernetes_region", "region_of", "region_of_arn", "with_regions"]

KUBERNETES_PROVIDER = "pulumi:providers:kubernetes"

_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d")
_ZONE = re.compile(rf"({_REGION.pattern})[a-z]")
# How a kubeconfig of EKS tells its region: the endpoint's name, the cluster's ARN, the exec arguments.
_ENDPOINT = re.compile(rf"\.({_REGION.pattern})\.eks\.amazonaws\.com|arn:aws[a-z-]*:eks:({_REGION.pattern}):")
_ARGUMENT = re.compile(rf"--region[\s\"',=-]*({_REGION.pattern})")


def region_of(
    type: str,
    inputs: Mapping[str, Value],
    provider_inputs: Mapping[str, Value],
    outputs: Mapping[str, Value],
) -> str:
    """The AWS region of one resource, or "" for what has none or cannot be told.

    `outputs` are what a deployment answered, `{}` before one. `provider_inputs` are those of the
    resource's provider; where a default provider is not in the document, the configuration's
    `{"region": ...}` stands in.
    """
    package = type.partition(":")[0]
    if package not in ("aws", "aws-native") or is_global(type):
        return ""
    candidates = (
        _plain(inputs.get("region")),
        _plain(outputs.get("region")),
        region_of_arn(outputs.get("arn")),
        _plain(provider_inputs.get("region")),
        _zone(inputs.get("availabilityZone")),
    )
    return next((region for region in candidates if region), "")


def is_region(text: str) -> bool:
    """Whether `text` is spelled like the name of a region."""
    return _REGION.fullmatch(text) is not None


def region_of_arn(arn: Value) -> str:
    """The region in an ARN: "" where it has none (S3, IAM) or `arn` is no ARN."""
    parts = arn.split(":", 5) if type(arn) is str else []
    return parts[3] if len(parts) == 6 and parts[0] == "arn" else ""


def kubernetes_region(provider: Resource, resources: Mapping[str, Resource]) -> str:
    """The region of the cluster a Kubernetes provider talks to, "" where it cannot be told.

    Told by the clusters that its `kubeconfig` (or `context`, `cluster`) mentions by reference or by
    dependency, else by the endpoint, ARN or `--region` written in a plain kubeconfig.
    """
    named = [reference.urn for reference in references(dict(provider.inputs))]
    named += [urn for urns in provider.property_dependencies.values() for urn in urns]
    named += provider.dependencies
    regions = {resources[urn].region for urn in named if urn in resources} - {""}
    if len(regions) == 1:
        return regions.pop()
    for value in provider.inputs.values():
        if isinstance(value, dict):
            value = json.dumps(value, default=str)
        if isinstance(value, str):
            for pattern in (_ENDPOINT, _ARGUMENT):
                if match := pattern.search(value):
                    return next(group for group in match.groups() if group)
    return ""


def with_regions(resources: Iterable[Resource], default_region: Value = "") -> list[Resource]:
    """`resources` with their regions; `default_region` is the configuration's `aws:region`.

    A provider counts as explicit with its own `region` (JSON text or plain); a provider that says
    none, or is not among `resources`, leaves it to `default_region` when it is a default provider.
    """
    table = {resource.urn: resource for resource in resources}
    for urn, resource in table.items():
        if resource.package in ("aws", "aws-native"):
            provider = table.get(resource.provider)
            settings = dict(provider.inputs) if provider else {}
            if not _plain(settings.get("region")) and _is_default(resource.provider):
                settings["region"] = default_region
            region = region_of(resource.type, resource.inputs, settings, resource.outputs)
            table[urn] = replace(resource, region=region)
    clusters = {
        urn: kubernetes_region(provider, table)
        for urn, provider in table.items()
        if provider.type == KUBERNETES_PROVIDER
    }
    for urn, resource in table.items():
        if region := clusters.get(resource.provider, ""):
            table[urn] = replace(resource, region=region)
    return list(table.values())


def _is_default(provider: str) -> bool:
    return not provider or provider.rpartition("::")[2].startswith("default")


def _plain(value: Value) -> str:
    """A region given in clear text; a provider's inputs hold JSON texts, so quotes may be around it."""
    if type(value) is not str:
        return ""
    text = value.strip('"')
    return text if _REGION.fullmatch(text) else ""


def _zone(value: Value) -> str:
    match = _ZONE.fullmatch(value) if type(value) is str else None
    return match.group(1) if match else ""
