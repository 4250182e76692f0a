"""What the models say about themselves: for the component package's schema and for the documentation.

Everything is read from the classes: types and defaults from their fields, limits from the constraints,
words from the docstrings below fields and values. Nothing is written down twice.
"""

import ast
import enum
import inspect
import json
import textwrap
import types
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple, Type, Union, get_args, get_origin

import pulumi
import pydantic
from pulumi.provider.experimental.util import camel_case

from problems.expected import limits, schema_at

__all__ = [
    "Choice",
    "Field",
    "choices",
    "constraint",
    "default_of",
    "docstrings",
    "fields",
    "models_of",
    "outputs",
]

Model = Type[pydantic.BaseModel]
_BASES = (object, pydantic.BaseModel, enum.Enum)
_WORDS: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Any: "any value",
}


@dataclass(frozen=True)
class Choice:
    """One value of an enum."""

    value: str
    description: str


@dataclass(frozen=True)
class Field:
    """One field of a model.

    `property` is its name in the package (a field is a secret there by `json_schema_extra={"secret": True}`), `kind` its type in words; `default` is the value as the
    specification would write it, empty where there is none; `named` are the models and enums in its type.
    """

    name: str
    property: str
    kind: str
    required: bool
    default: str
    constraint: str
    description: str
    takes_outputs: bool
    deprecated: str
    secret: bool
    named: Tuple[type, ...]


def fields(model: Model) -> List[Field]:
    """The fields of `model`, its base classes' included: what must be given first, then as written."""
    described = docstrings(model)
    found = [_field(model, name, info, described) for name, info in model.model_fields.items()]
    return sorted(found, key=lambda one: not one.required)


def _field(model: Model, name: str, info: Any, described: Mapping[str, str]) -> Field:
    kind, named, takes_outputs = _kind(info.annotation)
    return Field(
        name=name,
        property=camel_case(name),
        kind=kind,
        required=info.is_required(),
        default=_written(default_of(info)),
        constraint=constraint(model, name),
        description=described.get(name, ""),
        takes_outputs=takes_outputs,
        deprecated=info.deprecated if isinstance(info.deprecated, str) else "",
        secret=bool((info.json_schema_extra or {}).get("secret")),
        named=named,
    )


def outputs(component: Type[pulumi.ComponentResource]) -> List[Field]:
    """The outputs that `component` declares."""
    described = docstrings(component)
    found = []
    # Not by `get_type_hints`: the SDK's own base classes name types that only exist while checking them.
    for name, annotation in component.__annotations__.items():
        kind, named, _ = _kind(annotation)
        found.append(
            Field(
                name, camel_case(name), kind, False, "", "", described.get(name, ""), True, "", False, named
            )
        )
    return found


def models_of(root: Model) -> List[type]:
    """Models and enums that `root` is made of, each once, in the order in which a reader meets them."""
    seen: Dict[type, None] = {}

    def visit(model: Model) -> None:
        inside = [kind for field in fields(model) for kind in field.named if kind not in seen]
        seen.update(dict.fromkeys(inside))
        for kind in inside:
            if issubclass(kind, pydantic.BaseModel):
                visit(kind)

    visit(root)
    return list(seen)


def choices(kind: Type[enum.Enum]) -> List[Choice]:
    """The values of an enum with what its members' docstrings say."""
    described = docstrings(kind)
    return [Choice(str(member.value), described.get(member.name, "")) for member in kind]


def docstrings(kind: type) -> Mapping[str, str]:
    """The texts below the fields or members of a class, its base classes' included."""
    found: Dict[str, str] = {}
    for base in reversed(kind.__mro__):
        # Only classes of these rooms carry such texts, and the source of others need not be there.
        if base in _BASES or base.__module__.partition(".")[0] not in (kind.__module__.partition(".")[0],):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
        assert isinstance(body, ast.ClassDef)
        for statement, following in zip(body.body, body.body[1:], strict=False):
            if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
                text = inspect.cleandoc(str(following.value.value))
                found.update(dict.fromkeys(_assigned(statement), text))
    return found


def _assigned(statement: ast.stmt) -> List[str]:
    targets: List[ast.expr] = []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    elif isinstance(statement, ast.Assign):
        targets = statement.targets
    return [target.id for target in targets if isinstance(target, ast.Name)]


def constraint(model: Model, name: str) -> str:
    """The limits of a field in words: `2 to 4`, `at least 1 entry`; empty where there are none."""
    schema = schema_at(model, (name,))
    pattern = [f"matches `{schema['pattern']}`"] if "pattern" in schema else []
    return ", ".join([*limits(schema), *pattern])


def default_of(info: Any) -> Any:
    """The default of a pydantic field as plain data, `None` where there is none."""
    value = None if info.is_required() else info.get_default(call_default_factory=True)
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, pydantic.BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _written(value: Any) -> str:
    """As the specification would say it; nothing for what is empty, as that says nothing."""
    if value is None or value in ("", [], {}):
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _kind(annotation: Any) -> Tuple[str, Tuple[type, ...], bool]:
    """An annotation in words, the models and enums in it, and whether it takes outputs."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _kind(next(part for part in inside if part is not type(None)))
    if origin is pulumi.Output:
        kind, named, _ = _kind(inside[0])
        return kind, named, True
    if origin is list:
        kind, named, takes = _kind(inside[0])
        return f"list of {_plural(kind)}", named, takes
    if origin is dict:
        kind, named, takes = _kind(inside[1])
        return f"mapping of names to {_plural(kind)}", named, takes
    if annotation in _WORDS:
        return _WORDS[annotation], (), False
    assert isinstance(annotation, type), annotation
    return annotation.__name__, (annotation,), False


def _plural(kind: str) -> str:
    return {
        "text": "texts",
        "whole number": "whole numbers",
        "number": "numbers",
        "any value": "any values",
    }.get(kind, kind)
