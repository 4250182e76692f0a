"""Which properties cannot change in place: a change of one means another resource.

For AWS the SDK's documentation says it of some properties (`plan/data/aws_replacements_build.py` collects
them); where it is silent, the list below does. Kubernetes' immutable fields are the provider's own list.
Paths are dotted, without positions in lists; a path stands for everything below it too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from plan.aws_types import is_global
from plan.values import Value

__all__ = ["DELETE_FIRST", "MAY_BE_RENAMED", "forced", "forces", "name_property"]

_BUCKET = "bucket expectedBucketOwner"
_KEYED = "resourceId scalableDimension serviceNamespace"

# Beside the name and the region. What AWS itself cannot change, by the API's own reference; of types that
# carry a relation (associations, attachments, rules) what they relate.
_BY_HAND: Mapping[str, str] = {
    "acm/certificate:Certificate": "domainName keyAlgorithm subjectAlternativeNames validationMethod",
    "acm/certificateValidation:CertificateValidation": "certificateArn",
    "apigateway/deployment:Deployment": "restApi triggers",
    "apigateway/integration:Integration": "restApi resourceId httpMethod type integrationHttpMethod credentials",
    "apigateway/method:Method": "restApi resourceId httpMethod",
    "apigateway/resource:Resource": "restApi",
    "apigateway/stage:Stage": "restApi stageName",
    "apigatewayv2/api:Api": "protocolType",
    "apigatewayv2/integration:Integration": "apiId integrationType",
    "apigatewayv2/route:Route": "apiId",
    "apigatewayv2/stage:Stage": "apiId",
    "appautoscaling/policy:Policy": _KEYED,
    "appautoscaling/target:Target": _KEYED,
    "cloudwatch/dashboard:Dashboard": "dashboardName",
    "cloudwatch/eventRule:EventRule": "eventBusName",
    "cloudwatch/eventTarget:EventTarget": "rule eventBusName targetId",
    "cloudwatch/logGroup:LogGroup": "logGroupClass",
    "dynamodb/table:Table": "hashKey rangeKey importTable localSecondaryIndexes restoreSourceName",
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": "vpcId",
    "ec2/eip:Eip": "domain networkBorderGroup publicIpv4Pool",
    "ec2/flowLog:FlowLog": "logDestination logDestinationType trafficType vpcId subnetId eniId iamRoleArn logFormat "
    "maxAggregationInterval destinationOptions",
    "ec2/instance:Instance": "ami availabilityZone subnetId keyName privateIp placementGroup tenancy "
    "associatePublicIpAddress ephemeralBlockDevices networkInterfaces securityGroups rootBlockDevice.encrypted "
    "rootBlockDevice.kmsKeyId ebsBlockDevices",
    "ec2/natGateway:NatGateway": "subnetId allocationId connectivityType privateIp",
    "ec2/route:Route": "routeTableId destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId",
    "ec2/routeTable:RouteTable": "vpcId",
    "ec2/routeTableAssociation:RouteTableAssociation": "subnetId gatewayId",
    "ec2/securityGroup:SecurityGroup": "vpcId description",
    "ec2/securityGroupRule:SecurityGroupRule": "securityGroupId type protocol fromPort toPort cidrBlocks "
    "ipv6CidrBlocks prefixListIds self sourceSecurityGroupId",
    "ec2/subnet:Subnet": "vpcId cidrBlock availabilityZone availabilityZoneId ipv6Native outpostArn",
    "ec2/vpc:Vpc": "cidrBlock instanceTenancy ipv4IpamPoolId ipv4NetmaskLength",
    "ec2/vpcEndpoint:VpcEndpoint": "vpcId serviceName vpcEndpointType serviceRegion",
    "ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": "vpcId cidrBlock",
    "ec2/vpcPeeringConnection:VpcPeeringConnection": "vpcId peerVpcId peerOwnerId peerRegion",
    "ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter": "vpcPeeringConnectionId",
    "ecr/repository:Repository": "encryptionConfigurations",
    "ecs/service:Service": "cluster launchType schedulingStrategy",
    "ecs/taskDefinition:TaskDefinition": "family containerDefinitions cpu memory networkMode executionRoleArn "
    "taskRoleArn requiresCompatibilities volumes runtimePlatform placementConstraints ephemeralStorage",
    "efs/fileSystem:FileSystem": "availabilityZoneName creationToken encrypted kmsKeyId performanceMode",
    "eks/accessEntry:AccessEntry": "clusterName principalArn type",
    "eks/accessPolicyAssociation:AccessPolicyAssociation": "clusterName principalArn policyArn",
    "eks/addon:Addon": "clusterName addonName",
    "eks/cluster:Cluster": "roleArn encryptionConfig.provider.keyArn kubernetesNetworkConfig.serviceIpv4Cidr "
    "kubernetesNetworkConfig.ipFamily bootstrapSelfManagedAddons outpostConfig "
    "accessConfig.bootstrapClusterCreatorAdminPermissions",
    "eks/nodeGroup:NodeGroup": "clusterName nodeRoleArn subnetIds instanceTypes capacityType diskSize amiType "
    "remoteAccess launchTemplate.id launchTemplate.name",
    "eks/podIdentityAssociation:PodIdentityAssociation": "clusterName namespace serviceAccount",
    "elasticache/replicationGroup:ReplicationGroup": "atRestEncryptionEnabled kmsKeyId port subnetGroupName "
    "dataTieringEnabled preferredCacheClusterAzs snapshotArns snapshotName",
    "glue/catalogDatabase:CatalogDatabase": "catalogId",
    "glue/catalogTable:CatalogTable": "catalogId databaseName",
    "iam/instanceProfile:InstanceProfile": "path",
    "iam/openIdConnectProvider:OpenIdConnectProvider": "url",
    "iam/policy:Policy": "description path",
    "iam/role:Role": "path",
    "iam/rolePolicy:RolePolicy": "role",
    "iam/rolePolicyAttachment:RolePolicyAttachment": "role policyArn",
    "kms/key:Key": "customerMasterKeySpec keyUsage multiRegion customKeyStoreId",
    "kms/replicaKey:ReplicaKey": "primaryKeyArn",
    "lambda/eventSourceMapping:EventSourceMapping": "eventSourceArn startingPosition",
    "lambda/function:Function": "packageType",
    "lambda/layerVersion:LayerVersion": "layerName code compatibleRuntimes description",
    "lambda/permission:Permission": "action function principal sourceArn sourceAccount qualifier eventSourceToken",
    "lb/listener:Listener": "loadBalancerArn",
    "lb/loadBalancer:LoadBalancer": "internal loadBalancerType customerOwnedIpv4Pool",
    "lb/targetGroup:TargetGroup": "port protocol protocolVersion targetType vpcId ipAddressType",
    "memorydb/cluster:Cluster": "kmsKeyArn port subnetGroupName tlsEnabled dataTiering",
    "rds/cluster:Cluster": "databaseName dbSubnetGroupName engine engineMode kmsKeyId masterUsername "
    "storageEncrypted availabilityZones snapshotIdentifier",
    "rds/clusterInstance:ClusterInstance": "clusterIdentifier dbSubnetGroupName engine availabilityZone",
    "rds/clusterParameterGroup:ClusterParameterGroup": "family description",
    "rds/globalCluster:GlobalCluster": "databaseName storageEncrypted sourceDbClusterIdentifier",
    "rds/instance:Instance": "characterSetName kmsKeyId storageEncrypted username dbName engine timezone "
    "snapshotIdentifier availabilityZone",
    "route53/record:Record": "zoneId name type setIdentifier",
    "route53/zone:Zone": "delegationSetId",
    "s3/bucket:Bucket": "objectLockEnabled",
    "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _BUCKET,
    "s3/bucketLogging:BucketLogging": _BUCKET,
    "s3/bucketMetric:BucketMetric": "bucket",
    "s3/bucketNotification:BucketNotification": _BUCKET,
    "s3/bucketObjectv2:BucketObjectv2": "bucket",
    "s3/bucketOwnershipControls:BucketOwnershipControls": _BUCKET,
    "s3/bucketPolicy:BucketPolicy": _BUCKET,
    "s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _BUCKET,
    "s3/bucketReplicationConfig:BucketReplicationConfig": _BUCKET,
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _BUCKET,
    "s3/bucketVersioning:BucketVersioning": _BUCKET,
    "sagemaker/endpointConfiguration:EndpointConfiguration": "kmsKeyArn productionVariants",
    "sagemaker/model:Model": "containers enableNetworkIsolation executionRoleArn primaryContainer vpcConfig",
    "secretsmanager/secretVersion:SecretVersion": "secretId secretString secretBinary",
    "sfn/stateMachine:StateMachine": "type",
    "sns/topic:Topic": "fifoTopic",
    "sns/topicSubscription:TopicSubscription": "endpoint protocol topic",
    "sqs/queue:Queue": "fifoQueue",
    "sqs/queuePolicy:QueuePolicy": "queueUrl",
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": "securityGroupId",
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": "securityGroupId",
}

# Names that are not called `name`, of types whose name the provider makes up when a program gives none.
_NAMES: Mapping[str, str] = {
    "ec2/keyPair:KeyPair": "keyName",
    "eks/nodeGroup:NodeGroup": "nodeGroupName",
    "elasticache/cluster:Cluster": "clusterId",
    "elasticache/replicationGroup:ReplicationGroup": "replicationGroupId",
    "lambda/permission:Permission": "statementId",
    "rds/cluster:Cluster": "clusterIdentifier",
    "rds/clusterInstance:ClusterInstance": "identifier",
    "rds/globalCluster:GlobalCluster": "globalClusterIdentifier",
    "rds/instance:Instance": "identifier",
    "s3/bucket:Bucket": "bucket",
    "s3/bucketObject:BucketObject": "key",
    "s3/bucketObjectv2:BucketObjectv2": "key",
}

MAY_BE_RENAMED = frozenset(
    f"aws:{token}"
    for token in (
        "apigateway/restApi:RestApi", "apigatewayv2/api:Api", "ec2/keyPair:KeyPair", "iam/group:Group",
        "iam/user:User", "rds/clusterInstance:ClusterInstance", "rds/instance:Instance",
    )
)  # fmt: skip
"""Types whose name may change in place."""

DELETE_FIRST = frozenset(
    f"aws:{token}"
    for token in (
        "appautoscaling/policy:Policy", "ec2/route:Route", "ec2/routeTableAssociation:RouteTableAssociation",
        "eks/accessEntry:AccessEntry", "eks/addon:Addon", "eks/podIdentityAssociation:PodIdentityAssociation",
        "iam/rolePolicyAttachment:RolePolicyAttachment", "s3/bucketPolicy:BucketPolicy",
    )
)  # fmt: skip
"""Types of which AWS bears one only in its place, so that the old one goes before the new one comes."""

_KUBERNETES: Mapping[str, str] = {
    "apps/v1/DaemonSet": "spec.selector",
    "apps/v1/Deployment": "spec.selector",
    "apps/v1/StatefulSet": "spec.podManagementPolicy spec.revisionHistoryLimit spec.selector spec.serviceName "
    "spec.volumeClaimTemplates",
    "batch/v1/Job": "spec.completions spec.parallelism spec.selector spec.template",
    "rbac.authorization.k8s.io/v1/ClusterRoleBinding": "roleRef",
    "rbac.authorization.k8s.io/v1/RoleBinding": "roleRef",
    "storage.k8s.io/v1/StorageClass": "parameters provisioner",
    "v1/ConfigMap": "data binaryData",
    "v1/PersistentVolumeClaim": "spec.accessModes spec.selector spec.storageClassName spec.volumeName",
    "v1/ResourceQuota": "spec.scopes",
    "v1/Secret": "type data stringData",
    "v1/Service": "spec.clusterIP",
}
_KUBERNETES_ALWAYS = ("metadata.name", "metadata.namespace")
_MUTABLE_BY_CHOICE = {"v1/ConfigMap": "enableConfigMapMutable", "v1/Secret": "enableSecretMutable"}


@cache
def _documented() -> Mapping[str, list[str]]:
    text = resources.files("plan").joinpath("data/aws_replacements.json").read_text(encoding="utf-8")
    found: Mapping[str, list[str]] = json.loads(text)["types"]
    return found


def name_property(type: str) -> str:
    """The property that names a resource of this AWS type."""
    return _NAMES.get(type.removeprefix("aws:"), "name")


def forced(type: str, inputs: Mapping[str, Value], settings: Mapping[str, Value]) -> tuple[str, ...]:
    """The paths whose change replaces a resource of `type` with `inputs`; `settings` are its provider's."""
    package = type.partition(":")[0]
    if package == "kubernetes":
        return _of_kubernetes(inputs, settings)
    return _of_aws(type) if package == "aws" else ()


