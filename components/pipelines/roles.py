"""Roles of pipelines: one purpose each, its exact trust, its rights as policies of its own."""

import json
from dataclasses import dataclass
from typing import Dict, List, Mapping, Sequence

import pulumi
from pulumi_aws import iam

from components.base import Component
from components.naming import partition
from components.statements import Document

__all__ = ["Made", "role"]


@dataclass(frozen=True)
class Made:
    """A role, and what gives it its rights, which whatever uses it must wait for."""

    role: iam.Role
    rights: List[pulumi.Resource]

    @property
    def arn(self) -> pulumi.Output[str]:
        made: pulumi.Output[str] = self.role.arn
        return made


def role(
    parent: Component,
    name: str,
    physical: str,
    *,
    trust: Document,
    description: str,
    documents: Mapping[str, Document],
    managed: Sequence[str] = (),
    tags: Mapping[str, str] = {},
) -> Made:
    """The role `physical` with policies by name, and those that AWS maintains by theirs."""
    extra: Dict[str, str] = dict(tags)
    made = iam.Role(
        name,
        name=physical,
        description=description,
        assume_role_policy=json.dumps(trust),
        force_detach_policies=True,
        tags=parent.tags(physical, extra),
        opts=parent.child(),
    )
    rights: List[pulumi.Resource] = [
        iam.RolePolicy(
            f"{name}-{part}",
            name=part,
            role=made.name,
            policy=json.dumps(document),
            opts=parent.child(),
        )
        for part, document in documents.items()
    ]
    rights += [
        iam.RolePolicyAttachment(
            f"{name}-{policy.rpartition('/')[2]}",
            role=made.name,
            policy_arn=f"arn:{partition(parent.cell.region)}:iam::aws:policy/{policy}",
            opts=parent.child(),
        )
        for policy in managed
    ]
    return Made(made, rights)
