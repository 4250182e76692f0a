"""`tradewind new`: scaffolding that plans clean at once."""

from __future__ import annotations

from pathlib import Path

import click

from problems import InputError, Problem

__all__ = ["command"]

CLASSES = ("development", "staging", "production")
TIERS = ("pool", "bridge", "silo")


@click.group("new")
def command() -> None:
    """Write an environment, a tenant or a component that plans clean at once."""


def project_root() -> Path:
    """The folder of this project, here or above. Raises `InputError` outside of one."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "Pulumi.yaml").is_file() and (folder / "stacks").is_dir():
            return folder
    problem = Problem(
        str(Path.cwd()),
        "",
        "no Pulumi.yaml with a folder stacks/ here or above",
        "there is no project to write into",
        "change into a clone of this project",
    )
    raise InputError([problem], "nothing was written")


def _specification(root: Path, name: str) -> Path:
    """The specification of an environment that exists. Raises `InputError`."""
    from problems.explain import suggestion
    from stacks.specification import names

    known = names(root / "stacks")
    if name not in known:
        fix = suggestion(name, known) or f"tradewind new environment {name}"
        but = "stacks/ has no such specification"
        raise InputError([Problem("", "environment", name, but, fix)], "nothing was written")
    return root / "stacks" / f"{name}.yaml"


def _say(root: Path, files: list[Path], then: str, *, verb: str = "wrote") -> None:
    for file in files:
        click.echo(f"{verb} {file.relative_to(root) if file.is_relative_to(root) else file}")
    click.echo(f"now   {then}")


@command.command("environment")
@click.argument("name", required=False)
@click.option(
    "--region",
    "regions",
    multiple=True,
    default=["us-east-1"],
    show_default=True,
    metavar="REGION",
    help="A region; may be repeated, the home region first.",
)
@click.option(
    "--class",
    "environment_class",
    type=click.Choice(CLASSES),
    default="development",
    show_default=True,
    help="How safe it must be, and so what it costs.",
)
@click.option("--account", "account_id", metavar="ID", help="The AWS account; that of the others by default.")
@click.option(
    "--suggest-network", is_flag=True, help="Print an unused network for each region, write nothing."
)
def environment(
    name: str | None,
    regions: tuple[str, ...],
    environment_class: str,
    account_id: str | None,
    suggest_network: bool,
) -> None:
    """Write stacks/NAME.yaml and the configuration of its stacks."""
    from components.model import EnvironmentClass
    from components.network.address_plan import free_networks
    from stacks import scaffold

    root = project_root()
    if suggest_network:
        for region, block in free_networks(scaffold.taken_networks(root / "stacks"), regions).items():
            click.echo(f"{region}  {block}")
        return
    if not name:
        raise click.UsageError("Missing argument 'NAME'.")
    files = scaffold.new_environment(
        name,
        root,
        regions=regions,
        environment_class=EnvironmentClass(environment_class),
        account_id=account_id,
    )
    _say(root, files, f"tradewind plan {name}")
    if environment_class != "development":
        click.echo(f"then  tradewind state {name} --bootstrap   (bucket and key of the state, once a region)")


@command.command("tenant")
@click.argument("environment")
@click.argument("name")
@click.option(
    "--tier",
    type=click.Choice(TIERS),
    default="pool",
    show_default=True,
    help="How much the tenant has of its own.",
)
@click.option("--owner", required=True, metavar="TEAM", help="Value of the tag `owner`.")
@click.option("--cost-center", required=True, metavar="CODE", help="Value of the tag `cost-center`.")
@click.option("--residency", default="any", show_default=True, metavar="ZONE", help="Where its data may lie.")
def tenant(environment: str, name: str, tier: str, owner: str, cost_center: str, residency: str) -> None:
    """Add the tenant NAME to ENVIRONMENT's specification."""
    from components.environment_settings import TenantTier
    from stacks import scaffold

    root = project_root()
    files = scaffold.new_tenant(
        name,
        _specification(root, environment),
        tier=TenantTier(tier),
        owner=owner,
        cost_center=cost_center,
        residency=residency,
    )
    _say(root, files, f"tradewind plan {environment}", verb="changed")


@command.command("component")
@click.argument("name")
def component(name: str) -> None:
    """Write a component NAME (PascalCase) with its settings and a test that passes."""
    from stacks.scaffold_component import new_component

    root = project_root()
    files = new_component(name, root)
    _say(
        root,
        files,
        f"pytest {next((str(it.relative_to(root)) for it in files if 'tests' in it.parts), 'tests/components')}",
    )
