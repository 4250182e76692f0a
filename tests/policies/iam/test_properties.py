"""What holds of every decision, whatever the policies say."""

from __future__ import annotations

import fnmatch
from dataclasses import replace
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policies.iam import (
    Context,
    Decision,
    Document,
    Kind,
    Outcome,
    Policies,
    Principal,
    Request,
    decide,
    read_document,
)
from policies.iam.answers import Answer
from policies.iam.texts import FOG, arn_matches, identity, matches, plain

ACTIONS = ["s3:GetObject", "s3:PutObject", "kms:Decrypt", "sts:AssumeRole"]
PATTERNS = ["*", "s3:*", "s3:Get*", "S3:getobject", "kms:Decrypt", "sts:*", "*s"]
RESOURCES = [
    "arn:aws:s3:::bucket/a/k", "arn:aws:s3:::bucket/u/k", "arn:aws:kms:eu-west-1:111122223333:key/k",
    "arn:aws:iam::111122223333:role/other", "*",
]  # fmt: skip
TARGETS = ["*", "arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/${aws:username}/*", "arn:aws:s3:::bucket/?/k",
           "arn:aws:kms:*:*:key/k", "arn:aws:iam::111122223333:role/*"]  # fmt: skip
CALLERS = [
    "arn:aws:iam::111122223333:user/u", "arn:aws:iam::444455556666:user/u", "arn:aws:iam::111122223333:root",
    "arn:aws:sts::111122223333:assumed-role/r/s", "arn:aws:sts::444455556666:assumed-role/r/s", "*",
    "ec2.amazonaws.com", "arn:aws:iam::111122223333:role/r",
]  # fmt: skip
NAMES: list[Any] = [
    "*", {"AWS": "*"}, {"AWS": "111122223333"}, {"AWS": "arn:aws:iam::111122223333:user/u"},
    {"AWS": "arn:aws:iam::111122223333:role/r"}, {"AWS": ["arn:aws:sts::111122223333:assumed-role/r/s", "444455556666"]},
    {"Service": "ec2.amazonaws.com"}, {"AWS": "arn:aws:iam::444455556666:user/u"},
]  # fmt: skip
KEYS = {"aws:SourceIp": ["10.1.2.3", "192.0.2.1"], "s3:prefix": ["a/", "b/", ""], "aws:TagKeys": ["a", "b"],
        "s3:max-keys": ["5", "50"], "aws:SecureTransport": ["true", "false"], "aws:username": ["a", "u"]}  # fmt: skip
TESTS: list[dict[str, Any]] = [
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"NotIpAddressIfExists": {"aws:SourceIp": "10.0.0.0/8"}},
    {"StringLike": {"s3:prefix": ["a*", "${aws:username}/"]}}, {"StringNotEquals": {"s3:prefix": "a/"}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}, {"ForAnyValue:StringNotEquals": {"aws:TagKeys": "a"}},
    {"NumericLessThan": {"s3:max-keys": 10}}, {"Bool": {"aws:SecureTransport": True}}, {"Null": {"s3:prefix": True}},
    {"BoolIfExists": {"aws:SecureTransport": "false"}, "Null": {"aws:SourceIp": "false"}},
]  # fmt: skip


def some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2)


def rows(*, principals: bool) -> st.SearchStrategy[dict[str, Any]]:
    required: dict[str, Any] = {
        "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
        "Action": some([pattern for pattern in PATTERNS if pattern != "*s"]),
        "Resource": some(TARGETS),
    }
    if principals:
        required["Principal"] = st.sampled_from(NAMES)
    whole = st.fixed_dictionaries(required, optional={"Condition": st.sampled_from(TESTS)})
    return st.one_of(
        whole, whole.map(lambda row: {**row, "NotAction": row["Action"]} | {"Action": None}).map(_clean)
    )


def _clean(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if value is not None}


def bodies(kind: Kind) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(rows(principals=kind.names_principals), min_size=1, max_size=3)


def document(statements: list[dict[str, Any]], kind: Kind, name: str = "d") -> Document:
    return read_document({"Version": "2012-10-17", "Statement": statements}, kind=kind, name=name)


over_scenes = settings(max_examples=50, deadline=None)

