"""The form of ids, ARNs and other outputs, by type, as AWS and the provider give them.

Fields in braces: an input or output of the resource, `account`, `region`, `partition`, `x17` (17 random hex
digits; any length), `a10` (random lower-case letters and digits), `A21` (upper-case), `uuid`, `ip` (an
address set aside for documentation), `now`. `arn` without its head (`arn:aws:`) is completed.
"""

from __future__ import annotations

from typing import Any

_EC2 = "ec2:{region}:{account}:"
_ELB = "elasticloadbalancing:{region}:{account}:"
_RDS = "rds:{region}:{account}:"
_DB_HOST = "{region}.rds.amazonaws.com"
_OWNED = {"ownerId": "{account}"}
_BALANCER = {
    "id": "{arn}",
    "arn": _ELB + "loadbalancer/{balancer}/{name}/{x16}",
    "arnSuffix": "{balancer}/{name}/{x16}",
    "dnsName": "{name}-{a10}.{region}.elb.amazonaws.com",
    "zoneId": "Z35SXDOTRQ7X7K",
    "vpcId": "{of_subnets}",
}
_TARGETS = {"id": "{arn}", "arn": _ELB + "targetgroup/{name}/{x16}", "arnSuffix": "targetgroup/{name}/{x16}"}
_LISTENER = {"id": "{arn}", "arn": _ELB + "listener/app/{name_of_balancer}/{x16}/{x16}"}
_RULE = {
    "id": "sgr-{x17}",
    "arn": _EC2 + "security-group-rule/{id}",
    "securityGroupRuleId": "{id}",
}
_API = "arn:{partition}:apigateway:{region}::"


def _ec2(prefix: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"id": prefix + "-{x17}", "arn": _EC2 + kind + "/{id}", **_OWNED, **more}


