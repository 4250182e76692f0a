"""What has to be there before the first deployment: in each region a bucket for state and a key.

    for line in commands_of(environment): print(line)

A template of CloudFormation's, since Pulumi itself has nowhere to keep state before.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from stacks.specification import Environment
from stacks.state_place import key_alias, state_bucket, state_of

__all__ = ["TEMPLATE", "Bootstrap", "bootstraps_of"]

TEMPLATE = Path(__file__).parent / "templates" / "state.yaml"


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """The stack of CloudFormation's in one region, with its parameters and tags."""

    region: str
    stack: str
    parameters: dict[str, str]
    tags: dict[str, str]

    def command(self, template: Path = TEMPLATE) -> str:
        """The command that makes it, and changes nothing where it is there already."""
        shown = template.relative_to(Path.cwd()) if template.is_relative_to(Path.cwd()) else template
        line = ["aws", "cloudformation", "deploy", "--region", self.region, "--stack-name", self.stack]
        line += ["--template-file", str(shown), "--no-fail-on-empty-changeset"]
        line += ["--parameter-overrides", *(f"{key}={value}" for key, value in self.parameters.items())]
        line += ["--tags", *(f"{key}={value}" for key, value in self.tags.items())]
        return shlex.join(line)


def bootstraps_of(environment: Environment) -> tuple[Bootstrap, ...]:
    """One for each region that holds state in a bucket of the environment's own; none in development."""
    regions: dict[str, None] = {}
    for cell in environment.cells():
        place = state_of(environment, cell.cell)
        if place.backend.startswith(f"s3://{state_bucket(environment, place.region)}?"):
            regions[place.region] = None
    alias = key_alias(environment)
    return tuple(
        Bootstrap(
            region,
            alias.removeprefix("alias/"),
            {"BucketName": state_bucket(environment, region), "KeyAlias": alias},
            {**environment.tags, "component": "state"},
        )
        for region in regions
    )
