"""What people decide about models: whose they are, what must be shown before one goes on, who may read them.

A model is a SageMaker model package group in each region of its residency, and a prefix in a bucket there:
`models/<model>/<release>/artifact/` holds what is served, `models/<model>/<release>/evidence/` what was found
out about it. A release is registered as a model package, and says what it was made from: commit, version
of the data, digest of the image, seed.

A stage is two things that one state machine changes together, and nothing else may: the package's approval
status, and an alias (development, staging, production) in a table that every region has.

What drives the cost: artifacts are stored once in each region, and stay at least as long as they are
locked; keys and their copies are by the month; promotions themselves cost next to nothing.
"""

import enum
import re
from typing import List, Optional

import pydantic

from components.environment_settings import ANY, EMAIL, NAME
from components.feature_store.settings import DataClass
from components.model import Args, refused

__all__ = [
    "ArtifactSettings",
    "Evidence",
    "EvidenceSettings",
    "LockMode",
    "Model",
    "ModelRegistrySettings",
    "OtherRegistry",
]

ACCOUNT = re.compile(r"[0-9]{12}")


class Evidence(enum.Enum):
    """What is known about a release, each a JSON document of that name."""

    MODEL_CARD = "model-card"
    """What it is for, what it is not for, and who answers for it."""
    EVALUATION = "evaluation"
    """How good it is, against the thresholds agreed upon."""
    BIAS = "bias"
    """Whether it treats groups of people alike."""
    EXPLAINABILITY = "explainability"
    """Which features it goes by."""
    PRIVACY = "privacy"
    """Whether personal data was found in what it was trained on, or comes out of it."""


class LockMode(enum.Enum):
    """Who may delete a locked object before its time."""

    GOVERNANCE = "governance"
    """Whoever has `s3:BypassGovernanceRetention`: none of the roles made here."""
    COMPLIANCE = "compliance"
    """Nobody, not the account's root either: neither the bucket nor its bill goes away before."""


class Model(Args):
    """A model, of which releases are registered."""

    name: str = pydantic.Field(pattern=NAME, max_length=36)
    tenant: Optional[str] = None
    """Whose it is, one of `tenants`: it lies in that tenant's residency, with keys, buckets and roles of its
    own. Default: shared."""
    residency: str = ANY
    """Of a shared model: `any`, or the zone of `residency.zones` that it must not leave."""
    data_class: DataClass = DataClass.CONFIDENTIAL


class EvidenceSettings(Args):
    """What a release must be able to show. Development asks for its lineage only."""

    staging: List[Evidence] = pydantic.Field(default=[Evidence.MODEL_CARD, Evidence.EVALUATION])
    production: List[Evidence] = pydantic.Field(
        default=[Evidence.MODEL_CARD, Evidence.EVALUATION, Evidence.BIAS, Evidence.PRIVACY]
    )
    """At least what staging asks for."""
    max_age_days: int = pydantic.Field(default=30, ge=1, le=365)
    """Older evidence is none: what was true of last year's data may not be of today's."""
    image_scan: Optional[bool] = None
    """Whether the scan of the release's image must be complete and without critical findings; the image then
    lies in this account. Default: not in development."""

    @pydantic.model_validator(mode="after")
    def _production_asks_for_no_less(self) -> "EvidenceSettings":
        for field in ("staging", "production"):
            wanted = getattr(self, field)
            if len(set(wanted)) < len(wanted):
                raise refused(f"{field} asks for the same evidence twice", "name each once")
        missing = [one.value for one in self.staging if one not in self.production]
        if missing:
            raise refused(
                f"staging asks for {', '.join(missing)}, and production does not",
                f"add {missing[0]} to production",
            )
        return self


class ArtifactSettings(Args):
    """The buckets of artifacts and evidence."""

    lock_mode: LockMode = LockMode.GOVERNANCE
    lock_days: Optional[int] = pydantic.Field(default=None, ge=1, le=3650)
    """How long nobody overwrites or deletes an object's version. Default: 365 in production, 30 in staging,
    else 1."""
    noncurrent_days: Optional[int] = pydantic.Field(default=None, ge=1, le=3650)
    """How long replaced versions stay after that. Default: 90 in production, 30 in staging, else 7."""
    time_control: Optional[bool] = None
    """Replication within 15 minutes as an SLA, billed by the gigabyte. Default: in production."""


class OtherRegistry(Args):
    """The registry of another environment in another account, which follows the same names."""

    environment: str = pydantic.Field(pattern=NAME, max_length=16)
    account_id: str = pydantic.Field(coerce_numbers_to_str=True)

    @pydantic.field_validator("account_id")
    @classmethod
    def _has_twelve_digits(cls, text: str) -> str:
        return _account(text)


class ModelRegistrySettings(Args):
    """The environment's models."""

    models: List[Model] = pydantic.Field(min_length=1)
    evidence: EvidenceSettings = EvidenceSettings()
    artifacts: ArtifactSettings = ArtifactSettings()
    sends_to: List[OtherRegistry] = pydantic.Field(default=[], max_length=4)
    """Registries that are told of each release that comes to production here, and copy it."""
    takes_from: List[OtherRegistry] = pydantic.Field(default=[], max_length=20)
    """Registries whose releases are copied here when they tell of one; they come in as development, and this
    registry's own machine decides about them."""
    reader_accounts: List[str] = pydantic.Field(default=[], max_length=20)
    """Accounts that may read packages and artifacts, such as those that serve. Those of `sends_to` may too."""
    notify: List[str] = pydantic.Field(default=[], max_length=10)
    """E-mail addresses told when a region could not follow another one's promotion."""

    @pydantic.field_validator("models")
    @classmethod
    def _names_are_unique(cls, models: List[Model]) -> List[Model]:
        names = [one.name for one in models]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise refused(f"{', '.join(twice)} stands more than once", "give each model its own name")
        return models

    @pydantic.field_validator("reader_accounts")
    @classmethod
    def _are_accounts(cls, accounts: List[str]) -> List[str]:
        return [_account(one) for one in accounts]

    @pydantic.field_validator("notify")
    @classmethod
    def _are_addresses(cls, addresses: List[str]) -> List[str]:
        for address in addresses:
            if not re.fullmatch(EMAIL, address):
                raise refused(f"{address} is not an e-mail address", "like ml-platform@example.com")
        return addresses


def _account(text: str) -> str:
    if not ACCOUNT.fullmatch(text):
        raise refused(f"{text!r} is no account id", 'twelve digits in quotes, like "123456789012"')
    return text
