"""New environments and tenants, written so that they plan clean at once.

Files are written whole or not at all, and never over one that exists. Comments of a specification that
a tenant is added to stay, as the tenant is put in as text.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from pathlib import Path

import yaml

from components import catalogue
from components.environment_settings import ANY, TenantTier, layout_of
from components.model import EnvironmentClass
from components.network.address_plan import free_networks
from problems import InputError, Problem
from problems.explain import suggestion
from stacks import yaml_source
from stacks.draft import LONGEST_NAME, NAME, Draft
from stacks.insertion import appended
from stacks.specification import Environment, load, names

__all__ = ["new_environment", "new_tenant", "taken_networks", "write_all"]

UNDONE = "nothing was written"
ZONES = {EnvironmentClass.DEVELOPMENT: 2, EnvironmentClass.STAGING: 2, EnvironmentClass.PRODUCTION: 3}

SPECIFICATION = """\
# {name}: {count} of class {environment_class}. `tradewind plan {name}` shows what it is and costs.
environment: {name}
class: {environment_class}
account_id: "{account_id}"
cells: {layout}

tags:
  required:             # on every resource; `component` and `tenant` are added by the components
{tags}
{residency}regions:                # the first is the home region
{regions}
network:                # for every region, unless the region says otherwise
  zones: {zones}

cluster:
  access:
    administrators: [{administrator}]
  node_pools:           # limits are the most that may ever run in one region: the ceiling of the cost
    - name: general
      instance_categories: [c, m, r]
      minimum_generation: 6
      capacity_types: [spot, on-demand]
      limits: {{cpu: 32, memory_gib: 128}}

feature_store:
  views: []

tenants: []
{state}"""

STATE = """
# State of each cell is in a bucket in its own region, secrets in it are encrypted by a key there. Both are
# made before the first deployment: tradewind state {name} --bootstrap (docs/state.md).
"""

STACK = """\
config:
  # Every resource names its provider: one that forgets to is an error, not a surprise in another account.
  pulumi:disable-default-providers: ["*"]
  tradewind:environment: {environment}
  tradewind:cell: {cell}
