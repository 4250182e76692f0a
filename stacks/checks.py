"""What no section of a specification can see by itself.

A check takes a draft and yields problems with their paths; `CHECKS` lists them all. Each looks only at
sections that are right in themselves.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from components import catalogue
from components.data_plane.checks import CHECKS as CHECKS_OF_SECTIONS
from components.data_plane.surroundings import Surroundings
from components.environment_settings import ANY, TAG_VALUE, CellLayout, TagRule, TenantTier, layout_of
from components.feature_store.check import problems_of
from components.model import Cell
from components.network.address_plan import free_network, overlaps
from problems import Problem
from problems.explain import join, suggestion
from stacks.draft import Draft, RegionDraft

__all__ = ["CHECKS", "run"]

Check = Callable[[Draft], Iterator[Problem]]


def run(draft: Draft) -> None:
    """Notes in `draft` what every check finds."""
    if not isinstance(draft.source.data, dict):
        return
    for check in CHECKS:
        for problem in check(draft):
            draft.wrong(problem.path, problem.got, problem.but, problem.fix)


def _problem(path: str, got: str, but: str, fix: str) -> Problem:
    return Problem("", path, got, but, fix)


def the_file_is_named_after_the_environment(draft: Draft) -> Iterator[Problem]:
    name = Path(draft.source.file).stem
    if draft.head and draft.head.environment != name and Path(draft.source.file).parent.name == "stacks":
        but = f"the file is called {name}, and stacks are found by that name"
        yield _problem("environment", draft.head.environment, but, name)


def regions_exist_once(draft: Draft) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for item in draft.regions:
        path = f"{item.path}.region"
        if not catalogue.is_region(item.region):
            but = f"AWS has no such region in the catalogue of {catalogue.AS_OF}"
            yield _problem(path, item.region, but, suggestion(item.region, catalogue.REGIONS))
        elif item.region in seen:
            but = f"it is {seen[item.region]} already, and a region is one cell"
            yield _problem(path, item.region, but, "remove one of the two")
        seen.setdefault(item.region, item.path)


def networks_do_not_overlap(draft: Draft) -> Iterator[Problem]:
    """Pods' networks are left out: they are the same everywhere, as they are not routed outside."""
    names = {item.path: item.region for item in draft.regions}
    networks = {item.path: item.cidr for item in draft.regions if item.cidr}
    taken = list(networks.values())
    told = set()
    for first, second in overlaps(networks):
        if second in told:
            continue
        told.add(second)
        line, _ = draft.source.position(f"{first}.network.cidr")
        free = free_network(taken, prefix=networks[second].prefixlen)
        but = (
            f"it overlaps {names[first]} ({networks[first]}, line {line}), "
            "and regions that are connected must not overlap"
        )
        fix = f"{free} is free" if free else "10.0.0.0/8 is full: use smaller networks"
        yield _problem(f"{second}.network.cidr", str(networks[second]), but, fix)
        if free:
            taken.append(free)


def services_do_not_hide_the_network(draft: Draft) -> Iterator[Problem]:
    for item in draft.regions:
        if not (item.network and item.cluster):
            continue
        services = ipaddress.IPv4Network(item.cluster.service_cidr)
        for key, cidr in (("cidr", item.network.cidr), ("pod_cidr", item.network.pod_cidr)):
            if services.overlaps(ipaddress.IPv4Network(cidr)):
                but = f"it overlaps the cluster's service_cidr {services}, so pods could not reach it"
                yield _problem(
                    f"{item.path}.network.{key}", cidr, but, "choose another network or service_cidr"
                )


def zones_exist(draft: Draft) -> Iterator[Problem]:
    for item in draft.regions:
        if not (item.network and catalogue.is_region(item.region)):
            continue
        known = catalogue.zones(item.region)
        path = f"{item.path}.network"
        if item.network.availability_zones:
            for index, zone in enumerate(item.network.availability_zones):
                if not re.fullmatch(f"{item.region}[a-f]", zone):
                    but = f"it is no zone of {item.region}"
                    yield _problem(f"{path}.availability_zones[{index}]", zone, but, suggestion(zone, known))
        elif item.network.zones > len(known):
            but = f"{item.region} has {len(known)} availability zones"
            yield _problem(
                _own_or_wide(draft, item, "zones"), str(item.network.zones), but, f"zones: {len(known)}"
            )


def _own_or_wide(draft: Draft, item: RegionDraft, key: str) -> str:
    own = f"{item.path}.network.{key}"
    return own if own in draft.source.values else f"network.{key}"