FORMS: dict[str, dict[str, Any]] = {
    "acm/certificate:Certificate": {
        "id": "{arn}", "arn": "acm:{region}:{account}:certificate/{uuid}", "status": "ISSUED",
        "domainValidationOptions": [{
            "domainName": "{domainName}", "resourceRecordName": "_{x32}.{domainName}.", "resourceRecordType": "CNAME",
            "resourceRecordValue": "_{x32}.acm-validations.aws.",
        }],
    },
    "acm/certificateValidation:CertificateValidation": {"id": "{now}"},
    "apigateway/deployment:Deployment": {
        "id": "{a6}", "invokeUrl": "https://{restApi}.execute-api.{region}.amazonaws.com/",
        "executionArn": "arn:{partition}:execute-api:{region}:{account}:{restApi}/",
    },
    "apigateway/integration:Integration": {"id": "agi-{restApi}-{resourceId}-{httpMethod}"},
    "apigateway/method:Method": {"id": "agm-{restApi}-{resourceId}-{httpMethod}"},
    "apigateway/resource:Resource": {"id": "{a6}", "path": "/{pathPart}"},
    "apigateway/restApi:RestApi": {
        "id": "{a10}", "arn": _API + "/restapis/{id}", "rootResourceId": "{a9}",
        "executionArn": "arn:{partition}:execute-api:{region}:{account}:{id}",
    },
    "apigateway/stage:Stage": {
        "id": "ags-{restApi}-{stageName}", "arn": _API + "/restapis/{restApi}/stages/{stageName}",
        "invokeUrl": "https://{restApi}.execute-api.{region}.amazonaws.com/{stageName}",
        "executionArn": "arn:{partition}:execute-api:{region}:{account}:{restApi}/{stageName}",
    },
    "apigatewayv2/api:Api": {
        "id": "{a10}", "arn": _API + "/apis/{id}", "apiEndpoint": "https://{id}.execute-api.{region}.amazonaws.com",
        "executionArn": "arn:{partition}:execute-api:{region}:{account}:{id}",
    },
    "apigatewayv2/integration:Integration": {"id": "{a7}"},
    "apigatewayv2/route:Route": {"id": "{a7}"},
    "apigatewayv2/stage:Stage": {
        "id": "{name}", "arn": _API + "/apis/{apiId}/stages/{name}",
        "invokeUrl": "https://{apiId}.execute-api.{region}.amazonaws.com/{name}",
    },
    "appautoscaling/policy:Policy": {
        "id": "{name}",
        "arn": "autoscaling:{region}:{account}:scalingPolicy:{uuid}:resource/{serviceNamespace}/{resourceId}:policyName/{name}",
    },
    "appautoscaling/target:Target": {
        "id": "{resourceId}", "arn": "application-autoscaling:{region}:{account}:scalable-target/{x32}",
    },
    "athena/workgroup:Workgroup": {"arn": "athena:{region}:{account}:workgroup/{name}"},
    "autoscaling/group:Group": {
        "arn": "autoscaling:{region}:{account}:autoScalingGroup:{uuid}:autoScalingGroupName/{name}",
    },
    "budgets/budget:Budget": {
        "id": "{account}:{name}", "accountId": "{account}", "arn": "budgets::{account}:budget/{name}",
    },
    "cloudwatch/dashboard:Dashboard": {
        "id": "{dashboardName}", "dashboardArn": "arn:{partition}:cloudwatch::{account}:dashboard/{dashboardName}",
    },
    "cloudwatch/eventRule:EventRule": {"arn": "events:{region}:{account}:rule/{name}", "eventBusName": "default"},
    "cloudwatch/eventTarget:EventTarget": {"id": "{rule}-{targetId}", "targetId": "terraform-{now}{x8}"},
    # The vendor's is the name alone, which is unique in a log group only.
    "cloudwatch/logMetricFilter:LogMetricFilter": {"id": "{logGroupName}:{name}"},
    "cloudwatch/logGroup:LogGroup": {"arn": "logs:{region}:{account}:log-group:{name}", "logGroupClass": "STANDARD"},
    "cloudwatch/metricAlarm:MetricAlarm": {"arn": "cloudwatch:{region}:{account}:alarm:{name}"},
    "dynamodb/table:Table": {"arn": "dynamodb:{region}:{account}:table/{name}"},
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": {
        "id": "{of_vpc}", "arn": _EC2 + "security-group/{id}", **_OWNED, "name": "default",
        "description": "default VPC security group",
    },
    "ec2/eip:Eip": {
        "id": "eipalloc-{x17}", "arn": _EC2 + "elastic-ip/{id}", "allocationId": "{id}", "publicIp": "{ip}",
        "domain": "vpc", "publicDns": "ec2-{x8}.compute.amazonaws.com",
    },
    "ec2/flowLog:FlowLog": {"id": "fl-{x17}", "arn": _EC2 + "vpc-flow-log/{id}"},
    "ec2/instance:Instance": {
        "id": "i-{x17}", "arn": _EC2 + "instance/{id}", "instanceState": "running", "privateIp": "10.0.{n250}.{n250}",
        "publicIp": "{ip}", "publicDns": "ec2-{x8}.compute.amazonaws.com", "privateDns": "ip-{x8}.{region}.compute.internal",
        "availabilityZone": "{region}a", "primaryNetworkInterfaceId": "eni-{x17}",
    },
    "ec2/internetGateway:InternetGateway": _ec2("igw", "internet-gateway"),
    "ec2/keyPair:KeyPair": {"id": "{keyName}", "arn": _EC2 + "key-pair/{keyName}", "keyPairId": "key-{x17}"},
    "ec2/launchTemplate:LaunchTemplate": {**_ec2("lt", "launch-template"), "defaultVersion": 1, "latestVersion": 1},
    "ec2/natGateway:NatGateway": {
        "id": "nat-{x17}", "networkInterfaceId": "eni-{x17}", "privateIp": "10.0.{n250}.{n250}", "publicIp": "{ip}",
        "associationId": "eipassoc-{x17}",
    },
    "ec2/networkInterface:NetworkInterface": _ec2("eni", "network-interface"),
    "ec2/networkAcl:NetworkAcl": _ec2("acl", "network-acl"),
    "ec2/route:Route": {"id": "r-{routeTableId}{n1080289494}", "origin": "CreateRoute", "state": "active"},
    "ec2/routeTable:RouteTable": _ec2("rtb", "route-table"),
    "ec2/routeTableAssociation:RouteTableAssociation": {"id": "rtbassoc-{x17}"},
    "ec2/securityGroup:SecurityGroup": _ec2("sg", "security-group", vpcId="vpc-{x17}"),
    "ec2/securityGroupRule:SecurityGroupRule": {"id": "sgrule-{n4294967295}", "securityGroupRuleId": "sgr-{x17}"},
    "ec2/subnet:Subnet": _ec2("subnet", "subnet", availabilityZone="{region}a", availabilityZoneId="{x4}-az1"),
    "ec2/vpc:Vpc": _ec2(
        "vpc", "vpc", defaultNetworkAclId="acl-{x17}", defaultRouteTableId="{mainRouteTableId}",
        defaultSecurityGroupId="sg-{x17}", dhcpOptionsId="dopt-{x17}", mainRouteTableId="rtb-{x17}",
    ),
    "ec2/vpcEndpoint:VpcEndpoint": _ec2("vpce", "vpc-endpoint", state="available", prefixListId="pl-{x8}"),
    "ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": {"id": "vpc-cidr-assoc-{x17}"},
    "ec2/vpcPeeringConnection:VpcPeeringConnection": {"id": "pcx-{x17}", "acceptStatus": "pending-acceptance"},
    "ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter": {
        "id": "{vpcPeeringConnectionId}", "acceptStatus": "active",
    },
    "ecr/lifecyclePolicy:LifecyclePolicy": {"id": "{repository}"},
    "ecr/repositoryPolicy:RepositoryPolicy": {"id": "{repository}"},
    "ecr/repository:Repository": {
        "arn": "ecr:{region}:{account}:repository/{name}", "registryId": "{account}",
        "repositoryUrl": "{account}.dkr.ecr.{region}.amazonaws.com/{name}",
    },
    "ecs/cluster:Cluster": {"id": "{arn}", "arn": "ecs:{region}:{account}:cluster/{name}"},
    "ecs/service:Service": {"id": "{arn}", "arn": "ecs:{region}:{account}:service/{name_of_cluster}/{name}"},
    "ecs/taskDefinition:TaskDefinition": {
        "id": "{family}", "arn": "ecs:{region}:{account}:task-definition/{family}:{revision}", "revision": 1,
        "arnWithoutRevision": "arn:{partition}:ecs:{region}:{account}:task-definition/{family}",
    },
    "eks/accessEntry:AccessEntry": {
        "id": "{clusterName}:{principalArn}", "createdAt": "{now}", "modifiedAt": "{now}",
        "accessEntryArn": "arn:{partition}:eks:{region}:{account}:access-entry/{clusterName}/{uuid}",
    },
    "eks/accessPolicyAssociation:AccessPolicyAssociation": {
        "id": "{clusterName}#{principalArn}#{policyArn}", "associatedAt": "{now}", "modifiedAt": "{now}",
    },
    "eks/addon:Addon": {
        "id": "{clusterName}:{addonName}", "arn": "eks:{region}:{account}:addon/{clusterName}/{addonName}/{uuid}",
        "createdAt": "{now}", "modifiedAt": "{now}",
    },
    "eks/cluster:Cluster": {
        "arn": "eks:{region}:{account}:cluster/{name}", "createdAt": "{now}", "platformVersion": "eks.1",
        "status": "ACTIVE", "version": "1.33",
    },
    "eks/fargateProfile:FargateProfile": {
        "id": "{clusterName}:{fargateProfileName}", "status": "ACTIVE",
        "arn": "eks:{region}:{account}:fargateprofile/{clusterName}/{fargateProfileName}/{uuid}",
    },
    "eks/nodeGroup:NodeGroup": {
        "id": "{clusterName}:{nodeGroupName}", "status": "ACTIVE",
        "arn": "eks:{region}:{account}:nodegroup/{clusterName}/{nodeGroupName}/{uuid}",
        "resources": [{"autoscalingGroups": [{"name": "eks-{nodeGroupName}-{uuid}"}], "remoteAccessSecurityGroupId": ""}],
    },
    "eks/podIdentityAssociation:PodIdentityAssociation": {
        "id": "{associationId}", "associationId": "a-{a17}",
        "associationArn": "arn:{partition}:eks:{region}:{account}:podidentityassociation/{clusterName}/{associationId}",
    },
    "elasticache/replicationGroup:ReplicationGroup": {
        "id": "{replicationGroupId}", "arn": "elasticache:{region}:{account}:replicationgroup:{id}", "port": 6379,
        "primaryEndpointAddress": "master.{id}.{a6}.cache.amazonaws.com",
        "readerEndpointAddress": "replica.{id}.{a6}.cache.amazonaws.com",
        "configurationEndpointAddress": "clustercfg.{id}.{a6}.cache.amazonaws.com",
    },
    "elasticache/subnetGroup:SubnetGroup": {"arn": "elasticache:{region}:{account}:subnetgroup:{name}"},
    "glue/catalogDatabase:CatalogDatabase": {
        "id": "{catalogId}:{name}", "catalogId": "{account}", "arn": "glue:{region}:{account}:database/{name}",
    },
    "glue/catalogTable:CatalogTable": {
        "id": "{catalogId}:{databaseName}:{name}", "catalogId": "{account}",
        "arn": "glue:{region}:{account}:table/{databaseName}/{name}",
    },
    "iam/instanceProfile:InstanceProfile": {
        "arn": "iam::{account}:instance-profile/{name}", "uniqueId": "AIPA{A17}", "createDate": "{now}",
    },
    "iam/openIdConnectProvider:OpenIdConnectProvider": {"id": "{arn}", "arn": "iam::{account}:oidc-provider/{host_of_url}"},
    "iam/policy:Policy": {"id": "{arn}", "arn": "iam::{account}:policy/{name}", "policyId": "ANPA{A17}"},
    "iam/role:Role": {
        "arn": "iam::{account}:role/{name}", "uniqueId": "AROA{A17}", "createDate": "{now}", "maxSessionDuration": 3600,
    },
    "iam/rolePolicy:RolePolicy": {"id": "{role}:{name}"},
    "iam/rolePolicyAttachment:RolePolicyAttachment": {"id": "{role}/{policyArn}"},
    "kinesis/stream:Stream": {"id": "{arn}", "arn": "kinesis:{region}:{account}:stream/{name}"},
    "kms/alias:Alias": {
        "id": "{name}", "arn": "kms:{region}:{account}:{name}",
        "targetKeyArn": "arn:{partition}:kms:{region}:{account}:key/{key_of_target}",
    },
    "kms/key:Key": {"id": "{key_id}", "arn": "kms:{region}:{account}:key/{id}", "keyId": "{id}"},
    "kms/replicaKey:ReplicaKey": {
        "id": "{key_of_primary}", "arn": "kms:{region}:{account}:key/{id}", "keyId": "{id}",
        "keySpec": "SYMMETRIC_DEFAULT", "keyUsage": "ENCRYPT_DECRYPT",
    },
    "lambda/eventSourceMapping:EventSourceMapping": {
        "id": "{uuid_}", "uuid": "{uuid_}", "arn": "lambda:{region}:{account}:event-source-mapping:{id}", "state": "Enabled",
    },
    "lambda/function:Function": {
        "arn": "lambda:{region}:{account}:function:{name}", "version": "$LATEST",
        "invokeArn": _API.replace("::", ":lambda:") + "path/2015-03-31/functions/{arn}/invocations",
        "qualifiedArn": "{arn}:$LATEST", "lastModified": "{now}",
    },
    "lambda/layerVersion:LayerVersion": {
        "id": "{arn}", "arn": "lambda:{region}:{account}:layer:{layerName}:{version}", "version": "1",
        "layerArn": "arn:{partition}:lambda:{region}:{account}:layer:{layerName}", "createdDate": "{now}",
    },
    "lambda/permission:Permission": {"id": "{statementId}"},
    "lb/listener:Listener": _LISTENER, "alb/listener:Listener": _LISTENER,
    "lb/loadBalancer:LoadBalancer": _BALANCER, "alb/loadBalancer:LoadBalancer": _BALANCER,
    "lb/targetGroup:TargetGroup": _TARGETS, "alb/targetGroup:TargetGroup": _TARGETS,
    "memorydb/cluster:Cluster": {
        "arn": "memorydb:{region}:{account}:cluster/{name}",
        "clusterEndpoints": [{"address": "clustercfg.{name}.{a6}.memorydb.{region}.amazonaws.com", "port": 6379}],
    },
    "rds/cluster:Cluster": {
        "id": "{clusterIdentifier}", "arn": _RDS + "cluster:{id}", "endpoint": "{id}.cluster-{a12}." + _DB_HOST,
        "readerEndpoint": "{id}.cluster-ro-{a12}." + _DB_HOST, "clusterResourceId": "cluster-{A26}",
        "port": "{database_port}", "hostedZoneId": "Z2R2ITUGPM61AM",
    },
    "rds/clusterInstance:ClusterInstance": {
        "id": "{identifier}", "arn": _RDS + "db:{id}", "endpoint": "{id}.{a12}." + _DB_HOST, "dbiResourceId": "db-{A26}",
        "port": "{database_port}",
    },
    "rds/clusterParameterGroup:ClusterParameterGroup": {"arn": _RDS + "cluster-pg:{name}"},
    "rds/globalCluster:GlobalCluster": {
        "id": "{globalClusterIdentifier}", "arn": "rds::{account}:global-cluster:{id}",
        "globalClusterResourceId": "cluster-{a16}", "endpoint": "{id}.global-{a12}.global.rds.amazonaws.com",
    },
    "rds/instance:Instance": {
        "id": "db-{A26}", "arn": _RDS + "db:{identifier}", "resourceId": "{id}", "address": "{identifier}.{a12}." + _DB_HOST,
        "endpoint": "{address}:{port}", "port": "{database_port}", "status": "available",
    },
    "rds/parameterGroup:ParameterGroup": {"arn": _RDS + "pg:{name}"},
    "rds/subnetGroup:SubnetGroup": {"arn": _RDS + "subgrp:{name}"},
    "route53/record:Record": {"id": "{zoneId}_{name}_{type}", "fqdn": "{name}"},
    "route53/zone:Zone": {
        "id": "Z{A20}", "zoneId": "{id}", "arn": "route53:::hostedzone/{id}", "primaryNameServer": "ns-0.awsdns-00.com",
        "nameServers": ["ns-0.awsdns-00.com", "ns-1.awsdns-01.net", "ns-2.awsdns-02.org", "ns-3.awsdns-03.co.uk"],
    },
    "s3/bucket:Bucket": {
        "id": "{bucket}", "arn": "s3:::{bucket}", "bucketDomainName": "{bucket}.s3.amazonaws.com", "bucketRegion": "{region}",
        "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com", "hostedZoneId": "Z3AQBSTGFYJSTF",
    },
    "s3/bucketMetric:BucketMetric": {"id": "{bucket}:{name}"},
    "s3/bucketObjectv2:BucketObjectv2": {
        "id": "{bucket}/{key}", "arn": "s3:::{bucket}/{key}", "etag": "{x32}", "versionId": "{x32}",
    },
    "sagemaker/endpoint:Endpoint": {"arn": "sagemaker:{region}:{account}:endpoint/{name}"},
    "sagemaker/endpointConfiguration:EndpointConfiguration": {"arn": "sagemaker:{region}:{account}:endpoint-config/{name}"},
    "sagemaker/model:Model": {"arn": "sagemaker:{region}:{account}:model/{name}"},
    "secretsmanager/secret:Secret": {"id": "{arn}", "arn": "secretsmanager:{region}:{account}:secret:{name}-{a6}"},
    "secretsmanager/secretVersion:SecretVersion": {
        "id": "{secretId}|{versionId}", "versionId": "{uuid}", "arn": "{secretId}", "versionStages": ["AWSCURRENT"],
    },
    "sfn/stateMachine:StateMachine": {
        "id": "{arn}", "arn": "states:{region}:{account}:stateMachine:{name}", "status": "ACTIVE", "creationDate": "{now}",
    },
    "sns/topic:Topic": {"id": "{arn}", "arn": "sns:{region}:{account}:{name}", "owner": "{account}"},
    "sns/topicPolicy:TopicPolicy": {"id": "{arn}"},
    "sns/topicSubscription:TopicSubscription": {"id": "{arn}", "arn": "{topic}:{uuid}", "ownerId": "{account}"},
    "sqs/queue:Queue": {
        "id": "{url}", "url": "https://sqs.{region}.amazonaws.com/{account}/{name}", "arn": "sqs:{region}:{account}:{name}",
    },
    "sqs/queuePolicy:QueuePolicy": {"id": "{queueUrl}"},
    "ssm/parameter:Parameter": {
        "arn": "ssm:{region}:{account}:parameter/{bare_name}", "version": 1, "dataType": "text", "tier": "Standard",
    },
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": _RULE,
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": _RULE,
}  # fmt: skip
