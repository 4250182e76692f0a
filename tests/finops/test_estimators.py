"""Each registered type, with one figure worked out by hand from the price in us-east-1."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from finops.estimate import Estimate
from finops.estimators import REGISTRY, free_types
from finops.usage import Usage
from finops.usage_file import Entry, Stated
from plan.graph import Resource
from plan.values import Reference

Make = Callable[..., Resource]
Priced = Callable[..., Estimate]

# type, inputs, item (its beginning), expected USD a month in us-east-1.
FIGURES: list[tuple[str, dict[str, Any], str, D]] = [
    ("aws:ec2/instance:Instance", {"instanceType": "m7i.xlarge"}, "instance", 730 * D("0.2016")),
    ("aws:ec2/instance:Instance", {"instanceType": "t3.small", "rootBlockDevice": {"volumeSize": 100, "volumeType": "gp3", "iops": 4000, "throughput": 225}}, "root disk throughput", 100 * D("0.04")),
    ("aws:ec2/instance:Instance", {"instanceType": "t3.small", "rootBlockDevice": {"volumeSize": 100, "iops": 4000}}, "root disk IOPS", 1000 * D("0.005")),
    ("aws:ec2/instance:Instance", {"instanceType": "t3.small", "associatePublicIpAddress": True}, "public IPv4", 730 * D("0.005")),
    ("aws:ec2/spotInstanceRequest:SpotInstanceRequest", {"instanceType": "p5.48xlarge"}, "instance", 730 * (sum(map(D, ["21.0363", "20.7289", "20.5715", "21.0363", "20.6742", "20.0775"])) / 6).quantize(D("0.0001"))),
    ("aws:ec2/capacityReservation:CapacityReservation", {"instanceType": "p4d.24xlarge", "instanceCount": 2}, "reserved", 730 * 2 * D("21.957642")),
    ("aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration", {"scanType": "ENHANCED"}, "images scanned again", 1000 * D("0.01")),
    ("aws:ebs/volume:Volume", {"size": 500, "type": "gp3"}, "volume gp3", 500 * D("0.08")),
    ("aws:ebs/volume:Volume", {"size": 100, "type": "io2", "iops": 1000}, "volume IOPS", 1000 * D("0.065")),
    ("aws:ebs/snapshot:Snapshot", {}, "snapshot", 8 * D("0.05")),
    ("aws:ebs/snapshotCopy:SnapshotCopy", {}, "snapshot", 8 * D("0.05")),
    ("aws:ec2/ami:Ami", {}, "snapshots", 8 * D("0.05")),
    ("aws:ec2/amiCopy:AmiCopy", {}, "snapshots", 8 * D("0.05")),
    ("aws:ec2/amiFromInstance:AmiFromInstance", {}, "snapshots", 8 * D("0.05")),
    ("aws:ec2/natGateway:NatGateway", {}, "NAT gateway", 730 * D("0.045")),
    ("aws:ec2/eip:Eip", {}, "public IPv4", 730 * D("0.005")),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Interface", "subnetIds": ["a", "b", "c"]}, "interface", 730 * 3 * D("0.01")),
    ("aws:ec2/vpcPeeringConnection:VpcPeeringConnection", {"peerRegion": "eu-west-1"}, "data to eu-west-1", 50 * D("0.02")),
    ("aws:ec2/vpnConnection:VpnConnection", {}, "VPN", 730 * D("0.05")),
    ("aws:ec2/trafficMirrorSession:TrafficMirrorSession", {}, "traffic mirror", 730 * D("0.015")),
    ("aws:ec2/flowLog:FlowLog", {"logDestinationType": "s3"}, "flow log", 20 * D("0.25")),
    ("aws:ec2transitgateway/vpcAttachment:VpcAttachment", {}, "transit gateway", 730 * D("0.05")),
    ("aws:ec2transitgateway/peeringAttachment:PeeringAttachment", {}, "transit gateway", 730 * D("0.05")),
    ("aws:ec2transitgateway/connect:Connect", {}, "data", 100 * D("0.02")),
    ("aws:lb/loadBalancer:LoadBalancer", {"subnets": ["a", "b"]}, "application", 730 * D("0.0225")),
    ("aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": "network", "internal": True}, "capacity", 730 * D("0.006")),
    ("aws:alb/loadBalancer:LoadBalancer", {"subnets": ["a", "b"]}, "public IPv4", 730 * 2 * D("0.005")),
    ("aws:elb/loadBalancer:LoadBalancer", {}, "classic", 730 * D("0.025")),
    ("aws:globalaccelerator/accelerator:Accelerator", {}, "accelerator", 730 * D("0.025")),
    ("aws:networkfirewall/firewall:Firewall", {"subnetMappings": [{}, {}]}, "firewall", 730 * 2 * D("0.395")),
    ("aws:route53/zone:Zone", {}, "hosted zone", D("0.50")),
    ("aws:route53/healthCheck:HealthCheck", {"type": "HTTPS", "requestInterval": 10, "measureLatency": True}, "optional", 3 * D("2")),
    ("aws:route53/resolverEndpoint:ResolverEndpoint", {"ipAddresses": [{}, {}]}, "resolver", 730 * 2 * D("0.125")),
    ("aws:cloudfront/distribution:Distribution", {}, "data", 100 * D("0.085")),
    ("aws:dynamodb/table:Table", {"billingMode": "PAY_PER_REQUEST"}, "reads", 5 * D("0.125")),
    ("aws:dynamodb/table:Table", {"writeCapacity": 10, "readCapacity": 10}, "write capacity", 730 * 10 * D("0.00065")),
    ("aws:dynamodb/table:Table", {"billingMode": "PAY_PER_REQUEST", "globalSecondaryIndexes": [{}, {}]}, "writes", 3 * D("0.625")),
    ("aws:dynamodb/tableReplica:TableReplica", {}, "replicated", D("0.625")),
    ("aws:rds/instance:Instance", {"engine": "postgres", "instanceClass": "db.t3.large", "allocatedStorage": 20, "multiAz": True}, "db.t3.large", 730 * 2 * D("0.145")),
    ("aws:rds/instance:Instance", {"engine": "postgres", "instanceClass": "db.t3.large", "allocatedStorage": 100}, "storage gp2", 100 * D("0.115")),
    ("aws:rds/cluster:Cluster", {"engine": "aurora-postgresql"}, "I/O", 20 * D("0.20")),
    ("aws:rds/clusterInstance:ClusterInstance", {"engine": "aurora-mysql", "instanceClass": "db.t3.large"}, "db.t3.large", 730 * D("0.164")),
    ("aws:elasticache/serverlessCache:ServerlessCache", {"engine": "valkey"}, "data", 730 * D("0.084")),
    ("aws:elasticache/replicationGroup:ReplicationGroup", {"engine": "valkey", "nodeType": "cache.t4g.small", "numCacheClusters": 2}, "2 x", 730 * 2 * D("0.0256")),
    ("aws:elasticache/cluster:Cluster", {"engine": "redis", "nodeType": "cache.m6g.12xlarge", "numCacheNodes": 1}, "1 x", 730 * D("3.557")),
    ("aws:s3/bucket:Bucket", {}, "storage", 100 * D("0.023")),
    ("aws:s3/bucketV2:BucketV2", {}, "PUT", 100 * D("0.005")),
    ("aws:s3/bucketMetric:BucketMetric", {}, "request metrics", 16 * D("0.30")),
    ("aws:s3/bucketReplicationConfig:BucketReplicationConfig", {"rules": [{"status": "Enabled", "destination": {"bucket": "x", "replicationTime": {"status": "Enabled"}}}]}, "replication time", 50 * D("0.015")),
    ("aws:s3tables/tableBucket:TableBucket", {}, "tables", 100 * D("0.0265")),
    ("aws:s3tables/tableBucketReplication:TableBucketReplication", {"rule": {"destinations": [{"destinationTableBucketArn": "arn:aws:s3tables:eu-west-1:111122223333:bucket/x"}]}}, "replicated data to eu-west-1", 10 * D("0.02")),
    ("aws:s3tables/tableBucketReplication:TableBucketReplication", {"rule": {"destinations": [{"destinationTableBucketArn": "arn:aws:s3tables:eu-west-1:111122223333:bucket/x"}]}}, "replicated requests", 100 * D("0.005")),
    ("aws:efs/fileSystem:FileSystem", {}, "storage", 50 * D("0.30")),
    ("aws:efs/replicationConfiguration:ReplicationConfiguration", {"destination": {"region": "us-west-2"}}, "replicated", 10 * D("0.02")),
    ("aws:fsx/lustreFileSystem:LustreFileSystem", {"storageCapacity": 1200, "deploymentType": "PERSISTENT_2", "perUnitStorageThroughput": 125}, "Lustre", 1200 * D("0.145")),
    ("aws:fsx/openZfsFileSystem:OpenZfsFileSystem", {"storageCapacity": 100, "throughputCapacity": 64}, "throughput", 64 * D("0.26")),
    ("aws:fsx/windowsFileSystem:WindowsFileSystem", {"storageCapacity": 100, "throughputCapacity": 16, "deploymentType": "MULTI_AZ_1"}, "throughput", 16 * D("4.5")),
    ("aws:backup/vault:Vault", {}, "backups", 100 * D("0.05")),
    ("aws:backup/plan:Plan", {"rules": [{"copyActions": [{"destinationVaultArn": "arn:aws:backup:eu-west-1:111122223333:backup-vault:x"}]}]}, "backups copied to eu-west-1", 20 * D("0.02")),
    ("aws:ecr/repository:Repository", {}, "images", 5 * D("0.10")),
    ("aws:kinesis/stream:Stream", {"shardCount": 4}, "4 shards", 730 * 4 * D("0.015")),
    ("aws:kinesis/stream:Stream", {"streamModeDetails": {"streamMode": "ON_DEMAND"}}, "stream", 730 * D("0.04")),
    ("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", {}, "data", 10 * D("0.029")),
    ("aws:lambda/function:Function", {"memorySize": 1024, "timeout": 30}, "duration", 1_000_000 * D("0.2") * D("0.0000166667")),
    ("aws:sqs/queue:Queue", {}, "requests", D("0.40")),
    ("aws:sqs/queue:Queue", {"fifoQueue": True}, "requests", D("0.50")),
    ("aws:sns/topic:Topic", {}, "requests", D("0.50")),
    ("aws:sns/topicSubscription:TopicSubscription", {"protocol": "https"}, "deliveries", D("0.01") * D("0.60")),
    ("aws:cloudwatch/eventBus:EventBus", {}, "custom events", D("1.00")),
    ("aws:cloudwatch/eventArchive:EventArchive", {}, "archived", D("0.023")),
    ("aws:scheduler/schedule:Schedule", {}, "invocations", D("0.00072")),
    ("aws:sfn/stateMachine:StateMachine", {}, "state transitions", 10 * D("0.025")),
    ("aws:sfn/stateMachine:StateMachine", {"type": "EXPRESS"}, "requests", D("0.1")),
    ("aws:apigateway/restApi:RestApi", {}, "requests", D("3.50")),
    ("aws:apigateway/stage:Stage", {"cacheClusterEnabled": True, "cacheClusterSize": "0.5"}, "cache", 730 * D("0.02")),
    ("aws:apigatewayv2/api:Api", {"protocolType": "HTTP"}, "requests", D("1.00")),
    ("aws:appsync/graphQLApi:GraphQLApi", {}, "requests", D("4.00")),
    ("aws:cognito/userPool:UserPool", {}, "monthly users", 100 * D("0.015")),
    ("aws:kms/key:Key", {"enableKeyRotation": True}, "key", D("1.00")),
    ("aws:kms/externalKey:ExternalKey", {}, "key", D("1.00")),
    ("aws:kms/replicaKey:ReplicaKey", {}, "replica key", D("1.00")),
    ("aws:kms/replicaExternalKey:ReplicaExternalKey", {}, "requests", 10 * D("0.03")),
    ("aws:secretsmanager/secret:Secret", {}, "secret", D("0.40")),
    ("aws:ssm/parameter:Parameter", {"tier": "Advanced"}, "advanced", D("0.05")),
    ("aws:acm/certificate:Certificate", {"certificateAuthorityArn": "arn"}, "private", D("0.75")),
    ("aws:acmpca/certificateAuthority:CertificateAuthority", {}, "private authority", D("400")),
    ("aws:wafv2/webAcl:WebAcl", {"rules": [{}, {}]}, "rules", D("2")),
    ("aws:cfg/recorder:Recorder", {}, "configuration", 1000 * D("0.003")),
    ("aws:cfg/rule:Rule", {}, "evaluations", 1000 * D("0.001")),
    ("aws:cloudtrail/trail:Trail", {"eventSelectors": [{}]}, "data events", 10 * D("0.10")),
    ("aws:cloudwatch/logGroup:LogGroup", {}, "logs ingested", 5 * D("0.50")),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", {"period": 10}, "alarm", D("0.30")),
    ("aws:cloudwatch/compositeAlarm:CompositeAlarm", {}, "composite", D("0.50")),
    ("aws:cloudwatch/dashboard:Dashboard", {}, "dashboard", D("3.00")),
    ("aws:cloudwatch/logMetricFilter:LogMetricFilter", {}, "custom metric", D("0.30")),
    ("aws:synthetics/canary:Canary", {}, "canary", 8760 * D("0.0012")),
    ("aws:amp/workspace:Workspace", {}, "samples", 500 * D("0.09")),
    ("aws:grafana/workspace:Workspace", {}, "editors", 2 * D("9")),
    ("aws:xray/group:Group", {}, "traces", D("0.1") * D("5")),
    ("aws:ebs/fastSnapshotRestore:FastSnapshotRestore", {}, "fast restore", 730 * D("0.75")),
    ("aws:ecr/replicationConfiguration:ReplicationConfiguration", {"replicationConfiguration": {"rules": [{"destinations": [{"region": "us-west-2"}]}]}}, "images sent", 5 * D("0.02")),
    ("aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint", {}, "data routed", 10 * D("0.0033")),
    ("aws:lambda/eventSourceMapping:EventSourceMapping", {"provisionedPollerConfig": {"minimumPollers": 1}}, "provisioned pollers", 730 * D("0.185")),
    ("aws:pipes/pipe:Pipe", {}, "requests", D("0.40")),
    ("aws:cloudwatch/eventApiDestination:EventApiDestination", {}, "calls", D("0.20")),
    ("aws:sagemaker/app:App", {"resourceSpec": {"instanceType": "ml.t3.medium"}}, "app", 160 * D("0.05")),
    ("aws:sagemaker/space:Space", {}, "disk", 5 * D("0.08")),
    ("aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer", {}, "MLflow", 730 * D("0.60")),
    ("aws:bedrock/provisionedModelThroughput:ProvisionedModelThroughput", {"modelArn": "anthropic.claude-instant-v1", "modelUnits": 1}, "1 units", 730 * D("44")),
    ("aws:bedrock/inferenceProfile:InferenceProfile", {"modelSource": {"copyFrom": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"}}, "input", 10 * D("0.06")),
    ("aws:bedrock/guardrail:Guardrail", {"contentPolicyConfig": {"filtersConfigs": []}}, "content", 10 * D("0.15")),
    ("aws:eks/cluster:Cluster", {"upgradePolicy": {"supportType": "STANDARD"}}, "control plane", 730 * D("0.10")),
    ("aws:eks/nodeGroup:NodeGroup", {"instanceTypes": ["m7i.xlarge"], "scalingConfig": {"minSize": 1, "desiredSize": 3, "maxSize": 9}}, "nodes", 730 * 3 * D("0.2016")),
    ("aws:eks/fargateProfile:FargateProfile", {}, "vCPU", D("182.5") * D("0.04048")),
    ("aws:apprunner/service:Service", {"instanceConfiguration": {"cpu": "1 vCPU", "memory": "2 GB"}}, "provisioned", 730 * 2 * D("0.007")),
    ("aws:glue/catalogDatabase:CatalogDatabase", {}, "", D("0")),
    ("aws:glue/crawler:Crawler", {}, "crawling", 10 * D("0.44")),
    ("aws:glue/dataQualityRuleset:DataQualityRuleset", {}, "evaluations", 5 * D("0.44")),
    ("aws:batch/computeEnvironment:ComputeEnvironment", {"computeResources": {"type": "FARGATE", "maxVcpus": 16}}, "vCPU", 60 * D("0.04048")),
    ("aws:glue/job:Job", {"workerType": "G.2X", "numberOfWorkers": 5}, "job runs", 15 * 10 * D("0.44")),
    ("aws:athena/workgroup:Workgroup", {}, "data scanned", D("5")),
    ("aws:mwaa/environment:Environment", {"environmentClass": "mw1.medium"}, "environment", 730 * D("0.74")),
    ("aws:opensearch/domain:Domain", {"clusterConfig": {"instanceType": "c4.2xlarge.search", "instanceCount": 2}}, "2 x", 730 * 2 * D("0.587")),
    ("aws:elasticsearch/domain:Domain", {"clusterConfig": {"instanceType": "c4.2xlarge.elasticsearch"}, "ebsOptions": {"ebsEnabled": True, "volumeSize": 10}}, "storage gp2", 10 * D("0.135")),
    ("aws:redshift/cluster:Cluster", {"nodeType": "ra3.4xlarge", "numberOfNodes": 2}, "2 x", 730 * 2 * D("3.26")),
    ("aws:msk/cluster:Cluster", {"numberOfBrokerNodes": 3, "brokerNodeGroupInfo": {"instanceType": "kafka.m5.24xlarge", "storageInfo": {"ebsStorageInfo": {"volumeSize": 100}}}}, "broker storage", 300 * D("0.10")),
    ("aws:mq/broker:Broker", {"engineType": "RabbitMQ", "hostInstanceType": "mq.m5.large", "deploymentMode": "CLUSTER_MULTI_AZ"}, "3 x", 730 * 3 * D("0.288")),
    ("aws:docdb/cluster:Cluster", {}, "I/O", 20 * D("0.20")),
    ("aws:docdb/clusterInstance:ClusterInstance", {"instanceClass": "db.t3.medium"}, "db.t3.medium", 730 * D("0.078")),
    ("aws:codebuild/project:Project", {"environment": {"computeType": "BUILD_GENERAL1_SMALL", "type": "LINUX_CONTAINER"}}, "build minutes", 300 * D("0.005")),
    ("aws:sagemaker/notebookInstance:NotebookInstance", {"instanceType": "ml.t3.medium"}, "notebook", 730 * D("0.05")),
    ("aws:sagemaker/featureGroup:FeatureGroup", {"onlineStoreConfig": {"enableOnlineStore": True}}, "writes", D("1.25")),
    ("kubernetes:core/v1:Service", {"metadata": {"annotations": {"service.beta.kubernetes.io/aws-load-balancer-type": "nlb"}}, "spec": {"type": "LoadBalancer"}}, "network", 730 * D("0.0225")),
    ("kubernetes:networking.k8s.io/v1:Ingress", {"spec": {"ingressClassName": "alb"}}, "application", 730 * D("0.0225")),
    ("kubernetes:core/v1:PersistentVolumeClaim", {"spec": {"resources": {"requests": {"storage": "100Gi"}}}}, "claimed", 100 * D("0.08")),
    ("kubernetes:apps/v1:StatefulSet", {"spec": {"replicas": 3, "volumeClaimTemplates": [{"spec": {"resources": {"requests": {"storage": "10Gi"}}}}]}}, "claimed", 30 * D("0.08")),
]  # fmt: skip

# Types whose figure needs more than the resource itself: tested by name below or in test_karpenter.py.
ELSEWHERE = {
    "aws:autoscaling/group:Group",
    "aws:ec2/capacityBlockReservation:CapacityBlockReservation",
    "aws:ecs/service:Service",
    "aws:eks/capability:Capability",
    "aws:accessanalyzer/analyzer:Analyzer",
    "aws:apigateway/vpcLink:VpcLink",
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
    "aws:sagemaker/endpoint:Endpoint",
    "aws:sagemaker/mlflowApp:MlflowApp",
    "aws:sagemaker/pipeline:Pipeline",
    "kubernetes:helm.sh/v3:Release",
    "kubernetes:karpenter.sh/v1:NodePool",
    "kubernetes:karpenter.sh/v1beta1:NodePool",
}


def test_every_registered_type_has_a_figure() -> None:
    assert {row[0] for row in FIGURES} | ELSEWHERE == set(REGISTRY)


@pytest.mark.parametrize(
    ("token", "inputs", "item", "expected"), FIGURES, ids=[f"{row[0]} {row[2]}" for row in FIGURES]
)
def test_the_charge_is_what_arithmetic_says(
    make: Make, price: Priced, token: str, inputs: dict[str, Any], item: str, expected: D
) -> None:
    made = price(make(token, **inputs))
    found = [line for line in made.lines if line.item.startswith(item)]
    cents = expected.quantize(D("0.01"), rounding="ROUND_HALF_UP")
    assert sum((line.expected for line in found), D(0)) == cents
    assert made.unpriced == ()
    assert bool(found) is (expected > 0)


FREE = [
    ("aws:accessanalyzer/analyzer:Analyzer", {"type": "ACCOUNT"}),
    ("aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration", {"scanType": "BASIC"}),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Gateway"}),
    ("aws:ssm/parameter:Parameter", {}),
    ("aws:acm/certificate:Certificate", {"domainName": "x"}),
    ("aws:sns/topicSubscription:TopicSubscription", {"protocol": "sqs"}),
    ("aws:apigateway/stage:Stage", {}),
    ("aws:apigateway/vpcLink:VpcLink", {}),
    ("aws:ecs/service:Service", {"launchType": "EC2"}),
    ("kubernetes:core/v1:Service", {"spec": {"type": "ClusterIP"}}),
    ("kubernetes:helm.sh/v3:Release", {"chart": "oci://registry/karpenter"}),
]


@pytest.mark.parametrize(("token", "inputs"), FREE)
def test_the_free_kind_of_a_type_is_free_and_not_unpriced(
    make: Make, price: Priced, token: str, inputs: dict[str, Any]
) -> None:
    made = price(make(token, **inputs))
    assert (made.free, made.lines, made.unpriced) == (1, (), ())


UNPRICED = [
    ("aws:accessanalyzer/analyzer:Analyzer", {"type": "ACCOUNT_UNUSED_ACCESS"}, "role and user"),
    ("aws:ec2/capacityBlockReservation:CapacityBlockReservation", {}, "in advance"),
    ("aws:ec2/instance:Instance", {"instanceType": "m5.large", "tenancy": "dedicated"}, "dedicated"),
    ("aws:rds/instance:Instance", {"engine": "oracle-ee", "instanceClass": "db.m5.large"}, "licence"),
    ("aws:rds/clusterInstance:ClusterInstance", {"instanceClass": "db.serverless"}, "clusterIdentifier"),
    (
        "aws:autoscaling/group:Group",
        {"minSize": 1, "maxSize": 2, "launchTemplate": {"id": "lt-1"}},
        "launchTemplate",
    ),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Interface"}, "subnetIds"),
    ("aws:ecs/service:Service", {"launchType": "FARGATE"}, "taskDefinition"),
    ("aws:eks/capability:Capability", {"type": "ARGOCD"}, "no price"),
    ("aws:sagemaker/endpoint:Endpoint", {}, "endpointConfigName"),
    ("aws:sagemaker/mlflowApp:MlflowApp", {}, "serverless MLflow"),
    ("aws:sns/topicSubscription:TopicSubscription", {"protocol": "sms"}, "destination country"),
    ("kubernetes:core/v1:Service", {"spec": {"type": "LoadBalancer"}}, "controllers"),
    ("kubernetes:helm.sh/v3:Release", {"chart": "airflow"}, "airflow"),
]


@pytest.mark.parametrize(("token", "inputs", "words"), UNPRICED)
def test_what_cannot_be_priced_says_why(
    make: Make, price: Priced, token: str, inputs: dict[str, Any], words: str
) -> None:
    made = price(make(token, **inputs))
    assert any(words in it.reason for it in made.unpriced)
    assert made.free == 0


def test_fargate_tasks_scale_between_the_limits_of_their_target(make: Make, price: Priced) -> None:
    """Half a vCPU and 1 GB a task: 2 at least, 3 wanted, 12 at most."""
    task = make("aws:ecs/taskDefinition:TaskDefinition", cpu="512", memory="1024")
    service = make(
        "aws:ecs/service:Service",
        launchType="FARGATE",
        desiredCount=3,
        taskDefinition=Reference(task.urn, "arn"),
        dependencies=(task.urn,),
    )
    target = make(
        "aws:appautoscaling/target:Target",
        serviceNamespace="ecs",
        minCapacity=2,
        maxCapacity=12,
        dependencies=(service.urn,),
    )
    vcpu = next(line for line in price(task, service, target).lines if line.item == "vCPU")
    one = 730 * D("0.5") * D("0.04048")
    assert (vcpu.floor, vcpu.expected, vcpu.ceiling) == tuple(
        (one * n).quantize(D("0.01")) for n in (2, 3, 12)
    )


def test_aurora_serverless_scales_as_its_cluster_says(make: Make, price: Priced) -> None:
    cluster = make(
        "aws:rds/cluster:Cluster",
        engine="aurora-postgresql",
        serverlessv2ScalingConfiguration={"minCapacity": 1, "maxCapacity": 16},
    )
    one = make(
        "aws:rds/clusterInstance:ClusterInstance",
        instanceClass="db.serverless",
        clusterIdentifier=Reference(cluster.urn, "id"),
    )
    acu = next(line for line in price(cluster, one).lines if line.item == "serverless capacity")
    assert (acu.floor, acu.expected, acu.ceiling) == (D("87.60"), D("87.60"), D("1401.60"))


def test_a_secondary_of_a_global_database_is_a_copy_and_its_primary_is_not(make: Make, price: Priced) -> None:
    inputs = {"engine": "aurora-postgresql", "globalClusterIdentifier": "g"}
    made = price(
        make("aws:rds/cluster:Cluster", "home", masterUsername="owner", **inputs),
        make("aws:rds/cluster:Cluster", "away", region="eu-west-1", **inputs),
    )
    assert {line.name for line in made.lines if line.copy} == {"away"}
    assert {line.name for line in made.lines if line.item == "replicated writes"} == {"away"}


def test_replication_finds_its_destination_by_reference_and_by_name(make: Make, price: Priced) -> None:
    here = make("aws:s3/bucket:Bucket", "here", bucket="here")
    there = make("aws:s3/bucket:Bucket", "there", region="eu-west-1", bucket="there")
    for destination in (Reference(there.urn, "arn"), "arn:aws:s3:::there"):
        rule = {"status": "Enabled", "destination": {"bucket": destination}}
        config = make("aws:s3/bucketReplicationConfig:BucketReplicationConfig", rules=[rule])
        items = [line.item for line in price(here, there, config).lines if line.copy]
        assert items == ["replicated data to eu-west-1", "replicated objects to eu-west-1"]


def test_a_disabled_replication_rule_costs_nothing(make: Make, price: Priced) -> None:
    rule = {"status": "Disabled", "destination": {"bucket": "x"}}
    assert price(make("aws:s3/bucketReplicationConfig:BucketReplicationConfig", rules=[rule])).lines == ()


def test_provisioned_concurrency_takes_the_memory_of_its_function(make: Make, price: Priced) -> None:
    function = make("aws:lambda/function:Function", memorySize=2048)
    kept = make(
        "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
        functionName=Reference(function.urn, "name"),
        provisionedConcurrentExecutions=5,
    )
    found = next(line for line in price(function, kept).lines if line.item == "provisioned concurrency")
    assert found.expected == (5 * 2 * 730 * 3600 * D("0.0000041667")).quantize(D("0.01"))


def test_reserved_concurrency_bounds_a_function(make: Make, price: Priced) -> None:
    function = make(
        "aws:lambda/function:Function", memorySize=1024, timeout=900, reservedConcurrentExecutions=0
    )
    assert [line.item for line in price(function).lines] == ["requests"]


def test_an_endpoint_costs_the_instances_of_its_configuration(make: Make, price: Priced) -> None:
    variant = {"variantName": "a", "instanceType": "ml.m5.large", "initialInstanceCount": 2}
    config = make("aws:sagemaker/endpointConfiguration:EndpointConfiguration", productionVariants=[variant])
    endpoint = make("aws:sagemaker/endpoint:Endpoint", endpointConfigName=Reference(config.urn, "name"))
    made = price(config, endpoint)
    assert made.lines[0].expected == (730 * 2 * D("0.115")).quantize(D("0.01"))
    assert not made.lines[0].verified


def test_a_spot_group_is_charged_at_the_spot_price(make: Make, price: Priced) -> None:
    group = make(
        "aws:eks/nodeGroup:NodeGroup",
        instanceTypes=["m5.large"],
        capacityType="SPOT",
        scalingConfig={"minSize": 1, "desiredSize": 1, "maxSize": 1},
    )
    nodes = price(group).lines[0]
    assert nodes.price.purchase_option == "spot" and nodes.expected < 730 * D("0.096")


def test_every_type_exists_in_the_sdk() -> None:
    """The tokens stand in the SDK's registration text: reading it saves importing 3,600 modules."""
    spec = importlib.util.find_spec("pulumi_aws")
    assert spec is not None and spec.origin is not None
    known = set(re.findall(r'"(aws:[\w./]+:\w+)"', Path(spec.origin).read_text(encoding="utf-8")))
    ours = {token for token in (*REGISTRY, *free_types()) if token.startswith("aws:")}
    assert ours - known == set()
    assert len(known) > 1_500