"""

POOL = """\
name: {tenant}
tenant: {tenant}
instance_categories: [m]
minimum_generation: 6
capacity_types: [on-demand]
limits: {{cpu: 32, memory_gib: 128}}
"""


def new_environment(
    name: str,
    root: Path,
    *,
    regions: Sequence[str],
    environment_class: EnvironmentClass = EnvironmentClass.DEVELOPMENT,
    account_id: str | None = None,
    administrator: str = "role/ml-platform-deployer",
) -> list[Path]:
    """Writes `stacks/<name>.yaml` and its stack files below `root`; the files written.

    Each region gets a network that no other environment has. Required tags are those of the environments
    that exist, and so is the account where it is not given and they agree on one.
    Raises `InputError` when an argument is wrong or a file exists already.
    """
    folder = root / "stacks"
    _refuse_wrong_names(name, regions)
    others = _drafts(folder)
    account = account_id or _common_account(others)
    networks = free_networks(taken_networks(folder), regions)
    text = SPECIFICATION.format(
        name=name,
        count=f"{len(regions)} region{'s' if len(regions) > 1 else ''}",
        environment_class=environment_class.value,
        account_id=account,
        layout=layout_of(None, environment_class).value,
        tags=_tags(others),
        residency=_residency(regions),
        regions=_regions(networks),
        zones=min(ZONES[environment_class], *(len(catalogue.zones(region)) for region in regions)),
        administrator=administrator,
        state="" if environment_class is EnvironmentClass.DEVELOPMENT else STATE.format(name=name),
    )
    environment = _checked(text, name)
    files = {folder / f"{name}.yaml": text}
    for part in environment.cells():
        path = folder / f"Pulumi.{part.stack}.yaml"
        files[path] = STACK.format(environment=name, cell=part.cell)
    write_all(files)
    return list(files)


def new_tenant(
    name: str,
    specification: Path,
    *,
    tier: TenantTier,
    owner: str,
    cost_center: str,
    residency: str = ANY,
) -> list[Path]:
    """Adds a tenant to `specification`, and a small node pool where its tier has nodes of its own.

    Raises `InputError` when the specification is wrong before or would be afterwards.
    """
    before = load(specification)
    text = specification.read_bytes().decode("utf-8")
    fields = {"name": name, "tier": tier.value, "owner": owner, "cost_center": cost_center}
    if residency != ANY:
        fields["residency"] = residency
    lines = [f"{key}: {_quoted(value)}" for key, value in fields.items()]
    changed = appended(text, "tenants", lines)
    if tier is not TenantTier.POOL:
        for path in _pool_lists(before):
            changed = appended(changed, path, POOL.format(tenant=name).splitlines())
    after = _checked(changed, before.name, place=yaml_source.display(specification))
    assert after.tenants[:-1] == before.tenants and after.tenants[-1].name == name
    _replace({specification: changed})
    return [specification]


def taken_networks(folder: Path) -> list[IPv4Network]:
    """Networks of every region of every specification in `folder`, also of those with mistakes."""
    return [item.cidr for draft in _drafts(folder) for item in draft.regions if item.cidr]


def write_all(files: Mapping[Path, str]) -> None:
    """Writes new files, all or none. Raises `InputError` naming every one that exists already."""
    existing = [yaml_source.display(path) for path in files if path.exists()]
    if existing:
        but = "nothing is overwritten"
        place, *more = existing
        got = f"it exists already, as {'does' if len(more) == 1 else 'do'} {', '.join(more)}"
        problem = Problem(place, "", got if more else "it exists already", but, "choose another name")
        raise InputError([problem], UNDONE)
    _replace(files)


def _replace(files: Mapping[Path, str]) -> None:
    """Puts every file in place after all of them were written beside their places."""
    waiting: dict[Path, Path] = {}
    done: list[Path] = []
    existed = {path for path in files if path.exists()}
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            waiting[path] = Path(temporary)
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
            mode = path.stat().st_mode & 0o777 if path in existed else 0o644
            waiting[path].chmod(mode)
        for path, finished in waiting.items():
            finished.replace(path)
            done.append(path)
    except OSError as error:
        for path in done:
            if path not in existed:
                path.unlink(missing_ok=True)
        place = str(error.filename or next(iter(files)))
        raise InputError(
            [
                Problem(
                    place,
                    "",
                    error.strerror or str(error),
                    "it cannot be written",
                    "check the folder, its permissions and the disk",
                )
            ],
            UNDONE,
        ) from None
    finally:
        for temporary_file in waiting.values():
            temporary_file.unlink(missing_ok=True)


def _refuse_wrong_names(name: str, regions: Sequence[str]) -> None:
    found = []
    if not re.fullmatch(NAME, name) or len(name) > LONGEST_NAME:
        but = f"a name is up to {LONGEST_NAME} of a-z, 0-9 and -, a letter first"
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789")[:LONGEST_NAME].rstrip("-")
        found.append(Problem("", "name", name, but, f"did you mean {slug}?" if slug else "such as research"))
    for region in regions:
        if not catalogue.is_region(region):
            but = f"AWS has no such region in the catalogue of {catalogue.AS_OF}"
            found.append(Problem("", "regions", region, but, suggestion(region, catalogue.REGIONS)))
    if not regions or len(set(regions)) < len(regions):
        got = ", ".join(regions) or "nothing"
        fix = " ".join(f"--region {region}" for region in dict.fromkeys(regions)) or "--region us-east-1"
        found.append(Problem("", "regions", got, "an environment has at least one region, each once", fix))
    if found:
        raise InputError(found, UNDONE)


def _drafts(folder: Path) -> list[Draft]:
    """Every specification in `folder`, as far as each can be read."""
    return [Draft.of(yaml_source.read(folder / f"{name}.yaml")) for name in names(folder)]


def _common_account(others: Sequence[Draft]) -> str:
    accounts = sorted({draft.head.account_id for draft in others if draft.head})
    if len(accounts) != 1:
        got = ", ".join(accounts) or "nothing"
        but = "the environments that exist are not all in one account"
        raise InputError([Problem("", "account_id", got, but, "say which: --account 123456789012")], UNDONE)
    return accounts[0]


def _tags(others: Sequence[Draft]) -> str:
    """The required tags of an environment that exists, or those there must be."""
    for tags in (draft.tags for draft in others):
        if tags is not None:
            rules = {
                key: {} if key == "environment" else rule.model_dump(exclude_defaults=True)
                for key, rule in tags.required.items()
            }
            return "".join(f"    {key}: {_flow(rule)}\n" for key, rule in rules.items())
    values = {"owner": "ml-platform", "cost-center": "cc-0000", "environment": "", "data-class": "internal"}
    return "".join(f"    {key}: {{{f'value: {value}' if value else ''}}}\n" for key, value in values.items())


def _residency(regions: Sequence[str]) -> str:
    """A zone for each part of the world, where there is more than one region."""
    if len(regions) < 2:
        return ""
    zones: dict[str, list[str]] = {}
    for region in regions:
        zones.setdefault(region.partition("-")[0], []).append(region)
    rows = "".join(f"    {zone}: [{', '.join(inside)}]\n" for zone, inside in zones.items())
    return f"residency:              # data of a zone never leaves its regions\n  zones:\n{rows}\n"


def _regions(networks: Mapping[str, IPv4Network]) -> str:
    return "".join(
        f"  - region: {region}\n    network: {{cidr: {block}}}\n" for region, block in networks.items()
    )


def _flow(value: object) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, width=1000, sort_keys=False)
    return text.strip()


def _quoted(text: str) -> str:
    """`text` as a YAML scalar that is read as text again."""
    plain = re.fullmatch(r"[A-Za-z][\w.@/ -]*(?<! )", text) and text.lower() not in ("true", "false", "null")
    return text if plain else _flow([text])[1:-1]


def _pool_lists(environment: Environment) -> list[str]:
    """Paths of the lists of node pools: the environment's, and those of regions with their own."""
    values = environment.source.values
    own = [f"regions[{index}].cluster.node_pools" for index, _ in enumerate(environment.regions)]
    return ["cluster.node_pools", *(path for path in own if path in values)]


def _checked(text: str, name: str, place: str = "") -> Environment:
    """The environment in `text`. Raises `InputError` with its problems, as if it stood at `place`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stacks" / f"{name}.yaml"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8", newline="")
        try:
            return load(path)
        except InputError as error:
            shown = place or f"stacks/{name}.yaml"
            moved = [Problem(shown, found.path, found.got, found.but, found.fix) for found in error.problems]
            raise InputError(moved, UNDONE) from None
