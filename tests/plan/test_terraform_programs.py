"""Every program of `tests/programs` as Terraform: whole, in its own words, without its secrets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plan.export.terraform import export, files, plan_json
from plan.values import references
from tests.plan import canaries
from tests.plan.canaries import PLANNED, assert_silent, graph_of
from tests.plan.planned import NAMES, graph, planned

surroundings = canaries.surroundings


@pytest.mark.parametrize("name", NAMES)
def test_every_resource_is_in_the_export_or_in_its_notes(name: str) -> None:
    found = export(graph(name))
    told = {note.urn for note in found.of_kind("left-out", "read")}
    for resource in graph(name):
        if resource.is_managed or (resource.external and resource.package != "pulumi"):
            assert (resource.urn in found.addresses) != (resource.urn in told), resource.urn
    assert len(set(found.addresses.values())) == len(found.blocks)
    assert all(block.source for block in found.blocks)


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_leads_to_a_resource_of_the_export_or_is_told(name: str) -> None:
    found = export(graph(name))
    document = json.loads(plan_json(found))
    configured = {row["address"]: row for row in document["configuration"]["root_module"]["resources"]}
    notes = {(note.urn, note.path.partition(".")[0].partition("[")[0]) for note in found.notes}
    for resource in graph(name):
        address = found.addresses.get(resource.urn)
        if address is None:
            continue
        said = json.dumps(configured[address]["expressions"])
        for argument, value in resource.inputs.items():
            for reference in references(value):
                target = found.addresses.get(reference.urn)
                assert (target is not None and target in said) or (resource.urn, argument) in notes


def test_all_programs_at_once_are_one_configuration() -> None:
    first, *rest = planned().values()
    found = export(first.merged(*rest))
    assert len(set(found.addresses.values())) == len(found.blocks) > 200
    assert len({one.alias for one in found.providers}) == len(found.providers)


@pytest.mark.parametrize("program", PLANNED.values(), ids=PLANNED.keys())
def test_no_secret_in_any_file(program: str, tmp_path: Path) -> None:
    found = export(graph_of(tmp_path, program))
    texts = files(found)
    assert_silent(*texts, *texts.values(), plan_json(found))