def zones_of_residency_are_listed(draft: Draft) -> Iterator[Problem]:
    if not (draft.residency and draft.regions):
        return
    listed = [item.region for item in draft.regions]
    witnesses = _witness_regions(draft)
    misspelt = [region for region in listed if not catalogue.is_region(region)]
    meant = {near for region in misspelt for near in catalogue.nearest(region, list(catalogue.REGIONS))}
    for zone, regions in draft.residency.zones.items():
        for index, region in enumerate(regions):
            if region not in listed and region not in meant and (zone, region) not in witnesses:
                but = "regions lists no such region, so nothing would ever be there"
                fix = (
                    f"add {region} to regions" if catalogue.is_region(region) else suggestion(region, listed)
                )
                yield _problem(f"residency.zones.{zone}[{index}]", region, but, fix)
    zoned = {region for regions in draft.residency.zones.values() for region in regions}
    if zoned and listed and listed[0] not in zoned:
        but = "it is the home region, where the platform's own data lies, and no residency zone holds it"
        yield _problem("regions[0].region", listed[0], but, f"add {listed[0]} to a zone of residency.zones")


def _witness_regions(draft: Draft) -> set[tuple[str, str]]:
    """(zone, region) of witnesses: they store a view's data, and need no cell."""
    views = draft.feature_store.views if draft.feature_store else []
    return {(view.residency, view.witness_region) for view in views if view.witness_region}


def tenants_are_told_apart(draft: Draft) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, tenant in draft.tenants:
        if tenant.name in seen:
            but = f"tenants[{seen[tenant.name]}] has that name already"
            yield _problem(f"tenants[{index}].name", tenant.name, but, "give each tenant a name of its own")
        seen.setdefault(tenant.name, index)


def residencies_of_tenants_exist(draft: Draft) -> Iterator[Problem]:
    if not draft.residency:
        return
    zones = draft.residency.zones
    for index, tenant in draft.tenants:
        if tenant.residency != ANY and tenant.residency not in zones:
            but = "residency.zones has no such zone"
            fix = suggestion(tenant.residency, [ANY, *zones])
            yield _problem(f"tenants[{index}].residency", tenant.residency, but, fix)


def tenants_of_views_and_pools_exist(draft: Draft) -> Iterator[Problem]:
    names = [tenant.name for _, tenant in draft.tenants]
    if not draft.all_tenants_read:
        return
    for index, view in enumerate(draft.feature_store.views if draft.feature_store else []):
        if view.tenant and view.tenant not in names:
            fix = suggestion(view.tenant, names) or "add it to tenants"
            yield _problem(
                f"feature_store.views[{index}].tenant", view.tenant, "tenants lists no such tenant", fix
            )
    for item in draft.regions:
        for index, pool in enumerate(item.cluster.node_pools if item.cluster else []):
            if pool.tenant and pool.tenant not in names:
                own = f"{item.path}.cluster.node_pools[{index}].tenant"
                path = own if own in draft.source.values else f"cluster.node_pools[{index}].tenant"
                fix = suggestion(pool.tenant, names) or "add it to tenants"
                yield _problem(path, pool.tenant, "tenants lists no such tenant", fix)


def dedicated_nodes_go_with_the_tier(draft: Draft) -> Iterator[Problem]:
    """Pods of a bridge or silo tenant run on its own nodes only: without a pool they would wait for ever."""
    if not draft.residency:
        return
    seen: set[str] = set()
    for index, tenant in draft.tenants:
        if tenant.name in seen:
            continue
        seen.add(tenant.name)
        inside = draft.residency.zones.get(tenant.residency)
        for item in draft.regions:
            if item.cluster is None or (inside is not None and item.region not in inside):
                continue
            has_nodes = any(pool.tenant == tenant.name for pool in item.cluster.node_pools)
            if has_nodes is not (tenant.tier is TenantTier.POOL):
                continue
            tier = tenant.tier.value
            if has_nodes:
                but = f"tier pool shares nodes, but a node pool in {item.region} is {tenant.name}'s alone"
                fix = "tier: bridge, or remove the pool's tenant"
            else:
                but = f"tier {tier} means nodes of its own, and no node pool in {item.region} is {tenant.name}'s"
                fix = f"add a pool with tenant: {tenant.name} to cluster.node_pools, or choose tier: pool"
            yield _problem(f"tenants[{index}].tier", tier, but, fix)


def budgets_of_tenants_have_readers(draft: Draft) -> Iterator[Problem]:
    if "budget" in draft.source.data:
        return
    for index, tenant in draft.tenants:
        if tenant.monthly_budget_usd is not None:
            but = "budget.notify says who is told, and there is no budget"
            fix = "add budget: {monthly_usd: ..., notify: [...]}"
            yield _problem(f"tenants[{index}].monthly_budget_usd", str(tenant.monthly_budget_usd), but, fix)


