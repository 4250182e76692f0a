"""The pack finds what the graph run finds: the same rules through the SDK's own policy classes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pulumi_policy as sdk
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError, unknown_checking_proxy

import policies as package
from plan.graph import Graph, Resource
from plan.values import SECRET, UNKNOWN, Asset, Reference, Template, Unknown, references
from policies import Config, Exemption, all_rules, check
from policies.crossguard import policies
from policies.foreign import run_pack
from policies.pack_config import pack_config
from policies.remediation import fixes

Plan = dict[str, Any]
MakeGraph = Callable[[Plan], Graph]
ABOUT_SECRETS = {"clear-text-password", "clear-text-secret", "secret-in-config-map", "secret-in-user-data"}


def wire(value: Any) -> Any:
    """As the SDK hands values to a policy during a preview: what is not known is a sentinel."""
    if isinstance(value, Unknown | Reference) or value is SECRET:
        return UNKNOWN_STRING_VALUE
    if isinstance(value, Asset):
        return UNKNOWN_STRING_VALUE
    if isinstance(value, Template):
        return UNKNOWN_STRING_VALUE
    if isinstance(value, dict):
        return {key: wire(item) for key, item in value.items()}
    return [wire(item) for item in value] if isinstance(value, list) else value


def options(resource: Resource) -> sdk.PolicyResourceOptions:
    timeouts = sdk.PolicyCustomTimeouts(0, 0, 0)
    return sdk.PolicyResourceOptions(resource.protect, [], None, [], timeouts, [], resource.parent or None)


def provider(resource: Resource) -> sdk.PolicyProviderResource:
    urn = f"urn:pulumi:prod::shop::pulumi:providers:aws::{resource.region or 'none'}"
    props = unknown_checking_proxy({"region": resource.region})
    return sdk.PolicyProviderResource("pulumi:providers:aws", props, urn, resource.region)


def through_the_pack(graph: Graph, config: Config) -> tuple[set[tuple[str, str, str]], set[tuple[str, str]]]:
    """(rule, urn, message) of what each policy reports, and (rule, urn) of what it could not see."""
    settings = pack_config(config)
    found: set[tuple[str, str, str]] = set()
    unseen: set[tuple[str, str]] = set()
    stack = stack_resources(graph)
    for policy in policies(today=config.today):
        given = {key: value for key, value in settings[policy.name].items() if key != "enforcementLevel"}
        if isinstance(policy, sdk.StackValidationPolicy):
            stack_args = sdk.StackValidationArgs(stack, given)
            try:
                policy.validate(stack_args, lambda text, urn, name=policy.name: found.add((name, urn, text)))
            except UnknownValueError:
                unseen.add((policy.name, ""))
            continue
        for resource in graph:
            args = sdk.ResourceValidationArgs(
                resource.type, unknown_checking_proxy(wire(dict(resource.inputs))), resource.urn, resource.name,
                options(resource), provider(resource), given,
            )  # fmt: skip
            try:
                policy.validate(
                    args,
                    lambda text, _=None, name=policy.name, urn=resource.urn: found.add((name, urn, text)),
                )
            except UnknownValueError:
                unseen.add((policy.name, resource.urn))
    return found, unseen


def stack_resources(graph: Graph) -> list[sdk.PolicyResource]:
    table = {
        resource.urn: sdk.PolicyResource(
            resource.type, unknown_checking_proxy(wire(dict(resource.inputs))), resource.urn, resource.name,
            options(resource), provider(resource), None, [], {},
        )
        for resource in graph
    }  # fmt: skip
    for resource in graph:
        mentioned = {
            key: [ref for ref in _urns(value) if ref in table] for key, value in resource.inputs.items()
        }
        table[resource.urn].property_dependencies = {
            key: [table[urn] for urn in urns] for key, urns in mentioned.items() if urns
        }
    return list(table.values())


def _urns(value: Any) -> list[str]:
    return [reference.urn for reference in references(value)]


def over_the_graph(graph: Graph, config: Config) -> set[tuple[str, str, str]]:
    report = check(graph, config)
    return {
        (one.rule, one.urn, f"{one.message}\nFix: {one.fix}")
        for one in report.violations
        if one.rule not in ABOUT_SECRETS
    }


def broken(plan: Plan) -> Plan:
    """The plan with much of it broken at once, and some of it unknown."""
    plan["lake"].inputs.update(acl="public-read", forceDestroy=True)
    del plan["lake-block"], plan["lake-versions"], plan["nat-2"], plan["flows"]
    plan["front-group"].inputs["ingress"][0]["toPort"] = 8443
    plan["inner-rule"].inputs["cidrIpv4"] = "0.0.0.0/0"
    plan["read"].inputs["policy"] = json.dumps(
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    )
    plan["registry"].inputs.update(multiAz=False, storageEncrypted=False, backupRetentionPeriod=UNKNOWN)
    plan["features"].inputs["replicas"][0].update(regionName="us-east-1", propagateTags=False)
    plan["nodes"].inputs.pop("launchTemplate")
    plan["disk"].inputs["tags"].pop("owner")
    plan["files"] = replace(plan["files"], protect=False)
    plan["score"].inputs["imageUri"] = "serving:latest"
    return plan


def test_nothing_is_found_where_nothing_is_wrong(happy: Plan, graph: MakeGraph, config: Config) -> None:
    assert through_the_pack(graph(happy), config)[0] == set()


def test_pack_and_graph_find_the_same(happy: Plan, graph: MakeGraph, config: Config) -> None:
    plan = graph(broken(happy))
    expected = over_the_graph(plan, config)
    assert len({rule for rule, _, _ in expected}) > 12
    assert through_the_pack(plan, config)[0] == expected


def test_an_unknown_is_left_undecided_in_both(happy: Plan, graph: MakeGraph, config: Config) -> None:
    happy["registry"].inputs["backupRetentionPeriod"] = UNKNOWN
    plan = graph(happy)
    assert ("backups", happy["registry"].urn) in through_the_pack(plan, config)[1]
    assert [(one.rule, one.urn) for one in check(plan, config).undetermined] == [
        ("backups", happy["registry"].urn)
    ]


def test_exemptions_reach_the_pack(happy: Plan, graph: MakeGraph, config: Config) -> None:
    del happy["lake-block"]
    exempted = replace(
        config, exemptions=(Exemption("s3-public-access-block", "lake", "a public data set", config.today),)
    )
    assert through_the_pack(graph(happy), exempted)[0] == set() == over_the_graph(graph(happy), exempted)
    expired = replace(exempted, today=config.today.replace(year=2027) if config.today else None)
    assert len(through_the_pack(graph(happy), expired)[0]) == 1


def test_the_pack_has_every_rule_but_those_about_secrets() -> None:
    """The SDK hands secrets to a policy in clear, so a pack cannot tell them from text."""
    assert {rule.id for rule in all_rules()} - {policy.name for policy in policies()} == ABOUT_SECRETS


def test_levels_and_severities_are_the_rules_own() -> None:
    rules = {rule.id: rule for rule in all_rules()}
    for policy in policies():
        assert policy.enforcement_level is not None and policy.severity is not None
        assert policy.enforcement_level.value == rules[policy.name].level
        assert policy.severity.value == rules[policy.name].severity


def remediated(resource: Resource, config: Config, rule: str) -> Any:
    """What the SDK's servicer gives back to the engine at the level `remediate`."""
    json_format: Any = import_module("google.protobuf.json_format")
    struct_pb2: Any = import_module("google.protobuf.struct_pb2")
    messages: Any = import_module("pulumi.runtime.proto.analyzer_pb2")
    from pulumi_policy.policy import _PolicyAnalyzerServicer

    servicer = _PolicyAnalyzerServicer(
        "tradewind", "0.0.1", policies(today=config.today), sdk.EnforcementLevel.MANDATORY
    )
    settings = pack_config(config)[rule]
    properties = struct_pb2.Struct()
    properties.update({key: value for key, value in settings.items() if key != "enforcementLevel"})
    row = messages.PolicyConfig(enforcementLevel=messages.REMEDIATE, properties=properties)
    servicer.Configure(messages.ConfigureAnalyzerRequest(policyConfig={rule: row}), None)
    inputs = struct_pb2.Struct()
    inputs.update(wire(dict(resource.inputs)))
    request = messages.AnalyzeRequest(
        type=resource.type, urn=resource.urn, name=resource.name, properties=inputs
    )
    return [
        json_format.MessageToDict(one.properties) for one in servicer.Remediate(request, None).remediations
    ]


