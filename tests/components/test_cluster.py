"""A cluster as Pulumi registers it: tags, trusts, networks, encryption, order of the parts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi.runtime
import pydantic
import pytest
from pulumi.provider.experimental.component import ComponentProvider

from components.base import Cell, EnvironmentClass
from components.cluster.cluster import Cluster, ClusterArgs
from components.karpenter.interruptions import EVENTS

REQUIRED = {"owner": "ml-platform", "cost-center": "cc-1", "environment": "prod", "data-class": "internal"}
UNTAGGED = {
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:kms/alias:Alias",
    "aws:sqs/queuePolicy:QueuePolicy",
}
"""Types of AWS that have no tags."""

GLOBAL = "aws:iam/"
POOLS = [
    {"name": "general", "instance_categories": ["c", "m"], "limits": {"cpu": 64, "memory_gib": 256}},
    {
        "name": "train",
        "instance_types": ["p5.48xlarge"],
        "accelerator": "nvidia",
        "capacity_types": ["spot"],
        "limits": {"cpu": 384, "memory_gib": 4096, "accelerators": 16},
        "fallback": {"limits": {"cpu": 192, "memory_gib": 2048, "accelerators": 8}},
    },
]

Resources = list[pulumi.runtime.MockResourceArgs]


class Recorder(pulumi.runtime.Mocks):
    """Remembers what is registered, and answers with ids and ARNs as AWS would."""

    def __init__(self) -> None:
        self.resources: Resources = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.resources.append(args)
        answer = {"arn": f"arn:of:{args.name}", **args.inputs}
        if args.typ == "aws:eks/cluster:Cluster":
            answer["endpoint"] = "https://kubernetes.example"
            answer["certificateAuthority"] = {"data": "Q0E="}
            answer["vpcConfig"] = {**args.inputs["vpcConfig"], "clusterSecurityGroupId": "sg-1"}
        if args.typ == "aws:ec2/launchTemplate:LaunchTemplate":
            answer["latestVersion"] = 1
        return f"{args.name}-id", answer

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"a component asks AWS nothing, but it calls {args.token}")


def arguments(environment_class: EnvironmentClass, **changes: Any) -> dict[str, Any]:
    cell = Cell(
        environment="prod",
        environment_class=environment_class,
        region="eu-west-1",
        regions=["us-east-1", "eu-west-1"],
        account_id="123456789012",
        tags=REQUIRED,
    )
    network = {
        "vpc_id": "vpc-1",
        "private_subnet_ids": ["subnet-1", "subnet-2"],
        "pod_subnet_ids": ["subnet-3", "subnet-4"],
        "zones": ["eu-west-1a", "eu-west-1b"],
    }
    access = {"administrators": ["role/deployer"]}
    return {"cell": cell, **network, "access": access, "node_pools": POOLS, **changes}


def registered(
    environment_class: EnvironmentClass = EnvironmentClass.PRODUCTION, **changes: Any
) -> Resources:
    recorder = Recorder()
    pulumi.runtime.set_mocks(recorder, preview=False)

    def build() -> None:
        Cluster("cluster", ClusterArgs.model_validate(arguments(environment_class, **changes)))

    run: Callable[[Callable[[], None]], Callable[[], None]] = pulumi.runtime.test
    run(build)()
    return recorder.resources


@pytest.fixture(scope="module")
def production() -> Resources:
    return registered()


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def of_type(resources: Resources, end: str) -> Resources:
    found = [one for one in resources if one.typ.endswith(end)]
    assert found, f"no resource of type ...{end}"
    return found


def the(resources: Resources, end: str) -> Mapping[str, Any]:
    (one,) = of_type(resources, end)
    inputs: Mapping[str, Any] = one.inputs
    return inputs


def from_aws(resources: Resources) -> Resources:
    return [one for one in resources if one.typ.startswith("aws:")]


def test_every_resource_that_can_be_tagged_is_tagged(production: Resources) -> None:
    for one in from_aws(production):
        if one.typ not in UNTAGGED:
            assert {**REQUIRED, "component": "cluster"}.items() <= one.inputs["tags"].items(), one.name
            assert one.inputs["tags"]["Name"]


def test_a_silo_tenants_cluster_is_tagged_with_it_and_has_names_of_its_own(production: Resources) -> None:
    silo = registered(name_suffix="acme", tenant="acme")
    assert {one.inputs["tags"]["tenant"] for one in from_aws(silo) if one.typ not in UNTAGGED} == {"acme"}
    assert the(silo, "cluster:Cluster")["name"] == "tradewind-prod-euw1-cluster-acme"
    names = {one.inputs.get("name") for one in of_type(silo, ":Role")}
    assert names.isdisjoint(one.inputs.get("name") for one in of_type(production, ":Role"))


@pytest.mark.parametrize("tenant", ["system", "control", "load", "spot", "nodes"])
def test_no_tenants_name_meets_that_of_a_part(production: Resources, tenant: str) -> None:
    """A silo tenant called `system` must not get the role of the shared cluster's system nodes."""
    shared, silo = (
        {(one.typ, one.inputs.get("name")) for one in from_aws(resources) if "role" not in one.inputs}
        for resources in (production, registered(name_suffix=tenant, tenant=tenant))
    )
    assert shared & silo <= {(kind, None) for kind, _ in shared}


