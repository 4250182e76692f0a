"""Names that AWS lets only one thing have, and what the service answers to the second."""

from __future__ import annotations

from typing import Any

from .wire import UNKNOWN

_EXISTS = {
    "s3/bucket:Bucket": "BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded and you already own it.",
    "iam": "EntityAlreadyExists: {kind} with name {name} already exists.",
    "dynamodb/table:Table": "ResourceInUseException: Table already exists: {name}",
    "cloudwatch/logGroup:LogGroup": "ResourceAlreadyExistsException: The specified log group already exists",
    "eks/cluster:Cluster": "ResourceInUseException: Cluster already exists with name: {name}",
    "eks": "ResourceInUseException: {kind} already exists: {name}",
    "lambda/function:Function": "ResourceConflictException: Function already exist: {name}",
    "lambda/permission:Permission": "ResourceConflictException: The statement id ({name}) provided already exists.",
    "sqs/queue:Queue": "QueueAlreadyExists: A queue already exists with the same name and a different value for attribute(s)",
    "ecr/repository:Repository": "RepositoryAlreadyExistsException: The repository with name '{name}' already exists in the registry",
    "kms/alias:Alias": "AlreadyExistsException: An alias with the name {name} already exists",
    "secretsmanager/secret:Secret": "ResourceExistsException: The operation failed because the secret {name} already exists.",
    "secretsmanager/window": "InvalidRequestException: You can't create this secret because a secret with this name is already scheduled for deletion.",
    "rds/cluster:Cluster": "DBClusterAlreadyExistsFault: DB Cluster already exists",
    "rds/subnetGroup:SubnetGroup": "DBSubnetGroupAlreadyExists: The DB subnet group '{name}' already exists.",
    "rds": "DBInstanceAlreadyExists: DB instance already exists",
    "rds/snapshot": "DBClusterSnapshotAlreadyExistsFault: Cannot create the snapshot because one with the identifier {name} already exists.",
    "ec2/securityGroup:SecurityGroup": "InvalidGroup.Duplicate: The security group '{name}' already exists for VPC",
    "ec2/launchTemplate:LaunchTemplate": "InvalidLaunchTemplateName.AlreadyExistsException: Launch template name already in use.",
    "ec2/route:Route": "RouteAlreadyExists: The route identified by {name} already exists.",
    "ec2/routeTableAssociation:RouteTableAssociation": "Resource.AlreadyAssociated: the specified association for route table conflicts with an existing association",
    "ec2/subnet:Subnet": "InvalidSubnet.Conflict: The CIDR '{name}' conflicts with another subnet",
    "lb": "DuplicateLoadBalancerName: A load balancer with the same name '{name}' exists, but with different settings",
    "sfn/stateMachine:StateMachine": "StateMachineAlreadyExists: State Machine Already Exists: {name}",
    "sagemaker": "ValidationException: Cannot create already existing {kind} {name}",
    "ssm/parameter:Parameter": "ParameterAlreadyExists: The parameter already exists. To overwrite this value, set the overwrite option",
    "budgets/budget:Budget": "DuplicateRecordException: Error creating budget: {name} - the budget already exists.",
    "glue": "AlreadyExistsException: {kind} already exists.",
    "athena/workgroup:Workgroup": "InvalidRequestException: WorkGroup is already created",
    "elasticache": "ReplicationGroupAlreadyExistsFault: {name} already exists",
}  # fmt: skip
"""By type, else by service."""

_PLACED = {
    "aws:lb/loadBalancer:LoadBalancer": "balancer:{name}",
    "aws:alb/loadBalancer:LoadBalancer": "balancer:{name}",
    "aws:lb/targetGroup:TargetGroup": "{type}:{name}",
    "aws:ec2/launchTemplate:LaunchTemplate": "{type}:{name}",
    "aws:ec2/securityGroup:SecurityGroup": "{type}:{vpcId}:{name}",
    "aws:ec2/route:Route": "{type}:{routeTableId}:{destinationCidrBlock}{destinationIpv6CidrBlock}{destinationPrefixListId}",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "{type}:{subnetId}{gatewayId}",
    "aws:ec2/subnet:Subnet": "{type}:{vpcId}:{cidrBlock}",
    "aws:secretsmanager/secret:Secret": "{type}:{name}",
    "aws:rds/instance:Instance": "database:{identifier}",
    "aws:rds/clusterInstance:ClusterInstance": "database:{identifier}",
    "aws:lambda/permission:Permission": "{type}:{function}:{statementId}",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": "{type}:{clusterName}:{namespace}:{serviceAccount}",
    "aws:lb/listener:Listener": "{type}:{loadBalancerArn}:{port}",
}  # fmt: skip
"""Names of things whose id is another one: within account and region. Where the id is the name, the id
collides on its own."""
_WORLDWIDE = {"aws:s3/bucket:Bucket": "bucket:{bucket}"}


def claims_of(token: str, values: dict[str, Any], account: str, region: str) -> list[str]:
    """What a new thing must be the only one to have."""
    filled = _Blank(values, type=token)
    found = []
    if form := _WORLDWIDE.get(token):
        found.append(form.format_map(filled))
    if form := _PLACED.get(token):
        found.append(f"{account}:{region}:{form.format_map(filled)}")
    if token == "aws:dynamodb/table:Table":
        regions = [region, *(item.get("regionName") for item in values.get("replicas") or ())]
        found += [f"{account}:{place}:table:{values.get('name')}" for place in regions]
    if token == "aws:eks/cluster:Cluster":
        found.append(f"cluster-endpoint:{values.get('endpoint')}")
    return found


class _Blank(dict[str, Any]):
    def __init__(self, values: dict[str, Any], **more: Any) -> None:
        super().__init__({**values, **more})

    def __missing__(self, key: str) -> str:
        return ""


def already(token: str, values: dict[str, Any], window: bool = False) -> str:
    """What the service says where the name is taken; `window`: by something scheduled for deletion."""
    short = token.removeprefix("aws:")
    service, kind = short.partition("/")[0], short.rpartition(":")[2]
    form = _EXISTS.get(f"{service}/window", "") if window else ""
    form = (
        form
        or _EXISTS.get(short)
        or _EXISTS.get(service)
        or "ResourceAlreadyExistsException: {name} already exists"
    )
    names = (values.get(key) for key in ("name", "bucket", "identifier", "clusterIdentifier", "statementId",
             "destinationCidrBlock", "cidrBlock", "key"))  # fmt: skip
    name = next((str(item) for item in names if item and item != UNKNOWN), values.get("id", ""))
    return form.format(kind=kind, name=name)
