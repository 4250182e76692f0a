"""What a person would say of the programs: data sources, other stacks, transforms, secrets."""

from __future__ import annotations

import json
from pathlib import Path

from plan import offline
from plan.values import SECRET, Reference, is_known
from tests.plan.planned import counts, graph, line_of, named, planned, program, urn

# Data sources


def test_data_sources_in_every_form_are_answered() -> None:
    found = graph("data-lookups")
    assert counts(found) == {
        "Bucket": 1, "Key": 1, "Role": 1, "RolePolicy": 1, "InstanceProfile": 1, "BucketPolicy": 1, "Instance": 3,
        "SecurityGroup": 1, "BucketVersioning": 1, "Record": 1,
    }  # fmt: skip
    assert found.outputs["dev"]["region"] == "eu-west-1"
    assert found.outputs["dev"]["zones"] == 3
    assert named(found, "Instance", "reporter").inputs["availabilityZone"] == "eu-west-1a"


def test_a_policy_document_is_rendered_with_the_outputs_in_it() -> None:
    found = graph("data-lookups")
    policy = named(found, "RolePolicy", "reader")
    bucket, key = named(found, "Bucket", "reports").urn, named(found, "Key", "reports").urn
    read, decrypt = json.loads(policy.inputs["policy"])["Statement"]
    assert read["Resource"] == [f"${{{bucket}#arn}}", f"${{{bucket}#arn}}/*"] or sorted(
        read["Resource"]
    ) == sorted([f"${{{bucket}#arn}}", f"${{{bucket}#arn}}/*"])
    assert decrypt["Action"] == "kms:Decrypt"
    assert set(policy.property_dependencies["policy"]) == {bucket, key}


def test_a_policy_document_without_outputs_is_known() -> None:
    """The document is computed, not looked up: it is known in both kinds of answers."""
    for found in (planned("symbolic")["data-lookups"], planned("unknown")["data-lookups"]):
        (statement,) = json.loads(named(found, "Role", "reader").inputs["assumeRolePolicy"])["Statement"]
        assert statement["Effect"] == "Allow"
        assert statement["Principal"]["Service"] == "ec2.amazonaws.com"


def test_what_is_read_is_not_managed() -> None:
    found = graph("data-lookups")
    landing = named(found, "Bucket", "landing")
    assert landing.external
    assert landing.id == "landing-zone-archive"
    assert not landing.is_managed


def test_every_made_up_answer_is_an_assumption() -> None:
    """Not the ones that are computed, and none of them twice."""
    said = graph("data-lookups").assumptions
    assert len(said) == len(set(said))
    for what in (
        "account 123456789012",
        "default VPC",
        "subnet",
        "AMI",
        "AMI named by /aws/service/ami-amazon-linux-latest",
    ):
        assert any(what in text for text in said), what


# Stack references


def test_outputs_of_a_stack_nobody_described_are_unknown_and_said_so() -> None:
    found = graph("stack-references")
    assert len(found.of_type("pulumi:pulumi:StackReference")) == 2
    group = named(found, "SecurityGroup", "app")
    reference = urn("stack-references", "pulumi:pulumi:StackReference", "acme/network/dev")
    assert not is_known(group.inputs["vpcId"])
    assert reference in group.property_dependencies["vpcId"]
    assert any("acme/network/dev" in text for text in found.assumptions)


def test_outputs_of_a_stack_come_from_the_fixtures(tmp_path: Path) -> None:
    fixtures = tmp_path / "fixtures.json"
    fixtures.write_text(
        json.dumps(
            {
                "stack_references": {
                    "acme/network/dev": {
                        "vpcId": "vpc-0aa", "privateSubnetIds": ["subnet-0a", "subnet-0b"], "cidr": "10.0.0.0/16", "domain": None,
                    },
                    "acme/cluster/dev": {
                        "oidcProviderArn": "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-2.amazonaws.com/id/AA",
                        "ingressPort": 8443,
                    },
                }
            }
        )
    )  # fmt: skip
    found = offline.run(program("stack-references"), fixtures=fixtures)
    assert named(found, "SecurityGroup", "app").inputs["vpcId"] == "vpc-0aa"
    assert named(found, "SubnetGroup", "cache").inputs["subnetIds"] == ["subnet-0a", "subnet-0b"]
    trust = json.loads(named(found, "Role", "app").inputs["assumeRolePolicy"])
    assert list(trust["Statement"][0]["Condition"]["StringLike"]) == [
        "oidc.eks.us-east-2.amazonaws.com/id/AA:sub"
    ]
    assert found.outputs["dev"]["subnetCount"] == 2


