"""Argo in a region's cluster: its two controllers, and what one pipeline's pods may be and do.

Objects are made with the Kubernetes provider that the component was given. Pods get AWS roles through EKS
Pod Identity: each pipeline has a service account for its steps and one for what starts and judges them.
"""

import json
from typing import Any, Dict, List, Mapping, Optional, Sequence

import pulumi
from pulumi_aws import eks
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace, ServiceAccount
from pulumi_kubernetes.helm.v3 import Release
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

from components.base import Component
from components.pipelines import argo, names
from components.pipelines.roles import Made
from components.pipelines.settings import ArgoSettings
from components.pipelines.tasks import Placed

__all__ = ["EVENTS_ACCOUNT", "SENSORS_ACCOUNT", "artifact_repositories", "install"]

SYSTEM = "argo"
EVENTS_ACCOUNT = "pipeline-events"
SENSORS_ACCOUNT = "pipeline-sensors"
TOLERATIONS = [{"key": "CriticalAddonsOnly", "operator": "Exists"}]
# The strictest level of pod security that Argo's own containers beside a step's pass.
RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}


def install(
    parent: Component,
    name: str,
    settings: ArgoSettings,
    placed: Sequence[Placed],
    roles: Mapping[str, Made],
    *,
    cluster_name: pulumi.Output[str],
    after: Sequence[pulumi.Resource],
) -> List[pulumi.Resource]:
    """Controllers, accounts and every pipeline's resources. `roles` are by service account."""
    spaces = [_namespace(parent, f"{name}-{space}", space, after) for space in (SYSTEM, settings.namespace)]
    releases = _controllers(parent, name, settings, spaces)
    accounts = _accounts(parent, name, settings, roles, cluster_name, spaces)
    ConfigMap(
        f"{name}-artifacts",
        metadata=_meta("artifact-repositories", settings),
        data=artifact_repositories(placed),
        opts=parent.child(depends_on=spaces),
    )
    _rights(parent, name, settings, placed, spaces)
    made = []
    for manifest in manifests(placed, settings, parent.cell.tags):
        label = f"{manifest['kind']}-{manifest['metadata']['name']}".lower()
        made.append(
            CustomResource(
                f"{name}-{label}",
                api_version=manifest["apiVersion"],
                kind=manifest["kind"],
                metadata=manifest["metadata"],
                spec=manifest["spec"],
                opts=parent.child(depends_on=[*releases, *accounts]),
            )
        )
    return made


def manifests(
    placed: Sequence[Placed], settings: ArgoSettings, tags: Mapping[str, str]
) -> List[Dict[str, Any]]:
    """All resources of Argo's own kinds."""
    found: List[Optional[Dict[str, Any]]] = []
    for one in placed:
        labels = {**tags, **({"tenant": one.tenant} if one.tenant else {}), "component": "pipelines"}
        found.append(argo.workflow_template(one, settings, labels))
        found += [argo.cron_workflow(one, settings), argo.sensor(one, settings, SENSORS_ACCOUNT)]
    if any(one is not None and one["kind"] == "Sensor" for one in found):
        cell = placed[0].cell
        found.append(argo.event_bus(settings))
        found.append(argo.event_source(names.events(cell), cell.region, settings, EVENTS_ACCOUNT))
    return [one for one in found if one is not None]


def artifact_repositories(placed: Sequence[Placed]) -> Dict[str, str]:
    """Where Argo keeps logs of pods: below a prefix of each pipeline's own."""
    return {
        one.name: json.dumps(
            {
                "archiveLogs": True,
                "s3": {
                    "bucket": names.bucket(one.cell),
                    "region": one.cell.region,
                    "endpoint": "s3.amazonaws.com",
                    "useSDKCreds": True,
                    "encryptionOptions": {"enableEncryption": True},
                    "keyFormat": f"argo/{one.name}/{{{{workflow.name}}}}/{{{{pod.name}}}}",
                },
            }
        )
        for one in placed
    }


def _meta(name: str, settings: ArgoSettings, **more: Any) -> Dict[str, Any]:
    return {"name": name, "namespace": settings.namespace, **more}


