"""Backups of a group's stores, by AWS Backup: kept at home, copied to the second region of the residency.

Replication repeats a mistake within minutes; a backup is from before it. Each vault is encrypted with the
group's key of its region, and where `locked`, nobody shortens what is in it (governance mode: lifting the
lock takes an identity that may). Where the residency has one region there is no copy elsewhere: backups
then help against mistakes, not against the loss of the region.

AWS Backup asks each account once, in each region, whether it may back up S3 and Aurora: that switch is the
account's, and is not touched here.
"""

import json
from typing import Any, Dict, List, Sequence

import pulumi
from pulumi_aws import backup, iam

from components.base import Component
from components.naming import name as named
from components.statements import trusted_service
from components.storage import policies
from components.storage.group import Group

__all__ = ["back_up"]

# After midnight in every region of the group, before the databases' own windows.
SCHEDULE = "cron(0 3 * * ? *)"
START_WITHIN_MINUTES = 60
COMPLETE_WITHIN_MINUTES = 720


def back_up(
    parent: Component,
    name: str,
    group: Group,
    keys: Dict[str, pulumi.Output[str]],
    *,
    buckets: Sequence[str] = (),
    clusters: Sequence[str] = (),
    days: int,
    locked: bool,
) -> Dict[str, pulumi.Output[str]]:
    """Daily backups of `buckets` and Aurora `clusters` (ARNs), kept for `days`; ARN of each vault by region."""
    cell = parent.cell
    role, rights = _role(parent, f"{name}-{group.label}-backup", group, keys, buckets, clusters)
    vaults = {
        region: _vault(
            parent, f"{name}-{group.label}-{region}", group, region, keys[region], days, rights, locked=locked
        )
        for region in group.regions[:2]
    }
    physical = named(cell, group.part, *group.label_parts, limit=50)
    plan = backup.Plan(
        f"{name}-{group.label}",
        name=physical,
        rules=[_rule(group, vaults, days)],
        region=group.home,
        tags=parent.tags(physical, group.tags),
        opts=parent.child(),
    )
    backup.Selection(
        f"{name}-{group.label}",
        name=physical,
        plan_id=plan.id,
        iam_role_arn=role.arn,
        resources=[*buckets, *clusters],
        region=group.home,
        opts=parent.child(depends_on=rights),
    )
    return {region: vault.arn for region, vault in vaults.items()}


def _rule(group: Group, vaults: Dict[str, backup.Vault], days: int) -> Dict[str, Any]:
    kept = {"delete_after": days}
    rule: Dict[str, Any] = {
        "rule_name": "daily",
        "target_vault_name": vaults[group.home].name,
        "schedule": SCHEDULE,
        "start_window": START_WITHIN_MINUTES,
        "completion_window": COMPLETE_WITHIN_MINUTES,
        "lifecycle": kept,
    }
    if group.second:
        copy = {"destination_vault_arn": vaults[group.second].arn, "lifecycle": kept}
        rule["copy_actions"] = [copy]
    return rule


def _vault(
    parent: Component,
    name: str,
    group: Group,
    region: str,
    key_arn: pulumi.Output[str],
    days: int,
    rights: Sequence[pulumi.Resource],
    *,
    locked: bool,
) -> backup.Vault:
    cell = parent.cell
    physical = group.vault(cell, region)
    vault = backup.Vault(
        name,
        name=physical,
        kms_key_arn=key_arn,
        force_destroy=not cell.is_protected,
        region=region,
        tags=parent.tags(physical, group.tags),
        # AWS Backup deletes what is in it by the role's rights: without them it would only call it expired.
        opts=parent.child(protect=cell.is_protected, depends_on=rights),
    )
    if locked:
        backup.VaultLockConfiguration(
            name,
            backup_vault_name=vault.name,
            min_retention_days=days,
            region=region,
            opts=parent.child(),
        )
    return vault


def _role(
    parent: Component,
    name: str,
    group: Group,
    keys: Dict[str, pulumi.Output[str]],
    buckets: Sequence[str],
    clusters: Sequence[str],
) -> tuple[iam.Role, List[pulumi.Resource]]:
    cell = parent.cell
    physical = group.role(cell, "backup")
    role = iam.Role(
        name,
        name=physical,
        description=f"AWS Backup keeps {group.part} of group {group.label}",
        assume_role_policy=json.dumps(trusted_service("backup.amazonaws.com", cell.account_id)),
        force_detach_policies=True,
        tags=parent.tags(physical, group.tags),
        opts=parent.child(),
    )
    arns = pulumi.Output.all(*(keys[region] for region in group.regions[:2]))
    rights = iam.RolePolicy(
        name,
        name="backup",
        role=role.name,
        policy=arns.apply(
            lambda arns: json.dumps(
                policies.backup(cell, group, buckets=buckets, clusters=clusters, key_arns=arns)
            )
        ),
        opts=parent.child(),
    )
    return role, [rights]
