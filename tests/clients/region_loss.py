"""What is left of a plan's stores when a region goes, found by asking moto: made, written, copied, removed, read.

moto carries each region by itself and copies nothing between regions but secrets and keys. So the copying is
emulated here, by what the plan's resources say and by nothing that `plan.survive` says: a write of some age is
copied when it is older than what its copy may lag, and only where a rule, a replica, a global cluster, a route of
events or a backup plan of the graph sends it. Lags are the plan's where it has them (S3's time control, schedules of
backups) and `DOCUMENTED` elsewhere; where AWS documents none, only the oldest write is copied.

Emulated for want of better: rows of a database are tags of its cluster, for moto has no SQL behind Aurora's name;
copies of backups are snapshots in the vault's region, for moto's vaults hold nothing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import ClientError
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from plan.graph import Graph, Resource
from plan.values import Value, references

__all__ = [
    "DOCUMENTED",
    "OLD",
    "Aws",
    "Found",
    "Kind",
    "Route",
    "backup_routes",
    "bucket_region",
    "key_urn",
    "take_away",
]

ACCOUNT = DEFAULT_ACCOUNT_ID
OLD = 1e9
"""Age of a write, in seconds, that every copy has had the time to receive."""
DOCUMENTED = {"DynamoDB global tables": 1.0, "Aurora global database": 1.0, "ECR replication": 1800.0}
"""Seconds that AWS documents as typical, where no input of the plan says any."""
REGIONAL = ("athena", "dynamodb", "ecr", "events", "glue", "kms", "logs", "rds", "sagemaker", "secretsmanager", "sqs")  # fmt: skip
KEYS = ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey")


@dataclass(frozen=True)
class Route:
    """The plan sends what is written to `region`, where it may lack the last `lag` seconds; None: no figure."""

    region: str
    lag: float | None
    key: str = ""
    """URN of the key that the copy is encrypted with, "" for the target's own."""
    backup: bool = False
    target: Resource | None = None


@dataclass(frozen=True)
class Found:
    """What was found of one store: how it may be had, and which writes (ages in seconds) are there no more."""

    access: str
    kept: frozenset[float] = frozenset()
    lost: frozenset[float] = frozenset()
    figure: bool = True
    """Whether there is a figure for what a copy may lack."""


@dataclass
class Aws:
    """boto3 in the moto of this process, and the keys of the plan in it."""

    graph: Graph
    keys: dict[str, str] = field(default_factory=dict)
    """ARN by the key's URN."""
    _working: dict[str, bool] = field(default_factory=dict)
    """Asked once of each key, when stores are read: after the loss."""

    def __post_init__(self) -> None:
        """One key in moto stands for all keys of the same regions, which a region's loss takes alike: making one
        takes moto a tenth of a second."""
        replicas: defaultdict[str, list[Resource]] = defaultdict(list)
        for copy in self.graph.of_type(KEYS[1]):
            replicas[key_urn(copy.inputs["primaryKeyArn"])].append(copy)
        made: dict[tuple[str, ...], dict[str, str]] = {}
        for key in self.graph.of_type(KEYS[0]):
            copies = replicas[key.urn]
            many = bool(key.inputs.get("multiRegion"))
            regions = (key.region, *sorted(copy.region for copy in copies))
            if regions not in made:
                made[regions] = self._make(regions, many)
            self.keys |= {one.urn: made[regions][one.region] for one in (key, *copies)}

    def _make(self, regions: tuple[str, ...], many: bool) -> dict[str, str]:
        home, *others = regions
        kms = self.client("kms", home)
        told = kms.create_key(MultiRegion=many)["KeyMetadata"]
        found = {home: told["Arn"]}
        for region in others:
            # By its id alone: moto does not find it by its ARN.
            copy = kms.replicate_key(KeyId=told["KeyId"], ReplicaRegion=region)
            found[region] = copy["ReplicaKeyMetadata"]["Arn"]
        return found

    def client(self, service: str, region: str) -> Any:
        return _client(service, region)

    def works(self, arn: str) -> bool:
        """Whether what is encrypted with the key can be read now; the service's own key always can."""
        if arn and arn not in self._working:
            try:
                self.client("kms", arn.split(":")[3]).encrypt(KeyId=arn, Plaintext=b"1")
                self._working[arn] = True
            except ClientError:
                self._working[arn] = False
        return not arn or self._working[arn]


@cache
def _client(service: str, region: str) -> Any:
    keys = {"aws_access_key_id": "anyone", "aws_secret_access_key": "x"}
    return boto3.client(service, region_name=region, **keys)


