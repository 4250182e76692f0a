"""What AWS says about a region before a teardown. Reads only; needs boto3 (the extra `aws`) and credentials.

What could not be looked up is returned beside what was found, never left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.teardown_state import Questions

__all__ = ["Facts", "Instance", "Interface", "Unseen", "look", "made_again"]

BALANCER_TAG = "elbv2.k8s.aws/cluster"
ENDED = ("shutting-down", "terminated")


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something that could not be looked up: what, in which region, why not, and a command that shows it."""

    what: str
    region: str
    why: str
    how: str


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface in a VPC; `instance` is what it is attached to, or ""."""

    id: str
    description: str
    status: str
    instance: str = ""
    requester: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Instance:
    """An EC2 instance that is not on its way out."""

    id: str
    tags: Mapping[str, str]


@dataclass
class Facts:
    """What was found in one region."""

    region: str
    filled_buckets: list[str] = field(default_factory=list)
    locked_buckets: list[str] = field(default_factory=list)
    """With an object lock, and not empty."""
    filled_repositories: list[str] = field(default_factory=list)
    used_workgroups: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    """What has deletion protection: `table users`."""
    balancers: dict[str, str] = field(default_factory=dict)
    """Load balancers and target groups that a controller made: cluster by ARN."""
    groups: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Security groups of the VPCs but the default ones: tags, and `GroupName`, by id."""
    interfaces: list[Interface] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    volumes: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Volumes that carry a cluster's tag and are attached to nothing or to a pod: tags by id."""
    endpoints: dict[str, str] = field(default_factory=dict)
    """VPC endpoints: service by id."""


def look(region: str, asked: Questions, account: str) -> tuple[Facts, list[Unseen]]:
    """Everything that `asked` wants to know of `region`, and what could not be seen."""
    facts = Facts(region)
    return facts, _answered(region, account, lambda client: _steps(facts, asked, client))


def made_again(region: str, names: Sequence[str], account: str) -> tuple[list[str], list[Unseen]]:
    """Which of the log groups `names`, deleted just now, are there all the same.

    What a service delivers late makes a group again, without encryption and kept for ever.
    """
    found: list[str] = []

    def ask(logs: Any) -> None:
        for name in names:
            groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
            found.extend(name for group in groups if group["logGroupName"] == name)

    def steps(client: Any) -> Iterator[Step]:
        how = f"aws logs describe-log-groups --region {region} --log-group-name-prefix NAME"
        yield f"whether log groups came back: {', '.join(names)}", how, lambda: ask(client("logs"))

    return found, _answered(region, account, steps) if names else []


Step = tuple[str, str, Callable[[], None]]


def _answered(region: str, account: str, steps: Callable[[Any], Iterator[Step]]) -> list[Unseen]:
    """Take every step; returns those that could not be taken."""
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        why = "boto3 is not installed: pip install 'tradewind[aws]'"
        return [Unseen(what, region, why, how) for what, how, _ in steps(None)]
    config = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})
    session = boto3.Session(region_name=region)

    def client(service: str) -> Any:
        return session.client(service, config=config)

    try:
        found = client("sts").get_caller_identity()["Account"]
        why = "" if found == account else f"the credentials are those of account {found}, not {account}"
    except (BotoCoreError, ClientError) as error:
        why = _why(error)
    unseen = []
    for what, how, step in steps(client):
        if why:
            unseen.append(Unseen(what, region, why, how))
            continue
        try:
            step()
        except (BotoCoreError, ClientError) as error:
            unseen.append(Unseen(what, region, _why(error), how))
    return unseen


def _why(error: Exception) -> str:
    """The reason without the request that failed, whose parameters are nobody's business."""
    response = getattr(error, "response", None)
    if response is None:
        return str(error).split("\n")[0]
    return f"{response['Error'].get('Code', '')} on {getattr(error, 'operation_name', 'a request')}"


