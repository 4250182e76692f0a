"""Add-ons and access of a cluster: versions, configuration, entries, kubeconfig."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.cluster import versions as cluster_versions
from components.cluster.access import entries_of, kubeconfig, principal_arn
from components.cluster.access_settings import Access, AccessPolicy
from components.cluster.addons import (
    BEFORE_NODES,
    RIGHTS,
    configuration,
    eni_configuration,
    merged,
    versions,
)
from components.cluster.nodes import MAX_PODS, user_data
from components.cluster.settings import (
    Addons,
    OperatingSystem,
    OptionalAddon,
    PodNetworking,
)
from components.model import Cell

CELL = Cell(environment="prod", region="eu-west-1", regions=["eu-west-1"], account_id="123456789012")

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.text("ab", min_size=1, max_size=1), inner, max_size=3),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(st.text("ab", min_size=1, max_size=1), VALUES, max_size=3)


def test_a_cluster_has_the_catalogues_versions() -> None:
    chosen = versions(cluster_versions.DEFAULT, Addons())
    assert list(chosen) == list(cluster_versions.ADDONS)
    assert chosen == {
        name: version
        for name, version in cluster_versions.catalogued(cluster_versions.DEFAULT).items()
        if name in cluster_versions.ADDONS
    }


def test_a_version_that_is_given_wins() -> None:
    chosen = versions("1.36", Addons(versions={"coredns": "v1.15.0-eksbuild.1"}))
    assert chosen["coredns"] == "v1.15.0-eksbuild.1"
    assert chosen["vpc-cni"] == cluster_versions.catalogued("1.36")["vpc-cni"]


def test_what_any_pod_needs_comes_before_the_nodes() -> None:
    assert set(BEFORE_NODES) < set(cluster_versions.ADDONS)
    assert {"vpc-cni", "eks-pod-identity-agent"} <= set(BEFORE_NODES)


def test_every_optional_add_on_has_rights_of_its_own() -> None:
    for addon in OptionalAddon:
        assert RIGHTS[addon.value].policies or RIGHTS[addon.value].document


@given(ours=MAPPINGS, theirs=MAPPINGS)
def test_what_is_given_is_laid_over_what_is_ours(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    result = merged(ours, theirs)
    assert set(result) == set(ours) | set(theirs)
    for key, value in theirs.items():
        if not isinstance(value, dict) or not isinstance(ours.get(key), dict):
            assert result[key] == value
    assert merged(result, theirs) == result


@given(ours=MAPPINGS)
def test_nothing_given_changes_nothing(ours: dict[str, Any]) -> None:
    assert merged(ours, {}) == ours


def test_a_nested_setting_leaves_its_neighbours() -> None:
    ours = configuration("vpc-cni", PodNetworking.POD_SUBNETS)
    result = merged(ours, {"env": {"WARM_PREFIX_TARGET": "2"}})
    assert result["env"] == {**ours["env"], "WARM_PREFIX_TARGET": "2"}
    assert result["enableNetworkPolicy"] == "true"


def test_pods_of_a_zone_get_addresses_in_that_zone() -> None:
    eni = eni_configuration("eu-west-1", ["eu-west-1a", "eu-west-1b"], ["subnet-1", "subnet-2"])
    assert eni["subnets"] == {"eu-west-1a": {"id": "subnet-1"}, "eu-west-1b": {"id": "subnet-2"}}


def test_as_many_pod_subnets_as_zones() -> None:
    with pytest.raises(ValueError, match="shorter"):
        eni_configuration("eu-west-1", ["eu-west-1a", "eu-west-1b"], ["subnet-1"])


def test_custom_networking_only_with_pod_subnets() -> None:
    custom = "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"
    assert configuration("vpc-cni", PodNetworking.POD_SUBNETS)["env"][custom] == "true"
    assert custom not in configuration("vpc-cni", PodNetworking.NODE_SUBNETS)["env"]
    for networking in PodNetworking:
        assert configuration("vpc-cni", networking)["env"]["ENABLE_PREFIX_DELEGATION"] == "true"


@pytest.mark.parametrize("name", ["coredns", "metrics-server"])
def test_what_all_pods_need_runs_on_system_nodes(name: str) -> None:
    tolerations = configuration(name, PodNetworking.POD_SUBNETS)["tolerations"]
    assert {"key": "CriticalAddonsOnly", "operator": "Exists"} in tolerations


@pytest.mark.parametrize("system", list(OperatingSystem))
def test_every_system_is_told_how_many_pods_fit(system: OperatingSystem) -> None:
    assert str(MAX_PODS) in base64.b64decode(user_data(system)).decode()


def test_administrators_come_first_and_have_every_right() -> None:
    access = Access.model_validate(
        {
            "administrators": ["role/deployer", "user/break-glass"],
            "entries": [{"principal": "role/x", "policy": "AmazonEKSViewPolicy", "namespaces": ["team"]}],
        }
    )
    assert [(entry.principal, entry.policy, entry.namespaces) for entry in entries_of(access)] == [
        ("role/deployer", AccessPolicy.CLUSTER_ADMIN, []),
        ("user/break-glass", AccessPolicy.CLUSTER_ADMIN, []),
        ("role/x", AccessPolicy.VIEW, ["team"]),
    ]


def test_a_bare_principal_is_of_the_cells_account() -> None:
    assert principal_arn(CELL, "role/deployer") == "arn:aws:iam::123456789012:role/deployer"
    assert principal_arn(CELL, "arn:aws:iam::999999999999:role/x") == "arn:aws:iam::999999999999:role/x"


def test_a_kubeconfig_asks_iam_and_holds_no_secret() -> None:
    text = kubeconfig(
        name="c", region="eu-west-1", endpoint="https://x", certificate_authority="Q0E=", deployer="arn:r"
    )
    (user,) = json.loads(text)["users"]
    assert set(user["user"]) == {"exec"}
    command = user["user"]["exec"]
    assert command["command"] == "aws"
    assert " ".join(command["args"]) == (
        "eks get-token --cluster-name c --region eu-west-1 --output json --role-arn arn:r"
    )
    (cluster,) = json.loads(text)["clusters"]
    assert cluster["cluster"] == {"server": "https://x", "certificate-authority-data": "Q0E="}


def test_without_a_deployer_no_role_is_assumed() -> None:
    text = kubeconfig(name="c", region="eu-west-1", endpoint="https://x", certificate_authority="Q0E=")
    assert "--role-arn" not in text
