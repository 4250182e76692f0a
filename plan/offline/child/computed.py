"""Data sources whose answers follow from their arguments, the region and published tables."""

from __future__ import annotations

import json
from typing import Any

from .data_sources import Asked, computed
from .policy_document import policy_document


@computed("aws:iam/getPolicyDocument:getPolicyDocument")
def _policy_document(asked: Asked) -> tuple[dict[str, Any], str]:
    return policy_document(asked.arguments), ""


@computed("aws:index/getRegion:getRegion")
def _region(asked: Asked) -> tuple[dict[str, Any], str]:
    name = asked.arguments.get("region") or asked.arguments.get("name") or asked.region
    return {
        "id": name,
        "name": name,
        "region": name,
        "endpoint": f"ec2.{name}.{asked.dns_suffix}",
        "description": name,
    }, ""


@computed("aws:index/getRegions:getRegions")
def _regions(asked: Asked) -> tuple[dict[str, Any], str]:
    names = sorted(name for name in asked.values.get("zones", {}) if not name.startswith(("cn-", "us-gov-")))
    return {
        **asked.arguments,
        "id": asked.partition,
        "names": names,
    }, f"the account sees {len(names)} regions"


@computed("aws:index/getPartition:getPartition")
def _partition(asked: Asked) -> tuple[dict[str, Any], str]:
    reverse = ".".join(reversed(asked.dns_suffix.split(".")))
    return {
        "id": asked.partition, "partition": asked.partition, "dnsSuffix": asked.dns_suffix,
        "reverseDnsPrefix": reverse, "region": asked.region,
    }, ""  # fmt: skip


@computed("aws:index/getArn:getArn")
def _arn(asked: Asked) -> tuple[dict[str, Any], str]:
    arn = asked.arguments["arn"]
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        raise ValueError(f"getArn: {arn} is not an ARN")
    return {
        "arn": arn,
        "id": arn,
        **dict(zip(("partition", "service", "region", "account", "resource"), parts[1:], strict=True)),
    }, ""


@computed("aws:index/getService:getService")
def _service(asked: Asked) -> tuple[dict[str, Any], str]:
    given = asked.arguments
    region, service = given.get("region") or asked.region, given.get("serviceId") or ""
    prefix = given.get("reverseDnsPrefix") or ".".join(reversed(asked.dns_suffix.split(".")))
    if name := given.get("reverseDnsName"):
        *head, region, service = name.split(".")
        prefix = ".".join(head)
    elif name := given.get("dnsName"):
        service, region, *tail = name.split(".")
        prefix = ".".join(reversed(tail))
    dns = ".".join((service, region, *reversed(prefix.split("."))))
    return {
        "dnsName": dns, "id": dns, "partition": asked.partition, "region": region, "serviceId": service,
        "reverseDnsName": f"{prefix}.{region}.{service}", "reverseDnsPrefix": prefix, "supported": True,
    }, ""  # fmt: skip


@computed("aws:index/getServicePrincipal:getServicePrincipal")
def _service_principal(asked: Asked) -> tuple[dict[str, Any], str]:
    service = asked.arguments["serviceName"]
    name = f"{service}.amazonaws.com"
    return {
        "id": f"{service}.{asked.region}.amazonaws.com",
        "name": name,
        "region": asked.region,
        "serviceName": service,
        "suffix": "amazonaws.com",
    }, ""


@computed("aws:index/getDefaultTags:getDefaultTags")
def _default_tags(asked: Asked) -> tuple[dict[str, Any], str]:
    settings = asked.provider.get("defaultTags")
    if isinstance(settings, str):
        settings = json.loads(settings)
    return {"id": asked.partition, "tags": (settings or {}).get("tags") or {}}, ""


@computed("aws:index/getAvailabilityZones:getAvailabilityZones")
def _zones(asked: Asked) -> tuple[dict[str, Any], str]:
    excluded = {*(asked.arguments.get("excludeNames") or ())}
    zones = [(name, f"{_code(asked.region)}-az{number}") for number, name in enumerate(asked.zones, 1)]
    zones = [
        (name, zone)
        for name, zone in zones
        if name not in excluded and zone not in (asked.arguments.get("excludeZoneIds") or ())
    ]
    answer = {
        **asked.arguments, "id": asked.region, "region": asked.region, "groupNames": [asked.region],
        "names": [name for name, _ in zones], "zoneIds": [zone for _, zone in zones],
    }  # fmt: skip
    return answer, f"zones of {asked.region}: {', '.join(name for name, _ in zones)}"


@computed("aws:index/getAvailabilityZone:getAvailabilityZone")
def _zone(asked: Asked) -> tuple[dict[str, Any], str]:
    name = asked.arguments.get("name") or asked.zones[0]
    number = asked.zones.index(name) + 1 if name in asked.zones else 1
    answer = {
        "id": name, "name": name, "nameSuffix": name[len(asked.region) :], "region": asked.region, "state": "available",
        "zoneId": f"{_code(asked.region)}-az{number}", "groupName": asked.region, "networkBorderGroup": asked.region,
        "optInStatus": "opt-in-not-required", "zoneType": "availability-zone", "parentZoneId": "", "parentZoneName": "",
        "groupLongName": asked.region,
    }  # fmt: skip
    return {**asked.arguments, **answer}, f"zones of {asked.region}: {', '.join(asked.zones)}"


