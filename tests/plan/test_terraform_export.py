"""A graph as Terraform configuration: what becomes of each kind of value, option and resource."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from plan.export.terraform import Block, Export, export, files, plan_json
from plan.export.terraform.files import RECORD, spans
from plan.graph import Graph, Resource
from plan.values import SECRET, UNKNOWN, Asset, Reference, ResourceRef, Template
from tests.plan.build import graph, made, ref

VPC, SUBNET, QUEUE = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:sqs/queue:Queue"
TABLE, BUCKET, FUNCTION = "aws:dynamodb/table:Table", "aws:s3/bucket:Bucket", "aws:lambda/function:Function"
PROVIDER, ROLE = "pulumi:providers:aws", "aws:iam/role:Role"


def one(resource: Resource, *others: Resource) -> tuple[Block, Export]:
    found = export(graph(*others, resource))
    (block,) = [block for block in found.blocks if block.urn == resource.urn]
    return block, found


def body(type: str, *others: Resource, **inputs: Any) -> dict[str, Any]:
    return dict(one(made(type, "it", "eu-west-1", inputs=inputs), *others)[0].body)


def provider(name: str, region: str, **settings: Any) -> Resource:
    return made(PROVIDER, name, inputs={"region": region, **settings})


# Values


def test_a_reference_stays_one_alone_and_inside_text() -> None:
    vpc = made(VPC, "main", cidrBlock="10.0.0.0/16")
    policy = Template('{"Resource": "' + str(ref(vpc)) + '/*", "Condition": "${aws:username}"}')
    block, _ = one(made(QUEUE, "q", name=ref(vpc, "id"), policy=policy), vpc)
    assert block.body["name"] == "${aws_vpc.main.id}"
    assert block.body["policy"] == '{"Resource": "${aws_vpc.main.arn}/*", "Condition": "$${aws:username}"}'


def test_outputs_and_arguments_that_are_called_otherwise() -> None:
    api = made("aws:apigateway/restApi:RestApi", "api", name="api")
    method = body("aws:apigateway/method:Method", api, restApi=ref(api, "id"), httpMethod="GET")
    assert method == {"rest_api_id": "${aws_api_gateway_rest_api.api.id}", "http_method": "GET"}
    function = made(FUNCTION, "f", name="f", role="arn:aws:iam::123456789012:role/r")
    assert body("aws:lambda/alias:Alias", function, functionName=ref(function, "name"))["function_name"] == (
        "${aws_lambda_function.f.function_name}"
    )


def test_an_object_is_a_list_of_one_and_a_users_map_keeps_its_keys() -> None:
    found = body(
        FUNCTION, name="f", environment={"variables": {"myKey": "a", "${x}": "%{y}"}}, tags={"costCenter": 1}
    )
    assert found["environment"] == [{"variables": {"myKey": "a", "$${x}": "%%{y}"}}]
    assert found["tags"] == {"costCenter": 1}


def test_attributes_as_blocks_have_every_field() -> None:
    (rule,) = body(
        "aws:ec2/securityGroup:SecurityGroup", name="s", ingress=[{"protocol": "tcp", "fromPort": 80.0}]
    )["ingress"]
    assert rule["from_port"] == 80 and rule["cidr_blocks"] is None and "description" in rule


def test_repeated_blocks_are_in_the_singular() -> None:
    found = body(
        TABLE, name="t", attributes=[{"name": "id", "type": "S"}], replicas=[{"regionName": "eu-west-1"}]
    )
    assert found["attribute"] == [{"name": "id", "type": "S"}]
    assert found["replica"] == [{"region_name": "eu-west-1"}]


def test_an_unknown_is_a_variable_with_the_reason() -> None:
    vpc = made(VPC, "main")
    subnet = made(SUBNET, "s", vpcId=UNKNOWN, property_dependencies={"vpcId": (vpc.urn,)})
    block, found = one(subnet, vpc)
    (variable,) = found.variables
    assert block.body["vpc_id"] == f"${{var.{variable.name}}}"
    assert variable.description == "s.vpcId: decided during deployment, from main"
    assert variable.default is None and not variable.sensitive
    (note,) = found.of_kind("unknown")
    assert (note.urn, note.path, note.source) == (subnet.urn, "vpcId", "s.py:1")


def test_a_secret_is_a_sensitive_variable() -> None:
    block, found = one(made("aws:ssm/parameter:Parameter", "p", name="p", type="SecureString", value=SECRET))
    (variable,) = found.variables
    assert variable.sensitive and block.body["value"] == f"${{var.{variable.name}}}"


def test_a_nested_block_that_is_unknown_is_told_and_left_out() -> None:
    block, found = one(made(TABLE, "t", name="t", attributes=UNKNOWN))
    assert "attribute" not in block.body
    assert [note.path for note in found.of_kind("argument")] == ["attributes"]


def test_a_piece_of_an_output_is_a_variable() -> None:
    queue = made(QUEUE, "q", name="q")
    text = Template(f"host-{Reference(queue.urn, 'url_part')}")
    block, found = one(made(VPC, "v", tags={"Name": text}), queue)
    assert block.body["tags"]["Name"] == f"host-${{var.{found.variables[0].name}}}"


def test_a_whole_resource_means_its_id() -> None:
    topic = made("aws:sns/topic:Topic", "t", name="t")
    assert body("aws:sns/topicSubscription:TopicSubscription", topic, topic=ResourceRef(topic.urn)) == {
        "topic_arn": "${aws_sns_topic.t.id}"
    }


def test_what_is_read_stands_as_it_is_known() -> None:
    bucket = made(BUCKET, "b", external=True, id="archive")
    policy, found = one(
        made("aws:s3/bucketPolicy:BucketPolicy", "p", bucket=ref(bucket, "id"), policy=ref(bucket)), bucket
    )
    assert policy.body["bucket"] == "archive"
    assert policy.body["policy"].startswith("${var.unknown_p_policy")
    assert len(found.of_kind("read")) == 1 and len(found.blocks) == 1


def test_code_is_a_file_with_its_digest() -> None:
    digest = "00" * 32
    role = "arn:aws:iam::123456789012:role/r"
    packed = body(FUNCTION, name="f", role=role, code=Asset("archive", "build/f.zip", digest))
    assert packed["filename"] == "${var.project_folder}/build/f.zip"
    assert packed["source_code_hash"] == "A" * 43 + "="
    block, found = one(made(FUNCTION, "g", name="g", role=role, code=Asset("archive", "app", digest)))
    assert block.body["filename"] == "${path.module}/assets/g.zip"
    assert "pack the folder app" in found.of_kind("asset")[0].text
    thing = body(
        "aws:s3/bucketObjectv2:BucketObjectv2", bucket="b", key="k", source=Asset("file", "a/b.txt", digest)
    )
    assert thing["source"] == "${var.project_folder}/a/b.txt" and thing["source_hash"]


# Names


def test_names_that_the_engine_would_give() -> None:
    first, second = body(QUEUE)["name"], body(QUEUE)["name"]
    assert first == second and first.startswith("it-") and len(first) == len("it-1234567")
    assert body(QUEUE, fifoQueue=True)["name"].endswith(".fifo")
    assert "name" not in body(QUEUE, namePrefix="x")
    assert body(QUEUE, name="own")["name"] == "own"
    long = made("aws:lb/loadBalancer:LoadBalancer", "n" * 60, "eu-west-1")
    assert len(one(long)[0].body["name"]) == 32


def test_addresses_are_unique_readable_and_the_same_in_every_order() -> None:
    resources = [
        made(QUEUE, "jobs"),
        made(QUEUE, "jobs", stack="dev"),
        made(QUEUE, "a b"),
        made(QUEUE, "a/b"),
        made(QUEUE, "1"),
        made("aws:sns/topic:Topic", "jobs"),
        made(QUEUE, "prod_jobs"),
    ]
    found = export(graph(*resources)).addresses
    assert len(set(found.values())) == len(resources)
    assert found == export(graph(*reversed(resources))).addresses
    assert found[resources[4].urn] == "aws_sqs_queue._1"
    assert found[resources[5].urn] == "aws_sns_topic.jobs"
    assert found[resources[6].urn] == "aws_sqs_queue.prod_jobs"


# Providers


def test_a_single_provider_has_no_alias_and_its_default_tags() -> None:
    aws = provider(
        "p", "eu-west-1", defaultTags='{"tags": {"owner": "ml"}}', allowedAccountIds='["123456789012"]'
    )
    block, found = one(made(QUEUE, "q", provider=aws.urn), aws)
    (only,) = found.providers
    assert only.body == {
        "region": "eu-west-1",
        "default_tags": [{"tags": {"owner": "ml"}}],
        "allowed_account_ids": ["123456789012"],
    }
    assert not only.alias and "provider" not in block.meta


def test_regions_are_aliases_and_so_are_accounts() -> None:
    here, there = provider("a", "eu-west-1"), provider("b", "us-east-1")
    queues = [made(QUEUE, "x", provider=here.urn), made(QUEUE, "y", provider=there.urn)]
    queues.append(made(QUEUE, "z", provider=here.urn, inputs={"region": "ap-south-1"}))
    found = export(graph(here, there, *queues))
    assert [block.meta["provider"] for block in found.blocks] == [
        "aws.eu-west-1",
        "aws.us-east-1",
        "aws.ap-south-1",
    ]
    assert all("region" not in block.body for block in found.blocks)
    role = '[{"roleArn": "arn:aws:iam::222222222222:role/d", "sessionName": "s"}]'
    other = provider("train", "eu-west-1", assumeRoles=role)
    found = export(graph(here, other, queues[0], made(QUEUE, "w", provider=other.urn)))
    assert {one.alias: one.body.get("assume_role") for one in found.providers} == {
        "a": None,
        "train": [{"role_arn": "arn:aws:iam::222222222222:role/d", "session_name": "s"}],
    }


def test_credentials_of_a_provider_never_stand_in_a_file() -> None:
    aws = provider("p", "eu-west-1", accessKey="AKIAPLAIN", secretKey=SECRET, token="t0ken")
    found = export(graph(aws, made(QUEUE, "q", provider=aws.urn)))
    assert all(variable.sensitive for variable in found.variables) and len(found.variables) == 3
    assert "AKIAPLAIN" not in str(files(found)) and "t0ken" not in str(files(found))


# Options


def test_options_of_a_resource() -> None:
    vpc = made(VPC, "v")
    block, found = one(
        made(
            "aws:eks/nodeGroup:NodeGroup",
            "n",
            inputs={"scalingConfig": {"desiredSize": 1}},
            dependencies=(vpc.urn,),
            protect=True,
            options={
                "ignoreChanges": ["scalingConfig.desiredSize", 'tags["a b"]', "tags.x", "warmPoolConfig"],
                "deleteBeforeReplace": True,
                "customTimeouts": {"create": "30m", "read": "1m", "delete": 90.0},
                "retainOnDelete": True,
                "importID": "cluster:n",
            },
        ),
        vpc,
    )
    assert block.meta["depends_on"] == ["aws_vpc.v"]
    assert block.meta["lifecycle"] == {
        "prevent_destroy": True,
        "create_before_destroy": False,
        "ignore_changes": ["scaling_config[0].desired_size", 'tags["a b"]', 'tags["x"]'],
    }
    assert block.body["timeouts"] == {"create": "30m", "delete": "90s"}
    assert {note.path for note in found.of_kind("option")} == {
        "ignoreChanges",
        "customTimeouts",
        "retainOnDelete",
    }
    assert found.imports == {block.address: "cluster:n"}
    assert one(made(VPC, "w", options={"ignoreChanges": ["*"]}))[0].meta["lifecycle"] == {
        "ignore_changes": "all"
    }


def test_a_dependency_on_a_component_means_what_is_in_it() -> None:
    component = made("shop:index:Net", "net", custom=False)
    vpc = made(VPC, "v", parent=component.urn)
    block, found = one(made(QUEUE, "q", dependencies=(component.urn,)), component, vpc)
    assert block.meta["depends_on"] == ["aws_vpc.v"]
    assert component.urn not in found.addresses


# What is left out


def test_nothing_is_left_out_silently() -> None:
    resources = [
        made("aws:s3/vectorsIndex:VectorsIndex", "newer"),
        made("kubernetes:core/v1:Namespace", "n"),
        made("random:index/randomId:RandomId", "r"),
        made("aws:eks/cluster:Cluster", "c", inputs={"name": "c", "deletionProtection": True}),
    ]
    found = export(graph(*resources))
    assert {note.urn for note in found.of_kind("left-out")} == {resource.urn for resource in resources[:3]}
    (note,) = found.of_kind("argument")
    assert note.path == "deletionProtection" and "5.100" in note.text
    document = json.loads(files(found)[RECORD])
    assert len(document["notes"]) == len(found.notes) and document["addresses"] == found.addresses


# Files and plan


def test_the_same_graph_gives_the_same_bytes_and_every_line_belongs_to_its_resource() -> None:
    vpc = made(VPC, "v", cidrBlock="10.0.0.0/16")
    resources = [vpc, made(SUBNET, "s", vpcId=ref(vpc, "id")), made(TABLE, "t", name="ü")]
    found = export(graph(*resources))
    texts = files(found)
    assert texts == files(export(Graph.from_json(graph(*resources).to_json())))
    for span in spans(found):
        lines = texts[span.file].splitlines()[span.first - 1 : span.last]
        assert json.loads("\n".join(lines).rstrip(","))[span.block.type][span.block.label]["//"].startswith(
            span.block.urn
        )
    for name, text in texts.items():
        json.loads(text)
        assert name.endswith(".json")


def test_the_plan_joins_resources_by_ids_and_by_references() -> None:
    aws = provider("p", "eu-west-1", defaultTags='{"tags": {"owner": "ml"}}')
    template = made("aws:ec2/launchTemplate:LaunchTemplate", "lt", provider=aws.urn, name="lt")
    group = made(
        "aws:eks/nodeGroup:NodeGroup",
        "n",
        "eu-west-1",
        provider=aws.urn,
        inputs={
            "launchTemplate": {"id": ref(template, "id"), "version": UNKNOWN},
            "clusterName": Template(f"c-{ref(template, 'name')}"),
            "tags": {"a": "${b}"},
        },
    )
    found = export(graph(aws, template, group))
    document = json.loads(plan_json(found))
    rows = {row["address"]: row["values"] for row in document["planned_values"]["root_module"]["resources"]}
    values = rows["aws_eks_node_group.n"]
    assert values["region"] == "eu-west-1"
    assert values["launch_template"] == [{"id": rows["aws_launch_template.lt"]["id"]}]
    assert values["cluster_name"] == "c-lt"
    assert values["tags_all"] == {"owner": "ml", "a": "${b}"}
    (configured,) = [
        row
        for row in document["configuration"]["root_module"]["resources"]
        if row["address"] == "aws_eks_node_group.n"
    ]
    assert configured["expressions"]["launch_template"][0]["id"] == {
        "references": ["aws_launch_template.lt.id", "aws_launch_template.lt"]
    }
    config = document["configuration"]["provider_config"]["aws"]["expressions"]
    assert config["region"] == {"constant_value": "eu-west-1"}
    assert config["default_tags"] == [{"tags": {"constant_value": {"owner": "ml"}}}]
    assert plan_json(found) == plan_json(export(graph(aws, template, group)))


@pytest.mark.parametrize("count", [20_000])
def test_twenty_thousand_resources_in_seconds(count: int) -> None:
    """Measured alone it takes a third of the limit; the limit is processor time, not time on the clock."""
    vpc = made(VPC, "v")
    resources = [
        vpc,
        *(made(SUBNET, f"s{n}", vpcId=ref(vpc, "id"), tags={"Name": f"{n}"}) for n in range(count)),
    ]
    large = Graph.of(resources)
    started = time.process_time()
    found = export(large)
    files(found)
    plan_json(found)
    assert time.process_time() - started < 15
    assert len(found.addresses) == count + 1


def test_a_value_that_is_newer_than_the_provider_gives_way_to_the_strictest_it_has() -> None:
    kind = "aws:ecr/repository:Repository"
    block, exported = one(made(kind, "it", imageTagMutability="IMMUTABLE_WITH_EXCLUSION"))
    assert block.body["image_tag_mutability"] == "IMMUTABLE"
    (note,) = exported.of_kind("argument")
    assert note.path == "imageTagMutability" and "IMMUTABLE_WITH_EXCLUSION is newer" in note.text
