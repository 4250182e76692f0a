"""The table of what forces another resource against two other voices: CloudFormation's, and the engine's stand-in.

The table is what Terraform's provider plans. AWS's own CloudFormation schemas (those that cfn-lint brings) say which
properties of a type are for creation only; the stand-in has them written by hand. Compared is every property that
both sides spell alike; where they part, the reason stands here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from plan import offline
from plan.export.terraform.types import mapped
from plan.project import find
from plan.replacements import forced
from stacks.specification import load
from tests.engine.aws.catalogue import type_of
from tests.plan import cloudformation
from tests.plan.planned import planned
from tests.plan.test_terraform_table import sdk

ROOT = Path(__file__).parents[2]


@cache
def used() -> Mapping[str, frozenset[str]]:
    """The properties that programs of this repository write, by type: its own environments and all of the tests'."""
    graphs = [*planned().values()]
    project = find(ROOT)
    for name in ("dev", "staging", "prod"):
        cells = load(ROOT / "stacks" / f"{name}.yaml").cells()
        graphs += offline.run_all([project.program(cell.stack) for cell in cells])
    graphs.append(offline.run(find(ROOT / "tests" / "engine" / "shop").program("dev")))
    found: dict[str, set[str]] = {}
    for resource in (resource for graph in graphs for resource in graph if resource.package == "aws"):
        found.setdefault(resource.type, set()).update(resource.inputs)
    return {type: frozenset(names) for type, names in found.items() if not type.startswith("pulumi:")}


def ours(type: str) -> set[str]:
    """The properties of which some change forces, or of something in them."""
    return {rule.path[0] for rule in forced(type, {}, {})}


# The stand-in

APART = {
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {"cidrIpv4"},
    "aws:batch/jobDefinition:JobDefinition": {"retryStrategy"},
}
"""Forces only when it comes or goes, which the stand-in does not tell from another value."""


def test_the_stand_in_replaces_what_the_provider_replaces() -> None:
    found = {}
    for type, names in used().items():
        theirs = {path.partition(".")[0] for path in type_of(type).replacing}
        if parted := (ours(type) ^ theirs) & names - APART.get(type, set()):
            found[type] = parted
    assert found == {}
    assert sum(len(names) for names in used().values()) > 500


# CloudFormation

IN_PLACE = {
    "apigateway/resource:Resource": "parentId pathPart",
    "batch/computeEnvironment:ComputeEnvironment": "tags",
    "ec2/instance:Instance": "hostResourceGroupArn ipv6AddressCount",
    "ec2/routeTableAssociation:RouteTableAssociation": "routeTableId",
    "ec2/vpcEndpoint:VpcEndpoint": "dnsOptions",
    "ecr/pullThroughCacheRule:PullThroughCacheRule": "credentialArn customRoleArn",
    "elasticache/replicationGroup:ReplicationGroup": "preferredCacheClusterAzs",
    # A character set counts for Oracle's engines only, and a subnet group is moved between.
    "rds/instance:Instance": "characterSetName dbSubnetGroupName",
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": "fromPort ipProtocol toPort",
}
"""The provider has a call for it, or leaves it alone; CloudFormation's handler makes another resource."""

ANEW = {
    "acm/certificate:Certificate": "validationMethod",
    "apigatewayv2/api:Api": "credentialsArn routeKey target",
    "apigatewayv2/integration:Integration": "integrationSubtype integrationType",
    "batch/jobDefinition:JobDefinition": "retryStrategy",
    "cloudwatch/logGroup:LogGroup": "logGroupClass",
    "dynamodb/table:Table": "localSecondaryIndexes",
    "ec2/eip:Eip": "domain publicIpv4Pool",
    "ecs/service:Service": "deploymentController",
    "eks/cluster:Cluster": "computeConfig remoteNetworkConfig",
    "eks/nodeGroup:NodeGroup": "launchTemplate",
    "glue/catalogDatabase:CatalogDatabase": "catalogId",
    "glue/dataQualityRuleset:DataQualityRuleset": "targetTable",
    "kms/key:Key": "keyUsage multiRegion",
    "lambda/eventSourceMapping:EventSourceMapping": (
        "amazonManagedKafkaEventSourceConfig queues selfManagedKafkaEventSourceConfig topics"
    ),
    "route53/record:Record": "name",
    "s3/bucket:Bucket": "objectLockConfiguration objectLockEnabled",
    "sagemaker/endpoint:Endpoint": "deploymentConfig",
    "scheduler/schedule:Schedule": "groupName",
    "ssm/parameter:Parameter": "dataType",
}
"""The provider makes another resource; CloudFormation has a way in place, or refuses and its schema does not say so."""


def newer(type: str) -> set[str]:
    """Arguments that the provider which was asked does not have; nobody was asked about these."""
    to = mapped(type)
    return {name for name, entry in to.arguments.items() if "not" in entry} if to else set()


def compared() -> Iterator[tuple[str, str, bool, cloudformation.Type]]:
    """Every property of the types in use that CloudFormation has too, and whether it forces by our table."""
    for type in sorted(used()):
        theirs = cloudformation.type_of(type)
        if theirs is not None and mapped(type) is not None:
            for name in sorted(sdk()[type].arguments - newer(type) - {"region"}):
                if cloudformation.plain(name) in theirs.properties:
                    yield type.removeprefix("aws:"), name, name in ours(type), theirs


def test_cloudformation_says_the_same_but_for_listed_reasons() -> None:
    places: dict[str, list[str]] = {}
    anew: dict[str, list[str]] = {}
    rows = list(compared())
    for type, name, forces, theirs in rows:
        said = cloudformation.plain(name) in theirs.create_only
        if said and not forces:
            places.setdefault(type, []).append(name)
        if forces and not said and cloudformation.plain(name) not in theirs.may_be:
            anew.setdefault(type, []).append(name)
    assert {type: " ".join(names) for type, names in places.items()} == IN_PLACE
    assert {type: " ".join(names) for type, names in anew.items()} == ANEW
    parted = sum(len(names) for found in (places, anew) for names in found.values())
    assert len(rows) > 700 and parted / len(rows) < 0.1
