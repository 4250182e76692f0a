"""What the scaffolding writes is right at once, overwrites nothing, and leaves comments alone."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.environment_settings import TenantTier
from components.model import EnvironmentClass
from components.network.address_plan import overlaps
from problems import InputError
from stacks.insertion import appended
from stacks.scaffold import new_environment, new_tenant, taken_networks, write_all
from stacks.scaffold_component import new_component
from stacks.specification import FOLDER, environment_of, load, names

ROOT = FOLDER.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the shipped specifications."""
    (tmp_path / "stacks").mkdir()
    for path in FOLDER.glob("*.yaml"):
        shutil.copy(path, tmp_path / "stacks")
    return tmp_path


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("environment_class", list(EnvironmentClass))
@pytest.mark.parametrize("regions", [["us-west-1"], ["us-west-2", "eu-north-1", "ap-northeast-1"]])
def test_a_new_environment_is_right_and_collides_with_none(
    project: Path, environment_class: EnvironmentClass, regions: list[str]
) -> None:
    folder = project / "stacks"
    written = new_environment("research", project, regions=regions, environment_class=environment_class)
    environment = load(folder / "research.yaml")
    assert environment.region_names == regions
    assert environment.environment_class is environment_class
    networks = {str(index): block for index, block in enumerate(taken_networks(folder))}
    assert overlaps(networks) == []
    stacks = {folder / f"Pulumi.{part.stack}.yaml" for part in environment.cells()}
    assert set(written) == {folder / "research.yaml", *stacks}
    for path in stacks:
        config = yaml.safe_load(path.read_text())["config"]
        found, _ = environment_of({key: value for key, value in config.items() if "tradewind" in key}, folder)
        assert found.name == "research"


def test_the_first_environment_of_a_project_says_which_account(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    with pytest.raises(InputError, match="say which"):
        new_environment("first", tmp_path, regions=["us-east-1"])
    new_environment("first", tmp_path, regions=["us-east-1"], account_id="111122223333")
    assert load(tmp_path / "stacks" / "first.yaml").account_id == "111122223333"


def test_tags_are_those_of_the_environments_that_exist(project: Path) -> None:
    new_environment("research", project, regions=["us-west-2"])
    tags = load(project / "stacks" / "research.yaml").required_tags
    assert tags.required["cost-center"].pattern == "cc-[0-9]{4}"


def test_nothing_is_overwritten(project: Path) -> None:
    before = content(project)
    for name in ("prod", "dev"):
        with pytest.raises(InputError, match="nothing is overwritten"):
            new_environment(name, project, regions=["us-west-2"])
    assert content(project) == before


def test_a_stack_file_in_the_way_leaves_no_specification_behind(project: Path) -> None:
    (project / "stacks" / "Pulumi.research-eu-north-1.yaml").write_text("config: {}\n")
    before = content(project)
    with pytest.raises(InputError, match=r"Pulumi\.research-eu-north-1\.yaml"):
        new_environment(
            "research",
            project,
            regions=["us-west-2", "eu-north-1"],
            environment_class=EnvironmentClass.STAGING,
        )
    assert content(project) == before


def test_a_write_that_fails_halfway_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, calls = Path.replace, itertools.count()

    def failing(self: Path, target: Path) -> Path:
        if next(calls):
            raise OSError(28, "No space left on device", str(target))
        return original(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(InputError, match="No space left"):
        write_all({tmp_path / "a": "1", tmp_path / "b": "2"})
    assert content(tmp_path) == {}


@pytest.mark.parametrize(
    ("name", "regions", "words"),
    [
        ("Research Lab", ["us-west-2"], "research-lab"),
        ("../x", ["us-west-2"], "a name is up to"),
        ("x" * 17, ["us-west-2"], "a name is up to 16"),
        ("x", ["us-wset-2"], "did you mean us-west-2"),
        ("x", [], "at least one"),
        ("x", ["us-west-2", "us-west-2"], "each once"),
    ],
)
def test_wrong_names_are_refused_before_anything_is_written(
    project: Path, name: str, regions: list[str], words: str
) -> None:
    before = content(project)
    with pytest.raises(InputError, match=words):
        new_environment(name, project, regions=regions)
    assert content(project) == before


@pytest.mark.parametrize("environment", names())
@pytest.mark.parametrize("tier", list(TenantTier))
def test_a_new_tenant_is_added_and_every_other_line_stays(
    project: Path, environment: str, tier: TenantTier
) -> None:
    path = project / "stacks" / f"{environment}.yaml"
    before = path.read_text()
    assert new_tenant("maps", path, tier=tier, owner="maps: ml", cost_center="cc-4000") == [path]
    after = load(path)
    added = after.tenants[-1]
    assert (added.name, added.tier, added.owner, added.residency) == ("maps", tier, "maps: ml", "any")
    rest = iter(path.read_text().splitlines())
    assert all(line in rest for line in before.splitlines()), "a line is gone or moved"
    has_pool = [any(pool.tenant == "maps" for pool in item.cluster.node_pools) for item in after.regions]
    assert has_pool == [tier is not TenantTier.POOL] * len(after.regions)


def test_a_tenant_that_would_be_wrong_is_not_added(project: Path) -> None:
    path = project / "stacks" / "prod.yaml"
    before = content(project)
    with pytest.raises(InputError) as caught:
        new_tenant("search", path, tier=TenantTier.POOL, owner="x", cost_center="x", residency="asia")
    assert {problem.path for problem in caught.value.problems} == {
        "tenants[3].name",
        "tenants[3].cost_center",
        "tenants[3].residency",
    }
    assert content(project) == before


def test_a_tenant_of_a_zone_stays_in_it(project: Path) -> None:
    path = project / "stacks" / "prod.yaml"
    new_tenant("maps", path, tier=TenantTier.POOL, owner="x", cost_center="cc-4000", residency="eu")
    assert load(path).tenants[-1].residency == "eu"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tenants: []\nz: 1\n", "tenants:\n  - name: x\n    tier: pool\nz: 1\n"),
        ("tenants:\nz: 1\n", "tenants:\n  - name: x\n    tier: pool\nz: 1\n"),
        ("z: 1", "z: 1\ntenants:\n  - name: x\n    tier: pool\n"),
        ("tenants: [{a: 1}] # c\n", "tenants: [{a: 1}, {name: x, tier: pool}] # c\n"),
        (
            "tenants:\n- a: 1 # c\n\n# d\nz: 1\n",
            "tenants:\n- a: 1 # c\n- name: x\n  tier: pool\n\n# d\nz: 1\n",
        ),
        (
            "tenants:\n  - a: |\n      t\n\nz: 1\n",
            "tenants:\n  - a: |\n      t\n\n  - name: x\n    tier: pool\nz: 1\n",
        ),
        ("tenants:\r\n  - a: 1\r\n", "tenants:\r\n  - a: 1\r\n  - name: x\r\n    tier: pool\r\n"),
    ],
)
def test_an_item_goes_to_the_end_of_its_list(text: str, expected: str) -> None:
    assert appended(text, "tenants", ["name: x", "tier: pool"]) == expected