def test_a_missing_tag_with_one_value_is_added(happy: Plan, graph: MakeGraph, config: Config) -> None:
    disk = happy["disk"]
    del disk.inputs["tags"]["owner"]
    disk.inputs["kmsKeyId"] = UNKNOWN
    (props,) = remediated(disk, config, "required-tags")
    assert props["tags"] == {**disk.inputs["tags"], "owner": "ml-platform"}
    assert props["kmsKeyId"] == UNKNOWN_STRING_VALUE
    assert [(one.urn, one.path, one.value) for one in fixes(graph(happy), config)] == [
        (disk.urn, "tags.owner", "ml-platform")
    ]


def test_what_a_launch_template_starts_gets_its_tags(happy: Plan, graph: MakeGraph, config: Config) -> None:
    template = happy["nodes-template"]
    del template.inputs["tagSpecifications"][1]
    (props,) = remediated(template, config, "tag-propagation")
    kinds = [one["resourceType"] for one in props["tagSpecifications"]]
    assert kinds == ["instance", "network-interface", "volume"]
    after = replace(template, inputs=props)
    assert check(graph({**happy, "nodes-template": after}), config).violations == ()


def test_a_tag_with_several_allowed_values_is_nobodys_to_choose(
    happy: Plan, graph: MakeGraph, config: Config
) -> None:
    from policies import TagRule

    del happy["disk"].inputs["tags"]["owner"]
    open_choice = replace(config, tags={"owner": TagRule(allowed=("ml-platform", "search"))})
    assert fixes(graph(happy), open_choice) == ()
    assert remediated(happy["disk"], open_choice, "required-tags") == []


