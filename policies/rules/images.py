"""What runs is what was tested: images, charts and machine images named by something that cannot move."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.rule import Breach, rule
from policies.view import Undetermined, View
from policies.workloads import CONTAINERS, containers, known_image

# AWS's own build images are named by a version line and updated in place: they have no digest to name.
IMAGES = tuple(kind for kind in CONTAINERS if kind != "aws:codebuild/project:Project")
RELEASE = "kubernetes:helm.sh/v3:Release"
CHARTS = (RELEASE, "kubernetes:helm.sh/v4:Chart")
NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$|@\$\{")


def _tag(image: str) -> str:
    """The tag of `registry:5000/name:tag`, "" where none is given; a token of the plan counts as text."""
    last = re.sub(r"\$\{[^}]*\}", "_", image).partition("@")[0].rpartition("/")[2]
    return last.partition(":")[2]


def _images(view: View) -> Iterator[tuple[str, str]]:
    """Name and image of each container; what is hidden is raised after everything known was given."""
    hidden: Undetermined | None = None
    for container in containers(view):
        try:
            if image := known_image(container):
                yield container.name, image
        except Undetermined as unseen:
            hidden = hidden or unseen
    if hidden:
        raise hidden


@rule(
    id="unpinned-image",
    types=IMAGES,
    severity="high",
    level="mandatory",
    rationale="Under latest, two nodes run two programs, and nobody can say which one is being rolled back to.",
    fix="set the image to name:version@sha256:digest",
)
def unpinned_image(view: View) -> Iterator[str]:
    for name, image in _images(view):
        tag = _tag(image)
        if not _DIGEST.search(image) and tag in ("", "latest"):
            whose = f" in {name}" if name else ""
            yield f"runs {image}{whose}: {'the tag latest moves' if tag else 'without a tag it is latest'}"


@rule(
    id="image-without-digest",
    types=IMAGES,
    reads=("environment_class",),
    severity="low",
    level="advisory",
    rationale="A tag can be pushed again; only a digest names the very image that was tested.",
    fix="add @sha256:digest to the image",
)
def without_digest(view: View) -> Iterator[str]:
    if view.is_production:
        for name, image in _images(view):
            if not _DIGEST.search(image) and _tag(image) not in ("", "latest"):
                yield f"runs {image}{f' in {name}' if name else ''} by its tag"


@rule(
    id="unpinned-chart",
    types=CHARTS,
    severity="high",
    level="mandatory",
    rationale="A chart without a version is upgraded by whoever deploys next, without anybody having asked.",
    fix="set version to the exact version of the chart",
)
def unpinned_chart(release: View) -> Iterator[str]:
    """A chart of the program's own folder needs no version: it is versioned with the program."""
    chart = release.get("chart")
    version = release.get("version")
    if isinstance(chart, str) and (chart.startswith((".", "/")) or chart.endswith(".tgz")):
        return
    if not version:
        yield f"installs {chart} without a version"
    elif isinstance(version, str) and re.search(r"[\^~*xX><|]", version.split("-")[0].split("+")[0]):
        yield f"installs {chart} at {version}, a range"


@rule(
    id="unpinned-node-image",
    types=(NODE_CLASS, LAUNCH_TEMPLATE, "aws:ec2/instance:Instance"),
    reads=("environment_class",),
    severity="medium",
    level="mandatory",
    rationale="Under @latest every node of production is replaced on the day AWS publishes an image.",
    fix="name a version in the alias (al2023@v20260901), or an AMI id",
)
def unpinned_node_image(view: View) -> Iterator[str | Breach]:
    if not view.is_production:
        return
    if view.type == NODE_CLASS:
        for term in view.each("spec", "amiSelectorTerms"):
            alias = term.get("alias")
            if isinstance(alias, str) and alias.endswith("@latest"):
                yield f"takes the machine image {alias}"
        return
    image = view.get("imageId" if view.type == LAUNCH_TEMPLATE else "ami") if _is_text(view) else None
    if isinstance(image, str) and image.startswith("resolve:ssm:") and not re.search(r":\d+$", image):
        yield Breach(
            f"takes the machine image {image}", "end the parameter's name in :version, or name an AMI id"
        )


def _is_text(view: View) -> bool:
    """An image that another resource makes is as pinned as that resource is."""
    return isinstance(view.raw("imageId" if view.type == LAUNCH_TEMPLATE else "ami"), str)
