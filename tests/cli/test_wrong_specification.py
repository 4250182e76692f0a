"""Wrong specifications: exit code 1, one message with the place and the way out, nothing done.

There is no traceback, no half-written file, no answer on stdout, and no process left.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli import wrong
from tests.cli.wrong import (
    BOMB,
    Tradewind,
    assert_refused,
)

here = wrong.here
tradewind = wrong.tradewind
environment = wrong.environment

SPECIFICATION = """\
environment: trial
class: production
account_id: "123456789012"
cells: stack-per-cell
tags:
  required:
    owner: {value: ml-platform}
    cost-center: {value: cc-1000, pattern: "cc-[0-9]{4}"}
    environment: {}
    data-class: {value: internal, allowed: [public, internal, confidential, restricted]}
residency:
  zones:
    us: [us-east-1]
    eu: [eu-west-1]
regions:
  - region: us-east-1
    network: {cidr: 10.32.0.0/16}
  - region: eu-west-1
    network: {cidr: 10.33.0.0/16}
network:
  zones: 3
cluster:
  access:
    administrators: [role/deployer]
  node_pools:
    - name: general
      instance_categories: [c, m, r]
      minimum_generation: 6
      capacity_types: [spot, on-demand]
      limits: {cpu: 32, memory_gib: 128}
feature_store:
  views:
    - name: user_activity
      entity_key: user_id
      columns:
        - {name: sessions_7d, type: long}
tenants:
  - {name: search, tier: pool, owner: search-ml, cost_center: cc-2100}
