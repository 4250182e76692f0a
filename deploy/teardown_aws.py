"""What AWS says about a region before a teardown. Reads only; needs boto3 (the extra `aws`) and credentials.

What could not be looked up is returned beside what was found, never left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from deploy.process import ENGINES
from deploy.teardown_questions import Questions
from deploy.teardown_stores import STORES, Asked, Contents, Store

__all__ = ["Endpoint", "Facts", "Instance", "Interface", "Unseen", "look", "made_again"]

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


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A VPC endpoint that is not on its way out."""

    service: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Facts:
    """What was found in one region."""

    region: str
    filled: list[tuple[str, Asked, Contents]] = field(default_factory=list)
    """What is not empty, by kind of `deploy.teardown_stores.STORES`."""
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
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    """By id."""


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


_Answer = TypeVar("_Answer")
Step = tuple[str, str, Callable[[], None]]


def _answered(region: str, account: str, steps: Callable[[Any], Iterator[Step]]) -> list[Unseen]:
    """Take every step; returns those that could not be taken, and those left when somebody asked to stop."""
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

    def barred() -> str:
        """Why nothing can be looked up, "" where it can."""
        try:
            found = client("sts").get_caller_identity()["Account"]
        except (BotoCoreError, ClientError) as error:
            return _why(error)
        return "" if found == account else f"the credentials are those of account {found}, not {account}"

    why = "" if ENGINES.asked else barred()
    unseen = []
    for what, how, step in steps(client):
        why = "interrupted" if ENGINES.asked else why
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


@dataclass(frozen=True, slots=True)
class _Switch:
    """How deletion protection of one kind of thing is looked up: `switch` of what `ask` answers."""

    service: str
    how: str
    ask: Callable[[Any, str], Mapping[str, Any]]
    switch: str
    gone: str


_SWITCHES = {
    "table": _Switch(
        "dynamodb",
        "dynamodb describe-table AT --table-name NAME --query Table.DeletionProtectionEnabled",
        lambda client, name: client.describe_table(TableName=name)["Table"],
        "DeletionProtectionEnabled",
        "ResourceNotFoundException",
    ),
    "database cluster": _Switch(
        "rds",
        "rds describe-db-clusters AT --db-cluster-identifier NAME --query 'DBClusters[].DeletionProtection'",
        lambda client, name: client.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0],
        "DeletionProtection",
        "DBClusterNotFoundFault",
    ),
    "cluster": _Switch(
        "eks",
        "eks describe-cluster AT --name NAME --query cluster.deletionProtection",
        lambda client, name: client.describe_cluster(name=name)["cluster"],
        "deletionProtection",
        "ResourceNotFoundException",
    ),
}
"""By kind of `deploy.teardown_questions.SWITCHED`."""


def _steps(facts: Facts, asked: Questions, client: Any) -> Iterator[Step]:
    """What to look up: what it is called, the command that shows it by hand, and the function that does."""
    at = f"--region {facts.region}"
    for store in STORES:
        if those := asked.stores.get(store.kind):
            what = f"what is in {store.kind} {', '.join(one.name for one in those)}"
            how = f"aws {store.how}".replace("AT", at, 1)
            yield what, how, partial(_look_into, facts, store, those, client)
    for kind, switch in _SWITCHES.items():
        if names := asked.switched.get(kind):
            how = f"aws {switch.how}".replace("AT", at, 1)
            what = f"deletion protection of {kind} {', '.join(names)}"
            yield what, how, partial(_look_at, facts, kind, switch, names, client)
    if asked.clusters:
        called = ", ".join(asked.clusters)
        how = f"aws resourcegroupstaggingapi get-resources {at} --tag-filters Key={BALANCER_TAG}"
        what = f"load balancers that controllers made in {called}"
        yield what, how, lambda: _balancers(facts, asked, client("resourcegroupstaggingapi"))
        how = f"aws ec2 describe-volumes {at} --filters Name=tag-key,Values=kubernetes.io/cluster/NAME"
        yield f"volumes of {called}", how, lambda: _volumes(facts, asked, client("ec2"))
    if asked.vpcs:
        where = f"--filters Name=vpc-id,Values={','.join(asked.vpcs)}"
        how = f"aws ec2 describe-network-interfaces {at} {where}"
        what = f"interfaces, instances, endpoints and security groups in {', '.join(asked.vpcs)}"
        yield what, how, lambda: _networks(facts, asked, client("ec2"))


def _look_into(facts: Facts, store: Store, those: Sequence[Asked], client: Any) -> None:
    """Note those of a kind that are not empty."""
    service = client(store.service)
    for one in those:
        found = _unless_gone(partial(store.look, service, one), store.gone)
        if found is not None and found.inside:
            facts.filled.append((store.kind, one, found))


def _look_at(facts: Facts, kind: str, switch: _Switch, names: Sequence[str], client: Any) -> None:
    """Note those of a kind that have deletion protection."""
    service = client(switch.service)
    for name in names:
        found = _unless_gone(partial(switch.ask, service, name), switch.gone)
        if found is not None and found.get(switch.switch):
            facts.held.append(f"{kind} {name}")


def _unless_gone(ask: Callable[[], _Answer], gone: str) -> _Answer | None:
    """What `ask` answers; None where the error `gone` says that there is no such thing any more."""
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as error:
        if gone and error.response["Error"].get("Code") == gone:
            return None
        raise


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
                facts.endpoints[row["VpcEndpointId"]] = Endpoint(row.get("ServiceName", ""), _tags(row))


def _tags(row: Mapping[str, Any], key: str = "Tags") -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in row.get(key) or ()}
