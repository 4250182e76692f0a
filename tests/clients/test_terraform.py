"""The true Terraform and its true AWS provider on what is exported; nothing here has credentials or a network."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.app import app
from cli.exits import GateNotHeld
from plan import offline
from plan.export.terraform import Export, export
from plan.export.terraform.naming import snake
from plan.export.terraform.types import PROVIDER_TYPE, PROVIDER_VERSION, Shape, mapped, shape, tokens
from plan.export.terraform.validate import Refusal, binary, mirror, validate
from plan.graph import Graph
from plan.project import find
from tests.plan.planned import planned
from tests.plan.test_terraform_table import sdk

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(binary() is None, reason="neither Terraform nor OpenTofu is installed"),
    pytest.mark.skipif(
        mirror() is None, reason=f"no mirror with hashicorp/aws {PROVIDER_VERSION} on this machine"
    ),
]


# The table


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What the provider says of its arguments."""
    folder = tmp_path_factory.mktemp("schema")
    source = "registry.terraform.io/hashicorp/aws"
    needs = {
        "terraform": {"required_providers": {"aws": {"source": source, "version": f"~> {PROVIDER_VERSION}"}}}
    }
    (folder / "main.tf.json").write_text(json.dumps(needs))
    command = str(binary())
    subprocess.run(
        [command, "init", f"-plugin-dir={mirror()}"], cwd=folder, check=True, capture_output=True, timeout=300
    )
    done = subprocess.run(
        [command, "providers", "schema", "-json"], cwd=folder, check=True, capture_output=True, timeout=300
    )
    found: dict[str, Any] = json.loads(done.stdout)["provider_schemas"][source]
    return found


