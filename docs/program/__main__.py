"""An example's resources, constructed in process: what the engine would do with its `resources:`.

The example stands beside this file as `example.yaml`.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from components.package import COMPONENTS, args_of
from components.package_arguments import arguments

HERE = Path(__file__).parent
_OUTPUT = re.compile(r"\$\{([\w-]+)(?:\.(\w+))?\}")
_CLASSES = {component.__name__: component for component in COMPONENTS}


def from_yaml(document: dict[str, Any]) -> None:
    made: dict[str, Any] = dict(document["variables"])
    for name, one in document["resources"].items():
        component = _CLASSES[one["type"].removeprefix("tradewind:")]
        inputs = _resolved(one["properties"], made)
        made[name] = component(name, arguments(args_of(component), inputs))


def _resolved(value: Any, made: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(item, made) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, made) for item in value]
    if isinstance(value, str) and (found := _OUTPUT.fullmatch(value)):
        name, output = found.groups()
        return getattr(made[name], re.sub("([A-Z])", r"_\1", output).lower()) if output else made[name]
    return value


from_yaml(yaml.safe_load((HERE / "example.yaml").read_text(encoding="utf-8")))
