"""Object storage: who can read it, whether it is versioned, whether it is spoken to over TLS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.documents import Statement, statements
from policies.rule import Breach, rule
from policies.rules.iam import anybody
from policies.view import View

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
POLICIES = ("aws:s3/bucketPolicy:BucketPolicy",)
PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ACCOUNT_BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
VERSIONING = ("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketVersioningV2:BucketVersioningV2")
LIFECYCLE = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)
SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
PUBLIC_GROUPS = ("/AllUsers", "/AuthenticatedUsers")


@rule(
    id="s3-public-access-block",
    types=BUCKETS,
    scope="stack",
    severity="critical",
    level="mandatory",
    rationale="Without a public access block one policy or access list, written later by anybody, publishes the data.",
    fix="add a BucketPublicAccessBlock for this bucket with its four switches set to true",
    frameworks=("CIS AWS 3.0 2.1.4", "AWS FSBP S3.8"),
)
def public_access_block(bucket: View) -> Iterator[str | Breach]:
    """The bucket's own block, or one of the account in the same plan, has all four switches on."""
    blocks = bucket.related(PUBLIC_ACCESS_BLOCK, through="bucket")
    if not blocks:
        if not any(not _off(account) for account in bucket.all_of(ACCOUNT_BLOCK)):
            yield "has no public access block"
        return
    for block in blocks:
        if off := _off(block):
            switches = ", ".join(off)
            yield Breach(
                f"has a public access block with {switches} off", f"set {switches} of {block.name} to true"
            )


def _off(block: View) -> list[str]:
    return [switch for switch in SWITCHES if not block.flag(switch)]


@rule(
    id="s3-public-acl",
    types=(*BUCKETS, "aws:s3/bucketAcl:BucketAcl", "aws:s3/bucketAclV2:BucketAclV2"),
    severity="critical",
    level="mandatory",
    rationale="A public access list gives the bucket's content to the internet.",
    fix="set acl to private, or leave it out and give access by a bucket policy",
    frameworks=("AWS FSBP S3.2", "AWS FSBP S3.3"),
)
def public_acl(bucket: View) -> Iterator[str]:
    acl = bucket.get("acl")
    if isinstance(acl, str) and (acl.startswith("public-") or acl == "authenticated-read"):
        yield f"has the access list {acl}"
    for grant in bucket.each("accessControlPolicy", "grants"):
        group = grant.get("grantee", "uri")
        if isinstance(group, str) and group.endswith(PUBLIC_GROUPS):
            yield f"grants {grant.get('permission')} to {group.rpartition('/')[2]}"
    for grant in bucket.each("grants"):
        group = grant.get("uri")
        if isinstance(group, str) and group.endswith(PUBLIC_GROUPS):
            yield f"grants {', '.join(grant.texts('permissions'))} to {group.rpartition('/')[2]}"


@rule(
    id="s3-public-policy",
    types=(*BUCKETS, *POLICIES),
    severity="critical",
    level="mandatory",
    rationale="A bucket policy for everybody gives the bucket's content to the internet.",
    fix="set Principal in policy to the accounts or roles meant, or add a Condition",
    frameworks=("AWS FSBP S3.2", "AWS FSBP S3.3"),
)
def public_policy(bucket: View) -> Iterator[str]:
    for statement in statements(bucket, "policy"):
        if anybody(statement):
            yield f"allows anybody to {', '.join(statement.actions[:3])} in {statement.title}"


@rule(
    id="s3-insecure-transport",
    types=BUCKETS,
    scope="stack",
    severity="medium",
    level="mandatory",
    rationale="S3 answers over plain HTTP unless the bucket's policy refuses it.",
    fix="add a BucketPolicy that denies s3:* to Principal * where aws:SecureTransport is false",
    frameworks=("CIS AWS 3.0 2.1.1", "AWS FSBP S3.5"),
)
def insecure_transport(bucket: View) -> Iterator[str]:
    policies = bucket.related(*POLICIES, through="bucket")
    written = [
        *statements(bucket, "policy"),
        *(one for policy in policies for one in statements(policy, "policy")),
    ]
    if not any(_refuses_http(statement) for statement in written):
        yield "can be read and written over plain HTTP"


def _refuses_http(statement: Statement) -> bool:
    wanted = statement.condition.get("Bool") or statement.condition.get("BoolIfExists") or {}
    if statement.allows or not isinstance(wanted, Mapping):
        return False
    lowered: dict[str, Any] = {key.lower(): value for key, value in wanted.items()}
    value = lowered.get("aws:securetransport")
    first = value[0] if isinstance(value, list) and value else value
    return str(first).lower() == "false" and any(action in ("*", "s3:*") for action in statement.actions)


@rule(
    id="s3-versioning",
    types=BUCKETS,
    scope="stack",
    reads=("environment_class",),
    severity="high",
    level="mandatory",
    rationale="In a store without versions an overwritten or deleted object is gone, and it cannot be replicated.",
    fix="add a BucketVersioning for this bucket with versioningConfiguration.status Enabled",
    frameworks=("AWS FSBP S3.14",),
)
def versioning(bucket: View) -> Iterator[str]:
    """Not asked of development, and of buckets that expire everything or take access logs."""
    if bucket.is_development or bucket.flag("versioning", "enabled"):
        return
    states = [
        view.get("versioningConfiguration", "status")
        for view in bucket.related(*VERSIONING, through="bucket")
    ]
    if "Enabled" in states or is_temporary(bucket) or _takes_logs(bucket):
        return
    yield f"has versioning {states[0]}" if states else "has no versioning"


def is_temporary(bucket: View) -> bool:
    """Whether a lifecycle rule expires every object: what is there is meant to go."""
    rules = [*bucket.each("lifecycleRules")]
    for lifecycle in bucket.related(*LIFECYCLE, through="bucket"):
        rules.extend(lifecycle.each("rules"))
    return any(_expires_all(one) for one in rules)


def _expires_all(one: View) -> bool:
    prefix = one.get("prefix") or one.get("filter", "prefix") or one.get("filter", "and")
    tags = one.get("filter", "tag") or one.get("tags")
    on = one.get("status") == "Enabled" or one.flag("enabled")
    return bool(on and one.get("expiration", "days") and not prefix and not tags)


def _takes_logs(bucket: View) -> bool:
    loggers = bucket.related(
        "aws:s3/bucketLogging:BucketLogging", "aws:s3/bucketLoggingV2:BucketLoggingV2", through="targetBucket"
    )
    return bool(
        loggers
        or bucket.related(
            "aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer", through="accessLogs"
        )
    )
