"""What an existing resource is called when it is imported, by type.

    derived("aws:eks/addon:Addon", inputs, facts)      # "tradewind-prod-use1-cluster:vpc-cni"

Two tables, a line per type. `FROM_INPUTS`: ids that follow from what the program says, so that nobody has
to be asked. `FROM_TAGS`: ids that AWS gave; what is so tagged is looked up, and its ARN holds the id. The
forms are those of the import sections of the provider's reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["FROM_INPUTS", "FROM_TAGS", "Facts", "Tagged", "derived"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What ids may hold besides inputs."""

    account: str
    region: str
    partition: str = "aws"


@dataclass(frozen=True, slots=True)
class Tagged:
    """How to find something by its tags: its kind in the Resource Groups Tagging API, and what of its ARN
    is the id: a pattern whose groups are put together with `join`."""

    kind: str
    id: str = r"/([^/]+)$"
    join: str = ""

    def id_of(self, arn: str) -> str:
        """The import id of `arn`; "" where it has another form."""
        found = re.search(self.id, arn)
        return self.join.join(found.groups()) if found else ""


# `{a|b}` is the first of the inputs that is given, `{a.b}` the field `b` of the input `a`; `[...]` is left out where an input in it is not given.
_BUCKET = "{bucket}"
FROM_INPUTS: Mapping[str, str] = {
    "aws:apigateway/stage:Stage": "{restApi}/{stageName}",
    "aws:appautoscaling/target:Target": "{serviceNamespace}/{resourceId}/{scalableDimension}",
    "aws:athena/workgroup:Workgroup": "{name}",
    "aws:autoscaling/group:Group": "{name}",
    "aws:backup/vault:Vault": "{name}",
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": "{backupVaultName}",
    "aws:batch/computeEnvironment:ComputeEnvironment": "{name}",
    "aws:batch/jobQueue:JobQueue": "arn:{partition}:batch:{region}:{account}:job-queue/{name}",
    "aws:budgets/budget:Budget": "{account}:{name}",
    "aws:cloudwatch/dashboard:Dashboard": "{dashboardName}",
    "aws:cloudwatch/eventBus:EventBus": "{name}",
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": "{eventBusName}",
    "aws:cloudwatch/eventRule:EventRule": "[{eventBusName}/]{name}",
    "aws:cloudwatch/eventTarget:EventTarget": "[{eventBusName}/]{rule}/{targetId}",
    "aws:cloudwatch/logGroup:LogGroup": "{name}",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "{logGroupName}:{name}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "{name}",
    "aws:dynamodb/table:Table": "{name}",
    "aws:ec2/route:Route": "{routeTableId}_{destinationCidrBlock|destinationIpv6CidrBlock|destinationPrefixListId}",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "{subnetId|gatewayId}/{routeTableId}",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": "{repository}",
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule": "{ecrRepositoryPrefix}",
    "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration": "{account}",
    "aws:ecr/replicationConfiguration:ReplicationConfiguration": "{account}",
    "aws:ecr/repository:Repository": "{name}",
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": "{prefix}",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "{repository}",
    "aws:ecs/cluster:Cluster": "{name}",
    "aws:eks/accessEntry:AccessEntry": "{clusterName}:{principalArn}",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": "{clusterName}#{principalArn}#{policyArn}",
    "aws:eks/addon:Addon": "{clusterName}:{addonName}",
    "aws:eks/cluster:Cluster": "{name}",
    "aws:eks/fargateProfile:FargateProfile": "{clusterName}:{fargateProfileName}",
    "aws:eks/nodeGroup:NodeGroup": "{clusterName}:{nodeGroupName}",
    "aws:elasticache/replicationGroup:ReplicationGroup": "{replicationGroupId}",
    "aws:elasticache/serverlessCache:ServerlessCache": "{name}",
    "aws:elasticache/subnetGroup:SubnetGroup": "{name}",
    "aws:glue/catalogDatabase:CatalogDatabase": "{catalogId|account}:{name}",
    "aws:glue/catalogTable:CatalogTable": "{catalogId|account}:{databaseName}:{name}",
    "aws:glue/dataQualityRuleset:DataQualityRuleset": "{name}",
    "aws:iam/instanceProfile:InstanceProfile": "{name}",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "arn:{partition}:iam::{account}:oidc-provider/{url}",
    "aws:iam/policy:Policy": "arn:{partition}:iam::{account}:policy/{name}",
    "aws:iam/role:Role": "{name}",
    "aws:iam/rolePolicy:RolePolicy": "{role}:{name}",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "{role}/{policyArn}",
    "aws:iam/user:User": "{name}",
    "aws:kinesis/stream:Stream": "{name}",
    "aws:kms/alias:Alias": "{name}",
    "aws:lambda/function:Function": "{name}",
    "aws:lambda/permission:Permission": "{function}/{statementId}",
    "aws:rds/cluster:Cluster": "{clusterIdentifier}",
    "aws:rds/clusterInstance:ClusterInstance": "{identifier}",
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": "{name}",
    "aws:rds/globalCluster:GlobalCluster": "{globalClusterIdentifier}",
    "aws:rds/instance:Instance": "{identifier}",
    "aws:rds/parameterGroup:ParameterGroup": "{name}",
    "aws:rds/subnetGroup:SubnetGroup": "{name}",
    "aws:s3/bucket:Bucket": _BUCKET,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _BUCKET,
    "aws:s3/bucketLogging:BucketLogging": _BUCKET,
    "aws:s3/bucketMetric:BucketMetric": "{bucket}:{name}",
    "aws:s3/bucketNotification:BucketNotification": _BUCKET,
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": _BUCKET,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _BUCKET,
    "aws:s3/bucketPolicy:BucketPolicy": _BUCKET,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _BUCKET,
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": _BUCKET,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _BUCKET,
    "aws:s3/bucketVersioning:BucketVersioning": _BUCKET,
    "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint": "{accountId|account}:{details.name}",
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": "{modelPackageGroupName}",
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": "{modelPackageGroupName}",
    "aws:scheduler/schedule:Schedule": "{groupName}/{name}",
    "aws:scheduler/scheduleGroup:ScheduleGroup": "{name}",
    "aws:sfn/stateMachine:StateMachine": "arn:{partition}:states:{region}:{account}:stateMachine:{name}",
    "aws:signer/signingProfile:SigningProfile": "{name}",
    "aws:sns/topic:Topic": "arn:{partition}:sns:{region}:{account}:{name}",
    "aws:sns/topicPolicy:TopicPolicy": "{arn}",
    "aws:sqs/queue:Queue": "https://sqs.{region}.amazonaws.com/{account}/{name}",
    "aws:sqs/queuePolicy:QueuePolicy": "{queueUrl}",
    "aws:ssm/parameter:Parameter": "{name}",
    "kubernetes:helm.sh/v3:Release": "{namespace}/{name}",
}  # fmt: skip

