"""Other services: what is tagged, what is in buckets and registries, what is protected, who asks."""

from __future__ import annotations

from .questions import Answer, Question, ServiceError, answers, tag_list
from .ties import contents


@answers("sts", "GetCallerIdentity")
def _caller(question: Question) -> Answer:
    arn = f"arn:aws:iam::{question.account}:user/stand-in"
    return {"Account": question.account, "Arn": arn, "UserId": "AIDASTANDIN"}


@answers("resourcegroupstaggingapi", "GetResources")
def _tagged(question: Question) -> Answer:
    """Live things of the region with an ARN and tags. The true index may be a minute behind; this is not."""
    filters = {item["Key"]: item.get("Values") or [] for item in question.given.get("TagFilters") or ()}
    kinds = question.given.get("ResourceTypeFilters") or []
    wanted = question.given.get("ResourceARNList") or []
    places = [question.region] + ["global"] * (question.region == "us-east-1")
    found = [
        thing
        for place in places
        for thing in question.world.things(region=place)
        if thing.account in ("", question.account)
        and thing.arn
        and thing.tags
        and all(
            key in thing.tags and (not values or thing.tags[key] in values) for key, values in filters.items()
        )
        and (not kinds or any(_of_kind(thing.arn, kind) for kind in kinds))
        and (not wanted or thing.arn in wanted)
    ]
    start, size = (
        int(question.given.get("PaginationToken") or 0),
        int(question.given.get("ResourcesPerPage") or 100),
    )
    page = found[start : start + size]
    return {
        "PaginationToken": str(start + size) if start + size < len(found) else "",
        "ResourceTagMappingList": [{"ResourceARN": thing.arn, "Tags": tag_list(thing)} for thing in page],
    }


def _of_kind(arn: str, kind: str) -> bool:
    """Whether an ARN is of `service` or `service:type`."""
    _, _, service, _, _, rest = arn.split(":", 5)
    wanted, _, type = kind.partition(":")
    return service == wanted and (not type or rest.startswith((f"{type}/", f"{type}:")) or type == rest)


@answers("s3", "ListObjectVersions")
def _versions(question: Question) -> Answer:
    bucket = question.named("aws:s3/bucket:Bucket", question.given["Bucket"], "NoSuchBucket", everywhere=True)
    limit = int(question.given.get("MaxKeys") or 1000)
    found = contents(question.world, bucket)
    versions = [
        {"Key": str(item.properties.get("key", item.id)), "VersionId": str(item.properties.get("versionId", "null")), "IsLatest": True}
        for item in found[:limit]
    ]  # fmt: skip
    return {"Name": bucket.id, "Versions": versions, "IsTruncated": len(found) > limit, "MaxKeys": limit}


@answers("s3", "ListObjectsV2")
def _objects(question: Question) -> Answer:
    answer = _versions(question)
    rows = [{"Key": item["Key"]} for item in answer["Versions"]]
    return {
        "Name": answer["Name"],
        "Contents": rows,
        "KeyCount": len(rows),
        "IsTruncated": answer["IsTruncated"],
    }


@answers("s3", "HeadBucket")
def _bucket(question: Question) -> Answer:
    question.named("aws:s3/bucket:Bucket", question.given["Bucket"], "404", everywhere=True)
    return {}


@answers("ecr", "ListImages")
def _images(question: Question) -> Answer:
    registry = question.named(
        "aws:ecr/repository:Repository", question.given["repositoryName"], "RepositoryNotFoundException"
    )
    found = contents(question.world, registry)
    return {
        "imageIds": [
            {"imageDigest": item.id, "imageTag": str(item.properties.get("tag", "latest"))} for item in found
        ]
    }


@answers("athena", "ListQueryExecutions")
def _queries(question: Question) -> Answer:
    """Queries are planted as `aws:athena/queryExecution:QueryExecution` with `workgroup`."""
    name = question.given.get("WorkGroup", "primary")
    question.named("aws:athena/workgroup:Workgroup", name, "InvalidRequestException")
    found = question.things("aws:athena/queryExecution:QueryExecution")
    return {"QueryExecutionIds": [item.id for item in found if item.properties.get("workgroup") == name]}


