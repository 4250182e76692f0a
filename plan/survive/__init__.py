"""May a region be lost? For each region of a graph: what goes with it, what remains, and why."""

from __future__ import annotations

from collections import defaultdict

from plan.graph import Graph, Resource
from plan.regions import is_region
from plan.survive import kinds as _kinds
from plan.survive import paths as _paths
from plan.survive import stores as _stores
from plan.survive.model import (
    Copy,
    PathLoss,
    Reason,
    RegionLoss,
    Store,
    StoreLoss,
    Survival,
    Typical,
    Verdict,
    worst,
)
from plan.survive.stateless import is_stateless
from plan.survive.world import KINDS, World

__all__ = [
    "Copy",
    "PathLoss",
    "Reason",
    "RegionLoss",
    "Store",
    "StoreLoss",
    "Survival",
    "Typical",
    "Verdict",
    "survive",
]

assert _kinds.__all__  # importing them registers the kinds of stores

# Where the control planes of AWS's global services run: without it nothing about them can be changed.
CONTROL_PLANE = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_GLOBAL_SERVICES = ("aws:iam/", "aws:route53/", "aws:cloudfront/", "aws:organizations/")


def survive(graph: Graph) -> Survival:
    """The loss of each region that `graph` uses, also of those that hold replicas only.

    Suppose the region is gone: its API, its data, its network, its control planes. Figures are what
    AWS documents as typical (`plan.survive.typical`), not guarantees. Linear in resources times regions.
    """
    world = World(graph)
    described: list[Store] = []
    nature: defaultdict[str, dict[str, list[Resource]]] = defaultdict(lambda: defaultdict(list))
    for resource in graph:
        if not resource.is_managed:
            continue
        if describe := KINDS.get(resource.type):
            if made := describe(resource, world):
                described.append(made)
        elif resource.region and not is_stateless(resource):
            nature[resource.region][resource.type].append(resource)
    ways = list(_paths.paths(world))
    regions = _regions(graph, described, ways)
    by_region = _by_region(described)
    return Survival(
        tuple(
            _loss(region, regions, graph, by_region[region], ways, nature.get(region, {}))
            for region in sorted(regions)
        )
    )


def _regions(graph: Graph, described: list[Store], ways: list[_paths.Path]) -> set[str]:
    found = {resource.region for resource in graph if resource.is_managed}
    found |= {copy.region for store in described for copy in store.copies}
    found |= {region for way in ways for region, _ in way.regions}
    return {region for region in found if is_region(region)}


def _by_region(described: list[Store]) -> defaultdict[str, list[Store]]:
    """The stores that have a copy or a key in each region. A copy that is a store of its own speaks for
    itself; a store whose own region cannot be told stands under ""."""
    own = {store.urn for store in described}
    index: defaultdict[str, dict[str, Store]] = defaultdict(dict)
    for store in described:
        for copy in store.copies:
            if copy.because.urn == store.urn or copy.because.urn not in own:
                index[copy.region][store.urn] = store
            if copy.key_region not in ("", copy.region):
                index[copy.key_region][store.urn] = store
    nowhere = index.pop("", {})
    return defaultdict(
        lambda: list(nowhere.values()),
        {region: [*stores.values(), *nowhere.values()] for region, stores in index.items()},
    )


def _loss(
    region: str,
    regions: set[str],
    graph: Graph,
    described: list[Store],
    ways: list[_paths.Path],
    nature: dict[str, list[Resource]],
) -> RegionLoss:
    stores = [loss for store in described if (loss := _store_loss(store, region))]
    paths = [gone for way in ways if (gone := _paths.loss_of(way, region))]
    untold = [_untold(kind, found) for kind, found in sorted(nature.items())]
    verdicts: list[Verdict] = [loss.verdict for loss in stores]
    verdicts += [loss.verdict for loss in paths]
    verdict = worst([*verdicts, "unknown"] if untold else verdicts)
    because = _because(stores, paths, untold, verdict)
    if regions == {region}:
        verdict = "no"
        because = (Reason(f"{region} is the only region: nothing runs without it"), *because)
    if not because:
        because = (Reason(f"nothing that serves or keeps data is in {region} alone"),)
    return RegionLoss(region, verdict, because, tuple(stores), tuple(paths), _notes(region, graph))


def _store_loss(store: Store, region: str) -> StoreLoss | None:
    if store.copies[0].region:
        return _stores.loss_of(store, region)
    text = f'the region of {store.kind} "{store.name}" cannot be told'
    return StoreLoss(
        store.urn,
        store.name,
        store.kind,
        "unknown",
        None,
        "unknown",
        (Reason(text, store.urn, store.source),),
    )


def _untold(kind: str, found: list[Resource]) -> Reason:
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return Reason.of(found[0], f'whether {kind} "{found[0].name}"{more} holds data is not known')


def _because(
    stores: list[StoreLoss], paths: list[PathLoss], untold: list[Reason], verdict: Verdict
) -> tuple[Reason, ...]:
    """What decided the verdict: one sentence for each store and path that is as grave as it is."""
    both: list[StoreLoss | PathLoss] = [*stores, *paths]
    grave = [made for made in both if made.verdict == verdict and verdict != "yes"]
    said = [_sentence(made) for made in grave]
    return tuple(said + (untold if verdict == "unknown" else []))


def _sentence(made: StoreLoss | PathLoss) -> Reason:
    head = f'{made.kind} "{made.name}"'
    last = made.chain[-1] if made.chain else Reason("")
    place = made.chain[0] if made.chain else Reason("", made.urn)
    if isinstance(made, StoreLoss) and made.verdict == "degraded" and made.access != "none":
        lost = (
            "an unknown amount of"
            if made.data_loss_seconds is None
            else f"typically {made.data_loss_seconds:g} s of"
        )
        wait = "" if made.access == "now" else f", usable {made.access}"
        return Reason(f"{head} loses {lost} writes{wait}", made.urn, place.source)
    return Reason(f"{head}: {last.text}", made.urn, last.source or place.source)


def _notes(region: str, graph: Graph) -> tuple[Reason, ...]:
    if region not in CONTROL_PLANE.values():
        return ()
    used = next((resource for resource in graph if resource.type.startswith(_GLOBAL_SERVICES)), None)
    if used is None:
        return ()
    text = f"roles, DNS and distributions keep working, but cannot be changed: their control planes are in {region}"
    return (Reason.of(used, text),)
