"""How ARNs of planned resources are made of their inputs, and which of them have policies of their own.

In a form, `{name}` is an input, `{#}` an id that AWS assigns, `{region}` and `{account}` where it lives.
Source: AWS Service Authorization Reference, "Resource types defined by ..." of each service.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FORMS", "IDS", "POLICIES", "PolicyPlace"]

FORMS = {
    "aws:athena/dataCatalog:DataCatalog": "athena:{region}:{account}:datacatalog/{name}",
    "aws:athena/workgroup:Workgroup": "athena:{region}:{account}:workgroup/{name}",
    "aws:backup/vault:Vault": "backup:{region}:{account}:backup-vault:{name}",
    "aws:batch/jobDefinition:JobDefinition": "batch:{region}:{account}:job-definition/{name}",
    "aws:batch/jobQueue:JobQueue": "batch:{region}:{account}:job-queue/{name}",
    "aws:cloudwatch/eventBus:EventBus": "events:{region}:{account}:event-bus/{name}",
    "aws:cloudwatch/eventRule:EventRule": "events:{region}:{account}:rule/{name}",
    "aws:cloudwatch/logGroup:LogGroup": "logs:{region}:{account}:log-group:{name}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "cloudwatch:{region}:{account}:alarm:{name}",
    "aws:codeartifact/domain:Domain": "codeartifact:{region}:{account}:domain/{domain}",
    "aws:codebuild/project:Project": "codebuild:{region}:{account}:project/{name}",
    "aws:dynamodb/table:Table": "dynamodb:{region}:{account}:table/{name}",
    "aws:ecr/repository:Repository": "ecr:{region}:{account}:repository/{name}",
    "aws:ecs/cluster:Cluster": "ecs:{region}:{account}:cluster/{name}",
    "aws:efs/fileSystem:FileSystem": "elasticfilesystem:{region}:{account}:file-system/{#}",
    "aws:eks/cluster:Cluster": "eks:{region}:{account}:cluster/{name}",
    "aws:elasticache/serverlessCache:ServerlessCache": "elasticache:{region}:{account}:serverlesscache:{name}",
    "aws:elasticache/user:User": "elasticache:{region}:{account}:user:{userId}",
    "aws:glue/catalogDatabase:CatalogDatabase": "glue:{region}:{account}:database/{name}",
    "aws:glue/catalogTable:CatalogTable": "glue:{region}:{account}:table/{databaseName}/{name}",
    "aws:glue/dataQualityRuleset:DataQualityRuleset": "glue:{region}:{account}:dataQualityRuleset/{name}",
    "aws:glue/job:Job": "glue:{region}:{account}:job/{name}",
    "aws:iam/instanceProfile:InstanceProfile": "iam::{account}:instance-profile{path}{name}",
    "aws:iam/policy:Policy": "iam::{account}:policy{path}{name}",
    "aws:iam/role:Role": "iam::{account}:role{path}{name}",
    "aws:iam/user:User": "iam::{account}:user{path}{name}",
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": "firehose:{region}:{account}:deliverystream/{name}",
    "aws:kinesis/stream:Stream": "kinesis:{region}:{account}:stream/{name}",
    "aws:kms/alias:Alias": "kms:{region}:{account}:{name}",
    "aws:kms/key:Key": "kms:{region}:{account}:key/{#}",
    "aws:kms/replicaKey:ReplicaKey": "kms:{region}:{account}:key/{#}",
    "aws:lambda/function:Function": "lambda:{region}:{account}:function:{name}",
    "aws:mwaa/environment:Environment": "airflow:{region}:{account}:environment/{name}",
    "aws:rds/cluster:Cluster": "rds:{region}:{account}:cluster:{clusterIdentifier}",
    "aws:rds/clusterInstance:ClusterInstance": "rds:{region}:{account}:db:{identifier}",
    "aws:rds/globalCluster:GlobalCluster": "rds::{account}:global-cluster:{globalClusterIdentifier}",
    "aws:rds/instance:Instance": "rds:{region}:{account}:db:{identifier}",
    "aws:s3/accessPoint:AccessPoint": "s3:{region}:{account}:accesspoint/{name}",
    "aws:s3/bucket:Bucket": "s3:::{bucket}",
    "aws:s3/bucketV2:BucketV2": "s3:::{bucket}",
    "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint": "s3::{account}:accesspoint/{#}.mrap",
    "aws:s3tables/table:Table": "{tableBucketArn}/table/{#}",
    "aws:s3tables/tableBucket:TableBucket": "s3tables:{region}:{account}:bucket/{name}",
    "aws:sagemaker/endpoint:Endpoint": "sagemaker:{region}:{account}:endpoint/{name}",
    "aws:sagemaker/mlflowApp:MlflowApp": "sagemaker:{region}:{account}:mlflow-app/{#}",
    "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer": "sagemaker:{region}:{account}:mlflow-tracking-server/{trackingServerName}",
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": "sagemaker:{region}:{account}:model-package-group/{modelPackageGroupName}",
    "aws:scheduler/schedule:Schedule": "scheduler:{region}:{account}:schedule/{groupName}/{name}",
    "aws:scheduler/scheduleGroup:ScheduleGroup": "scheduler:{region}:{account}:schedule-group/{name}",
    "aws:secretsmanager/secret:Secret": "secretsmanager:{region}:{account}:secret:{name}-{6}",
    "aws:sfn/activity:Activity": "states:{region}:{account}:activity:{name}",
    "aws:sfn/alias:Alias": "{stateMachineArn}:{name}",
    "aws:sfn/stateMachine:StateMachine": "states:{region}:{account}:stateMachine:{name}",
    "aws:signer/signingProfile:SigningProfile": "signer:{region}:{account}:/signing-profiles/{name}",
    "aws:sns/topic:Topic": "sns:{region}:{account}:{name}",
    "aws:sqs/queue:Queue": "sqs:{region}:{account}:{name}",
    "aws:ssm/parameter:Parameter": "ssm:{region}:{account}:parameter{name}",
}
"""ARN after `arn:<partition>:` by Pulumi type. A form that begins with an input continues that ARN."""

IDS = {
    "aws:iam/policy:Policy": "arn",
    "aws:sfn/stateMachine:StateMachine": "arn",
    "aws:sns/topic:Topic": "arn",
    "aws:secretsmanager/secret:Secret": "arn",
    "aws:s3/bucket:Bucket": "bucket",
    "aws:s3/bucketV2:BucketV2": "bucket",
    "aws:elasticache/user:User": "userId",
    "aws:rds/cluster:Cluster": "clusterIdentifier",
    "aws:rds/globalCluster:GlobalCluster": "globalClusterIdentifier",
    "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer": "trackingServerName",
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": "modelPackageGroupName",
    "aws:codeartifact/domain:Domain": "arn",
    "aws:ssm/parameter:Parameter": "name",
}
"""Which property the Pulumi id of a resource equals, where that is not its `name`."""


@dataclass(frozen=True, slots=True)
class PolicyPlace:
    """Where a resource policy stands: the input with the document, the input that says whose it is.

    Both are dotted paths. `target` is empty where the resource carries its policy itself; `types` are what the target may be.
    """

    document: str = "policy"
    target: str = ""
    types: tuple[str, ...] = ()


_KEYS = ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey")
_BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
_BY_ARN = PolicyPlace("policy", "resourceArn")

POLICIES = {
    "aws:backup/vaultPolicy:VaultPolicy": PolicyPlace(
        "policy", "backupVaultName", ("aws:backup/vault:Vault",)
    ),
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": PolicyPlace(
        "policy", "eventBusName", ("aws:cloudwatch/eventBus:EventBus",)
    ),
    "aws:dynamodb/resourcePolicy:ResourcePolicy": _BY_ARN,
    "aws:ecr/repositoryPolicy:RepositoryPolicy": PolicyPlace(
        "policy", "repository", ("aws:ecr/repository:Repository",)
    ),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": PolicyPlace(
        "policy", "fileSystemId", ("aws:efs/fileSystem:FileSystem",)
    ),
    "aws:glue/resourcePolicy:ResourcePolicy": PolicyPlace("policy", "region"),
    "aws:iam/role:Role": PolicyPlace("assumeRolePolicy"),
    "aws:kinesis/resourcePolicy:ResourcePolicy": _BY_ARN,
    "aws:kms/key:Key": PolicyPlace(),
    "aws:kms/keyPolicy:KeyPolicy": PolicyPlace("policy", "keyId", _KEYS),
    "aws:kms/replicaKey:ReplicaKey": PolicyPlace(),
    "aws:lambda/resourcePolicy:ResourcePolicy": _BY_ARN,
    "aws:s3/accessPoint:AccessPoint": PolicyPlace(),
    "aws:s3/bucket:Bucket": PolicyPlace(),
    "aws:s3/bucketPolicy:BucketPolicy": PolicyPlace("policy", "bucket", _BUCKETS),
    "aws:s3/bucketV2:BucketV2": PolicyPlace(),
    "aws:s3control/accessPointPolicy:AccessPointPolicy": PolicyPlace("policy", "accessPointArn"),
    "aws:s3control/multiRegionAccessPointPolicy:MultiRegionAccessPointPolicy": PolicyPlace(
        "details.policy", "details.name", ("aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint",)
    ),
    "aws:s3tables/tableBucketPolicy:TableBucketPolicy": PolicyPlace("resourcePolicy", "tableBucketArn"),
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": PolicyPlace(
        "resourcePolicy", "modelPackageGroupName", ("aws:sagemaker/modelPackageGroup:ModelPackageGroup",)
    ),
    "aws:secretsmanager/secret:Secret": PolicyPlace(),
    "aws:secretsmanager/secretPolicy:SecretPolicy": PolicyPlace("policy", "secretArn"),
    "aws:sns/topic:Topic": PolicyPlace(),
    "aws:sns/topicPolicy:TopicPolicy": PolicyPlace("policy", "arn"),
    "aws:sqs/queue:Queue": PolicyPlace(),
    "aws:sqs/queuePolicy:QueuePolicy": PolicyPlace("policy", "queueUrl", ("aws:sqs/queue:Queue",)),
}
"""Resource policies by the Pulumi type that holds them."""
