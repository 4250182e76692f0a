"""Inputs of a resource as arguments of a Terraform block, in JSON syntax."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plan.export.terraform.model import Kind
from plan.export.terraform.naming import escaped, snake
from plan.export.terraform.types import Mapped, Shape, mapped, shape
from plan.export.terraform.variables import Ledger
from plan.graph import Graph, Resource
from plan.values import TOKEN, Asset, Reference, ResourceRef, Secret, Template, Unknown, Value

__all__ = ["Writer"]

_PART = "_part"
_NOTHING = object()
_WHY_SECRET = "a secret: its content is not in the export"  # noqa: S105  # no secret
_WHY_NEWER = "newer than the provider's release 5.100, or unknown to it"
# Values that the provider's release does not know, and the strictest it has instead.
_NEWER_VALUES = {
    ("imageTagMutability", "IMMUTABLE_WITH_EXCLUSION"): "IMMUTABLE",
    ("imageTagMutability", "MUTABLE_WITH_EXCLUSION"): "MUTABLE",
}
_WHY_COMPUTED = "decided by the provider's release 5.100 itself"


class Writer:
    """Writes the values of one resource. References become expressions, what is not known variables."""

    def __init__(self, graph: Graph, labels: Mapping[str, str], ledger: Ledger, resource: Resource) -> None:
        self.graph, self.labels, self.ledger = graph, labels, ledger
        self.resource = resource
        self.name = labels.get(resource.urn, resource.name)
        self.used: set[str] = set()

    def body(self, inputs: Mapping[str, Value], arguments: Shape, above: str = "") -> dict[str, Any]:
        """An object whose fields the provider knows; `above` is the path of the object with a dot behind it."""
        made: dict[str, Any] = {}
        for name, value in inputs.items():
            if value is None or (not above and name == "region"):
                continue
            entry = arguments.get(name, {})
            if "not" in entry:
                why = _WHY_COMPUTED if entry["not"] == "computed" else _WHY_NEWER
                self.ledger.note("argument", self.resource, f"{above}{name}", why)
                continue
            older = _NEWER_VALUES.get((name, value)) if isinstance(value, str) else None
            if older is not None:
                why = f"{value} is {_WHY_NEWER}: {older} stands in its place"
                self.ledger.note("argument", self.resource, f"{above}{name}", why)
                value = older
            written = self._argument(value, entry, f"{above}{name}")
            if written is not _NOTHING:
                made[entry.get("to") or snake(name)] = written
        return made

    def _argument(self, value: Value, entry: Mapping[str, Any], path: str) -> Any:
        form = entry.get("is", "")
        if not form:
            written = self.value(value, path)
            return [written] if entry.get("wrap") and not isinstance(written, list) else written
        items = [value] if not isinstance(value, list) else value
        below, made = shape(entry.get("of")), []
        for number, item in enumerate(items):
            here = f"{path}[{number}]" if isinstance(value, list) else path
            if isinstance(item, dict):
                fields = self.body(item, below, f"{here}.")
                made.append({**dict.fromkeys(entry.get("fill", ())), **fields})
            elif item is not None and form.startswith("object"):
                written = self.value(item, here)
                return written if item is value else [*made, written]
            elif item is not None:
                why = "nested blocks that are only known during deployment cannot be written"
                self.ledger.note("argument", self.resource, here, why)
        if not made and items:
            return _NOTHING
        return made[0] if form.endswith("_one") and not isinstance(value, list) else made

    def value(self, value: Value, path: str) -> Any:
        """A value whose fields are the user's own: names are kept."""
        match value:
            case Template():
                return self._template(value, path)
            case str():
                return escaped(value)
            case bool() | int() | None:
                return value
            case float():
                return int(value) if value.is_integer() else value
            case dict():
                return {
                    escaped(self.key(key, path)): self.value(item, f"{path}.{key}")
                    for key, item in value.items()
                }
            case list():
                return [self.value(item, f"{path}[{number}]") for number, item in enumerate(value)]
            case Reference():
                return self.reference(value, path)
            case ResourceRef():
                return self.reference(Reference(value.urn, "id"), path)
            case Asset():
                return self.asked("unknown", path, "a file of the program, which this argument does not take")
            case Secret():
                return self.asked("secret", path, _WHY_SECRET)
            case Unknown():
                return self.asked("unknown", path, self._why_unknown(path))
        raise TypeError(f"a value of type {type(value).__name__}")

    def key(self, key: object, path: str) -> str:
        """A key of a user's map. One made of an output is said by name: a key cannot be asked for."""
        return TOKEN.sub(lambda token: f"{token[2]}-of-{self._name(token[1])}", str(key))

    def asked(self, kind: Kind, path: str, why: str) -> str:
        return self.ledger.asked(kind, self.resource, path, why, self.name)

    def reference(self, reference: Reference, path: str) -> str:
        """The expression of an output of another resource."""
        target = self.graph.get(reference.urn)
        prop = reference.property
        if prop == "urn":
            return escaped(reference.urn)
        to = mapped(target.type) if target is not None and target.urn in self.labels else None
        if target is None or to is None:
            return self._outside(target, reference, path)
        if prop.endswith(_PART):
            whole = prop.removesuffix(_PART)
            return self.asked("unknown", path, f"a piece that the program cut out of {target.name}.{whole}")
        attribute = _path_of(prop, to)
        if attribute is None:
            why = f"{target.name}.{prop} is not answered by the provider's release 5.100"
            return self.asked("unknown", path, why)
        address = f"{to.type}.{self.labels[target.urn]}"
        self.used.add(address)
        return f"${{{address}.{attribute}}}"

    def _outside(self, target: Resource | None, reference: Reference, path: str) -> str:
        """An output of what is not in the export: what is known of it as it stands, else a variable."""
        prop = reference.property
        if target is not None:
            known = target.id if prop == "id" else target.inputs.get(prop, target.outputs.get(prop))
            if isinstance(known, str) and known and not isinstance(known, Template):
                return escaped(known)
            what = "which is read, not managed" if target.external else "which is not in the export"
            return self.asked("unknown", path, f"the output {prop} of {target.name}, {what}")
        return self.asked("unknown", path, f"the output {prop} of a resource that is not in the plan")

    def _template(self, text: Template, path: str) -> str:
        parts, end = [], 0
        for token in TOKEN.finditer(text):
            parts += [escaped(text[end : token.start()]), self.reference(Reference(token[1], token[2]), path)]
            end = token.end()
        return "".join([*parts, escaped(text[end:])])

    def _why_unknown(self, path: str) -> str:
        top = path.partition(".")[0].partition("[")[0]
        urns = self.resource.property_dependencies.get(top, ())
        names = [self._name(urn) for urn in urns]
        return f"decided during deployment{', from ' + ', '.join(names[:5]) if names else ''}"

    def _name(self, urn: str) -> str:
        target = self.graph.get(urn)
        return target.name if target else urn.rpartition("::")[2]


def _path_of(prop: str, to: Mapped) -> str | None:
    """`certificateAuthority.data` as `certificate_authority[0].data`; None where it is not answered."""
    first, *rest = prop.split(".")
    path = to.answer(first)
    entry = to.arguments.get(first, {})
    for part in rest if path else ():
        if part.isdigit():
            path = f"{path}[{part}]"
            continue
        if entry.get("is") in ("block", "object") and not str(path).endswith("]"):
            path = f"{path}[0]"
        entry = shape(entry.get("of")).get(part, {})
        path = f"{path}.{entry.get('to') or snake(part)}"
    return path