def _steps(facts: Facts, asked: Questions, client: Any) -> Iterator[Step]:
    """What to look up: what it is called, the command that shows it by hand, and the function that does."""
    at = f"--region {facts.region}"
    if asked.buckets or asked.locked_buckets:
        names = ", ".join([*asked.buckets, *asked.locked_buckets])
        how = f"aws s3api list-object-versions {at} --max-items 1 --bucket NAME"
        yield f"whether buckets are empty: {names}", how, lambda: _buckets(facts, asked, client("s3"))
    if asked.repositories:
        how = f"aws ecr list-images {at} --max-items 1 --repository-name NAME"
        what = f"whether registries are empty: {', '.join(asked.repositories)}"
        yield what, how, lambda: _repositories(facts, asked, client("ecr"))
    if asked.workgroups:
        how = f"aws athena list-query-executions {at} --max-items 1 --work-group NAME"
        what = f"whether workgroups have a history: {', '.join(asked.workgroups)}"
        yield what, how, lambda: _workgroups(facts, asked, client("athena"))
    if asked.tables:
        how = f"aws dynamodb describe-table {at} --table-name NAME --query Table.DeletionProtectionEnabled"
        what = f"deletion protection of tables: {', '.join(asked.tables)}"
        yield what, how, lambda: _tables(facts, asked, client("dynamodb"))
    if asked.database_clusters:
        how = f"aws rds describe-db-clusters {at} --query 'DBClusters[].[DBClusterIdentifier,DeletionProtection]'"
        what = f"deletion protection of databases: {', '.join(asked.database_clusters)}"
        yield what, how, lambda: _databases(facts, asked, client("rds"))
    if asked.clusters:
        names = ", ".join(asked.clusters)
        how = f"aws eks describe-cluster {at} --name NAME --query cluster.deletionProtection"
        yield f"deletion protection of {names}", how, lambda: _clusters(facts, asked, client("eks"))
        how = f"aws resourcegroupstaggingapi get-resources {at} --tag-filters Key={BALANCER_TAG}"
        what = f"load balancers that controllers made in {names}"
        yield what, how, lambda: _balancers(facts, asked, client("resourcegroupstaggingapi"))
        how = f"aws ec2 describe-volumes {at} --filters Name=tag-key,Values=kubernetes.io/cluster/NAME"
        yield f"volumes of {names}", how, lambda: _volumes(facts, asked, client("ec2"))
    if asked.vpcs:
        where = f"--filters Name=vpc-id,Values={','.join(asked.vpcs)}"
        how = f"aws ec2 describe-network-interfaces {at} {where}"
        what = f"interfaces, instances, endpoints and security groups in {', '.join(asked.vpcs)}"
        yield what, how, lambda: _networks(facts, asked, client("ec2"))


def _those(names: Sequence[str], ask: Callable[[str], Any], *gone: type[Exception]) -> Iterator[str]:
    """The `names` to which `ask` says yes; `gone` is raised for what is not there any more."""
    for name in names:
        try:
            if ask(name):
                yield name
        except gone:
            continue


def _buckets(facts: Facts, asked: Questions, s3: Any) -> None:
    def is_filled(name: str) -> bool:
        page = s3.list_object_versions(Bucket=name, MaxKeys=1)
        return bool(page.get("Versions") or page.get("DeleteMarkers"))

    facts.filled_buckets += _those(asked.buckets, is_filled, s3.exceptions.NoSuchBucket)
    facts.locked_buckets += _those(asked.locked_buckets, is_filled, s3.exceptions.NoSuchBucket)


def _repositories(facts: Facts, asked: Questions, ecr: Any) -> None:
    def has_images(name: str) -> Any:
        return ecr.list_images(repositoryName=name, maxResults=1)["imageIds"]

    gone = ecr.exceptions.RepositoryNotFoundException
    facts.filled_repositories += _those(asked.repositories, has_images, gone)


