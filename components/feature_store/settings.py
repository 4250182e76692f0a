"""What people decide about the feature store: its views, where each may lie, and what holds them.

A view is a table of features with one entity key. It exists offline (an Iceberg table that training
reads) and, where `online` is set, as a DynamoDB table that serving reads by key. Everything is owned by
a group of views: those with the same residency and the same tenant share keys, buckets and roles.

What drives the cost: an online view is billed by the request and once more in each region that holds a
replica; offline data is stored `copies` times and crosses regions once per extra copy; the registry
costs its minimum capacity by the hour.
"""

import enum
import itertools
import re
from typing import List, Optional

import pydantic

from components.catalogue import REGIONS, is_region, nearest
from components.feature_store.operation_settings import AlarmSettings, MaterializationSettings
from components.feature_store.schema import Column, ColumnType, PartitionField, schema_of, word
from components.model import Args, refused

__all__ = [
    "ANY",
    "Consistency",
    "DataClass",
    "FeatureStoreSettings",
    "FeatureView",
    "LowLatencySettings",
    "OfflineCatalog",
    "OfflineSettings",
    "RegistrySettings",
    "StorageClass",
    "Transition",
]

ANY = "any"
"""Residency of what may lie in every region of the environment."""

TENANT = re.compile(r"[a-z][a-z0-9-]{0,30}")

# S3 moves nothing to this class earlier.
STANDARD_IA_DAYS = 30


class DataClass(enum.Enum):
    """How much harm a disclosure does, the least first."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"


class Consistency(enum.Enum):
    """What a reader in another region sees of a write."""

    EVENTUAL = "eventual"
    """Usually within a second; the later of two writes wins. Any number of regions."""
    STRONG = "strong"
    """At once, at the price of write latency: exactly three regions, one of which may be a witness."""


class OfflineCatalog(enum.Enum):
    """Who keeps the offline Iceberg tables."""

    GLUE = "glue"
    """Files in the group's buckets, tables in the Glue catalogue of each region. Each region writes its own
    tables; the copies of another region's files are no tables until they are registered again."""
    S3_TABLES = "s3_tables"
    """Table buckets that compact and clean up by themselves, with replicas that are tables: read-only in the
    other regions, minutes behind. Written in the group's home region only; storage costs about 15 % more."""


class StorageClass(enum.Enum):
    """S3 storage classes that Athena reads without a restore, in more than one zone."""

    STANDARD_IA = "STANDARD_IA"
    INTELLIGENT_TIERING = "INTELLIGENT_TIERING"
    GLACIER_IR = "GLACIER_IR"


class FeatureView(Args):
    """A table of features with one entity key, offline and, where wanted, online."""

    name: str = pydantic.Field(max_length=120)
    """As the view is called in Feast; the online table is `<project>.<name>`."""
    entity_key: str = pydantic.Field(max_length=255)
    """Column that identifies the entity (Feast's join key)."""
    entity_type: ColumnType = ColumnType.STRING
    residency: str = ANY
    """`any`, or the zone of the environment's `residency.zones` that the data must not leave."""
    tenant: Optional[str] = None
    """Owner of a view of its own: it gets its own key, buckets and roles. Default: shared."""
    online: bool = True
    ttl_attribute: Optional[str] = pydantic.Field(default=None, min_length=1, max_length=255)
    """Attribute with the epoch second after which an item is deleted. Writers must set it; Feast sets none,
    so items that its job writes stay until they are written over."""
    data_class: DataClass = DataClass.INTERNAL
    columns: List[Column] = pydantic.Field(min_length=1)
    """The features. The entity key and both timestamps are added by themselves."""
    partitioning: Optional[List[PartitionField]] = None
    """Default: by day of `event_timestamp`."""
    max_read_units_per_second: Optional[int] = pydantic.Field(default=None, ge=1)
    """Ceiling of DynamoDB read request units in each region. Default: by class."""
    max_write_units_per_second: Optional[int] = pydantic.Field(default=None, ge=1)
    """Ceiling of DynamoDB write request units in each region. Default: by class."""
    consistency: Consistency = Consistency.EVENTUAL
    witness_region: Optional[str] = None
    """Third region of a strongly consistent view with two replicas; it stores data, but serves none."""

    @pydantic.field_validator("name", "entity_key")
    @classmethod
    def _word(cls, text: str) -> str:
        return word(text)

    @pydantic.field_validator("tenant")
    @classmethod
    def _tenant(cls, text: Optional[str]) -> Optional[str]:
        if text is not None and not TENANT.fullmatch(text):
            raise refused(
                f"{text!r} is no tenant: up to 31 lower-case letters, digits and hyphens, a letter first",
                "a name from the specification's tenants",
            )
        return text

    @pydantic.field_validator("witness_region")
    @classmethod
    def _region(cls, text: Optional[str]) -> Optional[str]:
        if text is not None and not is_region(text):
            meant = nearest(text, list(REGIONS))
            raise refused(f"{text!r} is no region of AWS", " or ".join(meant) or "such as eu-west-3")
        return text

    @pydantic.model_validator(mode="after")
    def _columns_fit_together(self) -> "FeatureView":
        schema_of(self.entity_key, self.entity_type, self.columns, self.partitioning)
        return self

    @pydantic.model_validator(mode="after")
    def _consistency_is_possible(self) -> "FeatureView":
        if self.consistency is Consistency.EVENTUAL:
            if self.witness_region:
                raise refused(
                    f"view {self.name!r} is eventually consistent, and only a strong one has a witness",
                    "consistency: strong, or leave witness_region out",
                )
            return self
        if not self.online:
            raise refused(
                f"view {self.name!r} is not online: consistency is about its online replicas",
                "online: true, or leave consistency out",
            )
        if self.ttl_attribute:
            raise refused(
                f"view {self.name!r}: DynamoDB has no TTL in a strongly consistent global table",
                "consistency: eventual, or leave ttl_attribute out",
            )
        return self