@computed("aws:ec2/getInstanceTypeOffering:getInstanceTypeOffering")
def _offering(asked: Asked) -> tuple[dict[str, Any], str]:
    wanted = [*(asked.arguments.get("preferredInstanceTypes") or ()), *_filter(asked, "instance-type")]
    kind = wanted[0] if wanted else "t3.medium"
    return {
        **asked.arguments,
        "id": kind,
        "instanceType": kind,
        "location": asked.region,
    }, f"{kind} is offered in {asked.region}"


@computed("aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings")
def _offerings(asked: Asked) -> tuple[dict[str, Any], str]:
    kinds = _filter(asked, "instance-type")
    by_zone = str(asked.arguments.get("locationType", "")).startswith("availability-zone")
    places = _filter(asked, "location") or (asked.zones if by_zone else [asked.region])
    pairs = [(kind, place) for kind in kinds for place in places]
    answer = {
        **asked.arguments, "id": asked.region, "instanceTypes": [kind for kind, _ in pairs], "locations": [place for _, place in pairs],
        "locationTypes": [asked.arguments.get("locationType") or "region"] * len(pairs),
    }  # fmt: skip
    return answer, f"{', '.join(kinds) or 'no instance type'} is offered everywhere in {asked.region}"


def _filter(asked: Asked, name: str) -> list[str]:
    filters = asked.arguments.get("filters") or ()
    return [value for item in filters if item.get("name") == name for value in item.get("values") or ()]


def _code(region: str) -> str:
    """`us-east-1` as `use1`, the beginning of its zones' ids."""
    area, *direction, number = region.split("-")
    return (
        area
        + "".join(
            word[0] if word in ("north", "south", "east", "west", "central") else _corner(word)
            for word in direction
        )
        + number
    )


def _corner(word: str) -> str:
    return {"northeast": "ne", "southeast": "se", "northwest": "nw", "southwest": "sw", "gov": "g"}.get(
        word, word
    )


def _table(asked: Asked, table: str, what: str) -> tuple[str, str]:
    """The value for the region, and what is thereby assumed."""
    found = asked.values.get(table, {}).get(asked.region)
    if found is None:
        raise ValueError(
            f"{what} of {asked.region} is not known offline: add values.{table} to tradewind.fixtures.yaml"
        )
    return str(found), f"{what} in {asked.region} is {found}"


@computed("aws:elb/getServiceAccount:getServiceAccount")
def _load_balancer_account(asked: Asked) -> tuple[dict[str, Any], str]:
    what = "the account that delivers load balancers' logs"
    account, assumed = _table(asked, "load_balancer_accounts", what)
    answer = {"id": account, "arn": f"arn:{asked.partition}:iam::{account}:root", "region": asked.region}
    return answer, assumed


@computed("aws:cloudtrail/getServiceAccount:getServiceAccount")
def _trail_account(asked: Asked) -> tuple[dict[str, Any], str]:
    account, assumed = _table(asked, "trail_accounts", "the account of CloudTrail")
    answer = {"id": account, "arn": f"arn:{asked.partition}:iam::{account}:root", "region": asked.region}
    return answer, assumed


@computed("aws:elb/getHostedZoneId:getHostedZoneId")
def _load_balancer_zone(asked: Asked) -> tuple[dict[str, Any], str]:
    zone, assumed = _table(asked, "load_balancer_zones", "the hosted zone of load balancers")
    return {"id": zone, "region": asked.region}, assumed


@computed("aws:lb/getHostedZoneId:getHostedZoneId")
def _any_load_balancer_zone(asked: Asked) -> tuple[dict[str, Any], str]:
    network = asked.arguments.get("loadBalancerType") == "network"
    zone, assumed = (
        _table(asked, "network_load_balancer_zones", "the hosted zone of network load balancers")
        if network
        else _table(asked, "load_balancer_zones", "the hosted zone of load balancers")
    )
    return {"id": zone, "region": asked.region}, assumed


@computed("kubernetes:yaml:decode")
def _kubernetes_yaml(asked: Asked) -> tuple[dict[str, Any], str]:
    import yaml

    namespace = asked.arguments.get("defaultNamespace")
    objects = []
    for document in yaml.safe_load_all(asked.arguments.get("text") or ""):
        if not isinstance(document, dict):
            continue
        items = document.get("items") or () if str(document.get("kind", "")).endswith("List") else (document,)
        for item in items:
            if namespace and isinstance(item.get("metadata"), dict):
                item["metadata"].setdefault("namespace", namespace)
            objects.append(json.loads(json.dumps(item, default=str)))
    return {"result": objects}, ""
