"""What the offline reader makes of programs that run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from plan.graph import Graph, Resource
from plan.offline import run, run_all
from plan.project import Program, find
from plan.values import SECRET, UNKNOWN, Asset, Reference, ResourceRef, Template

Write = Callable[..., Program]

PRELUDE = """
import json, pulumi
from pulumi import Output, ResourceOptions
class Thing(pulumi.CustomResource):
    def __init__(self, name, props=None, opts=None, type="test:index:Thing"):
        super().__init__(type, name, {"out": None, **(props or {})}, opts)
class Group(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("test:index:Group", name, {}, opts)
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a project and gives its program."""

    def make(
        code: str, config: str = "", *, settings: str = "", prelude: str = PRELUDE, name: str = "shop"
    ) -> Program:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text(f"name: shop\nruntime: python\n{settings}")
        (folder / "Pulumi.dev.yaml").write_text(
            "config:\n" + "".join(f"  {line}\n" for line in config.splitlines()) if config else "{}"
        )
        (folder / "__main__.py").write_text(prelude + dedent(code))
        return find(folder).program("dev")

    return make


def by_name(graph: Graph, name: str) -> Resource:
    (found,) = (resource for resource in graph if resource.name == name)
    return found


AWS = """
import json, pulumi, pulumi_aws as aws
from pulumi import Output, ResourceOptions
"""


SHOP = """
        west = aws.Provider("west", region="us-west-2", default_tags={"tags": {"team": "core"}})
        bucket = aws.s3.Bucket("data")
        text = bucket.arn.apply(lambda arn: json.dumps({"Resource": arn + "/*"}))
        policy = aws.s3.BucketPolicy("policy", bucket=bucket.id, policy=text)
        queue = aws.sqs.Queue("queue", policy=Output.all(bucket.arn).apply(lambda arns: {"Resource": arns[0], "A": "x"}),
                              visibility_timeout_seconds="thirty", opts=ResourceOptions(provider=west))
        topic = aws.sns.Topic("topic", tags={"account": bucket.arn.apply(lambda arn: arn.split(":")[4]),
            "short": bucket.id.apply(lambda id: id[:5]), "parsed": bucket.arn.apply(lambda arn: {"a": 1}[arn]),
            "versions": bucket.versioning.apply(str)}, region="eu-central-1")
        role = aws.iam.Role("role", assume_role_policy=aws.iam.get_policy_document_output(statements=[{
            "actions": ["s3:GetObject", "s3:PutObject"], "resources": [bucket.arn]}]).json)
        zones = aws.get_availability_zones(state="available")
        image = aws.ec2.get_ami(most_recent=True, owners=["amazon"])
        server = aws.ec2.Instance("server", ami=image.id, instance_type="t3.micro", availability_zone=zones.names[0])
        pulumi.export("bucket", bucket.id)
        pulumi.export("account", aws.get_caller_identity().account_id)
        pulumi.export("region", aws.get_region().region)
"""


def test_an_aws_program(write: Write) -> None:
    """References, templates, unknowns, regions, types, findings, computed documents: in both ways of answering."""
    program = write(
        SHOP,
        "aws:region: eu-west-1",
        prelude=AWS,
    )
    symbolic, unknown = run(program), run(program, answers="unknown")
    bucket = by_name(symbolic, "data").urn
    assert by_name(symbolic, "policy").inputs["bucket"] == Reference(bucket, "id")
    document = by_name(symbolic, "policy").inputs["policy"]
    assert isinstance(document, Template)
    assert json.loads(document) == {"Resource": f"${{{bucket}#arn}}/*"}
    assert json.loads(by_name(symbolic, "queue").inputs["policy"]) == {
        "A": "x",
        "Resource": f"${{{bucket}#arn}}",
    }
    # Pieces of a token, decisions on one and failures on one are what they are in a preview: unknown.
    assert set(by_name(symbolic, "topic").inputs["tags"].values()) == {UNKNOWN}
    assert by_name(symbolic, "role").inputs["assumeRolePolicy"].count(f"${{{bucket}#arn}}") == 1
    assert {name: by_name(symbolic, name).region for name in ("data", "queue", "topic", "role", "server")} == {
        "data": "eu-west-1", "queue": "us-west-2", "topic": "eu-central-1", "role": "", "server": "eu-west-1",
    }  # fmt: skip
    assert by_name(symbolic, "queue").provider == by_name(symbolic, "west").urn
    assert by_name(symbolic, "data").provider.startswith(
        "urn:pulumi:dev::shop::pulumi:providers:aws::default_"
    )
    assert symbolic.outputs["dev"] == {
        "bucket": Reference(bucket, "id"),
        "account": "123456789012",
        "region": "eu-west-1",
    }
    (finding,) = (found for found in symbolic.findings if found.kind == "type")
    assert (finding.path, finding.source) == ("visibilityTimeoutSeconds", by_name(symbolic, "queue").source)
    assert by_name(symbolic, "server").inputs["availabilityZone"] == "eu-west-1a"
    assert by_name(symbolic, "server").inputs["ami"].startswith("ami-")
    assert "account 123456789012" in symbolic.assumptions
    assert any("AMI" in said for said in symbolic.assumptions)
    assert by_name(symbolic, "data").source == "__main__.py:6"

    assert by_name(unknown, "policy").inputs == {"bucket": UNKNOWN, "policy": UNKNOWN}
    assert by_name(unknown, "policy").property_dependencies["policy"] == (bucket,)
    assert {resource.urn for resource in unknown} == {resource.urn for resource in symbolic}


def test_the_same_program_gives_the_same_bytes(write: Write) -> None:
    program = write(
        """
        first = Thing("first")
        names = {"b", "a", "c", "d", "e"}
        for name in names: Thing(name, {"tags": {n: first.id for n in names}}, ResourceOptions(depends_on=[first]))
        """
    )
    texts = {graph.to_json() for graph in (*run_all([program, program]), run(program))}
    assert len(texts) == 1
    assert Graph.from_json(texts.pop()).to_json() == run(program).to_json()


def test_components_options_and_wire_values(write: Write) -> None:
    program = write(
        """
        group = Group("group", ResourceOptions(protect=True))
        inner = Thing("inner", {"n": 2, "f": 1.5, "flag": True, "none": None}, ResourceOptions(parent=group))
        deep = Thing("deep", {"id_of": inner.id, "list": [inner.id, "x"]}, ResourceOptions(parent=inner))
        pulumi.export("deep", deep)
        open("file.txt", "w").write("hello")
        Thing("values", {"file": pulumi.FileAsset("file.txt"), "text": pulumi.StringAsset("hello"),
            "archive": pulumi.AssetArchive({"a": pulumi.StringAsset("x")}), "resource": inner, "component": group,
            "missing": pulumi.FileArchive("./nowhere"), "dollar": {"$": "unknown"}, "user": "${name}"})
        Thing("options", {}, ResourceOptions(depends_on=[group], ignore_changes=["a"], aliases=[pulumi.Alias(name="old"),
            pulumi.Alias(parent=group)], retain_on_delete=True, import_="abc", delete_before_replace=True,
            custom_timeouts=pulumi.CustomTimeouts(create="5m")))
        pulumi.log.warn("mind the gap")
        """
    )
    graph = run(program)
    inner, deep, group = (by_name(graph, name) for name in ("inner", "deep", "group"))
    assert inner.urn == "urn:pulumi:dev::shop::test:index:Group$test:index:Thing::inner"
    assert deep.urn == "urn:pulumi:dev::shop::test:index:Group$test:index:Thing$test:index:Thing::deep"
    assert inner.inputs == {"n": 2, "f": 1.5, "flag": True}
    assert group.custom is False
    assert group.protect
    assert inner.protect, "children inherit protection"
    assert deep.inputs["list"] == [Reference(inner.urn, "id"), "x"]
    values = by_name(graph, "values").inputs
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert values["file"] == Asset("file", "file.txt", digest)
    assert values["text"] == Asset("text", "", digest)
    assert values["archive"].kind == "archive"
    assert len(values["archive"].digest) == 64
    assert values["missing"] == Asset("archive", "nowhere", "")
    assert (values["resource"], values["component"]) == (ResourceRef(inner.urn), ResourceRef(group.urn))
    assert (values["dollar"], values["user"]) == ({"$": "unknown"}, "${name}")
    options = by_name(graph, "options")
    assert options.dependencies == (inner.urn,), "what depends on a component depends on what is in it"
    assert options.options == {
        "aliases": ["urn:pulumi:dev::shop::test:index:Thing::old", "urn:pulumi:dev::shop::test:index:Group$test:index:Thing::options"],
        "customTimeouts": {"create": "5m"}, "deleteBeforeReplace": True, "ignoreChanges": ["a"], "import": "abc", "retainOnDelete": True,
    }  # fmt: skip
    assert {(found.kind, found.message) for found in graph.findings} == {
        ("warning", "mind the gap"), ("warning", "the file nowhere does not exist: a deployment needs it"),
    }  # fmt: skip


def test_transforms_run_in_the_engines_order(write: Write) -> None:
    program = write(
        """
        def adds(name):
            async def transform(args):
                if args.custom:
                    order = (args.props.get("order") or []) + [name]
                    return pulumi.ResourceTransformResult({**args.props, "order": order}, args.opts)
            return transform
        pulumi.runtime.register_resource_transform(adds("stack"))
        group = Group("group", ResourceOptions(transforms=[adds("parent")]))
        Thing("inner", {}, ResourceOptions(parent=group, transforms=[adds("own")]))
        """
    )
    assert by_name(run(program), "inner").inputs["order"] == ["own", "parent", "stack"]


def test_reads_and_other_stacks(write: Write, tmp_path: Path) -> None:
    program = write(
        """
        class Found(pulumi.CustomResource):
            def __init__(self, name, opts): super().__init__("test:index:Found", name, {}, opts)
        found = Found("found", ResourceOptions(id="abc-123"))
        known, other = pulumi.StackReference("acme/network/dev"), pulumi.StackReference("acme/other/dev")
        Thing("user", {"vpc": known.get_output("vpcId"), "x": other.get_output("vpcId"), "id": found.id})
        """
    )
    fixtures = tmp_path / "answers.yaml"
    fixtures.write_text("stack_references: {acme/network/dev: {vpcId: vpc-1}}")
    graph = run(program, fixtures=fixtures)
    assert by_name(graph, "user").inputs == {"vpc": "vpc-1", "x": UNKNOWN, "id": "abc-123"}
    assert by_name(graph, "found").external
    assert not by_name(graph, "found").is_managed
    assert "the outputs of stack acme/other/dev are not known offline" in graph.assumptions


def test_kubernetes_names_namespaces_and_regions(write: Write) -> None:
    program = write(
        """
        import pulumi_kubernetes as k8s
        cluster = aws.eks.Cluster("c", role_arn="arn:aws:iam::1:role/r", vpc_config={"subnet_ids": ["s"]}, region="eu-north-1")
        provider = k8s.Provider("k", kubeconfig=Output.json_dumps({"server": cluster.endpoint}))
        there = ResourceOptions(provider=provider)
        space = k8s.core.v1.Namespace("space", opts=there)
        k8s.core.v1.ConfigMap("map", metadata={"namespace": space.metadata["name"]}, data={"a": "b"}, opts=there)
        k8s.core.v1.ConfigMap("bare", metadata={"nam": "x"}, opts=there)
        """,
        prelude=AWS,
    )
    graph = run(program)
    name = by_name(graph, "space").inputs["metadata"]["name"]
    assert name.startswith("space-")
    assert by_name(graph, "map").inputs["metadata"]["namespace"] == name
    assert by_name(graph, "bare").inputs["metadata"]["namespace"] == "default"
    assert by_name(graph, "map").region == "eu-north-1"
    assert [(found.kind, found.path) for found in graph.findings] == [("unknown-property", "metadata.nam")]


def test_secrets_never_leave(write: Write) -> None:
    """Not as values, not in names, documents, messages or encodings; encrypted values are never read."""
    secret = "correct-horse-7 battery/staple"
    program = write(
        f"""
        import base64, urllib.parse
        text = {secret!r}
        config = pulumi.Config()
        given = Output.secret(text)
        Thing("direct", {{"a": given, "b": Output.concat("x:", given), "c": {{"d": given, "mode": "production"}}}})
        Thing("leak", {{"plain": text, "inside": f"url?{{urllib.parse.quote(text)}}", "key": {{text: 1}},
            "b64": base64.b64encode(("user:" + text).encode()).decode(), "mode": "production",
            "json": json.dumps({{"a": json.dumps({{"b": text}})}})}})
        Thing("name-" + text)
        pulumi.log.warn("the password is " + text)
        pulumi.export("plain", text)
        encrypted, size = config.require_secret("encrypted"), config.require_secret_int("size")
        Thing("encrypted", {{"a": encrypted, "n": size, "parsed": encrypted.apply(lambda t: json.loads(t)["x"]),
                             "plain": config.require("encrypted")}})
        Thing("declared", {{"a": config.require_secret("token"), "b": config.require("token")}})
        """,
        "shop:encrypted: {secure: AAABAKx}\nshop:size: {secure: AAABAKy}",
        settings="config: {token: {default: tok-deadbeef-1, secret: true}}\n",
    )
    for answers in ("symbolic", "unknown"):
        graph = run(program, answers=answers)
        text = graph.to_json()
        for part in ("horse", "aG9yc2", "staple", "tradewind-encrypted", "AAABAK", "deadbeef"):
            assert part not in text
        assert by_name(graph, "direct").inputs == {
            "a": SECRET,
            "b": SECRET,
            "c": {"d": SECRET, "mode": "production"},
        }
        leak = by_name(graph, "leak").inputs
        assert {name: leak[name] for name in ("plain", "inside", "b64", "json")} == dict.fromkeys(
            ("plain", "inside", "b64", "json"), SECRET
        )
        assert leak["mode"] == "production"
        assert set(by_name(graph, "encrypted").inputs.values()) == {SECRET}
        assert set(by_name(graph, "declared").inputs.values()) == {SECRET}
        assert "[secret]" in graph.findings[0].message


def test_a_program_that_only_unknown_answers_let_through(write: Write) -> None:
    """Then the graph is the one a preview would give, and says so."""
    graph = run(
        write(
            """
            first = Thing("first")
            async def main():
                if await first.id.is_known(): raise RuntimeError("made for previews only")
            import asyncio
            pulumi.export("done", Output.from_input(main()))
            Thing("second", {"a": first.id})
            """
        )
    )
    assert by_name(graph, "second").inputs == {"a": UNKNOWN}
    assert any("fails on symbolic outputs" in said for said in graph.assumptions)


def test_names_of_modules_do_not_collide(write: Write) -> None:
    """A program's `plan.py` is its own, and none of ours is seen by it."""
    program = write("import plan, offline, monitor, wire, session, start, child\nThing(plan.NAME)\n")
    for name in ("plan", "offline", "monitor", "wire", "session", "start", "child"):
        (program.folder / f"{name}.py").write_text("NAME = 'mine'\n")
    assert by_name(run(program), "mine").source == "__main__.py:11"
    assert not (program.folder / "__pycache__").exists(), "a plan writes nothing into the project"


@pytest.mark.parametrize("answers", ["symbolic", "unknown"])
def test_output_that_nothing_is_known_of(write: Write, answers: Any) -> None:
    program = write(
        "a = Thing('a')\nThing('b', {'x': a.out, 'y': Output.all(a.out, 'k').apply(lambda t: t[1])})\n"
    )
    assert by_name(run(program, answers=answers), "b").inputs == {"x": UNKNOWN, "y": UNKNOWN}
