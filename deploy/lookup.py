"""Whether what an engine was creating when it was killed exists, and what it is called.

    answer = Lookup(facts_of(document), taken).ask(pending)

Three ways, by type: the id follows from the inputs, and whoever imports it learns whether it is there; AWS
gave the id, and tags find it; or AWS describes it as a part of something else.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.cloud import Cloud, asking
from deploy.import_ids import FROM_TAGS, Facts, derived
from deploy.pending import Pending

__all__ = ["DESCRIBED", "Answer", "How", "Lookup", "Place", "place_of"]

_IDENTIFYING = ("Name", "environment")
"""Tags that tell a resource of one kind from all others in its region."""


class How(enum.Enum):
    """How an id was come by."""

    INPUTS = "its id follows from its inputs"
    TAGS = "found by its tags"
    DESCRIBED = "found where AWS describes what it belongs to"
    NOTHING = "nothing tells it from others"


@dataclass(frozen=True, slots=True)
class Answer:
    """`ids` to import it by: none where it does not exist, several where it cannot be told which.

    `how` is NOTHING where it could not be looked for; `look_for` then says what a person should look for.
    """

    how: How
    ids: tuple[str, ...] = ()
    look_for: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource is: its own region, and the region of its provider; "" for one that has none."""

    region: str
    provider_region: str

    def of(self, id: str) -> str:
        """`id` as the provider imports it: what lies in another region than the provider's says so."""
        elsewhere = self.region and self.provider_region and self.region != self.provider_region
        return f"{id}@{self.region}" if elsewhere else id


def place_of(pending: Pending, document: Mapping[str, Any]) -> Place:
    """Where `pending` is, by its inputs and by its provider in the stack's exported state."""
    resources = document.get("deployment", {}).get("resources", [])
    inputs: dict[str, Any] = next(
        (it.get("inputs", {}) for it in resources if it["urn"] == pending.provider), {}
    )
    own, provider = pending.inputs.get("region"), inputs.get("region")
    provider = provider if isinstance(provider, str) else ""
    return Place(own if isinstance(own, str) else provider, provider)


@dataclass
class Lookup:
    """Looks for resources of an account. `taken` are ids that some state holds already.

    `home_region` is asked about what names no region.
    """

    account: str
    home_region: str
    partition: str = "aws"
    taken: Collection[str] = ()
    cloud: Callable[[str], Cloud] = Cloud
    _clouds: dict[str, Cloud] = field(default_factory=dict)

    def ask(self, pending: Pending, place: Place) -> Answer:
        """What is known of `pending`. Raises `Missing` when AWS cannot be asked."""
        region = place.region or self.home_region
        if pending.type in FROM_TAGS:
            return self._by_tags(pending, place, region)
        if describe := DESCRIBED.get(pending.type):
            with asking(f"what {pending.name} belongs to"):
                ids = describe(self._in(region), pending.inputs)
            return Answer(How.DESCRIBED, self._free(ids, place), _look_for(pending, region))
        id = derived(pending.type, pending.inputs, Facts(self.account, region, self.partition))
        if id:
            # IAM and budgets take no region, also where the program gives them one.
            return Answer(How.INPUTS, (place.of(id) if "region" in pending.inputs else id,))
        return Answer(How.NOTHING, (), _look_for(pending, region))

    def _by_tags(self, pending: Pending, place: Place, region: str) -> Answer:
        kind = FROM_TAGS[pending.type]
        tags = _tags(pending.inputs)
        if not all(key in tags for key in _IDENTIFYING):
            return Answer(How.NOTHING, (), _look_for(pending, region))
        wanted = {key: tags[key] for key in _IDENTIFYING}
        ids = [kind.id_of(arn) for arn in self._in(region).tagged(wanted, kind.kind)]
        return Answer(How.TAGS, self._free(ids, place), _look_for(pending, region))

    def _free(self, ids: Collection[str], place: Place) -> tuple[str, ...]:
        return tuple(place.of(id) for id in ids if id and id not in self.taken)

    def _in(self, region: str) -> Cloud:
        return self._clouds.setdefault(region, self.cloud(region))


def _tags(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Known tags, the provider's defaults included."""
    tags = inputs.get("tagsAll") or inputs.get("tags")
    return (
        {key: value for key, value in tags.items() if isinstance(value, str)}
        if isinstance(tags, dict)
        else {}
    )


def _look_for(pending: Pending, region: str) -> str:
    """What a person should look for: the type, the place, and inputs that tell it from others."""
    told = {
        key: value
        for key, value in pending.inputs.items()
        if isinstance(value, str) and len(value) < 100 and not key.startswith("__")
    }
    shown = json.dumps({key: told[key] for key in sorted(told)[:6]}, ensure_ascii=False)
    return f"{pending.type} in {region} with {shown}"


def _cidr_association(cloud: Cloud, inputs: Mapping[str, Any]) -> list[str]:
    """A further network of a VPC."""
    found = cloud.client("ec2").describe_vpcs(VpcIds=[inputs["vpcId"]])["Vpcs"]
    rows = [row for vpc in found for row in vpc.get("CidrBlockAssociationSet", [])]
    return [
        row["AssociationId"]
        for row in rows
        if row["CidrBlock"] == inputs.get("cidrBlock")
        and row.get("CidrBlockState", {}).get("State", "associated") in ("associated", "associating")
    ]


def _default_group(cloud: Cloud, inputs: Mapping[str, Any]) -> list[str]:
    """The security group that every VPC comes with."""
    filters = [
        {"Name": "vpc-id", "Values": [inputs["vpcId"]]},
        {"Name": "group-name", "Values": ["default"]},
    ]
    found = cloud.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return [row["GroupId"] for row in found]


def _current_version(cloud: Cloud, inputs: Mapping[str, Any]) -> list[str]:
    """The current version of a secret."""
    secret = inputs["secretId"]
    rows = cloud.client("secretsmanager").list_secret_version_ids(SecretId=secret)["Versions"]
    return [f"{secret}|{row['VersionId']}" for row in rows if "AWSCURRENT" in row.get("VersionStages", [])]


def _subscription(cloud: Cloud, inputs: Mapping[str, Any]) -> list[str]:
    """A subscription to a topic; one that nobody has confirmed yet has no ARN."""
    rows = cloud.client("sns").list_subscriptions_by_topic(TopicArn=inputs["topic"])["Subscriptions"]
    return [
        row["SubscriptionArn"]
        for row in rows
        if (row["Protocol"], row["Endpoint"]) == (inputs.get("protocol"), inputs.get("endpoint"))
        and row["SubscriptionArn"].startswith("arn:")
    ]


def _selection(cloud: Cloud, inputs: Mapping[str, Any]) -> list[str]:
    """What a backup plan takes in: it has no tags, and its name belongs to its plan."""
    plan = str(inputs.get("planId", ""))
    pages = cloud.client("backup").get_paginator("list_backup_selections").paginate(BackupPlanId=plan)
    found = (one for page in pages for one in page["BackupSelectionsList"])
    return [f"{plan}|{one['SelectionId']}" for one in found if one["SelectionName"] == inputs.get("name")]


DESCRIBED: dict[str, Callable[[Cloud, Mapping[str, Any]], list[str]]] = {
    "aws:backup/selection:Selection": _selection,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _default_group,
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": _cidr_association,
    "aws:secretsmanager/secretVersion:SecretVersion": _current_version,
    "aws:sns/topicSubscription:TopicSubscription": _subscription,
}