def tags_have_values(draft: Draft) -> Iterator[Problem]:
    if not draft.tags:
        return
    for key, rule in draft.tags.required.items():
        path = f"tags.required.{key}"
        if key == "environment":
            name = draft.head.environment if draft.head else rule.value
            if rule.value not in (None, name):
                yield _problem(
                    f"{path}.value", str(rule.value), "it is the environment's name", f"value: {name}"
                )
            continue
        if rule.value is None:
            yield _problem(path, "", f"{key} has no value", f"{key}: {{value: ...}}")
        elif reason := _refusal(rule, rule.value):
            yield _problem(f"{path}.value", rule.value, *reason)
    for index, tenant in draft.tenants:
        for key, value in (("owner", tenant.owner), ("cost-center", tenant.cost_center)):
            rule = draft.tags.required.get(key, TagRule())
            if reason := _refusal(rule, value):
                yield _problem(f"tenants[{index}].{key.replace('-', '_')}", value, *reason)


def _refusal(rule: TagRule, value: str) -> tuple[str, str] | None:
    """Why `rule` does not take `value`, and the way out."""
    if not TAG_VALUE.fullmatch(value):
        return "AWS takes no such tag value", "up to 256 letters, digits, spaces and . : / = + - @ _"
    if rule.allowed and value not in rule.allowed:
        return f"it is none of {', '.join(rule.allowed)}", suggestion(value, rule.allowed)
    if rule.pattern and not re.fullmatch(rule.pattern, value):
        matching = [one for one in (rule.value, *rule.allowed) if one and re.fullmatch(rule.pattern, one)]
        fix = f"like {matching[0]}" if matching else "a value that matches"
        return f"it does not match {rule.pattern}", f"{fix}, or change the tag's pattern"
    return None


def the_feature_store_fits(draft: Draft) -> Iterator[Problem]:
    store, head, residency = draft.feature_store, draft.head, draft.residency
    regions = [item.region for item in draft.regions if catalogue.is_region(item.region)]
    if not (store and head and residency and regions):
        return
    known = [ANY, *residency.zones]
    unknown = [index for index, view in enumerate(store.views) if view.residency not in known]
    for index in unknown:
        residency_name = store.views[index].residency
        but = "residency.zones has no such zone"
        yield _problem(
            f"feature_store.views[{index}].residency", residency_name, but, suggestion(residency_name, known)
        )
    if unknown:
        return
    cell = Cell(environment=head.environment, region=regions[0], regions=regions, account_id=head.account_id)
    for problem in problems_of(store, cell, residency.zones):
        yield _problem(f"feature_store.{problem.path}", problem.got, problem.but, problem.fix)


def the_data_plane_fits(draft: Draft) -> Iterator[Problem]:
    head, residency = draft.head, draft.residency
    regions = [item.region for item in draft.regions if catalogue.is_region(item.region)]
    if not (head and residency and regions and draft.all_tenants_read):
        return
    cell = Cell(
        environment=head.environment,
        environment_class=head.environment_class,
        region=regions[0],
        regions=regions,
        account_id=head.account_id,
        protection=head.protection,
    )
    tenants = [tenant for _, tenant in draft.tenants]
    around = Surroundings(cell=cell, residency=residency.zones, tenants=tenants)
    for section, settings in draft.data_plane.items():
        for problem in CHECKS_OF_SECTIONS[section](settings, around):
            yield _problem(join(section, problem.path), problem.got, problem.but, problem.fix)


def state_stays_in_its_region(draft: Draft) -> Iterator[Problem]:
    """A region that is lost takes its own cell's state along, and no other's."""
    head, state = draft.head, draft.state
    if not (head and state):
        return
    per_cell = layout_of(head.cells, head.environment_class) is CellLayout.STACK_PER_CELL
    if not per_cell or len(draft.regions) < 2:
        return
    for key, url in (("backend", state.backend), ("secrets_provider", state.secrets_provider)):
        scheme, _, rest = (url or "").partition("://")
        name, _, query = rest.partition("?")
        if scheme not in ("s3", "awskms"):
            continue
        own_bucket = scheme != "s3" or "{region}" in name
        if own_bucket and "region={region}" in query.split("&"):
            continue
        but = "with it, the loss of one region would take the state of cells in others along"
        named = f"{name}{'' if own_bucket else '-{region}'}"
        rest_of_query = [part for part in query.split("&") if part and not part.startswith("region=")]
        fix = f"{scheme}://{named}?{'&'.join(['region={region}', *rest_of_query])}"
        yield _problem(f"state.{key}", url or "", but, fix)


CHECKS: tuple[Check, ...] = (
    the_file_is_named_after_the_environment,
    regions_exist_once,
    networks_do_not_overlap,
    services_do_not_hide_the_network,
    zones_exist,
    zones_of_residency_are_listed,
    tenants_are_told_apart,
    residencies_of_tenants_exist,
    tenants_of_views_and_pools_exist,
    dedicated_nodes_go_with_the_tier,
    budgets_of_tenants_have_readers,
    tags_have_values,
    the_feature_store_fits,
    the_data_plane_fits,
    state_stays_in_its_region,
)
