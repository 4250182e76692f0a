"""A wrong document gives one clear problem for each mistake, and never a decision."""

from __future__ import annotations

from typing import Any

import pytest

from policies.iam import Context, Kind, Policies, Principal, Request, decide, read_document
from problems import InputError

FINE: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
TRUST: dict[str, Any] = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "ec2.amazonaws.com"},
}
BUCKET: dict[str, Any] = {**FINE, "Principal": "*"}


def changed(base: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A policy of one statement; a change to None leaves the element out."""
    statement = {key: value for key, value in {**base, **changes}.items() if value is not None}
    return {"Version": "2012-10-17", "Statement": [statement]}


WRONG: list[tuple[str, Kind, Any, str, str]] = [
    ("no effect", Kind.IDENTITY, changed(FINE, Effect=None), "Statement[0].Effect", "Allow or Deny"),
    ("an effect in lower case", Kind.IDENTITY, changed(FINE, Effect="allow"), "Statement[0].Effect", "Allow or Deny"),
    ("no action", Kind.IDENTITY, changed(FINE, Action=None), "Statement[0].Action", "add Action"),
    ("both kinds of action", Kind.IDENTITY, changed(FINE, NotAction="s3:*"), "Statement[0].Action", "keep one"),
    ("an empty action", Kind.IDENTITY, changed(FINE, Action=[]), "Statement[0].Action", "at least one"),
    ("an action without a service", Kind.IDENTITY, changed(FINE, Action="GetObject"), "Statement[0].Action", "service:Name"),
    ("a wildcard for services", Kind.IDENTITY, changed(FINE, Action="s3*:Get*"), "Statement[0].Action", "service:Name"),
    ("no resource", Kind.IDENTITY, changed(FINE, Resource=None), "Statement[0].Resource", "add Resource"),
    ("half an ARN", Kind.IDENTITY, changed(FINE, Resource="arn:aws:s3"), "Statement[0].Resource", "six parts"),
    ("a bare name", Kind.IDENTITY, changed(FINE, Resource="bucket/*"), "Statement[0].Resource", "six parts"),
    ("a variable for the account", Kind.IDENTITY, changed(FINE, Resource="arn:aws:iam::${aws:PrincipalAccount}:role/r"),
     "Statement[0].Resource", "fifth colon"),
    ("a misspelt element", Kind.IDENTITY, changed(FINE, Conditions={}), "Statement[0].Conditions", "no such element"),
    ("a misspelt operator", Kind.IDENTITY, changed(FINE, Condition={"StringEqual": {"aws:username": "u"}}),
     "Statement[0].Condition.StringEqual", "no such condition operator"),
    ("an operator in lower case", Kind.IDENTITY, changed(FINE, Condition={"stringequals": {"aws:username": "u"}}),
     "Statement[0].Condition.stringequals", "write StringEquals"),
    ("a misspelt qualifier", Kind.IDENTITY, changed(FINE, Condition={"ForAnyValues:StringEquals": {"aws:TagKeys": "u"}}),
     "Statement[0].Condition.ForAnyValues:StringEquals", "no such condition operator"),
    ("Null with IfExists", Kind.IDENTITY, changed(FINE, Condition={"NullIfExists": {"aws:username": "true"}}),
     "Statement[0].Condition.NullIfExists", "Null takes neither"),
    ("a condition without keys", Kind.IDENTITY, changed(FINE, Condition={"StringEquals": "u"}),
     "Statement[0].Condition.StringEquals", "maps keys to values"),
    ("a condition that is a list", Kind.IDENTITY, changed(FINE, Condition=[]), "Statement[0].Condition", "maps operators"),
    ("a key without values", Kind.IDENTITY, changed(FINE, Condition={"StringEquals": {"aws:username": []}}),
     "Statement[0].Condition.StringEquals.aws:username", "at least one value"),
    ("a value that is an object", Kind.IDENTITY, changed(FINE, Condition={"StringEquals": {"aws:username": {}}}),
     "Statement[0].Condition.StringEquals.aws:username", "text, numbers and booleans"),
    ("a number that is none", Kind.IDENTITY, changed(FINE, Condition={"NumericLessThan": {"s3:max-keys": "ten"}}),
     "Statement[0].Condition.NumericLessThan.s3:max-keys", "a number"),
    ("a variable for a number", Kind.IDENTITY, changed(FINE, Condition={"NumericEquals": {"s3:max-keys": "${aws:username}"}}),
     "Statement[0].Condition.NumericEquals.s3:max-keys", "a number"),
    ("a date that is none", Kind.IDENTITY, changed(FINE, Condition={"DateLessThan": {"aws:CurrentTime": "01/02/2026"}}),
     "Statement[0].Condition.DateLessThan.aws:CurrentTime", "a date"),
    ("a boolean that is none", Kind.IDENTITY, changed(FINE, Condition={"Bool": {"aws:SecureTransport": "yes"}}),
     "Statement[0].Condition.Bool.aws:SecureTransport", "true or false"),
    ("an address that is none", Kind.IDENTITY, changed(FINE, Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}}),
     "Statement[0].Condition.IpAddress.aws:SourceIp", "an address or a range"),
    ("bytes that are none", Kind.IDENTITY, changed(FINE, Condition={"BinaryEquals": {"example:key": "?"}}),
     "Statement[0].Condition.BinaryEquals.example:key", "base 64"),
    ("an ARN that is none", Kind.IDENTITY, changed(FINE, Condition={"ArnLike": {"aws:SourceArn": "topic"}}),
     "Statement[0].Condition.ArnLike.aws:SourceArn", "six parts"),
    ("a principal in an identity policy", Kind.IDENTITY, changed(BUCKET), "Statement[0].Principal", "names no principal"),
    ("a principal in a boundary", Kind.BOUNDARY, changed(BUCKET), "Statement[0].Principal", "names no principal"),
    ("a principal in an SCP", Kind.SERVICE_CONTROL, changed(BUCKET), "Statement[0].Principal", "names no principal"),
    ("no principal in a bucket policy", Kind.RESOURCE, changed(FINE), "Statement[0].Principal", "Principal or NotPrincipal"),
    ("half a principal", Kind.RESOURCE, changed(BUCKET, Principal={"AWS": "arn:aws:iam::1:role/*"}),
     "Statement[0].Principal.AWS", "aws:PrincipalArn"),
    ("an unknown kind of principal", Kind.RESOURCE, changed(BUCKET, Principal={"Role": "x"}),
     "Statement[0].Principal.Role", "AWS, Service, Federated"),
    ("a principal as text", Kind.RESOURCE, changed(BUCKET, Principal="ec2.amazonaws.com"), "Statement[0].Principal", "maps kinds"),
    ("a resource in a trust policy", Kind.TRUST, changed(TRUST, Resource="*"), "Statement[0].Resource", "the role itself"),
    ("NotPrincipal in a trust policy", Kind.TRUST,
     changed(TRUST, Principal=None, NotPrincipal={"AWS": "*"}), "Statement[0].NotPrincipal", "use Principal"),
    ("an unknown version", Kind.IDENTITY, {"Version": "2012-10-18", "Statement": [FINE]}, "Version", "2012-10-17"),
    ("no statement", Kind.IDENTITY, {"Version": "2012-10-17"}, "Statement", "at least one statement"),
    ("an empty list of statements", Kind.IDENTITY, {"Version": "2012-10-17", "Statement": []}, "Statement", "at least one"),
    ("a statement that is text", Kind.IDENTITY, {"Statement": ["Allow"]}, "Statement[0]", "JSON object"),
    ("an unknown element of the policy", Kind.IDENTITY, {"Statements": [FINE], "Statement": [FINE]}, "Statements", "no such element"),
    ("the same Sid twice", Kind.IDENTITY, {"Statement": [{**FINE, "Sid": "A"}, {**FINE, "Sid": "A"}]}, "Statement", "rename"),
    ("text that is not JSON", Kind.IDENTITY, "{", "", "a policy is JSON"),
    ("a list", Kind.IDENTITY, "[]", "", "one JSON object"),
    ("the same element twice", Kind.IDENTITY,
     '{"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}', "", "Effect twice"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "document", "path", "says"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_a_mistake_is_one_problem_with_place_and_fix(kind: Kind, document: Any, path: str, says: str) -> None:
    with pytest.raises(InputError) as refused:
        read_document(document, kind=kind, name="p", place="policy.json")
    (problem,) = refused.value.problems
    assert problem.place == "policy.json"
    assert problem.path == path
    assert says in str(problem)
    assert problem.fix


def test_all_mistakes_are_told_at_once() -> None:
    document = {
        "Version": "1",
        "Statement": [{"Effect": "allow", "Action": "x", "Resource": "y", "Sid": "s", "A": 1}],
    }
    with pytest.raises(InputError) as refused:
        read_document(document, kind=Kind.IDENTITY)
    assert len(refused.value.problems) == 5


def test_a_single_statement_needs_no_list() -> None:
    document = read_document({"Statement": FINE}, kind=Kind.IDENTITY)
    assert len(document.statements) == 1


@pytest.mark.parametrize(
    ("condition", "key", "value"),
    [
        ({"NumericLessThan": {"s3:max-keys": "10"}}, "s3:max-keys", "many"),
        ({"DateLessThan": {"aws:CurrentTime": "2026-01-01"}}, "aws:CurrentTime", "today"),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, "aws:SourceIp", "localhost"),
        ({"Bool": {"aws:SecureTransport": "true"}}, "aws:SecureTransport", "1"),
    ],
)
def test_a_value_of_the_request_that_cannot_be_compared_is_a_problem(
    condition: Any, key: str, value: str
) -> None:
    """Neither that the Allow fails nor that a Deny with it does would be an honest answer."""
    document = read_document(changed(FINE, Condition=condition), kind=Kind.IDENTITY)
    principal = Principal.of("arn:aws:iam::111122223333:user/u")
    request = Request(principal, "s3:GetObject", "*", Context.of({key: value}))
    with pytest.raises(InputError) as refused:
        decide(request, Policies(identity=[document]))
    (problem,) = refused.value.problems
    assert (problem.path, problem.got) == (key, value)


@pytest.mark.parametrize(
    "text", ["", "somebody", "arn:aws:s3:::bucket", "arn:aws:iam::111122223333:group/g", "u@x"]
)
def test_who_cannot_be_a_principal_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="that is no principal"):
        Principal.of(text)


@pytest.mark.parametrize(
    ("action", "resource"), [("s3:Get*", "*"), ("GetObject", "*"), ("s3:GetObject", "bucket/key")]
)
def test_a_request_is_for_one_action_on_one_resource(action: str, resource: str) -> None:
    with pytest.raises(InputError):
        Request(Principal.of("*"), action, resource)


def test_a_context_takes_no_objects() -> None:
    with pytest.raises(InputError, match="a condition compares"):
        Context.of({"aws:username": object()})
