"""Which API server a provider's settings mean."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import yaml

from tests.engine.kubernetes.api import Api

CLUSTERS = "clusters.json"
"""In the world's folder, the API servers that stand for its clusters."""


def api_of(settings: dict[str, Any]) -> Api | None:
    """The server of the settings' kubeconfig, or None where no server runs for it: then nothing is stored.

    A kubeconfig for EKS carries no token but a command that asks AWS for one. The token comes from
    `clusters.json` of the world instead, by the server's address.
    """
    address = server_of(kubeconfig_of(settings), str(settings.get("context") or ""))
    for entry in known():
        if entry["endpoint"] == address:
            return api_at(entry)
    return None


def api_at(entry: dict[str, Any]) -> Api:
    """The server that an entry of `clusters.json` describes."""
    return Api(entry["endpoint"], base64.b64decode(entry["certificate_authority"]), entry["token"])


def known() -> list[dict[str, Any]]:
    """The servers of this world; none where nobody described any."""
    file = Path(os.environ.get("TRADEWIND_WORLD", "."), CLUSTERS)
    try:
        entries: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return entries


def kubeconfig_of(settings: dict[str, Any]) -> dict[str, Any]:
    """The provider's `kubeconfig`: its text, or the path of a file that holds it."""
    given = settings.get("kubeconfig") or os.environ.get("KUBECONFIG") or ""
    if given and "\n" not in given and not given.lstrip().startswith("{"):
        file = Path(given)
        given = file.read_text(encoding="utf-8") if file.is_file() else ""
    found = yaml.safe_load(given) if given else None
    return found if isinstance(found, dict) else {}


def server_of(kubeconfig: dict[str, Any], context: str = "") -> str:
    """Address of the server of `context`, by default the current one; empty where there is none."""
    wanted = context or kubeconfig.get("current-context", "")
    contexts = {it["name"]: it.get("context", {}) for it in kubeconfig.get("contexts", [])}
    clusters = {it["name"]: it.get("cluster", {}) for it in kubeconfig.get("clusters", [])}
    cluster = contexts.get(wanted, {}).get("cluster", "")
    return str(clusters.get(cluster, {}).get("server", ""))


def namespace_of(settings: dict[str, Any]) -> str:
    """Where objects go that name no namespace: the provider's, else the context's, else `default`."""
    if settings.get("namespace"):
        return str(settings["namespace"])
    kubeconfig = kubeconfig_of(settings)
    wanted = settings.get("context") or kubeconfig.get("current-context", "")
    contexts = {it["name"]: it.get("context", {}) for it in kubeconfig.get("contexts", [])}
    return str(contexts.get(wanted, {}).get("namespace") or "default")
