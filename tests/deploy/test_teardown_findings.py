"""What was found in AWS against what the state explains: only what nobody will delete stands in the way."""

from __future__ import annotations

import re
from typing import Any

import boto3
import pytest

from deploy.teardown_aws import Endpoint, Facts, Instance, Interface
from deploy.teardown_findings import findings
from deploy.teardown_stores import STORES, Asked, Contents, Store
from plan.graph import Graph, Resource

CLUSTER = "tradewind-prod-use1-cluster"
ARN = f"arn:aws:eks:us-east-1:123456789012:cluster/{CLUSTER}"
NODE = {f"kubernetes.io/cluster/{CLUSTER}": "owned", "karpenter.sh/nodepool": "general"}
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/k8s-shop/0123456789abcdef"
SYSTEM = {"eks:cluster-name": CLUSTER}


def one(type: str, name: str, **rest: Any) -> Resource:
    urn = f"urn:pulumi:prod-us-east-1::tradewind::{type}::{name}"
    return Resource(urn, type, name, region="us-east-1", **rest)


def a_cell(*, controller: bool = True) -> Graph:
    """A cluster in a network, its pool `general`, and Karpenter where `controller`."""
    provider = one("pulumi:providers:kubernetes", "k", inputs={"clusterIdentifier": ARN})
    inside = {"provider": provider.urn}
    release = one(
        "kubernetes:helm.sh/v3:Release", "karpenter", inputs={"chart": "oci://x/karpenter"}, **inside
    )
    pool = {"metadata": {"name": "general"}}
    return Graph.of(
        [
            one("aws:ec2/vpc:Vpc", "vpc", id="vpc-1"),
            one("aws:ec2/natGateway:NatGateway", "nat", id="nat-1"),
            one("aws:ec2/vpcEndpoint:VpcEndpoint", "sts", id="vpce-1"),
            one("aws:ec2/securityGroup:SecurityGroup", "api", id="sg-1"),
            one("aws:eks/cluster:Cluster", "cluster", id=CLUSTER, inputs={"name": CLUSTER}),
            one("aws:rds/cluster:Cluster", "registry", id="registry"),
            provider,
            one("kubernetes:karpenter.sh/v1:NodePool", "general", inputs=pool, **inside),
            *([release] if controller else []),
        ]
    )


def found(facts: Facts, graph: Graph | None = None) -> list[str]:
    return [problem.path for problem in findings("prod-us-east-1", graph or a_cell(), facts)]


def test_what_belongs_to_the_state_is_no_obstacle() -> None:
    facts = Facts(
        "us-east-1",
        interfaces=[
            Interface("eni-1", "Interface for NAT Gateway nat-1", "in-use"),
            Interface("eni-2", "VPC Endpoint Interface vpce-1", "in-use"),
            Interface("eni-3", f"Amazon EKS {CLUSTER}", "in-use"),
            Interface("eni-4", "RDSNetworkInterface", "in-use", requester="amazon-rds"),
            Interface("eni-5", "aws-K8S-i-1", "in-use", instance="i-1"),
        ],
        instances=[Instance("i-1", SYSTEM), Instance("i-2", NODE)],
        groups={
            "sg-1": {"GroupName": "api"},
            "sg-2": {"GroupName": "eks-cluster-sg-x", "aws:eks:cluster-name": CLUSTER},
        },
        endpoints={"vpce-1": Endpoint("com.amazonaws.us-east-1.sts")},
    )
    assert found(facts) == []


def test_a_load_balancer_of_a_controller_is_told_once() -> None:
    """Its interfaces go with it."""
    facts = Facts(
        "us-east-1",
        balancers={BALANCER: CLUSTER},
        interfaces=[Interface("eni-9", "ELB app/k8s-shop/0123456789abcdef", "in-use")],
    )
    assert found(facts) == ["load balancer loadbalancer/app/k8s-shop/0123456789abcdef"]


def test_a_load_balancer_of_another_cluster_is_none_of_ours() -> None:
    assert found(Facts("us-east-1", balancers={BALANCER: "another"})) == []


def test_nodes_that_karpenter_ends_itself_are_not_in_the_way() -> None:
    assert found(Facts("us-east-1", instances=[Instance("i-1", NODE)])) == []


def test_nodes_whose_pool_or_controller_is_gone_are() -> None:
    """Nobody would end them, as after a destroy that broke off."""
    facts = Facts("us-east-1", instances=[Instance("i-1", {**NODE, "karpenter.sh/nodepool": "by-hand"})])
    assert found(facts) == ["instance i-1"]
    facts = Facts("us-east-1", instances=[Instance("i-1", NODE)])
    assert found(facts, a_cell(controller=False)) == ["instance i-1"]


def test_a_volume_that_a_claim_asked_for_is_named_with_the_claim() -> None:
    tags = {
        f"kubernetes.io/cluster/{CLUSTER}": "owned",
        "kubernetes.io/created-for/pvc/namespace": "search",
        "kubernetes.io/created-for/pvc/name": "index",
    }
    (problem,) = findings("prod-us-east-1", a_cell(), Facts("us-east-1", volumes={"vol-1": tags}))
    assert problem.path == "volume vol-1"
    assert "search/index" in problem.but


