"""The container registry of one region.

This includes: a key, the repositories whose images may lie here with their lifecycles, caches of other
registries with their creation templates, a profile for signing, the quarantine of images with
findings, and the policy by which clusters let images in. In the environment that writes them, the settings
that exist once for an account and region: replication and scanning.

Deleting the environment that writes the registry-wide settings takes replication and scanning away from
those it shares them with: another must take them over first (`registry_wide: true`).
"""

import json
from typing import Any, Dict, List, Optional

import pulumi
import pydantic
from pulumi_aws import ecr, iam, kms, signer

from components.base import Component, validated
from components.container_registry import names
from components.container_registry.choices import Choices, choices, kept
from components.container_registry.container_registry import refuse_problems
from components.container_registry.policies import caching, key_policy
from components.container_registry.quarantine import quarantine
from components.container_registry.registry import (
    NEEDS_CREDENTIAL,
    URLS,
    cache_lifecycle,
    lifecycle,
    mutability,
    replication_rules,
    scanning_rules,
)
from components.container_registry.settings import ContainerRegistrySettings, LowestSeverity, Repository
from components.data_plane.surroundings import Surroundings
from components.environment_settings import ANY

__all__ = ["ContainerRegistryRegion", "ContainerRegistryRegionArgs"]

ROTATION_DAYS = 365


class ContainerRegistryRegionArgs(Surroundings):
    """The environment's images, and the roles of the region's nodes."""

    registry: ContainerRegistrySettings
    node_roles: List[str] = pydantic.Field(default=[])
    """Names of the roles of nodes, which fill the caches by pulling; they must exist already."""

    @pydantic.model_validator(mode="after")
    def _fits_the_environment(self) -> "ContainerRegistryRegionArgs":
        refuse_problems(self.registry, self)
        return self