def _workgroups(facts: Facts, asked: Questions, athena: Any) -> None:
    def has_history(name: str) -> Any:
        return athena.list_query_executions(WorkGroup=name, MaxResults=1)["QueryExecutionIds"]

    facts.used_workgroups += _those(asked.workgroups, has_history)


def _tables(facts: Facts, asked: Questions, dynamodb: Any) -> None:
    def is_held(name: str) -> Any:
        return dynamodb.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled")

    gone = dynamodb.exceptions.ResourceNotFoundException
    facts.held += (f"table {name}" for name in _those(asked.tables, is_held, gone))


def _databases(facts: Facts, asked: Questions, rds: Any) -> None:
    for page in rds.get_paginator("describe_db_clusters").paginate():
        for one in page["DBClusters"]:
            if one["DBClusterIdentifier"] in asked.database_clusters and one.get("DeletionProtection"):
                facts.held.append(f"database cluster {one['DBClusterIdentifier']}")


def _clusters(facts: Facts, asked: Questions, eks: Any) -> None:
    def is_held(name: str) -> Any:
        return eks.describe_cluster(name=name)["cluster"].get("deletionProtection")

    gone = eks.exceptions.ResourceNotFoundException
    facts.held += (f"cluster {name}" for name in _those(asked.clusters, is_held, gone))


def _balancers(facts: Facts, asked: Questions, tagging: Any) -> None:
    pages = tagging.get_paginator("get_resources").paginate(
        TagFilters=[{"Key": BALANCER_TAG, "Values": asked.clusters}]
    )
    for page in pages:
        for row in page["ResourceTagMappingList"]:
            if ":elasticloadbalancing:" in row["ResourceARN"]:
                facts.balancers[row["ResourceARN"]] = _tags(row)[BALANCER_TAG]


def _volumes(facts: Facts, asked: Questions, ec2: Any) -> None:
    keys = [f"kubernetes.io/cluster/{name}" for name in asked.clusters]
    pages = ec2.get_paginator("describe_volumes").paginate(Filters=[{"Name": "tag-key", "Values": keys}])
    for page in pages:
        for row in page["Volumes"]:
            # A node's own volumes go with the instance.
            with_instance = any(one.get("DeleteOnTermination") for one in row.get("Attachments", ()))
            if not with_instance:
                facts.volumes[row["VolumeId"]] = _tags(row)


def _networks(facts: Facts, asked: Questions, ec2: Any) -> None:
    here = [{"Name": "vpc-id", "Values": asked.vpcs}]
    for page in ec2.get_paginator("describe_network_interfaces").paginate(Filters=here):
        for row in page["NetworkInterfaces"]:
            facts.interfaces.append(
                Interface(
                    row["NetworkInterfaceId"],
                    row.get("Description", ""),
                    row.get("Status", ""),
                    (row.get("Attachment") or {}).get("InstanceId") or "",
                    row.get("RequesterId") or "",
                    _tags(row, "TagSet"),
                )
            )
    for page in ec2.get_paginator("describe_instances").paginate(Filters=here):
        for row in (one for reservation in page["Reservations"] for one in reservation["Instances"]):
            if row["State"]["Name"] not in ENDED:
                facts.instances.append(Instance(row["InstanceId"], _tags(row)))
    for page in ec2.get_paginator("describe_security_groups").paginate(Filters=here):
        for row in page["SecurityGroups"]:
            if row["GroupName"] != "default":
                facts.groups[row["GroupId"]] = {**_tags(row), "GroupName": row["GroupName"]}
    for page in ec2.get_paginator("describe_vpc_endpoints").paginate(Filters=here):
        for row in page["VpcEndpoints"]:
            if row.get("State", "").lower() not in ("deleting", "deleted"):
                facts.endpoints[row["VpcEndpointId"]] = row.get("ServiceName", "")


def _tags(row: Mapping[str, Any], key: str = "Tags") -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in row.get(key) or ()}
