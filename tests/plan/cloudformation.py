"""What CloudFormation's schemas say of AWS types: which properties are for creation only. From cfn-lint's copy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

REGION = "us-east-1"
# Types that are called otherwise there, or whose namesake is another thing ("").
_NAMES: Mapping[str, str] = {
    "acm/certificate": "CertificateManager::Certificate",
    "apigateway/integration": "",
    "appautoscaling/policy": "ApplicationAutoScaling::ScalingPolicy",
    "appautoscaling/target": "ApplicationAutoScaling::ScalableTarget",
    "backup/plan": "Backup::BackupPlan",
    "backup/selection": "Backup::BackupSelection",
    "backup/vault": "Backup::BackupVault",
    "cloudwatch/eventRule": "Events::Rule",
    "cloudwatch/logGroup": "Logs::LogGroup",
    "cloudwatch/logMetricFilter": "Logs::MetricFilter",
    "cloudwatch/metricAlarm": "CloudWatch::Alarm",
    "ec2/routeTableAssociation": "EC2::SubnetRouteTableAssociation",
    "ec2/vpcIpv4CidrBlockAssociation": "EC2::VPCCidrBlock",
    "glue/catalogDatabase": "Glue::Database",
    "glue/catalogTable": "Glue::Table",
    "iam/openIdConnectProvider": "IAM::OIDCProvider",
    "iam/policy": "IAM::ManagedPolicy",
    "lb/listener": "ElasticLoadBalancingV2::Listener",
    "lb/loadBalancer": "ElasticLoadBalancingV2::LoadBalancer",
    "lb/targetGroup": "ElasticLoadBalancingV2::TargetGroup",
    "rds/cluster": "RDS::DBCluster",
    "rds/clusterInstance": "RDS::DBInstance",
    "rds/clusterParameterGroup": "RDS::DBClusterParameterGroup",
    "rds/instance": "RDS::DBInstance",
    "rds/subnetGroup": "RDS::DBSubnetGroup",
    "route53/record": "Route53::RecordSet",
    "route53/zone": "Route53::HostedZone",
    "s3control/multiRegionAccessPoint": "S3::MultiRegionAccessPoint",
    "sagemaker/endpointConfiguration": "SageMaker::EndpointConfig",
    "sfn/stateMachine": "StepFunctions::StateMachine",
    "sns/topicSubscription": "SNS::Subscription",
    "vpc/securityGroupEgressRule": "EC2::SecurityGroupEgress",
    "vpc/securityGroupIngressRule": "EC2::SecurityGroupIngress",
}


@dataclass(frozen=True)
class Type:
    """The properties that a program can set, by their plain names; those for creation only, wholly or in part;
    and those of which it is only said that they may be."""

    properties: frozenset[str]
    create_only: frozenset[str]
    may_be: frozenset[str]


def plain(name: str) -> str:
    """`DBSubnetGroupName` and `dbSubnetGroupName` as one."""
    return re.sub("[^a-z0-9]", "", name.lower())


@cache
def _types() -> dict[tuple[str, str], str]:
    parts = (name.split("::") for name in PROVIDER_SCHEMA_MANAGER.get_resource_types(REGION))
    return {
        (plain(part[1]), plain(part[2])): "::".join(part)
        for part in parts
        if part[0] == "AWS" and len(part) == 3
    }


@cache
def type_of(token: str) -> Type | None:
    """The counterpart of a Pulumi type; None where it has none of its own."""
    path = token.removeprefix("aws:").partition(":")[0]
    named = _NAMES.get(path)
    service, _, kind = path.partition("/")
    name = f"AWS::{named}" if named else _types().get((plain(service), plain(kind)))
    if name is None or named == "":
        return None
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, name).schema

    def roots(key: str) -> frozenset[str]:
        return frozenset(plain(path.split("/")[2]) for path in schema.get(key, ()))

    read_only = {
        plain(path.split("/")[2]) for path in schema.get("readOnlyProperties", ()) if path.count("/") == 2
    }
    return Type(
        frozenset(map(plain, schema["properties"])) - read_only,
        roots("createOnlyProperties"),
        roots("conditionalCreateOnlyProperties"),
    )
