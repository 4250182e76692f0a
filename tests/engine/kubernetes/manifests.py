"""Manifests as the provider decodes them for `yaml.ConfigFile` and `yaml.ConfigGroup`."""

from __future__ import annotations

from typing import Any

import yaml

from tests.engine.kubernetes import naming
from tests.engine.kubernetes.api import Api
from tests.engine.kubernetes.objects import Failed

DECODE = "kubernetes:yaml:decode"


class _Loader(yaml.SafeLoader):
    """Dates stay text, as JSON has none."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def decode(text: str, namespace: str, api: Api | None) -> list[dict[str, Any]]:
    """The objects in `text`; `namespace` is given to those that need one and name none."""
    try:
        documents = list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError as error:
        raise Failed(f"the manifest is no YAML: {error}") from None
    things = [it for it in documents if isinstance(it, dict) and it.get("kind") and it.get("apiVersion")]
    for thing in things:
        meta = thing.setdefault("metadata", {})
        if namespace and not meta.get("namespace") and naming.namespaced(api, thing):
            meta["namespace"] = namespace
    return things
