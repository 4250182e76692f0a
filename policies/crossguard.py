"""The same rules as CrossGuard policies: one policy per rule, under the rule's id.

Rules that need one resource become resource policies, which stop a deployment before the resource is
made; rules that need its surroundings become stack policies. What a graph calls undetermined is raised
as the SDK's own `UnknownValueError`, which the engine reports and does not count as passed.

The engine shows inputs to resource policies, but outputs to stack policies: in a preview most of those
are not known, where the inputs say all that a rule asks. So the pack keeps the inputs it was shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from plan.graph import Graph, Resource
from plan.regions import region_of
from plan.values import UNKNOWN, Asset, Value
from policies.config import Config
from policies.pack_config import SCHEMAS, config_of
from policies.remediation import additions, apply
from policies.rule import ANY_TYPE, Breach, Rule, all_rules
from policies.runner import evaluate, exempted, subject
from policies.surroundings import Surroundings
from policies.view import Undetermined, View

__all__ = ["graph_of", "plain", "policies"]

REMEDIATED = frozenset({"required-tags", "tag-propagation"})


def policies(*, today: date | None = None) -> list[Policy]:
    """A policy for every rule that a pack can judge. `today` decides which exemptions hold."""
    shown = _Shown()
    makers: dict[str, Callable[[Rule, date | None, _Shown], Policy]] = {
        "resource": _resource_policy,
        "stack": _stack_policy,
    }
    return [makers[rule.scope](rule, today, shown) for rule in all_rules() if rule.scope in makers]


@dataclass(frozen=True, slots=True)
class _Row:
    resource: Resource
    provider: Resource | None
    askers: set[str]


class _Shown:
    """The resources that resource policies were asked about, each read once for all policies."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}

    def row(self, policy: str, args: ResourceValidationArgs) -> _Row:
        """What `policy` is asked about. A second question by the same policy is about a new state of it."""
        row = self._rows.get(args.urn)
        if row is None or policy in row.askers:
            provider = _provider(args)
            row = self._rows[args.urn] = _Row(_resource(args, provider), provider, set())
        row.askers.add(policy)
        return row

    def inputs(self, urn: str) -> Mapping[str, Value] | None:
        row = self._rows.get(urn)
        return row.resource.inputs if row else None


def _about(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.id,
        "description": rule.rationale,
        "enforcement_level": EnforcementLevel(rule.level),
        "severity": Severity(rule.severity),
        "config_schema": PolicyConfigSchema({key: SCHEMAS[key] for key in ("exemptions", *rule.reads)}),
        "tags": list(rule.frameworks),
        "remediation_steps": rule.fix,
    }


def _resource_policy(rule: Rule, today: date | None, shown: _Shown) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        row = shown.row(rule.id, args)
        if ANY_TYPE in rule.types or args.resource_type in rule.types:
            view, config = _alone(row, args, today)
            _raise(list(_judge(rule, view, config, lambda text, _: report(text, None))))

    def validate_or_remediate(
        args: ResourceValidationArgs, report: ReportViolation
    ) -> Mapping[str, Any] | None:
        row = shown.row(rule.id, args)
        if ANY_TYPE not in rule.types and args.resource_type not in rule.types:
            return None
        view, config = _alone(row, args, today)
        # What can be added is added first: the engine asks again, and then only for what is left.
        added = [addition for id, addition in additions(view) if id == rule.id]
        _raise(list(_judge(rule, view, config, lambda text, _: report(text, None))))
        for addition in added:
            apply(args.props, addition)
            # The provider has merged its default tags already, and is not asked again.
            if addition.path[0] == "tags" and args.props.get("tagsAll") is not None:
                apply(args.props, replace(addition, path=("tagsAll", *addition.path[1:])))
        return args.props if added else None

    if rule.id in REMEDIATED:
        return ResourceValidationPolicy(validate_remediate=validate_or_remediate, **_about(rule))
    return ResourceValidationPolicy(validate=validate, **_about(rule))


