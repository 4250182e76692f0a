"""The controller that makes load balancers of Gateways, Ingresses and Services, and its rights.

The controller marks what it makes with the tag `elbv2.k8s.aws/cluster`; its rights to change anything
are bounded by that tag with this cluster's name, so two clusters in one VPC cannot undo each other.
"""

from typing import TYPE_CHECKING, Any, Dict, List, Sequence

import pulumi
from pulumi_kubernetes.helm.v3.Release import Release

from components import naming
from components.cluster.names import ClusterNames
from components.cluster.policies import in_region
from components.cluster.roles import ServiceAccount, association, pod_role
from components.statements import Document, allow, document

if TYPE_CHECKING:
    from components.cluster.cluster import Cluster

__all__ = ["controller_policies", "load_balancer_controller"]

ACCOUNT = ServiceAccount("aws-load-balancer-controller", "load-balancers")
CHART = "aws-load-balancer-controller"

_TAG = "elbv2.k8s.aws/cluster"


def _balancing(names: ClusterNames, *resources: str) -> List[str]:
    cell = names.cell
    return [naming.arn(cell, "elasticloadbalancing", resource, region=cell.region) for resource in resources]


def _marked(names: ClusterNames, where: str) -> Document:
    return {"StringEquals": {f"aws:{where}/{_TAG}": names.cluster}}


def _see(names: ClusterNames) -> List[Document]:
    networks = ["AccountAttributes", "Addresses", "AvailabilityZones", "InternetGateways", "Vpcs", "Subnets"]
    networks += ["VpcPeeringConnections", "SecurityGroups", "Instances", "NetworkInterfaces", "Tags"]
    networks += ["RouteTables", "IpamPools"]
    balancers = ["LoadBalancers", "LoadBalancerAttributes", "Listeners", "ListenerCertificates"]
    balancers += ["ListenerAttributes", "SSLPolicies", "Rules", "TargetGroups", "TargetGroupAttributes"]
    balancers += ["TargetHealth", "Tags", "TrustStores", "CapacityReservation"]
    actions = [f"ec2:Describe{what}" for what in networks]
    actions += [f"elasticloadbalancing:Describe{what}" for what in balancers]
    cell = names.cell
    certificates = [naming.arn(cell, "acm", "certificate/*", region=cell.region)]
    vpcs = [naming.arn(cell, "ec2", "vpc/*", region=cell.region)]
    return [
        allow("See", [*actions, "acm:ListCertificates"], ["*"], in_region(cell)),
        allow("SeeCertificates", ["acm:DescribeCertificate"], certificates),
        allow("SeeGroups", ["ec2:GetSecurityGroupsForVpc"], vpcs),
    ]


def _security_groups(names: ClusterNames) -> List[Document]:
    cell = names.cell
    groups = [naming.arn(cell, "ec2", "security-group/*", region=cell.region)]
    vpcs = [naming.arn(cell, "ec2", "vpc/*", region=cell.region)]
    created = {**_marked(names, "RequestTag")["StringEquals"], "ec2:CreateAction": "CreateSecurityGroup"}
    # The nodes' group is not the controller's own, yet it must let the load balancers in.
    rules = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"]
    return [
        allow("CreateGroups", ["ec2:CreateSecurityGroup"], [*groups, *vpcs]),
        allow("TagNewGroups", ["ec2:CreateTags"], groups, {"StringEquals": created}),
        allow(
            "TagOwnGroups",
            ["ec2:CreateTags", "ec2:DeleteTags"],
            groups,
            {**_marked(names, "ResourceTag"), "Null": {f"aws:RequestTag/{_TAG}": "true"}},
        ),
        allow("OpenGroups", rules, groups),
        allow("DeleteOwnGroups", ["ec2:DeleteSecurityGroup"], groups, _marked(names, "ResourceTag")),
    ]


