"""What the SDK's documentation does not say: properties whose change means a new resource, automatic names.

Written by hand, for the types that the project and its test programs use; the product's own table is what the
provider answered, and `tests/plan/test_replacements_voices.py` holds the two against each other. Names are those
of pulumi-aws' `resources.go`. Dots reach into objects; lists' items have no part of the path.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Naming:
    """How a type is named: `suffix` random digits, at most `longest` characters."""

    property: str = "name"
    longest: int = 255
    lower: bool = False
    suffix: int = 7
    prefix: str = ""


_LOWER = {"longest": 255, "lower": True}
AUTONAMED = {
    f"aws:{token}": naming
    for token, naming in {
        "s3/bucket:Bucket": Naming("bucket", 63, lower=True),
        "s3/bucketObject:BucketObject": Naming("key", 1024, suffix=0),
        "s3/bucketObjectv2:BucketObjectv2": Naming("key", 1024, suffix=0),
        "rds/instance:Instance": Naming("identifier", 255, lower=True),
        "rds/cluster:Cluster": Naming("clusterIdentifier", 255, lower=True),
        "rds/clusterInstance:ClusterInstance": Naming("identifier", 255, lower=True),
        "rds/subnetGroup:SubnetGroup": Naming("name", 255, lower=True),
        "rds/parameterGroup:ParameterGroup": Naming("name", 255, lower=True),
        "rds/clusterParameterGroup:ClusterParameterGroup": Naming("name", 255, lower=True),
        "elasticache/cluster:Cluster": Naming("clusterId", 50, lower=True),
        "elasticache/replicationGroup:ReplicationGroup": Naming("replicationGroupId", 40, lower=True),
        "lb/loadBalancer:LoadBalancer": Naming("name", 32),
        "alb/loadBalancer:LoadBalancer": Naming("name", 32),
        "lb/targetGroup:TargetGroup": Naming("name", 32),
        "alb/targetGroup:TargetGroup": Naming("name", 32),
        "iam/role:Role": Naming("name", 64),
        "iam/user:User": Naming("name", 64),
        "iam/group:Group": Naming("name", 128),
        "iam/policy:Policy": Naming("name", 128),
        "lambda/function:Function": Naming("name", 64),
        "lambda/permission:Permission": Naming("statementId", 100),
        "cloudwatch/eventRule:EventRule": Naming("name", 64),
        "eks/cluster:Cluster": Naming("name", 100),
        "eks/nodeGroup:NodeGroup": Naming("nodeGroupName", 63),
        "ecr/repository:Repository": Naming("name", 256, lower=True),
        "sqs/queue:Queue": Naming("name", 80),
        "sns/topic:Topic": Naming("name", 256),
        "sfn/stateMachine:StateMachine": Naming("name", 80),
        "kms/alias:Alias": Naming("name", 255, prefix="alias/"),
        "ec2/keyPair:KeyPair": Naming("keyName", 255),
    }.items()
}
"""Names that are not simply `name`, of 255 characters."""

KEPT_NAMES = frozenset(
    f"aws:{token}"
    for token in (
        "rds/instance:Instance", "apigateway/restApi:RestApi", "apigatewayv2/api:Api", "iam/user:User",
        "iam/group:Group", "ec2/keyPair:KeyPair",
    )
)  # fmt: skip
"""Types whose name may change in place."""

_ROUTE = ("routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
_BUCKET = ("bucket", "expectedBucketOwner")
_RULE = ("securityGroupId", "type", "protocol", "fromPort", "toPort", "cidrBlocks", "ipv6CidrBlocks",
         "prefixListIds", "self", "sourceSecurityGroupId")  # fmt: skip
FORCED = {
    f"aws:{token}": tuple(names.split()) if isinstance(names, str) else names
    for token, names in {
        "acm/certificate:Certificate": "domainName validationMethod subjectAlternativeNames keyAlgorithm",
        "acm/certificateValidation:CertificateValidation": "certificateArn validationRecordFqdns",
        "apigateway/deployment:Deployment": "restApi triggers",
        "apigateway/integration:Integration": "restApi resourceId httpMethod type integrationHttpMethod credentials",
        "apigateway/method:Method": "restApi resourceId httpMethod",
        "apigateway/resource:Resource": "restApi",
        "apigateway/stage:Stage": "restApi stageName",
        "apigatewayv2/api:Api": "protocolType",
        "apigatewayv2/integration:Integration": "apiId integrationType",
        "apigatewayv2/route:Route": "apiId",
        "apigatewayv2/stage:Stage": "apiId name",
        "appautoscaling/policy:Policy": "resourceId scalableDimension serviceNamespace",
        "appautoscaling/target:Target": "resourceId scalableDimension serviceNamespace",
        "athena/workgroup:Workgroup": "name",
        "backup/selection:Selection": "iamRoleArn planId resources",
        "backup/vault:Vault": "kmsKeyArn",
        "backup/vaultLockConfiguration:VaultLockConfiguration": "backupVaultName minRetentionDays maxRetentionDays",
        "batch/computeEnvironment:ComputeEnvironment": "computeResources name type",
        "batch/jobDefinition:JobDefinition": "name retryStrategy.evaluateOnExits",
        "batch/jobQueue:JobQueue": "name",
        "cloudwatch/dashboard:Dashboard": "dashboardName",
        "cloudwatch/eventRule:EventRule": "eventBusName",
        "cloudwatch/eventTarget:EventTarget": "rule eventBusName targetId",
        "cloudwatch/logGroup:LogGroup": "logGroupClass",
        "cloudwatch/logMetricFilter:LogMetricFilter": "logGroupName name",
        "dynamodb/table:Table": "hashKey rangeKey importTable localSecondaryIndexes restoreSourceName",
        "ec2/defaultSecurityGroup:DefaultSecurityGroup": "vpcId",
        "ec2/eip:Eip": "domain networkBorderGroup publicIpv4Pool",
        "ec2/flowLog:FlowLog": (
            "logDestination", "logDestinationType", "trafficType", "vpcId", "subnetId", "eniId", "iamRoleArn",
            "logFormat", "maxAggregationInterval", "destinationOptions",
        ),
        "ec2/instance:Instance": (
            "ami", "availabilityZone", "subnetId", "keyName", "privateIp", "placementGroup", "tenancy",
            "associatePublicIpAddress", "ephemeralBlockDevices", "networkInterfaces", "securityGroups",
            "rootBlockDevice.encrypted", "rootBlockDevice.kmsKeyId", "ebsBlockDevices",
        ),
        "ec2/natGateway:NatGateway": "subnetId allocationId connectivityType privateIp",
        "ec2/route:Route": _ROUTE,
        "ec2/routeTable:RouteTable": "vpcId",
        "ec2/routeTableAssociation:RouteTableAssociation": "subnetId gatewayId",
        "ec2/securityGroup:SecurityGroup": "vpcId description",
        "ec2/securityGroupRule:SecurityGroupRule": _RULE,
        "ec2/subnet:Subnet": "vpcId cidrBlock availabilityZone availabilityZoneId ipv6Native outpostArn",
        "ec2/vpc:Vpc": "cidrBlock instanceTenancy ipv4IpamPoolId ipv4NetmaskLength",
        "ec2/vpcEndpoint:VpcEndpoint": "vpcId serviceName vpcEndpointType serviceRegion",
        "ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": "vpcId cidrBlock",
        "ec2/vpcPeeringConnection:VpcPeeringConnection": "vpcId peerVpcId peerOwnerId peerRegion",
        "ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter": "vpcPeeringConnectionId",
        "ecr/lifecyclePolicy:LifecyclePolicy": "policy repository",
        "ecr/pullThroughCacheRule:PullThroughCacheRule": "ecrRepositoryPrefix upstreamRegistryUrl",
        "ecr/repository:Repository": "encryptionConfigurations",
        "ecr/repositoryCreationTemplate:RepositoryCreationTemplate": "prefix",
        "ecs/service:Service": "cluster launchType schedulingStrategy",
        "ecs/taskDefinition:TaskDefinition": (
            "family", "containerDefinitions", "cpu", "memory", "networkMode", "executionRoleArn", "taskRoleArn",
            "requiresCompatibilities", "volumes", "runtimePlatform", "placementConstraints", "ephemeralStorage",
        ),
        "eks/accessEntry:AccessEntry": "clusterName principalArn type",
        "eks/accessPolicyAssociation:AccessPolicyAssociation": "accessScope clusterName principalArn policyArn",
        "eks/addon:Addon": "clusterName addonName",
        "eks/cluster:Cluster": (
            "roleArn", "encryptionConfig.provider.keyArn", "kubernetesNetworkConfig.serviceIpv4Cidr",
            "kubernetesNetworkConfig.ipFamily", "bootstrapSelfManagedAddons", "outpostConfig",
            "accessConfig.bootstrapClusterCreatorAdminPermissions",
        ),
        "eks/nodeGroup:NodeGroup": (
            "clusterName", "nodeRoleArn", "subnetIds", "instanceTypes", "capacityType", "diskSize", "amiType",
            "remoteAccess", "launchTemplate.id", "launchTemplate.name",
        ),
        "eks/podIdentityAssociation:PodIdentityAssociation": "clusterName namespace serviceAccount",
        "elasticache/replicationGroup:ReplicationGroup": (
            "atRestEncryptionEnabled", "kmsKeyId", "port", "subnetGroupName", "dataTieringEnabled", "snapshotArns",
            "snapshotName",
        ),
        "glue/catalogDatabase:CatalogDatabase": "catalogId name",
        "glue/catalogTable:CatalogTable": "catalogId databaseName name",
        "glue/dataQualityRuleset:DataQualityRuleset": "name targetTable",
        "iam/instanceProfile:InstanceProfile": "path",
        "iam/openIdConnectProvider:OpenIdConnectProvider": "url",
        "iam/policy:Policy": "description path",
        "iam/role:Role": "path",
        "iam/rolePolicy:RolePolicy": "role name",
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
        "rds/cluster:Cluster": (
            "databaseName", "dbSubnetGroupName", "engine", "engineMode", "kmsKeyId", "masterUsername",
            "storageEncrypted", "availabilityZones", "snapshotIdentifier", "sourceRegion",
        ),
        "rds/clusterInstance:ClusterInstance": "clusterIdentifier dbSubnetGroupName engine availabilityZone",
        "rds/globalCluster:GlobalCluster": "globalClusterIdentifier databaseName engine storageEncrypted sourceDbClusterIdentifier",
        "rds/clusterParameterGroup:ClusterParameterGroup": "family description",
        "rds/instance:Instance": (
            "characterSetName", "kmsKeyId", "storageEncrypted", "username", "dbName", "engine", "timezone",
            "snapshotIdentifier", "availabilityZone",
        ),
        "route53/record:Record": "zoneId name",
        "route53/zone:Zone": "name delegationSetId",
        "s3/bucket:Bucket": "objectLockEnabled",
        **{f"s3/{name}": _BUCKET for name in (
            "bucketLifecycleConfiguration:BucketLifecycleConfiguration", "bucketVersioning:BucketVersioning",
            "bucketOwnershipControls:BucketOwnershipControls", "bucketPolicy:BucketPolicy",
            "bucketPublicAccessBlock:BucketPublicAccessBlock", "bucketReplicationConfig:BucketReplicationConfig",
            "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            "bucketLogging:BucketLogging", "bucketNotification:BucketNotification",
            "bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        )},
        "s3/bucketMetric:BucketMetric": "bucket name",
        "s3/bucketObjectv2:BucketObjectv2": "bucket key",
        "s3control/multiRegionAccessPoint:MultiRegionAccessPoint": "accountId details",
        "sagemaker/endpoint:Endpoint": "name",
        "sagemaker/endpointConfiguration:EndpointConfiguration": "dataCaptureConfig kmsKeyArn name productionVariants",
        "sagemaker/model:Model": "containers enableNetworkIsolation executionRoleArn name primaryContainer vpcConfig",
        "scheduler/schedule:Schedule": "groupName",
        "sagemaker/modelPackageGroup:ModelPackageGroup": "modelPackageGroupDescription modelPackageGroupName",
        "sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": "modelPackageGroupName",
        "secretsmanager/secretVersion:SecretVersion": "secretId secretString secretBinary",
        "sfn/stateMachine:StateMachine": "type",
        "sns/topic:Topic": "fifoTopic",
        "signer/signingProfile:SigningProfile": "name platformId signatureValidityPeriod",
        "sns/topicPolicy:TopicPolicy": "arn",
        "sns/topicSubscription:TopicSubscription": "endpoint protocol topic",
        "sqs/queue:Queue": "fifoQueue",
        "sqs/queuePolicy:QueuePolicy": "queueUrl",
        "ssm/parameter:Parameter": "name",
        "vpc/securityGroupIngressRule:SecurityGroupIngressRule": "securityGroupId",
        "vpc/securityGroupEgressRule:SecurityGroupEgressRule": "securityGroupId",
    }.items()
}  # fmt: skip
"""Beside `region`, and the name where the type is named."""

CHANGED_IN_PLACE = {
    "aws:ec2/vpcEndpoint:VpcEndpoint": frozenset({"privateDnsEnabled"}),
    "aws:lb/loadBalancer:LoadBalancer": frozenset({"securityGroups", "subnets"}),
    "aws:alb/loadBalancer:LoadBalancer": frozenset({"securityGroups", "subnets"}),
}
"""Of which the documentation says that they force, and they do only for endpoints to other services or for network
load balancers."""

DELETE_FIRST = frozenset(
    f"aws:{token}"
    for token in (
        "appautoscaling/policy:Policy", "ec2/route:Route", "ec2/routeTableAssociation:RouteTableAssociation",
        "iam/rolePolicyAttachment:RolePolicyAttachment", "s3/bucketPolicy:BucketPolicy",
        "eks/addon:Addon", "eks/accessEntry:AccessEntry", "eks/podIdentityAssociation:PodIdentityAssociation",
    )
)  # fmt: skip
"""Types of which AWS bears only one in its place, so that a replacement cannot come first."""
