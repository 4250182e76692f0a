"""What a person would say of the programs: Kubernetes, serverless, parsed outputs, serving."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from plan.values import SECRET, Asset, Reference, Template, is_known, references
from tests.plan.planned import counts, graph, named, urn

# Kubernetes


def test_kubernetes_manifests_are_resources_of_the_graph() -> None:
    found = graph("eks-apps")
    kubernetes = Counter(
        it.inputs["kind"] for it in found if it.package == "kubernetes" and "kind" in it.inputs
    )
    assert kubernetes == {
        "Namespace": 2, "Service": 2, "Deployment": 2, "ConfigMap": 3, "ServiceAccount": 1, "HorizontalPodAutoscaler": 1,
        "ResourceQuota": 1, "LimitRange": 1, "ServiceMonitor": 1,
    }  # fmt: skip
    frontend = found[
        urn("eks-apps", "kubernetes:yaml:ConfigFile$kubernetes:apps/v1:Deployment", "guestbook/frontend")
    ]
    assert frontend.inputs["metadata"]["namespace"] == "guestbook"
    assert frontend.inputs["spec"]["replicas"] == 3
    assert (
        urn(
            "eks-apps",
            "kubernetes:yaml:ConfigGroup$kubernetes:yaml:ConfigFile$kubernetes:core/v1:ResourceQuota",
            "apps",
        )
        in found
    )


def test_a_name_the_kubernetes_provider_will_choose_is_known_and_stable() -> None:
    found = graph("eks-apps")
    name = named(found, "Namespace", "apps").inputs["metadata"]["name"]
    assert name.startswith("apps-")
    service = next(it for it in found.of_type("kubernetes:core/v1:Service") if it.name == "web")
    assert service.inputs["metadata"]["namespace"] == name
    assert service.inputs["metadata"]["labels"] == {"app": "web"}


def test_everything_on_the_cluster_has_the_clusters_provider() -> None:
    found = graph("eks-apps")
    provider = urn("eks-apps", "apps:eks:Cluster$pulumi:providers:kubernetes", "apps-k8s")
    assert {it.provider for it in found if it.package == "kubernetes" and it.custom} == {provider}
    assert named(found, "NodeGroup", "apps-nodes").urn in found[provider].dependencies
    cluster = (
        named(found, "Cluster", "apps")
        if len(found.of_type("aws:eks/cluster:Cluster")) > 1
        else found.of_type("aws:eks/cluster:Cluster")[0]
    )
    assert cluster.urn in found[provider].property_dependencies["kubeconfig"]


def test_a_kubeconfig_is_made_of_what_the_cluster_will_say() -> None:
    found = graph("eks-apps")
    (cluster,) = found.of_type("aws:eks/cluster:Cluster")
    kubeconfig = found[urn("eks-apps", "apps:eks:Cluster$pulumi:providers:kubernetes", "apps-k8s")].inputs[
        "kubeconfig"
    ]
    assert cluster.urn in {reference.urn for reference in references(kubeconfig)} or not is_known(kubeconfig)
    assert found.outputs["dev"]["kubeconfig"] is SECRET


def test_a_helm_release_is_one_resource_with_its_values() -> None:
    release = named(graph("eks-apps"), "Release", "metrics-server")
    assert release.inputs["version"] == "3.12.2"
    assert release.inputs["values"]["replicas"] == 2
    assert release.inputs["repositoryOpts"]["repo"].endswith("metrics-server/")


def test_three_policies_are_attached_to_the_nodes_before_there_are_any() -> None:
    found = graph("eks-apps")
    nodes = named(found, "NodeGroup", "apps-nodes")
    attached = {
        it.urn
        for it in found.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if it.name.startswith("apps-node-")
    }
    assert len(attached) == 3
    assert attached <= set(nodes.dependencies)
    assert nodes.inputs["scalingConfig"] == {"desiredSize": 3, "minSize": 2, "maxSize": 6}


# Serverless


def test_archives_are_assets_with_a_digest() -> None:
    found = graph("serverless-orders")
    take, charge = named(found, "Function", "take"), named(found, "Function", "charge")
    assert isinstance(take.inputs["code"], Asset)
    assert len(take.inputs["code"].digest) == 64
    # They differ in one text of the archive
    assert take.inputs["code"].digest != charge.inputs["code"].digest
    assert isinstance(named(found, "BucketObjectv2", "handler.py").inputs["source"], Asset)


def test_a_state_machine_names_the_functions_it_calls() -> None:
    found = graph("serverless-orders")
    definition = json.loads(named(found, "StateMachine", "orders").inputs["definition"])
    assert definition["States"]["Charge"]["Resource"] == f"${{{named(found, 'Function', 'charge').urn}#arn}}"
    assert (
        definition["States"]["Failed"]["Parameters"]["TopicArn"]
        == f"${{{named(found, 'Topic', 'failed').urn}#arn}}"
    )


def test_policies_made_in_apply_can_be_read() -> None:
    found = graph("serverless-orders")
    table = named(found, "Table", "orders").urn
    (statement,) = json.loads(named(found, "RolePolicy", "ship-table").inputs["policy"])["Statement"]
    assert statement["Resource"] == [f"${{{table}#arn}}", f"${{{table}#arn}}/index/*"]
    (inline,) = named(found, "Role", "machine").inputs["inlinePolicies"]
    assert len(json.loads(inline["policy"])["Statement"]) == 2


def test_the_way_of_a_request_can_be_followed() -> None:
    found = graph("serverless-orders")
    route = next(it for it in found.of_type("aws:apigatewayv2/route:Route"))
    integration = next(iter(found.of_type("aws:apigatewayv2/integration:Integration")))
    assert integration.urn in route.property_dependencies["target"]
    assert integration.inputs["integrationUri"] == Reference(
        named(found, "Function", "take").urn, "invokeArn"
    )
    assert route.inputs["target"] == Template(f"integrations/${{{integration.urn}#id}}")


# Outputs taken apart


def test_code_that_takes_outputs_apart_plans() -> None:
    """A token is no ARN: what cannot be computed from it is unknown, and the rest goes on."""
    found = graph("output-parsing")
    group = named(found, "SecurityGroup", "database")
    database = named(found, "Instance", "database").urn
    assert not is_known(group.inputs["ingress"])
    assert {database, named(found, "Eip", "gateway").urn} <= set(group.property_dependencies["ingress"])
    assert group.inputs["ingress"][1]["fromPort"] == 443
    assert named(found, "Subnet", "known").inputs["cidrBlock"] == "10.70.3.0/24"
    assert not is_known(named(found, "Parameter", "account").inputs["value"])
    assert counts(found).get("NetworkInterface", 0) == 0


def test_a_piece_of_an_output_never_passes_for_a_known_text() -> None:
    """Cutting a token at its colons must not leave half a URN behind as if it were an account."""
    found = graph("output-parsing")
    for value in _leaves([dict(it.inputs) for it in found if it.is_managed] + [dict(found.outputs["dev"])]):
        if type(value) is str:
            assert "urn:pulumi" not in value
            assert "${" not in value
            assert "}" not in value or value.startswith("{")


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


# The platform this project is about


def test_model_serving_scales_and_is_watched() -> None:
    found = graph("model-serving")
    assert counts(found) == {
        "Bucket": 2, "BucketVersioning": 1, "BucketLifecycleConfiguration": 1, "Topic": 1, "TopicSubscription": 1, "Role": 1,
        "RolePolicy": 1, "Model": 2, "EndpointConfiguration": 1, "Endpoint": 1, "Target": 2, "Policy": 2, "MetricAlarm": 4, "Dashboard": 1,
    }  # fmt: skip
    path = "serving:index:ModelEndpoint$aws:sagemaker/endpoint:Endpoint$aws:appautoscaling/target:Target"
    target = found[urn("model-serving", path, "ranking-canary")]
    assert (target.inputs["minCapacity"], target.inputs["maxCapacity"]) == (1, 4)
    endpoint = named(found, "Endpoint", "ranking").urn
    assert target.inputs["resourceId"] == Template(f"endpoint/${{{endpoint}#name}}/variant/canary")
    current, canary = named(found, "EndpointConfiguration", "ranking").inputs["productionVariants"]
    assert (current["initialVariantWeight"], canary["initialVariantWeight"]) == (0.9, 0.1)
    assert current["instanceType"] == "ml.g5.xlarge"


def test_one_image_is_looked_up_from_the_registry_of_the_region() -> None:
    for model in graph("model-serving").of_type("aws:sagemaker/model:Model"):
        assert model.region == "us-east-1"
        assert model.inputs["primaryContainer"]["environment"] == {"SAGEMAKER_PROGRAM": "inference.py"}
