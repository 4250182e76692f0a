"""What lakeFS keeps outside the cluster: its table of branches and commits, and its role."""

from typing import Dict

import pulumi
from pulumi_aws import dynamodb

from components.base import Component
from components.cluster.names import ClusterNames
from components.cluster.policies import pod_trust
from components.data_versioning import names, policies
from components.data_versioning.placement import ProjectGroup
from components.data_versioning.roles import role
from components.data_versioning.settings import DataProject
from components.model import EnvironmentClass

__all__ = ["lakefs_state"]

# lakeFS' own names of its key: it makes the same table by itself where it may, unencrypted by our key.
PARTITION_KEY, ITEM_KEY = "PartitionKey", "ItemKey"


def lakefs_state(
    parent: Component,
    name: str,
    owned: ProjectGroup,
    project: DataProject,
    keys: Dict[str, pulumi.Output[str]],
) -> Dict[str, pulumi.Output[str]]:
    """The table with a replica in each of the project's regions; the role's ARN by its name.

    Replicas follow within about a second, and lakeFS reads what it wrote only where it wrote it: one
    region serves, the others are for the day when it is lost.
    """
    _table(parent, name, owned, keys)
    cell = parent.cell
    physical = names.lakefs_role(cell)
    home = ClusterNames(cell.model_copy(update={"region": owned.group.home}))
    made = role(
        parent,
        name,
        physical,
        description=f"lakeFS over project {project.name}",
        trust=pod_trust(home, names.LAKEFS, names.LAKEFS),
        documents={
            "data": policies.lakefs(cell, owned, project),
            "keys": _keys(owned, keys),
        },
        tags={**owned.group.tags, "project": project.name},
    )
    return {physical: made.arn}


def _keys(owned: ProjectGroup, keys: Dict[str, pulumi.Output[str]]) -> Dict[str, object]:
    """lakeFS reads and writes both the bucket and the table, each through its service."""
    document = policies.key_use(owned, list(keys.values()), write=True)
    services = document["Statement"][0]["Condition"]["StringEquals"]["kms:ViaService"]
    services += [f"dynamodb.{region}.amazonaws.com" for region in owned.group.regions]
    return document


def _table(
    parent: Component, name: str, owned: ProjectGroup, keys: Dict[str, pulumi.Output[str]]
) -> dynamodb.Table:
    cell, group = parent.cell, owned.group
    physical = names.lakefs_table(cell)
    kept = cell.environment_class is not EnvironmentClass.DEVELOPMENT
    replicas = [
        {
            "region_name": region,
            "kms_key_arn": keys[region],
            "point_in_time_recovery": kept,
            "deletion_protection_enabled": cell.is_protected,
            "propagate_tags": True,
        }
        for region in group.regions[1:]
    ]
    return dynamodb.Table(
        name,
        name=physical,
        billing_mode="PAY_PER_REQUEST",
        hash_key=PARTITION_KEY,
        range_key=ITEM_KEY,
        attributes=[{"name": PARTITION_KEY, "type": "B"}, {"name": ITEM_KEY, "type": "B"}],
        stream_enabled=bool(replicas),
        stream_view_type="NEW_AND_OLD_IMAGES" if replicas else None,
        point_in_time_recovery={"enabled": kept},
        deletion_protection_enabled=cell.is_protected,
        server_side_encryption={"enabled": True, "kms_key_arn": keys[group.home]},
        replicas=replicas,
        region=group.home,
        tags=parent.tags(physical, group.tags),
        opts=parent.child(protect=cell.is_protected),
    )
