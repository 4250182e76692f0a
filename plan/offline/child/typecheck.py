"""Checks captured inputs against the types of the installed provider SDK: no plugin, no schema file."""

from __future__ import annotations

import collections.abc
import difflib
import enum
import functools
import importlib
import inspect
import re
import sys
import typing
from typing import Any, get_args, get_origin

from pulumi import _types
from pulumi.runtime import rpc

from .wire import OUTPUT, SECRET, SIGNATURE, UNKNOWN

Found = list[tuple[str, str, str]]
"""Findings as (path, kind, message)."""

ILL_TYPED = frozenset({"type", "enum"})
"""Kinds of findings after which the inputs must not be echoed: the SDK would stop at an assertion."""


@functools.lru_cache(None)
def resource_class(token: str) -> type | None:
    """The SDK's class for a type token, from the table that every SDK package brings along."""
    package, _, rest = token.partition(":")
    module = rest.partition(":")[0]
    for entry in rpc._RESOURCE_MODULES.get(f"{package}:{module}", []):
        info = getattr(entry, "mod_info", None) or {}
        name = info.get("classes", {}).get(token)
        if name:
            found = getattr(importlib.import_module(info["fqn"]), name, None)
            return found if isinstance(found, type) else None
    return None


@functools.lru_cache(None)
def args_class(token: str) -> type | None:
    """The class that declares the inputs of a type, or None where the SDK has none."""
    cls = resource_class(token)
    if cls is None:
        return None
    names = vars(sys.modules[cls.__module__])
    constructor: Any = vars(cls).get("__init__")
    for overload in getattr(typing, "get_overloads", lambda function: ())(constructor):  # since Python 3.11
        annotation = overload.__annotations__.get("args")
        if isinstance(annotation, str):
            annotation = names.get(re.sub(r"^Optional\[(.*)\]$", r"\1", annotation))
        for candidate in get_args(annotation) or (annotation,):
            if isinstance(candidate, type) and _types.is_input_type(candidate):
                return candidate
    # `InitArgs` first: in the Kubernetes SDK `XArgs` is the nested object.
    for name in (f"{cls.__name__}InitArgs", f"{cls.__name__}Args"):
        candidate = names.get(name)
        if isinstance(candidate, type) and _types.is_input_type(candidate):
            return candidate
    return None


class Fields(typing.NamedTuple):
    """What an args class says: types, required names, Python names and documented values by property."""

    types: dict[str, Any]
    required: frozenset[str]
    python_names: dict[str, str]
    documented: dict[str, tuple[str, ...]]


@functools.lru_cache(None)
def fields(args: type) -> Fields:
    types = _types.input_type_types(args)
    names = _types.input_type_py_to_pulumi_names(args)
    parameters = list(inspect.signature(args.__init__).parameters.values())[1:]  # type: ignore[misc]
    required = frozenset(names.get(item.name, item.name) for item in parameters if item.default is item.empty)
    documented: dict[str, tuple[str, ...]] = {}
    last = ""
    for line in (args.__init__.__doc__ or "").splitlines():  # type: ignore[misc]
        if match := re.match(r"\s*:param .*? (\w+): (.*)", line):
            last = names.get(match[1], match[1])
            if values := _documented_values(match[2]):
                documented[last] = values
        elif "`" in line:
            documented.pop(last, None)  # the text goes on, and may name further values
    return Fields(types, required, names, documented)


_VALUE = r"[`\"]{1,2}[^`\"]+[`\"]{1,2}"
_DOCUMENTED = re.compile(
    r"(?:Valid values?|Allowed values?|Possible values?|Valid options|Valid types|Must be one of|One of)"
    r"(?:\s+(?:are|is|for \w+ are))?:?\s*"
    rf"((?:(?:,|or|and|either|\s|\(default\)|\(Default\))*{_VALUE}(?:\s*\(default\))?)+)"
)


_ENDED = re.compile(r"\s*(?:\.(?:\s|$)|$|;|\(|,? (?:[Dd]efaults?|and defaults|with default))")
_OPEN = re.compile(
    r"\b(?:also|additional|others?|more|see|refer|such as|etc|custom|any|deprecated|supported|included?|includes)\b",
    re.I,
)


def _documented_values(text: str) -> tuple[str, ...]:
    """The values that `text` names, where it leaves no doubt that there are no others."""
    match = _DOCUMENTED.search(text)
    if match is None or not _ENDED.match(text, match.end()) or _OPEN.search(text, match.end()):
        return ()
    values = tuple(re.findall(r"[`\"]{1,2}([^`\"]+)[`\"]{1,2}", match[1])) if match else ()
    # Values that are named elsewhere in the text count as well: "X and Y are also valid".
    return tuple(dict.fromkeys((*values, *re.findall(r"`([^`]+)`", text)))) if len(values) > 1 else ()


