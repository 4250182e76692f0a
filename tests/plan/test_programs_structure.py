"""What a person would say of the programs: resources, components, providers, regions."""

from __future__ import annotations

import json
from collections import Counter

from plan import offline
from plan.tags import effective
from plan.values import Reference, Template
from tests.plan.planned import all_dependencies, counts, graph, line_of, named, planned, program, told, urn

# Plain script


def test_web_server() -> None:
    found = graph("web-server")
    assert counts(found) == {
        "Vpc": 1, "InternetGateway": 1, "Subnet": 1, "RouteTable": 1, "RouteTableAssociation": 1, "SecurityGroup": 1, "Instance": 1,
    }  # fmt: skip
    server = found[urn("web-server", "aws:ec2/instance:Instance", "server")]
    vpc = urn("web-server", "aws:ec2/vpc:Vpc", "vpc")
    assert server.inputs["instanceType"] == "t3.small"
    assert server.inputs["subnetId"] == Reference(urn("web-server", "aws:ec2/subnet:Subnet", "subnet"), "id")
    assert server.inputs["vpcSecurityGroupIds"] == [
        Reference(urn("web-server", "aws:ec2/securityGroup:SecurityGroup", "secGroup"), "id")
    ]
    assert "Hello from dev" in server.inputs["userData"]
    assert server.inputs["rootBlockDevice"] == {"volumeSize": 20, "volumeType": "gp3", "encrypted": True}
    assert server.region == "us-east-1"
    assert server.source == line_of("web-server", "__main__.py", "server = aws.ec2.Instance(")
    assert found[urn("web-server", "aws:ec2/subnet:Subnet", "subnet")].property_dependencies == {
        "vpcId": (vpc,)
    }
    assert vpc in {resource.urn for resource in found.of_type("aws:ec2/vpc:Vpc")}
    assert set(found.outputs["dev"]) == {"ip", "hostname", "url"}
    assert found.outputs["dev"]["url"] == Template(f"http://${{{server.urn}#publicDns}}")


def test_an_image_that_was_looked_up_is_an_assumption() -> None:
    """The plan runs without an account: that an answer was made up is said, with what for."""
    assert [text for text in graph("web-server").assumptions if "AMI" in text and "us-east-1" in text]


# Functions and loops


def test_fargate_service_has_a_subnet_of_each_kind_in_every_zone() -> None:
    found = graph("fargate-service")
    zones = [resource.inputs["availabilityZone"] for resource in found.of_type("aws:ec2/subnet:Subnet")]
    assert Counter(zones) == {"eu-west-1a": 2, "eu-west-1b": 2, "eu-west-1c": 2}
    assert counts(found)["NatGateway"] == 1
    assert counts(found)["RouteTable"] == 4
    blocks = [resource.inputs["cidrBlock"] for resource in found.of_type("aws:ec2/subnet:Subnet")]
    assert sorted(blocks)[0] == "10.40.0.0/20"
    assert len(set(blocks)) == 6


def test_fargate_service_container_definitions_can_be_read() -> None:
    """A JSON text made in `apply` out of two outputs."""
    found = graph("fargate-service")
    (task,) = found.of_type("aws:ecs/taskDefinition:TaskDefinition")
    text = task.inputs["containerDefinitions"]
    assert isinstance(text, Template)
    (container,) = json.loads(text)
    repository = named(found, "Repository", "app").urn
    assert container["image"] == f"${{{repository}#repositoryUrl}}:dev"
    assert {"name": "LOG_LEVEL", "value": "debug"} in container["environment"]
    assert container["logConfiguration"]["options"]["awslogs-region"] == "eu-west-1"
    assert set(task.property_dependencies["containerDefinitions"]) == {
        repository,
        named(found, "LogGroup", "logs").urn,
    }


def test_fargate_service_waits_for_what_it_was_told_to_wait_for() -> None:
    found = graph("fargate-service")
    service = named(found, "Service", "app")
    assert named(found, "Listener", "http").urn in service.dependencies
    assert named(found, "RolePolicyAttachment", "task-exec-policy").urn in service.dependencies
    assert service.inputs["desiredCount"] == 3
    address = named(found, "Eip", "app-nat-0")
    assert named(found, "InternetGateway", "app-igw").urn in address.dependencies


def test_fargate_service_has_its_default_tags_on_the_provider() -> None:
    found = graph("fargate-service")
    subnet = found.of_type("aws:ec2/subnet:Subnet")[0]
    provider = found.provider_of(subnet)
    assert provider is not None
    assert told(provider, "defaultTags") == {"tags": {"project": "fargate-service", "stage": "dev"}}
    assert effective(found, subnet) == {"project": "fargate-service", "stage": "dev", **subnet.inputs["tags"]}


def test_another_stack_is_another_configuration() -> None:
    """Defaults of the project, overridden by the stack: another region, a gateway in each zone, no tags."""
    found = offline.run(program("fargate-service", "prod"))
    assert {resource.region for resource in found if resource.is_managed and resource.region} == {
        "eu-central-1"
    }
    assert counts(found)["NatGateway"] == 3
    assert urn("fargate-service", "aws:ecs/cluster:Cluster", "cluster", "prod") in found


# Components


