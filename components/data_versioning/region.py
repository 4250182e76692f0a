"""The lakeFS server in the region where it serves; it stands in that region's cell, if at all.

This includes: a namespace, the secret that lakeFS encrypts its users' keys with, the chart, and the role of
its pods. The service is reached from inside the cluster only.
"""

import secrets
from typing import Any, Dict, List, Optional

import pulumi
import pydantic
from pulumi_aws import eks
from pulumi_kubernetes.core.v1.Namespace import Namespace
from pulumi_kubernetes.core.v1.Secret import Secret
from pulumi_kubernetes.core.v1.ServiceAccount import ServiceAccount
from pulumi_kubernetes.helm.v3.Release import Release
from pulumi_kubernetes.provider import Provider

from components.base import Component, validated
from components.cluster.names import ClusterNames
from components.data_versioning import names
from components.data_versioning.data_versioning import DataVersioningArgs
from components.data_versioning.defaults import choices
from components.data_versioning.placement import ProjectGroup, groups
from components.data_versioning.settings import DataProject, LakeFsSettings
from components.model import refused
from components.naming import arn

__all__ = ["DataVersioningRegion", "DataVersioningRegionArgs", "serves_here"]

HELD_IN = "encryption"
"""Name of the secret in the cluster, and of the one entry in it."""
RESOURCES = {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}
RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "baseline",
    "pod-security.kubernetes.io/warn": "restricted",
}


class DataVersioningRegionArgs(DataVersioningArgs):
    """The environment's projects, and the cluster that lakeFS runs in."""

    kubeconfig: Optional[pulumi.Output[str]] = None
    """Of the region's shared cluster; needed where lakeFS serves."""

    @pydantic.model_validator(mode="after")
    def _has_a_cluster(self) -> "DataVersioningRegionArgs":
        if self.kubeconfig is None and serves_here(self):
            raise refused(
                "lakeFS serves in this region, and kubeconfig is missing", "pass a Cluster's output"
            )
        return self


def serves_here(args: DataVersioningArgs) -> Optional[ProjectGroup]:
    """The group whose data lakeFS serves, in the group's home region; None elsewhere and without lakeFS."""
    if args.versions.lakefs is None:
        return None
    for owned in groups(args.versions, args.cell, args.residency, args.tenants):
        named = any(project.name == args.versions.lakefs.project for project in owned.projects)
        if named and owned.group.home == args.cell.region:
            return owned
    return None


class DataVersioningRegion(Component):
    """lakeFS in one region, or nothing."""

    lakefs_url: pulumi.Output[Optional[str]]
    """Where lakeFS answers inside the cluster; none where it does not serve."""

    def __init__(
        self, name: str, args: DataVersioningRegionArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        args = validated(DataVersioningRegionArgs, args)
        super().__init__(name, args.cell, opts)
        self.name, self.args, self.opts = name, args, opts
        owned = serves_here(args)
        url = None
        if owned is not None and args.versions.lakefs is not None:
            self._lakefs(owned, args.versions.lakefs)
            url = f"http://{names.LAKEFS}.{names.LAKEFS}.svc.cluster.local"
        self.lakefs_url = pulumi.Output.from_input(url)
        self.register_outputs({key: getattr(self, key) for key in DataVersioningRegion.__annotations__})

    def _lakefs(self, owned: ProjectGroup, settings: LakeFsSettings) -> None:
        cell = self.cell
        cluster = ClusterNames(cell)
        provider = Provider(
            f"{self.name}-kubernetes",
            kubeconfig=self.args.kubeconfig,
            cluster_identifier=cluster.arn,
            enable_server_side_apply=True,
            opts=self.child(),
        )
        here = {"namespace": names.LAKEFS}

        def inside(
            depends_on: Optional[List[pulumi.Resource]] = None, **options: Any
        ) -> pulumi.ResourceOptions:
            return self.child(provider=provider, depends_on=depends_on or [], **options)

        namespace = Namespace(
            f"{self.name}-lakefs",
            metadata={"name": names.LAKEFS, "labels": RESTRICTED},
            # The engine passes what the component waits for on to nothing inside it.
            opts=self.child(provider=provider, depends_on=self.opts.depends_on if self.opts else None),
        )
        secret = Secret(
            f"{self.name}-lakefs",
            metadata={**here, "name": HELD_IN},
            string_data={HELD_IN: pulumi.Output.secret(secrets.token_urlsafe(48))},
            # Drawn once: with another one, every user's key would be unreadable.
            opts=inside([namespace], ignore_changes=["stringData"]),
        )
        account = ServiceAccount(
            f"{self.name}-lakefs", metadata={**here, "name": names.LAKEFS}, opts=inside([namespace])
        )
        pods = eks.PodIdentityAssociation(
            f"{self.name}-lakefs",
            cluster_name=cluster.cluster,
            namespace=names.LAKEFS,
            service_account=names.LAKEFS,
            role_arn=arn(cell, "iam", f"role/{names.lakefs_role(cell)}"),
            region=cell.region,
            tags=self.tags(names.lakefs_role(cell), owned.group.tags),
            opts=self.child(),
        )
        (project,) = [one for one in owned.projects if one.name == settings.project]
        Release(
            f"{self.name}-lakefs",
            name=names.LAKEFS,
            chart="lakefs",
            version=settings.chart_version,
            repository_opts={"repo": settings.chart_repository},
            namespace=names.LAKEFS,
            values=self._values(owned, project),
            opts=inside([secret, account, pods]),
        )

    def _values(self, owned: ProjectGroup, project: DataProject) -> Dict[str, Any]:
        """The chart's values. lakeFS reads its configuration as YAML, of which JSON is a part."""
        region = self.cell.region
        configuration = {
            "database": {
                "type": "dynamodb",
                "dynamodb": {"table_name": names.lakefs_table(self.cell), "aws_region": region},
            },
            "blockstore": {
                "type": "s3",
                "s3": {"region": region},
                "default_namespace_prefix": names.remote_url(self.cell, owned, project, region),
            },
            "stats": {"enabled": False},
        }
        return {
            "replicaCount": choices(self.args.versions, self.cell).lakefs_replicas,
            "useDevPostgres": False,
            "lakefsConfig": pulumi.Output.json_dumps(configuration),
            "existingSecret": HELD_IN,
            "secretKeys": {"authEncryptSecretKey": HELD_IN, "databaseConnectionString": None},
            "serviceAccount": {"name": names.LAKEFS},
            "service": {"type": "ClusterIP", "port": 80},
            "resources": RESOURCES,
        }
