"""Roles of pods that read or write a group's features, for EKS Pod Identity, and of the materialisation task."""

import json
from typing import Dict

import pulumi
from pulumi_aws import iam

from components.base import Component
from components.feature_store import names
from components.feature_store.keys import group_tags
from components.feature_store.placement import ViewGroup
from components.feature_store.policies import key_use, materializer, pod_trust, reader, task_trust, writer
from components.feature_store.settings import FeatureStoreSettings

__all__ = ["MATERIALIZER", "READER", "WRITER", "group_roles"]

READER = "feature-reader"
WRITER = "feature-writer"
MATERIALIZER = "feature-materializer"


def group_roles(
    parent: Component,
    name: str,
    store: FeatureStoreSettings,
    group: ViewGroup,
    keys: Dict[str, pulumi.Output[str]],
    *,
    registry: bool,
) -> Dict[str, iam.Role]:
    """The group's roles by physical name: those that data needs, and which tables they are kept from."""
    documents = {
        READER: reader(store, parent.cell, group, registry=registry),
        WRITER: writer(store, parent.cell, group, registry=registry),
    }
    if store.materialization and group.online:
        documents[MATERIALIZER] = materializer(store, parent.cell, group, registry=registry)
    arns = pulumi.Output.all(*(keys[region] for region in group.regions))
    roles = {}
    for kind, document in documents.items():
        physical = names.role_name(parent.cell, group, kind)
        trust = task_trust if kind == MATERIALIZER else pod_trust
        role = iam.Role(
            f"{name}-{group.label}-{kind}",
            name=physical,
            description=f"{kind} of group {group.label} of {parent.cell.environment}",
            assume_role_policy=json.dumps(trust(parent.cell)),
            force_detach_policies=True,
            tags=parent.tags(physical, group_tags(group)),
            opts=parent.child(),
        )
        iam.RolePolicy(
            f"{name}-{group.label}-{kind}",
            name="data",
            role=role.name,
            policy=json.dumps(document),
            opts=parent.child(),
        )
        iam.RolePolicy(
            f"{name}-{group.label}-{kind}-keys",
            name="keys",
            role=role.name,
            policy=_key_policy(group, arns, write=kind != READER),
            opts=parent.child(),
        )
        roles[physical] = role
    return roles


def _key_policy(group: ViewGroup, arns: pulumi.Output[list[str]], *, write: bool) -> pulumi.Output[str]:
    return arns.apply(lambda arns: json.dumps(key_use(group, arns, write=write)))
