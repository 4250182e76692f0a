"""The key of one cluster, which is not copied anywhere; its logs are encrypted with it as well."""

import json
from typing import Dict

import pulumi
from pulumi_aws import kms

from components.base import Component
from components.model import Cell
from components.naming import arn
from components.statements import Document, by_identity_policies, document, for_logs
from components.storage.keys import KEY_DELETION_DAYS, ROTATION_DAYS

__all__ = ["cluster_key", "key_policy"]


def key_policy(cell: Cell, identifier: str) -> Document:
    """The account's identities as IAM allows them, and CloudWatch Logs for the cluster's log groups."""
    groups = arn(cell, "logs", f"log-group:/aws/rds/cluster/{identifier}/*", region=cell.region)
    return document(
        [
            by_identity_policies(cell),
            for_logs(cell, groups),
        ]
    )


def cluster_key(
    parent: Component, name: str, identifier: str, purpose: str, tags: Dict[str, str]
) -> pulumi.Output[str]:
    """ARN of the key; its alias is the cluster's identifier."""
    cell = parent.cell
    key = kms.Key(
        name,
        description=f"{purpose} ({identifier})",
        enable_key_rotation=True,
        rotation_period_in_days=ROTATION_DAYS,
        deletion_window_in_days=KEY_DELETION_DAYS[cell.environment_class],
        policy=json.dumps(key_policy(cell, identifier)),
        region=cell.region,
        tags=parent.tags(identifier, tags),
        opts=parent.child(protect=cell.is_protected),
    )
    kms.Alias(
        name, name=f"alias/{identifier}", target_key_id=key.arn, region=cell.region, opts=parent.child()
    )
    made: pulumi.Output[str] = key.arn
    return made
