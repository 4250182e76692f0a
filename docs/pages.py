"""The pages about components as Markdown: pure functions of the models and of what was found about them."""

from __future__ import annotations

import enum
import inspect
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from components.package import args_of
from components.reference import Field, choices, fields, models_of, outputs
from finops.estimate import Cost

__all__ = ["Facts", "index", "page", "python", "slug"]

MADE = "<!-- Made by `make docs` from the models and from a plan of the example: change those. -->"
_OUTPUT = re.compile(r"\$\{([\w-]+)(?:\.(\w+))?\}")


@dataclass(frozen=True)
class Facts:
    """What a plan of its example says of a component; the cost is in USD a month."""

    component: type
    types: Counter[str]
    cost: Cost
    unpriced: int

    @property
    def count(self) -> int:
        return sum(self.types.values())


def slug(component: type) -> str:
    """The file name of a component's page: `feature-store-region`."""
    return re.sub(r"(?<!^)([A-Z])", r"-\1", component.__name__).lower()


def index(all_facts: Sequence[Facts]) -> str:
    """The page that leads to the others."""
    rows = [
        (
            f"[{facts.component.__name__}]({slug(facts.component)}.md)",
            _cell(_doc(facts.component)),
            str(facts.count),
            _dollars(facts.cost.expected),
        )
        for facts in all_facts
    ]
    return "\n".join(
        [
            INDEX_HEAD,
            *_table(("Component", "What it is", "Resources", "USD a month"), rows, "llrr"),
            "",
            INDEX_TAIL,
        ]
    )


INDEX_HEAD = f"""{MADE}

# Components

Each is a Pulumi component. An environment's specification (`stacks/<environment>.yaml`) has a section for
it, and any Pulumi program can use it as a package. Resources and cost are those of the example on its
page, without what the example needs beside it; the cost is what is expected at list prices in eu-west-1.
"""

INDEX_TAIL = """## Using them from another program

```sh
pulumi package add <path or git address of this repository>/components
```

writes `packages:` into the program's `Pulumi.yaml` and makes an SDK in its language (a program in YAML
needs none: there the two lines of `packages:` are enough). The plugin runs in this checkout's `.venv`, so
`make setup` comes first.

- **Names** are those of the pages in Python; other languages and YAML write them in camel case:
  `pod_cidr` is `podCidr`.
- **Left out** means the default. Where a default depends on the environment's class, the page says how.
- **Outputs of other resources** are taken where the page says so. Everything else decides what is created
  and must be known while planning.
- **What is wrong** with the arguments is said for every property at once, before anything is created.
- **Region and account**: children use the program's AWS provider, or the one given by `providers`.
"""


def page(facts: Facts, specification: str, in_python: str, in_yaml: str) -> str:
    """Everything about one component."""
    component = facts.component
    model = args_of(component)
    parts = [
        MADE,
        "[All components](index.md)",
        f"# {component.__name__}",
        _doc(component),
        *_includes(component),
        "## Example",
        "In an environment's specification:",
        _code("yaml", specification),
        "In a program, after `pulumi package add`:",
        _code("python", in_python),
        "In a program in YAML:",
        _code("yaml", in_yaml),
        "## What the example creates",
        _created(facts),
        "\n".join(_table(("Type", "Count"), _sorted(facts.types), "lr")),
        _costs(facts),
        "## Arguments",
        "\n".join(_fields(fields(model))),
        "## Outputs",
        "\n".join(_outputs(component)),
        *_types(model),
    ]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _includes(component: type) -> list[str]:
    """The second and further paragraphs of the module's docstring: what the class' own leaves out."""
    text = inspect.cleandoc(sys.modules[component.__module__].__doc__ or "")
    paragraphs = text.split("\n\n")[1:]
    # Modules with several components are described by their classes.
    return paragraphs if text and component.__module__.rpartition(".")[2] != "cells" else []


def _created(facts: Facts) -> str:
    kinds = len(facts.types)
    return (
        f"{facts.count} resource{'s' if facts.count != 1 else ''} of {kinds} type{'s' if kinds != 1 else ''}:"
    )


def _sorted(types: Counter[str]) -> Iterable[tuple[str, ...]]:
    return [
        (f"`{kind}`", str(count)) for kind, count in sorted(types.items(), key=lambda one: (-one[1], one[0]))
    ]


def _costs(facts: Facts) -> str:
    cost = facts.cost
    if not cost.ceiling:
        return "It costs nothing by itself."
    unpriced = (
        f" {facts.unpriced} of the resources have no price of ours and are not in it."
        if facts.unpriced
        else ""
    )
    return (
        f"Expected cost: **{_dollars(cost.expected)} USD a month**, from {_dollars(cost.floor)} (minimum sizes, "
        f"no traffic) to {_dollars(cost.ceiling)} (every limit reached all month), with the documented default "
        f"usage.{unpriced}"
    )