def test_every_regional_resource_names_its_region(production: Resources) -> None:
    for one in from_aws(production):
        expected = None if one.typ.startswith(GLOBAL) else "eu-west-1"
        assert one.inputs.get("region") == expected, one.name


def test_every_trust_is_exact(production: Resources) -> None:
    trusts: dict[str, Any] = {}
    for one in of_type(production, ":Role"):
        (statement,) = json.loads(one.inputs["assumeRolePolicy"])["Statement"]
        account = statement.get("Condition", {}).get("StringEquals", {})
        trusts[one.name.removeprefix("cluster-")] = (
            statement["Principal"]["Service"],
            account.get("aws:RequestTag/kubernetes-service-account"),
        )
    pods = "pods.eks.amazonaws.com"
    assert trusts == {
        "control-plane": ("eks.amazonaws.com", None),
        "system": ("ec2.amazonaws.com", None),
        "nodes": ("ec2.amazonaws.com", None),
        "vpc-cni": (pods, "aws-node"),
        "ebs-csi": (pods, "ebs-csi-controller-sa"),
        "karpenter": (pods, "karpenter"),
        "load-balancers": (pods, "aws-load-balancer-controller"),
    }


def test_nothing_is_open_to_everyone(production: Resources) -> None:
    opened = registered(endpoint={"private_cidrs": ["10.0.0.0/8"]})
    for resources in (production, opened):
        assert "0.0.0.0/0" not in json.dumps([one.inputs for one in resources])
    (rule,) = of_type(opened, ":SecurityGroupIngressRule")
    assert (rule.inputs["cidrIpv4"], rule.inputs["fromPort"], rule.inputs["toPort"]) == (
        "10.0.0.0/8",
        443,
        443,
    )


def test_the_control_plane_in_production(production: Resources) -> None:
    cluster = the(production, "cluster:Cluster")
    assert cluster["accessConfig"] == {
        "authenticationMode": "API",
        "bootstrapClusterCreatorAdminPermissions": False,
    }
    network = cluster["vpcConfig"]
    assert (network["endpointPrivateAccess"], network["endpointPublicAccess"]) == (True, False)
    assert cluster["deletionProtection"] is True
    assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}
    assert cluster["zonalShiftConfig"] == {"enabled": True}
    assert cluster["encryptionConfig"]["resources"] == ["secrets"]
    assert len(cluster["enabledClusterLogTypes"]) == 5


def test_development_may_be_public_to_named_networks_and_deleted() -> None:
    cluster = the(
        registered(EnvironmentClass.DEVELOPMENT, endpoint={"public_cidrs": ["203.0.113.0/24"]}),
        "cluster:Cluster",
    )
    assert cluster["vpcConfig"]["endpointPublicAccess"] is True
    assert cluster["vpcConfig"]["publicAccessCidrs"] == ["203.0.113.0/24"]
    assert cluster["deletionProtection"] is False


def test_production_refuses_a_public_endpoint() -> None:
    args = arguments(EnvironmentClass.PRODUCTION, endpoint={"public_cidrs": ["203.0.113.0/24"]})
    with pytest.raises(pydantic.ValidationError, match="private only"):
        ClusterArgs.model_validate(args)


def test_a_cluster_needs_a_network() -> None:
    args = arguments(EnvironmentClass.PRODUCTION, pod_subnet_ids=None)
    with pytest.raises(pydantic.ValidationError, match="pod_subnet_ids missing"):
        ClusterArgs.model_validate(args)
    ClusterArgs.model_validate({**args, "pod_networking": "node-subnets"})


