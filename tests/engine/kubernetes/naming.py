"""Names, namespaces and ids as pulumi-kubernetes gives them."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from tests.engine.kubernetes.api import Api, NoKind

AUTONAMED = "pulumi.com/autonamed"
DIGITS = 8
"""Hexadecimal digits after a name that was not chosen."""
CLUSTER_WIDE = frozenset(
    {
        "APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "CSIDriver", "CSINode",
        "CustomResourceDefinition", "EC2NodeClass", "FlowSchema", "IngressClass", "MutatingWebhookConfiguration",
        "Namespace", "Node", "NodeClaim", "NodeOverlay", "NodePool", "PersistentVolume", "PriorityClass",
        "PriorityLevelConfiguration", "RuntimeClass", "StorageClass", "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeAttachment",
    }
)  # fmt: skip
"""Kinds without a namespace, for where no server can be asked."""


def is_patch(urn: str, kind: str) -> bool:
    """A `...Patch` resource, which owns some fields of somebody else's object."""
    return type_of(urn).endswith("Patch") and not kind.endswith("Patch")


def is_list(urn: str) -> bool:
    return type_of(urn).endswith("List")


def type_of(urn: str) -> str:
    """`kubernetes:core/v1:Namespace` of a URN, its parents' types left out."""
    return urn.split("::")[2].rpartition("$")[2]


def unique(urn: str, seed: bytes) -> str:
    """`<name>-<8 digits>`; the same seed gives the same name, so that preview and update agree."""
    name = urn.rpartition("::")[2]
    digits = hashlib.sha256(seed + urn.encode()).hexdigest() if seed else secrets.token_hex(DIGITS)
    return f"{name}-{digits[:DIGITS]}"


def namespaced(api: Api | None, thing: dict[str, Any]) -> bool:
    """Whether the object lives in a namespace; a kind that nobody knows yet is taken to."""
    if api is not None:
        try:
            return api.of(thing).namespaced
        except NoKind:
            pass
    return thing.get("kind") not in CLUSTER_WIDE


def identity(thing: dict[str, Any]) -> str:
    """The resource's id: `namespace/name`, or `name`."""
    meta = thing["metadata"]
    return f"{meta['namespace']}/{meta['name']}" if meta.get("namespace") else str(meta["name"])


def parts(identity: str) -> tuple[str, str]:
    """Namespace (or nothing) and name of an id."""
    namespace, _, name = identity.rpartition("/")
    return namespace, name


def is_autonamed(thing: dict[str, Any]) -> bool:
    notes = thing.get("metadata", {}).get("annotations") or {}
    return isinstance(notes, dict) and notes.get(AUTONAMED) == "true"
