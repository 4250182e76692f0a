"""One program, two ways: with `remote` through the package, otherwise the classes themselves.

`only` names the components to make, or `wrong` for the one that `wrong.json` describes.
"""

import json
import pathlib

import arguments as given
import pulumi

config = pulumi.Config()
only = (config.get("only") or "").split(",")


def remote(kind, name, **args):
    import pulumi_tradewind

    return getattr(pulumi_tradewind, kind)(name, **args)


def in_process(kind, name, **args):
    from components.package import COMPONENTS, args_of

    component = next(one for one in COMPONENTS if one.__name__ == kind)
    return component(name, args_of(component).model_validate(args))


def make(kind, name, **args):
    """The component with its outputs exported."""
    if only != [""] and kind not in only:
        return None
    made = (remote if config.get_bool("remote") else in_process)(kind, name, **args)
    names = {*dir(type(made)), *getattr(type(made), "__annotations__", {})} - {"urn", "id"}
    found = {key: getattr(made, key, None) for key in sorted(names)}
    pulumi.export(name, {key: one for key, one in found.items() if isinstance(one, pulumi.Output)})
    return made


def everything():
    network = make("Network", "network", cell=given.CELL, **given.NETWORK)
    make("FeatureStore", "store", cell=given.CELL, store=given.STORE, residency=given.RESIDENCY)
    make("TenantKey", "key", cell=given.CELL, tenant="search", regions=["eu-west-1"], residency="eu")
    make("Spending", "spending", cell=given.CELL, budget=given.BUDGET, tenants=given.TENANTS)
    if only == [""]:
        in_the(network)
        cells()


def in_the(network):
    """What takes a network's outputs."""
    make(
        "Cluster",
        "cluster",
        cell=given.CELL,
        vpc_id=network.vpc_id,
        private_subnet_ids=network.private_subnet_ids,
        pod_subnet_ids=network.pod_subnet_ids,
        zones=network.zones,
        **given.CLUSTER,
    )
    # Plain values do as well, and so do single outputs inside a list.
    make(
        "Cluster",
        "small",
        cell=given.CELL,
        name_suffix="small",
        access={"administrators": ["role/ml-platform-deployer"]},
        pod_networking="node-subnets",
        vpc_id="vpc-0123456789abcdef0",
        private_subnet_ids=[network.private_subnet_ids[0], "subnet-0123456789abcdef0"],
    )
    make(
        "FeatureStoreRegion",
        "store-eu-west-1",
        cell=given.CELL,
        store=given.STORE,
        residency=given.RESIDENCY,
        vpc_id=network.vpc_id,
        data_subnet_ids=network.data_subnet_ids,
        client_cidrs=["10.24.0.0/16"],
    )


def cells():
    common = {
        "cell": given.OTHER,
        "feature_store": given.STORE,
        "residency": given.RESIDENCY,
        "data_plane": given.DATA_PLANE,
    }
    make("GlobalCell", "global", tenants=given.TENANTS, budget=given.BUDGET, **common)
    network = {**given.NETWORK, "cidr": "10.28.0.0/16"}
    make(
        "RegionalCell",
        "eu-west-1",
        network=network,
        cluster=given.CLUSTER,
        tenants=given.TENANTS,
        **common,
    )


def wrong():
    case = json.loads(pathlib.Path("wrong.json").read_text())
    late = pulumi.Output.secret("late")
    remote(
        case["component"],
        "wrong",
        **replaced(case["args"], {"$late": late, "$secret": pulumi.Output.secret("hunter2")}),
    )


def replaced(value, outputs):
    if isinstance(value, dict):
        return {key: replaced(item, outputs) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, outputs) for item in value]
    return outputs.get(value, value) if isinstance(value, str) else value


if only == ["wrong"]:
    wrong()
else:
    everything()