@cache
def _of_aws(type: str) -> tuple[str, ...]:
    token = type.removeprefix("aws:")
    paths = [*_BY_HAND.get(token, "").split(), *_documented().get(token, ())]
    if type not in MAY_BE_RENAMED:
        name = name_property(type)
        paths += [name, f"{name}Prefix"]
    if not is_global(type):
        paths.append("region")
    return tuple(dict.fromkeys(paths))


def _of_kubernetes(inputs: Mapping[str, Value], settings: Mapping[str, Value]) -> tuple[str, ...]:
    kind = f"{inputs.get('apiVersion', '')}/{inputs.get('kind', '')}"
    if kind in _MUTABLE_BY_CHOICE and _is_on(settings.get(_MUTABLE_BY_CHOICE[kind])):
        return (*_KUBERNETES_ALWAYS, *(("type",) if kind == "v1/Secret" else ()))
    if kind == "v1/Pod":
        return (*_KUBERNETES_ALWAYS, "spec")
    return (*_KUBERNETES_ALWAYS, *_KUBERNETES.get(kind, "").split())


def _is_on(setting: Any) -> bool:
    return setting is True or setting == "true"


def forces(path: str, paths: tuple[str, ...]) -> bool:
    """Whether a change at `path` (`spec.ports[0].port`) touches one of `paths`: it, what is in it or holds it."""
    steps = [step.partition("[")[0] for step in path.split(".")]
    for each in paths:
        there = each.split(".")
        shorter = min(len(steps), len(there))
        if steps[:shorter] == there[:shorter]:
            return True
    return False
