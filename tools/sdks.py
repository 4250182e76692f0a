"""What tests of the component package need: the vendor's generator of SDKs, and its host for YAML."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from tools.go import Go
from tools.recipes import ENGINE, Part

YAML = "1.15.1"
"""The newest host that is offered as a Go module with a checksum. It cannot link SDKs, and needs none."""
YAML_MODULE = "github.com/pulumi/pulumi-yaml"
YAML_HASH = "h1:4T36uwbJlQMbcK/X3U9BuqMZFEN4lnAIysPtqDvm0Tg="


def generator(go: Go, folder: Path) -> None:
    """The engine's own generators of SDKs behind a command of ours: hosts cannot be built for all languages."""
    go.build("codegen", ".", folder / "pulumi-codegen", tags="osusergo,grpcnotrace")


def yaml_host(go: Go, folder: Path) -> None:
    """Built inside its own module, which locks what it is made of."""
    version = f"v{YAML}"
    with zipfile.ZipFile(go.archive(YAML_MODULE, version, YAML_HASH)) as archive:
        archive.extractall(folder / ".source")
    source = folder / ".source" / f"{YAML_MODULE}@{version}"
    flags = f"-s -w -X {YAML_MODULE}/pkg/version.Version={version}"
    target = folder / "pulumi-language-yaml"
    go.run(
        "build", "-trimpath", "-tags", "osusergo,grpcnotrace", "-ldflags", flags, "-o", str(target),
        "./cmd/pulumi-language-yaml", cwd=source,
    )  # fmt: skip
    shutil.rmtree(folder / ".source")


def parts() -> tuple[Part, ...]:
    return (
        Part("pulumi-codegen", ENGINE, ("pulumi-codegen",), generator, module="codegen", minutes=1.0),
        Part("pulumi-language-yaml", YAML, ("pulumi-language-yaml",), yaml_host, minutes=2.0),
    )
