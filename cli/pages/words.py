"""How pages call things: durations, and the kinds of resources."""

from __future__ import annotations

__all__ = ["duration", "kind_named"]


def duration(seconds: float) -> str:
    """`8.2 s`, `41 s`, `2 min 05 s`, `1 h 03 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def kind_named(token: str) -> str:
    """`ec2.Vpc` for `aws:ec2/vpc:Vpc`, `Deployment` for a Kubernetes kind, `Network` for a component."""
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    if (package, module) == ("pulumi", "providers"):
        return f"provider {name}"
    if package == "aws":
        return f"{module.partition('/')[0]}.{name}"
    return name or token
