"""The model registry of one region.

This includes: a package group for each model that lies here, with the policy that only machines change a
package's status; the promotion machine, which a newly registered package starts by itself; the following
machine, which does here what another region's machine did there; the bus and rules between them; and an alarm
when a region could not follow.

Promotions and rollbacks can be started in every region in which the model lies: where one region is lost, the
others go on. At the same moment they should be started in one region only: the table of aliases is
eventually consistent between regions, and of two at once the later wins everywhere.
"""

import json
from typing import Any, Dict, List, Optional

import pulumi
import pydantic
from pulumi_aws import kms, sagemaker, sfn

from components.base import Component, validated
from components.data_plane.surroundings import Surroundings
from components.model_registry import names
from components.model_registry.choices import Choices, choices
from components.model_registry.following import following
from components.model_registry.model_registry import refuse_problems
from components.model_registry.placement import ModelGroup, groups, in_region
from components.model_registry.policies import (
    following_machine,
    package_group_policy,
    promotion_machine,
    regional_key_policy,
)
from components.model_registry.promotion import promotion
from components.model_registry.routes import routes
from components.model_registry.runs import alarm, machine, machine_log
from components.model_registry.settings import ModelRegistrySettings
from components.naming import name as named
from components.storage.keys import KEY_DELETION_DAYS, ROTATION_DAYS

__all__ = ["ModelRegistryRegion", "ModelRegistryRegionArgs"]


class ModelRegistryRegionArgs(Surroundings):
    """The environment's models; those that lie in the cell's region are served here."""

    registry: ModelRegistrySettings

    @pydantic.model_validator(mode="after")
    def _fits_the_environment(self) -> "ModelRegistryRegionArgs":
        refuse_problems(self.registry, self)
        return self


class ModelRegistryRegion(Component):
    """Package groups, machines and routes of one region."""

    package_groups: pulumi.Output[Dict[str, str]]
    """Package group by model."""
    promotion_machine_arn: pulumi.Output[str]
    """What promotes and rolls back: `{"action": ..., "stage": ..., "model_package_arn" or "model": ...}`."""
    bus_name: pulumi.Output[str]
    """Where promotions and rollbacks are told, for deployments to follow."""

    def __init__(
        self,
        name: str,
        args: ModelRegistryRegionArgs,
        opts: Optional[pulumi.ResourceOptions] = None,
    ) -> None:
        args = validated(ModelRegistryRegionArgs, args)
        super().__init__(name, args.cell, opts)
        self.name, self.args, self.region = name, args, args.cell.region
        chosen = choices(args.registry, args.cell)
        here = in_region(groups(args.registry, args), self.region)
        self.package_groups = self._package_groups(here)
        promoting, follows = self._machines(here, chosen)
        bus = routes(self, name, args.registry, args, {"promotion": promoting.arn, "following": follows.arn})
        self.promotion_machine_arn = promoting.arn
        self.bus_name = bus.name
        self.register_outputs({key: getattr(self, key) for key in ModelRegistryRegion.__annotations__})

    def _package_groups(self, here: List[ModelGroup]) -> pulumi.Output[Dict[str, str]]:
        readers = names.readers_of(self.args.registry)
        made: Dict[str, pulumi.Output[str]] = {}
        for group, models in here:
            for model in models:
                physical = names.package_group(self.cell, model.name)
                one = sagemaker.ModelPackageGroup(
                    f"{self.name}-{model.name}",
                    model_package_group_name=physical,
                    model_package_group_description=f"Releases of {model.name} of {self.cell.environment}",
                    region=self.region,
                    tags=self.tags(physical, {**group.tags, "data-class": model.data_class.value}),
                    opts=self.child(protect=self.cell.is_protected),
                )
                document = package_group_policy(self.cell, model.name, self.region, readers)
                sagemaker.ModelPackageGroupPolicy(
                    f"{self.name}-{model.name}",
                    model_package_group_name=one.model_package_group_name,
                    resource_policy=json.dumps(document),
                    region=self.region,
                    opts=self.child(),
                )
                made[model.name] = one.model_package_group_name
        return pulumi.Output.all(**made) if made else pulumi.Output.from_input({})

    def _machines(self, here: List[ModelGroup], chosen: Choices) -> tuple[sfn.StateMachine, sfn.StateMachine]:
        settings, cell = self.args.registry, self.cell
        key = self._key()
        log = machine_log(self, f"{self.name}-machines", key.arn, chosen.log_days)
        others = [names.other_cell(cell, other) for other in settings.takes_from]
        definitions: Dict[str, Any] = {
            "promotion": (
                promotion(settings, self.args, chosen),
                promotion_machine(cell, here, image_scan=chosen.image_scan),
            ),
            "following": (following(settings, self.args), following_machine(cell, here, others)),
        }
        made = {
            kind: machine(self, f"{self.name}-{kind}", kind, definition, document, log)
            for kind, (definition, document) in definitions.items()
        }
        alarm(self, f"{self.name}-following", made["following"].arn, settings.notify, key.arn)
        return made["promotion"], made["following"]

    def _key(self) -> kms.Key:
        """Of what exists in this region only: the machines' log, and the topic of the alarm."""
        alias = f"alias/{named(self.cell, names.PART, 'machines', limit=200)}"
        key = kms.Key(
            f"{self.name}-machines",
            description=f"Log and alarms of the model registry of {self.cell.environment} in {self.region}",
            enable_key_rotation=True,
            rotation_period_in_days=ROTATION_DAYS,
            deletion_window_in_days=KEY_DELETION_DAYS[self.cell.environment_class],
            policy=json.dumps(regional_key_policy(self.cell)),
            region=self.region,
            tags=self.tags(alias.removeprefix("alias/")),
            opts=self.child(protect=self.cell.is_protected),
        )
        kms.Alias(
            f"{self.name}-machines",
            name=alias,
            target_key_id=key.arn,
            region=self.region,
            opts=self.child(),
        )
        return key
