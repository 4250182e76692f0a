"""Readers, writers and the job, both ways: their work is allowed, their neighbours' things are denied.

What Feast's own calls need is shown by Feast, in `tests/clients/test_feast.py`.
"""

from __future__ import annotations

from policies.iam import Access
from tests.components.feature_store_roles.questions import (
    Group,
    all_are,
    each_group,
    keeps_to_its_group,
    keys_without_their_services,
    reads,
    signs_in,
    writes_offline,
    writes_online,
)


@each_group
def test_a_reader_reads(access: Access, group: Group) -> None:
    role = group.role("feature-reader")
    all_are(access, role, reads(access, group), allowed=True)
    all_are(access, role, signs_in(access, group, "tradewind_prod_reader"), allowed=True)


@each_group
def test_a_reader_writes_nothing_and_reads_no_neighbour(access: Access, group: Group) -> None:
    role = group.role("feature-reader")
    keeps_to_its_group(access, role, group)
    all_are(access, role, keys_without_their_services(access, group), allowed=False)
    all_are(access, role, writes_online(access, group), allowed=False)
    all_are(access, role, writes_offline(access, group), allowed=False)
    all_are(access, role, signs_in(access, group, "tradewind_prod_writer"), allowed=False)


@each_group
def test_a_writer_reads_and_writes(access: Access, group: Group) -> None:
    role = group.role("feature-writer")
    all_are(access, role, reads(access, group), allowed=True)
    all_are(access, role, writes_online(access, group), allowed=True)
    all_are(access, role, writes_offline(access, group), allowed=True)
    all_are(access, role, signs_in(access, group, "tradewind_prod_writer"), allowed=True)


@each_group
def test_a_writer_reaches_no_neighbour(access: Access, group: Group) -> None:
    role = group.role("feature-writer")
    keeps_to_its_group(access, role, group)
    all_are(access, role, keys_without_their_services(access, group), allowed=False)
    written = (
        (action, what, context)
        for other in group.others
        for action, what, context in writes_online(access, other)
    )
    all_are(access, role, written, allowed=False, least=10)


@each_group
def test_the_materialisation_job_reads_offline_and_writes_online(access: Access, group: Group) -> None:
    role = group.role("feature-materializer")
    all_are(access, role, reads(access, group), allowed=True)
    all_are(access, role, writes_online(access, group), allowed=True)
    all_are(access, role, signs_in(access, group, "tradewind_prod_writer"), allowed=True)
    found = (("rds:DescribeDBClusters", group.registry(region), {}) for region in group.regions)
    all_are(access, role, found, allowed=True)


@each_group
def test_the_materialisation_job_writes_nothing_offline_and_reaches_no_neighbour(
    access: Access, group: Group
) -> None:
    role = group.role("feature-materializer")
    keeps_to_its_group(access, role, group)
    all_are(access, role, keys_without_their_services(access, group), allowed=False)
    offline = (
        (action, what, context)
        for action, what, context in writes_offline(access, group)
        if action[:3] != "kms"
    )
    all_are(access, role, offline, allowed=False)
    all_are(access, role, signs_in(access, group, "tradewind_prod_reader"), allowed=False)
