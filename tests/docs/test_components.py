"""The pages about components: what they say is so, and they say it as of now."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.package import COMPONENTS, args_of
from components.package_arguments import arguments
from components.reference import fields, models_of, outputs
from docs import build, pages
from stacks.specification import load

NAMES = [component.__name__ for component in COMPONENTS]
OUTPUT = re.compile(r"\$\{([\w-]+)(?:\.(\w+))?\}")

MINIMAL: dict[str, Any] = {
    "environment": "prod",
    "class": "production",
    "account_id": "123456789012",
    "tags": {
        "required": {
            "owner": {"value": "ml-platform"},
            "cost-center": {"value": "cc-1200"},
            "environment": {},
            "data-class": {"value": "internal"},
        }
    },
    "regions": [
        {"region": "eu-west-1", "network": {"cidr": "10.24.0.0/16"}},
        {"region": "eu-central-1", "network": {"cidr": "10.25.0.0/16"}},
    ],
    "cluster": {
        "access": {"administrators": ["role/ml-platform-deployer"]},
        "node_pools": [
            {"name": "general", "instance_categories": ["m"], "limits": {"cpu": 8, "memory_gib": 32}},
        ],
    },
}  # fmt: skip
"""What an environment says at least; an example says more."""


@pytest.fixture(params=COMPONENTS, ids=NAMES)
def example(request: pytest.FixtureRequest) -> build.Example:
    return build.example(request.param)


def test_the_pages_are_those_that_would_be_made_now() -> None:
    wanted = build.built()
    stale = [
        path.name
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "make docs"
    assert {path.name for path in build.PAGES.glob("*.md")} == {path.name for path in wanted}


def test_the_specification_can_be_read(example: build.Example, tmp_path: Path) -> None:
    given = yaml.safe_load(example.specification)
    regions = {row["region"]: row for row in [*MINIMAL["regions"], *given.pop("regions", [])]}
    document = {**MINIMAL, **given, "regions": list(regions.values())}
    bridged = [one["name"] for one in document.get("tenants", ()) if one["tier"] != "pool"]
    pool = document["cluster"]["node_pools"][0]
    own = [{**pool, "name": f"{name}-nodes", "tenant": name} for name in bridged]
    document["cluster"] = {
        **document["cluster"], "node_pools": [*document["cluster"]["node_pools"], *own],
    }  # fmt: skip
    file = tmp_path / "prod.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    environment = load(file)
    assert list(environment.region_names) == list(regions)


class Late(str):
    """Stands for an output of another component: equal where component and output are."""


class Made:
    """What a program in Python gets from a constructor: asking for anything is asking for an output."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, output: str) -> Late:
        return Late(f"{self.name}.{output}")


def test_both_programs_give_the_same_arguments(
    example: build.Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one in Python is run against a stand-in for the SDK that only remembers."""
    given: dict[str, Any] = {}
    sdk = types.ModuleType("pulumi_tradewind")
    for component in COMPONENTS:

        def construct(name: str, *, kind: type = component, **args: Any) -> Made:
            given[name] = args_of(kind).model_validate(args)
            return Made(name)

        setattr(sdk, component.__name__, construct)
    monkeypatch.setitem(sys.modules, "pulumi_tradewind", sdk)
    exec(compile(example.python, "example.py", "exec"), {})
    document = example.document
    made: dict[str, Any] = {}
    for name, one in document["resources"].items():
        kind = next(c for c in COMPONENTS if f"tradewind:{c.__name__}" == one["type"])
        made[name] = arguments(args_of(kind), resolved(one["properties"], document["variables"]))
    assert made == given
    assert made


def resolved(value: Any, variables: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: resolved(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, variables) for item in value]
    if isinstance(value, str) and (found := OUTPUT.fullmatch(value)):
        name, output = found.groups()
        return getattr(Made(name), re.sub("([A-Z])", r"_\1", output).lower()) if output else variables[name]
    return value


@pytest.mark.parametrize("component", COMPONENTS, ids=NAMES)
def test_a_page_names_every_argument_output_and_type(component: type) -> None:
    text = (build.PAGES / f"{pages.slug(component)}.md").read_text(encoding="utf-8")
    model = args_of(component)
    for field in [*fields(model), *outputs(component)]:
        assert f"| `{field.name}`" in text
    for kind in models_of(model):
        assert f"\n### {kind.__name__}\n" in text
    anchors = {title.lower() for title in re.findall(r"^#+ (\w+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(\w+)\)", text)) <= anchors


@pytest.mark.parametrize("component", COMPONENTS, ids=NAMES)
def test_tables_have_as_many_cells_in_each_row(component: type) -> None:
    text = (build.PAGES / f"{pages.slug(component)}.md").read_text(encoding="utf-8")
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table