def settable(block: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {
        name: it
        for name, it in block.get("attributes", {}).items()
        if it.get("optional") or it.get("required")
    }
    return {**attributes, **block.get("block_types", {})}


def inside(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an argument is made of: a block, an attribute with attributes, or one whose type is an object."""
    if "block" in spec:
        block: Mapping[str, Any] = spec["block"]
        return block
    kind = spec.get("type")
    while isinstance(kind, list) and kind[0] in ("list", "set", "map"):
        kind = kind[1]
    if isinstance(kind, list) and kind[0] == "object":
        return {"attributes": {name: {"optional": True, "type": of} for name, of in kind[1].items()}}
    return {"attributes": (spec.get("nested_type") or {}).get("attributes", {})}


def wrong(arguments: Shape, block: Mapping[str, Any], path: str) -> Iterator[str]:
    """Every entry of a shape that does not fit what the provider says."""
    known = settable(block)
    for name, entry in arguments.items():
        here = f"{path}.{name}"
        if "not" in entry:
            continue
        spec = known.get(entry.get("to") or snake(name))
        if spec is None:
            yield f"{here}: there is no such argument"
            continue
        form = entry.get("is", "")
        if form.startswith("block") != ("block" in spec):
            yield f"{here}: block or not"
        mode = spec.get("nesting_mode") or (spec.get("nested_type") or {}).get("nesting_mode")
        if "block" in spec and (mode in ("list", "set")) == form.endswith("_one"):
            yield f"{here}: one or several"
        if "of" in entry:
            yield from wrong(shape(entry["of"]), inside(spec), here)


def test_every_type_and_argument_of_the_table_is_the_providers(schemas: Mapping[str, Any]) -> None:
    found: list[str] = []
    for token in tokens():
        to = mapped(token)
        assert to is not None
        found += wrong(to.arguments, schemas["resource_schemas"][to.type]["block"], token)
    provider = mapped(PROVIDER_TYPE)
    assert provider is not None
    found += wrong(provider.arguments, schemas["provider"]["block"], "provider")
    assert found == []


def test_every_name_and_answer_of_the_table_is_the_providers(schemas: Mapping[str, Any]) -> None:
    for token in tokens():
        to = mapped(token)
        assert to is not None
        block = schemas["resource_schemas"][to.type]["block"]
        known = {**block.get("attributes", {}), **block.get("block_types", {})}
        assert {to.answer(name) for name in to.outputs} - {None} <= known.keys(), token
        assert set(to.names) <= settable(block).keys(), token
        # An argument that the table does not mention follows the rule.
        rest = sdk()[token].arguments - to.arguments.keys() - {"region"}
        assert {snake(name) for name in rest} <= settable(block).keys(), token


# What is exported


def errors(found: list[Refusal]) -> list[str]:
    return [f"{it.source} {it.address}: {it.message}" for it in found if it.severity == "error"]


def test_all_programs_are_valid() -> None:
    """In one configuration: accounts, regions and names of twelve foreign programs side by side."""
    first, *rest = planned().values()
    made = export(first.merged(*rest))
    assert len(made.blocks) > 200
    assert errors(validate(made)) == []


@pytest.fixture(scope="module")
def environments() -> dict[str, Graph]:
    from stacks.specification import load

    project, graphs = find(ROOT), {}
    for name in ("dev", "staging", "prod"):
        stacks = [cell.stack for cell in load(ROOT / "stacks" / f"{name}.yaml").cells()]
        first, *rest = offline.run_all([project.program(stack) for stack in stacks])
        graphs[name] = first.merged(*rest)
    return graphs


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_every_environment_of_this_project_is_valid(environments: dict[str, Graph], name: str) -> None:
    made = export(environments[name])
    assert made.blocks
    assert errors(validate(made)) == []
    # What is newer than the provider is listed with its resource.
    assert all(note.urn in made.addresses and note.source for note in made.of_kind("argument"))


# What a provider would refuse

_HEAD = """\
import json
import pulumi_aws as aws

ROLE = "arn:aws:iam::123456789012:role/app"
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": []})
CODE = {"handler": "a.b", "s3_bucket": "code", "s3_key": "code.zip"}
network = aws.ec2.Vpc("network", cidr_block="10.0.0.0/16")
aws.sqs.Queue("sound", visibility_timeout_seconds=30)
"""

PLANTED = {
    "a value out of range": 'aws.sqs.Queue("it", visibility_timeout_seconds=99999)',
    "a value below the range": 'aws.sqs.Queue("it", message_retention_seconds=5)',
    "an ARN with a short account": 'aws.lambda_.Function("it", role="arn:aws:iam::12345:role/app", runtime="python3.13", **CODE)',
    "a runtime that is none": 'aws.lambda_.Function("it", role=ROLE, runtime="python2.9", **CODE)',
    "too little memory": 'aws.lambda_.Function("it", role=ROLE, runtime="python3.13", memory_size=64, **CODE)',
    "a prefix that is too long": 'aws.ec2.Vpc("it", cidr_block="10.0.0.0/33")',
    "host bits in a network": 'aws.ec2.Subnet("it", vpc_id=network.id, cidr_block="10.0.1.5/24")',
    "two destinations of a route": 'aws.ec2.Route("it", route_table_id="rtb-1", destination_cidr_block="0.0.0.0/0", destination_ipv6_cidr_block="::/0", gateway_id="igw-1")',
    "an engine that is none": 'aws.rds.Cluster("it", engine="oracle-cluster", master_username="u", skip_final_snapshot=True)',
    "an engine version that is none": 'aws.elasticache.ReplicationGroup("it", description="d", engine="redis", engine_version="9.x.y", node_type="cache.t4g.micro")',
    "backups kept too long": 'aws.rds.Cluster("it", engine="aurora-mysql", backup_retention_period=99, master_username="u", skip_final_snapshot=True)',
    "a window at 25 o'clock": 'aws.rds.Instance("it", engine="mysql", instance_class="db.t4g.micro", allocated_storage=20, backup_window="25:00-26:00", username="u", skip_final_snapshot=True)',
    "a policy that is no JSON": 'aws.iam.Role("it", assume_role_policy="{not json")',
    "a session that is too short": 'aws.iam.Role("it", assume_role_policy=DOCUMENT, max_session_duration=10)',
    "a name with spaces": 'aws.iam.Role("it", name="has spaces", assume_role_policy=DOCUMENT)',
    "a name and a prefix": 'aws.cloudwatch.EventRule("it", name="a", name_prefix="a", schedule_expression="rate(1 day)")',
    "a key deleted too soon": 'aws.kms.Key("it", deletion_window_in_days=3)',
    "an alias without its prefix": 'aws.kms.Alias("it", name="app", target_key_id="1234abcd-12ab-34cd-56ef-1234567890ab")',
    "logs kept for two days": 'aws.cloudwatch.LogGroup("it", retention_in_days=2)',
    "a comparison that is none": 'aws.cloudwatch.MetricAlarm("it", comparison_operator="Bigger", evaluation_periods=1)',
    "a type of attribute that is none": 'aws.dynamodb.Table("it", hash_key="id", attributes=[{"name": "id", "type": "Z"}], billing_mode="PAY_PER_REQUEST")',
    "a port that is none": 'aws.lb.TargetGroup("it", port=70000, protocol="HTTP", vpc_id=network.id)',
    "a reserved name": 'aws.lb.LoadBalancer("it", name="internal-app", subnets=["subnet-1", "subnet-2"])',
    "a record of no type": 'aws.route53.Record("it", zone_id="Z1", name="a.example.com", type="ALIAS", ttl=60, records=["192.0.2.1"])',
    "a rule's network that is none": 'aws.ec2.SecurityGroup("it", name="web", vpc_id=network.id, ingress=[{"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["300.0.0.0/8"]}])',
    "a monitoring level that is none": 'aws.msk.Cluster("it", kafka_version="3.6.0", number_of_broker_nodes=3, broker_node_group_info={"instance_type": "kafka.m7g.large", "client_subnets": ["s-1"], "security_groups": ["sg-1"]}, enhanced_monitoring="ALL")',
    "a role that is no ARN": 'aws.sagemaker.Model("it", execution_role_arn="role/app", primary_container={"image": "app:1"})',
    "two launch descriptions": 'aws.autoscaling.Group("it", max_size=1, min_size=1, vpc_zone_identifiers=["subnet-1"], launch_configuration="a", launch_template={"id": "lt-1"})',
}
"""Mistakes that the SDK's types allow, each one line of a program."""


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    (folder / "Pulumi.yaml").write_text("name: planted\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text("config:\n  aws:region: eu-west-1\n")
    lines = [line.replace('"it"', f'"planted-{number}"', 1) for number, line in enumerate(PLANTED.values())]
    (folder / "__main__.py").write_text(_HEAD + "\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def refused(planted: Path) -> tuple[Export, list[Refusal]]:
    made = export(offline.run(find(planted).program("dev")))
    return made, validate(made)


@pytest.mark.parametrize("number", range(len(PLANTED)), ids=list(PLANTED))
def test_a_planted_error_is_found_at_its_line(refused: tuple[Export, list[Refusal]], number: int) -> None:
    place = f"__main__.py:{_HEAD.count(chr(10)) + 1 + number}"
    found = [it for it in refused[1] if it.source == place]
    assert found and all(it.by == "provider" and it.severity == "error" for it in found)
    assert found[0].urn.endswith(f"::planted-{number}")


def test_nothing_else_is_found(refused: tuple[Export, list[Refusal]]) -> None:
    first = _HEAD.count("\n") + 1
    places = {f"__main__.py:{first + number}" for number in range(len(PLANTED))}
    assert {it.source for it in refused[1]} == places


def test_the_command_reports_them_as_mandatory_and_holds_the_gate(planted: Path) -> None:
    call = ["check", str(planted), "--provider", "--format", "json"]
    result = CliRunner().invoke(app, call, standalone_mode=False)
    assert isinstance(result.exception, GateNotHeld)
    rows = [row for row in json.loads(result.stdout)["violations"] if row["rule"] == "provider"]
    assert {row["level"] for row in rows} == {"mandatory"}
    assert len({row["source"] for row in rows}) == len(PLANTED)
