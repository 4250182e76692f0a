"""Makes `terraform_types.json`: for AWS types of Pulumi, Terraform's types and how arguments differ.

    terraform providers schema -json > schema.json     (in a folder initialised with the AWS provider)
    python -m plan.data.terraform_types_build schema.json          (writes beside this file; minutes)

Nothing here asks the vendor's own mapping. A Pulumi type and a Terraform type belong together when their
names say so or when their arguments do, rare arguments counting more than common ones. The rule for an
argument: its name is the snake_case of Pulumi's, a repeated block has the singular. What differs from that
rule is in the table; `plan.export.terraform.types` says what its keys mean.
"""

from __future__ import annotations

import collections.abc
import importlib
import importlib.metadata
import inspect
import json
import sys
import typing
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from plan.data.terraform_names import BY_HAND, NEVER, OWN_NAMES, PREFIXES
from plan.export.terraform.naming import snake

__all__ = ["build"]

TARGET = Path(__file__).with_name("terraform_types.json")
_REGISTRY = "registry.terraform.io/hashicorp/aws"
_EVERYWHERE = {"tags_all", "id", "timeouts", "region"}
_DEPTH = 9
# Ends of required arguments that the engine fills with a name: not, say, a subnet's id.
_LIKE_NAMES = ("name", "identifier", "cluster_id", "replication_group_id", "key")


def singulars(word: str) -> Iterator[str]:
    """`word` and what it may be the plural of."""
    yield word
    if word.endswith("ies"):
        yield word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        yield word[:-2]
    if word.endswith("ses"):
        yield word[:-2]
        yield word[:-1]
        yield f"{word[:-2]}is"
    if word.endswith("s") and not word.endswith("ss"):
        yield word[:-1]
    if word.endswith("ices"):
        yield word[:-4] + "ex"
    if word.endswith("ia"):
        yield word[:-2] + "ium"


def settable(block: Mapping[str, Any]) -> dict[str, Any]:
    """What one may write in a block: arguments and nested blocks by name."""
    attributes = block.get("attributes", {})
    chosen = {name: it for name, it in attributes.items() if it.get("optional") or it.get("required")}
    return {**chosen, **block.get("block_types", {})}


class Sdk:
    """The resource classes of the installed pulumi_aws by token, and the types of their properties."""

    def __init__(self) -> None:
        importlib.import_module("pulumi_aws")
        rpc = importlib.import_module("pulumi.runtime.rpc")
        self._types = importlib.import_module("pulumi._types")
        self.modules: dict[str, tuple[str, str]] = {}
        for key, modules in rpc._RESOURCE_MODULES.items():
            if key.startswith("aws:"):
                for module in modules:
                    for token, name in module.mod_info["classes"].items():
                        self.modules[token] = (module.mod_info["fqn"], name)

    def inputs(self, token: str) -> tuple[dict[str, Any], frozenset[str]]:
        """Types of the inputs by Pulumi's names, and which of them are required."""
        fqn, name = self.modules[token]
        cls = getattr(importlib.import_module(fqn), name)
        module = sys.modules[cls.__module__]
        # Where an object has the name already, the resource's own arguments are called otherwise.
        found = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args", None)
        return self.fields(found)

    def fields(self, cls: Any) -> tuple[dict[str, Any], frozenset[str]]:
        if cls is None:
            return {}, frozenset()
        names = self._types.input_type_py_to_pulumi_names(cls)
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        required = {names.get(one.name, one.name) for one in parameters if one.default is one.empty}
        return self._types.input_type_types(cls), frozenset(required)

    def outputs(self, token: str) -> dict[str, Any]:
        fqn, name = self.modules[token]
        found: dict[str, Any] = self._types.resource_types(getattr(importlib.import_module(fqn), name))
        return found

    def is_object(self, kind: Any) -> bool:
        return isinstance(kind, type) and bool(self._types.is_input_type(kind))

    def plain(self, kind: Any) -> Any:
        """`kind` without `Input`, `Optional` and alternatives in dictionary form."""
        kind = self._types.unwrap_type(kind) if kind is not None else kind
        if typing.get_origin(kind) is not typing.Union:
            return kind
        choices = [one for one in typing.get_args(kind) if one is not type(None)]
        objects = [one for one in choices if self.is_object(self._types.unwrap_type(one))]
        return self.plain((objects or choices)[0]) if choices else kind

    def element(self, kind: Any) -> tuple[bool, Any]:
        """Whether `kind` is a list, and its elements' type if that is an object (else None)."""
        kind = self.plain(kind)
        listed = typing.get_origin(kind) in (list, collections.abc.Sequence)
        inner = self.plain(typing.get_args(kind)[0]) if listed and typing.get_args(kind) else kind
        return listed, inner if self.is_object(inner) else None