class Transition(Args):
    """When current objects move to a cheaper storage class."""

    after_days: int = pydantic.Field(ge=0, le=3650)
    storage_class: StorageClass

    @pydantic.model_validator(mode="after")
    def _not_too_early(self) -> "Transition":
        if self.storage_class is StorageClass.STANDARD_IA and self.after_days < STANDARD_IA_DAYS:
            raise refused(
                f"S3 moves nothing to STANDARD_IA before {STANDARD_IA_DAYS} days, got {self.after_days}",
                f"after_days: {STANDARD_IA_DAYS}",
            )
        return self


class OfflineSettings(Args):
    """The buckets behind the Iceberg tables, and how they are queried."""

    catalog: OfflineCatalog = OfflineCatalog.GLUE
    copies: int = pydantic.Field(default=2, ge=1)
    """In how many regions an object lies, as far as its residency has regions."""
    noncurrent_days: Optional[int] = pydantic.Field(default=None, ge=1, le=3650)
    """How long replaced and deleted objects stay. Default: 90 in production, 30 in staging, else 7."""
    replication_time_control: Optional[bool] = None
    """Replication within 15 minutes as an SLA, billed by the gigabyte. Default: in production."""
    transitions: Optional[List[Transition]] = None
    """Default: INTELLIGENT_TIERING after 30 days in production, otherwise none."""
    result_days: int = pydantic.Field(default=7, ge=1, le=365)
    """How long query results stay."""
    max_scanned_gib_per_query: Optional[int] = pydantic.Field(default=None, ge=1, le=1_000_000)
    """A query that reads more is cancelled. Default: 10,240 in production, 1,024 in staging, else 100."""

    @pydantic.field_validator("transitions")
    @classmethod
    def _each_later_than_the_one_before(cls, steps: Optional[List[Transition]]) -> Optional[List[Transition]]:
        days = [step.after_days for step in steps or []]
        if any(later <= earlier for earlier, later in itertools.pairwise(days)):
            raise refused(
                f"transitions after {', '.join(map(str, days))} days are not in order",
                "list them by after_days, each later than the one before",
            )
        return steps


class RegistrySettings(Args):
    """The catalogue of views that Feast keeps, in Aurora PostgreSQL, readable in every region."""

    enabled: Optional[bool] = None
    """Default: not in development, where Feast's registry file in the bucket does."""
    engine_version: str = pydantic.Field(default="17.5", pattern=r"^\d{2}\.\d{1,2}$")
    """Aurora PostgreSQL's version."""
    min_acu: Optional[float] = pydantic.Field(default=None, ge=0, le=256, multiple_of=0.5)
    """Capacity that is always there, in Aurora capacity units of about 2 GiB; 0 pauses when idle.
    Default: 1 in production, 0.5 in staging, 0 in development."""
    max_acu: Optional[float] = pydantic.Field(default=None, ge=1, le=256, multiple_of=0.5)
    """Default: 16 in production, otherwise 4."""
    instances: Optional[int] = pydantic.Field(default=None, ge=1, le=15)
    """Instances in each region, in different zones. Default: 2 in production, otherwise 1."""
    backup_days: Optional[int] = pydantic.Field(default=None, ge=1, le=35)
    """Default: 35 in production, 7 in staging, 1 in development."""

    @pydantic.model_validator(mode="after")
    def _minimum_below_maximum(self) -> "RegistrySettings":
        if self.min_acu is not None and self.max_acu is not None and self.min_acu > self.max_acu:
            raise refused(
                f"min_acu {self.min_acu:g} is above max_acu {self.max_acu:g}", f"max_acu: {self.min_acu:g}"
            )
        return self


class LowLatencySettings(Args):
    """A Valkey cache in each region for reads below a millisecond. Elasticache Serverless: no nodes."""

    max_gb: int = pydantic.Field(ge=1, le=5000)
    """Ceiling of stored data in gigabytes."""
    max_ecpu_per_second: int = pydantic.Field(ge=1000, le=15_000_000)
    """Ceiling of ElastiCache processing units; a simple read of up to 1 kB takes one."""


class FeatureStoreSettings(Args):
    """The environment's feature store."""

    project: Optional[str] = pydantic.Field(default=None, max_length=80)
    """Feast's project: first part of every online table's name, so it must end in the environment's.
    Default: `<platform>_<environment>`."""
    views: List[FeatureView] = pydantic.Field(default_factory=list)
    offline: OfflineSettings = OfflineSettings()
    registry: RegistrySettings = RegistrySettings()
    low_latency: Optional[LowLatencySettings] = None
    """Default: none; online reads go to DynamoDB."""
    materialization: Optional[MaterializationSettings] = None
    """Default: none; whoever computes features writes them online as well."""
    alarms: AlarmSettings = AlarmSettings()

    @pydantic.field_validator("project")
    @classmethod
    def _word(cls, text: Optional[str]) -> Optional[str]:
        return None if text is None else word(text)

    @pydantic.field_validator("views")
    @classmethod
    def _names_are_unique(cls, views: List[FeatureView]) -> List[FeatureView]:
        names = [view.name for view in views]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise refused(
                f"{', '.join(twice)} stands more than once: a view's name is unique in the project",
                "rename one of them",
            )
        return views
