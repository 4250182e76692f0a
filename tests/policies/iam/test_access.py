"""A plan's roles are asked: what is gathered for them, and what a plan cannot tell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plan.graph import Graph, Resource
from plan.values import SECRET, UNKNOWN, Reference, Template, Value
from policies.iam import Access
from problems import InputError

ACCOUNT = "111122223333"
REGION = "eu-west-1"
KEY = "aws:kms/key:Key"
AWS_READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:prod::p::{kind}::{name}"


def made(kind: str, title: str, /, *, region: str = "", **inputs: Value) -> Resource:
    return Resource(
        urn=urn(kind, title), type=kind, name=title, region=region, inputs=inputs, source="main.py:7"
    )


def statement(effect: str, action: Value, resource: Value, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


TRUST = json.dumps(
    document({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
)
READ = document(statement("Allow", "s3:GetObject", "arn:aws:s3:::data/*"))


def role(**inputs: Value) -> Resource:
    return made("aws:iam/role:Role", "worker", **{"name": "worker", "assumeRolePolicy": TRUST, **inputs})


def inline(policy: Value, of: Value = "worker", name: str = "inline") -> Resource:
    return made("aws:iam/rolePolicy:RolePolicy", name, name=name, role=of, policy=policy)


def bucket(**inputs: Value) -> Resource:
    return made("aws:s3/bucket:Bucket", "data", region=REGION, **{"bucket": "data", **inputs})


def key(name: str = "key", **inputs: Value) -> Resource:
    return made(KEY, name, region=REGION, **inputs)


def access(*resources: Resource, **options: Any) -> Access:
    return Access(Graph.of(resources), account=ACCOUNT, **options)


OBJECT = "arn:aws:s3:::data/k"


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


def test_a_bucket_policy_counts_for_its_objects() -> None:
    rule = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::data/secret/*"}
    theirs = made("aws:s3/bucketPolicy:BucketPolicy", "p", region=REGION, policy=json.dumps(document(rule)),
                  bucket=Reference(urn("aws:s3/bucket:Bucket", "data"), "id"))  # fmt: skip
    asked = access(role(), inline(json.dumps(READ)), bucket(), theirs)
    assert asked.may("worker", "s3:GetObject", OBJECT).allowed
    assert asked.may("worker", "s3:GetObject", "arn:aws:s3:::data/secret/k").explicit


def test_a_bucket_policy_of_an_unknown_bucket_may_be_this_ones() -> None:
    rule = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    theirs = made(
        "aws:s3/bucketPolicy:BucketPolicy", "p", region=REGION, bucket=UNKNOWN, policy=document(rule)
    )
    asked = access(role(), inline(json.dumps(READ)), bucket(), theirs)
    answer = asked.may("worker", "s3:GetObject", OBJECT)
    assert answer.undecided
    assert "may be denied by" in answer.explanation


def test_a_bucket_policy_lets_the_role_in_by_itself() -> None:
    rule = {"Effect": "Allow", "Principal": {"AWS": Reference(urn("aws:iam/role:Role", "worker"), "arn")},
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}  # fmt: skip
    theirs = made(
        "aws:s3/bucketPolicy:BucketPolicy", "p", region=REGION, bucket="data", policy=document(rule)
    )
    assert access(role(), bucket(), theirs).may("worker", "s3:GetObject", OBJECT).allowed
    other = made("aws:iam/role:Role", "other", name="other", assumeRolePolicy=TRUST)
    assert access(role(), other, bucket(), theirs).may("other", "s3:GetObject", OBJECT).denied


def test_an_access_points_policy_counts_for_objects_behind_it() -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    kind = "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint"
    point = made(kind, "all", details={"name": "all", "regions": [{"bucket": "data"}]})
    closed = made("aws:s3control/multiRegionAccessPointPolicy:MultiRegionAccessPointPolicy", "p",
                  details={"name": Reference(point.urn, "details.name"), "policy": json.dumps(document(deny))})  # fmt: skip
    use = inline(json.dumps(document(statement("Allow", "s3:GetObject", "*"))))
    asked = access(role(), point, use)
    assert asked.may("worker", "s3:GetObject", f"{asked.arn('all')}/object/k").allowed
    asked = access(role(), point, closed, use)
    assert asked.may("worker", "s3:GetObject", f"{asked.arn('all')}/object/k").explicit


def test_references_inside_of_a_policys_text_are_followed() -> None:
    arn = f"${{{urn('aws:s3/bucket:Bucket', 'data')}#arn}}"
    policy = Template(json.dumps(document(statement("Allow", "s3:GetObject", f"{arn}/*"))))
    asked = access(role(), bucket(), inline(policy))
    assert asked.may("worker", "s3:GetObject", OBJECT).allowed
    assert asked.may("worker", "s3:GetObject", "arn:aws:s3:::other/k").denied


def test_a_name_that_the_provider_chooses_is_equal_to_itself_only() -> None:
    nameless = made("aws:s3/bucket:Bucket", "data", region=REGION)
    arn = f"${{{nameless.urn}#arn}}"
    policy = Template(json.dumps(document(statement("Allow", "s3:GetObject", f"{arn}/*"))))
    asked = access(role(), nameless, inline(policy))
    assert asked.may("worker", "s3:GetObject", f"{asked.arn('data')}/k").allowed
    assert asked.may("worker", "s3:GetObject", OBJECT).denied


def test_a_piece_that_is_not_known_leaves_open_what_it_may_be() -> None:
    piece = f"${{{urn('aws:s3/bucket:Bucket', 'data')}#bucket_part}}"
    policy = Template(
        json.dumps(document(statement("Allow", "s3:GetObject", f"arn:aws:s3:::team-{piece}/*")))
    )
    asked = access(role(), bucket(), inline(policy))
    assert asked.may("worker", "s3:GetObject", "arn:aws:s3:::team-a/k").undecided
    assert asked.may("worker", "s3:GetObject", "arn:aws:s3:::other/k").denied


def test_a_key_without_a_policy_is_open_to_its_accounts_policies() -> None:
    use = inline(document(statement("Allow", "kms:Decrypt", Reference(urn(KEY, "key"), "arn"))))
    asked = access(role(), key(), key("other"), use)
    assert asked.may("worker", "kms:Decrypt", asked.arn("key")).allowed
    assert asked.may("worker", "kms:Decrypt", asked.arn("other")).denied


def test_a_keys_own_policy_has_to_open_it() -> None:
    use = inline(document(statement("Allow", "kms:Decrypt", "*")))
    admin = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/admin"},
        "Action": "kms:*",
        "Resource": "*",
    }
    asked = access(role(), key(policy=json.dumps(document(admin))), use)
    assert asked.may("worker", "kms:Decrypt", asked.arn("key")).denied
    apart = made("aws:kms/keyPolicy:KeyPolicy", "p", region=REGION, policy=json.dumps(document(admin)),
                 keyId=Reference(urn(KEY, "key"), "keyId"))  # fmt: skip
    asked = access(role(), key(), apart, use)
    assert asked.may("worker", "kms:Decrypt", asked.arn("key")).denied


def test_a_replica_has_the_id_of_its_primary_and_a_policy_of_its_own() -> None:
    primary = key(multiRegion=True)
    replica = made(
        "aws:kms/replicaKey:ReplicaKey",
        "replica",
        region="us-east-1",
        primaryKeyArn=Reference(primary.urn, "arn"),
    )
    asked = access(role(), primary, replica)
    assert asked.arn("replica").split("/")[1] == asked.arn("key").split("/")[1]
    assert ":us-east-1:" in asked.arn("replica")
    assert "key/mrk-" in asked.arn("key")


def test_a_keys_aliases_are_known() -> None:
    alias = made(
        "aws:kms/alias:Alias",
        "a",
        region=REGION,
        name="alias/mine",
        targetKeyId=Reference(urn(KEY, "key"), "keyId"),
    )
    condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/mine"}}
    use = inline(document(statement("Allow", "kms:Decrypt", "*", Condition=condition)))
    asked = access(role(), key(), key("other"), alias, use)
    assert asked.may("worker", "kms:Decrypt", asked.arn("key")).allowed
    assert asked.may("worker", "kms:Decrypt", asked.arn("other")).denied
    elsewhere = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
    assert asked.may("worker", "kms:Decrypt", elsewhere).undecided


def test_tags_of_role_and_resource_are_known() -> None:
    condition = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    use = inline(document(statement("Allow", "dynamodb:GetItem", "*", Condition=condition)))
    table = made("aws:dynamodb/table:Table", "t", region=REGION, name="t", tags={"team": "a"})
    for team, allowed in (("a", True), ("b", False)):
        asked = access(role(tags={"team": team}), table, use)
        answer = asked.may("worker", "dynamodb:GetItem", asked.arn("t"))
        assert (answer.allowed, answer.denied) == (allowed, not allowed)
    unknown = access(role(tags={"team": UNKNOWN}), table, use)
    assert unknown.may("worker", "dynamodb:GetItem", unknown.arn("t")).undecided


def test_a_secrets_arn_ends_in_six_characters_that_nobody_knows() -> None:
    secret = made("aws:secretsmanager/secret:Secret", "s", region=REGION, name="db")
    start = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db"
    for pattern, allowed in (
        (f"{start}-??????", True),
        (f"{start}-*", True),
        (f"{start}-???", False),
        (start, False),
    ):
        asked = access(
            role(), secret, inline(document(statement("Allow", "secretsmanager:GetSecretValue", pattern)))
        )
        answer = asked.may("worker", "secretsmanager:GetSecretValue", asked.arn("s"))
        assert (answer.allowed, answer.denied) == (allowed, not allowed), pattern


def test_the_region_asked_is_the_resources() -> None:
    here = {"StringEquals": {"aws:RequestedRegion": REGION}}
    use = inline(document(statement("Allow", "s3:GetObject", "*", Condition=here)))
    asked = access(role(), bucket(), use)
    assert asked.may("worker", "s3:GetObject", OBJECT).allowed
    assert asked.may("worker", "s3:GetObject", OBJECT, region="us-east-1").denied
    assert asked.may("worker", "s3:GetObject", "arn:aws:s3:::elsewhere/k").undecided


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


def test_a_grant_to_one_session_of_the_role_is_undecided_while_the_session_is_not_named() -> None:
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/night"
    rule = {
        "Effect": "Allow",
        "Principal": {"AWS": session},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::data/*",
    }
    theirs = made(
        "aws:s3/bucketPolicy:BucketPolicy", "p", region=REGION, bucket="data", policy=document(rule)
    )
    asked = access(role(), bucket(), theirs)
    assert asked.may("worker", "s3:GetObject", OBJECT).undecided
    assert asked.may("worker", "s3:GetObject", OBJECT, session="night").allowed
    assert asked.may("worker", "s3:GetObject", OBJECT, session="day").denied


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
