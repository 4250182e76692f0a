"""What the Kubernetes provider's Check does to inputs: a name, and the provider's default namespace.

Programs read them back (`namespace.metadata["name"]`), and in a real preview they are known.
"""

from __future__ import annotations

import hashlib
from typing import Any

from .wire import SIGNATURE, UNKNOWN

CLUSTER_SCOPED = frozenset(
    {
        "APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "CSIDriver", "CSINode",
        "ComponentStatus", "CustomResourceDefinition", "DeviceClass", "FlowSchema", "IngressClass", "Namespace",
        "MutatingWebhookConfiguration", "Node", "PersistentVolume", "PriorityClass", "ResourceSlice",
        "PriorityLevelConfiguration", "RuntimeClass", "StorageClass", "StorageVersion", "ServiceCIDR", "IPAddress",
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
        "VolumeAttachment", "VolumeAttributesClass",
    }
)  # fmt: skip


def checked(token: str, name: str, urn: str, inputs: dict[str, Any], provider_inputs: dict[str, Any]) -> bool:
    """Completes `inputs` in place; whether anything changed."""
    if not token.startswith("kubernetes:") or "kind" not in inputs or token.endswith(("Patch", "List")):
        return False
    metadata = inputs.get("metadata")
    if metadata is None:
        metadata = inputs["metadata"] = {}
    if not isinstance(metadata, dict) or SIGNATURE in metadata:
        return False
    changed = False
    if not metadata.get("name") and not metadata.get("generateName"):
        metadata["name"] = f"{name}-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"
        changed = True
    if "namespace" not in metadata and _is_namespaced(token, str(inputs["kind"])):
        namespace = provider_inputs.get("namespace")
        # An unknown default is unknown here too; a provider's inputs may be JSON texts.
        metadata["namespace"] = (
            namespace.strip('"')
            if isinstance(namespace, str) and namespace != UNKNOWN
            else namespace or "default"
        )
        changed = True
    return changed


def _is_namespaced(token: str, kind: str) -> bool:
    if kind in CLUSTER_SCOPED:
        return False
    group = token.split(":")[1].split("/")[0]
    # A custom resource may be either; only the API server knows, so it gets no namespace.
    return group in _GROUPS


_GROUPS = frozenset(
    {
        "core", "apps", "batch", "policy", "autoscaling", "networking.k8s.io", "rbac.authorization.k8s.io",
        "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "extensions", "storage.k8s.io", "resource.k8s.io",
    }
)  # fmt: skip
