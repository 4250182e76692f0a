"""What each resource type is charged for: one small pure function a type.

    @estimator("aws:ec2/natGateway:NatGateway", usage=("processed_gb",))
    def nat_gateway(nat: Subject) -> Items:
        yield item("NAT gateway", HOURS, AmazonEC2("NatGateway-Hours"))
        yield item("data processed", nat.usage("processed_gb"), AmazonEC2("NatGateway-Bytes"))

An estimator says *what* is charged and *how much* of it; what a unit costs is looked up afterwards, so
a missing price makes one item unpriced and not the whole resource.
"""

from __future__ import annotations

import importlib
import pkgutil

from finops.estimators.registry import REGISTRY, Estimator, estimator, free_types
from finops.estimators.subject import Item, Rate, Subject, Undetermined, Unpriceable, item

__all__ = [
    "REGISTRY",
    "Estimator",
    "Item",
    "Rate",
    "Subject",
    "Undetermined",
    "Unpriceable",
    "estimator",
    "free_types",
    "item",
]

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_module.name)
