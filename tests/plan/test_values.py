"""Values beyond JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan.values import (
    SECRET,
    UNKNOWN,
    Asset,
    Reference,
    ResourceRef,
    Template,
    Value,
    decode,
    encode,
    is_known,
    references,
)

URN = "urn:pulumi:s::p::t::n"
LEAVES = st.sampled_from([UNKNOWN, SECRET, Reference(URN, "arn"), Template(f"x ${{{URN}#arn}}"),
                          Asset("asset", "x", "y"), ResourceRef(URN)])  # fmt: skip
VALUES = st.recursive(
    LEAVES | st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["$", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_encoded_is_decoded_to_the_same(value: Value) -> None:
    text = json.dumps({"value": encode(value)})
    assert json.loads(text, object_hook=decode)["value"] == value


@given(VALUES)
def test_a_template_stays_a_template(value: Value) -> None:
    back = json.loads(json.dumps({"v": [encode(Template("t")), encode(value)]}), object_hook=decode)["v"]
    assert type(back[0]) is Template


@given(VALUES)
def test_what_mentions_outputs_is_not_known(value: Value) -> None:
    if list(references(value)):
        assert not is_known(value)


def test_a_kind_of_value_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="does not know"):
        decode({"$": "nonsense"})


def test_an_unknown_value_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError):
        bool(UNKNOWN)