def test_a_pool_cannot_keep_to_zones_of_another_region() -> None:
    args = arguments(EnvironmentClass.PRODUCTION, node_pools=[{**POOLS[0], "zones": ["us-east-1a"]}])
    with pytest.raises(
        pydantic.ValidationError, match="keeps to us-east-1a, but the cluster is in eu-west-1"
    ):
        ClusterArgs.model_validate(args)


def test_logs_are_kept_encrypted_under_eks_own_name(production: Resources) -> None:
    group = the(production, ":LogGroup")
    assert group["name"] == f"/aws/eks/{the(production, 'cluster:Cluster')['name']}/cluster"
    assert group["retentionInDays"] == 365
    assert group["kmsKeyId"] == "arn:of:cluster-secrets"
    assert the(registered(EnvironmentClass.DEVELOPMENT), ":LogGroup")["retentionInDays"] == 7


def test_keys_rotate(production: Resources) -> None:
    keys = of_type(production, ":Key")
    assert [key.inputs["enableKeyRotation"] for key in keys] == [True, True]
    assert len(of_type(production, ":Alias")) == len(keys)


def test_the_launch_template_tags_and_encrypts_what_it_starts(production: Resources) -> None:
    template = the(production, ":LaunchTemplate")
    kinds = {spec["resourceType"]: spec["tags"] for spec in template["tagSpecifications"]}
    assert set(kinds) == {"instance", "volume", "network-interface"}
    for tags in kinds.values():
        assert REQUIRED.items() <= tags.items()
    for mapping in template["blockDeviceMappings"]:
        assert (mapping["ebs"]["encrypted"], mapping["ebs"]["kmsKeyId"]) == ("true", "arn:of:cluster-volumes")
    assert template["metadataOptions"]["httpTokens"] == "required"


def test_system_nodes_are_graviton_on_demand_and_tainted(production: Resources) -> None:
    group = the(production, ":NodeGroup")
    assert (group["amiType"], group["capacityType"]) == ("BOTTLEROCKET_ARM_64", "ON_DEMAND")
    assert group["taints"] == [{"key": "CriticalAddonsOnly", "value": "true", "effect": "NO_SCHEDULE"}]
    assert group["subnetIds"] == ["subnet-1", "subnet-2"]
    assert group["version"] == the(production, "cluster:Cluster")["version"]


def test_every_add_on_is_pinned_and_gets_its_own_role(production: Resources) -> None:
    roles = {}
    for one in of_type(production, ":Addon"):
        assert one.inputs["addonVersion"].startswith("v")
        for association in one.inputs.get("podIdentityAssociations") or []:
            roles[one.inputs["addonName"]] = (association["serviceAccount"], association["roleArn"])
    assert roles == {
        "vpc-cni": ("aws-node", "arn:of:cluster-vpc-cni"),
        "aws-ebs-csi-driver": ("ebs-csi-controller-sa", "arn:of:cluster-ebs-csi"),
    }


def test_pods_get_addresses_from_the_pod_subnets(production: Resources) -> None:
    (cni,) = [one for one in of_type(production, ":Addon") if one.inputs["addonName"] == "vpc-cni"]
    eni = json.loads(cni.inputs["configurationValues"])["eniConfig"]
    assert eni["subnets"] == {"eu-west-1a": {"id": "subnet-3"}, "eu-west-1b": {"id": "subnet-4"}}


def test_optional_add_ons_come_with_what_they_may_do() -> None:
    addons = {
        "optional": ["aws-mountpoint-s3-csi-driver"],
        "versions": {"aws-mountpoint-s3-csi-driver": "v2.0.0-eksbuild.1"},
        "s3_buckets": ["training-data"],
    }
    resources = registered(addons=addons)
    (policy,) = [one for one in of_type(resources, ":RolePolicy") if one.name == "cluster-s3-csi-use"]
    assert "arn:aws:s3:::training-data/*" in policy.inputs["policy"]


def test_access_is_by_entries_only(production: Resources) -> None:
    entries = {one.inputs["principalArn"]: one.inputs["type"] for one in of_type(production, ":AccessEntry")}
    assert entries == {
        "arn:aws:iam::123456789012:role/deployer": "STANDARD",
        "arn:of:cluster-nodes": "EC2_LINUX",
    }
    association = the(production, ":AccessPolicyAssociation")
    assert association["policyArn"].endswith("/AmazonEKSClusterAdminPolicy")


