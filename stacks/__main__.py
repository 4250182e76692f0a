"""The program of every stack: builds the cell that the stack's configuration names."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

# The code and specifications beside this file, not those of an installed copy: a plan of another commit
# runs that commit's.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pulumi
import pulumi_aws as aws

from components.cells import GlobalCell, GlobalCellArgs, RegionalCell, RegionalCellArgs
from problems import InputError
from stacks.specification import ALL, GLOBAL, Environment, environment_of
from stacks.state_place import refuse_another_backend


def build(environment: Environment, cell: str) -> None:
    """The global cell, a region, or all of them: then in the order in which stacks would be deployed."""
    if cell == GLOBAL:
        _global(environment)
    elif cell != ALL:
        _regional(environment, cell, after=[])
    else:
        spanning = _global(environment)
        home = _regional(environment, environment.home_region, after=[spanning])
        for region in environment.region_names[1:]:
            _regional(environment, region, after=[spanning, home])


def _global(environment: Environment) -> GlobalCell:
    args = GlobalCellArgs(
        cell=environment.cell(environment.home_region),
        feature_store=environment.feature_store,
        residency=dict(environment.zones),
        tenants=list(environment.tenants),
        data_plane=environment.data_plane,
        budget=environment.budget,
    )
    made = GlobalCell(GLOBAL, args, _options(environment, GLOBAL, environment.home_region, after=[]))
    pulumi.export(GLOBAL, {"role_arns": made.role_arns, "tenant_keys": made.tenant_keys})
    return made


def _regional(environment: Environment, region: str, *, after: Sequence[pulumi.Resource]) -> RegionalCell:
    settings = environment.region(region)
    args = RegionalCellArgs(
        cell=environment.cell(region),
        network=settings.network,
        cluster=settings.cluster,
        feature_store=environment.feature_store,
        residency=dict(environment.zones),
        tenants=list(environment.tenants),
        data_plane=environment.data_plane,
    )
    made = RegionalCell(region, args, _options(environment, region, region, after=after))
    pulumi.export(
        region,
        {
            "vpc_id": made.vpc_id,
            "cluster": made.cluster_name,
            "silo_clusters": made.silo_cluster_names,
            "feature_store_yaml": made.feature_store_yaml,
            "feature_registry": made.feature_registry,
        },
    )
    return made


def _options(
    environment: Environment, name: str, region: str, *, after: Sequence[pulumi.Resource]
) -> pulumi.ResourceOptions:
    """A provider of the cell's own: right account or nothing, and the required tags on what is created
    without tags of its own.

    Cells refer to each other by name only, so their order must be said: without `after`, a first
    deployment would create tables before the buckets and keys that they lie in.
    """
    provider = aws.Provider(
        f"aws-{name}",
        region=region,
        allowed_account_ids=[environment.account_id],
        default_tags={"tags": environment.tags},
    )
    return pulumi.ResourceOptions(providers=[provider], depends_on=list(after))


def main() -> None:
    config = pulumi.Config("tradewind")
    given = {key: config.get(key) for key in ("environment", "cell")}
    try:
        environment, cell = environment_of(
            {f"tradewind:{key}": value for key, value in given.items() if value}
        )
        # A look at what would happen may be had from anywhere; state must not come to be in two places.
        if not pulumi.runtime.is_dry_run():
            project = Path(__file__).resolve().parents[1]
            refuse_another_backend(environment, cell, pulumi.get_stack(), project, os.environ)
    except InputError as error:
        # Pulumi shows this error's text alone, without a traceback.
        raise pulumi.RunError(str(error)) from None
    build(environment, cell)


if __name__ == "__main__":
    main()
