"""What a change does to each resource, on graphs small enough to see why.

That it is what the engine does is shown in `tests/engine/test_changes.py`.
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plan import state
from plan.changes import covered
from plan.data_stores import DATA_STORES
from plan.diff import Step, diff
from plan.graph import Graph, Resource
from plan.values import SECRET, UNKNOWN, Asset, Reference, Template
from tests.plan.build import SIGNATURE, export, graph, made, ref, row, urn_of

BUCKET, TABLE, ROLE = "aws:s3/bucket:Bucket", "aws:dynamodb/table:Table", "aws:iam/role:Role"
VPC, SUBNET, QUEUE = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:sqs/queue:Queue"
CONFIG, DEPLOYMENT = "kubernetes:core/v1:ConfigMap", "kubernetes:apps/v1:Deployment"


def steps(before: Graph, after: Graph) -> dict[str, Step]:
    return {step.name: step for step in diff(before, after).steps}


def only(old: Resource, new: Resource, *rest: Resource) -> Step:
    return steps(graph(old, *rest), graph(new, *rest))[new.name]


def test_nothing_changed_is_the_same() -> None:
    table = made(TABLE, "t", "us-east-1", hashKey="id", tags={"a": "b"})
    (step,) = diff(graph(table), graph(table)).steps
    assert (step.operation, step.changes, step.loses_data) == ("same", (), False)


def test_created_updated_replaced_deleted() -> None:
    before = graph(
        made(QUEUE, "updated", delaySeconds=1), made(TABLE, "replaced", hashKey="a"), made(BUCKET, "gone")
    )
    after = graph(
        made(QUEUE, "updated", delaySeconds=2), made(TABLE, "replaced", hashKey="b"), made(QUEUE, "new")
    )
    found = diff(before, after)
    assert {step.name: step.operation for step in found.steps} == {
        "updated": "update", "replaced": "replace", "new": "create", "gone": "delete",
    }  # fmt: skip
    assert found.by_urn[urn_of(TABLE, "replaced")].replaces == ("hashKey",)
    assert {step.name for step in found.losing} == {"replaced", "gone"}
    assert found.steps[-1].name == "gone"


def test_what_depends_on_a_new_id_changes_with_it() -> None:
    def network(cidr: str) -> Graph:
        vpc = made(VPC, "v", cidrBlock=cidr)
        subnet = made(
            SUBNET, "s", cidrBlock="10.0.0.0/24", vpcId=ref(vpc, "id"),
            dependencies=(vpc.urn,), property_dependencies={"vpcId": (vpc.urn,)},
        )  # fmt: skip
        text = Template(f"in {ref(vpc, 'id')}")
        return graph(vpc, subnet, made(QUEUE, "q", tags={"vpc": text}, dependencies=(vpc.urn,)))

    found = steps(network("10.0.0.0/16"), network("10.1.0.0/16"))
    assert {name: step.operation for name, step in found.items()} == {
        "v": "replace", "s": "replace", "q": "update",
    }  # fmt: skip
    assert found["s"].replaces == ("vpcId",)
    assert not found["s"].changes[0].known
    unchanged = steps(network("10.0.0.0/16"), network("10.0.0.0/16"))
    assert {step.operation for step in unchanged.values()} == {"same"}


def test_an_unknown_value_is_a_change_only_when_what_it_depends_on_is_new() -> None:
    def pair(cidr: str) -> Graph:
        vpc = made(VPC, "v", cidrBlock=cidr)
        queue = made(
            QUEUE, "q", policy=UNKNOWN, dependencies=(vpc.urn,), property_dependencies={"policy": (vpc.urn,)}
        )
        return graph(vpc, queue)

    assert steps(pair("10.0.0.0/16"), pair("10.0.0.0/16"))["q"].operation == "same"
    assert steps(pair("10.0.0.0/16"), pair("10.1.0.0/16"))["q"].operation == "update"


def test_secrets_are_not_compared_and_never_shown() -> None:
    step = only(made(QUEUE, "q", policy=SECRET), made(QUEUE, "q", policy=SECRET))
    assert step.operation == "same"
    assert only(made(QUEUE, "q", policy="a"), made(QUEUE, "q", policy=SECRET)).operation == "update"


def test_an_alias_renames() -> None:
    old = made(QUEUE, "old", delaySeconds=1)
    new = made(QUEUE, "new", delaySeconds=1, options={"aliases": [old.urn]})
    (step,) = diff(graph(old), graph(new)).steps
    assert (step.operation, step.renamed_from) == ("same", old.urn)


def test_children_follow_their_parents_alias() -> None:
    def component(name: str, *aliases: str) -> Graph:
        head = "urn:pulumi:prod::shop::"
        top = Resource(
            urn=f"{head}shop:index:Store::{name}", type="shop:index:Store", name=name, custom=False,
            options={"aliases": list(aliases)} if aliases else {},
        )  # fmt: skip
        child = Resource(
            urn=f"{head}shop:index:Store${BUCKET}::{name}-files",
            type=BUCKET,
            name=f"{name}-files",
            parent=top.urn,
        )
        user = Resource(
            urn=f"{head}{QUEUE}::q", type=QUEUE, name="q", inputs={"policy": Reference(child.urn, "arn")},
            dependencies=(child.urn,),
        )  # fmt: skip
        return graph(top, child, user)

    found = diff(component("a"), component("b", "urn:pulumi:prod::shop::shop:index:Store::a"))
    assert {step.operation for step in found.steps} == {"same"}
    assert [step.renamed_from.rpartition("::")[2] for step in found.steps] == ["a", "a-files", ""]


def test_protection_is_refused_unless_it_is_taken_away_first() -> None:
    old = made(TABLE, "t", hashKey="a", protect=True)
    assert only(old, made(TABLE, "t", hashKey="b", protect=True)).refused
    assert not only(old, made(TABLE, "t", hashKey="b")).refused
    assert diff(graph(old), graph()).refused[0].operation == "delete"


def test_what_is_retained_loses_nothing() -> None:
    kept = {"retainOnDelete": True}
    old = made(TABLE, "t", hashKey="a", options=kept)
    assert [(it.retained, it.loses_data) for it in diff(graph(old), graph()).steps] == [(True, False)]
    step = only(old, made(TABLE, "t", hashKey="b", options=kept))
    assert (step.operation, step.retained, step.loses_data) == ("replace", True, False)


def test_options_decide_what_a_change_means() -> None:
    old = made(QUEUE, "q", delaySeconds=1, tags={"a": "1", "b": "1"})

    def to(options: dict[str, Any]) -> Step:
        return only(old, made(QUEUE, "q", delaySeconds=1, tags={"a": "1", "b": "2"}, options=options))

    assert to({"ignoreChanges": ["tags.b", "tagsAll"]}).operation == "same"
    assert to({"ignoreChanges": ["tags.a", "tagsAll"]}).operation == "update"
    assert to({"replaceOnChanges": ["tags"]}).replaces == ("tags",)
    assert to({"replaceOnChanges": ["delaySeconds"]}).operation == "update"


@pytest.mark.parametrize(
    ("path", "by", "expected"),
    [
        ("tags.a", "tags", True),
        ("tags", "tags.a", False),
        ("a[0].b", "a[*].b", True),
        ('t["x.y"]', 't["x.y"]', True),
    ],
)
def test_paths_of_options(path: str, by: str, expected: bool) -> None:
    assert covered(path, [by]) is expected


def test_a_fixed_name_goes_first_and_takes_what_hangs_on_it() -> None:
    def pair(path: str) -> Graph:
        role = made(ROLE, "r", name="fixed", path=path)
        policy = made(
            "aws:iam/rolePolicy:RolePolicy", "p", role="fixed", policy="{}",
            dependencies=(role.urn,), property_dependencies={"role": (role.urn,)},
        )  # fmt: skip
        tagged = made(
            QUEUE,
            "q",
            tags={"role": "fixed"},
            dependencies=(role.urn,),
            property_dependencies={"tags": (role.urn,)},
        )
        return graph(role, policy, tagged)

    before, after = pair("/"), pair("/x/")
    found = steps(before, after)
    assert found["r"].deletes_first
    assert (found["p"].operation, found["p"].follows) == ("replace", (urn_of(ROLE, "r"),))
    assert found["q"].operation == "same"
    drawn = [
        replace(it, inputs={k: v for k, v in it.inputs.items() if k != "name"}) for it in (*before, *after)
    ]
    assert not steps(graph(*drawn[:3]), graph(*drawn[3:]))["r"].deletes_first


def test_a_provider_replaced_replaces_what_it_made() -> None:
    def cluster(config: str) -> Graph:
        provider = made("pulumi:providers:kubernetes", "k", kubeconfig=config)
        return graph(provider, made(DEPLOYMENT, "d", kind="Deployment", provider=provider.urn))

    found = steps(cluster("a"), cluster("b"))
    assert (found["k"].operation, found["d"].replaces) == ("replace", ("provider",))


def test_default_tags_and_regions_are_inputs() -> None:
    def tagged(value: str, region: str = "us-east-1") -> Graph:
        provider = made("pulumi:providers:aws", "p", defaultTags=json.dumps({"tags": {"owner": value}}))
        return graph(provider, made(QUEUE, "q", region, provider=provider.urn))

    assert [it.path for it in steps(tagged("a"), tagged("b"))["q"].changes] == ["tagsAll.owner"]
    moved = steps(tagged("a"), tagged("a", "eu-west-1"))["q"]
    assert (moved.operation, moved.replaces) == ("replace", ("region",))


def test_kubernetes_fields_that_cannot_change() -> None:
    def deployed(**spec: Any) -> Resource:
        inputs = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}
        return made(DEPLOYMENT, "d", inputs=inputs)

    assert only(deployed(replicas=1), deployed(replicas=2)).operation == "update"
    step = only(deployed(selector={"a": "b"}), deployed(selector={"a": "c"}))
    assert (step.replaces, step.deletes_first) == (("spec",), True)


def test_a_config_map_is_replaced_unless_its_provider_may_change_it() -> None:
    def config(data: str, **settings: Any) -> Graph:
        provider = made("pulumi:providers:kubernetes", "k", **settings)
        inputs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": data}}
        return graph(provider, made(CONFIG, "c", inputs=inputs, provider=provider.urn))

    assert steps(config("1"), config("2"))["c"].operation == "replace"
    mutable = {"enableConfigMapMutable": "true"}
    assert steps(config("1", **mutable), config("2", **mutable))["c"].operation == "update"


def test_what_providers_filled_in_is_no_change() -> None:
    """A state has automatic names, all tags, a region; offline there is none of them."""
    queue = {
        "__defaults": ["name"],
        "name": "q-0123456",
        "delaySeconds": "1",
        "tagsAll": {},
        "region": "us-east-1",
    }
    drawn = {"name": "c-11111111", "annotations": {"pulumi.com/autonamed": "true"}}
    before = state.read(
        export(
            row(QUEUE, "q", id="q-1", inputs=queue),
            row(CONFIG, "c", id="c-11111111", inputs={"kind": "ConfigMap", "metadata": drawn}),
            row(QUEUE, "user", id="u", inputs={"policy": "c-11111111", "region": "us-east-1"}),
        ),
        "x",
    )
    after = graph(
        made(QUEUE, "q", "us-east-1", delaySeconds=1),
        made(CONFIG, "c", inputs={"kind": "ConfigMap", "metadata": {"name": "c-22222222"}}),
        made(QUEUE, "user", "us-east-1", policy="c-22222222"),
    )
    assert {step.name: step.operation for step in diff(before, after).steps} == {
        "q": "same", "c": "same", "user": "same",
    }  # fmt: skip


def test_references_are_answered_from_the_state() -> None:
    before = state.read(
        export(
            row(VPC, "v", id="vpc-1", inputs={"cidrBlock": "10.0.0.0/16"}, outputs={"arn": "arn:vpc-1"}),
            row(QUEUE, "q", id="q", inputs={"policy": "arn:vpc-1/*", "tags": {"vpc": "vpc-1"}}),
        ),
        "x",
    )
    vpc = made(VPC, "v", cidrBlock="10.0.0.0/16")

    def after(policy: Any, tag: Any) -> Graph:
        return graph(vpc, made(QUEUE, "q", policy=policy, tags={"vpc": tag}, dependencies=(vpc.urn,)))

    right = after(Template(f"{ref(vpc)}/*"), ref(vpc, "id"))
    assert steps(before, right)["q"].operation == "same"
    wrong = after(Template(f"{ref(vpc)}/x"), ref(vpc))
    assert {it.path for it in steps(before, wrong)["q"].changes} >= {"policy", "tags.vpc"}


def test_code_changes_by_what_is_in_it() -> None:
    old = made(QUEUE, "q", policy=Asset("archive", "a", "1"))
    assert only(old, made(QUEUE, "q", policy=Asset("archive", "b", "1"))).operation == "same"
    assert only(old, made(QUEUE, "q", policy=Asset("archive", "a", "2"))).operation == "update"


def test_the_document_is_plain_and_holds_no_values() -> None:
    secret = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}
    before = state.read(export(row(QUEUE, "q", inputs={"policy": secret, "name": "hidden-value"})), "x")
    text = diff(before, graph(made(QUEUE, "q", policy="other-value"))).to_json()
    document = json.loads(text)
    assert document["schema"] == "tradewind.steps/1"
    assert document["counts"] == {"replace": 1}
    assert "hidden-value" not in text
    assert "other-value" not in text


# The tables


def test_stores_are_spelled_as_the_sdk_spells_them() -> None:
    spec = importlib.util.find_spec("pulumi_aws")
    assert spec is not None and spec.origin is not None
    sdk = Path(spec.origin).parent
    for type in DATA_STORES:
        if type.startswith("aws:"):
            service, kind = type.removeprefix("aws:").split("/")
            texts = (path.read_text(encoding="utf-8") for path in sdk.glob(f"{service}/*.py"))
            assert any(f"'aws:{service}/{kind}'" in text for text in texts), type
