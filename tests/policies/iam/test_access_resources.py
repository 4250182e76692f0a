"""A plan's roles are asked: what the things themselves say, their policies, keys, names, tags and regions."""

from __future__ import annotations

import json

from plan.values import UNKNOWN, Reference, Template
from tests.policies.iam.worker_plan import (
    ACCOUNT,
    KEY,
    OBJECT,
    READ,
    REGION,
    TRUST,
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
