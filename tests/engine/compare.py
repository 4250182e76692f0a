"""Whether two graphs of one program are the same: the offline plan's and the real engine's.

    differences(offline, engine)        the list is empty when they are

What must not count is taken out by the normalisations below, and by nothing else. Everything that is left
is compared exactly: URNs, type, parent, provider, protection, inputs with unknowns and secrets in the same
places, dependencies and dependencies by property.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from plan.graph import Graph, Resource
from plan.tags import effective
from plan.values import TOKEN, UNKNOWN, Reference, Template, Unknown, references

ABSENT = "<absent>"


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same, at `path` of the resource `urn`."""

    urn: str
    path: str
    offline: Any
    engine: Any

    def __str__(self) -> str:
        where = self.urn.split("::", 2)[-1]
        return f"{where} {self.path}: offline {str(self.offline)[:200]}, engine {str(self.engine)[:200]}"


@dataclass
class Side:
    """One of the two graphs, with rows that normalisations may change."""

    graph: Graph
    rows: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, graph: Graph) -> Side:
        return cls(graph, {resource.urn: _row(resource) for resource in graph})


@dataclass(frozen=True)
class Normalisation:
    """`what` does not count, for the `reason`; `apply` takes it out of the offline and the engine's side."""

    name: str
    what: str
    reason: str
    apply: Callable[[Side, Side], None]


def differences(offline: Graph, engine: Graph, *, without: str = "") -> list[Difference]:
    """What differs between the two; `without` names a normalisation to leave out."""
    ours, theirs = Side.of(offline), Side.of(engine)
    for normalisation in NORMALISATIONS:
        if normalisation.name != without:
            normalisation.apply(ours, theirs)
    found: list[Difference] = []
    for urn in {**ours.rows, **theirs.rows}:
        here, there = ours.rows.get(urn), theirs.rows.get(urn)
        if here is None or there is None:
            found.append(
                Difference(urn, "", ABSENT if here is None else "there", ABSENT if there is None else "there")
            )
        else:
            found += (Difference(urn, path, a, b) for path, a, b in _differing(here, there, ""))
    return found


def _row(resource: Resource) -> dict[str, Any]:
    return {
        "type": resource.type,
        "parent": resource.parent,
        "provider": resource.provider,
        "protect": resource.protect,
        "custom": resource.custom,
        "external": resource.external,
        "inputs": dict(resource.inputs),
        "dependencies": sorted(set(resource.dependencies)),
        "property_dependencies": {
            name: sorted(set(urns)) for name, urns in resource.property_dependencies.items() if urns
        },
    }