def _namespace(parent: Component, name: str, space: str, after: Sequence[pulumi.Resource]) -> Namespace:
    labels = RESTRICTED if space != SYSTEM else {}
    return Namespace(
        name, metadata={"name": space, "labels": labels}, opts=parent.child(depends_on=list(after))
    )


def _controllers(
    parent: Component, name: str, settings: ArgoSettings, spaces: Sequence[pulumi.Resource]
) -> List[Release]:
    """Argo Workflows and Argo Events, bound to the pipelines' namespace; no web server, which needs a gateway."""
    space = settings.namespace
    workflows: Dict[str, Any] = {
        "controller": {"workflowNamespaces": [space], "tolerations": TOLERATIONS, "replicas": 2},
        "server": {"enabled": False},
        # Full definitions are larger than what Helm's own record of a release may be.
        "crds": {"full": False},
        "workflow": {"serviceAccount": {"create": False}, "rbac": {"create": False}},
    }
    events: Dict[str, Any] = {"controller": {"tolerations": TOLERATIONS}}
    charts = {
        "argo-workflows": (settings.workflows_chart, workflows),
        "argo-events": (settings.events_chart, events),
    }
    return [
        Release(
            f"{name}-{chart}",
            name=chart,
            chart=chart,
            repository_opts={"repo": settings.chart_repository},
            version=version,
            namespace=SYSTEM,
            values=values,
            atomic=True,
            opts=parent.child(depends_on=list(spaces)),
        )
        for chart, (version, values) in charts.items()
    ]


def _accounts(
    parent: Component,
    name: str,
    settings: ArgoSettings,
    roles: Mapping[str, Made],
    cluster_name: pulumi.Output[str],
    spaces: Sequence[pulumi.Resource],
) -> List[pulumi.Resource]:
    made: List[pulumi.Resource] = []
    for account, given in roles.items():
        made.append(
            ServiceAccount(
                f"{name}-{account}",
                metadata=_meta(account, settings),
                opts=parent.child(depends_on=list(spaces)),
            )
        )
        made.append(
            eks.PodIdentityAssociation(
                f"{name}-{account}",
                cluster_name=cluster_name,
                namespace=settings.namespace,
                service_account=account,
                role_arn=given.arn,
                region=parent.cell.region,
                tags=parent.tags(account),
                opts=parent.child(depends_on=given.rights),
            )
        )
    made.append(
        ServiceAccount(
            f"{name}-{SENSORS_ACCOUNT}",
            metadata=_meta(SENSORS_ACCOUNT, settings),
            opts=parent.child(depends_on=list(spaces)),
        )
    )
    return made


def _rights(
    parent: Component,
    name: str,
    settings: ArgoSettings,
    placed: Sequence[Placed],
    spaces: Sequence[pulumi.Resource],
) -> None:
    """Inside Kubernetes: pods report how they did, sensors start workflows from templates that exist."""
    pods = [account(one) for one in placed for account in (argo.steps_account, argo.control_account)]
    group = "argoproj.io"
    wanted: Dict[str, Any] = {
        "workflow-pods": (
            [{"apiGroups": [group], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}],
            pods,
        ),
        "pipeline-sensors": (
            [
                {"apiGroups": [group], "resources": ["workflows"], "verbs": ["create"]},
                {"apiGroups": [group], "resources": ["workflowtemplates"], "verbs": ["get"]},
            ],
            [SENSORS_ACCOUNT],
        ),
    }
    for role, (rules, accounts) in wanted.items():
        Role(
            f"{name}-{role}",
            metadata=_meta(role, settings),
            rules=rules,
            opts=parent.child(depends_on=list(spaces)),
        )
        subjects = [
            {"kind": "ServiceAccount", "name": account, "namespace": settings.namespace}
            for account in accounts
        ]
        RoleBinding(
            f"{name}-{role}",
            metadata=_meta(role, settings),
            role_ref={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
            subjects=subjects,
            opts=parent.child(depends_on=list(spaces)),
        )
