"""The part of the model registry that spans regions; it stands in the global cell.

This includes, for each group of models (one residency, one tenant): a multi-region key, a bucket with object
lock in each region with replication round them, and roles of publishers, evaluators and readers. Beside
them the table of aliases, the same in every region, and the role of those who start promotions. What
changes stages is in each region: `ModelRegistryRegion`.
"""

import json
from typing import Any, Dict, List, Optional

import pulumi
import pydantic
from pulumi_aws import dynamodb, iam

from components.base import Component, validated
from components.data_plane.surroundings import Surroundings
from components.environment_settings import ANY
from components.feature_store.policies import pod_trust
from components.feature_store.settings import DataClass
from components.model import refused
from components.model_registry import names
from components.model_registry.check import problems_of
from components.model_registry.choices import Choices, choices
from components.model_registry.placement import ModelGroup, all_groups, shared_group
from components.model_registry.policies import evaluator, promoter, publisher, reader
from components.model_registry.settings import ModelRegistrySettings
from components.storage.buckets import group_buckets, lifecycle
from components.storage.group import Group
from components.storage.keys import group_keys

__all__ = ["ModelRegistry", "ModelRegistryArgs", "refuse_problems"]

ROLES = {"publisher": publisher, "evaluator": evaluator, "reader": reader}


def refuse_problems(settings: ModelRegistrySettings, around: Surroundings) -> None:
    """Raises `refused` with every mistake that only the environment shows."""
    found = problems_of(settings, around)
    if found:
        raise refused(
            "; ".join(f"{problem.path} {problem.got}: {problem.but}" for problem in found),
            "; ".join(problem.fix for problem in found),
        )


class ModelRegistryArgs(Surroundings):
    """The environment's models and where they may lie."""

    registry: ModelRegistrySettings

    @pydantic.model_validator(mode="after")
    def _fits_the_environment(self) -> "ModelRegistryArgs":
        refuse_problems(self.registry, self)
        return self


class ModelRegistry(Component):
    """Keys, buckets, aliases and roles of an environment's models."""

    bucket_names: pulumi.Output[Dict[str, str]]
    """Bucket by `<group>/<region>`."""
    alias_table: pulumi.Output[str]
    """Table of aliases: which release a stage is at, by model."""
    role_arns: pulumi.Output[Dict[str, str]]
    """Roles by their names: publishers, evaluators and readers of each group, and the promoter."""

    def __init__(
        self, name: str, args: ModelRegistryArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        args = validated(ModelRegistryArgs, args)
        super().__init__(name, args.cell, opts)
        self.name = name
        chosen = choices(args.registry, args.cell)
        readers = names.readers_of(args.registry)
        buckets: Dict[str, pulumi.Output[str]] = {}
        roles = self._role("promoter", names.promoter(args.cell), promoter(args.cell), {})
        for group, models in all_groups(args.registry, args):
            keys = group_keys(self, name, group, "Models", readers)
            if group.label == shared_group(args).label:
                self.alias_table = self._alias_table(keys, group.tags, chosen).name
            if models:
                buckets.update(self._buckets(group, keys, readers, chosen))
                roles.update(self._roles((group, models)))
        self.bucket_names = pulumi.Output.all(**buckets)
        self.role_arns = pulumi.Output.all(**roles)
        self.register_outputs({key: getattr(self, key) for key in ModelRegistry.__annotations__})

    def _buckets(
        self, group: Group, keys: Dict[str, pulumi.Output[str]], readers: List[str], chosen: Choices
    ) -> Dict[str, pulumi.Output[str]]:
        made = group_buckets(
            self,
            self.name,
            group,
            keys,
            lifecycle(expire_days=chosen.noncurrent_days),
            time_control=chosen.time_control,
            lock=chosen.lock,
            readers=readers,
        )
        return {f"{group.label}/{region}": one.bucket.bucket for region, one in made.items()}

    def _roles(self, one: ModelGroup) -> Dict[str, pulumi.Output[str]]:
        group, _ = one
        found: Dict[str, pulumi.Output[str]] = {}
        for kind, document in ROLES.items():
            physical = group.role(self.cell, kind)
            found.update(self._role(f"{group.label}-{kind}", physical, document(self.cell, one), group.tags))
        return found

    def _role(
        self, logical: str, physical: str, document: Dict[str, Any], tags: Dict[str, str]
    ) -> Dict[str, pulumi.Output[str]]:
        """A role for pods of the environment's clusters, by its name."""
        role = iam.Role(
            f"{self.name}-{logical}",
            name=physical,
            assume_role_policy=json.dumps(pod_trust(self.cell)),
            force_detach_policies=True,
            tags=self.tags(physical, tags),
            opts=self.child(),
        )
        iam.RolePolicy(
            f"{self.name}-{logical}",
            name="models",
            role=role.name,
            policy=json.dumps(document),
            opts=self.child(),
        )
        return {physical: role.arn}

    def _alias_table(
        self, keys: Dict[str, pulumi.Output[str]], tags: Dict[str, str], chosen: Choices
    ) -> dynamodb.Table:
        """A row for each alias, and for each release that ever had one: who pointed it there, and when.

        It names models and releases, no data: it lies in every region, whatever the models' residency.
        """
        cell, physical = self.cell, names.table_name(self.cell)
        recovery = chosen.point_in_time_days > 0
        home, *others = cell.regions
        return dynamodb.Table(
            f"{self.name}-aliases",
            name=physical,
            billing_mode="PAY_PER_REQUEST",
            hash_key="model",
            range_key="item",
            attributes=[{"name": "model", "type": "S"}, {"name": "item", "type": "S"}],
            stream_enabled=bool(others),
            stream_view_type="NEW_AND_OLD_IMAGES" if others else None,
            point_in_time_recovery={
                "enabled": recovery,
                **({"recovery_period_in_days": chosen.point_in_time_days} if recovery else {}),
            },
            deletion_protection_enabled=cell.is_protected,
            server_side_encryption={"enabled": True, "kms_key_arn": keys[home]},
            replicas=[
                {
                    "region_name": region,
                    "kms_key_arn": keys[region],
                    "point_in_time_recovery": recovery,
                    "deletion_protection_enabled": cell.is_protected,
                    "propagate_tags": True,
                }
                for region in others
            ],
            region=home,
            tags=self.tags(physical, {**tags, "data-class": DataClass.INTERNAL.value, "residency": ANY}),
            opts=self.child(protect=cell.is_protected),
        )
