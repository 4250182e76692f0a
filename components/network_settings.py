"""What people decide about the network."""

from typing import Optional

import pydantic

from components.model import Args, EnvironmentClass

__all__ = ["NetworkSettings", "retention_of"]

RETENTION_BY_CLASS = {
    EnvironmentClass.PRODUCTION: 14,
    EnvironmentClass.STAGING: 4,
    EnvironmentClass.DEVELOPMENT: 1,
}


class NetworkSettings(Args):
    """Settings of the network."""

    retention_days: Optional[int] = pydantic.Field(default=None, ge=1, le=14)
    """How long a message waits to be read. Default: 14 days in production, 4 in staging, else 1."""


def retention_of(settings: NetworkSettings, environment_class: EnvironmentClass) -> int:
    """Days that a message is kept."""
    if settings.retention_days is not None:
        return settings.retention_days
    return RETENTION_BY_CLASS[environment_class]
