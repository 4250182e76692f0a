"""A pool of real Kubernetes API servers for tests: one etcd, and each server with its own part of it.

    with Pool(folder) as pool:
        servers = pool.clusters(3)
        describe(servers, world)          # what the stand-in cloud hands out as EKS clusters

Everything runs on loopback under this process: own certificate authority, random tokens, RBAC, free ports.
Beside each API server runs Kubernetes' own controller manager with the few controllers without which nothing
is ever really deleted: namespaces, garbage collection, protection of claims. There are no nodes, so nothing
is scheduled and no workload becomes ready. `make tools` builds the binaries.
"""

from __future__ import annotations

import base64
import contextlib
import json
import random
import secrets
import socket
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.engine.kubernetes.api import Api, Refused, Unreachable
from tests.engine.kubernetes.certificates import Authority
from tests.engine.kubernetes.connection import CLUSTERS
from tests.engine.kubernetes.contents import contents, erase
from tests.engine.kubernetes.processes import Process
from tests.engine.sandbox import TOOLS

BINARIES = ("etcd", "kube-apiserver", "kube-controller-manager")
DEFINITIONS = ("crds", "argo-crds")
CONTROLLERS = (
    "namespace-controller",
    "garbage-collector-controller",
    "persistentvolumeclaim-protection-controller",
    "persistentvolume-protection-controller",
    "serviceaccount-controller",
)
READY_SECONDS = 180.0
"""Ten times what it takes on a busy machine of two cores."""


def has_control_plane() -> bool:
    return all((TOOLS / name).exists() for name in (*BINARIES, *DEFINITIONS))


@dataclass
class Cluster:
    """One API server. `certificate_authority` is PEM in base64, as EKS gives it."""

    endpoint: str
    certificate_authority: str
    token: str
    folder: Path
    processes: list[Process]
    built_in: frozenset[str] = frozenset()

    def api(self) -> Api:
        return Api(self.endpoint, base64.b64decode(self.certificate_authority), self.token)

    def kubeconfig(self) -> str:
        """A kubeconfig of the administrator, for `kubectl` and for programs without a cloud."""
        return kubeconfig(self.endpoint, self.certificate_authority, self.token)

    def left(self) -> list[str]:
        """What is there now and was not when the server had just started."""
        return sorted(contents(self.api()) - self.built_in)


@dataclass
class Pool:
    """Starts what is asked for and stops all of it at the end, by the processes it started."""

    folder: Path
    running: list[Cluster] = field(default_factory=list)
    free: list[Cluster] = field(default_factory=list)
    _authority: Authority | None = None
    _etcd: Process | None = None
    _etcd_port: int = 0
    _started: int = 0

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def clusters(self, count: int) -> list[Cluster]:
        """`count` clusters that nobody else has, holding nothing but what the components need installed."""
        self._start_etcd()
        missing = count - len(self.free)
        if missing > 0:
            made = [self._start_server() for _ in range(missing)]
            self.running += made
            with ThreadPoolExecutor(missing) as threads:
                list(threads.map(_prepare, made))
                for cluster in made:
                    _start_controllers(cluster)
                list(threads.map(_settle, made))
            self.free += made
        taken, self.free = self.free[:count], self.free[count:]
        return taken

    def give_back(self, clusters: Iterable[Cluster]) -> None:
        """Empty them for the next user; one that can't be emptied is stopped."""
        for cluster in clusters:
            if erase(cluster.api(), cluster.built_in):
                self.running.remove(cluster)
                _stop(cluster.processes)
            else:
                self.free.append(cluster)

    def stop(self) -> None:
        for cluster in self.running:
            _stop(cluster.processes)
        self.running.clear()
        self.free.clear()
        if self._etcd:
            self._etcd.stop()
            self._etcd = None

    def _start_etcd(self) -> None:
        if self._etcd:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._authority = Authority.make(self.folder / "pki")
        client, peer = free_ports(2)
        us, them = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
        options = {
            "name": "tests", "data-dir": str(self.folder / "etcd"), "log-level": "warn",
            "listen-client-urls": us, "advertise-client-urls": us,
            "listen-peer-urls": them, "initial-advertise-peer-urls": them, "initial-cluster": f"tests={them}",
        }  # fmt: skip
        # Its data need not survive a crash of this machine.
        self._etcd = Process.start(TOOLS / "etcd", options, ["--unsafe-no-fsync"], self.folder / "etcd.log")
        self._etcd_port = client

    def _start_server(self) -> Cluster:
        assert self._authority
        number = self._started
        self._started += 1
        folder = self.folder / f"cluster-{number}"
        folder.mkdir()
        token = secrets.token_hex(24)
        tokens = _private(folder / "tokens.csv", f'{token},admin,admin,"system:masters"\n')
        port = free_ports(1)[0]
        server = Process.start(
            TOOLS / "kube-apiserver", self._options(number, port, tokens), [], folder / "kube-apiserver.log"
        )
        authority = base64.b64encode(self._authority.certificate()).decode()
        return Cluster(f"https://127.0.0.1:{port}", authority, token, folder, [server])

    def _options(self, number: int, port: int, tokens: Path) -> dict[str, str]:
        assert self._authority
        pki = self._authority.folder
        return {
            "etcd-servers": f"http://127.0.0.1:{self._etcd_port}",
            "etcd-prefix": f"/cluster-{number}",
            "bind-address": "127.0.0.1",
            "advertise-address": "127.0.0.1",
            "secure-port": str(port),
            "tls-cert-file": str(pki / "server.crt"),
            "tls-private-key-file": str(pki / "server.key"),
            "client-ca-file": str(pki / "ca.crt"),
            "token-auth-file": str(tokens),
            "authorization-mode": "RBAC",
            "anonymous-auth": "false",
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": str(pki / "server.crt"),
            "service-account-signing-key-file": str(pki / "server.key"),
            "service-cluster-ip-range": "10.0.0.0/22",
            "endpoint-reconciler-type": "none",
            "allow-privileged": "true",
        }