def _dollars(amount: Any) -> str:
    return f"{amount:,.0f}" if amount >= 10 else f"{amount:,.2f}"


def _fields(found: Iterable[Field]) -> list[str]:
    rows = [
        (
            f"`{one.name}`{'' if not one.required else ' **required**'}",
            _type(one),
            f"`{one.default}`" if one.default else "",
            _limits(one),
            _cell(_described(one)),
        )
        for one in found
    ]
    return list(_table(("Name", "Type", "Default", "Limits", "What it is"), rows, "lllll"))


def _type(field: Field) -> str:
    text = field.kind
    for kind in field.named:
        text = text.replace(kind.__name__, f"[{kind.__name__}](#{kind.__name__.lower()})")
    return f"{text}; takes outputs" if field.takes_outputs else text


def _limits(field: Field) -> str:
    # Inside a table a bar ends the cell, in code too.
    return field.constraint.replace("|", "\\|")


def _described(field: Field) -> str:
    """Its own text, else that of the model it is one of."""
    text = field.description
    if not text and len(field.named) == 1 and not _inherited(field.named[0]):
        text = inspect.cleandoc(field.named[0].__doc__ or "").split("\n\n")[0]
    return f"{text} Deprecated: {field.deprecated}" if field.deprecated else text


def _outputs(component: type) -> Iterable[str]:
    rows = [(f"`{one.name}`", one.kind, _cell(one.description)) for one in outputs(component)]
    return _table(("Name", "Type", "What it is"), rows, "lll")


def _types(model: Any) -> Iterable[str]:
    """A section for each model and enum that the arguments are made of."""
    kinds = models_of(model)
    if kinds:
        yield "## Types"
    for kind in kinds:
        yield f"### {kind.__name__}"
        if kind.__doc__ and not _inherited(kind):
            yield inspect.cleandoc(kind.__doc__)
        if issubclass(kind, enum.Enum):
            yield _choices(kind)
        else:
            yield "\n".join(_fields(fields(kind)))


def _choices(kind: type[enum.Enum]) -> str:
    values = choices(kind)
    if not any(one.description for one in values):
        return f"One of {', '.join(f'`{one.value}`' for one in values)}."
    return "\n".join(
        f"- `{one.value}`{f': {_cell(one.description)}' if one.description else ''}" for one in values
    )


def _inherited(kind: type) -> bool:
    return kind.__doc__ in {base.__doc__ for base in kind.__mro__[1:]}


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> Iterable[str]:
    """A table; columns in which nothing stands are left out."""
    body = [tuple(row) for row in rows]
    used = [at for at in range(len(titles)) if any(row[at] for row in body)]
    yield f"| {' | '.join(titles[at] for at in used)} |"
    yield f"|{'|'.join(' ---: ' if align[at] == 'r' else ' --- ' for at in used)}|"
    for row in body:
        yield f"| {' | '.join(row[at] for at in used)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _doc(component: type) -> str:
    return inspect.cleandoc(component.__doc__ or "")


def _code(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```"


def python(document: dict[str, Any]) -> str:
    """A program in YAML as one in Python, not yet wrapped into lines."""
    lines = ["import pulumi_tradewind as tradewind", ""]
    for name, value in document["variables"].items():
        lines.append(f"{name} = {_written(value, snake=True)}")
    for name, one in document["resources"].items():
        args = ", ".join(
            f"{_snake(key)}={_written(value, snake=True)}" for key, value in one["properties"].items()
        )
        kind = one["type"].removeprefix("tradewind:")
        lines.append(f"{_variable(name)} = tradewind.{kind}({json.dumps(name)}, {args})")
    return "\n".join(lines) + "\n"


# Under these keys people's own names stand, not the package's.
_FREE = frozenset({"tags", "labels", "configuration", "versions", "residency"})


def _written(value: Any, *, snake: bool) -> str:
    if isinstance(value, dict):
        items = (
            f"{json.dumps(_snake(key) if snake else key)}: {_written(item, snake=snake and key not in _FREE)}"
            for key, item in value.items()
        )
        return f"{{{', '.join(items)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_written(item, snake=snake) for item in value)}]"
    if isinstance(value, str):
        if found := _OUTPUT.fullmatch(value):
            name, output = found.groups()
            return f"{_variable(name)}.{_snake(output)}" if output else _variable(name)
        return json.dumps(value)
    return repr(value)


def _variable(name: str) -> str:
    # `global` and the like are words of the language.
    return {"global": "spanning"}.get(name, name.replace("-", "_"))


def _snake(name: str) -> str:
    return re.sub("([A-Z])", r"_\1", name).lower()
