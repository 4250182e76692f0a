"""Which properties cannot change in place: a change of one means another resource.

For AWS the provider itself was asked, type by type and property by property (`tools/replacements` makes the table
`plan/data/aws_replacements.json` and says what its words mean); the SDK's documentation speaks for what is newer
than the provider that was asked. Kubernetes' immutable fields are the provider's own list.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from plan.aws_types import is_global
from plan.changes import Change, same
from plan.values import Value

__all__ = ["DELETE_FIRST", "Forced", "forced", "forces", "name_property"]

_KINDS = {"a": "add", "u": "update", "d": "delete", "g": "grow", "s": "shrink"}


@dataclass(frozen=True, slots=True)
class Forced:
    """A path without positions in lists, and the kinds of change there that force another resource.

    `whole` means the object itself, added or left out, and nothing in it.
    """

    path: tuple[str, ...]
    kinds: frozenset[str] = frozenset(_KINDS.values())
    whole: bool = False

    @staticmethod
    def read(word: str) -> Forced:
        """From a word of the table: `path`, `path~`, `path:au` or `path!ad`."""
        for mark in "!:":
            path, found, letters = word.partition(mark)
            if found:
                kinds = frozenset(_KINDS[letter] for letter in letters)
                return Forced(tuple(path.split(".")), kinds, whole=mark == "!")
        kept = word.endswith("~")
        kinds = frozenset(kind for kind in _KINDS.values() if not (kept and kind == "delete"))
        return Forced(tuple(word.rstrip("~").split(".")), kinds)


# Names that are not called `name`, of types whose name the provider makes up when a program gives none.
_NAMES: Mapping[str, str] = {
    "ec2/keyPair:KeyPair": "keyName",
    "eks/nodeGroup:NodeGroup": "nodeGroupName",
    "elasticache/cluster:Cluster": "clusterId",
    "elasticache/replicationGroup:ReplicationGroup": "replicationGroupId",
    "lambda/permission:Permission": "statementId",
    "rds/cluster:Cluster": "clusterIdentifier",
    "rds/clusterInstance:ClusterInstance": "identifier",
    "rds/globalCluster:GlobalCluster": "globalClusterIdentifier",
    "rds/instance:Instance": "identifier",
    "s3/bucket:Bucket": "bucket",
    "s3/bucketObject:BucketObject": "key",
    "s3/bucketObjectv2:BucketObjectv2": "key",
}

DELETE_FIRST = frozenset(
    f"aws:{token}"
    for token in (
        "appautoscaling/policy:Policy", "ec2/route:Route", "ec2/routeTableAssociation:RouteTableAssociation",
        "eks/accessEntry:AccessEntry", "eks/addon:Addon", "eks/podIdentityAssociation:PodIdentityAssociation",
        "iam/rolePolicyAttachment:RolePolicyAttachment", "s3/bucketPolicy:BucketPolicy",
    )
)  # fmt: skip
"""Types of which AWS bears one only in its place, so that the old one goes before the new one comes."""

_KUBERNETES: Mapping[str, str] = {
    "apps/v1/DaemonSet": "spec.selector",
    "apps/v1/Deployment": "spec.selector",
    "apps/v1/StatefulSet": "spec.podManagementPolicy spec.revisionHistoryLimit spec.selector spec.serviceName "
    "spec.volumeClaimTemplates",
    "batch/v1/Job": "spec.completions spec.parallelism spec.selector spec.template",
    "rbac.authorization.k8s.io/v1/ClusterRoleBinding": "roleRef",
    "rbac.authorization.k8s.io/v1/RoleBinding": "roleRef",
    "storage.k8s.io/v1/StorageClass": "parameters provisioner",
    "v1/ConfigMap": "data binaryData",
    "v1/PersistentVolumeClaim": "spec.accessModes spec.selector spec.storageClassName spec.volumeName",
    "v1/ResourceQuota": "spec.scopes",
    "v1/Secret": "type data stringData",
    "v1/Service": "spec.clusterIP",
}
_KUBERNETES_ALWAYS = ("metadata.name", "metadata.namespace")
_MUTABLE_BY_CHOICE = {"v1/ConfigMap": "enableConfigMapMutable", "v1/Secret": "enableSecretMutable"}


@cache
def _table() -> Mapping[str, Any]:
    text = resources.files("plan").joinpath("data/aws_replacements.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def name_property(type: str) -> str:
    """The property that names a resource of this AWS type."""
    return _NAMES.get(type.removeprefix("aws:"), "name")


def forced(type: str, inputs: Mapping[str, Value], settings: Mapping[str, Value]) -> tuple[Forced, ...]:
    """What replaces a resource of `type` with `inputs` when it changes; `settings` are its provider's."""
    package = type.partition(":")[0]
    if package == "kubernetes":
        return tuple(Forced.read(word) for word in _of_kubernetes(inputs, settings))
    if package != "aws":
        return ()
    return (*_of_aws(type), *_under_conditions(type, inputs))


@cache
def _of_aws(type: str) -> tuple[Forced, ...]:
    token, table = type.removeprefix("aws:"), _table()
    words = [*table["types"].get(token, "").split(), *table["documented"].get(token, "").split()]
    name = name_property(type)
    if token not in table["types"]:
        words.append(name)
    # One that is no longer written does not stay: the engine draws another.
    words = [name if word == f"{name}~" else word for word in words]
    if not is_global(type):
        words.append("region")
    return tuple(Forced.read(word) for word in dict.fromkeys(words))


def _under_conditions(type: str, inputs: Mapping[str, Value]) -> Iterator[Forced]:
    """What forces only while other properties have certain values, such as a network load balancer's subnets."""
    for values, words in _table()["when"].get(type.removeprefix("aws:"), ()):
        if all(same(inputs.get(name), value) for name, value in values.items()):
            yield from (Forced.read(word) for word in words.split())


def _of_kubernetes(inputs: Mapping[str, Value], settings: Mapping[str, Value]) -> tuple[str, ...]:
    kind = f"{inputs.get('apiVersion', '')}/{inputs.get('kind', '')}"
    if kind in _MUTABLE_BY_CHOICE and _is_on(settings.get(_MUTABLE_BY_CHOICE[kind])):
        return (*_KUBERNETES_ALWAYS, *(("type",) if kind == "v1/Secret" else ()))
    if kind == "v1/Pod":
        return (*_KUBERNETES_ALWAYS, "spec")
    return (*_KUBERNETES_ALWAYS, *_KUBERNETES.get(kind, "").split())


def _is_on(setting: Any) -> bool:
    return setting is True or setting == "true"


def forces(change: Change, rules: Iterable[Forced]) -> bool:
    """Whether `change` (at `spec.ports[0].port`, say) forces another resource by one of `rules`."""
    written = change.path.split(".")
    steps, item = tuple(step.partition("[")[0] for step in written), written[-1].endswith("]")
    return any(_matches(rule, steps, change.kind, item) for rule in rules)


def _matches(rule: Forced, steps: tuple[str, ...], kind: str, item: bool) -> bool:
    if rule.whole:
        return steps == rule.path and kind in rule.kinds
    shorter = min(len(steps), len(rule.path))
    if steps[:shorter] != rule.path[:shorter]:
        return False
    if len(steps) < len(rule.path):
        # Of an object that becomes another one nobody knows what of it changes.
        return kind == "update" or kind in rule.kinds
    if len(steps) > len(rule.path):
        return "update" in rule.kinds
    return ({"add": "grow", "delete": "shrink"}.get(kind, kind) if item else kind) in rule.kinds
