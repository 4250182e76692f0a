from .environment import Environment, EnvironmentArgs

__all__ = ["Environment", "EnvironmentArgs"]