def test_no_type_is_both_estimated_and_free() -> None:
    assert set(REGISTRY) & set(free_types()) == set()


def test_sixty_types_and_more_are_estimated() -> None:
    assert len(REGISTRY) >= 60


def test_a_capacity_block_is_its_hours_at_its_own_rate(make: Make, price: Priced) -> None:
    token = "aws:ec2/capacityBlockReservation:CapacityBlockReservation"
    assert "state `block_hours`" in price(make(token)).unpriced[0].reason
    entry = Entry("it", "", {"block_hours": Stated(D(8 * 24))}, "", "")
    made = price(make(token, instanceType="p5.48xlarge"), usage=Usage(resources=(entry,)))
    assert made.total.expected == 8 * 24 * D("39.33")


def test_a_pipeline_is_free_and_its_jobs_are_not(make: Make, price: Priced) -> None:
    token = "aws:sagemaker/pipeline:Pipeline"
    definition = '{"Steps": [{"ResourceConfig": {"InstanceType": "ml.m5.xlarge"}}]}'
    assert price(make(token, pipelineDefinition=definition)).free == 1
    entry = Entry("it", "", {"instance_hours": Stated(D(100))}, "", "")
    made = price(make(token, pipelineDefinition=definition), usage=Usage(resources=(entry,)))
    assert made.total.expected == 100 * D("0.23")


def test_iops_of_io2_are_cheaper_in_steps_for_each_volume(make: Make, price: Priced) -> None:
    made = price(make("aws:ebs/volume:Volume", size=1, type="io2", iops=70_000))
    by_item = {line.item: line.expected for line in made.lines}
    assert by_item["volume IOPS"] == 32_000 * D("0.065")
    assert by_item["volume IOPS above 32,000"] == 32_000 * D("0.0455")
    assert by_item["volume IOPS above 64,000"] == 6_000 * D("0.03185")
