"""The objects of an own MLflow in the cluster, and the two roles that its pods take."""

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Optional

import pulumi
from pulumi_aws import eks, iam, rds
from pulumi_kubernetes.apps.v1.Deployment import Deployment
from pulumi_kubernetes.batch.v1.CronJob import CronJob
from pulumi_kubernetes.batch.v1.Job import Job
from pulumi_kubernetes.core.v1.ConfigMap import ConfigMap
from pulumi_kubernetes.core.v1.Namespace import Namespace
from pulumi_kubernetes.core.v1.Service import Service
from pulumi_kubernetes.core.v1.ServiceAccount import ServiceAccount
from pulumi_kubernetes.networking.v1.NetworkPolicy import NetworkPolicy
from pulumi_kubernetes.policy.v1.PodDisruptionBudget import PodDisruptionBudget
from pulumi_kubernetes.provider import Provider

from components.base import Component
from components.cluster.policies import pod_trust
from components.experiment_tracking import names, policies, server
from components.experiment_tracking.instances import Instance
from components.experiment_tracking.settings import TrackingServer
from components.naming import arn

__all__ = ["Database", "own_server"]


@dataclass(frozen=True)
class Database:
    """What the server's objects need to know of its database."""

    cluster: rds.Cluster
    endpoint: pulumi.Output[str]
    owner_secret: pulumi.Output[str]
    """ARN of the secret with the owner's password."""
    key_arn: pulumi.Output[str]


def own_server(
    parent: Component,
    name: str,
    instance: Instance,
    settings: TrackingServer,
    replicas: int,
    database: Database,
    *,
    kubeconfig: Optional[pulumi.Output[str]],
    depends_on: Any,
) -> None:
    """Everything in the instance's namespace; the server starts after its user has been made.

    `depends_on` is what the component itself was told to wait for: the engine passes that on to nothing
    inside, and whoever deletes these objects must still be let into the cluster.
    """
    inside = _Namespace(parent, name, instance, kubeconfig, depends_on)
    config = inside.make(ConfigMap, "scripts", data=server.scripts())
    cell = parent.cell
    role = arn(cell, "iam", f"role/{names.server_role(cell, instance)}")
    pods = inside.account(names.SERVER, role)
    first = _first_user(inside, settings, database, config)
    uri = database.endpoint.apply(lambda endpoint: server.database_uri(cell, instance, endpoint))
    running = inside.make(
        Deployment,
        names.SERVER,
        spec=server.deployment(cell, instance, settings, uri, replicas),
        depends_on=[config, first, *pods],
    )
    ports = [{"name": "http", "port": names.PORT, "targetPort": "http"}]
    inside.make(Service, names.SERVER, spec={"selector": server.LABELS, "ports": ports})
    inside.make(NetworkPolicy, "mlflow", spec=server.network_policy(instance))
    inside.make(
        CronJob,
        "collect",
        spec=server.collector(cell, instance, settings, uri),
        depends_on=[running],
    )
    if replicas > 1:
        budget = {"maxUnavailable": 1, "selector": {"matchLabels": server.LABELS}}
        inside.make(PodDisruptionBudget, names.SERVER, spec=budget)


def _first_user(inside: "_Namespace", settings: TrackingServer, database: Database, config: ConfigMap) -> Job:
    """The job, with a role that reads this one secret. It comes after the cluster's first instance answers."""
    parent, instance = inside.parent, inside.instance
    cell = parent.cell
    cluster = names.cluster_of(cell, instance)
    physical = instance.group.role(cell, server.FIRST_USER)
    title = f"{inside.name}-{server.FIRST_USER}"
    role = iam.Role(
        title,
        name=physical,
        description=f"Makes the database user of MLflow, instance {instance.label}",
        assume_role_policy=json.dumps(pod_trust(cluster, names.namespace(instance), server.FIRST_USER)),
        force_detach_policies=True,
        tags=parent.tags(physical, instance.group.tags),
        opts=parent.child(),
    )
    rights = iam.RolePolicy(
        title,
        name="owner",
        role=role.name,
        policy=pulumi.Output.json_dumps(policies.owner_secret(cell, instance, database.key_arn)),
        opts=parent.child(),
    )
    pods = inside.account(server.FIRST_USER, role.arn)
    return inside.make(
        Job,
        server.FIRST_USER,
        spec=server.first_user(cell, instance, settings, database.endpoint, database.owner_secret),
        depends_on=[config, rights, *pods],
    )


class _Namespace:
    """The instance's namespace, and a way to put objects into it."""

    def __init__(
        self,
        parent: Component,
        name: str,
        instance: Instance,
        kubeconfig: Optional[pulumi.Output[str]],
        depends_on: Any,
    ) -> None:
        self.parent, self.name, self.instance = parent, name, instance
        self.cluster = names.cluster_of(parent.cell, instance)
        self.provider = Provider(
            f"{name}-kubernetes",
            kubeconfig=kubeconfig,
            cluster_identifier=self.cluster.arn,
            enable_server_side_apply=True,
            opts=parent.child(),
        )
        tenant = {"tenant": instance.group.tenant.name} if instance.group.tenant else {}
        self.labels: Dict[str, str] = {"app.kubernetes.io/part-of": "experiment-tracking", **tenant}
        restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
        metadata = {"name": names.namespace(instance), "labels": {**self.labels, **restricted}}
        options = parent.child(provider=self.provider, depends_on=depends_on)
        self.namespace = Namespace(name, metadata=metadata, opts=options)

    def make(
        self, kind: Any, title: str, *, depends_on: Optional[List[pulumi.Resource]] = None, **inputs: Any
    ) -> Any:
        """An object of `kind` called `title`."""
        metadata = {"name": title, "namespace": names.namespace(self.instance), "labels": self.labels}
        after = [self.namespace, *(depends_on or [])]
        options = self.parent.child(provider=self.provider, depends_on=after)
        return kind(f"{self.name}-{title}", metadata=metadata, **inputs, opts=options)

    def account(self, title: str, role_arn: Any) -> List[pulumi.Resource]:
        """A service account whose pods take the role."""
        account = self.make(ServiceAccount, f"{title}")
        association = eks.PodIdentityAssociation(
            f"{self.name}-{title}",
            cluster_name=self.cluster.cluster,
            namespace=names.namespace(self.instance),
            service_account=title,
            role_arn=role_arn,
            region=self.parent.cell.region,
            tags=self.parent.tags(title, self.instance.group.tags),
            opts=self.parent.child(),
        )
        return [account, association]
