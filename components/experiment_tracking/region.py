"""The instances of MLflow that stand in one region and one cluster; it stands in that region's cell.

This includes, for an own MLflow: a key, an Aurora cluster that only the region's network reaches, and in
the cluster a namespace, the server with its service, the job that makes its database user, the daily
collection of deleted runs, and the network policy that lets its tenants in. A managed one is one resource.
Buckets and roles are `ExperimentTracking`'s, which must exist first.
"""

from typing import Dict, List, Optional

import pulumi
import pydantic
from pulumi_aws import sagemaker

from components.aurora.cluster import aurora
from components.aurora.key import cluster_key
from components.base import Component, validated
from components.experiment_tracking import names
from components.experiment_tracking.defaults import capacity_of, choices
from components.experiment_tracking.experiment_tracking import ExperimentTrackingArgs
from components.experiment_tracking.instances import Instance, instances, standing_in
from components.experiment_tracking.objects import Database, own_server
from components.experiment_tracking.settings import TrackingBackend
from components.model import refused
from components.naming import arn

__all__ = ["ExperimentTrackingRegion", "ExperimentTrackingRegionArgs"]

# After the database's own window, on a working day.
MAINTENANCE = "WED:05:00"


class ExperimentTrackingRegionArgs(ExperimentTrackingArgs):
    """The environment's instances, and the region's network and clusters that an own MLflow stands in."""

    vpc_id: Optional[pulumi.Output[str]] = None
    data_subnet_ids: Optional[pulumi.Output[List[str]]] = None
    client_cidrs: List[str] = pydantic.Field(default=[])
    """Networks that may reach the databases: the nodes' and the pods'."""
    kubeconfig: Optional[pulumi.Output[str]] = None
    """Of the cluster that tenants share, or of the silo tenant's own."""
    silo: str = ""
    """The silo tenant whose instance is made, in its own cluster. Default: everybody else's, in the shared one."""

    @pydantic.model_validator(mode="after")
    def _has_what_an_own_mlflow_needs(self) -> "ExperimentTrackingRegionArgs":
        if self.tracking.backend is not TrackingBackend.SELF_HOSTED or not self.here():
            return self
        missing = [field for field in ("vpc_id", "data_subnet_ids") if getattr(self, field) is None]
        if not self.client_cidrs:
            missing.append("client_cidrs")
        if self.kubeconfig is None:
            missing.append("kubeconfig")
        if missing:
            raise refused(
                f"an own MLflow stands in a network and a cluster: {', '.join(missing)} missing",
                "pass the outputs of a Network and a Cluster, or choose a managed backend",
            )
        return self

    def here(self) -> List[Instance]:
        """The instances that stand in the cell's region, and in the cluster that is meant."""
        found = instances(self.tracking, self.cell, self.residency, self.tenants)
        standing = standing_in(found, self.cell.region)
        return [instance for instance in standing if instance.own_cluster == self.silo]


class ExperimentTrackingRegion(Component):
    """Servers and databases of one region's instances of MLflow."""

    tracking_uris: pulumi.Output[Dict[str, str]]
    """What MLflow's clients take as `MLFLOW_TRACKING_URI`, by instance: a URL inside the cluster, or an ARN."""
    database_endpoints: pulumi.Output[Dict[str, str]]
    """By instance; none for managed ones."""

    def __init__(
        self, name: str, args: ExperimentTrackingRegionArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        args = validated(ExperimentTrackingRegionArgs, args)
        super().__init__(name, args.cell, opts)
        self.name, self.args, self.opts = name, args, opts
        uris: Dict[str, pulumi.Output[str]] = {}
        endpoints: Dict[str, pulumi.Output[str]] = {}
        for instance in args.here():
            if args.tracking.backend is TrackingBackend.SELF_HOSTED:
                database = self._database(instance)
                self._server(instance, database)
                uris[instance.label] = pulumi.Output.from_input(names.tracking_uri(instance))
                endpoints[instance.label] = database.endpoint
            else:
                uris[instance.label] = self._managed(instance)
        self.tracking_uris = _by_key(uris)
        self.database_endpoints = _by_key(endpoints)
        self.register_outputs({key: getattr(self, key) for key in ExperimentTrackingRegion.__annotations__})

    def _database(self, instance: Instance) -> Database:
        identifier = names.database_identifier(self.cell, instance)
        title = f"{self.name}-{instance.label}"
        key_arn = cluster_key(self, title, identifier, "Experiments", instance.group.tags)
        cluster = aurora(
            self,
            title,
            identifier,
            names.DATABASE,
            capacity_of(self.args.tracking, self.cell),
            vpc_id=self.args.vpc_id,
            subnet_ids=self.args.data_subnet_ids,
            client_cidrs=self.args.client_cidrs,
            key_arn=key_arn,
            tags=instance.group.tags,
        )
        secret: pulumi.Output[str] = cluster.master_user_secrets[0].secret_arn
        return Database(cluster, cluster.endpoint, secret, key_arn)

    def _server(self, instance: Instance, database: Database) -> None:
        own_server(
            self,
            f"{self.name}-{instance.label}",
            instance,
            self.args.tracking.server,
            choices(self.args.tracking, self.cell).replicas,
            database,
            kubeconfig=self.args.kubeconfig,
            depends_on=self.opts.depends_on if self.opts else None,
        )

    def _managed(self, instance: Instance) -> pulumi.Output[str]:
        tracking, cell = self.args.tracking, self.cell
        physical = names.server_name(cell, instance)
        title = f"{self.name}-{instance.label}"
        role_arn = arn(cell, "iam", f"role/{names.server_role(cell, instance)}")
        tags = self.tags(physical, instance.group.tags)
        made: pulumi.Output[str]
        if tracking.backend is TrackingBackend.MANAGED_APP:
            made = sagemaker.MlflowApp(
                title,
                name=physical,
                artifact_store_uri=names.artifact_uri(cell, instance),
                role_arn=role_arn,
                model_registration_mode="AutoModelRegistrationDisabled",
                account_default_status="DISABLED",
                weekly_maintenance_window_start=MAINTENANCE,
                region=cell.region,
                tags=tags,
                opts=self.child(protect=cell.is_protected),
            ).arn
            return made
        made = sagemaker.MlflowTrackingServer(
            title,
            tracking_server_name=physical,
            tracking_server_size=choices(tracking, cell).size.value.capitalize(),
            mlflow_version=tracking.managed_version,
            artifact_store_uri=names.artifact_uri(cell, instance),
            role_arn=role_arn,
            automatic_model_registration=False,
            weekly_maintenance_window_start=MAINTENANCE,
            region=cell.region,
            tags=tags,
            opts=self.child(protect=cell.is_protected),
        ).arn
        return made


def _by_key(outputs: Dict[str, pulumi.Output[str]]) -> pulumi.Output[Dict[str, str]]:
    # Of nothing at all, `all` makes a list.
    return pulumi.Output.all(**outputs) if outputs else pulumi.Output.from_input({})