class ContainerRegistryRegion(Component):
    """Repositories, caches, scanning and quarantine of one region."""

    repository_urls: pulumi.Output[Dict[str, str]]
    """What images are pushed to, by `<scope>/<name>`."""
    cache_urls: pulumi.Output[Dict[str, str]]
    """What to write instead of another registry's host, by that registry."""
    signing_profile_arn: pulumi.Output[Optional[str]]

    def __init__(
        self,
        name: str,
        args: ContainerRegistryRegionArgs,
        opts: Optional[pulumi.ResourceOptions] = None,
    ) -> None:
        args = validated(ContainerRegistryRegionArgs, args)
        super().__init__(name, args.cell, opts)
        self.name, self.args, self.region = name, args, args.cell.region
        chosen = choices(args.registry, args.cell)
        self.key = self._key(chosen)
        self.repository_urls = _by_name(self._repositories(chosen))
        self.cache_urls = pulumi.Output.from_input(self._caches())
        self.signing_profile_arn = pulumi.Output.from_input(self._profile() if chosen.signing else None)
        if chosen.quarantine_from is not LowestSeverity.NEVER:
            quarantine(self, name, args.registry.scanning.notify, self.key.arn, chosen)
        if chosen.registry_wide:
            self._registry_wide(chosen)
        self.register_outputs({key: getattr(self, key) for key in ContainerRegistryRegion.__annotations__})

    def _key(self, chosen: Choices) -> kms.Key:
        alias = names.key_alias(self.cell)
        key = kms.Key(
            self.name,
            description=f"Images of {self.cell.environment} in {self.region}",
            enable_key_rotation=True,
            rotation_period_in_days=ROTATION_DAYS,
            deletion_window_in_days=chosen.key_deletion_days,
            policy=json.dumps(key_policy(self.cell)),
            region=self.region,
            tags=self.tags(alias.removeprefix("alias/")),
            opts=self.child(protect=chosen.protected),
        )
        kms.Alias(self.name, name=alias, target_key_id=key.arn, region=self.region, opts=self.child())
        return key

    def _repositories(self, chosen: Choices) -> Dict[str, pulumi.Output[str]]:
        """Those whose images may lie here: an image that comes by replication finds its repository there."""
        here = [
            one
            for one in self.args.registry.repositories
            if self.region in names.regions_of(one.tenant, self.args)
        ]
        return {f"{names.scope_of(one)}/{one.name}": self._repository(one, chosen) for one in here}

    def _repository(self, one: Repository, chosen: Choices) -> pulumi.Output[str]:
        whole = names.repository_name(self.cell, one)
        logical = f"{self.name}-{names.scope_of(one)}-{one.name.replace('/', '-')}"
        setting, filters = mutability(one.mutable_tags)
        made = ecr.Repository(
            logical,
            name=whole,
            image_tag_mutability=setting,
            image_tag_mutability_exclusion_filters=filters or None,
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": self.key.arn}],
            force_delete=not chosen.protected,
            region=self.region,
            tags=self.tags(whole, self._tags_of(one)),
            opts=self.child(protect=chosen.protected),
        )
        ecr.LifecyclePolicy(
            logical,
            repository=made.name,
            policy=json.dumps(lifecycle(chosen.untagged_days, kept(one, self.cell.environment_class))),
            region=self.region,
            opts=self.child(),
        )
        url: pulumi.Output[str] = made.repository_url
        return url

    def _tags_of(self, one: Repository) -> Dict[str, str]:
        owner = next((tenant for tenant in self.args.tenants if tenant.name == one.tenant), None)
        if owner is None:
            return {"residency": ANY}
        return {
            "tenant": owner.name,
            "residency": owner.residency,
            "owner": owner.owner,
            "cost-center": owner.cost_center,
        }

    def _caches(self) -> Dict[str, str]:
        """The caches that can be made, with what to write before an image's name."""
        ready = [
            one
            for one in self.args.registry.upstreams
            if one.registry not in NEEDS_CREDENTIAL or one.secret_suffix
        ]
        prefixes = []
        for one in ready:
            prefix, logical = names.cache_prefix(self.cell, one.registry), f"{self.name}-{one.registry.value}"
            suffix = one.secret_suffix
            secret = suffix and names.credential_arn(self.cell, one.registry, suffix, self.region)
            ecr.PullThroughCacheRule(
                logical,
                ecr_repository_prefix=prefix,
                upstream_registry_url=URLS[one.registry],
                credential_arn=secret or None,
                region=self.region,
                opts=self.child(),
            )
            ecr.RepositoryCreationTemplate(
                logical,
                prefix=prefix,
                applied_fors=["PULL_THROUGH_CACHE"],
                description=f"Copies of images of {URLS[one.registry]}",
                # Other registries push their tags again, and a cache must follow them.
                image_tag_mutability="MUTABLE",
                # A customer's key needs a role by which ECR makes the repository; images of others are no secret.
                encryption_configurations=[{"encryption_type": "AES256"}],
                lifecycle_policy=json.dumps(cache_lifecycle(self.args.registry.cached_days)),
                region=self.region,
                opts=self.child(),
            )
            prefixes.append(prefix)
        for role in self.args.node_roles if prefixes else []:
            iam.RolePolicy(
                f"{self.name}-{role}-caches",
                name="image-caches",
                role=role,
                policy=json.dumps(caching(self.cell, prefixes)),
                opts=self.child(),
            )
        domain = names.domain(self.cell, self.region)
        return {one.registry.value: f"{domain}/{prefix}" for one, prefix in zip(ready, prefixes, strict=True)}

    def _profile(self) -> pulumi.Output[str]:
        """Pipelines sign with it; ECR's own signing on push is no resource of the provider yet."""
        signing = self.args.registry.signing
        profile = names.profile_name(self.cell, signing.generation)
        made = signer.SigningProfile(
            self.name,
            name=profile,
            platform_id="Notation-OCI-SHA384-ECDSA",
            signature_validity_period={"type": "MONTHS", "value": signing.valid_months},
            region=self.region,
            tags=self.tags(profile),
            opts=self.child(),
        )
        arn: pulumi.Output[str] = made.arn
        return arn

    def _registry_wide(self, chosen: Choices) -> None:
        settings = self.args.registry
        rules = scanning_rules(settings, self.cell, chosen)
        ecr.RegistryScanningConfiguration(
            self.name,
            scan_type="ENHANCED" if chosen.enhanced else "BASIC",
            rules=rules,
            region=self.region,
            opts=self.child(),
        )
        sent = replication_rules(settings, self.args)
        if not sent:
            return
        ecr.ReplicationConfiguration(
            self.name,
            replication_configuration={"rules": [_replication(self.cell.account_id, *one) for one in sent]},
            region=self.region,
            opts=self.child(),
        )


def _replication(account: str, regions: Any, prefixes: List[str]) -> Dict[str, Any]:
    return {
        "destinations": [{"region": region, "registry_id": account} for region in regions],
        "repository_filters": [{"filter": prefix, "filter_type": "PREFIX_MATCH"} for prefix in prefixes],
    }


def _by_name(values: Dict[str, pulumi.Output[str]]) -> pulumi.Output[Dict[str, str]]:
    return pulumi.Output.all(**values) if values else pulumi.Output.from_input({})