def _stack_policy(rule: Rule, today: date | None, shown: _Shown) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        config = config_of(rule, args.get_config(), today)
        around = Surroundings(graph_of(args.resources, shown.inputs), config)
        unseen: list[Undetermined] = []
        for resource in around.graph.of_type(*sorted(rule.types)):
            unseen += _judge(rule, View(resource, around), config, report)
        _raise(unseen)

    return StackValidationPolicy(validate=validate, **_about(rule))


def _judge(
    rule: Rule, view: View, config: Config, report: Callable[[str, str], Any]
) -> Iterator[Undetermined]:
    """Report what breaks `rule` and is not exempt; what could not be seen comes back."""
    if any(
        part in rule.reads and not given
        for part, given in (("tags", config.tags), ("residency", config.zones))
    ):
        return
    for item in evaluate(rule, view):
        if isinstance(item, Undetermined):
            yield item
        elif exempted(config.exemptions, view.resource, config.today) is None:
            text, fix = (item.text, item.fix) if isinstance(item, Breach) else (item, rule.fix)
            report(f"{subject(view.resource)} {text}\nFix: {fix}", view.urn)


def _raise(unseen: Sequence[Undetermined]) -> None:
    if unseen:
        raise UnknownValueError(UNKNOWN_STRING_VALUE, [unseen[0].path or unseen[0].why])


def _alone(row: _Row, args: ResourceValidationArgs, today: date | None) -> tuple[View, Config]:
    """A view of the resource that a resource policy is asked about, with nothing around but its provider."""
    config = config_of(None, args.get_config(), today)
    graph = Graph({one.urn: one for one in (row.provider, row.resource) if one is not None})
    return View(row.resource, Surroundings(graph, config, whole=False)), config


def graph_of(
    resources: Iterable[PolicyResource],
    inputs: Callable[[str], Mapping[str, Value] | None] = lambda urn: None,
) -> Graph:
    """The graph that a stack policy's resources are, without the program's source lines.

    `inputs` gives those of a resource that are known from elsewhere; its outputs stand in otherwise.
    """
    table: dict[str, Resource] = {}
    for one in resources:
        provider = _provider(one)
        if provider is not None:
            table.setdefault(provider.urn, provider)
        table[one.urn] = _resource(one, provider, inputs(one.urn))
    return Graph(table)


def _provider(args: ResourceValidationArgs | PolicyResource) -> Resource | None:
    given = args.provider
    if given is None or not given.urn:
        return None
    return Resource(given.urn, given.resource_type, given.name, plain(given.props))


def _resource(
    args: ResourceValidationArgs | PolicyResource,
    provider: Resource | None,
    known: Mapping[str, Value] | None = None,
) -> Resource:
    inputs = plain(args.props) if known is None else known
    parent = getattr(args, "parent", None)
    return Resource(
        urn=args.urn,
        type=args.resource_type,
        name=args.name,
        inputs=inputs,
        parent=parent.urn if parent is not None else args.opts.parent or "",
        provider=provider.urn if provider else "",
        region=region_of(args.resource_type, inputs, provider.inputs if provider else {}, {}),
        dependencies=tuple(one.urn for one in getattr(args, "dependencies", ())),
        property_dependencies={
            key: tuple(one.urn for one in group)
            for key, group in getattr(args, "property_dependencies", {}).items()
        },
        protect=bool(args.opts.protect),
    )


def plain(value: Any) -> Value:
    """A policy's properties as a graph's: what raises when it is touched becomes `UNKNOWN`."""
    if isinstance(value, Mapping):
        return {key: _touched(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_touched(value, index) for index in range(len(value))]
    if isinstance(value, float) and value.is_integer():
        return int(value)  # every number comes as a float, and messages say port 80, not 80.0
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return Asset(type(value).__name__, str(getattr(value, "path", "") or getattr(value, "uri", "")))


def _touched(holder: Any, key: Any) -> Value:
    try:
        return plain(holder[key])
    except UnknownValueError:
        return UNKNOWN
