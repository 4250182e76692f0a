"""The containers in a resource, wherever its service keeps them: image and environment of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plan.values import UNKNOWN, Reference, Secret, Unknown, Value
from policies.documents import document
from policies.view import Undetermined, View

__all__ = ["CONTAINERS", "Container", "containers"]


@dataclass(frozen=True, slots=True)
class Container:
    """One container: `image` is "" where none is named, `variables` may hold hidden values."""

    name: str
    image: Value
    variables: Mapping[str, Value]
    path: str


# Where a pod's specification stands in each kind of workload.
_PODS = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"),
        ("spec", "template", "spec"),
    ),
}
_GROUPS = {
    "core/v1": ("Pod", "PodTemplate", "ReplicationController"),
    "apps/v1": ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"),
    "batch/v1": ("Job", "CronJob"),
}
POD_TYPES = {
    f"kubernetes:{group}:{kind}": _PODS[kind] for group, kinds in _GROUPS.items() for kind in kinds
}  # fmt: skip


def _pod(view: View) -> Iterator[Container]:
    path = POD_TYPES[view.type]
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for one in view.each(*path, group):
            variables = {
                str(item.get("name")): item.raw("value")
                for item in one.each("env")
                if item.raw("value") is not None
            }
            yield Container(str(one.get("name") or ""), one.raw("image"), variables, one.path)


def _task(view: View) -> Iterator[Container]:
    rows = document(view, "containerDefinitions") or []
    for index, row in enumerate(rows if isinstance(rows, list) else []):
        if isinstance(row, Mapping):
            variables = {str(item.get("name")): item.get("value") for item in row.get("environment") or ()}
            yield Container(
                str(row.get("name", "")), row.get("image", ""), variables, f"containerDefinitions[{index}]"
            )


def _function(view: View) -> Iterator[Container]:
    yield Container("", view.raw("imageUri"), _mapping(view, "environment", "variables"), "imageUri")


def _model(view: View) -> Iterator[Container]:
    for one in (*view.each("primaryContainer"), *view.each("containers")):
        yield Container(
            str(one.get("containerHostname") or ""), one.raw("image"), _mapping(one, "environment"), one.path
        )


def _batch(view: View) -> Iterator[Container]:
    row = document(view, "containerProperties")
    if isinstance(row, Mapping):
        variables = {str(item.get("name")): item.get("value") for item in row.get("environment") or ()}
        yield Container("", row.get("image", ""), variables, "containerProperties")


def _build(view: View) -> Iterator[Container]:
    rows = view.each("environment", "environmentVariables")
    variables = {
        str(row.get("name")): row.raw("value") for row in rows if row.get("type") in (None, "PLAINTEXT")
    }
    yield Container("", view.raw("environment", "image"), variables, "environment")


def _mapping(view: View, *path: str) -> Mapping[str, Value]:
    value: Any = view.get(*path)
    return value if isinstance(value, Mapping) else {}


CONTAINERS: dict[str, Callable[[View], Iterator[Container]]] = {
    **dict.fromkeys(POD_TYPES, _pod),
    "aws:ecs/taskDefinition:TaskDefinition": _task,
    "aws:lambda/function:Function": _function,
    "aws:sagemaker/model:Model": _model,
    "aws:batch/jobDefinition:JobDefinition": _batch,
    "aws:codebuild/project:Project": _build,
}


def containers(view: View) -> Iterator[Container]:
    """Every container of a workload; raises `Undetermined` at the end for those that are hidden."""
    yield from CONTAINERS[view.type](view)


def known_image(container: Container) -> str:
    """The image's name, "" where none is given; raises `Undetermined` when it is not known."""
    image = container.image
    if isinstance(image, Unknown | Secret | Reference):
        why = "is known after deployment" if image is UNKNOWN else f"is {image}"
        raise Undetermined(f"{container.path}.image", why)
    return image if isinstance(image, str) else ""