def test_what_somebody_put_into_the_network_is_in_the_way() -> None:
    facts = Facts(
        "us-east-1",
        interfaces=[
            Interface("eni-7", "left by a job", "available"),
            Interface("eni-8", "", "in-use", "i-7"),
        ],
        instances=[Instance("i-7", {"Name": "bastion"})],
        groups={
            "sg-7": {"GroupName": "k8s-traffic-x", "elbv2.k8s.aws/cluster": CLUSTER},
            "sg-8": {"GroupName": "by-hand"},
        },
        endpoints={"vpce-9": Endpoint("com.amazonaws.us-east-1.guardduty-data")},
    )
    assert found(facts) == [
        "instance i-7",
        "network interface eni-7",
        "security group sg-7",
        "security group sg-8",
        "VPC endpoint vpce-9",
    ]


def test_a_free_interface_is_deleted_and_one_in_use_is_not() -> None:
    facts = Facts(
        "us-east-1", interfaces=[Interface("eni-1", "a", "available"), Interface("eni-2", "b", "in-use")]
    )
    free, used = findings("prod-us-east-1", a_cell(), facts)
    assert free.fix == "aws ec2 delete-network-interface --region us-east-1 --network-interface-id eni-1"
    assert "delete-network-interface" not in used.fix


def test_full_stores_are_told_one_by_one() -> None:
    facts = Facts(
        "us-east-1",
        [
            ("bucket", Asked("lake"), Contents(("a",), more=True)),
            ("registry", Asked("models"), Contents(("1", "2", "3", "4"))),
            ("backup vault", Asked("lake"), Contents(("p",), more=True)),
        ],
    )
    problems = findings("prod-us-east-1", a_cell(), facts)
    assert [(one.path, one.got) for one in problems] == [
        ("bucket lake", "not empty"),
        ("registry models", "4 images: 1, 2, 3, ..."),
        ("backup vault lake", "more than 1 recovery point: p"),
    ]
    assert "aws s3 rm s3://lake --recursive" in problems[0].fix
    assert "--region us-east-1 --backup-vault-name lake --recovery-point-arn" in problems[2].fix


@pytest.mark.parametrize("store", STORES, ids=lambda store: store.kind)
def test_every_kind_of_store_says_how_with_commands_that_can_be_pasted(store: Store) -> None:
    asked = Asked("the-name", within="the-place")
    (problem,) = findings("prod", a_cell(), Facts("eu-west-1", [(store.kind, asked, Contents(("one",)))]))
    assert problem.path == f"{store.kind} the-name"
    assert not re.search(r"\b(AT|NAME|WITHIN|FIX)\b", f"{problem.fix} {problem.but} {problem.got}")
    commands = re.findall(r"aws ([a-z0-9]+) ([a-z-]+)", f"{problem.fix}; aws {store.how}")
    for service, command in commands:
        if service != "s3":
            client = boto3.client("s3" if service == "s3api" else service, region_name="eu-west-1")
            operations = set(client.meta.method_to_api_mapping)
            assert command.replace("-", "_") in operations, f"aws {service} {command}"
    assert commands
    assert "--region eu-west-1" in problem.fix or store.kind in ("bucket", "locked bucket")


def test_what_a_service_makes_in_the_network_goes_with_what_it_made_it_for() -> None:
    """Endpoints of ElastiCache Serverless and MWAA, instances of Batch: their service takes them away."""
    facts = Facts(
        "us-east-1",
        endpoints={
            "vpce-7": Endpoint(
                "com.amazonaws.elasticache.serverless.us-east-1.x", {"AmazonElastiCacheManaged": "true"}
            ),
            "vpce-8": Endpoint("com.amazonaws.vpce.us-east-1.vpce-svc-1", {"AmazonMWAAManaged": "airflow"}),
        },
        interfaces=[
            Interface("eni-7", "VPC Endpoint Interface vpce-7", "in-use"),
            Interface("eni-8", "VPC Endpoint Interface vpce-8", "in-use"),
            Interface("eni-9", "arn:aws:ecs:us-east-1:123456789012:attachment/0123", "in-use"),
            Interface("eni-0", "", "in-use", "i-9"),
        ],
        instances=[Instance("i-9", {"AWSBatchServiceTag": "batch"})],
    )
    there = [
        one("aws:elasticache/serverlessCache:ServerlessCache", "cache"),
        one("aws:mwaa/environment:Environment", "airflow"),
        one("aws:batch/computeEnvironment:ComputeEnvironment", "gpu"),
    ]
    assert found(facts, Graph.of([*a_cell(), *there])) == []
    assert found(facts) == [
        "instance i-9",
        "network interface eni-7",
        "network interface eni-8",
        "network interface eni-9",
        "VPC endpoint vpce-7",
        "VPC endpoint vpce-8",
    ]


def test_protection_past_pulumi_is_told_and_what_the_state_tells_is_not_told_twice() -> None:
    known = one(
        "aws:dynamodb/table:Table",
        "known",
        inputs={"name": "tradewind.known", "deletionProtectionEnabled": True},
    )
    graph = Graph.of([*a_cell(), known])
    facts = Facts("us-east-1", held=["table tradewind.known", "table tradewind.other"])
    assert found(facts, graph) == ["table tradewind.other"]
