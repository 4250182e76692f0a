"""Required tags: on the resource itself, and on what it starts where AWS does not hand them on.

A `Gap` is a place where required tags do not arrive, with the additions that would close it. The rules
report gaps, `policies.remediation` lists or applies their additions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plan.aws_types import takes_tags
from plan.values import Reference, Secret, Template, Unknown, Value
from policies.config import TagRule
from policies.view import Undetermined, View

__all__ = ["PROPAGATION", "Addition", "Gap", "own_gaps", "propagation_gaps"]

LAUNCHED = ("instance", "volume", "network-interface")


@dataclass(frozen=True, slots=True)
class Addition:
    """One value to set at `path` inside the inputs; an index equal to a list's length appends."""

    path: tuple[str | int, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class Gap:
    """Required tags that do not arrive somewhere. `additions` are those that need nobody's decision."""

    text: str
    fix: str
    additions: tuple[Addition, ...] = ()


def own_gaps(view: View) -> Iterator[Gap]:
    """Required tags that the resource lacks, and those whose value is not allowed."""
    if not takes_tags(view.type):
        return
    required = view.around.config.tags
    tags = view.tags
    if lacking := [key for key in required if tags.get(key) is None]:
        yield Gap(
            f"has no {_tags(lacking)}{_other_case(lacking, tags)}",
            f"set {', '.join(f'tags.{key}' for key in lacking)}, or give the provider defaultTags",
            tuple(Addition(("tags", key), required[key].default) for key in lacking if required[key].default),
        )
    hidden = ""
    for key, wanted in required.items():
        value = tags.get(key)
        if isinstance(value, Unknown | Secret | Reference | Template):
            hidden = hidden or (key if wanted.allowed or wanted.pattern else "")
        elif isinstance(value, str) and (objection := wanted.objection(value)):
            yield Gap(
                f'has the tag {key} "{value}", which {objection}', f"set tags.{key} to {_allowed(wanted)}"
            )
    if hidden:
        raise Undetermined(f"tags.{hidden}", "is known after deployment")


def _other_case(lacking: list[str], tags: Mapping[str, Value]) -> str:
    """Tags that differ from a required one in case only: to AWS they are different tags."""
    lowered = {key.lower(): key for key in tags}
    found = [lowered[key.lower()] for key in lacking if key.lower() in lowered]
    return f" ({', '.join(found)} is spelt differently)" if found else ""


def _tags(keys: list[str]) -> str:
    return f"tag{'s' if len(keys) > 1 else ''} {', '.join(keys)}"


def _allowed(wanted: TagRule) -> str:
    if wanted.allowed:
        return " or ".join(wanted.allowed)
    return f"text that matches {wanted.pattern}" if wanted.pattern else "a value"


def propagation_gaps(view: View) -> Iterator[Gap]:
    """What the resource starts, copies or hands on without the required tags."""
    find = PROPAGATION.get(view.type)
    if find is None:
        return
    own: Mapping[str, Value] = view.tags if takes_tags(view.type) else {}
    required = view.around.config.tags
    wanted = {key: _value(own.get(key), required[key]) for key in required}
    yield from find(view, wanted)


def _value(own: Value, wanted: TagRule) -> str:
    """What a missing tag is set to: what the resource itself carries, else the only choice, else ""."""
    return own if isinstance(own, str) and own else wanted.default


Wanted = Mapping[str, str]


def _lacking(tags: Value, wanted: Wanted) -> list[str]:
    """The required keys that `tags` lacks; raises `Undetermined` when it is hidden as a whole."""
    if isinstance(tags, Unknown | Secret | Reference):
        raise Undetermined("tags", "are known after deployment")
    return [key for key in wanted if not isinstance(tags, Mapping) or tags.get(key) in (None, "")]


def _launch_template(template: View, wanted: Wanted) -> Iterator[Gap]:
    specifications = list(template.each("tagSpecifications"))
    kinds = {one.get("resourceType"): (index, one) for index, one in enumerate(specifications)}
    added = len(specifications)
    for kind in LAUNCHED:
        index, specification = kinds.get(kind, (added, None))
        lacking = _lacking(specification.raw("tags") if specification else None, wanted)
        if not lacking:
            continue
        values = {key: wanted[key] for key in lacking if wanted[key]}
        if specification is not None:
            additions = tuple(
                Addition(("tagSpecifications", index, "tags", key), value) for key, value in values.items()
            )
        else:
            additions = (
                (Addition(("tagSpecifications", index), {"resourceType": kind, "tags": values}),)
                if values
                else ()
            )
            added += bool(values)
        yield Gap(
            f"starts every {kind} without {_tags(lacking)}",
            f"add tagSpecifications with resourceType {kind} and these tags",
            additions,
        )


def _node_group(group: View, wanted: Wanted) -> Iterator[Gap]:
    if not group.given("launchTemplate"):
        yield Gap(
            f"starts instances and volumes without {_tags(list(wanted))}: node groups do not hand on their tags",
            "set launchTemplate to an aws.ec2.LaunchTemplate with tagSpecifications for instance, volume and network-interface",
        )
    elif group.around.whole and not group.targets("launchTemplate"):
        raise Undetermined("launchTemplate", "is not in this plan, so its tagSpecifications are not known")


def _scaling_group(group: View, wanted: Wanted) -> Iterator[Gap]:
    entries = {one.get("key"): (index, one) for index, one in enumerate(group.each("tags"))}
    lacking: list[str] = []
    additions: list[Addition] = []
    added = len(entries)
    for key, value in wanted.items():
        index, entry = entries.get(key, (added, None))
        if entry is not None and entry.flag("propagateAtLaunch"):
            continue
        lacking.append(key)
        if entry is not None:
            additions.append(Addition(("tags", index, "propagateAtLaunch"), True))
        elif value:
            additions.append(
                Addition(("tags", index), {"key": key, "value": value, "propagateAtLaunch": True})
            )
            added += 1
    if lacking:
        yield Gap(
            f"starts instances without {_tags(lacking)}",
            "add them to tags with propagateAtLaunch true",
            tuple(additions),
        )


def _instance(instance: View, wanted: Wanted) -> Iterator[Gap]:
    lacking = _lacking(instance.raw("volumeTags"), wanted)
    if not lacking or _tagged_devices(instance, wanted):
        return
    additions = tuple(Addition(("volumeTags", key), wanted[key]) for key in lacking if wanted[key])
    yield Gap(
        f"has volumes without {_tags(lacking)}",
        f"set {', '.join(f'volumeTags.{key}' for key in lacking)}",
        additions,
    )


def _tagged_devices(instance: View, wanted: Wanted) -> bool:
    """Whether every volume is tagged in its own block instead (the two ways exclude each other)."""
    devices = [*instance.each("rootBlockDevice"), *instance.each("ebsBlockDevices")]
    return instance.given("rootBlockDevice") and not any(_lacking(one.raw("tags"), wanted) for one in devices)


def _map_at(path: tuple[str, ...], what: str) -> Callable[[View, Wanted], Iterator[Gap]]:
    """For types that tag what they start by a map of its own at `path`."""

    def find(view: View, wanted: Wanted) -> Iterator[Gap]:
        lacking = _lacking(view.raw(*path), wanted)
        where = ".".join(path)
        additions = tuple(Addition((*path, key), wanted[key]) for key in lacking if wanted[key])
        if lacking:
            yield Gap(
                f"starts {what} without {_tags(lacking)}",
                f"set {', '.join(f'{where}.{key}' for key in lacking)}",
                additions,
            )

    return find


def _batch_compute(environment: View, wanted: Wanted) -> Iterator[Gap]:
    """Instances by a map of their own. On Fargate there is none: Batch tags tasks as their jobs."""
    if not str(environment.get("computeResources", "type")).startswith("FARGATE"):
        yield from _map_at(("computeResources", "tags"), "instances")(environment, wanted)


def _switch(path: tuple[str, ...], on: Any, what: str) -> Callable[[View, Wanted], Iterator[Gap]]:
    """For types that hand on their own tags when a switch says so."""

    def find(view: View, wanted: Wanted) -> Iterator[Gap]:
        got = view.get(*path)
        if got not in (on, "TASK_DEFINITION") and str(got).lower() != str(on).lower():
            where, shown = ".".join(path), str(on).lower() if on is True else on
            yield Gap(
                f"does not hand on its tags to {what}", f"set {where} to {shown}", (Addition(path, on),)
            )

    return find


def _table(table: View, wanted: Wanted) -> Iterator[Gap]:
    for index, replica in enumerate(table.each("replicas")):
        if not replica.flag("propagateTags"):
            where = replica.get("regionName") or f"replica {index}"
            yield Gap(
                f"does not hand on its tags to its replica in {where}",
                "set propagateTags of the replica to true",
                (Addition(("replicas", index, "propagateTags"), True),),
            )


PROPAGATION: dict[str, Callable[[View, Wanted], Iterator[Gap]]] = {
    "aws:ec2/launchTemplate:LaunchTemplate": _launch_template,
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "aws:autoscaling/group:Group": _scaling_group,
    "aws:ec2/instance:Instance": _instance,
    "aws:batch/computeEnvironment:ComputeEnvironment": _batch_compute,
    "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass": _map_at(
        ("spec", "tags"), "instances, volumes and interfaces"
    ),
    "aws:dynamodb/table:Table": _table,
    "aws:ecs/service:Service": _switch(("propagateTags",), "SERVICE", "its tasks"),
    "aws:batch/jobDefinition:JobDefinition": _switch(("propagateTags",), True, "its tasks"),
    "aws:sagemaker/domain:Domain": _switch(("tagPropagation",), "ENABLED", "its spaces and apps"),
    "aws:rds/instance:Instance": _switch(("copyTagsToSnapshot",), True, "its snapshots"),
    "aws:rds/cluster:Cluster": _switch(("copyTagsToSnapshot",), True, "its snapshots"),
    "aws:neptune/cluster:Cluster": _switch(("copyTagsToSnapshot",), True, "its snapshots"),
    "aws:fsx/lustreFileSystem:LustreFileSystem": _switch(("copyTagsToBackups",), True, "its backups"),
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": _switch(("copyTagsToBackups",), True, "its backups"),
}