def _prepare(cluster: Cluster) -> None:
    wait_until_ready(cluster)
    install_definitions(cluster)


def _start_controllers(cluster: Cluster) -> None:
    """After the definitions are there: the garbage collector looks for new kinds only every half minute."""
    file = str(_private(cluster.folder / "kubeconfig", cluster.kubeconfig()))
    options = {
        "kubeconfig": file,
        "authentication-kubeconfig": file,
        "authorization-kubeconfig": file,
        "bind-address": "127.0.0.1",
        "secure-port": "0",  # nobody asks it anything
        "cert-dir": str(cluster.folder / "controller-manager"),
        "controllers": ",".join(CONTROLLERS),
        "leader-elect": "false",
        "use-service-account-credentials": "false",
    }
    log = cluster.folder / "kube-controller-manager.log"
    cluster.processes.append(Process.start(TOOLS / "kube-controller-manager", options, [], log))


def _settle(cluster: Cluster) -> None:
    wait_for_controllers(cluster)
    cluster.built_in = contents(cluster.api())


def wait_until_ready(cluster: Cluster) -> None:
    """Raises `RuntimeError` with the end of the server's log when it does not come up."""
    server, deadline = cluster.processes[0], time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and server.runs():
        try:
            cluster.api().request("GET", "/readyz")
            return
        except (Refused, Unreachable):
            time.sleep(0.1)
    raise RuntimeError(f"kube-apiserver did not become ready:\n{server.last_lines()}")


def wait_for_controllers(cluster: Cluster) -> None:
    """The account `default` of the namespace `default` is the controllers' own first work."""
    api, controllers = cluster.api(), cluster.processes[1]
    deadline = time.monotonic() + READY_SECONDS
    account = api.kind("v1", "ServiceAccount")
    while time.monotonic() < deadline and controllers.runs():
        if api.find(account, "default", "default"):
            return
        time.sleep(0.1)
    raise RuntimeError(f"kube-controller-manager did not begin to work:\n{controllers.last_lines()}")


def install_definitions(cluster: Cluster) -> None:
    """The custom resources of what the components deploy; returns when they are served."""
    api, installed = cluster.api(), []
    for path in sorted(file for folder in DEFINITIONS for file in (TOOLS / folder).glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            api.apply(document, manager="tests")
            installed.append(document["metadata"]["name"])
    kind = api.kind("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    deadline = time.monotonic() + READY_SECONDS
    waiting = set(installed)
    while waiting and time.monotonic() < deadline:
        waiting -= {item["metadata"]["name"] for item in api.all(kind) if _established(item)}
        time.sleep(0.05)
    if waiting:
        raise RuntimeError(f"not established: {', '.join(sorted(waiting))}")


def describe(clusters: Iterable[Cluster], world: Path) -> None:
    """Tell the stand-ins that serve `world` which API servers there are; nobody has taken one."""
    world.mkdir(parents=True, exist_ok=True)
    entries = [
        {
            "endpoint": cluster.endpoint,
            "certificate_authority": cluster.certificate_authority,
            "token": cluster.token,
            "taken_by": "",
            "built_in": sorted(cluster.built_in),
        }
        for cluster in clusters
    ]
    _private(world / CLUSTERS, json.dumps(entries, indent=1))


def kubeconfig(endpoint: str, authority: str, token: str) -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "c", "cluster": {"server": endpoint, "certificate-authority-data": authority}}
            ],
            "users": [{"name": "u", "user": {"token": token}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
    )


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listened on a moment ago.

    Below those that the system gives to outgoing connections: one of these could take a port before the
    server does.
    """
    found: list[int] = []
    for port in random.sample(range(20000, 32000), 1000):
        with socket.socket() as it, contextlib.suppress(OSError):
            it.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError(f"fewer than {count} ports between 20000 and 32000 are free")


def _established(definition: dict[str, Any]) -> bool:
    conditions = definition.get("status", {}).get("conditions") or []
    return any(it["type"] == "Established" and it["status"] == "True" for it in conditions)


def _private(path: Path, text: str) -> Path:
    """Write what holds a token."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path


def _stop(processes: Iterable[Process]) -> None:
    """The newest first."""
    for process in reversed(list(processes)):
        process.stop()
