from dataclasses import dataclass
from typing import Any, Dict, List, Optional

import pulumi

from .database import Database
from .network import Network


@dataclass
class EnvironmentArgs:
    cidr: str
    zones: List[str]
    tiers: List[Dict[str, Any]]
    database_class: str


class Environment(pulumi.ComponentResource):
    """A network with tiers of subnets, and a database in the last of them."""

    vpc_id: pulumi.Output[str]
    database_endpoint: pulumi.Output[str]

    def __init__(self, name: str, args: EnvironmentArgs, opts: Optional[pulumi.ResourceOptions] = None):
        super().__init__("library:index:Environment", name, {}, opts)
        network = Network(
            f"{name}-network",
            cidr=args.cidr,
            zones=args.zones,
            tiers=args.tiers,
            opts=pulumi.ResourceOptions(
                parent=self,
                # The network stood beside the environment once
                aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)],
            ),
        )
        database = Database(
            f"{name}-database",
            subnet_ids=network.tiers["app"].subnet_ids,
            vpc_id=network.vpc.id,
            instance_class=args.database_class,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[network]),
        )
        self.vpc_id = network.vpc.id
        self.database_endpoint = database.cluster.endpoint
        self.register_outputs({"vpcId": self.vpc_id, "databaseEndpoint": self.database_endpoint})
