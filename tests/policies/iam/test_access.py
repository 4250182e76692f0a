"""A plan's roles are asked: which of their policies are gathered, and what a plan cannot tell of them."""

from __future__ import annotations

import json

import pytest

from plan.values import SECRET, UNKNOWN, Reference, Value
from problems import InputError
from tests.policies.iam.worker_plan import (
    ACCOUNT,
    OBJECT,
    READ,
    REGION,
    access,
    bucket,
    document,
    inline,
    key,
    made,
    role,
    statement,
    urn,
)

AWS_READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def test_an_inline_policy_counts_by_the_roles_name_or_by_reference() -> None:
    for of in (
        "worker",
        Reference(urn("aws:iam/role:Role", "worker"), "name"),
        Reference(urn("aws:iam/role:Role", "worker"), "id"),
    ):
        assert access(role(), inline(json.dumps(READ), of)).may("worker", "s3:GetObject", OBJECT).allowed


def test_another_roles_policy_does_not_count() -> None:
    assert access(role(), inline(json.dumps(READ), "other")).may("worker", "s3:GetObject", OBJECT).denied


def test_a_policy_whose_role_is_not_known_leaves_open_what_it_says_and_nothing_else() -> None:
    asked = access(role(), inline(json.dumps(READ), UNKNOWN))
    answer = asked.may("worker", "s3:GetObject", OBJECT)
    assert answer.undecided
    assert "whose policy it is" in answer.explanation
    assert asked.may("worker", "s3:PutObject", OBJECT).denied


def test_inline_policies_of_the_role_itself_count() -> None:
    own = role(inlinePolicies=[{"name": "own", "policy": json.dumps(READ)}])
    answer = access(own).may("worker", "s3:GetObject", OBJECT)
    assert answer.allowed
    assert "identity policy own" in answer.explanation