@answers("dynamodb", "DescribeTable")
def _table(question: Question) -> Answer:
    """Also a replica: it is the table of its region."""
    name = question.given["TableName"]
    for thing in question.things("aws:dynamodb/table:Table", everywhere=True):
        places = [thing.region, *(item.get("regionName") for item in thing.properties.get("replicas") or ())]
        if thing.name == name and question.region in places:
            protected = bool(thing.properties.get("deletionProtectionEnabled"))
            return {
                "Table": {"TableName": name, "TableStatus": "ACTIVE", "DeletionProtectionEnabled": protected,
                          "TableArn": thing.arn.replace(f":{thing.region}:", f":{question.region}:")}
            }  # fmt: skip
    raise ServiceError("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")


@answers("rds", "DescribeDBClusters")
def _databases(question: Question) -> Answer:
    wanted = question.given.get("DBClusterIdentifier")
    found = [t for t in question.things("aws:rds/cluster:Cluster") if wanted in (None, t.id, t.arn)]
    if wanted and not found:
        raise ServiceError("DBClusterNotFoundFault", f"DBCluster {wanted} not found.", 404)
    return {
        "DBClusters": [
            {"DBClusterIdentifier": t.id, "DBClusterArn": t.arn, "Status": "available", "Endpoint": t.properties.get("endpoint", ""),
             "DeletionProtection": bool(t.properties.get("deletionProtection"))} for t in found
        ]
    }  # fmt: skip


@answers("eks", "DescribeCluster")
def _cluster(question: Question) -> Answer:
    thing = question.named("aws:eks/cluster:Cluster", question.given["name"], "ResourceNotFoundException")
    values = thing.properties
    return {
        "cluster": {
            "name": thing.name, "arn": thing.arn, "status": "ACTIVE", "endpoint": values.get("endpoint"),
            "version": values.get("version"), "deletionProtection": bool(values.get("deletionProtection")),
            "certificateAuthority": values.get("certificateAuthority"), "tags": thing.tags,
        }
    }  # fmt: skip


@answers("kms", "DescribeKey")
def _key(question: Question) -> Answer:
    wanted = question.given["KeyId"]
    if wanted.startswith("alias/"):
        alias = question.named("aws:kms/alias:Alias", wanted, "NotFoundException")
        wanted = str(alias.properties.get("targetKeyId", "")).rpartition("/")[2]
    for type in ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey"):
        for thing in question.things(type, pending=True):
            if wanted in (thing.id, thing.arn):
                state = "Enabled" if thing.status == "live" else "PendingDeletion"
                return {
                    "KeyMetadata": {
                        "KeyId": thing.id,
                        "Arn": thing.arn,
                        "KeyState": state,
                        "Enabled": state == "Enabled",
                    }
                }
    raise ServiceError("NotFoundException", f"Key {wanted} does not exist")


@answers("secretsmanager", "ListSecretVersionIds")
def _secret_versions(question: Question) -> Answer:
    secret = question.named(
        "aws:secretsmanager/secret:Secret", question.given["SecretId"], "ResourceNotFoundException"
    )
    found = question.things("aws:secretsmanager/secretVersion:SecretVersion")
    rows = [
        {
            "VersionId": t.properties.get("versionId"),
            "VersionStages": t.properties.get("versionStages") or ["AWSCURRENT"],
        }
        for t in found
        if t.properties.get("secretId") in (secret.id, secret.name)
    ]
    return {"ARN": secret.arn, "Name": secret.name, "Versions": rows}


@answers("logs", "DescribeLogGroups")
def _log_groups(question: Question) -> Answer:
    prefix = str(question.given.get("logGroupNamePrefix") or "")
    found = [t for t in question.things("aws:cloudwatch/logGroup:LogGroup") if t.name.startswith(prefix)]
    return {"logGroups": [{"logGroupName": t.name, "arn": f"{t.arn}:*"} for t in found]}