class Shapes:
    """What is particular in the arguments of objects, each such set kept once: nested ones repeat a lot."""

    def __init__(self, sdk: Sdk) -> None:
        self.sdk = sdk
        self.all: list[dict[str, Any]] = []
        self._numbers: dict[str, int] = {}

    def keep(self, shape: dict[str, Any]) -> int:
        key = json.dumps(shape, sort_keys=True)
        if key not in self._numbers:
            self._numbers[key] = len(self.all)
            self.all.append(shape)
        return self._numbers[key]

    def of(self, types: Mapping[str, Any], block: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
        """The particular arguments among `types`, compared with what may be written in `block`."""
        known, shape, missing = settable(block), {}, []
        for name, kind in types.items():
            if name in ("region", "tagsAll"):
                continue
            found = next((one for one in singulars(snake(name)) if one in known), None)
            if found is None:
                missing.append(name)
            elif entry := self.argument(name, found, kind, known[found], depth):
                shape[name] = entry
        taken = {_name_in(shape, name) for name in types}
        free = [one for one in known if one not in taken | _EVERYWHERE | {"name_prefix"}]
        for name in missing:
            near = [one for one in free if _alike(snake(name), one)] if not depth else []
            if len(near) == 1:
                free.remove(near[0])
                shape[name] = self.argument(name, near[0], types[name], known[near[0]], depth)
            else:
                computed = any(one in block.get("attributes", {}) for one in singulars(snake(name)))
                shape[name] = {"not": "computed" if computed else "newer"}
        return dict(sorted(shape.items()))

    def argument(
        self, name: str, found: str, kind: Any, spec: Mapping[str, Any], depth: int
    ) -> dict[str, Any]:
        """What does not follow from the rule for one argument that is called `found` there."""
        entry: dict[str, Any] = {"to": found} if found != snake(name) else {}
        listed, inner = self.sdk.element(kind)
        nested = spec.get("block")
        if nested is None and "nested_type" in spec:
            nested = {"attributes": spec["nested_type"].get("attributes", {})}
        nested = nested or _object(spec.get("type"))
        many, form, fields = _form(spec)
        if inner is not None:
            entry["is"] = form if many else f"{form}_one"
            if fields:
                entry["fill"] = fields
            if nested is not None and depth < _DEPTH:
                below = self.of(self.sdk.fields(inner)[0], nested, depth + 1)
                if below:
                    entry["of"] = self.keep(below)
        elif many and not listed:
            entry["wrap"] = True
        return entry


def _object(kind: Any) -> dict[str, Any] | None:
    """The fields of an argument whose type is an object, or several, as though it were a block of them."""
    if isinstance(kind, list) and kind[0] in ("list", "set"):
        kind = kind[1]
    if not isinstance(kind, list) or kind[0] != "object":
        return None
    return {"attributes": {name: {"type": inner, "optional": True} for name, inner in kind[1].items()}}


def _name_in(shape: Mapping[str, Any], name: str) -> str:
    to: str = (shape.get(name) or {}).get("to", snake(name))
    return to


def _form(spec: Mapping[str, Any]) -> tuple[bool, str, list[str]]:
    """Whether an argument takes several, what objects in it are, and their fields where all must be written."""
    if "block" in spec:
        return spec.get("nesting_mode") in ("list", "set"), "block", []
    if "nested_type" in spec:
        return spec["nested_type"].get("nesting_mode") in ("list", "set"), "object", []
    kind = spec.get("type")
    many = isinstance(kind, list) and kind[0] in ("list", "set")
    if isinstance(kind, list) and many and isinstance(kind[1], list) and kind[1][0] == "object":
        return True, "object", sorted(kind[1][1])
    return many, "object", []


def _alike(ours: str, theirs: str) -> bool:
    """Whether two different names of an argument may mean the same: `rest_api` and `rest_api_id`."""
    if ours.replace("_", "") == theirs.replace("_", ""):
        return True
    ends = any(theirs.endswith(f"_{one}") for one in singulars(ours)) or ours.endswith(f"_{theirs}")
    return ends or theirs in {f"{ours}_{end}" for end in ("id", "arn", "name", "label")}


def match(sdk: Sdk, schema: Mapping[str, Any]) -> dict[str, str]:
    """Token -> Terraform type. What names say goes first; arguments may only claim what is left."""
    theirs = {name: frozenset(settable(it["block"])) - _EVERYWHERE for name, it in schema.items()}
    common = Counter(one for names in theirs.values() for one in names)
    weight = {name: 1 / (1 + count) ** 0.5 for name, count in common.items()}
    total = {name: sum(weight[one] for one in names) for name, names in theirs.items()}
    table, alike = dict(BY_HAND), {}
    for token in sorted(sdk.modules.keys() - BY_HAND.keys() - NEVER):
        ours = {snake(name) for name in sdk.inputs(token)[0]} - _EVERYWHERE
        likeness = {name: _likeness(ours, names, weight, total[name]) for name, names in theirs.items()}
        best = sorted(((score, name) for name, score in likeness.items()), reverse=True)[:2]
        named = max(_by_name(token, schema), key=lambda name: likeness[name], default=None)
        if named and (not ours or likeness[named] >= min(0.5, best[0][0] - 0.1)):
            table[token] = named
        elif ours and best[0][0] >= 0.8 and best[0][0] - best[1][0] > 0.05:
            alike[token] = best[0][1]
    claims = Counter([*set(table.values()), *alike.values()])
    return {**table, **{token: name for token, name in alike.items() if claims[name] == 1}}


def _likeness(
    ours: Iterable[str], theirs: frozenset[str], weight: Mapping[str, float], total: float
) -> float:
    shared, alone, hit = 0.0, 0.0, set()
    for name in ours:
        found = next((one for one in singulars(name) if one in theirs), None)
        if found is None:
            alone += weight.get(name, 1.0)
        else:
            hit.add(found)
            shared += weight[found]
    union = shared + alone + total - sum(weight[one] for one in hit)
    return shared / union if union else 1.0


def _by_name(token: str, schema: Mapping[str, Any]) -> list[str]:
    _, module, name = token.split(":")
    module, kind = module.split("/")[0], snake(name)
    prefixes = PREFIXES.get(module, (f"{module}_",))
    names = [*(f"aws_{prefix}{kind}" for prefix in prefixes), f"aws_{module}_{kind}", f"aws_{kind}"]
    names += [one.replace("_v2", "") for one in names if name.endswith("V2")]
    return [one for one in names if one in schema]


def _outputs(sdk: Sdk, token: str, shape: Mapping[str, Any], block: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs that are called otherwise there; None for those that the Terraform type does not answer."""
    known = {**block.get("attributes", {}), **block.get("block_types", {})}
    outputs = {}
    for name in sdk.outputs(token):
        if name in ("region", "urn", "id") or "to" in (shape.get(name) or {}):
            continue
        found = next((one for one in singulars(snake(name)) if one in known), None)
        if found != snake(name):
            outputs[name] = found
    return outputs


def build(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The table; `schema` is what `terraform providers schema -json` printed."""
    provider = schema["provider_schemas"][_REGISTRY]
    types, sdk = provider["resource_schemas"], Sdk()
    shapes, table = Shapes(sdk), {}
    for token, name in sorted(match(sdk, types).items()):
        block = types[name]["block"]
        inputs, required = sdk.inputs(token)
        shape = shapes.of(inputs, block)
        row = {
            "type": name,
            "of": shapes.keep(shape),
            "outputs": _outputs(sdk, token, shape, block),
            "names": _names(token, inputs, required, shape, block),
            "timeouts": sorted(
                block.get("block_types", {}).get("timeouts", {}).get("block", {}).get("attributes", {})
            ),
        }
        table[token] = {key: value for key, value in row.items() if value or key == "of"}
    settings = sdk.fields(importlib.import_module("pulumi_aws").ProviderArgs)[0]
    table["pulumi:providers:aws"] = {
        "type": "aws",
        "of": shapes.keep(shapes.of(settings, provider["provider"]["block"])),
    }
    return {"types": table, "shapes": shapes.all}


def _names(
    token: str,
    inputs: Mapping[str, Any],
    required: frozenset[str],
    shape: Mapping[str, Any],
    block: Mapping[str, Any],
) -> list[str]:
    """The arguments that the engine fills with a name when a program leaves them out."""
    attributes, names = block.get("attributes", {}), []
    for name in inputs:
        to = _name_in(shape, name)
        spec = attributes.get(to, {})
        own = name == "name" or name in OWN_NAMES.get(token, ())
        fillable = (own and spec.get("optional")) or (spec.get("required") and to.endswith(_LIKE_NAMES))
        if name not in required and spec.get("type") == "string" and fillable:
            names.append(to)
    return names


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m plan.data.terraform_types_build SCHEMA.json")
    found = build(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    made_from = f"pulumi-aws {importlib.metadata.version('pulumi-aws')}, hashicorp/aws 5.100.0"
    types = ",\n".join(f"  {json.dumps(token)}: {_compact(row)}" for token, row in found["types"].items())
    shapes = ",\n".join(f"  {_compact(shape)}" for shape in found["shapes"])
    TARGET.write_text(
        f'{{\n "made_from": {json.dumps(made_from)},\n "types": {{\n{types}\n }},\n "shapes": [\n{shapes}\n ]\n}}\n',
        encoding="utf-8",
    )


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


if __name__ == "__main__":
    main()