def test_a_list_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="not a list"):
        appended("tenants: 5\n", "tenants", ["name: x"])


ITEMS = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.integers() | st.text("xy #:'", max_size=4), min_size=1),
    max_size=3,
)


@given(ITEMS, st.booleans(), st.dictionaries(st.sampled_from("pq"), st.integers()))
def test_appending_adds_one_item_and_changes_nothing_else(
    items: list[dict[str, object]], flow: bool, others: dict[str, int]
) -> None:
    data = {"list": items, **others}
    text = yaml.safe_dump(data, default_flow_style=flow or None, sort_keys=False)
    if text.startswith("{"):
        text = yaml.safe_dump(data, sort_keys=False)
    assert yaml.safe_load(appended(text, "list", ["new: 1", "more: 2"])) == {
        **data,
        "list": [*items, {"new": 1, "more": 2}],
    }


@pytest.mark.parametrize("name", ["AccessLog", "x", "gpu-quota-of-a-long-name"])
def test_a_new_component_is_clean_and_its_tests_pass(tmp_path: Path, name: str) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "components", tmp_path / "components", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tests" / "components").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "components" / "conftest.py", tmp_path / "tests" / "components")
    written = [str(path) for path in new_component(name, tmp_path)]
    ruff = [sys.executable, "-m", "ruff"]
    done = [
        subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        for command in (
            [*ruff, "check", *written],
            [*ruff, "format", "--check", *written],
            [sys.executable, "-m", "pytest", "-q", written[-1]],
        )
    ]
    assert [one.returncode for one in done] == [0, 0, 0], "".join(one.stdout + one.stderr for one in done)
    with pytest.raises(InputError, match="nothing is overwritten"):
        new_component(name, tmp_path)


@pytest.mark.parametrize("name", ["", "1st", "../x", "a b/c", "x" * 25, "class"])
def test_a_component_has_a_name_that_a_class_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        new_component(name, tmp_path)
    assert content(tmp_path) == {}
