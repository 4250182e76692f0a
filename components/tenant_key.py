"""A tenant's own encryption key, the same in every region of its residency.

This includes: a multi-Region KMS key in the first region of the residency, a replica in each other, and
an alias in all of them. What is encrypted in one region can be decrypted in another, so a tenant's data
survives the loss of a region without leaving its zone.
"""

import json
from typing import Any, Dict, List, Optional

import pulumi
import pydantic
from pulumi_aws import kms

from components import naming
from components.base import Args, Cell, Component, validated
from components.environment_settings import ANY

__all__ = ["TenantKey", "TenantKeyArgs", "alias_of", "key_policy"]


class TenantKeyArgs(Args):
    """Whose key it is, and where."""

    cell: Cell
    tenant: str
    regions: List[str] = pydantic.Field(min_length=1)
    """Regions of the tenant's residency; the first holds the primary key."""
    residency: str = ANY
    """The zone that `regions` are, as a tag: replication inside it is wanted, out of it a mistake."""


class TenantKey(Component):
    """A KMS key of one tenant in every region of its residency."""

    arns: pulumi.Output[Dict[str, str]]
    """ARN by region."""
    alias: pulumi.Output[str]
    """Name by which the key is found, the same in every region."""

    def __init__(self, name: str, args: TenantKeyArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        args = validated(TenantKeyArgs, args)
        super().__init__(name, args.cell, opts)
        home, *others = args.regions
        alias = alias_of(args.cell, args.tenant)
        days = 30 if args.cell.is_production else 7
        protected = self.child(protect=args.cell.is_protected)
        common: Dict[str, Any] = {
            "description": f"Data of tenant {args.tenant}",
            "deletion_window_in_days": days,
            "policy": json.dumps(key_policy(args.cell)),
            "tags": self.tags(
                alias.removeprefix("alias/"), {"tenant": args.tenant, "residency": args.residency}
            ),
            "opts": protected,
        }
        primary = kms.Key(
            f"{name}-{home}", multi_region=True, enable_key_rotation=True, region=home, **common
        )
        keys = {home: (primary.arn, primary.key_id)}
        for region in others:
            replica = kms.ReplicaKey(f"{name}-{region}", primary_key_arn=primary.arn, region=region, **common)
            keys[region] = (replica.arn, replica.key_id)
        for region, (_, key_id) in keys.items():
            kms.Alias(f"{name}-{region}", name=alias, target_key_id=key_id, region=region, opts=self.child())
        self.arns = pulumi.Output.all(**{region: arn for region, (arn, _) in keys.items()})
        self.alias = pulumi.Output.from_input(alias)
        self.register_outputs({key: getattr(self, key) for key in TenantKey.__annotations__})


def alias_of(cell: Cell, tenant: str) -> str:
    """The alias of the tenant's key, as other cells look it up."""
    return f"alias/{naming.name(cell, 'tenant', tenant, limit=200)}"


def key_policy(cell: Cell) -> Dict[str, Any]:
    """The account decides by IAM policies who may use the key."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Account",
                "Effect": "Allow",
                "Principal": {"AWS": naming.arn(cell, "iam", "root")},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
