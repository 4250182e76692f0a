"""What an environment is besides its components: tags, residency, tenants and their tiers, budget, state."""

import enum
import re
from typing import Dict, List, Optional, Tuple

import pydantic

from components.model import Args, EnvironmentClass, refused

__all__ = [
    "ANY",
    "CURRENT",
    "CellLayout",
    "Residency",
    "SpendingBudget",
    "StateSettings",
    "TagRule",
    "Tags",
    "Tenant",
    "TenantTier",
    "layout_of",
    "regions_of",
]

ANY = "any"
"""Residency of what may lie in every region of the environment."""

CURRENT = "current"
"""Backend of an environment whose state is wherever the engine keeps it on the machine."""
STATE_PLACEHOLDERS = ("region", "environment", "account_id")
BACKENDS = ("s3", "file", "https", "http", "gs", "azblob", "postgres")
SECRETS_PROVIDERS = ("awskms", "gcpkms", "azurekeyvault", "hashivault")

REQUIRED_TAGS = ("owner", "cost-center", "environment", "data-class")
SET_BY_CODE = ("component", "tenant", "Name")
NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
# What AWS allows in a tag on every service.
TAG_VALUE = re.compile(r"[\w .:/=+\-@]{1,256}")
TAG_KEY = re.compile(r"[\w .:/=+\-@]{1,128}")
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"


class CellLayout(enum.Enum):
    """How an environment's cells are spread over Pulumi stacks."""

    ONE_STACK = "one-stack"
    """All cells are one stack: one command, one state."""
    STACK_PER_CELL = "stack-per-cell"
    """A stack for the global cell and one for each region: a lost region takes only its own state along,
    and a change goes out one region at a time."""


class TagRule(Args):
    """A tag that every resource carries."""

    value: Optional[str] = None
    """Needed for all but `environment`, which is the environment's name."""
    allowed: List[str] = pydantic.Field(default=[])
    """The only values there may be; empty: any."""
    pattern: Optional[str] = None
    """Regular expression that the whole value matches."""

    @pydantic.field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: Optional[str]) -> Optional[str]:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise refused(
                f"it is not a regular expression: {error}", r"such as: cc-[0-9]{4}; a literal dot is \."
            ) from None
        return pattern


class Tags(Args):
    """Tags that every resource carries, for the bill and for whoever is woken up at night."""

    required: Dict[str, TagRule]

    @pydantic.field_validator("required")
    @classmethod
    def _keys_can_be_used(cls, rules: Dict[str, TagRule]) -> Dict[str, TagRule]:
        missing = [key for key in REQUIRED_TAGS if key not in rules]
        if missing:
            raise refused(f"{', '.join(missing)} is missing", f"add {missing[0]}: {{value: ...}}")
        for key in rules:
            if key in SET_BY_CODE:
                raise refused(f"{key} is set by the components themselves", "leave it out")
            if key.lower().startswith("aws:") or not TAG_KEY.fullmatch(key):
                raise refused(f"AWS takes no tag key {key!r}", "letters, digits, spaces and . : / = + - @ _")
        return rules


class Residency(Args):
    """Zones that data with that residency never leaves."""

    zones: Dict[str, List[str]] = pydantic.Field(default={})
    """Regions by zone."""

    @pydantic.field_validator("zones")
    @classmethod
    def _zones_have_regions(cls, zones: Dict[str, List[str]]) -> Dict[str, List[str]]:
        for name, regions in zones.items():
            if name == ANY:
                raise refused(f"{ANY} stands for all regions", "give the zone another name")
            if not re.fullmatch(NAME, name) or len(name) > 12:
                raise refused(f"{name!r} does not fit into names", "up to 12 of a-z, 0-9, - (like eu)")
            if not regions:
                raise refused(f"zone {name} has no region", f"{name}: [eu-west-1]")
            if len(set(regions)) < len(regions):
                raise refused(f"zone {name} names a region twice", "name each once")
        return zones


class TenantTier(enum.Enum):
    """How far a tenant is kept from the others."""

    POOL = "pool"
    """Shares nodes, keys and buckets; kept apart by namespace, quota and network policy."""
    BRIDGE = "bridge"
    """Shares the clusters, but has node pools and an encryption key of its own."""
    SILO = "silo"
    """Has a cluster of its own in each region of its residency, and a key of its own."""


