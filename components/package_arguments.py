"""Arguments from a program in another language as the component's model, and what is wrong with them.

They arrive with the package's names (`podCidr`) and every number as a float. Other than the analyzer's
own mapping, nothing is dropped: a property that does not exist is a mistake and is said to be one.
"""

import re
import types
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Type, Union, get_args, get_origin

import pulumi
import pydantic
from pulumi.provider.experimental.util import camel_case

from components.model import Args
from problems.explain import Found, explain, join

__all__ = ["arguments", "refusal"]

_LATE = (
    "it is an output or a secret, but decides what is created, so it must be known beforehand; "
    "give the value itself"
)


def arguments(model: Type[Args], inputs: Mapping[str, Any]) -> Args:
    """`inputs`, named as the package names them, as a `model`.

    Raises `pulumi.InputPropertiesError`, which the engine shows property by property.
    """
    data = _named(model, inputs)
    late = list(_late(model, data, ""))
    problems: Dict[str, str] = {}
    try:
        made = model.model_validate(data)
    except pydantic.ValidationError as error:
        problems = {found.path: _reason(found) for found in explain(error, model) if found.path not in late}
    if problems or late:
        raise _refusal(model, problems, late)
    return made


def refusal(error: ValueError, models: Mapping[str, Type[pydantic.BaseModel]]) -> pulumi.InputPropertiesError:
    """What a constructor found wrong: with no single property, but with everything together.

    `models` are the arguments' models by name, as a component may have parts with models of their own.
    """
    if isinstance(error, pydantic.ValidationError) and error.title in models:
        model = models[error.title]
        return _refusal(model, {"": "; ".join(_reason(found) for found in explain(error, model))})
    return pulumi.InputPropertiesError(str(error), [])


def _refusal(
    model: Type[pydantic.BaseModel], problems: Mapping[str, str], late: Sequence[str] = ()
) -> pulumi.InputPropertiesError:
    """`problems` by path, and outputs where none can be taken (`late`).

    With a path, the engine prints the property's value, secrets in clear. So what holds outputs goes into
    the headline, and so does what has no path, where it would print all arguments.
    """
    spelled = _Spelling(model)
    headline, properties = [], []
    for path, reason in problems.items():
        if not path or any(one.startswith(path) for one in late):
            headline.append(f"{path}: {reason}" if path else reason)
        else:
            properties.append((path, reason))
    headline += [f"{path}: {_LATE}" for path in late]
    return pulumi.InputPropertiesError(
        spelled("; ".join(headline)),
        [{"property_path": spelled(path), "reason": spelled(reason)} for path, reason in properties],
    )


def _reason(found: Found) -> str:
    """Why it is wrong, and the way out. What was got the engine prints itself."""
    return "; ".join(part for part in (found.problem.but, found.problem.fix) if part)


def _named(annotation: Any, value: Any) -> Any:
    """`value` with the names of the models in `annotation`, and whole numbers as such."""
    model = _model(annotation)
    if isinstance(value, Mapping):
        if model is not None:
            # What is no field keeps its name, and the model then says so.
            fields = {camel_case(name): name for name in model.model_fields}
            names = {key: fields.get(key, key) for key in value}
            return {names[key]: _named(_inside(model, names[key]), item) for key, item in value.items()}
        return {key: _named(_item(annotation), item) for key, item in value.items()}
    if isinstance(value, list):
        return [_named(_item(annotation), item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _late(annotation: Any, value: Any, path: str) -> Iterator[str]:
    """Paths where an output stands and none can be taken."""
    if isinstance(value, pulumi.Output):
        yield path
        return
    model = _model(annotation)
    pairs: Sequence[Any] = ()
    if isinstance(value, Mapping):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for key, item in pairs:
        inside = _inside(model, key) if model is not None else _item(annotation)
        if not _takes_outputs(inside):
            yield from _late(inside, item, join(path, key))


def _takes_outputs(annotation: Any) -> bool:
    return get_origin(_without_none(annotation)) is pulumi.Output


def _inside(model: Type[pydantic.BaseModel], name: Any) -> Any:
    field = model.model_fields.get(name)
    return field.annotation if field is not None else Any


def _item(annotation: Any) -> Any:
    """What a list or a mapping of `annotation` holds."""
    inside = get_args(_without_none(annotation))
    return inside[-1] if inside else Any


def _model(annotation: Any) -> Optional[Type[pydantic.BaseModel]]:
    plain = _without_none(annotation)
    return plain if isinstance(plain, type) and issubclass(plain, pydantic.BaseModel) else None


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        return next(part for part in get_args(annotation) if part is not type(None))
    return annotation


class _Spelling:
    """Texts with the fields' names as the package spells them."""

    def __init__(self, model: Type[pydantic.BaseModel]) -> None:
        self.names: Dict[str, str] = {}
        self._collect(model, [])
        self.words = re.compile("|".join(rf"\b{name}\b" for name in self.names) or r"(?!)")

    def _collect(self, model: Type[pydantic.BaseModel], seen: List[type]) -> None:
        seen.append(model)
        for name, field in model.model_fields.items():
            if "_" in name:
                self.names[name] = camel_case(name)
            inside = _model(_deepest(field.annotation))
            if inside is not None and inside not in seen:
                self._collect(inside, seen)

    def __call__(self, text: str) -> str:
        return self.words.sub(lambda match: self.names[match.group()], text)


def _deepest(annotation: Any) -> Any:
    """The innermost type of lists, mappings and options."""
    inside = get_args(_without_none(annotation))
    return _deepest(inside[-1]) if inside else _without_none(annotation)