Bodies = dict[Kind, list[list[dict[str, Any]]]]


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Request, Bodies]:
    context = draw(
        st.fixed_dictionaries(
            {},
            optional={
                key: st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)
                if key == "aws:TagKeys"
                else st.sampled_from(values)
                for key, values in KEYS.items()
            },
        )
    )
    request = Request(
        Principal.of(draw(st.sampled_from(CALLERS))),
        draw(st.sampled_from(ACTIONS)),
        draw(st.sampled_from(RESOURCES)),
        Context.of(context),
        resource_account=draw(st.sampled_from(["111122223333", ""])),
    )
    attached: Bodies = {
        Kind.IDENTITY: draw(st.lists(bodies(Kind.IDENTITY), max_size=2)),
        Kind.RESOURCE: draw(st.lists(bodies(Kind.RESOURCE), max_size=1)),
    }
    for kind in (Kind.BOUNDARY, Kind.SESSION, Kind.SERVICE_CONTROL, Kind.RESOURCE_CONTROL, Kind.ENDPOINT):
        if draw(st.integers(0, 3)) == 0:
            attached[kind] = [draw(bodies(kind))]
    return request, attached


def policies(attached: Bodies) -> Policies:
    read = {kind: [document(body, kind) for body in listed] for kind, listed in attached.items()}
    one = {kind: listed[0] for kind, listed in read.items() if listed}
    return Policies(
        identity=read.get(Kind.IDENTITY, ()),
        resource=read.get(Kind.RESOURCE, ()),
        boundary=one.get(Kind.BOUNDARY),
        session=read.get(Kind.SESSION, ()),
        service_control=[listed] if (listed := read.get(Kind.SERVICE_CONTROL)) else (),
        resource_control=[listed] if (listed := read.get(Kind.RESOURCE_CONTROL)) else (),
        endpoint=one.get(Kind.ENDPOINT),
    )


def decided(request: Request, attached: Bodies) -> Decision:
    return decide(request, policies(attached))


@over_scenes
@given(scenes(), st.data())
def test_an_explicit_deny_always_wins(scene: tuple[Request, Bodies], data: st.DataObject) -> None:
    request, attached = scene
    present = [kind for kind, listed in attached.items() if listed]
    assume(present)
    kind = data.draw(st.sampled_from(present))
    assume(kind is not Kind.SERVICE_CONTROL or request.principal.account)
    deny: dict[str, Any] = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    if kind.names_principals:
        deny["Principal"] = "*"
    attached[kind][0] = [*attached[kind][0], deny]
    decision = decided(request, attached)
    assert decision.denied and decision.explicit


ORDER = {Outcome.DENIED: 0, Outcome.UNDECIDED: 1, Outcome.ALLOWED: 2}


@over_scenes
@given(scenes(), st.data())
def test_a_further_allow_never_takes_anything_away(
    scene: tuple[Request, Bodies], data: st.DataObject
) -> None:
    request, attached = scene
    present = [kind for kind, listed in attached.items() if listed]
    assume(present)
    kind = data.draw(st.sampled_from(present))
    before = decided(request, attached)
    further = data.draw(rows(principals=kind.names_principals)) | {"Effect": "Allow"}
    attached[kind][0] = [*attached[kind][0], further]
    after = decided(request, attached)
    assert ORDER[after.outcome] >= ORDER[before.outcome]
    assert after.explicit is before.explicit


@over_scenes
@given(scenes(), st.data())
def test_a_further_deny_never_gives_anything(scene: tuple[Request, Bodies], data: st.DataObject) -> None:
    request, attached = scene
    present = [kind for kind, listed in attached.items() if listed]
    assume(present)
    kind = data.draw(st.sampled_from(present))
    before = decided(request, attached)
    further = data.draw(rows(principals=kind.names_principals)) | {"Effect": "Deny"}
    attached[kind][0] = [*attached[kind][0], further]
    assert ORDER[decided(request, attached).outcome] <= ORDER[before.outcome]


LIMITS = [Kind.BOUNDARY, Kind.SESSION, Kind.SERVICE_CONTROL, Kind.RESOURCE_CONTROL, Kind.ENDPOINT]


@over_scenes
@given(scenes(), st.sampled_from(LIMITS), st.data())
def test_a_limit_can_only_take_away(scene: tuple[Request, Bodies], kind: Kind, data: st.DataObject) -> None:
    """A boundary, session policy, SCP, RCP or endpoint policy where there was none."""
    request, attached = scene
    attached.pop(kind, None)
    before = decided(request, attached)
    attached[kind] = [data.draw(bodies(kind))]
    assert ORDER[decided(request, attached).outcome] <= ORDER[before.outcome]


@over_scenes
@given(scenes(), st.randoms(use_true_random=False))
def test_the_order_of_statements_and_documents_does_not_matter(
    scene: tuple[Request, Bodies], random: Any
) -> None:
    request, attached = scene
    before = decided(request, attached)
    for listed in attached.values():
        random.shuffle(listed)
        for body in listed:
            random.shuffle(body)
    after = decided(request, attached)
    assert (after.outcome, after.explicit) == (before.outcome, before.explicit)


