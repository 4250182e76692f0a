"""One graph with a resource of every type that both estimators know, in two regions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from plan.graph import Graph, Resource
from plan.values import Reference

REGIONS = ("us-east-1", "eu-west-1")
ROLE = "arn:aws:iam::123456789012:role/runner"

# Name: type and inputs. A value `@name.property` refers to the resource of that name in the same region.
TYPES: dict[str, tuple[str, dict[str, Any]]] = {
    "instance": ("ec2/instance:Instance", {"ami": "ami-1", "instanceType": "m7i.xlarge", "rootBlockDevice": {"volumeSize": 100, "volumeType": "gp3", "iops": 4000, "throughput": 225}}),
    "plain-instance": ("ec2/instance:Instance", {"ami": "ami-1", "instanceType": "c7g.large"}),
    "burstable": ("ec2/instance:Instance", {"ami": "ami-1", "instanceType": "t3.small", "rootBlockDevice": {"volumeSize": 20, "volumeType": "gp2"}}),
    "spot": ("ec2/spotInstanceRequest:SpotInstanceRequest", {"ami": "ami-1", "instanceType": "m7i.large", "rootBlockDevice": {"volumeSize": 20, "volumeType": "gp3"}}),
    "template": ("ec2/launchTemplate:LaunchTemplate", {"imageId": "ami-1", "instanceType": "m7i.large", "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 50, "volumeType": "gp3"}}]}),
    "group": ("autoscaling/group:Group", {"minSize": 2, "maxSize": 4, "desiredCapacity": 2, "launchTemplate": {"id": "@template.id", "version": "$Latest"}, "vpcZoneIdentifiers": ["subnet-1"]}),
    "volume": ("ebs/volume:Volume", {"availabilityZone": "a", "size": 500, "type": "gp3", "iops": 4000, "throughput": 250}),
    "fast-volume": ("ebs/volume:Volume", {"availabilityZone": "a", "size": 100, "type": "io2", "iops": 1000}),
    "cold-volume": ("ebs/volume:Volume", {"availabilityZone": "a", "size": 500, "type": "sc1"}),
    "snapshot": ("ebs/snapshot:Snapshot", {"volumeId": "@volume.id"}),
    "way-out": ("ec2/natGateway:NatGateway", {"subnetId": "subnet-1"}),
    "address": ("ec2/eip:Eip", {}),
    "endpoint": ("ec2/vpcEndpoint:VpcEndpoint", {"vpcId": "vpc-1", "serviceName": "s", "vpcEndpointType": "Interface", "subnetIds": ["a", "b", "c"]}),
    "vpn": ("ec2/vpnConnection:VpnConnection", {"customerGatewayId": "c", "type": "ipsec.1", "vpnGatewayId": "v"}),
    "mirror": ("ec2/trafficMirrorSession:TrafficMirrorSession", {"networkInterfaceId": "i", "sessionNumber": 1, "trafficMirrorFilterId": "f", "trafficMirrorTargetId": "t"}),
    "attachment": ("ec2transitgateway/vpcAttachment:VpcAttachment", {"subnetIds": ["a"], "transitGatewayId": "t", "vpcId": "v"}),
    "peering": ("ec2transitgateway/peeringAttachment:PeeringAttachment", {"peerRegion": "us-west-2", "peerTransitGatewayId": "p", "transitGatewayId": "t"}),
    "application": ("lb/loadBalancer:LoadBalancer", {"internal": True, "subnets": ["a", "b"]}),
    "public": ("lb/loadBalancer:LoadBalancer", {"subnets": ["a", "b"]}),
    "network": ("lb/loadBalancer:LoadBalancer", {"loadBalancerType": "network", "internal": True, "subnets": ["a"]}),
    "classic": ("elb/loadBalancer:LoadBalancer", {"listeners": [{"instancePort": 80, "instanceProtocol": "http", "lbPort": 80, "lbProtocol": "http"}], "subnets": ["a"]}),
    "accelerator": ("globalaccelerator/accelerator:Accelerator", {"name": "a"}),
    "firewall": ("networkfirewall/firewall:Firewall", {"firewallPolicyArn": "p", "vpcId": "v", "subnetMappings": [{"subnetId": "a"}]}),
    "zone": ("route53/zone:Zone", {"name": "example.com"}),
    "health": ("route53/healthCheck:HealthCheck", {"type": "HTTPS", "fqdn": "example.com", "requestInterval": 10, "measureLatency": True}),
    "resolver": ("route53/resolverEndpoint:ResolverEndpoint", {"direction": "OUTBOUND", "ipAddresses": [{"subnetId": "a"}, {"subnetId": "b"}], "securityGroupIds": ["s"]}),
    "site": ("cloudfront/distribution:Distribution", {"enabled": True, "origins": [{"domainName": "e", "originId": "o"}]}),
    "table": ("dynamodb/table:Table", {"billingMode": "PAY_PER_REQUEST", "hashKey": "id", "attributes": [{"name": "id", "type": "S"}], "pointInTimeRecovery": {"enabled": True}}),
    "capacity": ("dynamodb/table:Table", {"billingMode": "PROVISIONED", "writeCapacity": 10, "readCapacity": 20, "hashKey": "id", "attributes": [{"name": "id", "type": "S"}]}),
    "replicated": ("dynamodb/table:Table", {"billingMode": "PAY_PER_REQUEST", "hashKey": "id", "attributes": [{"name": "id", "type": "S"}], "replicas": [{"regionName": "us-west-2"}], "streamEnabled": True, "streamViewType": "KEYS_ONLY"}),
    "database": ("rds/instance:Instance", {"engine": "postgres", "instanceClass": "db.r6g.large", "allocatedStorage": 100, "storageType": "gp3", "backupRetentionPeriod": 7}),
    "two-zones": ("rds/instance:Instance", {"engine": "mysql", "instanceClass": "db.r6g.large", "allocatedStorage": 100, "storageType": "gp2", "multiAz": True}),
    "provisioned": ("rds/instance:Instance", {"engine": "mysql", "instanceClass": "db.r6g.large", "allocatedStorage": 200, "storageType": "io1", "iops": 3000}),
    "aurora": ("rds/cluster:Cluster", {"clusterIdentifier": "aurora", "engine": "aurora-postgresql", "serverlessv2ScalingConfiguration": {"minCapacity": 1, "maxCapacity": 4}, "backupRetentionPeriod": 7}),
    "aurora-serverless": ("rds/clusterInstance:ClusterInstance", {"clusterIdentifier": "@aurora.id", "engine": "aurora-postgresql", "instanceClass": "db.serverless"}),
    "aurora-instance": ("rds/clusterInstance:ClusterInstance", {"clusterIdentifier": "@aurora.id", "engine": "aurora-postgresql", "instanceClass": "db.r6g.large"}),
    "documents": ("docdb/cluster:Cluster", {"clusterIdentifier": "documents"}),
    "documents-instance": ("docdb/clusterInstance:ClusterInstance", {"clusterIdentifier": "@documents.id", "instanceClass": "db.r5.large"}),
    "cache": ("elasticache/replicationGroup:ReplicationGroup", {"description": "c", "engine": "redis", "nodeType": "cache.r6g.large", "numNodeGroups": 2, "replicasPerNodeGroup": 1, "snapshotRetentionLimit": 5}),
    "memcached": ("elasticache/cluster:Cluster", {"engine": "memcached", "nodeType": "cache.m6g.large", "numCacheNodes": 3}),
    "warehouse": ("redshift/cluster:Cluster", {"clusterIdentifier": "w", "nodeType": "ra3.4xlarge", "numberOfNodes": 2}),
    "search": ("opensearch/domain:Domain", {"clusterConfig": {"instanceType": "r6g.large.search", "instanceCount": 3}, "ebsOptions": {"ebsEnabled": True, "volumeType": "gp3", "volumeSize": 100}}),
    "old-search": ("elasticsearch/domain:Domain", {"clusterConfig": {"instanceType": "m5.large.elasticsearch", "instanceCount": 2}, "ebsOptions": {"ebsEnabled": True, "volumeType": "gp2", "volumeSize": 50}}),
    "bucket": ("s3/bucket:Bucket", {}),
    "files": ("efs/fileSystem:FileSystem", {}),
    "fast-files": ("efs/fileSystem:FileSystem", {"throughputMode": "provisioned", "provisionedThroughputInMibps": 10}),
    "zfs": ("fsx/openZfsFileSystem:OpenZfsFileSystem", {"deploymentType": "SINGLE_AZ_1", "storageCapacity": 100, "subnetIds": "s", "throughputCapacity": 64}),
    "windows": ("fsx/windowsFileSystem:WindowsFileSystem", {"deploymentType": "MULTI_AZ_1", "storageCapacity": 100, "subnetIds": ["s"], "throughputCapacity": 64}),
    "vault": ("backup/vault:Vault", {}),
    "images": ("ecr/repository:Repository", {}),
    "stream": ("kinesis/stream:Stream", {"shardCount": 4, "streamModeDetails": {"streamMode": "PROVISIONED"}}),
    "free-stream": ("kinesis/stream:Stream", {"streamModeDetails": {"streamMode": "ON_DEMAND"}}),
    "hose": ("kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", {"destination": "extended_s3", "extendedS3Configuration": {"bucketArn": "b", "roleArn": ROLE}}),
    "cluster": ("eks/cluster:Cluster", {"roleArn": ROLE, "vpcConfig": {"subnetIds": ["a"]}}),
    "nodes": ("eks/nodeGroup:NodeGroup", {"clusterName": "@cluster.name", "nodeRoleArn": ROLE, "subnetIds": ["a"], "instanceTypes": ["m7i.large"], "diskSize": 50, "scalingConfig": {"minSize": 2, "maxSize": 5, "desiredSize": 3}}),
    "templated": ("eks/nodeGroup:NodeGroup", {"clusterName": "@cluster.name", "nodeRoleArn": ROLE, "subnetIds": ["a"], "launchTemplate": {"id": "@template.id", "version": "1"}, "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2}}),
    "spot-nodes": ("eks/nodeGroup:NodeGroup", {"clusterName": "@cluster.name", "nodeRoleArn": ROLE, "subnetIds": ["a"], "capacityType": "SPOT", "instanceTypes": ["m7i.large"], "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2}}),
    "profile": ("eks/fargateProfile:FargateProfile", {"clusterName": "@cluster.name", "podExecutionRoleArn": ROLE, "selectors": [{"namespace": "n"}]}),
    "task": ("ecs/taskDefinition:TaskDefinition", {"containerDefinitions": "[]", "cpu": "512", "memory": "1024", "family": "f", "requiresCompatibilities": ["FARGATE"]}),
    "service": ("ecs/service:Service", {"launchType": "FARGATE", "desiredCount": 3, "taskDefinition": "@task.arn", "networkConfiguration": {"subnets": ["a"]}}),
    "function": ("lambda/function:Function", {"role": ROLE, "memorySize": 512, "runtime": "python3.12", "handler": "h", "timeout": 10}),
    "arm-function": ("lambda/function:Function", {"role": ROLE, "memorySize": 1024, "architectures": ["arm64"], "ephemeralStorage": {"size": 1024}, "timeout": 10}),
    "ready": ("lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig", {"functionName": "@function.name", "provisionedConcurrentExecutions": 2, "qualifier": "1"}),
    "queue": ("sqs/queue:Queue", {}),
    "ordered": ("sqs/queue:Queue", {"fifoQueue": True}),
    "topic": ("sns/topic:Topic", {}),
    "hook": ("sns/topicSubscription:TopicSubscription", {"protocol": "https", "endpoint": "https://example.com", "topic": "@topic.arn"}),
    "bus": ("cloudwatch/eventBus:EventBus", {}),
    "machine": ("sfn/stateMachine:StateMachine", {"definition": "{}", "roleArn": ROLE}),
    "express": ("sfn/stateMachine:StateMachine", {"definition": "{}", "roleArn": ROLE, "type": "EXPRESS"}),
    "rest": ("apigateway/restApi:RestApi", {}),
    "http": ("apigatewayv2/api:Api", {"protocolType": "HTTP"}),
    "socket": ("apigatewayv2/api:Api", {"protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.action"}),
    "cached-stage": ("apigateway/stage:Stage", {"restApi": "@rest.id", "deployment": "d", "stageName": "s", "cacheClusterEnabled": True, "cacheClusterSize": "0.5"}),
    "logs": ("cloudwatch/logGroup:LogGroup", {}),
    "alarm": ("cloudwatch/metricAlarm:MetricAlarm", {"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1, "metricName": "m", "namespace": "n", "period": 300, "statistic": "Sum", "threshold": 1}),
    "fast-alarm": ("cloudwatch/metricAlarm:MetricAlarm", {"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1, "metricName": "m", "namespace": "n", "period": 10, "statistic": "Sum", "threshold": 1}),
    "board": ("cloudwatch/dashboard:Dashboard", {"dashboardName": "d", "dashboardBody": "{}"}),
    "key": ("kms/key:Key", {}),
    "foreign-key": ("kms/externalKey:ExternalKey", {}),
    "secret": ("secretsmanager/secret:Secret", {}),
    "replicated-secret": ("secretsmanager/secret:Secret", {"replicas": [{"region": "us-west-2"}]}),
    "parameter": ("ssm/parameter:Parameter", {"type": "String", "value": "v", "tier": "Advanced"}),
    "recorder": ("cfg/recorder:Recorder", {"roleArn": ROLE}),
    "rule": ("cfg/rule:Rule", {"source": {"owner": "AWS", "sourceIdentifier": "S"}}),
    "trail": ("cloudtrail/trail:Trail", {"s3BucketName": "b", "eventSelectors": [{"readWriteType": "All"}]}),
    "authority": ("acmpca/certificateAuthority:CertificateAuthority", {"certificateAuthorityConfiguration": {"keyAlgorithm": "RSA_4096", "signingAlgorithm": "SHA512WITHRSA", "subject": {"commonName": "c"}}}),
    "wall": ("wafv2/webAcl:WebAcl", {"defaultAction": {"allow": {}}, "scope": "REGIONAL", "visibilityConfig": {"cloudwatchMetricsEnabled": False, "metricName": "m", "sampledRequestsEnabled": False}, "rules": [{"name": "r", "priority": 1, "visibilityConfig": {"cloudwatchMetricsEnabled": False, "metricName": "m", "sampledRequestsEnabled": False}, "statement": {"geoMatchStatement": {"countryCodes": ["DE"]}}}]}),
    "catalogue": ("glue/catalogDatabase:CatalogDatabase", {}),
    "crawler": ("glue/crawler:Crawler", {"databaseName": "d", "role": ROLE}),
    "job": ("glue/job:Job", {"command": {"scriptLocation": "s3://b/s"}, "roleArn": ROLE, "workerType": "G.1X", "numberOfWorkers": 4}),
    "airflow": ("mwaa/environment:Environment", {"dagS3Path": "dags", "environmentClass": "mw1.small", "executionRoleArn": ROLE, "sourceBucketArn": "b", "networkConfiguration": {"securityGroupIds": ["s"], "subnetIds": ["a", "b"]}, "maxWorkers": 5}),
    "brokers": ("msk/cluster:Cluster", {"kafkaVersion": "3.6.0", "numberOfBrokerNodes": 3, "brokerNodeGroupInfo": {"instanceType": "kafka.m5.large", "clientSubnets": ["a", "b", "c"], "securityGroups": ["s"], "storageInfo": {"ebsStorageInfo": {"volumeSize": 100}}}}),
    "broker": ("mq/broker:Broker", {"brokerName": "b", "engineType": "ActiveMQ", "engineVersion": "5.18", "hostInstanceType": "mq.m5.large", "users": [{"username": "u", "password": "p"}]}),
    "builds": ("codebuild/project:Project", {"artifacts": {"type": "NO_ARTIFACTS"}, "environment": {"computeType": "BUILD_GENERAL1_SMALL", "image": "i", "type": "LINUX_CONTAINER"}, "serviceRole": ROLE, "source": {"type": "NO_SOURCE"}}),
    "grafana": ("grafana/workspace:Workspace", {"accountAccessType": "CURRENT_ACCOUNT", "authenticationProviders": ["SAML"], "permissionType": "SERVICE_MANAGED"}),
}  # fmt: skip


def every_type(copies: int = 0) -> Graph:
    """The graph: each of `TYPES` in each of `REGIONS`; or so many copies of each, in one region after the other."""
    names = [(region, region) for region in REGIONS]
    if copies:
        names = [(f"{number}", REGIONS[number % len(REGIONS)]) for number in range(copies)]
    return Graph.of([resource for suffix, region in names for resource in _of(suffix, region)])


def _of(suffix: str, region: str) -> Iterator[Resource]:
    for name, (type, inputs) in TYPES.items():
        values = {key: _value(value, suffix) for key, value in inputs.items()}
        yield Resource(_urn(name, suffix), f"aws:{type}", f"{name}-{suffix}", values, region=region)


def _urn(name: str, suffix: str) -> str:
    return f"urn:pulumi:test::program::aws:{TYPES[name][0]}::{name}-{suffix}"


def _value(value: Any, suffix: str) -> Any:
    if isinstance(value, str) and value.startswith("@"):
        name, _, property = value[1:].partition(".")
        return Reference(_urn(name, suffix), property)
    if isinstance(value, dict):
        return {key: _value(item, suffix) for key, item in value.items()}
    if isinstance(value, list):
        return [_value(item, suffix) for item in value]
    return value