def _differing(here: Any, there: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(here, dict) and isinstance(there, dict):
        for key in {**here, **there}:
            inner = f"{path}.{key}" if path else key
            yield from _differing(here.get(key, ABSENT), there.get(key, ABSENT), inner)
    elif isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        for index, (a, b) in enumerate(zip(here, there, strict=True)):
            yield from _differing(a, b, f"{path}[{index}]")
    elif not _same(here, there):
        yield path, here, there


def _same(here: Any, there: Any) -> bool:
    """Equality that tells true from 1; a whole number is the same with and without `.0`."""
    if isinstance(here, bool) or isinstance(there, bool):
        return here is there
    if isinstance(here, int | float) and isinstance(there, int | float):
        return here == there
    return type(here) is type(there) and bool(here == there)


# The normalisations


def _default_providers(ours: Side, theirs: Side) -> None:
    for side in (ours, theirs):
        for urn in [urn for urn, row in side.rows.items() if _is_default_provider(urn, row)]:
            del side.rows[urn]


def _is_default_provider(urn: str, row: dict[str, Any]) -> bool:
    return row["type"].startswith("pulumi:providers:") and urn.rpartition("::")[2].startswith("default")


def _references(ours: Side, theirs: Side) -> None:
    for row in ours.rows.values():
        row["inputs"] = _answered(row["inputs"], theirs.graph)


def _answered(value: Any, engine: Graph) -> Any:
    """`value` with the engine's own outputs for references; unknown where the engine does not know them."""
    if isinstance(value, Reference):
        target = engine.get(value.urn)
        if target is None:
            return value
        if value.property == "id":
            return target.id or UNKNOWN
        # A preview prints no outputs of what is to be made; an input is an output all the same.
        known = target.outputs.get(value.property, target.inputs.get(value.property))
        return UNKNOWN if known is None else known
    if isinstance(value, Template):
        answers = {str(it): _answered(it, engine) for it in references(value)}
        known = all(
            isinstance(answer, str) and not isinstance(answer, Template) for answer in answers.values()
        )
        return TOKEN.sub(lambda match: answers[match[0]], str(value)) if known else UNKNOWN
    if isinstance(value, dict):
        return {key: _answered(item, engine) for key, item in value.items()}
    return [_answered(item, engine) for item in value] if isinstance(value, list) else value


def _computed(ours: Side, theirs: Side) -> None:
    for urn, row in ours.rows.items():
        if (other := theirs.rows.get(urn)) is not None:
            row["inputs"] = _as_vague(row["inputs"], other["inputs"])


def _as_vague(here: Any, there: Any) -> Any:
    """`here`, unknown as a whole where `there` is and `here` is in part."""
    if isinstance(there, Unknown) and isinstance(here, dict | list) and _has_unknown(here):
        return UNKNOWN
    if isinstance(here, dict) and isinstance(there, dict):
        return {key: _as_vague(item, there[key]) if key in there else item for key, item in here.items()}
    if isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        return [_as_vague(a, b) for a, b in zip(here, there, strict=True)]
    return here


def _has_unknown(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(_has_unknown(item) for item in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, Unknown)


def _data_sources(ours: Side, theirs: Side) -> None:
    for urn, row in ours.rows.items():
        other = theirs.rows.get(urn)
        if other is None:
            continue
        by_property, engine_by_property = row["property_dependencies"], other["property_dependencies"]
        lost = set()
        for name, value in ours.graph[urn].inputs.items():
            mentioned = {reference.urn for reference in references(value)}
            forgotten = name not in engine_by_property and isinstance(other["inputs"].get(name), Unknown)
            if forgotten and set(by_property.get(name, ())) <= mentioned:
                lost |= set(by_property.pop(name, ()))
        kept = {urn for urns in by_property.values() for urn in urns}
        row["dependencies"] = [urn for urn in row["dependencies"] if urn in kept or urn not in lost]


def _deployed(ours: Side, theirs: Side) -> None:
    for urn, row in ours.rows.items():
        if (other := theirs.rows.get(urn)) is None:
            continue
        for name, urns in row["property_dependencies"].items():
            if name in other["inputs"] and all(theirs.graph[it].id for it in urns if it in theirs.graph):
                other["inputs"] = {
                    **other["inputs"],
                    name: _as_open(row["inputs"].get(name), other["inputs"][name]),
                }


def _as_open(here: Any, there: Any) -> Any:
    """`there`, unknown where `here` is."""
    if isinstance(here, Unknown):
        return UNKNOWN
    if isinstance(here, dict) and isinstance(there, dict):
        return {key: _as_open(here.get(key), item) for key, item in there.items()}
    if isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        return [_as_open(a, b) for a, b in zip(here, there, strict=True)]
    return there


def _release(ours: Side, theirs: Side) -> None:
    for urn, row in ours.rows.items():
        engine = theirs.rows.get(urn, {"inputs": {}})["inputs"]
        if row["type"] == "kubernetes:helm.sh/v3:Release" and "timeout" in engine:
            row["inputs"] = {"timeout": 300, **row["inputs"]}
        if (
            row["type"] == "kubernetes:helm.sh/v3:Release"
            and "values" not in engine
            and row["inputs"].get("values") == {}
        ):
            row["inputs"] = {name: value for name, value in row["inputs"].items() if name != "values"}


def _tags(ours: Side, theirs: Side) -> None:
    for urn, row in ours.rows.items():
        if urn in theirs.rows and "tagsAll" in theirs.rows[urn]["inputs"]:
            merged = effective(ours.graph, ours.graph[urn])
            row["inputs"]["tagsAll"] = _answered(merged, theirs.graph)


def _regions(ours: Side, theirs: Side) -> None:
    for urn, row in ours.rows.items():
        inputs = theirs.rows.get(urn, {}).get("inputs", {})
        if row["type"].startswith("aws:") and "region" in inputs and "region" not in row["inputs"]:
            row["inputs"]["region"] = ours.graph[urn].region


def _automatic_names(ours: Side, theirs: Side) -> None:
    """Both sides get the same text for a name which a provider made up, wherever it stands."""
    names: dict[str, str] = {}
    for urn, row in theirs.rows.items():
        if urn not in ours.rows:
            continue
        made = f"<automatic name of {urn}>"
        mine, theirs_inputs = ours.rows[urn]["inputs"], row["inputs"]
        for name, value in theirs_inputs.items():
            if name not in mine and value == theirs.graph[urn].name:
                mine[name] = value
            elif name not in mine and _is_automatic(theirs.graph[urn], value):
                names[value] = mine[name] = made
        if row["type"].startswith("kubernetes:"):
            _same_object_name(theirs.graph[urn], mine, theirs_inputs, names, made)
    for side in (ours, theirs):
        for row in side.rows.values():
            row["inputs"] = _renamed(row["inputs"], names)
    _vague_names(ours, theirs)


def _is_automatic(resource: Resource, value: Any) -> bool:
    """Whether `value` is the resource's name with what providers put around it."""
    form = rf"(/aws/[a-z/-]+)?{re.escape(resource.name)}-[0-9a-f]{{7,8}}(\.fifo)?"
    return isinstance(value, str) and re.fullmatch(form, value, re.IGNORECASE) is not None


def _same_object_name(
    resource: Resource, mine: dict[str, Any], engine: dict[str, Any], names: dict[str, str], made: str
) -> None:
    here, there = mine.get("metadata"), engine.get("metadata")
    if not (isinstance(here, dict) and isinstance(there, dict)):
        return
    annotations = there.get("annotations")
    marked = isinstance(annotations, dict) and annotations.get("pulumi.com/autonamed") == "true"
    if marked:
        rest = {name: value for name, value in annotations.items() if name != "pulumi.com/autonamed"}
        others = {name: value for name, value in there.items() if name != "annotations"}
        engine["metadata"] = {**others, "annotations": rest} if rest or "annotations" in here else others
    if marked and _is_automatic(resource, here.get("name")) and _is_automatic(resource, there.get("name")):
        names[here["name"]] = names[there["name"]] = made


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if type(value) is str:
        for name, made in names.items():
            value = value.replace(name, made)
    return value


def _vague_names(ours: Side, theirs: Side) -> None:
    """What a program makes of an automatic name is unknown offline when outputs are."""
    for urn, row in theirs.rows.items():
        if urn in ours.rows:
            row["inputs"] = _unnamed(ours.rows[urn]["inputs"], row["inputs"])


def _unnamed(here: Any, there: Any) -> Any:
    if isinstance(here, Unknown):
        return UNKNOWN if "<automatic name of " in str(there) else there
    if isinstance(here, dict) and isinstance(there, dict):
        return {key: _unnamed(here.get(key), item) for key, item in there.items()}
    if isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        return [_unnamed(a, b) for a, b in zip(here, there, strict=True)]
    return there


NORMALISATIONS = (
    Normalisation(
        "default providers",
        "providers that no program declares, and their settings",
        "a preview does not print them; their URNs count all the same, as providers of resources",
        _default_providers,
    ),
    Normalisation(
        "references",
        "an output's name offline is the output's value in the engine, unknown before it is there",
        "with symbolic answers a plan says which output goes where, a preview only that it does not know",
        _references,
    ),
    Normalisation(
        "merged tags",
        "`tagsAll` is added offline: the resource's tags over its provider's default tags",
        "the AWS provider's Check puts it in; the merge is `plan.tags`, so its content is compared",
        _tags,
    ),
    Normalisation(
        "default region",
        "`region` of an AWS resource that names none is added offline: the region the graph has for it",
        "the AWS provider's Check puts its own region in; what the graph says is compared with it",
        _regions,
    ),
    Normalisation(
        "automatic names",
        "a name that a provider made up: the resource's name, mostly with a hyphen and hexadecimal digits",
        "providers draw them at random; AWS names are not invented offline, Kubernetes names are",
        _automatic_names,
    ),
    Normalisation(
        "defaults of a Helm release",
        "`timeout` of 300 seconds is added offline to a release that says none, `values` without any left out",
        "the Kubernetes provider's Check puts the one in and drops the other",
        _release,
    ),
    Normalisation(
        "known since deployed",
        "what an offline plan leaves unknown, in a property all of whose dependencies have ids in the engine",
        "the engine knows outputs of what is deployed; before a first deployment nothing has an id",
        _deployed,
    ),
    Normalisation(
        "computed from outputs",
        "a list or an object that is unknown in part offline and unknown as a whole in the engine",
        "callbacks on outputs run on symbolic answers, not in a preview; with unknown answers it is not needed",
        _computed,
    ),
    Normalisation(
        "asked with outputs",
        "dependencies of a property through a data source that is asked with unknown arguments",
        "the SDK forgets them while the answer is unknown; offline they are what they are after deployment",
        _data_sources,
    ),
)  # fmt: skip
