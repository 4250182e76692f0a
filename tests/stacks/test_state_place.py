"""Where state is: in each cell's own region, by the specification, and never in two places."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from components.catalogue import REGIONS
from components.data_plane.settings import DataPlaneSettings
from components.naming import region_code
from problems import InputError
from stacks.specification import ALL, FOLDER, GLOBAL, Environment, load
from stacks.state_place import current_backend, refuse_another_backend, same_backend, state_of


def specification(folder: Path, regions: list[str], **changes: Any) -> Environment:
    """Staging with these regions, a stack per cell, and `changes` at the top."""
    data = yaml.safe_load((FOLDER / "staging.yaml").read_text(encoding="utf-8"))
    data["regions"] = [
        {"region": region, "network": {"cidr": f"10.{20 + number}.0.0/16"}}
        for number, region in enumerate(regions)
    ]
    data["residency"] = {"zones": {"home": regions}}
    data["feature_store"], data["tenants"] = {"views": []}, []
    data["cluster"]["node_pools"] = data["cluster"]["node_pools"][:1]
    # Its sections name tenants and zones that are not here.
    data = {key: value for key, value in data.items() if key not in DataPlaneSettings.model_fields}
    data.update(changes)
    path = folder / "staging.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return load(path)


@settings(deadline=None, max_examples=40)
@given(regions=st.lists(st.sampled_from(sorted(REGIONS)), min_size=1, max_size=4, unique=True))
def test_state_of_a_cell_names_no_region_but_its_own(
    tmp_path_factory: pytest.TempPathFactory, regions: list[str]
) -> None:
    environment = specification(tmp_path_factory.mktemp("spec"), regions)
    for cell in environment.cells():
        place = state_of(environment, cell.cell)
        own = regions[0] if cell.cell in (GLOBAL, ALL) else cell.cell
        for url in (place.backend, place.secrets_provider):
            assert place.region == own
            assert f"region={own}" in url
            named = re.split(r"[^a-z0-9-]", url)
            others = [region for region in REGIONS if region != own]
            assert not set(named) & set(others)
        bucket = place.backend.removeprefix("s3://").partition("?")[0]
        assert region_code(own) in bucket.split("-")
        assert not {region_code(region) for region in regions if region != own} & set(bucket.split("-"))
        assert len(bucket) <= 63


def test_no_two_environments_share_a_place() -> None:
    environments = [load(FOLDER / f"{name}.yaml") for name in ("staging", "prod")]
    places = [{state_of(it, cell.cell).backend for cell in it.cells()} for it in environments]
    assert not places[0] & places[1]


def test_development_is_wherever_the_engine_keeps_its_state() -> None:
    place = state_of(load(FOLDER / "dev.yaml"), ALL)
    assert (place.backend, place.secrets_provider) == ("", "")


def test_placeholders_are_those_of_the_cell(tmp_path: Path) -> None:
    state = {
        "backend": "s3://ours-{account_id}-{region}?region={region}&profile=ops",
        "secrets_provider": "awskms://alias/{environment}?region={region}",
    }
    environment = specification(tmp_path, ["us-east-1", "eu-west-1"], state=state)
    place = state_of(environment, "eu-west-1")
    assert place.backend == "s3://ours-123456789012-eu-west-1?region=eu-west-1&profile=ops"
    assert place.secrets_provider == "awskms://alias/staging?region=eu-west-1"


def test_a_backend_of_ones_own_has_its_own_secrets_provider(tmp_path: Path) -> None:
    environment = specification(tmp_path, ["us-east-1"], state={"backend": "https://api.example.com"})
    place = state_of(environment, "us-east-1")
    assert (place.backend, place.secrets_provider) == ("https://api.example.com", "")


@pytest.mark.parametrize(
    ("state", "but", "fix"),
    [
        ({"backend": "s3://one?region=us-east-1"}, "the loss of one region", "s3://one-{region}?region={region}"),
        ({"backend": "s3://one-{region}"}, "the loss of one region", "s3://one-{region}?region={region}"),
        (
            {"secrets_provider": "awskms://alias/x?region=us-east-1&awssdk=v2"},
            "the loss of one region",
            "awskms://alias/x?region={region}&awssdk=v2",
        ),
        ({"backend": "ftp://x"}, "no such place", "s3://my-state-{region}"),
        ({"backend": "s3://"}, "no such place", "s3://my-state-{region}"),
        ({"backend": "s3://x-{zone}?region={region}"}, "placeholder", "s3://my-state-{region}"),
        ({"backend": "s3://x-{region?region={region}"}, "placeholder", "s3://my-state-{region}"),
        ({"backend": "file:///tmp/$(id)"}, "neither spaces nor quotes", "s3://"),
        ({"secrets_provider": "rot13"}, "no such place", "awskms://"),
        ({"bucket": "x"}, "no such key", "backend"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_way_out(
    tmp_path: Path, state: dict[str, str], but: str, fix: str
) -> None:
    with pytest.raises(InputError) as error:
        specification(tmp_path, ["us-east-1", "eu-west-1"], state=state)
    (problem,) = error.value.problems
    assert problem.path.startswith("state")
    assert but in problem.but
    assert fix in problem.fix


def test_one_region_may_name_itself(tmp_path: Path) -> None:
    state = {"backend": "s3://one?region=us-east-1"}
    assert (
        state_of(specification(tmp_path, ["us-east-1"], state=state), "us-east-1").backend == state["backend"]
    )


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("s3://a?region=us-east-1&awssdk=v2", "s3://a?awssdk=v2&region=us-east-1", True),
        ("s3://a?region=us-east-1&awssdk=v2", "s3://a/?region=us-east-1", True),
        ("s3://a?region=us-east-1", "s3://a?region=eu-west-1", False),
        ("s3://a?region=us-east-1", "s3://a/inside?region=us-east-1", False),
        ("s3://a?region=us-east-1", "", False),
    ],
)
def test_two_urls_are_one_place(first: str, second: str, same: bool) -> None:
    assert same_backend(first, second) is same


def test_the_engine_s_own_backend(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    variables = {"PULUMI_HOME": str(home)}
    assert current_backend(tmp_path, variables) == ""
    (home / "credentials.json").write_text('{"current": "s3://logged-in"}', encoding="utf-8")
    assert current_backend(tmp_path, variables) == "s3://logged-in"
    (tmp_path / "Pulumi.yaml").write_text("name: x\nbackend: {url: file://~}\n", encoding="utf-8")
    assert current_backend(tmp_path, variables) == "file://~"
    assert current_backend(tmp_path, {**variables, "PULUMI_BACKEND_URL": "s3://said"}) == "s3://said"
    (home / "credentials.json").write_text("{torn", encoding="utf-8")
    (tmp_path / "Pulumi.yaml").write_text("name: [", encoding="utf-8")
    assert current_backend(tmp_path, variables) == ""


def test_another_backend_is_refused_with_the_line_that_helps(tmp_path: Path) -> None:
    prod = load(FOLDER / "prod.yaml")
    wanted = state_of(prod, "us-east-1").backend
    refuse_another_backend(prod, "us-east-1", "prod-us-east-1", tmp_path, {"PULUMI_BACKEND_URL": wanted})
    refuse_another_backend(load(FOLDER / "dev.yaml"), ALL, "dev", tmp_path, {})
    with pytest.raises(InputError) as error:
        given = {"PULUMI_BACKEND_URL": "postgres://me:secret@host/db"}
        refuse_another_backend(prod, "us-east-1", "prod-us-east-1", tmp_path, given)
    assert f"export PULUMI_BACKEND_URL='{wanted}'" in str(error.value)
    assert "secret" not in str(error.value)
