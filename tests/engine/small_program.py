"""A small program for the specifications of this project: an environment's network and feature store.

It stands in for `stacks/__main__.py` in the copy of a sandbox where a test runs the engine many times: the
resources are real components', without the clusters that make up most of a run's time.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.base import extended
from components.feature_store.feature_store import FeatureStore, FeatureStoreArgs
from components.network.network import Network, NetworkArgs
from stacks.specification import environment_of


def main() -> None:
    config = pulumi.Config("tradewind")
    environment, _ = environment_of({"tradewind:environment": config.require("environment")})
    region = environment.home_region
    cell = environment.cell(region)
    provider = aws.Provider(
        "aws",
        region=region,
        allowed_account_ids=[environment.account_id],
        default_tags={"tags": environment.tags},
    )
    options = pulumi.ResourceOptions(providers=[provider])
    network = extended(NetworkArgs, environment.region(region).network, cell=cell)
    Network(f"network-{region}", network, options)
    zones = dict(environment.zones)
    store = FeatureStoreArgs(cell=cell, store=environment.feature_store, residency=zones)
    FeatureStore("feature-store", store, options)


main()