def test_nested_components_are_in_the_urns() -> None:
    found = graph("component-library")
    path = (
        "library:index:Environment$library:network:Network$library:network:SubnetTier$aws:ec2/subnet:Subnet"
    )
    subnet = found[urn("component-library", path, "home-network-app-1")]
    assert [it.name for it in found.ancestors(subnet)][:3] == ["home-network-app", "home-network", "home"]
    instance = "library:index:Environment$library:data:Database$aws:rds/cluster:Cluster$aws:rds/clusterInstance:ClusterInstance"
    assert urn("component-library", instance, "away-database-1") in found
    closed = "library:index:Environment$library:network:Network$aws:ec2/vpc:Vpc$aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
    assert urn("component-library", closed, "home-network-closed") in found


def test_providers_of_a_component_go_down_to_all_its_children() -> None:
    found = graph("component-library")
    regions: dict[str, set[str]] = {"home": set(), "away": set()}
    for resource in found:
        if resource.is_managed:
            regions[resource.name.partition("-")[0]].add(resource.region)
    assert regions == {"home": {"us-west-2"}, "away": {"eu-central-1"}}
    providers = {it.provider for it in found.of_type("aws:ec2/subnet:Subnet") if it.name.startswith("away")}
    assert providers == {urn("component-library", "pulumi:providers:aws", "frankfurt")}


def test_a_value_known_beforehand_is_known_through_apply() -> None:
    """The VPC's block is an input, so what `apply` makes of it is known."""
    found = graph("component-library")
    blocks = [
        it.inputs["cidrBlock"] for it in found.of_type("aws:ec2/subnet:Subnet") if it.name.startswith("home")
    ]
    assert sorted(blocks) == ["10.10.0.0/20", "10.10.16.0/20", "10.10.32.0/20", "10.10.48.0/20"]
    assert {
        it.inputs["cidrBlock"]
        for it in planned("unknown")["component-library"].of_type("aws:ec2/subnet:Subnet")
    } >= set(blocks)


def test_a_dependency_on_a_component_is_one_on_its_children() -> None:
    found = graph("component-library")
    cluster = named(found, "Cluster", "home-database-cluster")
    subnets = {it.urn for it in found.of_type("aws:ec2/subnet:Subnet") if it.name.startswith("home")}
    assert subnets & set(all_dependencies(found, cluster))
    assert not [it for it in all_dependencies(found, cluster) if "::away" in it]


def test_options_are_kept() -> None:
    found = graph("component-library")
    assert named(found, "ClusterInstance", "home-database-0").options["ignoreChanges"] == ["engineVersion"]
    assert named(found, "Subnet", "home-network-web-0").options["deleteBeforeReplace"] is True
    assert named(found, "Key", "home-database-key").options["retainOnDelete"] is True
    assert not named(found, "Key", "home-database-key").protect
    assert named(found, "Environment", "away").options["aliases"]
    assert found.outputs["dev"]["homeVpc"] == Reference(named(found, "Vpc", "home-network").urn, "id")


# Several providers


def test_each_account_and_region_has_its_provider() -> None:
    found = graph("multi-account")
    places = {it.name.partition("-")[0]: it.region for it in found.of_type("aws:kms/key:Key")}
    assert places == {"ingest": "eu-west-1", "train": "us-west-2", "serve": "ap-northeast-1"}
    provider = found[urn("multi-account", "pulumi:providers:aws", "aws-train")]
    assert provider.inputs["region"] == "us-west-2"
    (role,) = told(provider, "assumeRoles")
    assert role["roleArn"] == "arn:aws:iam::333333333333:role/deployment"
    assert told(provider, "defaultTags")["tags"]["account"] == "train"
    assert told(provider, "allowedAccountIds") == ["333333333333"]


def test_the_caller_is_the_account_of_the_provider() -> None:
    """The assumed role says which account it is: each key's policy names its own."""
    found = graph("multi-account")
    principals = {
        it.name: json.loads(it.inputs["policy"])["Statement"][0]["Principal"]["AWS"]
        for it in found.of_type("aws:kms/key:Key")
    }
    assert principals == {
        "ingest-key": "arn:aws:iam::222222222222:root",
        "train-key": "arn:aws:iam::333333333333:root",
        "serve-key": "arn:aws:iam::444444444444:root",
    }


def test_a_child_of_a_resource_takes_its_provider() -> None:
    found = graph("multi-account")
    encryption = named(found, "BucketServerSideEncryptionConfiguration", "serve-encryption")
    assert encryption.provider == urn("multi-account", "pulumi:providers:aws", "aws-serve")
    assert encryption.region == "ap-northeast-1"
    assert encryption.parent == named(found, "Bucket", "serve-data").urn


def test_replication_names_its_destinations() -> None:
    found = graph("multi-account")
    (replication,) = found.of_type("aws:s3/bucketReplicationConfig:BucketReplicationConfig")
    destinations = [rule["destination"]["bucket"] for rule in replication.inputs["rules"]]
    assert destinations == [
        Reference(named(found, "Bucket", f"{name}-data").urn, "arn") for name in ("train", "serve")
    ]
    unknown = planned("unknown")["multi-account"]
    assert set(unknown[replication.urn].property_dependencies["rules"]) == {
        reference.urn for reference in destinations
    }


def test_the_region_of_one_resource_can_be_its_own() -> None:
    found = graph("multi-account")
    audit = named(found, "Bucket", "audit")
    assert audit.region == "eu-central-1"
    assert audit.protect
    assert named(found, "Table", "catalogue").region == "us-east-1"
