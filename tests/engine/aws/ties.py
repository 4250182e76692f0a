"""What AWS will not delete: protected, not empty, or still used by something else."""

from __future__ import annotations

from .world import Thing, World

_VPC, _SUBNET, _GROUP = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/securityGroup:SecurityGroup"
NETWORK_INTERFACE = "aws:ec2/networkInterface:NetworkInterface"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
"""An object in a bucket, also one that no program made (properties: `bucket`, `key`)."""
IMAGE = "aws:ecr/image:Image"
"""An image in a registry (properties: `repository`)."""
MODEL_PACKAGE = "aws:sagemaker/modelPackage:ModelPackage"
"""A model that was registered (properties: `modelPackageGroupName`)."""

_HOLDS_ADDRESS = frozenset(
    {
        NETWORK_INTERFACE, "aws:ec2/instance:Instance", "aws:ec2/natGateway:NatGateway", "aws:eks/cluster:Cluster",
        "aws:eks/nodeGroup:NodeGroup", "aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer",
        "aws:ec2/vpcEndpoint:VpcEndpoint", "aws:ecs/service:Service", "aws:efs/mountTarget:MountTarget",
    }
)  # fmt: skip
_IN_VPC = frozenset(
    {
        _SUBNET, _GROUP, NETWORK_INTERFACE, "aws:ec2/internetGateway:InternetGateway", "aws:ec2/routeTable:RouteTable",
        "aws:ec2/natGateway:NatGateway", "aws:ec2/vpcEndpoint:VpcEndpoint", "aws:eks/cluster:Cluster",
        "aws:lb/loadBalancer:LoadBalancer", "aws:ec2/instance:Instance",
    }
)  # fmt: skip
_USES_GROUP = _HOLDS_ADDRESS | {
    "aws:rds/cluster:Cluster", "aws:rds/instance:Instance", "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:memorydb/cluster:Cluster", "aws:lambda/function:Function", _GROUP,
}  # fmt: skip
_PROTECTED = {
    "aws:dynamodb/table:Table": ("deletionProtectionEnabled", "ValidationException: Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."),
    "aws:eks/cluster:Cluster": ("deletionProtection", "InvalidRequestException: Cluster has deletion protection enabled."),
    "aws:rds/cluster:Cluster": ("deletionProtection", "InvalidParameterCombination: Cannot delete protected Cluster, please disable deletion protection and try again."),
    "aws:rds/instance:Instance": ("deletionProtection", "InvalidParameterCombination: Cannot delete protected DB Instance, please disable deletion protection and try again."),
    "aws:rds/globalCluster:GlobalCluster": ("deletionProtection", "InvalidParameterCombination: Cannot delete protected Global Cluster."),
    "aws:lb/loadBalancer:LoadBalancer": ("enableDeletionProtection", "OperationNotPermitted: Load balancer cannot be deleted because deletion protection is enabled"),
    "aws:alb/loadBalancer:LoadBalancer": ("enableDeletionProtection", "OperationNotPermitted: Load balancer cannot be deleted because deletion protection is enabled"),
}  # fmt: skip
_BY_ID = {
    _VPC: (_IN_VPC, "DependencyViolation: The vpc '{id}' has dependencies and cannot be deleted."),
    _SUBNET: (_HOLDS_ADDRESS, "DependencyViolation: The subnet '{id}' has dependencies and cannot be deleted."),
    _GROUP: (_USES_GROUP, "DependencyViolation: resource {id} has a dependent object"),
    "aws:ec2/eip:Eip": ({"aws:ec2/natGateway:NatGateway", NETWORK_INTERFACE}, "AuthFailure: You do not have permission to access the specified resource: {id} is in use."),
    "aws:ec2/routeTable:RouteTable": ({"aws:ec2/routeTableAssociation:RouteTableAssociation"}, "DependencyViolation: The routeTable '{id}' has dependencies and cannot be deleted."),
    "aws:lb/targetGroup:TargetGroup": ({"aws:lb/listener:Listener"}, "ResourceInUse: Target group '{id}' is currently in use by a listener or a rule"),
    "aws:acm/certificate:Certificate": ({"aws:lb/listener:Listener"}, "ResourceInUseException: Certificate {id} in use."),
    "aws:iam/policy:Policy": ({"aws:iam/rolePolicyAttachment:RolePolicyAttachment"}, "DeleteConflict: Cannot delete a policy attached to entities."),
    "aws:ecs/cluster:Cluster": ({"aws:ecs/service:Service"}, "ClusterContainsServicesException: The Cluster cannot be deleted while Services are active."),
}  # fmt: skip
_BY_NAME = {
    "aws:iam/role:Role": (
        "role", {"aws:iam/rolePolicy:RolePolicy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"},
        "DeleteConflict: Cannot delete entity, must delete policies first.",
    ),
    "aws:eks/cluster:Cluster": (
        "clusterName", {"aws:eks/nodeGroup:NodeGroup", "aws:eks/fargateProfile:FargateProfile"},
        "ResourceInUseException: Cluster has nodegroups attached",
    ),
    "aws:rds/cluster:Cluster": (
        "clusterIdentifier", {"aws:rds/clusterInstance:ClusterInstance"},
        "InvalidDBClusterStateFault: Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
    ),
    "aws:rds/globalCluster:GlobalCluster": (
        "globalClusterIdentifier", {"aws:rds/cluster:Cluster"},
        "InvalidGlobalClusterStateFault: Global Cluster {id} is not empty",
    ),
    "aws:rds/subnetGroup:SubnetGroup": (
        "dbSubnetGroupName", {"aws:rds/cluster:Cluster", "aws:rds/instance:Instance"},
        "InvalidDBSubnetGroupStateFault: Cannot delete the subnet group '{id}' because at least one database uses it.",
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": (
        "subnetGroupName", {"aws:elasticache/replicationGroup:ReplicationGroup"},
        "CacheSubnetGroupInUse: Cache subnet group {id} is currently in use.",
    ),
    "aws:cloudwatch/eventBus:EventBus": (
        "eventBusName", {"aws:cloudwatch/eventRule:EventRule"},
        "ValidationException: Cannot delete event bus with rules.",
    ),
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": (
        "modelPackageGroupName", {MODEL_PACKAGE},
        "ValidationException: Model package group {id} cannot be deleted: it contains model packages.",
    ),
    "aws:cloudwatch/eventRule:EventRule": (
        "rule", {"aws:cloudwatch/eventTarget:EventTarget"},
        "ValidationException: Rule can't be deleted since it has targets.",
    ),
}  # fmt: skip


