"""What an EC2 instance type is: processors, memory, accelerators, and what its name says.

Figures come from `prices/instances.csv`; where nobody listed a type there, its processors follow from
its size, which holds for 759 of the 764 types that are listed (the five exceptions are corrected), and
its memory from its family: 2, 4 and 8 GiB a processor for `c`, `m` and `r`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

__all__ = ["Instance", "instances"]

TABLE = Path(__file__).parent / "prices" / "instances.csv"
NAME = re.compile(r"(?P<category>[a-z]+?(?=\d|-))-?(?P<generation>\d+)?(?P<options>[a-z0-9-]*)")


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance type; `memory_gib` is None where it is not listed."""

    type: str
    vcpu: int
    memory_gib: Decimal | None
    accelerators: Decimal
    accelerator: str

    @property
    def family(self) -> str:
        return self.type.partition(".")[0]

    @property
    def size(self) -> str:
        return self.type.partition(".")[2]

    @property
    def category(self) -> str:
        """The letters the family begins with: `m`, `inf`, `trn`."""
        found = NAME.match(self.family)
        return found["category"] if found else self.family

    @property
    def generation(self) -> int:
        found = NAME.match(self.family)
        return int(found["generation"] or 0) if found else 0

    @property
    def architecture(self) -> str:
        """`arm64` for Graviton: a `g` right after the generation, and `a1`."""
        found = NAME.match(self.family)
        options = found["options"] if found else ""
        return "arm64" if options.startswith("g") or self.family == "a1" else "amd64"

    @property
    def is_nvidia(self) -> bool:
        return self.accelerator.startswith("NVIDIA")

    def units(self, resource: str) -> Decimal:
        """How much of a Kubernetes resource one node offers: `cpu`, `memory` (GiB), `nvidia.com/gpu`, ..."""
        if resource == "cpu":
            return Decimal(self.vcpu)
        if resource == "memory":
            return self.memory_gib or Decimal(0)
        if resource == "nvidia.com/gpu":
            return self.accelerators if self.is_nvidia else Decimal(0)
        if resource in ("aws.amazon.com/neuron", "aws.amazon.com/neurondevice"):
            return self.accelerators if self.category in ("inf", "trn") else Decimal(0)
        return Decimal(0)


@cache
def instances() -> Mapping[str, Instance]:
    """Every known instance type."""
    found = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            memory = Decimal(row["memory_gib"]) if row["memory_gib"] else None
            name = row["instance_type"]
            found[name] = Instance(
                name, int(row["vcpu"]), memory, Decimal(row["accelerators"]), row["accelerator"]
            )
    return found
