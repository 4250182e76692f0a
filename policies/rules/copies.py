"""Copies and old versions: backups in another region, vaults nobody empties, access points, versions that end."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rule import Breach, rule
from policies.rules.buckets import BUCKETS, LIFECYCLE, SWITCHES, VERSIONING, is_temporary
from policies.view import View

PLAN = "aws:backup/plan:Plan"
VAULT = "aws:backup/vault:Vault"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
ACCESS_POINT = "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint"


@rule(
    id="backup-in-one-region",
    types=(PLAN,),
    reads=("environment_class",),
    severity="medium",
    level="advisory",
    rationale="A backup that lies beside what it backs up is lost with it.",
    fix="add a copyAction to the rule, to a vault in another region where the data may lie",
)
def one_region(plan: View) -> Iterator[str]:
    if not plan.is_production:
        return
    for one in plan.each("rules"):
        there = set()
        for action in one.each("copyActions"):
            vaults = [vault.resource.region for vault in action.targets("destinationVaultArn")]
            text = action.raw("destinationVaultArn")
            there |= set(vaults) or ({text.split(":")[3]} if isinstance(text, str) else {""})
        if not there - {plan.resource.region}:
            yield f"keeps the backups of rule {one.get('ruleName')} in {plan.resource.region} only"


@rule(
    id="vault-without-lock",
    types=(VAULT,),
    scope="stack",
    reads=("environment_class",),
    severity="medium",
    level="advisory",
    rationale="Whoever can delete the data can often delete its backups: a lock keeps them for as long as was meant.",
    fix="add a VaultLockConfiguration with minRetentionDays for this vault",
    frameworks=("AWS FSBP Backup.1",),
)
def without_lock(vault: View) -> Iterator[str]:
    if vault.is_production and not vault.related(LOCK, through="backupVaultName"):
        yield "has no lock: backups in it can be deleted at once"


@rule(
    id="access-point-public",
    types=(ACCESS_POINT,),
    severity="critical",
    level="mandatory",
    rationale="A multi-Region access point has a policy of its own; its block cannot be changed once it is made.",
    fix="leave out details.publicAccessBlock, or set its four switches to true",
    frameworks=("AWS FSBP S3.24",),
)
def public(point: View) -> Iterator[Breach]:
    for block in point.each("details", "publicAccessBlock"):
        off = [switch for switch in SWITCHES if block.get(switch) is False]
        if off:
            switches = ", ".join(off)
            yield Breach(f"has {switches} off", f"set {switches} of details.publicAccessBlock to true")


@rule(
    id="access-point-mixes-data",
    types=(ACCESS_POINT,),
    scope="stack",
    severity="critical",
    level="mandatory",
    rationale="A read through it is answered from any of its buckets: all must hold the same data of the same owner.",
    fix="give each residency and each tenant an access point of its own",
)
def mixes_data(point: View) -> Iterator[str]:
    found: dict[tuple[object, object], str] = {}
    for one in point.each("details", "regions"):
        text = one.raw("bucket")
        buckets = one.targets("bucket") or (
            point.around.named(BUCKETS[0], "bucket", text) if isinstance(text, str) else ()
        )
        for bucket in buckets:
            found.setdefault((bucket.tags.get("residency"), bucket.tags.get("tenant")), bucket.name)
    if len(found) > 1:
        yield f"stands before buckets of different residency or tenant: {', '.join(found.values())}"


@rule(
    id="versions-without-end",
    types=BUCKETS,
    scope="stack",
    severity="low",
    level="advisory",
    rationale="In a versioned bucket what is deleted or replaced is kept, and paid for, until a rule lets it go.",
    fix="add a BucketLifecycleConfiguration with noncurrentVersionExpiration",
    frameworks=("AWS FSBP S3.10",),
)
def versions_without_end(bucket: View) -> Iterator[str]:
    kept = [
        view.get("versioningConfiguration", "status")
        for view in bucket.related(*VERSIONING, through="bucket")
    ]
    if "Enabled" not in kept or is_temporary(bucket):
        return
    lifecycles = bucket.related(*LIFECYCLE, through="bucket")
    rules = [one for lifecycle in lifecycles for one in lifecycle.each("rules")]
    if not any(one.given("noncurrentVersionExpiration") and one.get("status") == "Enabled" for one in rules):
        yield "keeps old versions for ever"