def refusal(world: World, thing: Thing) -> str:
    """Why the service would not delete `thing` now, "" when it would."""
    if (protection := _PROTECTED.get(thing.type)) and thing.properties.get(protection[0]) is True:
        return protection[1]
    if reason := _full(world, thing):
        return reason
    if tie := _BY_ID.get(thing.type):
        kinds, said = tie
        others = [other for key in {thing.id, thing.arn} for other, _ in world.linked(key) if key]
        if found := [other for other in others if other.type in kinds and _holds(thing, other)]:
            return f"{said.format(id=thing.id)} ({_list(found)})"
    if named := _BY_NAME.get(thing.type):
        place, kinds, said = named
        found = [
            other
            for kind in sorted(kinds)
            for other in world.things(kind)
            if other.account in ("", thing.account)
            and _names(other, place, thing)
            and (other.region == thing.region or "global" in (other.region, thing.region))
        ]
        if found:
            return f"{said.format(id=thing.id)} ({_list(found)})"
    return ""


def _names(other: Thing, place: str, thing: Thing) -> bool:
    # What holds it has its own name under the same property, where that is not simply `name`.
    own = thing.properties.get(place, thing.name)
    return str(other.properties.get(place, "")) in (thing.id, thing.arn, thing.name, own)


def _holds(thing: Thing, other: Thing) -> bool:
    """A gateway endpoint has no address; a group's own rules about itself hold it not; what is adopted with
    the VPC goes with it."""
    if other.number == thing.number:
        return False
    if other.type == "aws:ec2/vpcEndpoint:VpcEndpoint" and thing.type == _SUBNET:
        return str(other.properties.get("vpcEndpointType")) == "Interface"
    return True


_HOLDERS = {
    "aws:s3/bucket:Bucket": ("forceDestroy", "BucketNotEmpty: The bucket you tried to delete is not empty."),
    "aws:ecr/repository:Repository": (
        "forceDelete",
        "RepositoryNotEmptyException: The repository with name '{name}' cannot be deleted because it still contains images",
    ),
}


def _full(world: World, thing: Thing) -> str:
    force, said = _HOLDERS.get(thing.type, ("", ""))
    if not force or thing.properties.get(force) is True or not contents(world, thing):
        return ""
    return said.format(name=thing.name)


def contents(world: World, thing: Thing) -> list[Thing]:
    """Objects in a bucket, images in a registry: they go with it where it is deleted by force."""
    if thing.type == "aws:s3/bucket:Bucket":
        return [item for item in world.things(OBJECT) if item.properties.get("bucket") == thing.id]
    if thing.type == "aws:ecr/repository:Repository":
        return [item for item in world.things(IMAGE) if item.properties.get("repository") == thing.name]
    return []


def _list(things: list[Thing]) -> str:
    names = sorted(f"{thing.type.rpartition(':')[2]} {thing.id}" for thing in things)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
