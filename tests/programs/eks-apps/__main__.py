import json

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
from cluster import EksCluster
from pulumi_kubernetes.core.v1 import ContainerArgs, ContainerPortArgs, PodSpecArgs, PodTemplateSpecArgs

config = pulumi.Config()
replicas = config.require_int("replicas")

eks = EksCluster("apps", version=config.require("kubernetesVersion"), zones=["us-west-2a", "us-west-2b"])
on_cluster = pulumi.ResourceOptions(provider=eks.provider)

namespace = k8s.core.v1.Namespace("apps", metadata={"labels": {"team": "apps"}}, opts=on_cluster)
namespace_name = namespace.metadata.apply(lambda metadata: metadata.name)

# Pods take AWS permissions by their service account
issuer = eks.oidc.url.apply(lambda url: url.replace("https://", ""))
app_role = aws.iam.Role(
    "app",
    assume_role_policy=pulumi.Output.all(eks.oidc.arn, issuer, namespace_name).apply(
        lambda args: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Federated": args[0]},
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": {"StringEquals": {f"{args[1]}:sub": f"system:serviceaccount:{args[2]}:app"}},
                    }
                ],
            }
        )
    ),
)
account = k8s.core.v1.ServiceAccount(
    "app",
    metadata={
        "name": "app",
        "namespace": namespace_name,
        "annotations": {"eks.amazonaws.com/role-arn": app_role.arn},
    },
    opts=on_cluster,
)

labels = {"app": "web"}
settings = k8s.core.v1.ConfigMap(
    "web",
    metadata={"namespace": namespace_name},
    data={"settings.json": json.dumps({"replicas": replicas})},
    opts=on_cluster,
)
deployment = k8s.apps.v1.Deployment(
    "web",
    metadata={"namespace": namespace_name},
    spec=k8s.apps.v1.DeploymentSpecArgs(
        replicas=replicas,
        selector=k8s.meta.v1.LabelSelectorArgs(match_labels=labels),
        template=PodTemplateSpecArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(labels=labels),
            spec=PodSpecArgs(
                service_account_name=account.metadata.name,
                containers=[
                    ContainerArgs(
                        name="web",
                        image="nginx:1.29",
                        ports=[ContainerPortArgs(container_port=80)],
                        env_from=[{"config_map_ref": {"name": settings.metadata["name"]}}],
                        resources={
                            "requests": {"cpu": "250m", "memory": "256Mi"},
                            "limits": {"memory": "512Mi"},
                        },
                    )
                ],
            ),
        ),
    ),
    opts=on_cluster,
)
service = k8s.core.v1.Service(
    "web",
    metadata={"namespace": namespace_name, "labels": deployment.spec.template.metadata.labels},
    spec={"type": "LoadBalancer", "ports": [{"port": 80, "target_port": 80}], "selector": labels},
    opts=on_cluster,
)
scaler = k8s.autoscaling.v2.HorizontalPodAutoscaler(
    "web",
    metadata={"namespace": namespace_name},
    spec={
        "min_replicas": replicas,
        "max_replicas": 10,
        "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": deployment.metadata.name},
        "metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "average_utilization": 70}}}
        ],
    },
    opts=on_cluster,
)


def into_namespace(obj, opts):
    if obj["kind"] != "Namespace":
        obj.setdefault("metadata", {})["namespace"] = "guestbook"


guestbook = k8s.yaml.ConfigFile(
    "guestbook",
    file="manifests/guestbook.yaml",
    transformations=[into_namespace],
    opts=pulumi.ResourceOptions(provider=eks.provider),
)
limits = k8s.yaml.ConfigGroup(
    "limits",
    files=["manifests/limits/*.yaml"],
    yaml=["apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: inline\ndata:\n  a: b\n"],
    opts=pulumi.ResourceOptions(provider=eks.provider, depends_on=[guestbook]),
)

metrics = k8s.helm.v3.Release(
    "metrics-server",
    k8s.helm.v3.ReleaseArgs(
        chart="metrics-server",
        version="3.12.2",
        namespace="kube-system",
        repository_opts=k8s.helm.v3.RepositoryOptsArgs(repo="https://kubernetes-sigs.github.io/metrics-server/"),
        values={"replicas": 2, "args": ["--kubelet-insecure-tls"]},
    ),
    opts=on_cluster,
)
k8s.apiextensions.CustomResource(
    "monitor",
    api_version="monitoring.coreos.com/v1",
    kind="ServiceMonitor",
    metadata={"namespace": namespace_name},
    spec={"selector": {"matchLabels": labels}, "endpoints": [{"port": "http"}]},
    opts=pulumi.ResourceOptions(provider=eks.provider, depends_on=[metrics]),
)

frontend = guestbook.get_resource("v1/Service", "frontend", "guestbook")

pulumi.export("kubeconfig", pulumi.Output.secret(eks.kubeconfig))
pulumi.export("frontend", frontend.metadata["name"])
pulumi.export(
    "address",
    service.status.apply(lambda status: status.load_balancer.ingress[0].hostname if status else None),
)