def _load_balancers(names: ClusterNames) -> List[Document]:
    balancers = _balancing(names, "loadbalancer/app/*/*", "loadbalancer/net/*/*")
    targets = _balancing(names, "targetgroup/*/*")
    listeners = _balancing(names, "listener/app/*/*/*", "listener/net/*/*/*")
    rules = _balancing(names, "listener-rule/app/*/*/*/*", "listener-rule/net/*/*/*/*")
    create = ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"]
    created = {"elasticloadbalancing:CreateAction": ["CreateLoadBalancer", "CreateTargetGroup"]}
    tag = ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"]
    change = ["ModifyLoadBalancerAttributes", "SetIpAddressType", "SetSecurityGroups", "SetSubnets"]
    change += ["DeleteLoadBalancer", "ModifyTargetGroup", "ModifyTargetGroupAttributes", "DeleteTargetGroup"]
    change += ["ModifyCapacityReservation", "ModifyIpPools"]
    # A target group may be Pulumi's and its targets this cluster's pods, by a TargetGroupBinding.
    fill = ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"]
    route = ["CreateListener", "DeleteListener", "ModifyListener", "ModifyListenerAttributes", "CreateRule"]
    route += ["DeleteRule", "ModifyRule", "SetRulePriorities", "AddListenerCertificates"]
    route += ["RemoveListenerCertificates"]
    own = _marked(names, "ResourceTag")
    born = _marked(names, "RequestTag")
    return [
        allow("Create", create, [*balancers, *targets], born),
        allow(
            "TagNew",
            tag[:1],
            [*balancers, *targets],
            {"StringEquals": {**born["StringEquals"], **created}},
        ),
        allow("TagOwn", tag, [*balancers, *targets], own),
        allow("Fill", fill, targets),
        allow("TagListeners", tag, [*listeners, *rules]),
        allow(
            "ChangeOwn", [f"elasticloadbalancing:{action}" for action in change], [*balancers, *targets], own
        ),
        allow(
            "Route", [f"elasticloadbalancing:{action}" for action in route], [*balancers, *listeners, *rules]
        ),
    ]


def _firewalls(names: ClusterNames) -> List[Document]:
    cell = names.cell
    firewalls = [naming.arn(cell, "wafv2", "regional/webacl/*/*", region=cell.region)]
    actions = ["wafv2:GetWebACL", "wafv2:GetWebACLForResource"]
    actions += ["wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"]
    service = {"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}}
    linked = naming.arn(cell, "iam", "role/aws-service-role/elasticloadbalancing.amazonaws.com/*")
    return [
        allow("FirewallOfAny", ["elasticloadbalancing:SetWebAcl"], ["*"], in_region(cell)),
        allow("Firewalls", actions, [*firewalls, *_balancing(names, "loadbalancer/app/*/*")]),
        allow("FirstLoadBalancer", ["iam:CreateServiceLinkedRole"], [linked], service),
    ]


def controller_policies(names: ClusterNames) -> Dict[str, Document]:
    """The controller's policies by name."""
    return {
        "security-groups": document([*_see(names), *_security_groups(names)]),
        "load-balancers": document([*_load_balancers(names), *_firewalls(names)]),
    }


def load_balancer_controller(cluster: "Cluster", *, depends_on: Sequence[pulumi.Resource]) -> Release:
    """Installs the controller with its role."""
    settings, names = cluster.args.load_balancer_controller, cluster.names
    made, rights = pod_role(
        cluster,
        ACCOUNT,
        description=f"Load balancers of {names.cluster}",
        documents=controller_policies(names),
    )
    associated = association(cluster, ACCOUNT, made)
    tags = {key: value for key, value in cluster.tags(names.cluster).items() if key != "Name"}
    values: Dict[str, Any] = {
        "clusterName": names.cluster,
        "region": cluster.region,
        "vpcId": cluster.args.vpc_id,
        "serviceAccount": {"name": ACCOUNT.name},
        "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}],
        # Retired firewalls and a paid subscription: their calls would only be refused.
        "enableWaf": False,
        "enableShield": False,
        "defaultTags": tags,
    }
    return Release(
        f"{cluster.name}-load-balancers",
        name=CHART,
        chart=CHART,
        repository_opts={"repo": settings.chart_repository},
        version=settings.chart_version,
        namespace=ACCOUNT.namespace,
        values=values,
        atomic=True,
        opts=cluster.in_kubernetes(depends_on=[*depends_on, *rights, associated]),
    )
