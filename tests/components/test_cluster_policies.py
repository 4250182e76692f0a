"""IAM documents around a cluster: exact trusts, no wildcard without a bound, within AWS' sizes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.cluster import load_balancers as cluster_load_balancers
from components.cluster.names import ClusterNames
from components.cluster.policies import (
    cluster_key_policy,
    cluster_role_policy,
    cluster_trust,
    fsx_csi_policy,
    managed,
    node_trust,
    pod_trust,
    s3_csi_policy,
    volume_key_policy,
)
from components.karpenter import policies as karpenter_policies
from components.karpenter.interruptions import EVENTS
from components.model import Cell

CELL = Cell(environment="prod", region="eu-west-1", regions=["eu-west-1"], account_id="123456789012")
NAMES = ClusterNames(CELL)
CLUSTER_ARN = "arn:aws:eks:eu-west-1:123456789012:cluster/tradewind-prod-euw1-cluster"


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def identity_policies() -> dict[str, Any]:
    """Every policy that a role of a cluster gets, by a name for the test's report."""
    policies = {
        "wrap-secrets": cluster_role_policy("arn:aws:kms:eu-west-1:123456789012:key/1"),
        "s3-csi": s3_csi_policy(CELL, ["training-data"]),
        "fsx-csi": fsx_csi_policy(CELL),
    }
    karpenter = karpenter_policies.controller_policies(NAMES, zonal_shift=True, volume_keys=["alias/acme"])
    balancers = cluster_load_balancers.controller_policies(NAMES)
    return {**policies, **karpenter, **balancers}


def statements() -> list[Any]:
    return [
        pytest.param(statement, id=f"{name}-{statement['Sid']}")
        for name, policy in identity_policies().items()
        for statement in policy["Statement"]
    ]


@pytest.mark.parametrize("statement", statements())
def test_no_action_is_a_wildcard(statement: dict[str, Any]) -> None:
    assert not [action for action in listed(statement["Action"]) if "*" in action]


@pytest.mark.parametrize("statement", statements())
def test_a_resource_that_is_anything_has_a_condition(statement: dict[str, Any]) -> None:
    if "*" in listed(statement["Resource"]):
        assert statement["Condition"]


@pytest.mark.parametrize("statement", statements())
def test_every_other_resource_is_of_this_region_and_account(statement: dict[str, Any]) -> None:
    """AWS' own images, snapshots and parameters have no account, buckets neither."""
    public = {"image", "snapshot", "parameter"}
    for arn in listed(statement["Resource"]):
        if arn == "*":
            continue
        _, _, service, region, account, resource = arn.split(":", 5)
        assert region in (("",) if service in ("iam", "s3") else ("eu-west-1",)), arn
        assert account == "123456789012" or service == "s3" or resource.partition("/")[0] in public, arn


@pytest.mark.parametrize("sort", ["karpenter", "load balancers"])
def test_a_role_holds_its_policies(sort: str) -> None:
    """IAM counts the characters of all inline policies of a role, without white space: 10,240."""
    long = Cell(
        environment="e" * 80, region="ap-southeast-1", regions=["ap-southeast-1"], account_id="123456789012"
    )
    names = ClusterNames(long, "t" * 40)
    assert 99 <= len(names.cluster) <= 100
    policies = {
        "karpenter": karpenter_policies.controller_policies(
            names,
            zonal_shift=True,
            volume_keys=[f"alias/tradewind-prod-tenant-{'t' * 20}{i}" for i in range(20)],
        ),
        "load balancers": cluster_load_balancers.controller_policies(names),
    }[sort]
    size = sum(len(json.dumps(policy, separators=(",", ":"))) for policy in policies.values())
    assert size <= 10_240


def test_pods_assume_a_role_from_one_service_account_of_one_cluster() -> None:
    assert pod_trust(NAMES, "kube-system", "karpenter") == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Condition": {
                    "StringEquals": {
                        "aws:SourceAccount": "123456789012",
                        "aws:RequestTag/eks-cluster-arn": CLUSTER_ARN,
                        "aws:RequestTag/kubernetes-namespace": "kube-system",
                        "aws:RequestTag/kubernetes-service-account": "karpenter",
                    }
                },
            }
        ],
    }


def test_the_control_planes_role_is_for_this_cluster_only() -> None:
    (statement,) = cluster_trust(NAMES)["Statement"]
    assert statement["Principal"] == {"Service": "eks.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnEquals": {"aws:SourceArn": CLUSTER_ARN},
    }