def check_inputs(token: str, inputs: dict[str, Any]) -> Found:
    """Everything wrong with `inputs` (wire form, Pulumi's names) of a resource of type `token`."""
    args = args_class(token)
    found: Found = []
    if args is not None:
        _check_object(inputs, args, "", found)
    return found


def _check_object(value: dict[str, Any], args: type, path: str, found: Found) -> None:
    declared = fields(args)
    prefix = f"{path}." if path else ""
    for name in sorted(declared.required - value.keys()):
        found.append((prefix + name, "required", "a required property is missing"))
    for name, item in value.items():
        if name in declared.types:
            check_value(item, declared.types[name], prefix + name, found, declared.documented.get(name, ()))
        elif name != "__defaults":
            close = difflib.get_close_matches(name, declared.types, 1)
            hint = declared.python_names.get(name) or (close[0] if close else "")
            found.append(
                (
                    prefix + name,
                    "unknown-property",
                    "there is no such property" + (f", did you mean {hint}?" if hint else ""),
                )
            )


def check_value(value: Any, kind: Any, path: str, found: Found, documented: tuple[str, ...] = ()) -> None:
    """Checks one value against one type, as far down as it is known; a secret's content is not quoted."""
    if isinstance(value, dict) and value.get(SIGNATURE) in (SECRET, OUTPUT):
        inner: Found = []
        if "value" in value:
            check_value(value["value"], kind, path, inner)
        found.extend(
            (where, what, "the secret value has the wrong type" if what in ILL_TYPED else text)
            for where, what, text in inner
        )
        return
    if value is None or value == UNKNOWN or (isinstance(value, dict) and SIGNATURE in value):
        return
    if isinstance(value, str) and "${urn:pulumi:" in value:
        return
    kind = _types.unwrap_type(kind) if kind is not None else None
    if kind is None or kind is Any or isinstance(kind, (str, typing.ForwardRef, typing.TypeVar)):
        return
    if get_origin(kind) is typing.Union:
        _check_union(value, kind, path, found, documented)
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        allowed = [member.value for member in kind]
        if value not in allowed:
            found.append((path, "enum", f"{value!r} is not one of {', '.join(map(str, allowed[:12]))}"))
    elif isinstance(kind, type) and _types.is_input_type(kind):
        if isinstance(value, dict):
            _check_object(value, kind, path, found)
        else:
            found.append((path, "type", f"expected an object, got {_what(value)}"))
    else:
        _check_plain(value, kind, path, found, documented)


def _check_union(value: Any, kind: Any, path: str, found: Found, documented: tuple[str, ...]) -> None:
    tried: list[tuple[Any, Found]] = []
    for candidate in get_args(kind):
        if candidate is type(None):
            continue
        errors: Found = []
        check_value(value, candidate, path, errors, documented)
        if not errors:
            return
        tried.append((candidate, errors))
    fitting = [errors for candidate, errors in tried if isinstance(value, dict) == _is_object(candidate)]
    if tried:
        found.extend(fitting[0] if fitting else tried[0][1])


def _is_object(kind: Any) -> bool:
    kind = _types.unwrap_type(kind)
    return isinstance(kind, type) and _types.is_input_type(kind)


def _check_plain(value: Any, kind: Any, path: str, found: Found, documented: tuple[str, ...]) -> None:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (list, collections.abc.Sequence) or kind is list:
        if not isinstance(value, list):
            found.append((path, "type", f"expected a list, got {_what(value)}"))
            return
        for index, item in enumerate(value):
            check_value(item, arguments[0] if arguments else Any, f"{path}[{index}]", found)
    elif origin in (dict, collections.abc.Mapping) or kind is dict:
        if not isinstance(value, dict):
            found.append((path, "type", f"expected a map, got {_what(value)}"))
            return
        for name, item in value.items():
            check_value(item, arguments[1] if len(arguments) == 2 else Any, f"{path}.{name}", found)
    elif kind is bool:
        if not isinstance(value, bool) and value not in ("true", "false"):
            found.append((path, "type", f"expected a boolean, got {_what(value)}"))
    elif kind in (int, float):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number and not (isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value)):
            found.append((path, "type", f"expected a number, got {_what(value)}"))
        elif kind is int and isinstance(value, float):
            found.append((path, "type", f"expected a whole number, got {_what(value)}"))
    elif kind is str:
        if isinstance(value, (dict, list)):
            found.append((path, "type", f"expected text, got {_what(value)}"))
        elif documented and isinstance(value, str) and value not in documented:
            found.append(
                (
                    path,
                    "documented-values",
                    f"{value!r} is not among the documented values {', '.join(documented[:12])}",
                )
            )


def _what(value: Any) -> str:
    """`value` for a message: short, and nothing of the inside of maps and lists."""
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    return repr(value)[:60]
