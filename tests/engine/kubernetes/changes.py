"""What changed between two forms of an object, where, and whether it can be changed in place.

The rules are those of pulumi-kubernetes: a change is reported at the place where the two forms part, and a
change of something that Kubernetes does not let anybody change replaces the object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

ALWAYS = ("metadata.name", "metadata.namespace")
_SELECTOR = ("spec.selector",)
_JOB = ("spec.completions", "spec.parallelism", "spec.selector", "spec.template")
_SET = (
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
)
_POD_MAY = {"activeDeadlineSeconds", "tolerations", "containers", "initContainers", "ephemeralContainers"}
"""Of a pod's specification, what is not fixed as a whole; of a container only its name is not."""
FIXED = {
    "apps/v1/DaemonSet": _SELECTOR,
    "apps/v1/Deployment": _SELECTOR,
    "apps/v1/StatefulSet": _SET,
    "batch/v1/Job": _JOB,
    "policy/v1beta1/PodDisruptionBudget": ("spec",),
    "rbac.authorization.k8s.io/v1/ClusterRoleBinding": ("roleRef",),
    "rbac.authorization.k8s.io/v1/RoleBinding": ("roleRef",),
    "storage.k8s.io/v1/StorageClass": ("parameters", "provisioner"),
    "v1/ConfigMap": ("data", "binaryData"),
    "v1/PersistentVolumeClaim": (
        "spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName",
    ),
    "v1/ResourceQuota": ("spec.scopes",),
    "v1/Secret": ("type", "data", "stringData"),
    "v1/Service": ("spec.clusterIP",),
}  # fmt: skip
"""What replaces an object when it changes, by `apiVersion/kind`."""
MUTABLE_BY_CHOICE = {"v1/ConfigMap": "enableConfigMapMutable", "v1/Secret": "enableSecretMutable"}
"""Kinds that a setting of the provider makes changeable in place, `immutable: true` apart."""
_QUANTITY = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+|[numkMGTPE]i?)?")


def fixed(thing: dict[str, Any], settings: dict[str, Any]) -> tuple[str, ...]:
    """The paths of `thing` whose change replaces it."""
    name = f"{thing.get('apiVersion', '')}/{thing.get('kind', '')}"
    if name == "v1/Pod":
        spec = {**thing.get("spec", {})}
        return (
            *ALWAYS,
            *(f"spec.{key}" for key in spec if key not in _POD_MAY),
            "spec.containers",
            "spec.initContainers",
        )
    if settings.get(MUTABLE_BY_CHOICE.get(name, "")) and not thing.get("immutable"):
        return (*ALWAYS, "type") if name == "v1/Secret" else ALWAYS
    return (*ALWAYS, *FIXED.get(name, ()))


def differences(
    old: Any, new: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """`(path, "add" | "delete" | "update")` for every place where `new` parts from `old`."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            here = (*path, key)
            if key not in old:
                yield here, "add"
            elif key not in new:
                yield here, "delete"
            else:
                yield from differences(old[key], new[key], here)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            here = (*path, index)
            if index >= len(old):
                yield here, "add"
            elif index >= len(new):
                yield here, "delete"
            else:
                yield from differences(old[index], new[index], here)
    elif not same(old, new):
        yield path, "update"


def replaces(path: tuple[str | int, ...], fixed_paths: tuple[str, ...]) -> bool:
    """Whether a change at `path` touches something fixed: it, something in it, or all that holds it."""
    here = [part for part in path if isinstance(part, str)]
    for each in fixed_paths:
        there = each.split(".")
        shorter = min(len(here), len(there))
        if here[:shorter] == there[:shorter]:
            return True
    return False


def text(path: tuple[str | int, ...]) -> str:
    """The engine's form of a path: `spec.ports[0].port`, `metadata.labels["a.b/c"]`."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part}]"
        elif any(character in part for character in '."[]'):
            quoted = part.replace('"', '\\"')
            written += f'["{quoted}"]'
        else:
            written += f".{part}" if written else part
    return written


def as_live(inputs: Any, live: Any) -> Any:
    """`inputs` with the values that `live` has in their places: what the server added is left out.

    A value that the server only writes in another way (`1000m` for `1`) stays as it was put in, and so does
    an empty one that the server does not write at all.
    """
    if isinstance(inputs, dict) and isinstance(live, dict):
        merged = {}
        for key, value in inputs.items():
            if key in live:
                merged[key] = as_live(value, live[key])
            elif not value:
                merged[key] = value
        return merged
    if isinstance(inputs, list) and isinstance(live, list) and len(inputs) == len(live):
        return [as_live(one, other) for one, other in zip(inputs, live, strict=True)]
    return inputs if same(inputs, live) else live


def same(one: Any, other: Any) -> bool:
    """Equal, or two ways to write one quantity."""
    if one == other:
        return isinstance(one, bool) == isinstance(other, bool)
    if isinstance(one, (dict, list, bool, type(None))) or isinstance(other, (dict, list, bool, type(None))):
        return False
    written = str(one), str(other)
    if not all(map(_QUANTITY.fullmatch, written)):
        return False
    from kubernetes.utils.quantity import parse_quantity

    try:
        return bool(parse_quantity(written[0]) == parse_quantity(written[1]))
    except ValueError:
        return False
