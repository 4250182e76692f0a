"""A decision says why; what AWS does not document, or nobody knows, is undecided."""

from __future__ import annotations

from typing import Any

from policies.iam import (
    Context,
    Decision,
    Document,
    Kind,
    Policies,
    Principal,
    Request,
    decide,
    read_document,
)

USER = "arn:aws:iam::111122223333:user/u"
OBJECT = "arn:aws:s3:::b/k"
READ: dict[str, Any] = {
    "Sid": "Read",
    "Effect": "Allow",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::b/*",
}


def document(*statements: dict[str, Any], kind: Kind = Kind.IDENTITY, name: str = "data") -> Document:
    return read_document({"Version": "2012-10-17", "Statement": list(statements)}, kind=kind, name=name)


def asked(
    *statements: dict[str, Any],
    context: dict[str, Any] | None = None,
    action: str = "s3:GetObject",
    target: str = OBJECT,
    who: str = USER,
    **attached: Any,
) -> Decision:
    request = Request(Principal.of(who), action, target, Context.of(context or {}))
    return decide(request, Policies(identity=[document(*statements)] if statements else [], **attached))


def test_an_allow_names_its_statement_and_document() -> None:
    assert str(asked(READ)) == (
        f"{USER} s3:GetObject on {OBJECT}: allowed; the identity policies: statement Read of the identity policy data"
    )


def test_a_statement_without_a_sid_is_named_by_its_number() -> None:
    nameless = {key: value for key, value in READ.items() if key != "Sid"}
    assert "statement number 2 of the identity policy data" in str(
        asked({**nameless, "Action": "s3:PutObject"}, nameless)
    )


def test_an_explicit_deny_names_its_statement() -> None:
    deny = document({**READ, "Sid": "No", "Effect": "Deny"}, kind=Kind.BOUNDARY, name="limit")
    answer = asked(READ, boundary=deny)
    assert str(answer).endswith("denied by statement No of the permissions boundary limit")
    assert [(str(each.statement), each.document.name) for each in answer.by] == [("statement No", "limit")]


def test_an_implicit_deny_names_the_layer_and_what_came_near() -> None:
    tls = {**READ, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    answer = asked(tls, context={"aws:SecureTransport": False})
    assert "not allowed by the identity policies" in str(answer)
    assert (
        "statement Read of the identity policy data does not fit (condition Bool aws:SecureTransport)"
        in str(answer)
    )
    assert "does not fit (resource)" in str(asked(READ, target="arn:aws:s3:::other/k"))


def test_an_implicit_deny_names_the_level_of_the_organization() -> None:
    full = document({"Effect": "Allow", "Action": "*", "Resource": "*"}, kind=Kind.SERVICE_CONTROL)
    ec2 = document({"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}, kind=Kind.SERVICE_CONTROL)
    answer = asked(READ, service_control=[[full], [ec2]])
    assert "not allowed by service control policies of level 2" in str(answer)


def test_several_values_without_a_set_operator_are_undecided_where_they_differ() -> None:
    """AWS asks for a set operator and does not say what happens without."""
    one = {**READ, "Condition": {"StringEquals": {"aws:TagKeys": "a"}}}
    assert asked(one, context={"aws:TagKeys": ["a", "b"]}).undecided
    assert asked(one, context={"aws:TagKeys": ["b", "c"]}).denied
    assert asked(one, context={"aws:TagKeys": ["a"]}).allowed


def test_if_exists_with_for_any_value_is_undecided_where_the_key_is_missing() -> None:
    """IfExists would make it true, ForAnyValue false; AWS does not say which counts."""
    one = {**READ, "Condition": {"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}}}
    assert asked(one).undecided
    assert asked(one, context={"aws:TagKeys": ["a"]}).allowed


def test_a_key_of_several_values_is_no_variable() -> None:
    own = {**READ, "Resource": "arn:aws:s3:::b/${aws:TagKeys}/*"}
    assert asked(own, target="arn:aws:s3:::b/a/k", context={"aws:TagKeys": ["a", "b"]}).undecided
    assert asked(own, target="arn:aws:s3:::b/a/k", context={"aws:TagKeys": ["a"]}).allowed


def test_who_is_named_in_part_by_not_principal_is_undecided() -> None:
    """AWS documents that leaving out the account or the role may deny, depending on the service."""
    for named in (USER, "arn:aws:iam::111122223333:root"):
        deny = document(
            {"Effect": "Deny", "NotPrincipal": {"AWS": named}, "Action": "s3:*", "Resource": "*"},
            kind=Kind.RESOURCE,
        )
        assert asked(READ, resource=[deny]).undecided


def test_a_canonical_user_may_be_of_any_account() -> None:
    deny = document(
        {"Effect": "Deny", "Principal": {"CanonicalUser": "79a5"}, "Action": "s3:*", "Resource": "*"},
        kind=Kind.RESOURCE,
    )
    answer = asked(READ, resource=[deny])
    assert answer.undecided
    assert "may be denied by statement number 1 of the resource policy data (not known: principal)" in str(
        answer
    )


def test_an_unknown_document_is_named_with_the_reason() -> None:
    unknown = Document("other", Kind.BOUNDARY, unknown="its text was not given")
    answer = asked(READ, boundary=unknown)
    assert answer.undecided
    assert "permissions boundary other (its text was not given)" in str(answer)


def test_exactly_one_of_the_three_answers_holds() -> None:
    for answer in (asked(READ), asked(), asked(READ, boundary=Document("o", Kind.BOUNDARY, unknown="?"))):
        assert [answer.allowed, answer.denied, answer.undecided].count(True) == 1
