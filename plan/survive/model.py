"""What is said about the loss of a region."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from plan.graph import Resource

__all__ = [
    "Copy",
    "PathLoss",
    "Reason",
    "RegionLoss",
    "Role",
    "Store",
    "StoreLoss",
    "Survival",
    "Typical",
    "Verdict",
    "worst",
]

Verdict: TypeAlias = Literal["yes", "degraded", "no", "unknown"]
"""yes: all of it remains, with access now. degraded: it waits, or loses seconds. no: it is gone.
unknown: it cannot be told from the graph."""

Role: TypeAlias = Literal["writer", "reader", "backup"]

Access: TypeAlias = Literal["now", "after promotion", "after restore", "none", "unknown"]

_GRAVITY: dict[Verdict, int] = {"yes": 0, "degraded": 1, "unknown": 2, "no": 3}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest of `verdicts`: no, unknown, degraded, yes; "yes" for none."""
    return max(verdicts, key=_GRAVITY.__getitem__, default="yes")


@dataclass(frozen=True, slots=True)
class Typical:
    """A figure the vendor documents as typical: no guarantee. `seconds` None: no figure is given."""

    seconds: float | None
    text: str
    source: str
    seen: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence, the resource it is about and where that stands in the program."""

    text: str
    urn: str = ""
    source: str = ""

    @classmethod
    def of(cls, resource: Resource, text: str) -> Reason:
        return cls(text, resource.urn, resource.source)


@dataclass(frozen=True, slots=True)
class Copy:
    """One place where a store's data lies.

    `role` says what it can do at once: `writer` reads and writes, `reader` must be promoted before it
    takes writes, `backup` must be restored. `lag` is what it may lack of the latest writes elsewhere,
    None for nothing. `key_region` is where the key lies that it is encrypted with, "" where that is
    its own region or a key of the service; `untold` says why it cannot be told whether it works.
    """

    region: str
    role: Role
    because: Reason
    lag: Typical | None = None
    wait: Typical | None = None
    key: Reason | None = None
    key_region: str = ""
    untold: Reason | None = None
    may_write: bool = False
    """A reader of which it cannot be told that it is none: its loss counts as a writer's."""
    own: bool = False
    """Not a copy but the like in another region: serves on, holds nothing of what was lost."""
    origin: bool = False
    """Where this data came from: its loss costs the store here nothing that it has."""


@dataclass(frozen=True, slots=True)
class Store:
    """What holds data: where all its copies lie.

    `keeps` is "data" for what would be missed, "transient" for what is on its way or logged: its loss
    degrades, and "rebuilt" for caches and catalogues: the like in another region is as good.
    `transient` says what of it is lost, and how many seconds of it. `remarks` explain what is
    not there ("replication is switched off").
    """

    urn: str
    name: str
    kind: str
    copies: tuple[Copy, ...]
    keeps: Literal["data", "transient", "rebuilt"] = "data"
    transient: str = ""
    transient_seconds: float | None = None
    remarks: tuple[Reason, ...] = ()
    untold: tuple[Reason, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class StoreLoss:
    """What the loss of a region does to one store that has data there.

    `data_loss_seconds`: of the latest writes, typically; 0 none, None when no figure can be given.
    """

    urn: str
    name: str
    kind: str
    verdict: Verdict
    data_loss_seconds: float | None
    access: Access
    chain: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class PathLoss:
    """What the loss of a region does to one way of serving: a cluster, a name, a route."""

    urn: str
    name: str
    kind: str
    verdict: Verdict
    chain: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class RegionLoss:
    """The answer for one region. `because` are the reasons for the verdict, the gravest first;
    `notes` are true besides and change nothing (where control planes live)."""

    region: str
    verdict: Verdict
    because: tuple[Reason, ...] = ()
    stores: tuple[StoreLoss, ...] = ()
    paths: tuple[PathLoss, ...] = ()
    notes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Survival:
    """One answer per region of the graph, by region."""

    regions: tuple[RegionLoss, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The gravest of all regions: may any one of them be lost?"""
        return worst(loss.verdict for loss in self.regions)

    def losing(self, region: str) -> RegionLoss | None:
        return next((loss for loss in self.regions if loss.region == region), None)
