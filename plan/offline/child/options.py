"""The resource options of a registration, under Pulumi's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_HOOKS = ("before_create", "after_create", "before_update", "after_update", "before_delete", "after_delete")


def options_of(request: Any, urn_of: Callable[[str, str, str], str]) -> dict[str, Any]:
    """The options that are set; dependencies, parent, provider and protection have fields of their own."""
    options: dict[str, Any] = {
        "aliases": _aliases(request, urn_of),
        "additionalSecretOutputs": list(request.additionalSecretOutputs),
        "deleteBeforeReplace": request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        "deletedWith": request.deletedWith,
        "ignoreChanges": list(request.ignoreChanges),
        "import": request.importId,
        "providers": {
            package: reference.rpartition("::")[0] for package, reference in sorted(request.providers.items())
        },
        "replaceOnChanges": list(request.replaceOnChanges),
        "retainOnDelete": request.retainOnDelete,
    }
    if request.HasField("customTimeouts"):
        times = request.customTimeouts
        options["customTimeouts"] = {
            name: getattr(times, name) for name in ("create", "update", "delete") if getattr(times, name)
        }
    if request.HasField("hooks") if "hooks" in request.DESCRIPTOR.fields_by_name else False:
        options["hooks"] = {
            name: list(getattr(request.hooks, name)) for name in _HOOKS if getattr(request.hooks, name)
        }
    return {
        name: value
        for name, value in options.items()
        if value or (name == "deleteBeforeReplace" and value is not None)
    }


def _aliases(request: Any, urn_of: Callable[[str, str, str], str]) -> list[str]:
    """Aliases as URNs: what a specification leaves out is as it is now."""
    found = list(getattr(request, "aliasURNs", ()))
    for alias in request.aliases:
        if alias.WhichOneof("alias") == "urn":
            found.append(alias.urn)
            continue
        spec = alias.spec
        parent = "" if spec.noParent else spec.parentUrn or request.parent
        urn = urn_of(parent, spec.type or request.type, spec.name or request.name)
        head, project, rest = urn.split("::", 2)
        stack = f"urn:pulumi:{spec.stack}" if spec.stack else head
        found.append("::".join((stack, spec.project or project, rest)))
    return list(dict.fromkeys(found))
