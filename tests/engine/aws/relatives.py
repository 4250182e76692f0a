"""Values that a new resource takes from what it refers to: a cluster's VPC, a listener's load balancer."""

from __future__ import annotations

import json
import secrets
import uuid
from typing import Any

from .settings import Settings
from .world import World

PORTS = {"mysql": 3306, "aurora-mysql": 3306, "mariadb": 3306}
_CLUSTER = "aws:eks/cluster:Cluster"


def related(world: World, token: str, inputs: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Fields for `forms.py` and `nested.py`, only those that make sense for `inputs`."""
    found: dict[str, Any] = {"bare_name": str(inputs.get("name", "")).lstrip("/")}
    subnets = [*(inputs.get("subnets") or ()), *((inputs.get("vpcConfig") or {}).get("subnetIds") or ())]
    if subnets:
        found["of_subnets"] = _property(world, "aws:ec2/subnet:Subnet", subnets[0], "vpcId")
    if token == "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":
        found["of_vpc"] = _property(world, "aws:ec2/vpc:Vpc", inputs.get("vpcId"), "defaultSecurityGroupId")
    if "loadBalancerArn" in inputs:
        found["name_of_balancer"] = (
            str(inputs["loadBalancerArn"]).rpartition("loadbalancer/")[2].split("/")[1:2]
        )
        found["name_of_balancer"] = "".join(found["name_of_balancer"])
    found["balancer"] = "net" if inputs.get("loadBalancerType") == "network" else "app"
    found["name_of_cluster"] = str(inputs.get("cluster") or "default").rpartition("/")[2]
    found["host_of_url"] = str(inputs.get("url", "")).removeprefix("https://")
    found["key_of_target"] = str(inputs.get("targetKeyId", "")).rpartition("/")[2]
    found["key_of_primary"] = str(inputs.get("primaryKeyArn", "")).rpartition("/")[2]
    found["key_id"] = f"mrk-{secrets.token_hex(16)}" if inputs.get("multiRegion") else str(uuid.uuid4())
    found["database_port"] = PORTS.get(str(inputs.get("engine")), 5432)
    if token == _CLUSTER:
        found.update(_free_cluster(world))
    return found


def _property(world: World, type: str, id: Any, name: str) -> str:
    things = world.things(type, id=str(id)) if id else []
    return str(things[0].properties.get(name, "")) if things else ""


def _free_cluster(world: World) -> dict[str, str]:
    """The first real API server of the pool that no cluster has; nothing where there is no pool.

    Taking one is the claim `cluster-endpoint:URL` of the new cluster, in the transaction that makes it.
    """
    file = world.folder / "clusters.json"
    if not file.exists():
        return {}
    for entry in json.loads(file.read_text(encoding="utf-8")):
        if not world.claimed(f"cluster-endpoint:{entry['endpoint']}"):
            return {
                "cluster_endpoint": entry["endpoint"],
                "cluster_authority": entry["certificate_authority"],
            }
    raise RuntimeError("every API server of clusters.json is taken: the test needs a larger pool")
