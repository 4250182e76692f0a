"""The sections of a specification that may be left out: a component with no section is not made."""

from components.model import Args

__all__ = ["DataPlaneSettings"]


class DataPlaneSettings(Args):
    """Settings of the data plane's components, by the name of their section."""