"""


# Specifications


@dataclass(frozen=True)
class Mistake:
    """`old` in the specification becomes `new`; the message names `line` and says `words`."""

    name: str
    old: str
    new: str
    words: tuple[str, ...] = ()
    line: int = 0


SPECIFICATIONS = [
    Mistake("misspelt section", "feature_store:", "feature_stores:", ("feature_store",), 31),
    Mistake(
        "misspelt key",
        "      instance_categories:",
        "      instance_categoris:",
        ("instance_categories",),
        27,
    ),
    Mistake("misspelt key deep inside", "memory_gib: 128", "memory_gb: 128", ("memory_gib",), 30),
    Mistake("text for a number", "zones: 3", "zones: three", ("zones", "three"), 21),
    Mistake("number out of range", "zones: 3", "zones: 9", ("zones", "9"), 21),
    Mistake("fraction for a number", "zones: 3", "zones: 2.5", ("2.5",), 21),
    Mistake(
        "list for a mapping", "network: {cidr: 10.33.0.0/16}", "network: [10.33.0.0/16]", ("network",), 19
    ),
    Mistake(
        "mapping for a list",
        "  node_pools:\n    - name: general",
        "  node_pools:\n      name: general",
        ("node_pools",),
    ),
    Mistake("networks that overlap", "10.33.0.0/16", "10.32.0.0/16", ("overlap", "us-east-1"), 19),
    Mistake("no network", "10.33.0.0/16", "10.33.0.0/99", ("10.33.0.0/99",), 19),
    Mistake("host bits set", "10.33.0.0/16", "10.33.0.7/16", ("10.33.0.7/16",), 19),
    Mistake("a public network", "10.33.0.0/16", "52.0.0.0/16", ("52.0.0.0/16",), 19),
    Mistake("too small a network", "10.33.0.0/16", "10.33.0.0/28", ("10.33.0.0/28",), 19),
    Mistake("version 6 in place of 4", "10.33.0.0/16", '"fd00::/48"', ("fd00::/48",), 19),
    Mistake(
        "region that does not exist",
        "region: eu-west-1",
        "region: eu-west-11",
        ("eu-west-11", "eu-west-1"),
        18,
    ),
    Mistake("region twice", "region: eu-west-1", "region: us-east-1", ("us-east-1",), 18),
    Mistake(
        "no regions",
        "  - region: us-east-1\n    network: {cidr: 10.32.0.0/16}\n  - region: eu-west-1\n    network: {cidr: 10.33.0.0/16}\n",
        "",
        ("regions",),
        15,
    ),
    Mistake(
        "zone of residency with an unknown region", "eu: [eu-west-1]", "eu: [eu-west-9]", ("eu-west-9",), 14
    ),
    Mistake("a key twice", "  zones: 3", "  zones: 3\n  zones: 2", ("zones",), 22),
    Mistake("a section twice", "tenants:", "network: {}\ntenants:", ("network",)),
    Mistake("a tab", "  zones: 3", "\tzones: 3", (), 21),
    Mistake("indentation", "  zones: 3", "   zones: 3\n  nat: single", (), 22),
    Mistake("an open bracket", "[c, m, r]", "[c, m, r", ()),
    Mistake("an open quote", '"123456789012"', '"123456789012', ()),
    Mistake("unknown class", "class: production", "class: prod", ("prod", "production"), 2),
    Mistake("no class", "class: production\n", "", ("class",)),
    Mistake("no environment", "environment: trial\n", "", ("environment",)),
    Mistake("environment with blanks", "environment: trial", "environment: our trial", ("our trial",), 1),
    Mistake("account with a digit missing", '"123456789012"', '"12345678901"', ("12345678901",), 3),
    Mistake("account as words", '"123456789012"', "production", ("account_id",), 3),
    Mistake(
        "unknown layout", "stack-per-cell", "stack-per-region", ("stack-per-region", "stack-per-cell"), 4
    ),
    Mistake("required tag missing", "    owner: {value: ml-platform}\n", "", ("owner",)),
    Mistake(
        "tag outside its allowed values",
        "data-class: {value: internal",
        "data-class: {value: intern",
        ("intern",),
        10,
    ),
    Mistake("tag against its pattern", "value: cc-1000", "value: cc-10", ("cc-10",), 8),
    Mistake("pattern that is none", "cc-[0-9]{4}", "cc-[0-9", (), 8),
    Mistake("unknown tier", "tier: pool", "tier: gold", ("gold", "pool"), 38),
    Mistake("unknown residency", "tier: pool", "tier: pool, residency: apac", ("apac",), 38),
    Mistake(
        "tenant twice",
        "tenants:\n",
        "tenants:\n  - {name: search, tier: pool, owner: a, cost_center: cc-2100}\n",
        ("search",),
    ),
    Mistake("tenant without owner", ", owner: search-ml", "", ("owner",), 38),
    Mistake("unknown capacity type", "[spot, on-demand]", "[spot, ondemand]", ("ondemand", "on-demand"), 29),
    Mistake("limit below zero", "cpu: 32", "cpu: -1", ("-1",), 30),
    Mistake(
        "node pool twice",
        "    - name: general\n",
        "    - name: general\n      instance_categories: [m]\n      limits: {cpu: 1, memory_gib: 4}\n    - name: general\n",
        ("general",),
    ),
    Mistake("unknown column type", "type: long", "type: longer", ("longer",), 36),
    Mistake("an object of Python", "zones: 3", "zones: !!python/object/apply:os.getcwd []", (), 21),
    Mistake("an alias to nothing", "zones: 3", "zones: *zones", ("zones",), 21),
]


def test_the_specification_that_the_table_starts_from_is_right(here: Path) -> None:
    from stacks.specification import load

    (here / "trial.yaml").write_text(SPECIFICATION)
    assert load(here / "trial.yaml").region_names == ["us-east-1", "eu-west-1"]


@pytest.mark.parametrize("mistake", SPECIFICATIONS, ids=lambda mistake: mistake.name)
def test_a_wrong_specification(
    mistake: Mistake, tradewind: Tradewind, environment: Callable[[str], None]
) -> None:
    assert SPECIFICATION.count(mistake.old) == 1
    environment(SPECIFICATION.replace(mistake.old, mistake.new))
    place = f"stacks/trial.yaml:{mistake.line}:" if mistake.line else "stacks/trial.yaml"
    assert_refused(tradewind("plan", "trial"), place, *mistake.words)


def test_all_mistakes_of_a_specification_are_said_in_the_order_of_the_file(
    tradewind: Tradewind, environment: Callable[[str], None]
) -> None:
    text = (
        SPECIFICATION.replace("zones: 3", "zones: 9")
        .replace("tier: pool", "tier: gold")
        .replace("class: production", "class: prod")
    )
    environment(text)
    said = tradewind("plan", "trial")
    assert_refused(said, "3 problems")
    at = [said.err.index(f"stacks/trial.yaml:{line}:") for line in (2, 21, 38)]
    assert at == sorted(at)


NO_SPECIFICATION = {
    "empty": b"",
    "only a comment": b"# later\n",
    "a list": b"- environment: trial\n",
    "a word": b"trial\n",
    "several documents": b"environment: trial\n---\nenvironment: other\n",
    "not UTF-8": b"environment: tri\xe9l\n",
    "UTF-16": "environment: trial\n".encode("utf-16"),
    "NUL bytes": b"environment: trial\0\n",
    "binary": bytes(range(256)) * 8,
    "aliases that multiply": BOMB.encode(),
    "an alias to itself": b"regions: &r [*r]\n",
    "nested too deeply": b"regions: " + b"[" * 20_000,
    "nested too deeply and closed": b"regions: " + b"[" * 3000 + b"]" * 3000,
    "JSON cut off": SPECIFICATION.encode()[:200] + b"\n{",
    "keys of all kinds": b"1: a\n2.5: b\ntrue: c\n? [x]\n: d\n",
}


@pytest.mark.parametrize("content", NO_SPECIFICATION.values(), ids=NO_SPECIFICATION.keys())
def test_what_is_no_specification(
    content: bytes, tradewind: Tradewind, environment: Callable[[bytes], None]
) -> None:
    environment(content)
    started = time.monotonic()
    said = tradewind("plan", "trial")
    assert_refused(said, "stacks/trial.yaml")
    assert "\0" not in said.err
    assert time.monotonic() - started < 5


def test_a_specification_of_200_megabytes_is_refused_at_once(
    here: Path, tradewind: Tradewind, environment: Callable[[str], None]
) -> None:
    environment(SPECIFICATION)
    with (here / "stacks" / "trial.yaml").open("ab") as file:
        file.truncate(200_000_000)
    started = time.monotonic()
    assert_refused(tradewind("plan", "trial"), "stacks/trial.yaml")
    assert time.monotonic() - started < 3


def test_an_environment_misspelt_is_guessed(tradewind: Tradewind, environment: Callable[[str], None]) -> None:
    environment(SPECIFICATION)
    assert_refused(tradewind("plan", "trail"), "trail", "trial")
