"""What is built, from which public modules, and how."""

from __future__ import annotations

import inspect
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tools import cache
from tools.go import HERE, Failed, Go

ENGINE = "3.259.0"
"""The newest engine whose command is offered as a Go module (`pulumi/pkg/v3`)."""
KUBERNETES = "1.34.1"
ETCD = "3.6.4"
KARPENTER = "1.14.3"
ARGO_WORKFLOWS, ARGO_EVENTS = "3.7.3", "1.9.10"
"""What the charts of `components/pipelines/settings.py` install."""
INFRACOST = "0.10.45"
"""The last line that reads a plan document; version 2 is another program."""


@dataclass(frozen=True)
class Part:
    """Something to build: `gives` are the entries of its folder that are linked into `.tools`."""

    name: str
    version: str
    gives: tuple[str, ...]
    recipe: Callable[[Go, Path], None]
    module: str = ""
    minutes: float = 0.0
    """About how long it takes on two cores with nothing cached."""

    @property
    def key(self) -> str:
        """Name in the cache: it changes with the version, the locked modules and how it is built."""
        sources = sorted((HERE / "modules" / self.module).iterdir()) if self.module else []
        how = [inspect.getsource(it) for it in (self.recipe, Go.run, Go.build)]
        return cache.key(
            self.name,
            self.version,
            [*(path.read_text(encoding="utf-8") for path in sources), *how, repr((self.gives, CRDS))],
        )


def engine(go: Go, folder: Path) -> None:
    """The `pulumi` command, and what the SDK for Python runs a program with."""
    version = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
    go.build(
        "engine",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        folder / "pulumi",
        # Without a version the Automation API refuses the command.
        ldflags=f"-X {version}=v{ENGINE}",
        tags="osusergo,grpcnotrace",
    )
    executor = go.folder("engine", "github.com/pulumi/pulumi/sdk/v3") / "python" / "cmd"
    shutil.copyfile(executor / "pulumi-language-python-exec", folder / "pulumi-language-python-exec")
    (folder / "pulumi-language-python-exec").chmod(0o755)


def of_kubernetes(command: str) -> Callable[[Go, Path], None]:
    """Recipe of one of Kubernetes' own commands."""

    def recipe(go: Go, folder: Path) -> None:
        major, minor, _ = KUBERNETES.split(".")
        facts = {
            "gitVersion": f"v{KUBERNETES}", "gitMajor": major, "gitMinor": minor,
            "gitTreeState": "clean", "gitCommit": "module", "buildDate": "1970-01-01T00:00:00Z",
        }  # fmt: skip
        packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        flags = [f"-X {package}.{name}={value}" for package in packages for name, value in facts.items()]
        package = f"k8s.io/kubernetes/cmd/{command}"
        go.build("control_plane", package, folder / command, ldflags=" ".join(flags))

    return recipe


def etcd(go: Go, folder: Path) -> None:
    go.build("control_plane", "go.etcd.io/etcd/server/v3", folder / "etcd")


def infracost(go: Go, folder: Path) -> None:
    """The estimator that others know; its own module replaces six of those it needs, and so does ours."""
    version = "github.com/infracost/infracost/internal/version.Version"
    go.build(
        "infracost",
        "github.com/infracost/infracost/cmd/infracost",
        folder / "infracost",
        ldflags=f"-X {version}=v{INFRACOST}",
    )


CRDS = (
    (
        "sigs.k8s.io/karpenter",
        "h1:xw68Jf6t+GiLOx/SfgRfXIZZ/nEierbSjTTl9q7zFa8=",
        ("karpenter.sh_nodeclaims.yaml", "karpenter.sh_nodeoverlays.yaml", "karpenter.sh_nodepools.yaml"),
    ),
    (
        "github.com/aws/karpenter-provider-aws",
        "h1:XS61hMCoPL0sXWh5JtJeyTCZLN5Y1So1uNU70pmLccY=",
        ("karpenter.k8s.aws_ec2nodeclasses.yaml",),
    ),
)
"""Module, hash of its archive, and the definitions taken from its `pkg/apis/crds`."""


def definitions(go: Go, folder: Path) -> None:
    """The CustomResourceDefinitions of what the components put into clusters, as their authors ship them."""
    target = folder / "crds"
    target.mkdir()
    for path, expected, names in CRDS:
        version = f"v{KARPENTER}"
        with zipfile.ZipFile(go.archive(path, version, expected)) as archive:
            for name in names:
                inside = str(PurePosixPath(f"{path}@{version}", "pkg", "apis", "crds", name))
                try:
                    (target / name).write_bytes(archive.read(inside))
                except KeyError:
                    raise Failed(f"{path} {version} holds no {inside}") from None


def argo(go: Go, folder: Path) -> None:
    """Argo's CustomResourceDefinitions, in full where there is a full form, and the schema of Argo Events,
    whose definitions say nothing about what is in its resources."""
    workflows, events = "github.com/argoproj/argo-workflows/v3", "github.com/argoproj/argo-events"
    archives = {
        (workflows, ARGO_WORKFLOWS, "h1:b0o03RTLXIL7lQunDEvLoDTeI5TbfXe2obGaItvvifk="): {
            "manifests/base/crds/full/argoproj.io_workflowtemplates.yaml": "argo-crds/workflowtemplates.yaml",
            "manifests/base/crds/full/argoproj.io_cronworkflows.yaml": "argo-crds/cronworkflows.yaml",
        },
        (events, ARGO_EVENTS, "h1:zVC4J0sHUZd1LRRYks8XsVnx0M50KCZ1MuYoqZBOqFE="): {
            "manifests/base/crds/argoproj.io_eventbus.yaml": "argo-crds/eventbus.yaml",
            "manifests/base/crds/argoproj.io_eventsources.yaml": "argo-crds/eventsources.yaml",
            "manifests/base/crds/argoproj.io_sensors.yaml": "argo-crds/sensors.yaml",
            "api/jsonschema/schema.json": "argo-schemas/events.json",
        },
    }
    for (path, number, expected), files in archives.items():
        with zipfile.ZipFile(go.archive(path, f"v{number}", expected)) as archive:
            for inside, target in files.items():
                (folder / target).parent.mkdir(exist_ok=True)
                try:
                    (folder / target).write_bytes(archive.read(f"{path}@v{number}/{inside}"))
                except KeyError:
                    raise Failed(f"{path} v{number} holds no {inside}") from None


def parts() -> tuple[Part, ...]:
    """Everything, the slowest first; `kubectl` only where PATH has none."""
    kubernetes = ["kube-apiserver", "kube-controller-manager"]
    if shutil.which("kubectl") is None:
        kubernetes.append("kubectl")
    minutes = {"kube-apiserver": 4.0, "kube-controller-manager": 1.5, "kubectl": 0.5}
    return (
        Part(
            "pulumi", ENGINE, ("pulumi", "pulumi-language-python-exec"), engine, module="engine", minutes=6.0
        ),
        *(
            Part(
                name, KUBERNETES, (name,), of_kubernetes(name), module="control_plane", minutes=minutes[name]
            )
            for name in kubernetes
        ),
        Part("infracost", INFRACOST, ("infracost",), infracost, module="infracost", minutes=7.0),
        Part("etcd", ETCD, ("etcd",), etcd, module="control_plane", minutes=0.5),
        Part("karpenter-crds", KARPENTER, ("crds",), definitions),
        Part("argo-crds", f"{ARGO_WORKFLOWS}-{ARGO_EVENTS}", ("argo-crds", "argo-schemas"), argo),
    )