FROM_TAGS: Mapping[str, Tagged] = {
    "aws:acm/certificate:Certificate": Tagged("acm:certificate", r"^(.+)$"),
    "aws:backup/plan:Plan": Tagged("backup:backup-plan", r"[:/]([^:/]+)$"),
    "aws:batch/jobDefinition:JobDefinition": Tagged("batch:job-definition", r"^(.+)$"),
    "aws:ec2/eip:Eip": Tagged("ec2:elastic-ip"),
    "aws:ec2/flowLog:FlowLog": Tagged("ec2:vpc-flow-log"),
    "aws:ec2/instance:Instance": Tagged("ec2:instance"),
    "aws:ec2/internetGateway:InternetGateway": Tagged("ec2:internet-gateway"),
    "aws:ec2/launchTemplate:LaunchTemplate": Tagged("ec2:launch-template"),
    "aws:ec2/natGateway:NatGateway": Tagged("ec2:natgateway"),
    "aws:ec2/networkAcl:NetworkAcl": Tagged("ec2:network-acl"),
    "aws:ec2/networkInterface:NetworkInterface": Tagged("ec2:network-interface"),
    "aws:ec2/routeTable:RouteTable": Tagged("ec2:route-table"),
    "aws:ec2/securityGroup:SecurityGroup": Tagged("ec2:security-group"),
    "aws:ec2/subnet:Subnet": Tagged("ec2:subnet"),
    "aws:ec2/vpc:Vpc": Tagged("ec2:vpc"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Tagged("ec2:vpc-endpoint"),
    "aws:ecs/taskDefinition:TaskDefinition": Tagged("ecs:task-definition", r"^(.+)$"),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Tagged("eks:podidentityassociation", r"/([^/]+)/(a-[^/]+)$", ","),
    "aws:kms/key:Key": Tagged("kms:key"),
    "aws:kms/replicaKey:ReplicaKey": Tagged("kms:key"),
    "aws:lb/loadBalancer:LoadBalancer": Tagged("elasticloadbalancing:loadbalancer", r"^(.+)$"),
    "aws:lb/targetGroup:TargetGroup": Tagged("elasticloadbalancing:targetgroup", r"^(.+)$"),
    "aws:secretsmanager/secret:Secret": Tagged("secretsmanager:secret", r"^(.+)$"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Tagged("ec2:security-group-rule"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Tagged("ec2:security-group-rule"),
}  # fmt: skip

_FIELD = re.compile(r"\{([^{}]+)\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")


def derived(type: str, inputs: Mapping[str, Any], facts: Facts) -> str:
    """The import id of a resource of `type` with `inputs` as the state holds them; "" where AWS gave it."""
    form = FROM_INPUTS.get(type)
    if form is None:
        return _kubernetes(inputs) if type.startswith("kubernetes:") else ""
    known = {"account": facts.account, "region": facts.region, "partition": facts.partition}
    fields = {
        f"{name}.{key}": it
        for name, value in inputs.items()
        if isinstance(value, dict)
        for key, it in value.items()
    }
    given = {name: value for name, value in {**fields, **inputs}.items() if isinstance(value, str) and value}
    values = {**known, **given}
    if isinstance(values.get("url"), str):
        values["url"] = values["url"].removeprefix("https://")
    form = _OPTIONAL.sub(lambda part: part[1] if _filled(part[1], values) else "", form)
    return _filled(form, values)


def _filled(form: str, values: Mapping[str, str]) -> str:
    """`form` with its fields filled in; "" when one is not known (a secret, or a name that AWS makes)."""
    complete = True

    def fill(field: re.Match[str]) -> str:
        nonlocal complete
        for name in field[1].split("|"):
            if name in values:
                return values[name]
        complete = False
        return ""

    text = _FIELD.sub(fill, form)
    return text if complete else ""


def _kubernetes(inputs: Mapping[str, Any]) -> str:
    """`namespace/name`, or the name of what lies in no namespace."""
    metadata = inputs.get("metadata")
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("name"), str):
        return ""
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata['name']}" if isinstance(namespace, str) and namespace else metadata["name"]
