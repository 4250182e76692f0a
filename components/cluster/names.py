"""Every name of one cluster, as a pure function of where it stands.

Roles, profiles and policies live in one namespace for all regions, so the region is in every name.
"""

from dataclasses import dataclass

from components import naming
from components.model import Cell

__all__ = ["ClusterNames"]


@dataclass(frozen=True)
class ClusterNames:
    """Names of the cell's cluster, or of a further one (a silo tenant's own) where `suffix` is given."""

    cell: Cell
    suffix: str = ""

    def _name(self, *parts: str, limit: int) -> str:
        own = (self.suffix,) if self.suffix else ()
        return naming.name(self.cell, "cluster", *own, *parts, region=self.cell.region, limit=limit)

    @property
    def cluster(self) -> str:
        """At most 100 characters, EKS' limit."""
        return self._name(limit=100)

    @property
    def arn(self) -> str:
        return naming.arn(self.cell, "eks", f"cluster/{self.cluster}", region=self.cell.region)

    @property
    def network(self) -> str:
        """What the network's subnets for nodes carry as their tag `karpenter.sh/discovery`."""
        return naming.name(self.cell, region=self.cell.region)

    @property
    def log_group(self) -> str:
        """Where EKS writes control plane logs: the name is EKS' own."""
        return f"/aws/eks/{self.cluster}/cluster"

    @property
    def log_group_arn(self) -> str:
        return naming.arn(self.cell, "logs", f"log-group:{self.log_group}", region=self.cell.region)

    def role(self, part: str) -> str:
        """Name of a role or instance profile, at most 64 characters."""
        return self._name(part, limit=64)

    def role_arn(self, part: str) -> str:
        return naming.arn(self.cell, "iam", f"role/{self.role(part)}")

    def profile_arn(self, part: str) -> str:
        return naming.arn(self.cell, "iam", f"instance-profile/{self.role(part)}")

    @property
    def queue(self) -> str:
        """The queue of interruptions, at most 80 characters."""
        return self._name("interruptions", limit=80)

    @property
    def queue_arn(self) -> str:
        return naming.arn(self.cell, "sqs", self.queue, region=self.cell.region)

    def rule(self, event: str) -> str:
        """Name of an EventBridge rule, at most 64 characters."""
        return self._name(event, limit=64)

    def rule_arn(self, event: str) -> str:
        return naming.arn(self.cell, "events", f"rule/{self.rule(event)}", region=self.cell.region)

    def alias(self, key: str) -> str:
        """Alias of a KMS key."""
        return f"alias/{self._name(key, limit=100)}"

    def group(self, part: str) -> str:
        """Name of a group of nodes, their launch template or a security group, at most 63 characters."""
        return self._name(part, limit=63)
