"""The table of Terraform's types against the installed SDK, read as text: importing it takes minutes."""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from plan.export.terraform.naming import snake
from plan.export.terraform.types import mapped, shape, tokens

_TOKEN = re.compile(r"super\(\w+, __self__\)\.__init__\(\s*'(aws:\w+/\w+:\w+)'")
_GETTER = re.compile(
    r'@pulumi\.getter(?:\(name="(\w+)"\))?\n(?:    @_utilities\.deprecated\("""(?:.|\n)*?"""\)\n)?    def (\w+)\(self'
)
_SET = re.compile(r'pulumi\.set\(__self__, "(\w+)"')


class Properties(NamedTuple):
    """Pulumi's names of a type's arguments, and of everything in the file that defines it."""

    arguments: frozenset[str]
    all: frozenset[str]


@cache
def sdk() -> dict[str, Properties]:
    """The properties of every resource type by token, as the SDK's sources name them."""
    spec = importlib.util.find_spec("pulumi_aws")
    assert spec is not None and spec.origin is not None
    found = {}
    for path in sorted(Path(spec.origin).parent.glob("*/*.py")):
        text = path.read_text(encoding="utf-8")
        for token in _TOKEN.findall(text):
            spelt = {python: pulumi or python for pulumi, python in _GETTER.findall(text)}
            arguments = text.partition(f"class {token.rpartition(':')[2]}(pulumi")[0].partition(
                "\n@pulumi.input_type\nclass _"
            )[0]
            names = frozenset(spelt[name] for name in _SET.findall(arguments))
            found[token] = Properties(names, frozenset(spelt.values()))
    return found


def test_every_mapped_token_and_every_argument_exists() -> None:
    assert len(sdk()) > 1700 and sum(len(one.arguments) for one in sdk().values()) > 10_000
    assert not [token for token in tokens() if token not in sdk()]
    for token in tokens():
        to = mapped(token)
        assert to is not None
        known = sdk()[token].all
        assert not (to.arguments.keys() | to.outputs.keys()) - known, token


def test_most_of_the_sdk_is_mapped() -> None:
    assert len(tokens()) / len(sdk()) > 0.85


def test_no_two_kinds_of_resource_are_one_there() -> None:
    """Several tokens of one Terraform type are older spellings of one Pulumi type."""
    kinds: dict[str, set[str]] = {}
    for token in tokens():
        to = mapped(token)
        assert to is not None
        kinds.setdefault(to.type, set()).add(token.rpartition(":")[2].removesuffix("V2"))
    assert {kind: names for kind, names in kinds.items() if len(names) > 1} == {}


def test_every_shape_is_whole() -> None:
    text = resources.files("plan").joinpath("data/terraform_types.json").read_text(encoding="utf-8")
    table = json.loads(text)
    forms = {"block", "block_one", "object", "object_one"}
    for number in range(len(table["shapes"])):
        for name, entry in shape(number).items():
            assert entry.keys() <= {"to", "is", "of", "fill", "wrap", "not"}, name
            assert entry.get("is", "block") in forms
            assert entry.get("not", "newer") in ("newer", "computed")
            assert 0 <= entry.get("of", 0) < len(table["shapes"])
            assert entry.get("to") != snake(name)
