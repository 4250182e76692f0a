"""A new component: settings, component and test, small, working, and of the shape all components have."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from problems import InputError, Problem
from stacks.scaffold import UNDONE, write_all

__all__ = ["new_component"]

# So that no line of the templates gets longer than a line may be.
LONGEST = 24
LINE = 110

PACKAGE = '''\
"""{title}: what people decide about it, and what is made of that."""
'''

SETTINGS = '''\
"""What people decide about {words}."""

from typing import Optional

import pydantic

from components.model import Args, EnvironmentClass

__all__ = ["{pascal}Settings", "retention_of"]

RETENTION_BY_CLASS = {{
    EnvironmentClass.PRODUCTION: 14,
    EnvironmentClass.STAGING: 4,
    EnvironmentClass.DEVELOPMENT: 1,
}}


class {pascal}Settings(Args):
    """Settings of {words}."""

    retention_days: Optional[int] = pydantic.Field(default=None, ge=1, le=14)
    """How long a message waits to be read. Default: 14 days in production, 4 in staging, else 1."""


def retention_of(settings: {pascal}Settings, environment_class: EnvironmentClass) -> int:
    """Days that a message is kept."""
    if settings.retention_days is not None:
        return settings.retention_days
    return RETENTION_BY_CLASS[environment_class]
'''

COMPONENT = '''\
"""{title}: a queue, encrypted, to begin with.

This includes: the queue.
"""

from typing import Optional

import pulumi
from pulumi_aws import sqs

{component_imports}

__all__ = ["{pascal}", "{pascal}Args"]

SECONDS_A_DAY = 86_400
QUEUE_NAME = 80


class {pascal}Args({pascal}Settings):
    """The settings of {words} and the cell it stands in."""

    cell: Cell


class {pascal}(Component):
    """{title} of one region."""

    queue_arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        args: {pascal}Args,
        opts: Optional[pulumi.ResourceOptions] = None,
    ) -> None:
        args = validated({pascal}Args, args)
        super().__init__(name, args.cell, opts)
        region = args.cell.region
        physical = naming.name(args.cell, "{kebab}", region=region, limit=QUEUE_NAME)
        queue = sqs.Queue(
            f"{{name}}-queue",
            name=physical,
            message_retention_seconds=retention_of(args, args.cell.environment_class) * SECONDS_A_DAY,
            sqs_managed_sse_enabled=True,
            region=region,
            tags=self.tags(physical),
            opts=self.child(),
        )
        self.queue_arn = queue.arn
        self.register_outputs({{"queue_arn": self.queue_arn}})
'''

TEST = '''\
"""{title} as it is registered."""

from __future__ import annotations

from collections.abc import Callable

import pulumi
import pytest

{test_imports}

Register = Callable[[Callable[[], object]], list[pulumi.runtime.MockResourceArgs]]


@pytest.mark.parametrize(
    ("environment_class", "days"),
    [(EnvironmentClass.PRODUCTION, 14), (EnvironmentClass.STAGING, 4), (EnvironmentClass.DEVELOPMENT, 1)],
)
def test_the_class_decides_over_retention(environment_class: EnvironmentClass, days: int) -> None:
    assert retention_of({pascal}Settings(), environment_class) == days
    assert retention_of({pascal}Settings(retention_days=2), environment_class) == 2


def test_the_queue_is_encrypted_tagged_and_in_its_region(registered: Register, cell: Cell) -> None:
    args = {pascal}Args(cell=cell)
    resources = registered(lambda: {pascal}("{kebab}", args))
    (queue,) = (dict(one.inputs) for one in resources if one.typ == "aws:sqs/queue:Queue")
    assert queue["sqsManagedSseEnabled"] is True
    assert queue["region"] == cell.region
    assert {{**cell.tags, "component": "{kebab}"}}.items() <= queue["tags"].items()
'''


def new_component(name: str, root: Path) -> list[Path]:
    """Writes settings, component and test of `name` (`ModelRegistry` or `model-registry`) below `root`.

    Raises `InputError` when the name cannot be a class's, or a file of it exists already.
    """
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)
    kebab = "-".join(word.lower() for word in words)
    allowed = re.fullmatch(r"[A-Za-z][A-Za-z0-9]*([-_ ][A-Za-z0-9]+)*", name)
    snake = kebab.replace("-", "_")
    if not allowed or not words or len(kebab) > LONGEST or keyword.iskeyword(snake):
        but = "a component's name becomes a class, a module and a tag"
        problem = Problem("", "name", name, but, f"up to {LONGEST} letters and digits, like ModelRegistry")
        raise InputError([problem], UNDONE)
    title = " ".join(word.lower() for word in words)
    forms = {
        "pascal": "".join(word[:1].upper() + word[1:].lower() for word in words),
        "snake": snake,
        "kebab": kebab,
        "words": f"the {title}",
        "title": title.capitalize(),
    }
    settings = f"from components.{snake}.settings import {forms['pascal']}Settings, retention_of"
    forms["component_imports"] = _sorted(
        "from components import naming",
        "from components.base import Cell, Component, validated",
        settings,
    )
    forms["test_imports"] = _sorted(
        "from components.base import Cell, EnvironmentClass",
        _import(f"components.{snake}.{snake}", forms["pascal"], f"{forms['pascal']}Args"),
        settings,
    )
    files = {
        root / "components" / snake / "__init__.py": PACKAGE.format(**forms),
        root / "components" / snake / "settings.py": SETTINGS.format(**forms),
        root / "components" / snake / f"{snake}.py": COMPONENT.format(**forms),
        root / "tests" / "components" / f"test_{snake}.py": TEST.format(**forms),
    }
    write_all(files)
    return list(files)


def _import(module: str, *names: str) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= LINE:
        return line
    return "\n".join((f"from {module} import (", *(f"    {name}," for name in names), ")"))


def _sorted(*lines: str) -> str:
    return "\n".join(sorted(lines))