def test_the_pack_runs_as_anybodys_pack_does(
    config: Config, happy: Plan, graph: MakeGraph, tmp_path: Path
) -> None:
    """Its `__main__.py` in a child process, through the SDK's servicer: the same findings once more."""
    shutil.copy(Path(package.__file__).with_name("__main__.py"), tmp_path)
    (tmp_path / "PulumiPolicy.yaml").write_text("runtime: python\n")
    plan = graph(broken(happy))
    # No provider is in this graph, and the protocol does not carry regions of its own.
    expected = {pair[:2] for pair in over_the_graph(plan, config) if pair[0] != "cross-residency-replication"}
    report = run_pack(tmp_path, plan, config=pack_config(config))
    assert {(one.rule.removeprefix("tradewind/"), one.urn) for one in report.violations} == expected


def servicer(config: Config) -> Any:
    """The pack as the engine meets it."""
    from pulumi_policy.policy import _PolicyAnalyzerServicer

    messages: Any = import_module("pulumi.runtime.proto.analyzer_pb2")
    levels = {"mandatory": messages.MANDATORY, "advisory": messages.ADVISORY}
    made = _PolicyAnalyzerServicer(
        "tradewind", "0.0.1", policies(today=config.today), sdk.EnforcementLevel.MANDATORY
    )
    rows = {}
    for rule, settings in pack_config(config).items():
        row = messages.PolicyConfig(enforcementLevel=levels[settings.pop("enforcementLevel")])
        row.properties.update(settings)
        rows[rule] = row
    made.Configure(messages.ConfigureAnalyzerRequest(policyConfig=rows), None)
    return made


def shown(made: Any, resource: Resource) -> list[tuple[str, str]]:
    """What the pack says of one resource's inputs: rule and message."""
    messages: Any = import_module("pulumi.runtime.proto.analyzer_pb2")
    request = messages.AnalyzeRequest(type=resource.type, urn=resource.urn, name=resource.name)
    request.properties.update(wire(dict(resource.inputs)))
    return [(one.policyName, one.message) for one in made.Analyze(request, None).diagnostics]


def shown_as_outputs(made: Any, resources: list[Resource], outputs: dict[str, Any]) -> set[tuple[str, str]]:
    """Rule and URN of what the pack says of a stack, whose resources have `outputs` beside their inputs."""
    messages: Any = import_module("pulumi.runtime.proto.analyzer_pb2")
    request = messages.AnalyzeStackRequest()
    for resource in resources:
        row = request.resources.add(type=resource.type, urn=resource.urn, name=resource.name)
        row.properties.update({**wire(dict(resource.inputs)), **outputs})
    return {(one.policyName, one.urn) for one in made.AnalyzeStack(request, None).diagnostics}


def test_a_stack_rule_sees_inputs_where_outputs_are_not_known(happy: Plan, config: Config) -> None:
    """The engine shows a stack policy outputs only, and a preview knows few of those."""
    made = servicer(config)
    disk = happy["disk"]
    disk.inputs["encrypted"] = False
    shown(made, disk)
    assert ("ebs-encryption", disk.urn) in shown_as_outputs(made, [disk], {"encrypted": UNKNOWN_STRING_VALUE})


def test_a_resource_that_changed_is_seen_anew(happy: Plan, config: Config) -> None:
    made = servicer(config)
    disk = happy["disk"]
    disk.inputs["encrypted"] = False
    shown(made, disk)
    disk.inputs["encrypted"] = True
    shown(made, disk)
    assert shown_as_outputs(made, [disk], {"encrypted": UNKNOWN_STRING_VALUE}) == set()


def test_without_inputs_the_outputs_do(happy: Plan, config: Config) -> None:
    """As for what a targeted update leaves out."""
    disk = happy["disk"]
    assert ("ebs-encryption", disk.urn) in shown_as_outputs(servicer(config), [disk], {"encrypted": False})


def test_whole_numbers_read_as_such(happy: Plan, config: Config) -> None:
    """Every number reaches a pack as a float."""
    listener = happy["http"]
    listener.inputs["defaultActions"] = [{"type": "fixed-response"}]
    (message,) = [text for rule, text in shown(servicer(config), listener) if rule == "insecure-transport"]
    assert "on port 80 with fixed-response" in message


def test_an_added_tag_is_among_the_merged_ones_too(happy: Plan, config: Config) -> None:
    """The provider merges its default tags before a pack is asked, and not again after it."""
    disk = happy["disk"]
    del disk.inputs["tags"]["owner"]
    disk.inputs["tagsAll"] = {**disk.inputs["tags"], "team": "ml"}
    (props,) = remediated(disk, config, "required-tags")
    assert props["tags"]["owner"] == props["tagsAll"]["owner"] == "ml-platform"
    assert props["tagsAll"]["team"] == "ml"