@over_scenes
@given(scenes())
def test_statements_mean_the_same_in_documents_of_their_own(scene: tuple[Request, Bodies]) -> None:
    request, attached = scene
    before = decided(request, attached)
    for kind in (Kind.IDENTITY, Kind.RESOURCE):
        attached[kind] = [[row] for body in attached[kind] for row in body]
    after = decided(request, attached)
    assert (after.outcome, after.explicit) == (before.outcome, before.explicit)


@over_scenes
@given(scenes())
def test_what_is_not_named_by_any_allow_is_denied(scene: tuple[Request, Bodies]) -> None:
    request, attached = scene
    assume(request.principal.caller.value != "root user")
    for listed in attached.values():
        for body in listed:
            for row in body:
                row["Effect"] = "Deny"
    assert decided(request, attached).denied


@over_scenes
@given(scenes(), st.sampled_from(sorted(KEYS)))
def test_knowing_less_never_decides_otherwise(scene: tuple[Request, Bodies], key: str) -> None:
    """A key of which nobody knows leaves the decision as it is, or makes it undecided."""
    request, attached = scene
    before = decided(request, attached)
    values = {name: value for name, value in request.context.values.items() if name != key.lower()}
    unknowing = replace(request, context=Context(values, (key.lower(),)))
    after = decided(unknowing, attached)
    assert after.undecided or after.outcome is before.outcome


@over_scenes
@given(scenes(), st.sampled_from([Kind.IDENTITY, Kind.RESOURCE]))
def test_an_unknown_document_never_decides_otherwise(scene: tuple[Request, Bodies], kind: Kind) -> None:
    request, attached = scene
    assume(attached[kind])
    before = decided(request, attached)
    known = policies(attached)
    blank = Document("d", kind, unknown="its text is not known")
    name = "identity" if kind is Kind.IDENTITY else "resource"
    documents = [blank, *getattr(known, name)[1:]]
    after = decide(request, replace(known, **{name: documents}))
    assert after.undecided or after.outcome is before.outcome


TEXT = st.text(alphabet="ab*?:/", max_size=8)


@given(TEXT, st.text(alphabet="ab:/", max_size=8))
def test_wildcards_match_as_in_a_shell(pattern: str, value: str) -> None:
    expected = fnmatch.fnmatchcase(value, pattern)
    assert matches(plain(pattern), value) is (Answer.YES if expected else Answer.NO)


@given(TEXT, st.text(alphabet="ab:/", max_size=8), st.integers(0, 8), st.integers(0, 8), st.booleans())
def test_a_text_known_in_part_is_never_judged_wrongly(
    pattern: str, value: str, start: int, length: int, in_pattern: bool
) -> None:
    """A piece that is not known leaves the answer as it would be, or open."""
    whole = matches(plain(pattern), value)
    if in_pattern:
        pattern = pattern[:start] + FOG + pattern[start + length :]
    else:
        value = value[:start] + FOG + value[start + length :]
    assert matches(plain(pattern), value) in (Answer.MAYBE, whole)


@given(
    TEXT,
    st.text(alphabet="ab:/", max_size=6),
    st.integers(0, 6),
    st.text(alphabet="cd", min_size=1, max_size=4),
)
def test_an_assigned_id_is_never_judged_wrongly(pattern: str, value: str, at: int, later: str) -> None:
    """Whatever id AWS assigns, as long as nobody wrote it down before."""
    whole = matches(plain(pattern), value[:at] + later + value[at:])
    assert matches(plain(pattern), value[:at] + identity(0) + value[at:]) in (Answer.MAYBE, whole)


def test_an_assigned_id_is_equal_to_itself_only() -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/" + identity(0)
    other = key[:-1] + identity(1)
    assert arn_matches(plain(key), key) is Answer.YES
    assert arn_matches(plain(other), key) is Answer.NO
    assert arn_matches(plain(key[:-1] + "1234"), key) is Answer.NO
    assert arn_matches(plain(key[:-1] + "*"), key) is Answer.YES
    assert arn_matches(plain(key[:-1] + "mrk-*"), key) is Answer.MAYBE


@given(st.sampled_from(PATTERNS[:-1]), st.sampled_from(ACTIONS), st.sampled_from(CALLERS[:1]))
def test_not_action_is_everything_but_action(pattern: str, action: str, caller: str) -> None:
    request = Request(Principal.of(caller), action, "*")
    decisions = [
        decide(
            request,
            Policies(
                identity=[document([{"Effect": "Allow", key: pattern, "Resource": "*"}], Kind.IDENTITY)]
            ),
        )
        for key in ("Action", "NotAction")
    ]
    assert [decision.allowed for decision in decisions].count(True) == 1
