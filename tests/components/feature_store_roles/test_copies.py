"""The role that copies files, both ways: it copies its group's, and does nothing but copy."""

from __future__ import annotations

from collections.abc import Iterator

from policies.iam import Access
from tests.components.feature_store_roles.questions import (
    Ask,
    Group,
    all_are,
    each_group,
    keeps_to_its_group,
    keys_without_their_services,
    via,
)


def copies(access: Access, group: Group) -> Iterator[Ask]:
    for region in group.regions:
        yield "s3:GetReplicationConfiguration", group.bucket(region), {}
        yield "s3:ListBucket", group.bucket(region), {}
        for action in (
            "GetObjectVersionForReplication",
            "GetObjectVersionAcl",
            "ReplicateObject",
            "ReplicateDelete",
        ):
            yield f"s3:{action}", f"{group.bucket(region)}/tables/{region}/x", {}
        for action in ("Decrypt", "Encrypt"):
            yield f"kms:{action}", group.key(access, region), via("s3", region)


@each_group
def test_replication_copies(access: Access, group: Group) -> None:
    all_are(access, group.role("feature-replication"), copies(access, group), allowed=True)


@each_group
def test_replication_does_nothing_but_copy(access: Access, group: Group) -> None:
    role = group.role("feature-replication")
    keeps_to_its_group(access, role, group)
    all_are(access, role, keys_without_their_services(access, group), allowed=False)
    foreign = (
        (action, what, context) for other in group.others for action, what, context in copies(access, other)
    )
    all_are(access, role, foreign, allowed=False, least=10)
    own = f"{group.bucket(group.home)}/tables/{group.home}/x"
    direct: list[Ask] = [
        ("s3:GetObject", own, {}),
        ("s3:PutObject", own, {}),
        ("kms:Decrypt", group.key(access, group.home), via("dynamodb", group.home)),
        ("dynamodb:GetItem", group.table(group.home), {}),
    ]
    all_are(access, role, iter(direct), allowed=False)