def test_every_interruption_reaches_the_queue(production: Resources) -> None:
    queue = the(production, ":Queue")
    assert (queue["sqsManagedSseEnabled"], queue["name"]) == (
        True,
        "tradewind-prod-euw1-cluster-interruptions",
    )
    patterns = {
        one.inputs["name"]: json.loads(one.inputs["eventPattern"])
        for one in of_type(production, ":EventRule")
    }
    assert sorted(pattern["detail-type"][0] for pattern in patterns.values()) == sorted(
        detail for _, detail in EVENTS.values()
    )
    targets = {one.inputs["rule"]: one.inputs["arn"] for one in of_type(production, ":EventTarget")}
    assert targets == dict.fromkeys(patterns, "arn:of:cluster-interruptions")


def test_charts_are_pinned(production: Resources) -> None:
    charts = {one.inputs["name"]: one.inputs["version"] for one in of_type(production, ":Release")}
    assert charts == {
        "karpenter": "1.14.3",
        "karpenter-crd": "1.14.3",
        "aws-load-balancer-controller": "3.5.0",
    }


def test_kubernetes_objects_go_to_this_cluster(production: Resources) -> None:
    provider = the(production, "pulumi:providers:kubernetes")
    kubeconfig = json.loads(provider["kubeconfig"])
    assert kubeconfig["clusters"][0]["cluster"]["server"] == "https://kubernetes.example"
    assert provider["clusterIdentifier"].endswith(":cluster/tradewind-prod-euw1-cluster")
    for one in production:
        if one.typ.startswith("kubernetes:"):
            assert "::cluster-kubernetes::" in (one.provider or ""), one.name


def test_a_pool_is_a_class_and_its_node_pools(production: Resources) -> None:
    classes = [one.inputs["metadata"]["name"] for one in of_type(production, ":EC2NodeClass")]
    pools = {one.inputs["metadata"]["name"]: one.inputs["spec"] for one in of_type(production, ":NodePool")}
    assert classes == ["general", "train"]
    assert set(pools) == {"general", "train", "train-fallback"}
    for spec in pools.values():
        assert {"cpu", "memory"} <= set(spec["limits"])
        assert spec["template"]["spec"]["nodeClassRef"]["name"] in classes


def test_nodes_that_karpenter_starts_carry_the_tags(production: Resources) -> None:
    for one in of_type(production, ":EC2NodeClass"):
        assert REQUIRED.items() <= one.inputs["spec"]["tags"].items()


def test_karpenter_may_use_the_keys_of_its_pools_and_no_others(production: Resources) -> None:
    assert "cluster-karpenter-volumes" not in {one.name for one in production}
    own = {**POOLS[0], "name": "acme", "tenant": "acme", "volume_key": "alias/acme"}
    resources = registered(node_pools=[*POOLS, own])
    (policy,) = [one for one in resources if one.name == "cluster-karpenter-volumes"]
    assert "alias/acme" in policy.inputs["policy"]


def test_volumes_of_pods_are_encrypted_by_default(production: Resources) -> None:
    storage = the(production, ":StorageClass")
    assert storage["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    assert storage["parameters"] == {"type": "gp3", "encrypted": "true", "kmsKeyId": "arn:of:cluster-volumes"}


def test_without_its_controller_there_are_no_rights_for_load_balancers() -> None:
    resources = registered(load_balancer_controller={"enabled": False})
    assert not [one for one in resources if "load-balancers" in one.name]


def test_it_can_be_offered_in_a_component_package() -> None:
    schema = json.loads(ComponentProvider([Cluster], "tradewind").schema or "")
    resource = schema["resources"]["tradewind:index:Cluster"]
    assert {"cluster_name", "kubeconfig", "node_role_arn"} <= {snake(name) for name in resource["properties"]}
    assert "limits" in schema["types"]["tradewind:index:NodePool"]["properties"]


def test_a_package_hands_over_a_dictionary_with_floats() -> None:
    plain = arguments(EnvironmentClass.PRODUCTION)
    plain["cell"] = plain["cell"].model_dump(mode="json")
    plain["node_pools"] = [{**POOLS[0], "limits": {"cpu": 64.0, "memory_gib": 256.0}}]
    assert ClusterArgs.model_validate(plain).node_pools[0].limits.cpu == 64
