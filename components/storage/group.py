"""A group of data: what has one residency and one owner, and so shares keys, buckets and copies.

Pure functions of names. The group's regions are those in which its data lies, the first one being its
home; nothing of a group is ever made outside them.
"""

from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from components.environment_settings import ANY, Tenant, regions_of
from components.model import Cell
from components.naming import arn, bucket_name, name, partition

__all__ = ["Group", "placed"]


@dataclass(frozen=True)
class Group:
    """Where the data of one `part` of the platform (such as `data` or `tracking`) lies, and whose it is."""

    part: str
    residency: str
    tenant: Optional[Tenant]
    """None for what several tenants share."""
    regions: Tuple[str, ...]
    data_class: str

    @property
    def home(self) -> str:
        return self.regions[0]

    @property
    def second(self) -> Optional[str]:
        """Where backups are copied to; none where the residency has one region only."""
        return self.regions[1] if len(self.regions) > 1 else None

    @property
    def label_parts(self) -> Tuple[str, ...]:
        """The group in physical names: its zone and its tenant, nothing for what all share everywhere."""
        zone = () if self.residency == ANY else (self.residency,)
        return (*zone, *((self.tenant.name,) if self.tenant else ()))

    @property
    def label(self) -> str:
        """What tells the group apart in the program: `shared`, `eu`, `eu-acme`."""
        return "-".join(self.label_parts) or "shared"

    @property
    def tags(self) -> Dict[str, str]:
        """Where the data may lie and how much harm a disclosure does; who answers and pays, if one tenant."""
        own = {"data-class": self.data_class, "residency": self.residency}
        if self.tenant is None:
            return own
        paid_by = {"owner": self.tenant.owner, "cost-center": self.tenant.cost_center}
        return {**own, **paid_by, "tenant": self.tenant.name}

    def alias(self, cell: Cell) -> str:
        """Alias of the group's key, the same in each of its regions."""
        return f"alias/{name(cell, self.part, *self.label_parts, limit=200)}"

    def bucket(self, cell: Cell, region: str) -> str:
        return bucket_name(cell, self.part, *self.label_parts, region=region)

    def bucket_arn(self, cell: Cell, region: str) -> str:
        return f"arn:{partition(region)}:s3:::{self.bucket(cell, region)}"

    def bucket_arns(self, cell: Cell) -> List[str]:
        return [self.bucket_arn(cell, region) for region in self.regions]

    def role(self, cell: Cell, kind: str, *parts: str) -> str:
        """Name of a role, at most 64 characters: `kind` says what it is for."""
        return name(cell, self.part, kind, *(parts or self.label_parts), limit=64)

    def vault(self, cell: Cell, region: str) -> str:
        """Backup vaults are named within their region, at most 50 characters."""
        return name(cell, self.part, *self.label_parts, region=region, limit=50)

    def vault_arn(self, cell: Cell, region: str) -> str:
        return arn(cell, "backup", f"backup-vault:{self.vault(cell, region)}", region=region)


def placed(
    residency: str, regions: Sequence[str], zones: Mapping[str, List[str]], *, copies: int
) -> Tuple[str, ...]:
    """The first `copies` regions of the environment in which data of `residency` may lie; none if no zone."""
    if residency != ANY and residency not in zones:
        return ()
    return tuple(regions_of(residency, list(regions), dict(zones))[:copies])
