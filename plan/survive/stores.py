"""What the loss of a region does to one store. A pure function of the store's copies."""

from __future__ import annotations

from plan.survive.model import Access, Copy, Reason, Store, StoreLoss, Verdict

__all__ = ["loss_of"]

_RANK = {"writer": 0, "reader": 1, "backup": 2}
_ACCESS: dict[str, Access] = {"writer": "now", "reader": "after promotion", "backup": "after restore"}


def loss_of(store: Store, region: str) -> StoreLoss | None:
    """None when nothing of `store` lies in `region`, nor a key of it."""
    lost = [copy for copy in store.copies if region in (copy.region, copy.key_region)]
    if not lost or all(copy.own or copy.origin for copy in lost):
        return None
    remaining = [copy for copy in store.copies if copy not in lost and copy.region]
    usable = [copy for copy in remaining if copy.untold is None and not copy.own]
    chain = [_why_lost(copy, region) for copy in lost if not copy.own]
    if usable:
        return _with_copies(store, lost, usable, chain)
    untold = [*store.untold, *(copy.untold for copy in remaining if copy.untold)]
    like = [copy.because for copy in remaining if copy.own]
    if store.keeps != "data":
        verdict: Verdict = "yes" if like and store.keeps == "rebuilt" else "degraded"
        chain += [Reason(store.transient, store.urn, store.source), *like]
        return _loss(store, verdict, store.transient_seconds, "now" if like else "none", chain)
    if untold:
        return _loss(store, "unknown", None, "unknown", [*chain, *untold])
    nothing = store.remarks or (Reason("nothing of it is copied to another region", store.urn, store.source),)
    return _loss(store, "no", None, "none", [*chain, *nothing])


def _with_copies(store: Store, lost: list[Copy], usable: list[Copy], chain: list[Reason]) -> StoreLoss:
    """Copies remain: how soon they serve, and what they lack."""
    best = min(usable, key=_preference)
    chain = [*chain, best.because, *((best.key,) if best.key else ())]
    if not any(copy.role == "writer" or copy.may_write for copy in lost):
        # Only followers went: what takes writes is where it was.
        return _loss(store, "yes", 0.0, "now", chain)
    seconds = best.lag.seconds if best.lag else 0.0
    if best.wait:
        chain.append(Reason(best.wait.text, best.because.urn, best.because.source))
    verdict: Verdict = "yes" if best.role == "writer" and seconds == 0 else "degraded"
    return _loss(store, verdict, seconds, _ACCESS[best.role], chain)


def _preference(copy: Copy) -> tuple[int, float, str]:
    seconds = copy.lag.seconds if copy.lag else 0.0
    return _RANK[copy.role], float("inf") if seconds is None else seconds, copy.region


def _why_lost(copy: Copy, region: str) -> Reason:
    if copy.region == region:
        return copy.because
    key = copy.key or copy.because
    return Reason(f"the copy in {copy.region} cannot be read: {key.text}", key.urn, key.source)


def _loss(
    store: Store, verdict: Verdict, seconds: float | None, access: Access, chain: list[Reason]
) -> StoreLoss:
    return StoreLoss(store.urn, store.name, store.kind, verdict, seconds, access, tuple(chain))
