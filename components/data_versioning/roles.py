"""Roles of each project: one to read, one to push, and one to delete where somebody may take it."""

import json
from typing import Any, Dict, Optional

import pulumi
from pulumi_aws import iam

from components.base import Component
from components.data_versioning import names, policies
from components.data_versioning.placement import ProjectGroup
from components.data_versioning.settings import DataProject
from components.statements import Document

__all__ = ["project_roles", "role"]

PURPOSE = {
    names.READER: "Pulls data of project",
    names.WRITER: "Pulls and pushes data of project",
    names.COLLECTOR: "Deletes unused data of project",
}


def project_roles(
    parent: Component,
    name: str,
    owned: ProjectGroup,
    project: DataProject,
    keys: Dict[str, pulumi.Output[str]],
    access_point: Optional[pulumi.Output[str]],
) -> Dict[str, pulumi.Output[str]]:
    """ARNs by physical name. `access_point` is its ARN, None where there is none."""
    cell = parent.cell
    kinds = [names.READER, names.WRITER, *([names.COLLECTOR] if project.collectors else [])]
    made = {}
    for kind in kinds:
        documents: Dict[str, Any] = {
            "data": policies.prefix(cell, owned, project, kind),
            "keys": policies.key_use(owned, list(keys.values()), write=kind == names.WRITER),
        }
        if access_point is not None:
            documents["nearest"] = access_point.apply(lambda arn: policies.access_point_use(project, arn))
        physical = names.role_name(cell, project, kind)
        created = role(
            parent,
            f"{name}-{project.name}-{kind}",
            physical,
            description=f"{PURPOSE[kind]} {project.name}",
            trust=policies.trust(cell, owned, project, kind),
            documents=documents,
            tags={**owned.group.tags, "project": project.name},
        )
        made[physical] = created.arn
    return made


def role(
    parent: Component,
    name: str,
    physical: str,
    *,
    description: str,
    trust: Document,
    documents: Dict[str, Any],
    tags: Dict[str, str],
) -> iam.Role:
    """A role with `documents` as policies of its own by name; outputs may stand in them."""
    made = iam.Role(
        name,
        name=physical,
        description=description,
        assume_role_policy=json.dumps(trust),
        force_detach_policies=True,
        tags=parent.tags(physical, tags),
        opts=parent.child(),
    )
    for title, document in documents.items():
        known = title == "data"
        iam.RolePolicy(
            name if known else f"{name}-{title}",
            name=title,
            role=made.name,
            policy=json.dumps(document) if known else pulumi.Output.json_dumps(document),
            opts=parent.child(),
        )
    return made