class Kind:
    """Stores of one sort in moto. `read` tells all that a region holds, by the URN of where it was written."""

    types: tuple[str, ...] = ()
    keeps_writes = True
    """Else it is definitions, and the same name in another region is as good."""
    copied_at_once = False
    """moto copies by itself and without delay: what is not copied yet cannot be shown."""

    def __init__(self, aws: Aws) -> None:
        self.aws, self.graph = aws, aws.graph

    @property
    def stores(self) -> tuple[Resource, ...]:
        return self.graph.of_type(*self.types)

    def make(self) -> None:
        """All stores of this kind, in all regions."""
        raise NotImplementedError

    def writers(self, store: Resource) -> tuple[str, ...]:
        """Where writes to `store` are taken, the first one its home."""
        return (store.region,)

    def routes(self, store: Resource, origin: str) -> list[Route]:
        return []

    def expiry(self, store: Resource) -> float:
        """Seconds after which the store itself forgets."""
        return math.inf

    def write(self, store: Resource, region: str, age: float) -> None:
        raise NotImplementedError

    def copy(self, store: Resource, route: Route, ages: Iterable[float]) -> None:
        for age in ages:
            self.write(store, route.region, age)

    def read(self, region: str) -> Mapping[str, set[float]]:
        raise NotImplementedError

    def takes_writes(self, store: Resource, region: str) -> bool:
        """Tried, after the loss; where the store is read in `region`."""
        try:
            self.write(store, region, 0.0)
        except ClientError:
            return False
        return True

    def restored(self, store: Resource, region: str) -> set[float]:
        """What a backup in `region` gives back, restored there."""
        return set()

    def ages(self, store: Resource, origin: str) -> list[float]:
        """Ages to write: just younger and just older than each figure that the plan has for this store."""
        figures = {route.lag for route in self.routes(store, origin)} | {self.expiry(store)}
        near = {figure + half for figure in figures if figure for half in (-0.5, 0.5)}
        return sorted(age for age in {0.25, *near, OLD} if age < self.expiry(store))

    def fill(self, lost: str) -> None:
        """Writes where the region that will be lost takes writes, else at home, and copies as far as it got."""
        for store in self.stores:
            origin = self.origin(store, lost)
            ages = self.ages(store, origin)
            for age in ages:
                self.write(store, origin, age)
            for route in self.routes(store, origin):
                if route.lag is None:
                    self.copy(store, route, ages[-1:])
                else:
                    self.copy(store, route, [age for age in ages if age > route.lag])

    def origin(self, store: Resource, lost: str) -> str:
        return lost if lost in self.writers(store) else self.writers(store)[0]

    def found(self, lost: str, left: list[str]) -> Iterator[tuple[Resource, Found]]:
        """For each store what is found in the regions that are left."""
        held = {region: self.read(region) for region in left}
        for store in self.stores:
            origin = self.origin(store, lost)
            ages = set(self.ages(store, origin))
            there = {region: held[region].get(store.urn, set()) for region in left}
            places = [region for region in left if there[region]]
            kept: set[float] = set().union(*there.values())
            if any(self.takes_writes(store, region) for region in places):
                access = "now"
            elif places:
                access = "after promotion"
            else:
                kept = set().union(*(self.restored(store, region) for region in left))
                access = "after restore" if kept else "none"
            figure = all(route.lag is not None for route in self.routes(store, origin))
            yield store, Found(access, frozenset(kept & ages), frozenset(ages - kept), figure)


def key_urn(value: Value) -> str:
    """The key that an input refers to, "" for none."""
    return next((reference.urn for reference in references(value)), "")


def backup_routes(graph: Graph, arn: str) -> list[Route]:
    """The copies in other regions that backup plans make of the resource named `arn`."""
    found = []
    for selection in graph.of_type("aws:backup/selection:Selection"):
        if arn in selection.inputs["resources"]:
            (reference,) = references(selection.inputs["planId"])
            for rule in graph[reference.urn].inputs["rules"]:
                for action in rule.get("copyActions") or ():
                    (vault,) = references(action["destinationVaultArn"])
                    there = graph[vault.urn]
                    key = key_urn(there.inputs.get("kmsKeyArn"))
                    found.append(Route(there.region, _between(rule["schedule"]), key, backup=True))
    return found


def _between(schedule: str) -> float:
    """Seconds between two runs of a daily or hourly schedule, the only ones that are understood here."""
    minute, hour, *days = schedule.removeprefix("cron(").removesuffix(")").split()
    assert minute.isdigit() and set(days) <= {"*", "?"}, schedule
    assert hour == "*" or hour.isdigit(), schedule
    return 3600.0 if hour == "*" else 86400.0


def bucket_region(s3: Any, bucket: str) -> str:
    """S3's own word for where a bucket lies; it has none for us-east-1."""
    return str(s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] or "us-east-1")


def take_away(aws: Aws, region: str) -> None:
    """All that is in `region`, whatever protects it: buckets one by one, everything else with its backend."""
    s3 = aws.client("s3", region)
    for bucket in s3.list_buckets()["Buckets"]:
        if bucket_region(s3, bucket["Name"]) == region:
            pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket["Name"])
            for one in [one for page in pages for one in page.get("Versions", ())]:
                s3.delete_object(Bucket=bucket["Name"], Key=one["Key"], VersionId=one["VersionId"])
            s3.delete_bucket(Bucket=bucket["Name"])
    for service in REGIONAL:
        get_backend(service)[ACCOUNT][region].reset()
    assert aws.client("kms", region).list_keys()["Keys"] == []
    assert aws.client("dynamodb", region).list_tables()["TableNames"] == []
    assert aws.client("rds", region).describe_db_clusters()["DBClusters"] == []