def test_nodes_get_their_role_from_ec2() -> None:
    (statement,) = node_trust()["Statement"]
    assert statement["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert statement["Action"] == ["sts:AssumeRole"]


def test_the_cluster_key_encrypts_one_log_group() -> None:
    logs = cluster_key_policy(NAMES)["Statement"][1]
    assert logs["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}
    arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/eks/tradewind-prod-euw1-cluster/cluster"
    assert logs["Condition"] == {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": arn}}


def test_the_volume_key_is_used_through_ec2_of_this_account_only() -> None:
    administer, *others = volume_key_policy(CELL)["Statement"]
    assert administer["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    for statement in others:
        assert statement["Condition"]["StringEquals"] == {
            "kms:CallerAccount": "123456789012",
            "kms:ViaService": "ec2.eu-west-1.amazonaws.com",
        }
    (grant,) = [one for one in others if "kms:CreateGrant" in one["Action"]]
    assert grant["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


def test_karpenter_ends_only_what_carries_the_clusters_tags() -> None:
    lifecycle = karpenter_policies.controller_policies(NAMES, zonal_shift=True)["lifecycle"]
    ends = [one for one in lifecycle["Statement"] if "ec2:TerminateInstances" in one["Action"]]
    assert [one["Condition"] for one in ends] == [
        {
            "StringEquals": {"aws:ResourceTag/kubernetes.io/cluster/tradewind-prod-euw1-cluster": "owned"},
            "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"},
        }
    ]


def test_karpenter_passes_one_role_and_changes_nothing_in_iam() -> None:
    actions: dict[str, list[str]] = {}
    for policy in karpenter_policies.controller_policies(NAMES, zonal_shift=True).values():
        for statement in policy["Statement"]:
            actions |= dict.fromkeys(statement["Action"], statement["Resource"])
    iam = {action for action in actions if action.startswith("iam:")}
    assert iam == {"iam:PassRole", "iam:GetInstanceProfile", "iam:ListInstanceProfiles"}
    assert actions["iam:PassRole"] == ["arn:aws:iam::123456789012:role/tradewind-prod-euw1-cluster-nodes"]


def test_others_keys_are_used_through_ec2_and_found_by_alias() -> None:
    policies = karpenter_policies.controller_policies(NAMES, zonal_shift=True, volume_keys=["alias/acme"])
    for statement in policies["volumes"]["Statement"]:
        assert statement["Condition"]["StringEquals"] == {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}
        assert statement["Condition"]["ForAnyValue:StringEquals"] == {"kms:ResourceAliases": ["alias/acme"]}
    assert "volumes" not in karpenter_policies.controller_policies(NAMES, zonal_shift=True)


def test_without_zonal_shift_karpenter_need_not_see_it() -> None:
    policies = karpenter_policies.controller_policies(NAMES, zonal_shift=False)
    assert "arc-zonal-shift" not in json.dumps(policies)


def test_only_the_clusters_rules_send_to_the_queue_and_only_over_tls() -> None:
    send, tls = karpenter_policies.queue_policy(NAMES, list(EVENTS))["Statement"]
    assert send["Principal"] == {"Service": "events.amazonaws.com"}
    assert send["Condition"]["ArnEquals"]["aws:SourceArn"] == [NAMES.rule_arn(event) for event in EVENTS]
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_load_balancers_are_changed_only_where_marked_by_this_cluster() -> None:
    balancers = cluster_load_balancers.controller_policies(NAMES)["load-balancers"]
    marked = {
        statement["Sid"]: condition
        for statement in balancers["Statement"]
        for condition in statement.get("Condition", {}).get("StringEquals", {}).items()
        if condition[0].endswith("/elbv2.k8s.aws/cluster")
    }
    new = ("aws:RequestTag/elbv2.k8s.aws/cluster", NAMES.cluster)
    own = ("aws:ResourceTag/elbv2.k8s.aws/cluster", NAMES.cluster)
    assert marked == {"Create": new, "TagNew": new, "TagOwn": own, "ChangeOwn": own}


def test_buckets_are_read_and_written_and_nothing_else() -> None:
    buckets, objects = s3_csi_policy(CELL, ["training-data"])["Statement"]
    assert buckets["Resource"] == ["arn:aws:s3:::training-data"]
    assert objects["Resource"] == ["arn:aws:s3:::training-data/*"]


def test_policies_of_aws_are_of_the_regions_partition() -> None:
    china = Cell(environment="cn", region="cn-north-1", regions=["cn-north-1"], account_id="123456789012")
    assert managed(china, "AmazonEKSClusterPolicy") == "arn:aws-cn:iam::aws:policy/AmazonEKSClusterPolicy"


LABELS = st.from_regex(r"[a-z][a-z0-9-]{0,60}[a-z0-9]", fullmatch=True)


@given(environment=LABELS, suffix=LABELS, part=st.sampled_from(["karpenter", "load-balancers", "system"]))
def test_names_keep_within_aws_limits_and_apart(environment: str, suffix: str, part: str) -> None:
    cell = Cell(environment=environment, region="eu-west-1", regions=["eu-west-1"], account_id="123456789012")
    names, first = ClusterNames(cell, suffix), ClusterNames(cell)
    assert len(names.cluster) <= 100
    assert len(names.role(part)) <= 64
    assert len(names.queue) <= 80
    assert max(len(names.rule(event)) for event in EVENTS) <= 64
    assert len(names.group("system")) <= 63
    assert names.cluster != first.cluster
    assert names.role(part) != first.role(part)
    assert len({names.rule(event) for event in EVENTS}) == len(EVENTS)


def test_two_regions_roles_differ() -> None:
    other = Cell(environment="prod", region="us-east-1", regions=["us-east-1"], account_id="123456789012")
    assert ClusterNames(other).role("nodes") != NAMES.role("nodes")
