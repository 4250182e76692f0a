"""How a region's addresses are divided: pure arithmetic over IPv4 networks.

A VPC is cut into eighths. Each zone has a fixed place in each tier, whether the zone is used or not, so
adding a zone never moves a subnet that exists (a moved subnet is a replaced subnet, with all in it):

    private   4 x 1/8   nodes, interface endpoints, internal load balancers
    public    4 x 1/16  NAT gateways and internet-facing load balancers
    data      4 x 1/32  databases and caches; no route to the internet
    (spare)   1/8       left for what comes later

Pods live in a secondary network, by default 100.64.0.0/16, a quarter of it per zone. It is the same in
every region on purpose: it is routed inside its VPC only and hidden behind the node's address outside,
so it cannot collide. What can collide between regions, and is checked, is the VPC's own network.
"""

import ipaddress
import itertools
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Dict, Iterable, List, Mapping, Optional, Tuple

from components.model import refused

__all__ = [
    "MAX_ZONES",
    "AddressPlan",
    "ZonePlan",
    "address_plan",
    "free_network",
    "free_networks",
    "network",
    "overlaps",
]

MAX_ZONES = 4
PRIVATE_RANGES = tuple(
    ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
POD_RANGE = ipaddress.IPv4Network("100.64.0.0/10")


@dataclass(frozen=True)
class ZonePlan:
    """The subnets of one availability zone."""

    private: IPv4Network
    public: IPv4Network
    data: IPv4Network
    pods: IPv4Network


@dataclass(frozen=True)
class AddressPlan:
    """A VPC's networks and its zones' subnets, in the order of the zones."""

    vpc: IPv4Network
    pods: IPv4Network
    zones: Tuple[ZonePlan, ...]

    def subnets(self) -> List[IPv4Network]:
        return [part for zone in self.zones for part in (zone.private, zone.public, zone.data, zone.pods)]


def address_plan(cidr: str, pod_cidr: str, *, zones: int) -> AddressPlan:
    """The plan of a VPC `cidr` (/16 to /20) with pods in `pod_cidr` (/16 to /20) over `zones` (1 to 4).

    Raises `ValueError` when there are more zones than places.
    """
    if not 1 <= zones <= MAX_ZONES:
        raise ValueError(f"an address plan has places for 1 to {MAX_ZONES} zones, not {zones}")
    vpc, pods = ipaddress.IPv4Network(cidr), ipaddress.IPv4Network(pod_cidr)
    lower, upper = vpc.subnets(prefixlen_diff=1)
    public, rest = upper.subnets(prefixlen_diff=1)
    data = next(rest.subnets(prefixlen_diff=1))
    tiers = zip(_quarters(lower), _quarters(public), _quarters(data), _quarters(pods), strict=True)
    return AddressPlan(vpc, pods, tuple(ZonePlan(*tier) for tier in itertools.islice(tiers, zones)))


def _quarters(block: IPv4Network) -> List[IPv4Network]:
    return list(block.subnets(prefixlen_diff=2))


def network(text: str, *, within: Iterable[IPv4Network], longest: int = 20) -> IPv4Network:
    """`text` as a network of size /16 to /`longest` inside one of `within`.

    Raises `refused(...)` with the network that was probably meant.
    """
    try:
        block = ipaddress.IPv4Network(text)
    except ValueError:
        raise _not_a_network(text) from None
    if "/" not in text:
        raise refused("the size is missing", f"{text}/16")
    ranges = list(within)
    allowed = ", ".join(str(outer) for outer in ranges)
    if not any(block.subnet_of(outer) for outer in ranges):
        raise refused(f"it is not inside {allowed}", f"take a /16 out of {allowed}")
    if block.prefixlen < 16:
        raise refused("a VPC holds /16 at most", f"{block.network_address}/16")
    if block.prefixlen > longest:
        size = f"/{longest} is the smallest that leaves every zone enough addresses"
        raise refused(size, f"{block.supernet(new_prefix=16)} or a part of it")
    return block


def _not_a_network(text: str) -> Exception:
    try:
        meant = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        return refused("it is not an IPv4 network", "write it like 10.16.0.0/16")
    return refused("the address has bits set beyond the size", str(meant))


def overlaps(networks: Mapping[str, IPv4Network]) -> List[Tuple[str, str]]:
    """Pairs of names whose networks overlap, each pair in the order of `networks`."""
    return [
        (first, second)
        for (first, one), (second, other) in itertools.combinations(networks.items(), 2)
        if one.overlaps(other)
    ]


def free_network(
    taken: Iterable[IPv4Network], *, prefix: int = 16, outer: IPv4Network = PRIVATE_RANGES[0]
) -> Optional[IPv4Network]:
    """The first network of size `prefix` inside `outer` that overlaps none of `taken`, or None.

    The first sixteen /16 of 10.0.0.0/8 come last: they are what everybody else takes, and a network
    that is to be connected later should not start there.
    """
    busy = list(taken)
    blocks = list(outer.subnets(new_prefix=prefix))
    crowded = len(blocks) // 16
    for block in blocks[crowded:] + blocks[:crowded]:
        if not any(block.overlaps(other) for other in busy):
            return block
    return None


def free_networks(
    taken: Iterable[IPv4Network], names: Iterable[str], *, prefix: int = 16
) -> Dict[str, IPv4Network]:
    """A free network for each of `names`. Raises `ValueError` when 10.0.0.0/8 is full."""
    busy, given = list(taken), {}
    for name in names:
        block = free_network(busy, prefix=prefix)
        if block is None:
            raise ValueError(f"10.0.0.0/8 has no free /{prefix} left")
        given[name] = block
        busy.append(block)
    return given
