"""Versions of data in all regions of an environment; it stands in the global cell.

This includes, for each group of projects (one residency, one owner): a multi-Region key with replicas, a
bucket in each of the group's regions with replication between all of them, a multi-Region access point
that reads from the nearest, roles for each project's readers, writers and collectors of garbage, and daily
backups copied to the second region. With lakeFS: its role and its table. The server itself is
`DataVersioningRegion`.
"""

from typing import Dict, List, Optional

import pulumi
import pydantic
from pulumi_aws import s3control

from components.base import Component, validated
from components.data_plane.surroundings import Surroundings
from components.data_versioning import names
from components.data_versioning.check import problems_of
from components.data_versioning.defaults import Choices, choices
from components.data_versioning.lakefs_state import lakefs_state
from components.data_versioning.placement import ProjectGroup, groups
from components.data_versioning.roles import project_roles
from components.data_versioning.settings import DataVersioningSettings
from components.model import refused
from components.storage.backups import back_up
from components.storage.buckets import group_buckets, lifecycle
from components.storage.keys import group_keys
from components.storage.private_bucket import PrivateBucket

__all__ = ["DataVersioning", "DataVersioningArgs"]


class DataVersioningArgs(Surroundings):
    """The environment's projects, and where their data may lie."""

    versions: DataVersioningSettings

    @pydantic.model_validator(mode="after")
    def _fits_the_environment(self) -> "DataVersioningArgs":
        found = problems_of(self.versions, self)
        if found:
            raise refused(
                "; ".join(f"{problem.path} {problem.got}: {problem.but}" for problem in found),
                "; ".join(problem.fix for problem in found),
            )
        return self


class DataVersioning(Component):
    """Keys, buckets, access points, roles and backups of an environment's projects."""

    remotes: pulumi.Output[Dict[str, str]]
    """What `dvc remote add` takes, by `<project>/<region>`."""
    access_points: pulumi.Output[Dict[str, str]]
    """ARN of the multi-Region access point of each group that has one."""
    role_arns: pulumi.Output[Dict[str, str]]
    """ARNs of the projects' roles by their names."""
    bucket_names: pulumi.Output[List[str]]
    vault_arns: pulumi.Output[Dict[str, str]]
    """ARNs of backup vaults by `<group>/<region>`."""

    def __init__(
        self, name: str, args: DataVersioningArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        args = validated(DataVersioningArgs, args)
        super().__init__(name, args.cell, opts)
        self.name, self.args = name, args
        self._chosen = choices(args.versions, args.cell)
        self._vaults: Dict[str, pulumi.Output[str]] = {}
        roles: Dict[str, pulumi.Output[str]] = {}
        points: Dict[str, pulumi.Output[str]] = {}
        buckets: List[pulumi.Output[str]] = []
        remotes: Dict[str, str] = {}
        for owned in groups(args.versions, args.cell, args.residency, args.tenants):
            keys = group_keys(self, name, owned.group, "Versions of data")
            made = self._buckets(owned, keys)
            buckets += [bucket.bucket.bucket for bucket in made.values()]
            point = self._access_point(owned, made)
            if point is not None:
                points[owned.group.label] = point
            for project in owned.projects:
                roles.update(project_roles(self, name, owned, project, keys, point))
                for region in owned.group.regions:
                    remotes[f"{project.name}/{region}"] = names.remote_url(args.cell, owned, project, region)
                if args.versions.lakefs and args.versions.lakefs.project == project.name:
                    roles.update(lakefs_state(self, f"{name}-lakefs", owned, project, keys))
        self.remotes = pulumi.Output.from_input(remotes)
        self.access_points = _by_key(points)
        self.role_arns = _by_key(roles)
        self.bucket_names = pulumi.Output.all(*buckets)
        self.vault_arns = _by_key(self._vaults)
        self.register_outputs({key: getattr(self, key) for key in DataVersioning.__annotations__})

    def _buckets(self, owned: ProjectGroup, keys: Dict[str, pulumi.Output[str]]) -> Dict[str, PrivateBucket]:
        chosen, group = self._chosen, owned.group
        rules = lifecycle(
            expire_days=chosen.expire_days, archive_days=chosen.archive_days, tier_days=chosen.tier_days
        )
        made = group_buckets(self, self.name, group, keys, rules, time_control=chosen.time_control)
        if chosen.backup:
            # Every object of the group is in its home bucket, whichever region it was pushed in.
            vaults = back_up(
                self,
                self.name,
                group,
                keys,
                buckets=[group.bucket_arn(self.cell, group.home)],
                days=self.args.versions.backup.days,
                locked=chosen.locked,
            )
            self._vaults.update({f"{group.label}/{region}": arn for region, arn in vaults.items()})
        return made

    def _access_point(
        self, owned: ProjectGroup, buckets: Dict[str, PrivateBucket]
    ) -> Optional[pulumi.Output[str]]:
        chosen: Choices = self._chosen
        if not chosen.access_point or len(buckets) < 2:
            return None
        physical = names.access_point_name(self.cell, owned)
        point = s3control.MultiRegionAccessPoint(
            f"{self.name}-{owned.group.label}",
            details={
                "name": physical,
                "regions": [{"bucket": made.bucket.bucket} for made in buckets.values()],
                "public_access_block": {
                    "block_public_acls": True,
                    "block_public_policy": True,
                    "ignore_public_acls": True,
                    "restrict_public_buckets": True,
                },
            },
            account_id=self.cell.account_id,
            region=owned.group.home,
            opts=self.child(depends_on=[made.block for made in buckets.values()]),
        )
        arn: pulumi.Output[str] = point.arn
        return arn


def _by_key(outputs: Dict[str, pulumi.Output[str]]) -> pulumi.Output[Dict[str, str]]:
    # Of nothing at all, `all` makes a list.
    return pulumi.Output.all(**outputs) if outputs else pulumi.Output.from_input({})
