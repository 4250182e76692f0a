"""Experiment tracking in all regions of an environment; it stands in the global cell.

This includes, for each instance of MLflow: a multi-Region key with replicas, an artifact bucket in each of
its regions with replication between them, the server's role, the role of those who log to a managed one,
and, for an own one, daily backups of its database copied to a second region. Server and database are
`ExperimentTrackingRegion`.
"""

import json
from typing import Any, Dict, List, Optional

import pulumi
import pydantic
from pulumi_aws import iam

from components.base import Component, validated
from components.cluster.policies import pod_trust
from components.data_plane.surroundings import Surroundings
from components.experiment_tracking import names, policies
from components.experiment_tracking.check import problems_of
from components.experiment_tracking.defaults import choices
from components.experiment_tracking.instances import Instance, instances
from components.experiment_tracking.settings import ExperimentTrackingSettings, TrackingBackend
from components.model import refused
from components.statements import Document, trusted_service
from components.storage.backups import back_up
from components.storage.buckets import group_buckets, lifecycle
from components.storage.keys import group_keys

__all__ = ["ExperimentTracking", "ExperimentTrackingArgs"]


class ExperimentTrackingArgs(Surroundings):
    """The environment's instances of MLflow, and where their data may lie."""

    tracking: ExperimentTrackingSettings = ExperimentTrackingSettings()

    @pydantic.model_validator(mode="after")
    def _fits_the_environment(self) -> "ExperimentTrackingArgs":
        found = problems_of(self.tracking, self)
        if found:
            raise refused(
                "; ".join(f"{problem.path} {problem.got}: {problem.but}" for problem in found),
                "; ".join(problem.fix for problem in found),
            )
        return self


class ExperimentTracking(Component):
    """Keys, artifact buckets, roles and backups of an environment's instances of MLflow."""

    artifact_uris: pulumi.Output[Dict[str, str]]
    """Where each instance keeps its artifacts."""
    role_arns: pulumi.Output[Dict[str, str]]
    """ARNs of the servers' and the clients' roles by their names."""
    bucket_names: pulumi.Output[List[str]]
    vault_arns: pulumi.Output[Dict[str, str]]
    """ARNs of backup vaults by `<instance>/<region>`."""

    def __init__(
        self, name: str, args: ExperimentTrackingArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        args = validated(ExperimentTrackingArgs, args)
        super().__init__(name, args.cell, opts)
        self.name, self.tracking = name, args.tracking
        chosen = choices(args.tracking, args.cell)
        rules = lifecycle(expire_days=chosen.deleted_days, tier_days=chosen.tier_days)
        roles: Dict[str, pulumi.Output[str]] = {}
        vaults: Dict[str, pulumi.Output[str]] = {}
        buckets: List[pulumi.Output[str]] = []
        all_instances = instances(args.tracking, args.cell, args.residency, args.tenants)
        for instance in all_instances:
            keys = group_keys(self, name, instance.group, "Experiments")
            made = group_buckets(self, name, instance.group, keys, rules, time_control=chosen.time_control)
            buckets += [bucket.bucket.bucket for bucket in made.values()]
            roles.update(self._roles(instance, keys[instance.group.home]))
            if chosen.backup:
                kept = self._back_up(instance, keys, locked=chosen.locked)
                vaults.update({f"{instance.label}/{region}": arn for region, arn in kept.items()})
        self.artifact_uris = pulumi.Output.from_input(
            {instance.label: names.artifact_uri(args.cell, instance) for instance in all_instances}
        )
        self.role_arns = _by_key(roles)
        self.bucket_names = pulumi.Output.all(*buckets)
        self.vault_arns = _by_key(vaults)
        self.register_outputs({key: getattr(self, key) for key in ExperimentTracking.__annotations__})

    def _back_up(
        self, instance: Instance, keys: Dict[str, pulumi.Output[str]], *, locked: bool
    ) -> Dict[str, pulumi.Output[str]]:
        """Of the database, by its name: it stands in the cell of its region."""
        return back_up(
            self,
            self.name,
            instance.group,
            keys,
            clusters=[names.database_arn(self.cell, instance)],
            days=self.tracking.backup.days,
            locked=locked,
        )

    def _roles(self, instance: Instance, key_arn: pulumi.Output[str]) -> Dict[str, pulumi.Output[str]]:
        cell, backend = self.cell, self.tracking.backend
        if backend is TrackingBackend.SELF_HOSTED:
            cluster = names.cluster_of(cell, instance)
            pods = pod_trust(cluster, names.namespace(instance), names.SERVER)
            document = policies.own_server(cell, instance)
            return self._role("server", names.server_role(cell, instance), instance, pods, document, key_arn)
        service = trusted_service("sagemaker.amazonaws.com", cell.account_id)
        trust = policies.client_trust(cell, instance)
        server, client = names.server_role(cell, instance), names.client_role(cell, instance)
        document = policies.managed_server(cell, instance)
        return {
            **self._role("server", server, instance, service, document, key_arn),
            **self._role(
                "client", client, instance, trust, policies.client(cell, instance, backend), key_arn
            ),
        }

    def _role(
        self,
        kind: str,
        physical: str,
        instance: Instance,
        trust: Document,
        document: Document,
        key_arn: pulumi.Output[str],
    ) -> Dict[str, pulumi.Output[str]]:
        title = f"{self.name}-{instance.label}-{kind}"
        role = iam.Role(
            title,
            name=physical,
            description=f"MLflow's {kind}, instance {instance.label} of {self.cell.environment}",
            assume_role_policy=json.dumps(trust),
            force_detach_policies=True,
            tags=self.tags(physical, instance.group.tags),
            opts=self.child(),
        )
        rights: Dict[str, Any] = {
            "data": json.dumps(document),
            "keys": pulumi.Output.json_dumps(policies.key_use(instance, key_arn)),
        }
        for name, policy in rights.items():
            iam.RolePolicy(
                title if name == "data" else f"{title}-{name}",
                name=name,
                role=role.name,
                policy=policy,
                opts=self.child(),
            )
        return {physical: role.arn}


def _by_key(outputs: Dict[str, pulumi.Output[str]]) -> pulumi.Output[Dict[str, str]]:
    # Of nothing at all, `all` makes a list.
    return pulumi.Output.all(**outputs) if outputs else pulumi.Output.from_input({})
