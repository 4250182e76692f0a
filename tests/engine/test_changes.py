"""What `plan.diff` says of a change is what the engine plans: the operation of every resource, and why."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plan import offline, preview, state
from plan.diff import Diff, diff
from plan.graph import Graph
from plan.project import find
from tests.engine.deployed import SECOND, Deployed, deployed
from tests.engine.sandbox import Sandbox

pytestmark = pytest.mark.engine

REPLACING = ("create-replacement", "delete-replaced")
SHOP = Path(__file__).parent / "shop"


def planned_by_engine(text: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Operation and reasons of replacement by URN; the stack itself is not a resource of the program."""
    steps: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for step in preview.digest_of(text, "preview")["steps"]:
        if "::pulumi:pulumi:Stack::" not in step["urn"]:
            steps[step["urn"]].append(step)
    found = {}
    for urn, of_one in steps.items():
        (operation,) = {"replace" if it["op"] in REPLACING else it["op"] for it in of_one}
        found[urn] = (
            operation,
            frozenset(reason for it in of_one for reason in it.get("replaceReasons") or ()),
        )
    return found


def planned_by_us(found: Diff) -> dict[str, tuple[str, frozenset[str]]]:
    # What goes because something else goes first has no reason of its own in the engine's plan.
    return {
        step.urn: (step.operation, frozenset() if step.follows else frozenset(step.replaces))
        for step in found.steps
    }


def both(before: Graph, after: Graph, text: str) -> Diff:
    """The difference, after holding it against the engine's plan."""
    found = diff(before, after)
    assert planned_by_us(found) == planned_by_engine(text)
    return found


# A program with every kind of change


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Path, list[Graph]]]:
    """A small program that is up, and its graph before: from the state, and from the offline plan."""
    box = Sandbox(tmp_path_factory.mktemp("shop"))
    folder = box.project(SHOP, "shop")
    box.pulumi("stack", "init", "dev", cwd=folder)
    before = offline.run(find(folder).program("dev"))
    box.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", cwd=folder)
    text = box.pulumi("stack", "export", "--stack", "dev", cwd=folder).stdout
    yield box, folder, [state.read(text, "shop"), before]


def shown(shop: tuple[Sandbox, Path, list[Graph]], version: str) -> tuple[str, int, Graph]:
    """Preview, exit code and offline plan of another version of the program."""
    box, folder, _ = shop
    box.pulumi("config", "set", "--stack", "dev", "version", version, cwd=folder)
    done = box.pulumi("preview", "--json", "--show-sames", "--stack", "dev", cwd=folder, check=False)
    return done.stdout, done.returncode, offline.run(find(folder).program("dev"))


def test_renamed_updated_replaced_and_deleted(shop: Any) -> None:
    text, code, after = shown(shop, "changed")
    assert code == 0
    for before in shop[2]:
        found = both(before, after, text)
        by_name = {(step.type.rpartition(":")[2], step.name): step for step in found.steps}
        assert by_name["Queue", "jobs"].renamed_from.endswith("::work")
        assert by_name["Bucket", "purchases-files"].operation == "same"
        assert by_name["Bucket", "purchases-files"].renamed_from.endswith("::orders-files")
        assert by_name["Parameter", "limit"].operation == "same"
        assert by_name["Topic", "events"].replaces == ("displayName",)
        assert by_name["RolePolicy", "reader"].follows == (by_name["Role", "reader"].urn,)
        assert {step.name for step in found.losing} == {"cache", "old"}
        assert by_name["Bucket", "kept"].retained
        assert json.loads(found.to_json())["counts"] == found.counts


@pytest.mark.parametrize("version", ["replaces-protected", "deletes-protected"])
def test_the_engine_refuses_what_the_difference_says_it_does(shop: Any, version: str) -> None:
    text, code, after = shown(shop, version)
    assert code != 0
    messages = [
        it["message"] for it in preview.digest_of(text, "preview")["diagnostics"] if it["severity"] == "error"
    ]
    for before in shop[2]:
        (step,) = diff(before, after).refused
        assert (step.name, step.loses_data) == ("prices", True)
        assert any(step.urn in message and "protect" in message for message in messages), messages


def test_unprotecting_and_replacing_at_once_is_allowed(shop: Any) -> None:
    text, code, after = shown(shop, "unprotects-and-replaces")
    assert code == 0
    for before in shop[2]:
        found = both(before, after, text)
        assert [step.name for step in found.losing] == ["prices"]
        assert found.refused == ()


# This project's own stacks


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    return deployed(tmp_path_factory.mktemp("up"), "dev")


def test_a_node_pool_resized(dev: Deployed) -> None:
    def edit(specification: dict[str, Any]) -> None:
        specification["cluster"]["node_pools"][0]["limits"] = {"cpu": 64, "memory_gib": 256}

    after, text, _ = dev.edited(edit)
    for before in (dev.state, dev.planned):
        found = both(before, after, text)
        assert [step.type for step in found.steps if step.operation == "update"] == [
            "kubernetes:karpenter.sh/v1:NodePool"
        ]
        assert found.losing == ()


def test_a_region_added(dev: Deployed) -> None:
    def edit(specification: dict[str, Any]) -> None:
        specification["regions"].append({"region": "eu-west-1", "network": {"cidr": "10.17.0.0/16"}})

    after, text, _ = dev.edited(edit)
    for before in (dev.state, dev.planned):
        found = both(before, after, text)
        assert found.counts["create"] > 80
        assert not {"replace", "delete"} & set(found.counts)
        assert found.losing == ()


def test_a_tenant_removed(dev: Deployed) -> None:
    """What was its own goes, and with it what it stored; nothing of anybody else."""

    def edit(specification: dict[str, Any]) -> None:
        specification["tenants"] = [it for it in specification["tenants"] if it["name"] != SECOND]
        pools = specification["cluster"]["node_pools"]
        specification["cluster"]["node_pools"] = [it for it in pools if it.get("tenant") != SECOND]

    after, text, _ = dev.edited(edit)
    for before in (dev.state, dev.planned):
        found = both(before, after, text)
        gone = [step for step in found.steps if step.operation == "delete"]
        assert gone
        # The right to use tenants' keys goes with the only tenant that had one.
        others = [step.name for step in gone if SECOND not in step.name]
        assert others == ["cluster-us-east-1-karpenter-volumes"]
        assert found.counts.get("replace", 0) == 0


def test_no_store_of_production_is_lost_silently(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A network range changed replaces the network; the stores in it are protected, so the engine refuses."""
    prod = deployed(tmp_path_factory.mktemp("up"), "prod-us-east-1")

    def edit(specification: dict[str, Any]) -> None:
        region = next(it for it in specification["regions"] if it["region"] == "us-east-1")
        region["network"]["cidr"] = "10.200.0.0/16"

    after, text, code = prod.edited(edit)
    found = diff(prod.state, after)
    assert code != 0
    assert found.refused
    assert {step.urn for step in found.losing} <= {step.urn for step in found.refused}
    messages = [
        it["message"] for it in preview.digest_of(text, "preview")["diagnostics"] if it["severity"] == "error"
    ]
    assert any(step.urn in message for step in found.refused for message in messages)
