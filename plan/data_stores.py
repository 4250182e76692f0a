"""Resource types that hold data, or the keys to it: losing one cannot be undone by deploying again."""

from __future__ import annotations

__all__ = ["DATA_STORES", "holds_data"]

DATA_STORES = frozenset({
    "aws:backup/vault:Vault", "aws:cognito/userPool:UserPool", "aws:docdb/cluster:Cluster",
    "aws:docdb/globalCluster:GlobalCluster", "aws:dynamodb/globalTable:GlobalTable", "aws:dynamodb/table:Table",
    "aws:dynamodb/tableReplica:TableReplica", "aws:ebs/volume:Volume", "aws:ecr/repository:Repository",
    "aws:efs/fileSystem:FileSystem", "aws:elasticache/cluster:Cluster",
    "aws:elasticache/replicationGroup:ReplicationGroup", "aws:elasticache/serverlessCache:ServerlessCache",
    "aws:fsx/lustreFileSystem:LustreFileSystem", "aws:fsx/ontapFileSystem:OntapFileSystem",
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem", "aws:fsx/windowsFileSystem:WindowsFileSystem",
    "aws:glue/catalogDatabase:CatalogDatabase", "aws:keyspaces/table:Table", "aws:kinesis/stream:Stream",
    "aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey", "aws:memorydb/cluster:Cluster", "aws:msk/cluster:Cluster",
    "aws:neptune/cluster:Cluster", "aws:opensearch/domain:Domain",
    "aws:opensearch/serverlessCollection:ServerlessCollection", "aws:rds/cluster:Cluster",
    "aws:rds/globalCluster:GlobalCluster", "aws:rds/instance:Instance", "aws:redshift/cluster:Cluster",
    "aws:redshiftserverless/namespace:Namespace", "aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2",
    "aws:s3/directoryBucket:DirectoryBucket", "aws:s3tables/tableBucket:TableBucket",
    "aws:sagemaker/featureGroup:FeatureGroup", "aws:sagemaker/mlflowApp:MlflowApp",
    "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer", "aws:secretsmanager/secret:Secret", "aws:sqs/queue:Queue",
    "kubernetes:core/v1:Namespace", "kubernetes:core/v1:PersistentVolume",
    "kubernetes:core/v1:PersistentVolumeClaim",
})  # fmt: skip


def holds_data(type: str) -> bool:
    """Whether replacing or deleting a resource of this type loses what was stored in it."""
    return type in DATA_STORES
