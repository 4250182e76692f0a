"""The part of the container registry that spans regions: who pushes images, and what caches sign in with.

This includes, for each scope (a tenant, or `shared`): a role for pods of the environment's clusters that pushes to
the scope's repositories in every region they lie in, signs with the environment's profiles, and can
neither delete an image nor change a repository's rules. For each registry that wants a credential: a secret
with a replica in every region, empty until somebody puts `{"username": ..., "accessToken": ...}` into it.
Everything else is `ContainerRegistryRegion`.
"""

import json
from typing import Dict, Optional

import pulumi
import pydantic
from pulumi_aws import iam, secretsmanager

from components.base import Component, validated
from components.container_registry import names
from components.container_registry.admission import trust_policy
from components.container_registry.check import problems_of
from components.container_registry.choices import choices
from components.container_registry.policies import publisher
from components.container_registry.registry import NEEDS_CREDENTIAL, URLS
from components.container_registry.settings import ContainerRegistrySettings, Upstream
from components.data_plane.surroundings import Surroundings
from components.environment_settings import ANY
from components.feature_store.policies import pod_trust
from components.model import refused

__all__ = ["ContainerRegistry", "ContainerRegistryArgs", "refuse_problems"]


def refuse_problems(settings: ContainerRegistrySettings, around: Surroundings) -> None:
    """Raises `refused` with every mistake that only the environment shows."""
    found = problems_of(settings, around)
    if found:
        raise refused(
            "; ".join(f"{problem.path} {problem.got}: {problem.but}" for problem in found),
            "; ".join(problem.fix for problem in found),
        )


class ContainerRegistryArgs(Surroundings):
    """The environment's images and who pushes them."""

    registry: ContainerRegistrySettings

    @pydantic.model_validator(mode="after")
    def _fits_the_environment(self) -> "ContainerRegistryArgs":
        refuse_problems(self.registry, self)
        return self


class ContainerRegistry(Component):
    """Roles of the pipelines that push an environment's images, and secrets of its caches."""

    publisher_role_arns: pulumi.Output[Dict[str, str]]
    """Role by scope: a tenant's name, or `shared`."""
    credential_secret_arns: pulumi.Output[Dict[str, str]]
    """Secret by registry: where the credential goes, and whose ARN's last six characters the settings want."""
    trust_policy: pulumi.Output[str]
    """Notation's trust policy as JSON: which signatures make an image the environment's own."""

    def __init__(
        self, name: str, args: ContainerRegistryArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        args = validated(ContainerRegistryArgs, args)
        super().__init__(name, args.cell, opts)
        signs = choices(args.registry, args.cell).signing
        generation = args.registry.signing.generation
        scopes = {names.scope_of(one): one.tenant for one in args.registry.repositories}
        roles = {
            scope: self._publisher(name, args, scope, tenant, generation=generation if signs else 0)
            for scope, tenant in sorted(scopes.items())
        }
        self.publisher_role_arns = pulumi.Output.all(**roles) if roles else pulumi.Output.from_input({})
        secrets = {
            one.registry.value: self._secret(name, one)
            for one in args.registry.upstreams
            if one.registry in NEEDS_CREDENTIAL
        }
        self.credential_secret_arns = (
            pulumi.Output.all(**secrets) if secrets else pulumi.Output.from_input({})
        )
        self.trust_policy = pulumi.Output.from_input(
            json.dumps(trust_policy(args.cell, args.cell.regions, generation))
        )
        self.register_outputs({key: getattr(self, key) for key in ContainerRegistry.__annotations__})

    def _secret(self, name: str, upstream: Upstream) -> pulumi.Output[str]:
        """A secret without a value, encrypted with the account's key for secrets: ECR reads it by its own role."""
        secret = names.credential_name(self.cell, upstream.registry)
        made = secretsmanager.Secret(
            f"{name}-{upstream.registry.value}",
            name=secret,
            description=f"Credential of the cache of {URLS[upstream.registry]}: username and accessToken",
            replicas=[{"region": region} for region in self.cell.regions[1:]],
            recovery_window_in_days=7 if self.cell.is_protected else 0,
            region=self.cell.home_region,
            tags=self.tags(secret, {"residency": ANY}),
            opts=self.child(),
        )
        arn: pulumi.Output[str] = made.arn
        return arn

    def _publisher(
        self, name: str, args: ContainerRegistryArgs, scope: str, tenant: Optional[str], *, generation: int
    ) -> pulumi.Output[str]:
        physical = names.role_name(args.cell, scope)
        role = iam.Role(
            f"{name}-{scope}-publisher",
            name=physical,
            description=f"Pushes images of {scope} of {args.cell.environment}",
            assume_role_policy=json.dumps(pod_trust(args.cell)),
            force_detach_policies=True,
            tags=self.tags(physical, {"tenant": tenant} if tenant else {}),
            opts=self.child(),
        )
        document = publisher(args.cell, scope, names.regions_of(tenant, args), generation=generation)
        iam.RolePolicy(
            f"{name}-{scope}-publisher",
            name="images",
            role=role.name,
            policy=json.dumps(document),
            opts=self.child(),
        )
        arn: pulumi.Output[str] = role.arn
        return arn
