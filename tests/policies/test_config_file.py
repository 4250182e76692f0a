"""Reading the configuration of a check: what it may hold, and how mistakes are told."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import Config, TagRule
from policies.config_file import load, read
from problems import InputError

WHOLE = """\
environment_class: production
levels: {log-retention: disabled, required-tags: remediate}
tags:
  required:
    owner: {value: ml-platform, allowed: [ml-platform, search]}
    cost-center: {pattern: "cc-[0-9]{4}"}
    environment:
residency: {zones: {eu: [eu-west-1, eu-central-1]}}
exemptions:
  - rule: public-endpoint
    name: model-api-*
    reason: served to customers
    until: 2027-03-31
"""


def test_a_whole_file_is_read() -> None:
    config = read(WHOLE, "check.yaml", today=date(2026, 11, 23))
    assert config.environment_class == "production"
    assert config.levels == {"log-retention": "disabled", "required-tags": "remediate"}
    assert config.tags["owner"] == TagRule("ml-platform", ("ml-platform", "search"))
    assert config.tags["environment"] == TagRule()
    assert config.zones == {"eu": ("eu-west-1", "eu-central-1")}
    exemption = config.exemptions[0]
    assert (exemption.rule, exemption.match, exemption.until) == (
        "public-endpoint",
        "model-api-*",
        date(2027, 3, 31),
    )
    assert exemption.place == "check.yaml:10"


def test_json_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "check.json"
    path.write_text(json.dumps({"levels": {"imdsv1": "advisory"}}))
    assert load(path).levels == {"imdsv1": "advisory"}


def test_what_the_file_leaves_out_the_specification_says() -> None:
    base = Config.of(environment_class="staging", required_tags={"owner": {}})
    config = read("levels: {imdsv1: advisory}", "check.yaml", base)
    assert (config.environment_class, list(config.tags)) == ("staging", ["owner"])


def test_an_empty_file_changes_nothing() -> None:
    assert read("", "check.yaml") == Config()


def test_every_mistake_is_told_at_once_with_its_line() -> None:
    text = """\
levles: {}
levels: {open-ingres: advisory, imdsv1: mandatroy}
tags: {required: {owner: {pattern: "("}, team: {value: x, allowed: [y]}}}
exemptions:
  - {rule: kms-rotation, name: key}
  - {rule: kms-rotatoin, urn: "*", reason: why, until: tomorrow}
  - {name: a, urn: b, reason: why}
"""
    with pytest.raises(InputError) as caught:
        read(text, "check.yaml")
    found = [(problem.place.split(":")[1], problem.path, problem.fix) for problem in caught.value.problems]
    assert found == [
        ("1", "levles", "did you mean levels?"),
        ("2", "levels.open-ingres", "did you mean open-ingress?"),
        ("2", "levels.imdsv1", "did you mean mandatory?"),
        ("3", "tags.required.owner.pattern", "write a regular expression"),
        ("3", "tags.required.team.value", "choose a value that is allowed"),
        ("5", "exemptions[0]", "add `reason: <why>`"),
        ("6", "exemptions[1].rule", "did you mean kms-rotation?"),
        ("6", "exemptions[1].until", "write it as 2027-03-31"),
        ("7", "exemptions[2]", "add `rule: <id>`"),
        ("7", "exemptions[2]", 'add `name: <glob>` ("*" for all)'),
    ]
    assert "10 problems, nothing was checked" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["- a", "levels: [a]", "exemptions: {}", "a: b: c", "residency: {zones: {eu: []}}", "\t"]
)
def test_a_wrong_shape_is_told_without_a_traceback(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text, "check.yaml")
    assert all(problem.place.startswith("check.yaml:1") for problem in caught.value.problems)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "none.yaml")


@given(st.text(max_size=60))
def test_any_text_is_either_read_or_refused(text: str) -> None:
    try:
        assert isinstance(read(text, "check.yaml"), Config)
    except InputError as error:
        assert error.problems