def test_what_is_also_stored_in_a_parameter_stays_readable_elsewhere() -> None:
    """The SDK takes every parameter's value for a secret; the same text in another place is none."""
    found = graph("stack-references")
    assert named(found, "Parameter", "endpoint").inputs["value"] is SECRET
    assert found.outputs["dev"]["url"] is not SECRET


# Transforms


def test_transforms_of_the_stack_tag_everything_that_can_be_tagged() -> None:
    found = graph("governance")
    tags = {"owner": "payments", "cost-center": "4711", "stack": "governance-dev"}
    for kind, name in (
        ("Vpc", "vpc"),
        ("Subnet", "subnet"),
        ("Key", "key"),
        ("Queue", "plain"),
        ("Table", "table"),
        ("Bucket", "bucket"),
    ):
        assert named(found, kind, name).inputs["tags"] == tags
    assert named(found, "Queue", "orders-queue").inputs["tags"] == {**tags, "owner": "inbox-team"}
    assert "tags" not in named(found, "Policy", "policy").inputs


def test_asynchronous_transforms_protect_what_holds_data() -> None:
    found = graph("governance")
    protected = {resource.name for resource in found if resource.protect}
    assert protected == {"table", "bucket"}
    assert named(found, "Table", "table").options["retainOnDelete"] is True


def test_transforms_of_a_component_reach_its_children_only() -> None:
    found = graph("governance")
    retention = {
        it.name: it.inputs.get("messageRetentionSeconds") for it in found.of_type("aws:sqs/queue:Queue")
    }
    assert retention == {"orders-dead": 1209600, "orders-queue": 1209600, "plain": None}


def test_transformations_of_the_older_kind_run_too() -> None:
    assert named(graph("governance"), "Subnet", "subnet").inputs["mapPublicIpOnLaunch"] is False


def test_a_policy_given_as_an_object_holds_references() -> None:
    """The SDK takes a policy as text or as an object."""
    found = graph("governance")
    policy = named(found, "Policy", "policy").inputs["policy"]
    document = json.loads(policy) if isinstance(policy, str) else policy
    (statement,) = document["Statement"]
    assert str(statement["Resource"][0]) == f"${{{named(found, 'Queue', 'orders-queue').urn}#arn}}"


# Secrets (what must not come out is in test_secrets.py)


def test_secrets_are_marked_wherever_they_flow() -> None:
    found = graph("secrets-everywhere")
    assert named(found, "Instance", "database").inputs["password"] is SECRET
    assert named(found, "Cluster", "reporting").inputs["masterPassword"] is SECRET
    assert named(found, "Parameter", "database-url").inputs["value"] is SECRET
    assert named(found, "SecretVersion", "stripe").inputs["secretString"] is SECRET
    assert named(found, "LaunchTemplate", "bastion").inputs["userData"] is SECRET
    assert named(found, "TopicSubscription", "alerts").inputs["endpoint"] is SECRET
    outputs = found.outputs["dev"]
    assert [outputs[key] for key in ("databaseUrl", "webhook", "firstToken")] == [SECRET] * 3
    assert outputs["databaseHost"] == Reference(named(found, "Instance", "database").urn, "address")


def test_a_secret_does_not_hide_where_it_comes_from() -> None:
    found = graph("secrets-everywhere")
    database = named(found, "Instance", "database").urn
    assert named(found, "Parameter", "database-url").property_dependencies["value"] == (database,)
    worker = named(found, "Function", "worker")
    assert database in worker.dependencies
    assert (
        worker.inputs["environment"] is SECRET or SECRET in worker.inputs["environment"]["variables"].values()
    )


def test_a_provider_written_in_python_is_planned() -> None:
    found = graph("secrets-everywhere")
    (password,) = found.of_type("pulumi-python:dynamic:Resource")
    assert password.inputs["length"] == 48
    assert password.source == line_of("secrets-everywhere", "__main__.py", "session_key = Password(")