class Tenant(Args):
    """A team or customer that uses the platform."""

    name: str = pydantic.Field(pattern=NAME, max_length=20)
    """Part of names in AWS and Kubernetes."""
    tier: TenantTier
    owner: str = pydantic.Field(min_length=1)
    cost_center: str = pydantic.Field(min_length=1)
    """Who pays: value of the tag `cost-center` on what belongs to the tenant alone."""
    residency: str = ANY
    """`any`, or the zone that the tenant's data and clusters stay in."""
    monthly_budget_usd: Optional[int] = pydantic.Field(default=None, ge=1)
    """Spending at which the tenant's owner is told, counted by the tag `tenant`."""


class SpendingBudget(Args):
    """The environment's spending limit: AWS tells the subscribers, it stops nothing."""

    monthly_usd: int = pydantic.Field(ge=1)
    notify: List[str] = pydantic.Field(min_length=1, max_length=10)
    """E-mail addresses."""
    at_percent: List[int] = pydantic.Field(default=[80, 100], min_length=1, max_length=5)
    """Shares of the limit at which actual spending is reported; the forecast is at 100."""

    @pydantic.field_validator("notify")
    @classmethod
    def _are_addresses(cls, addresses: List[str]) -> List[str]:
        for address in addresses:
            if not re.fullmatch(EMAIL, address):
                raise refused(f"{address} is not an e-mail address", "like ml-platform@example.com")
        return addresses


class StateSettings(Args):
    """Where the engine keeps the state of the environment's stacks, and what encrypts the secrets in it.

    In both, `{region}` stands for the region of the cell (the home region for the global cell),
    `{environment}` and `{account_id}` for this environment's.
    """

    backend: Optional[str] = None
    """A URL as `pulumi login` takes it, or `current`: whichever backend the engine uses on the machine.

    Without one: `current` in development, else a bucket in the cell's own region.
    """
    secrets_provider: Optional[str] = None
    """A URL as `pulumi stack init --secrets-provider` takes it, `passphrase`, or `default`: the backend's.

    Without one: a KMS key in the cell's own region where the backend is left out too, else `default`.
    """

    @pydantic.field_validator("backend")
    @classmethod
    def _is_a_backend(cls, text: Optional[str]) -> Optional[str]:
        return _state_url(text, BACKENDS, (CURRENT,), "s3://my-state-{region}?region={region}")

    @pydantic.field_validator("secrets_provider")
    @classmethod
    def _is_a_secrets_provider(cls, text: Optional[str]) -> Optional[str]:
        words = ("default", "passphrase")
        return _state_url(text, SECRETS_PROVIDERS, words, "awskms://alias/my-state?region={region}")


def _state_url(
    text: Optional[str], schemes: Tuple[str, ...], words: Tuple[str, ...], such_as: str
) -> Optional[str]:
    if text is None or text in words:
        return text
    scheme, separator, rest = text.partition("://")
    if scheme not in schemes or not separator or not rest:
        known = ", ".join((*words, *(f"{one}://" for one in schemes)))
        raise refused(f"the engine has no such place: it knows {known}", such_as)
    if re.search(r"[\s'\"`$\\]", text):
        raise refused("a URL has neither spaces nor quotes, $ or \\", such_as)
    unknown = [name for name in re.findall(r"\{([^}]*)\}?", text) if name not in STATE_PLACEHOLDERS]
    if unknown or text.count("{") != text.count("}"):
        but = f"it has a placeholder that is none of {', '.join(f'{{{it}}}' for it in STATE_PLACEHOLDERS)}"
        raise refused(but, such_as)
    return text


def layout_of(layout: Optional[CellLayout], environment_class: EnvironmentClass) -> CellLayout:
    """The setting, or one stack in development and a stack for each cell elsewhere."""
    if layout is not None:
        return layout
    development = environment_class is EnvironmentClass.DEVELOPMENT
    return CellLayout.ONE_STACK if development else CellLayout.STACK_PER_CELL


def regions_of(residency: str, regions: List[str], zones: Dict[str, List[str]]) -> List[str]:
    """The environment's regions in which something with `residency` may be, in their order."""
    return list(regions) if residency == ANY else [region for region in regions if region in zones[residency]]
