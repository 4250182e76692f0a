"""Every rule: a plan that keeps all of them, and one change at a time that breaks one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from plan.graph import Graph, Resource
from plan.values import SECRET, UNKNOWN, Reference, Template
from policies import Config, all_rules, check

GONE = object()
Plan = dict[str, Any]
MakeGraph = Callable[[Plan], Graph]


def allow(action: Any, resource: Any = "*", **rest: Any) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **rest}]})


# (rule, resource that is reported, change: resource.path = value)
CASES: list[tuple[str, str, str, Any]] = [
    ("s3-public-access-block", "lake", "lake-block.blockPublicPolicy", False),
    ("s3-public-access-block", "lake", "lake-block", GONE),
    ("s3-public-acl", "lake", "lake.acl", "public-read"),
    ("s3-public-acl", "lake", "lake.grants", [{"type": "Group", "uri": "http://acs.amazonaws.com/groups/global/AllUsers", "permissions": ["READ"]}]),
    ("s3-public-policy", "lake", "lake.policy", allow("s3:GetObject", Principal="*")),
    ("s3-insecure-transport", "lake", "lake-policy", GONE),
    ("s3-versioning", "lake", "lake-versions", GONE),
    ("s3-versioning", "lake", "lake-versions.versioningConfiguration.status", "Suspended"),
    ("force-destroy", "lake", "lake.forceDestroy", True),
    ("open-ingress", "inner-group", "inner-group.ingress.0.cidrBlocks", ["0.0.0.0/0"]),
    ("open-ingress", "inner-group", "inner-group.ingress.0.ipv6CidrBlocks", ["::/0"]),
    ("open-ingress", "front-group", "front-group.ingress.0.toPort", 8443),
    ("open-ingress", "front-group", "front", GONE),
    ("open-ingress", "inner-rule", "inner-rule.cidrIpv4", "0.0.0.0/0"),
    ("public-endpoint", "cluster", "cluster.vpcConfig", {"endpointPublicAccess": True}),
    ("public-endpoint", "cluster", "cluster.vpcConfig", {"publicAccessCidrs": ["0.0.0.0/0"]}),
    ("public-endpoint", "registry", "registry.publiclyAccessible", True),
    ("public-endpoint", "search", "search.vpcOptions", GONE),
    ("public-endpoint", "broker", "broker.brokerNodeGroupInfo", {"connectivityInfo": {"publicAccess": {"type": "SERVICE_PROVIDED_EIPS"}}}),
    ("public-endpoint", "bastion", "bastion.associatePublicIpAddress", True),
    ("iam-wildcard", "read", "read.policy", allow("*")),
    ("iam-wildcard", "read", "read.policy", allow(["s3:*", "sqs:SendMessage"], ["*"])),
    ("iam-wildcard", "reader", "reader.inlinePolicies", [{"name": "all", "policy": allow("*")}]),
    ("iam-administrator", "attached", "attached.policyArn", "arn:aws:iam::aws:policy/AdministratorAccess"),
    ("iam-open-trust", "reader", "reader.assumeRolePolicy", allow("sts:AssumeRole", Principal={"AWS": "*"})),
    ("iam-open-trust", "reader", "reader.assumeRolePolicy", allow("sts:AssumeRoleWithWebIdentity", Principal={"Federated": "arn:aws:iam::1:oidc-provider/x"})),
    ("iam-pass-role", "read", "read.policy", allow("iam:PassRole")),
    ("public-resource-policy", "jobs", "jobs.policy", allow("sqs:SendMessage", Principal="*")),
    ("rds-encryption", "registry", "registry.storageEncrypted", GONE),
    ("efs-encryption", "files", "files.encrypted", False),
    ("cache-encryption", "accelerator", "accelerator.serverSideEncryption", GONE),
    ("search-encryption", "search", "search.encryptAtRest.enabled", False),
    ("firehose-encryption", "delivery", "delivery.serverSideEncryption", GONE),
    ("queue-encryption", "jobs", "jobs.sqsManagedSseEnabled", False),
    ("elasticache-encryption", "cache", "cache.engine", "redis"),
    ("kinesis-encryption", "clicks", "clicks.encryptionType", GONE),
    ("topic-encryption", "events", "events.kmsMasterKeyId", GONE),
    ("ebs-encryption", "disk", "disk.encrypted", False),
    ("ebs-encryption", "bastion", "bastion.rootBlockDevice.encrypted", GONE),
    ("ebs-encryption", "nodes-template", "nodes-template.blockDeviceMappings.0.ebs.encrypted", "false"),
    ("own-key-in-production", "features", "features.serverSideEncryption.kmsKeyArn", GONE),
    ("own-key-in-production", "features", "features.replicas.0.kmsKeyArn", GONE),
    ("own-key-in-production", "lake", "lake-key", GONE),
    ("own-key-in-production", "registry", "registry.kmsKeyId", GONE),
    ("deletion-protection", "registry", "registry.deletionProtection", GONE),
    ("deletion-protection", "features", "features.deletionProtectionEnabled", False),
    ("deletion-protection", "features", "features.replicas.0.deletionProtectionEnabled", GONE),
    ("backups", "registry", "registry.backupRetentionPeriod", 0),
    ("backups", "features", "features.pointInTimeRecovery", GONE),
    ("backups", "features", "features.replicas.0.pointInTimeRecovery", False),
    ("final-snapshot", "registry", "registry.skipFinalSnapshot", True),
    ("single-zone-in-production", "registry", "registry.multiAz", GONE),
    ("single-zone-in-production", "nodes", "nodes.subnetIds", ["subnet-1"]),
    ("unpinned-image", "score", "score.imageUri", "registry.example:5000/serving:latest"),
    ("unpinned-image", "task", "task.containerDefinitions", json.dumps([{"name": "api", "image": "serving"}])),
    ("unpinned-image", "api", "api.spec.template.spec.containers.0.image", "serving"),
    ("image-without-digest", "api", "api.spec.template.spec.containers.0.image", "serving:1.4"),
    ("unpinned-chart", "chart", "chart.version", GONE),
    ("unpinned-chart", "chart", "chart.version", "^1.14"),
    ("unpinned-node-image", "class", "class.spec.amiSelectorTerms.0.alias", "al2023@latest"),
    ("unpinned-node-image", "nodes-template", "nodes-template.imageId", "resolve:ssm:/aws/service/eks/al2023"),
    ("imdsv1", "bastion", "bastion.metadataOptions", GONE),
    ("imdsv1", "nodes-template", "nodes-template.metadataOptions.httpTokens", "optional"),
    ("imdsv1", "class", "class.spec.metadataOptions", {"httpTokens": "optional"}),
    ("privileged-container", "api", "api.spec.template.spec.containers.0.securityContext", {"privileged": True}),
    ("privileged-container", "api", "api.spec.template.spec.hostNetwork", True),
    ("missed-runs", "nightly-run", "nightly-run.target.deadLetterConfig", GONE),
    ("alarm-tells-nobody", "late", "late.alarmActions", GONE),
    ("alarm-tells-nobody", "late", "late.alarmActions", []),
    ("query-without-limit", "analysts", "analysts.configuration", GONE),
    ("public-endpoint", "workflows", "workflows.webserverAccessMode", "PUBLIC_ONLY"),
    ("airflow-key", "workflows", "workflows.kmsKey", GONE),
    ("state-machine-logs", "retraining", "retraining.loggingConfiguration", GONE),
    ("state-machine-logs", "retraining", "retraining.loggingConfiguration.level", "OFF"),
    ("public-job", "step", "step.containerProperties", json.dumps({"image": "registry.example/x:1@sha256:" + "ab" * 32, "networkConfiguration": {"assignPublicIp": "ENABLED"}})),
    ("log-retention", "logs", "logs.retentionInDays", GONE),
    ("kms-rotation", "key", "key.enableKeyRotation", False),
    ("cluster-audit-logs", "cluster", "cluster.enabledClusterLogTypes", ["api"]),
    ("flow-logs", "vpc", "flows", GONE),
    ("single-nat-in-production", "nat-1", "nat-2", GONE),
    ("mutable-image-tags", "images", "images.imageTagMutability", "MUTABLE"),
    ("image-scanning", "images", "images.imageScanningConfiguration.scanOnPush", False),
    ("cache-without-credential", "copies", "copies.credentialArn", GONE),
    ("model-approval-open", "models", "approvers", GONE),
    ("model-approval-open", "models", "approvers.resourcePolicy", allow("sagemaker:UpdateModelPackage")),
    ("backup-in-one-region", "nightly", "nightly.rules.0.copyActions", GONE),
    ("backup-in-one-region", "nightly", "nightly.rules.0.copyActions.0.destinationVaultArn", "arn:aws:backup:eu-west-1:1:backup-vault:x"),
    ("cross-residency-replication", "nightly", "nightly.rules.0.copyActions.0.destinationVaultArn", "arn:aws:backup:us-east-1:1:backup-vault:x"),
    ("vault-without-lock", "vault", "vault-lock", GONE),
    ("access-point-public", "nearest", "nearest.details.publicAccessBlock.blockPublicPolicy", False),
    ("versions-without-end", "lake", "lake-life", GONE),
    ("versions-without-end", "lake", "lake-life.rules.0.status", "Disabled"),
    ("insecure-transport", "http", "http.defaultActions", [{"type": "forward"}]),
    ("insecure-transport", "cdn", "cdn.defaultCacheBehavior.viewerProtocolPolicy", "allow-all"),
    ("insecure-transport", "cdn", "cdn.viewerCertificate.minimumProtocolVersion", "TLSv1"),
    ("insecure-transport", "search", "search.domainEndpointOptions.enforceHttps", False),
    ("insecure-transport", "cache", "cache.transitEncryptionEnabled", False),
    ("insecure-transport", "broker", "broker.encryptionInfo.encryptionInTransit.clientBroker", "TLS_PLAINTEXT"),
    ("cross-residency-replication", "features", "features.replicas.0.regionName", "us-east-1"),
    ("residency-location", "disk", "disk.tags.residency", "us"),
    ("clear-text-secret", "score", "score.environment.variables.DB_PASSWORD", "hunter2-hunter2"),
    ("clear-text-secret", "score", "score.environment.variables.HINT", "AKIA" + "ABCDEFGHIJKLMNOP"),
    ("clear-text-secret", "api", "api.spec.template.spec.containers.0.env", [{"name": "API_KEY", "value": "abcdef123"}]),
    ("clear-text-password", "registry", "registry.password", "hunter2-hunter2"),
    ("secret-in-user-data", "bastion", "bastion.userData", "export DB_PASSWORD=hunter2-hunter2"),
    ("secret-in-user-data", "nodes-template", "nodes-template.userData", "ZXhwb3J0IERCX1BBU1NXT1JEPWh1bnRlcjItaHVudGVyMgo="),
    ("secret-in-config-map", "settings", "settings.data.password", "hunter2-hunter2"),
    ("required-tags", "disk", "disk.tags.owner", GONE),
    ("required-tags", "disk", "disk.tags.cost-center", "1200"),
    ("tag-propagation", "nodes", "nodes.launchTemplate", GONE),
    ("tag-propagation", "nodes-template", "nodes-template.tagSpecifications.1.tags.owner", GONE),
    ("tag-propagation", "fleet", "fleet.tags.0.propagateAtLaunch", False),
    ("tag-propagation", "bastion", "bastion.volumeTags", GONE),
    ("tag-propagation", "class", "class.spec.tags.owner", GONE),
    ("tag-propagation", "features", "features.replicas.0.propagateTags", GONE),
    ("tag-propagation", "service", "service.propagateTags", "NONE"),
    ("tag-propagation", "registry", "registry.copyTagsToSnapshot", GONE),
]  # fmt: skip

# Rules that are broken by a resource being there, or by another environment: they have tests of their own.
ELSEWHERE = {"capacity-block-needs-approval", "nat-per-zone-in-development", "access-point-mixes-data"}


def changed(plan: Plan, change: str, value: Any) -> Plan:
    """`plan` with one thing changed: `resource.path.to.property`, or the resource as a whole."""
    name, *path = change.split(".")
    if not path:
        del plan[name]
        return plan
    holder: Any = plan[name].inputs
    for part in path[:-1]:
        holder = holder[int(part) if part.isdigit() else part]
    if value is GONE:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return plan


def test_a_plan_that_keeps_every_rule_has_nothing_to_report(
    happy: Plan, graph: MakeGraph, config: Config
) -> None:
    report = check(graph(happy), config)
    assert (report.violations, report.undetermined, report.skipped) == ((), (), ())


@pytest.mark.parametrize(
    ("rule", "name", "change", "value"), CASES, ids=[f"{case[0]}:{case[2]}" for case in CASES]
)
def test_one_change_breaks_one_rule(
    rule: str, name: str, change: str, value: Any, happy: Plan, graph: MakeGraph, config: Config
) -> None:
    report = check(graph(changed(happy, change, value)), config)
    found = {(violation.rule, violation.urn.rpartition("::")[2]) for violation in report.violations}
    assert found == {(rule, name)}


@pytest.mark.parametrize("case", CASES, ids=[f"{case[0]}:{case[2]}" for case in CASES])
def test_a_message_names_its_resource_and_the_fix_a_property(
    case: tuple[str, str, str, Any], happy: Plan, graph: MakeGraph, config: Config
) -> None:
    _, name, change, value = case
    for violation in check(graph(changed(happy, change, value)), config).violations:
        assert f" {name} " in violation.message
        assert violation.fix and violation.source.startswith("program.py:")
        assert "hunter2" not in violation.message + violation.fix


def test_every_rule_has_a_case_that_breaks_it() -> None:
    assert {rule.id for rule in all_rules()} == {case[0] for case in CASES} | ELSEWHERE


def test_a_rule_says_why_and_what_to_do() -> None:
    for rule in all_rules():
        assert rule.rationale.endswith(".") and len(rule.fix.split()) >= 3, rule.id


def test_a_capacity_block_is_refused_until_an_exemption_approves_it(
    happy: Plan, graph: MakeGraph, config: Config
) -> None:
    from policies import Exemption

    kind = "aws:ec2/capacityBlockReservation:CapacityBlockReservation"
    tags = happy["disk"].inputs["tags"]
    happy["block"] = replace(
        happy["disk"],
        urn=f"urn:pulumi:prod::shop::{kind}::block",
        type=kind,
        name="block",
        inputs={"tags": tags},
    )
    assert [one.rule for one in check(graph(happy), config).violations] == ["capacity-block-needs-approval"]
    approved = replace(
        config,
        exemptions=(
            Exemption("capacity-block-needs-approval", "block", "training of November", config.today),
        ),
    )
    report = check(graph(happy), approved)
    assert report.violations == () and report.exempt[0].reason == "training of November"


@pytest.mark.parametrize("tag", ["residency", "tenant"])
def test_an_access_point_stands_before_buckets_of_one_owner_and_one_residency(
    tag: str, happy: Plan, graph: MakeGraph, config: Config
) -> None:
    """The other bucket is known by its name."""
    lake = happy["lake"]
    tags = {**lake.inputs["tags"], tag: "eu"}
    for name in [name for name in happy if name.startswith("lake-")]:
        inputs = {**happy[name].inputs, "bucket": "second"}
        happy[f"{name}-2"] = replace(happy[name], urn=f"{happy[name].urn}-2", name=f"{name}-2", inputs=inputs)
    happy["second"] = replace(
        lake, urn=f"{lake.urn}-2", name="second", inputs={"bucket": "second", "tags": tags}
    )
    happy["nearest"].inputs["details"]["regions"].append({"bucket": "second"})
    (breach,) = check(graph(happy), config).violations
    assert breach.rule == "access-point-mixes-data"
    assert "lake, second" in breach.message
    del tags[tag]
    assert not check(graph(happy), config).violations


def test_several_nat_gateways_in_development_are_one_advice(
    happy: Plan, graph: MakeGraph, config: Config
) -> None:
    report = check(graph(happy), replace(config, environment_class="development"))
    assert [(one.rule, one.level) for one in report.violations] == [
        ("nat-per-zone-in-development", "advisory")
    ]


def test_a_bucket_of_another_zone_may_not_receive_copies(
    happy: Plan, graph: MakeGraph, config: Config
) -> None:
    lake = happy["lake"]
    for suffix in ("lake-block", "lake-versions", "lake-policy", "lake-key", "lake-life"):
        text = {**happy[suffix].inputs, "bucket": "copy"}
        happy[suffix + "-copy"] = replace(
            happy[suffix], urn=happy[suffix].urn + "-copy", name=suffix + "-copy", inputs=text
        )
    copy = replace(
        lake,
        urn=lake.urn + "-copy",
        name="copy",
        inputs={**lake.inputs, "bucket": "copy"},
        region="us-east-1",
    )
    kind = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
    rules = [{"status": "Enabled", "destination": {"bucket": "arn:aws:s3:::copy"}}]
    inputs = {"bucket": Reference(lake.urn, "id"), "rules": rules}
    happy |= {
        "copy": copy,
        "copying": Resource(
            f"urn:pulumi:prod::shop::{kind}::copying", kind, "copying", inputs, region="eu-west-1"
        ),
    }
    assert [one.rule for one in check(graph(happy), config).violations] == ["cross-residency-replication"]
    lake.inputs["tags"]["residency"] = "any"
    assert check(graph(happy), config).violations == ()


UNSEEN = [
    ("deletion-protection", "registry.deletionProtection"),
    ("rds-encryption", "registry.storageEncrypted"),
    ("open-ingress", "inner-group.ingress"),
    ("open-ingress", "inner-group.ingress.0.cidrBlocks"),
    ("iam-wildcard", "read.policy"),
    ("unpinned-image", "score.imageUri"),
    ("required-tags", "disk.tags"),
    ("required-tags", "disk.tags.cost-center"),
    ("s3-public-access-block", "lake-block.blockPublicAcls"),
]


@pytest.mark.parametrize(
    "hidden",
    [UNKNOWN, SECRET, Reference("urn:pulumi:prod::shop::a:b/c:D::x", "out")],
    ids=["unknown", "secret", "output"],
)
@pytest.mark.parametrize(("rule", "change"), UNSEEN)
def test_what_is_not_known_is_undetermined_and_never_passed(
    rule: str, change: str, hidden: Any, happy: Plan, graph: MakeGraph, config: Config
) -> None:
    report = check(graph(changed(happy, change, hidden)), config)
    assert rule in {one.rule for one in report.undetermined}
    assert rule not in {one.rule for one in report.violations}


def test_what_is_known_is_judged_beside_what_is_not(happy: Plan, graph: MakeGraph, config: Config) -> None:
    openings = happy["inner-group"].inputs["ingress"]
    openings[:] = [UNKNOWN, {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["0.0.0.0/0"]}]
    report = check(graph(happy), config)
    assert (
        [one.rule for one in report.violations]
        == ["open-ingress"]
        == [one.rule for one in report.undetermined]
    )


def test_a_document_with_outputs_inside_is_read(happy: Plan, graph: MakeGraph, config: Config) -> None:
    lake = f"${{{happy['lake'].urn}#arn}}"
    text = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": ["*", lake]}]})
    report = check(graph(changed(happy, "read.policy", Template(text))), config)
    assert [one.rule for one in report.violations] == ["iam-wildcard"]


def test_a_key_that_another_resource_makes_counts_in_a_preview(
    happy: Plan, graph: MakeGraph, config: Config
) -> None:
    """Unknown, but with the dependency that says where it comes from."""
    changed(happy, "registry.kmsKeyId", UNKNOWN)
    seen = replace(happy["registry"], property_dependencies={"kmsKeyId": (happy["key"].urn,)})
    assert check(graph({**happy, "registry": seen}), config).undetermined == ()
    assert [one.rule for one in check(graph(happy), config).undetermined] == ["own-key-in-production"]


def test_companions_are_found_by_dependency_and_by_name_too(
    happy: Plan, graph: MakeGraph, config: Config
) -> None:
    for name in ("lake-block", "lake-versions", "lake-policy", "lake-key"):
        happy[name].inputs["bucket"] = "lake"
    assert check(graph(happy), config).violations == ()
    for name in ("lake-block", "lake-versions", "lake-policy", "lake-key"):
        happy[name].inputs["bucket"] = UNKNOWN
        happy[name] = replace(happy[name], property_dependencies={"bucket": (happy["lake"].urn,)})
    assert check(graph(happy), config).violations == ()


@pytest.mark.parametrize("key", ["TOKEN_ARN", "PASSWORD_FILE", "SECRET_NAME", "MAX_TOKENS", "TOKEN_TTL"])
def test_a_variable_that_only_points_at_a_secret_is_none(
    key: str, happy: Plan, graph: MakeGraph, config: Config
) -> None:
    assert (
        check(graph(changed(happy, f"score.environment.variables.{key}", "prod/registry")), config).violations
        == ()
    )


def test_staging_may_lose_a_store_and_production_may_not(
    happy: Plan, graph: MakeGraph, config: Config
) -> None:
    plan = graph(changed(happy, "registry.deletionProtection", GONE))
    assert check(plan, replace(config, environment_class="staging")).violations == ()
    assert [one.rule for one in check(plan, config).violations] == ["deletion-protection"]


def test_a_secret_of_the_program_is_no_clear_text(happy: Plan, graph: MakeGraph, config: Config) -> None:
    changed(happy, "score.environment.variables.DB_PASSWORD", SECRET)
    assert check(graph(changed(happy, "registry.password", SECRET)), config).violations == ()
