"""What people decide about versions of data: whose projects there are, where they lie, how long they stay.

A project is a DVC remote: a prefix of a bucket that the project's own roles reach and no others. Projects
with the same residency and the same owner share a bucket in each region and a key; a bridge or silo
tenant's have a bucket and a key of their own.

What drives the cost: each gigabyte is stored once per copy, crosses regions once for each copy but the
first, and is stored once more in each vault where backups are on. DVC names objects by their content and
never overwrites one, so old versions appear only where somebody deletes (`dvc gc --cloud`).
"""

import re
from typing import List, Optional

import pydantic

from components.environment_settings import NAME
from components.feature_store.settings import DataClass
from components.model import Args, refused

__all__ = [
    "DataProject",
    "DataVersioningSettings",
    "LakeFsSettings",
    "OldVersions",
    "VersionBackups",
]

PRINCIPAL = re.compile(r"(arn:aws[a-z-]*:iam::\d{12}:)?(role|user)/[\w+=,.@/-]{1,128}")
NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")

# S3 bills what leaves this class earlier as if it had stayed.
GLACIER_IR_DAYS = 90


class DataProject(Args):
    """A DVC remote of its own: `s3://<bucket>/<name>`, and roles to read it, to push, and to collect garbage."""

    name: str = pydantic.Field(pattern=NAME, max_length=40)
    """Prefix in the bucket, and part of the roles' names."""
    tenant: Optional[str] = None
    """Who owns it; a pool tenant's projects lie with those of everybody. Default: the platform."""
    residency: Optional[str] = None
    """`any`, or the zone that its data never leaves. Default: the tenant's, or `any`."""
    data_class: DataClass = DataClass.INTERNAL
    namespaces: List[str] = pydantic.Field(default=[])
    """Namespaces of the cluster whose pods may take the roles. Default: the tenant's name, or the project's."""
    readers: List[str] = pydantic.Field(default=[])
    """Who may take the reader's role besides pods: `role/<name>`, `user/<name>` or an ARN."""
    writers: List[str] = pydantic.Field(default=[])
    """Who may take the reader's and the writer's role, such as the role of a CI system."""
    collectors: List[str] = pydantic.Field(default=[])
    """Who may take the role that deletes (`dvc gc --cloud`); pods never may."""

    @pydantic.field_validator("readers", "writers", "collectors")
    @classmethod
    def _are_principals(cls, given: List[str]) -> List[str]:
        for principal in given:
            if not PRINCIPAL.fullmatch(principal):
                raise refused(f"{principal!r} is no identity of IAM", "such as: role/ml-ci")
        return given

    @pydantic.field_validator("namespaces")
    @classmethod
    def _are_namespaces(cls, given: List[str]) -> List[str]:
        for namespace in given:
            if not NAMESPACE.fullmatch(namespace):
                raise refused(
                    f"{namespace!r} is no namespace of Kubernetes",
                    "up to 63 lower-case letters, digits and hyphens",
                )
        return given


class OldVersions(Args):
    """What becomes of objects that somebody deleted or replaced."""

    archive_after_days: Optional[int] = pydantic.Field(default=None, ge=1, le=3650)
    """When they move to Glacier Instant Retrieval. Default: 30 in production, otherwise never."""
    expire_after_days: Optional[int] = pydantic.Field(default=None, ge=1, le=3650)
    """When they are gone for good. Default: 365 in production, 30 in staging, else 7."""

    @pydantic.model_validator(mode="after")
    def _is_worth_the_move(self) -> "OldVersions":
        archive, expire = self.archive_after_days, self.expire_after_days
        if archive is not None and expire is not None and expire < archive + GLACIER_IR_DAYS:
            raise refused(
                f"archived after {archive} days and gone after {expire}: "
                f"Glacier Instant Retrieval bills {GLACIER_IR_DAYS} days at least",
                f"expire_after_days: {archive + GLACIER_IR_DAYS}, or leave archive_after_days out",
            )
        return self


class VersionBackups(Args):
    """Daily backups that neither a deletion nor a faulty program reaches, in two regions of the residency."""

    enabled: Optional[bool] = None
    """Default: in production."""
    days: int = pydantic.Field(default=35, ge=1, le=36500)
    """How long each stays."""
    locked: Optional[bool] = None
    """Whether nobody can shorten that (vault lock, governance mode). Default: in production."""


class LakeFsSettings(Args):
    """Branches, commits and merges over one project's data, served by lakeFS in the shared cluster.

    Its own state is a DynamoDB table: billed by the request, where the smallest Aurora that does not pause
    costs its minimum capacity by the hour. It lies in the project's regions; the server runs in the first.
    """

    project: str
    """The project under whose prefix lakeFS keeps its repositories; DVC must not push there as well."""
    replicas: Optional[int] = pydantic.Field(default=None, ge=1, le=20)
    """Pods. Default: 2 in production, otherwise 1."""
    chart_version: str = pydantic.Field(default="1.12.16", pattern=r"^\d+\.\d+\.\d+$")
    chart_repository: str = pydantic.Field(default="https://charts.lakefs.io", pattern=r"^(https|oci)://\S+$")


class DataVersioningSettings(Args):
    """The environment's versions of data."""

    projects: List[DataProject] = pydantic.Field(min_length=1)
    copies: Optional[int] = pydantic.Field(default=None, ge=1, le=10)
    """In how many regions of its residency a project lies, home first. Default: 2, in development 1."""
    old_versions: OldVersions = OldVersions()
    tier_after_days: Optional[int] = pydantic.Field(default=None, ge=0, le=3650)
    """When what is current moves to intelligent tiering. Default: 30 in production, otherwise never."""
    replication_time_control: Optional[bool] = None
    """Replication within 15 minutes as an SLA, billed by the gigabyte. Default: in production."""
    multi_region_access_point: Optional[bool] = None
    """One address that reads from the nearest copy. Clients must sign with SigV4A, which the AWS SDKs with
    the common runtime do and DVC does not: DVC uses the bucket of its region. Default: in production."""
    backup: VersionBackups = VersionBackups()
    lakefs: Optional[LakeFsSettings] = None
    """Default: none."""

    @pydantic.field_validator("projects")
    @classmethod
    def _names_are_unique(cls, projects: List[DataProject]) -> List[DataProject]:
        names = [project.name for project in projects]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise refused(
                f"{', '.join(twice)} stands more than once: a project's name is its prefix and its roles'",
                "rename one of them",
            )
        return projects