def test_an_attached_policy_of_the_plan_counts() -> None:
    policy = made("aws:iam/policy:Policy", "read", name="read", policy=json.dumps(READ))
    arn = Reference(policy.urn, "arn")
    attachments = (
        made("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "a", role="worker", policyArn=arn),
        made("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "a", role="worker",
             policyArn=f"arn:aws:iam::{ACCOUNT}:policy/read"),
        made("aws:iam/policyAttachment:PolicyAttachment", "a", roles=["worker"], policyArn=arn),
    )  # fmt: skip
    for attachment in attachments:
        assert access(role(), policy, attachment).may("worker", "s3:GetObject", OBJECT).allowed
    assert access(role(managedPolicyArns=[arn]), policy).may("worker", "s3:GetObject", OBJECT).allowed
    assert access(role(), policy).may("worker", "s3:GetObject", OBJECT).denied


def test_a_policy_of_aws_leaves_everything_open_unless_its_text_is_given() -> None:
    attached = made(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "a", role="worker", policyArn=AWS_READ
    )
    answer = access(role(), attached).may("worker", "s3:GetObject", OBJECT)
    assert answer.undecided
    assert "AmazonS3ReadOnlyAccess: its text was not given" in answer.explanation
    known = access(role(), attached, managed={AWS_READ: READ})
    assert known.may("worker", "s3:GetObject", OBJECT).allowed
    assert known.may("worker", "s3:PutObject", OBJECT).denied


def test_a_deny_decides_whatever_unknown_policies_say() -> None:
    attached = made(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "a", role="worker", policyArn=AWS_READ
    )
    deny = inline(json.dumps(document(statement("Deny", "s3:*", "*"))))
    answer = access(role(), attached, deny).may("worker", "s3:GetObject", OBJECT)
    assert answer.denied and answer.explicit


@pytest.mark.parametrize("policy", [UNKNOWN, SECRET, Reference(urn("x:y:Z", "gone"), "json")])
def test_a_policy_that_is_only_known_later_leaves_everything_open(policy: Value) -> None:
    answer = access(role(), inline(policy)).may("worker", "s3:GetObject", OBJECT)
    assert answer.undecided
    assert "only known after deployment" in answer.explanation


@pytest.mark.parametrize("element", ["Effect", "Action", "Resource", "Condition"])
def test_an_element_that_is_only_known_later_leaves_open_what_it_may_be(element: str) -> None:
    policy = document({**READ["Statement"][0], element: UNKNOWN})
    asked = access(role(), inline(policy))
    assert asked.may("worker", "s3:GetObject", OBJECT).undecided
    # Only an unknown resource leaves the rest of the statement readable.
    assert asked.may("worker", "s3:PutObject", OBJECT).denied is (element == "Resource")


def test_a_boundary_limits() -> None:
    other = json.dumps(document(statement("Allow", "ec2:*", "*")))
    policy = made("aws:iam/policy:Policy", "b", name="b", policy=other)
    asked = access(role(permissionsBoundary=Reference(policy.urn, "arn")), policy, inline(json.dumps(READ)))
    answer = asked.may("worker", "s3:GetObject", OBJECT)
    assert answer.denied
    assert "not allowed by the permissions boundary" in answer.explanation
    unknown = access(role(permissionsBoundary=AWS_READ), inline(json.dumps(READ)))
    assert unknown.may("worker", "s3:GetObject", OBJECT).undecided


def test_a_key_of_the_context_may_be_left_open() -> None:
    office = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    asked = access(
        role(), inline(document(statement("Allow", "s3:GetObject", "*", Condition=office))), bucket()
    )
    assert asked.may("worker", "s3:GetObject", OBJECT).denied
    assert asked.may("worker", "s3:GetObject", OBJECT, undecided=["aws:SourceIp"]).undecided
    assert asked.may("worker", "s3:GetObject", OBJECT, context={"aws:SourceIp": "10.1.1.1"}).allowed


def test_organization_and_session_policies_limit() -> None:
    full, ec2 = document(statement("Allow", "*", "*")), document(statement("Allow", "ec2:*", "*"))
    resources = (role(), inline(json.dumps(READ)), bucket())
    assert access(*resources, service_control=[[full]]).may("worker", "s3:GetObject", OBJECT).allowed
    assert access(*resources, service_control=[[full], [ec2]]).may("worker", "s3:GetObject", OBJECT).denied
    assert access(*resources).may("worker", "s3:GetObject", OBJECT, session_policies=[ec2]).denied
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    allow = {**deny, "Effect": "Allow"}
    asked = access(*resources, resource_control=[[document(allow), document(deny)]])
    assert asked.may("worker", "s3:GetObject", OBJECT).explicit


def test_who_may_assume_a_role() -> None:
    trusts = document(
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    )
    target = made("aws:iam/role:Role", "target", name="target", assumeRolePolicy=json.dumps(trusts))
    assume = document(statement("Allow", "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/target"))
    asked = access(role(), target, inline(json.dumps(assume)))
    assert asked.may_assume("worker", "target").allowed
    assert asked.may_assume("target", "worker").denied
    assert asked.may_assume("ec2.amazonaws.com", "worker").allowed
    assert asked.may_assume("lambda.amazonaws.com", "worker").denied
    assert asked.may_assume("arn:aws:iam::999999999999:root", "target").denied


def test_a_wrong_document_is_told_with_its_place() -> None:
    wrong = inline(json.dumps(document(statement("Alow", "s3:GetObject", "*"))))
    with pytest.raises(InputError) as refused:
        access(role(), wrong).may("worker", "s3:GetObject", OBJECT)
    (problem,) = refused.value.problems
    assert problem.place == "main.py:7 (identity policy inline)"
    assert problem.path == "Statement[0].Effect"


def test_an_unknown_role_is_told_with_those_there_are() -> None:
    with pytest.raises(InputError, match="use one of worker"):
        access(role()).may("reader", "s3:GetObject", OBJECT)


def test_a_name_of_several_resources_needs_its_type() -> None:
    alias = made("aws:kms/alias:Alias", "key", region=REGION, name="alias/k")
    asked = access(role(), key(), alias)
    with pytest.raises(InputError, match="2 planned resources have that name: Key, Alias"):
        asked.arn("key")
    assert asked.arn("key", type="Alias") == f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/k"


def test_a_type_without_a_known_arn_is_told() -> None:
    with pytest.raises(InputError, match="give the ARN as text"):
        access(role(), made("aws:ec2/vpc:Vpc", "net", region=REGION)).arn("net")


def test_what_is_not_planned_is_said_to_be_so() -> None:
    asked = access(role(), inline(json.dumps(READ)))
    assert "not planned" in asked.may("worker", "s3:GetObject", OBJECT).explanation
    planned = access(role(), bucket(), inline(json.dumps(READ)))
    assert "not planned" not in planned.may("worker", "s3:GetObject", OBJECT).explanation
