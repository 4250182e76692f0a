"""A plan that keeps every rule, in production; tests change one thing in it and see which rule objects."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from plan.graph import Graph, Resource
from plan.values import Reference
from policies import Config

TODAY = date(2026, 11, 23)
DIGEST = "@sha256:" + "ab" * 32
IMAGE = "registry.example/serving:1.4.2" + DIGEST
TAGS = {"owner": "ml-platform", "cost-center": "cc-1200"}


def urn(type: str, name: str) -> str:
    return f"urn:pulumi:prod::shop::{type}::{name}"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


TLS_ONLY = policy(
    {"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
     "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
)  # fmt: skip
READ = policy(
    {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::lake/*"}
)
TRUST = policy(
    {"Sid": "Trust", "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}},
)  # fmt: skip
OWNER_KEY = policy(
    {"Sid": "Root", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
     "Principal": {"AWS": "arn:aws:iam::111122223333:root"}},
)  # fmt: skip
NO_APPROVAL = policy(
    {"Sid": "OnlyTheMachine", "Effect": "Deny", "Action": ["sagemaker:UpdateModelPackage"], "Principal": {"AWS": "*"},
     "Resource": "arn:aws:sagemaker:eu-west-1:111122223333:model-package/ranker/*",
     "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/promotion"}}},
)  # fmt: skip
TASK = json.dumps(
    [{"name": "api", "image": IMAGE, "environment": [{"name": "TOKEN_ARN", "value": "arn:aws:x"}]}]
)
BUCKET = "aws:s3/bucket:Bucket"
KEY = Reference(urn("aws:kms/key:Key", "key"), "arn")
LAKE = Reference(urn(BUCKET, "lake"), "id")
POD = {"containers": [{"name": "api", "image": IMAGE, "env": [{"name": "MODE", "value": "fast"}]}]}
SPECIFICATIONS = [
    {"resourceType": kind, "tags": TAGS} for kind in ("instance", "volume", "network-interface")
]

# name: (type, inputs). `tags` are added to whatever takes them.
HAPPY: dict[str, tuple[str, dict[str, Any]]] = {
    "key": ("aws:kms/key:Key", {"enableKeyRotation": True, "policy": OWNER_KEY}),
    "lake": (BUCKET, {"bucket": "lake"}),
    "lake-block": (
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {"bucket": LAKE, "blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True,
         "restrictPublicBuckets": True},
    ),
    "lake-versions": (
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": LAKE, "versioningConfiguration": {"status": "Enabled"}},
    ),
    "lake-policy": ("aws:s3/bucketPolicy:BucketPolicy", {"bucket": LAKE, "policy": TLS_ONLY}),
    "lake-key": (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {"bucket": LAKE, "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}}]},
    ),
    "lake-life": (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {"bucket": "lake", "rules": [{"id": "old", "status": "Enabled", "noncurrentVersionExpiration": {"noncurrentDays": 90}}]},
    ),
    "nearest": (
        "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint",
        {"details": {"name": "nearest", "regions": [{"bucket": "lake"}], "publicAccessBlock": {"blockPublicAcls": True}}},
    ),
    "vault": ("aws:backup/vault:Vault", {"name": "vault", "kmsKeyArn": KEY}),
    "vault-lock": (
        "aws:backup/vaultLockConfiguration:VaultLockConfiguration", {"backupVaultName": "vault", "minRetentionDays": 35},
    ),
    "nightly": (
        "aws:backup/plan:Plan",
        {"name": "nightly", "rules": [{"ruleName": "daily", "targetVaultName": "vault", "copyActions": [
            {"destinationVaultArn": "arn:aws:backup:eu-central-1:111122223333:backup-vault:far"}]}]},
    ),
    "front-group": (
        "aws:ec2/securityGroup:SecurityGroup",
        {"ingress": [{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["0.0.0.0/0"]}]},
    ),
    "inner-group": (
        "aws:ec2/securityGroup:SecurityGroup",
        {"ingress": [{"protocol": "tcp", "fromPort": 5432, "toPort": 5432, "cidrBlocks": ["10.0.0.0/8"]}]},
    ),
    "inner-rule": (
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.0.0.0/8",
         "securityGroupId": Reference(urn("aws:ec2/securityGroup:SecurityGroup", "inner-group"), "id")},
    ),
    "front": (
        "aws:lb/loadBalancer:LoadBalancer",
        {"securityGroups": [Reference(urn("aws:ec2/securityGroup:SecurityGroup", "front-group"), "id")]},
    ),
    "http": (
        "aws:lb/listener:Listener",
        {"port": 80, "protocol": "HTTP", "defaultActions": [{"type": "redirect", "redirect": {"protocol": "HTTPS", "statusCode": "HTTP_301"}}]},
    ),
    "cdn": (
        "aws:cloudfront/distribution:Distribution",
        {"defaultCacheBehavior": {"viewerProtocolPolicy": "redirect-to-https"},
         "viewerCertificate": {"minimumProtocolVersion": "TLSv1.2_2021"}},
    ),
    "reader": ("aws:iam/role:Role", {"assumeRolePolicy": TRUST}),
    "read": ("aws:iam/rolePolicy:RolePolicy", {"policy": READ}),
    "attached": ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
    "jobs": ("aws:sqs/queue:Queue", {"policy": policy({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "Principal": {"Service": "s3.amazonaws.com"}})}),
    "events": ("aws:sns/topic:Topic", {"kmsMasterKeyId": "alias/aws/sns"}),
    "clicks": ("aws:kinesis/stream:Stream", {"encryptionType": "KMS", "kmsKeyId": KEY}),
    "delivery": ("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", {"serverSideEncryption": {"enabled": True}}),
    "features": (
        "aws:dynamodb/table:Table",
        {"serverSideEncryption": {"enabled": True, "kmsKeyArn": KEY}, "pointInTimeRecovery": {"enabled": True},
         "deletionProtectionEnabled": True,
         "replicas": [{"regionName": "eu-central-1", "kmsKeyArn": KEY, "pointInTimeRecovery": True,
                       "deletionProtectionEnabled": True, "propagateTags": True}]},
    ),
    "registry": (
        "aws:rds/instance:Instance",
        {"storageEncrypted": True, "kmsKeyId": KEY, "deletionProtection": True, "backupRetentionPeriod": 14,
         "multiAz": True, "copyTagsToSnapshot": True, "manageMasterUserPassword": True, "skipFinalSnapshot": False},
    ),
    "cache": (
        "aws:elasticache/replicationGroup:ReplicationGroup",
        {"engine": "valkey", "transitEncryptionEnabled": True, "automaticFailoverEnabled": True, "multiAzEnabled": True},
    ),
    "accelerator": ("aws:dax/cluster:Cluster", {"serverSideEncryption": {"enabled": True}}),
    "files": ("aws:efs/fileSystem:FileSystem", {"encrypted": True}),
    "search": (
        "aws:opensearch/domain:Domain",
        {"encryptAtRest": {"enabled": True}, "nodeToNodeEncryption": {"enabled": True},
         "domainEndpointOptions": {"enforceHttps": True}, "vpcOptions": {"subnetIds": ["subnet-1", "subnet-2"]},
         "clusterConfig": {"zoneAwarenessEnabled": True}},
    ),
    "broker": (
        "aws:msk/cluster:Cluster",
        {"encryptionInfo": {"encryptionAtRestKmsKeyArn": KEY, "encryptionInTransit": {"clientBroker": "TLS"}}},
    ),
    "disk": ("aws:ebs/volume:Volume", {"encrypted": True}),
    "bastion": (
        "aws:ec2/instance:Instance",
        {"ami": "ami-0123456789abcdef0", "metadataOptions": {"httpTokens": "required"}, "volumeTags": TAGS,
         "rootBlockDevice": {"encrypted": True}, "userData": "#!/bin/sh\nexport DB_PASSWORD=$(aws secretsmanager get-secret-value)\n"},
    ),
    "nodes-template": (
        "aws:ec2/launchTemplate:LaunchTemplate",
        {"imageId": "resolve:ssm:/aws/service/eks/al2023:7", "metadataOptions": {"httpTokens": "required"},
         "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}}],
         "tagSpecifications": SPECIFICATIONS},
    ),
    "nodes": (
        "aws:eks/nodeGroup:NodeGroup",
        {"subnetIds": ["subnet-1", "subnet-2"],
         "launchTemplate": {"id": Reference(urn("aws:ec2/launchTemplate:LaunchTemplate", "nodes-template"), "id"), "version": "1"}},
    ),
    "fleet": (
        "aws:autoscaling/group:Group",
        {"vpcZoneIdentifiers": ["subnet-1", "subnet-2"],
         "tags": [{"key": key, "value": value, "propagateAtLaunch": True} for key, value in TAGS.items()]},
    ),
    "cluster": (
        "aws:eks/cluster:Cluster",
        {"vpcConfig": {"endpointPublicAccess": False}, "enabledClusterLogTypes": ["api", "audit"]},
    ),
    "logs": ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 30}),
    "images": ("aws:ecr/repository:Repository", {"imageTagMutability": "IMMUTABLE", "imageScanningConfiguration": {"scanOnPush": True}}),
    "copies": ("aws:ecr/pullThroughCacheRule:PullThroughCacheRule",
               {"upstreamRegistryUrl": "ghcr.io", "credentialArn": "arn:aws:secretsmanager:eu-west-1:1:secret:ecr-pullthroughcache/x"}),
    "models": ("aws:sagemaker/modelPackageGroup:ModelPackageGroup", {"modelPackageGroupName": "ranker"}),
    "approvers": ("aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy",
                  {"modelPackageGroupName": "ranker", "resourcePolicy": NO_APPROVAL}),
    "task": ("aws:ecs/taskDefinition:TaskDefinition", {"containerDefinitions": TASK}),
    "service": ("aws:ecs/service:Service", {"propagateTags": "SERVICE"}),
    "nightly-run": ("aws:scheduler/schedule:Schedule",
                    {"target": {"arn": "arn:aws:ecs:eu-west-1:1:cluster/x", "deadLetterConfig": {"arn": "arn:aws:sqs:eu-west-1:1:x"}}}),
    "late": ("aws:cloudwatch/metricAlarm:MetricAlarm", {"alarmActions": ["arn:aws:sns:eu-west-1:1:oncall"]}),
    "analysts": ("aws:athena/workgroup:Workgroup", {"configuration": {"bytesScannedCutoffPerQuery": 10**12}}),
    "score": ("aws:lambda/function:Function", {"imageUri": IMAGE, "environment": {"variables": {"STAGE": "prod"}}}),
    "workflows": ("aws:mwaa/environment:Environment", {"webserverAccessMode": "PRIVATE_ONLY", "kmsKey": KEY}),
    "retraining": ("aws:sfn/stateMachine:StateMachine", {"loggingConfiguration": {"level": "ERROR"}}),
    "step": (
        "aws:batch/jobDefinition:JobDefinition",
        {"propagateTags": True, "containerProperties": json.dumps({"image": IMAGE, "networkConfiguration": {"assignPublicIp": "DISABLED"}})},
    ),
    "vpc": ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}),
    "flows": ("aws:ec2/flowLog:FlowLog", {"vpcId": Reference(urn("aws:ec2/vpc:Vpc", "vpc"), "id")}),
    "nat-1": ("aws:ec2/natGateway:NatGateway", {"subnetId": "subnet-1"}),
    "nat-2": ("aws:ec2/natGateway:NatGateway", {"subnetId": "subnet-2"}),
    "api": ("kubernetes:apps/v1:Deployment", {"spec": {"template": {"spec": POD}}}),
    "settings": ("kubernetes:core/v1:ConfigMap", {"data": {"mode": "fast", "token-url": "https://example.com/token"}}),
    "chart": ("kubernetes:helm.sh/v3:Release", {"chart": "karpenter", "version": "1.14.0"}),
    "class": (
        "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass",
        {"spec": {"amiSelectorTerms": [{"alias": "al2023@v20260901"}], "tags": TAGS}},
    ),
}  # fmt: skip
PROTECTED = {"key", "files", "search"}
NO_TAGS = {
    "nightly-run",
    "lake-life",
    "nearest",
    "vault-lock",
    "lake-block",
    "lake-versions",
    "lake-policy",
    "lake-key",
    "read",
    "attached",
    "fleet",
    "copies",
    "approvers",
}


def happy_path() -> dict[str, Resource]:
    """The resources of the plan by name, made anew: changing them changes nobody else's."""
    table: dict[str, Resource] = {}
    for name, (type, inputs) in HAPPY.items():
        tagged = type.startswith("aws:") and name not in NO_TAGS
        table[name] = Resource(
            urn=urn(type, name),
            type=type,
            name=name,
            inputs=copy.deepcopy({**inputs, **({"tags": {**TAGS, "environment": "prod"}} if tagged else {})}),
            region="eu-west-1",
            protect=name in PROTECTED,
            source=f"program.py:{len(table) + 1}",
        )
    return table


def graph_of(resources: dict[str, Resource]) -> Graph:
    return Graph.of(resources.values())


@pytest.fixture
def happy() -> dict[str, Resource]:
    return happy_path()


@pytest.fixture
def graph() -> Callable[[dict[str, Resource]], Graph]:
    return graph_of


@pytest.fixture
def config() -> Config:
    """Production, with required tags and zones, on a day of November 2026."""
    return Config.of(
        environment_class="production",
        required_tags={
            "owner": {"value": "ml-platform"},
            "cost-center": {"value": "cc-1200", "pattern": "cc-[0-9]{4}"},
        },
        zones={"eu": ["eu-west-1", "eu-central-1"], "us": ["us-east-1"]},
        today=TODAY,
    )
