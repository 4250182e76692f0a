"""Recovery points of vaults and tasks of clusters: what moto does not carry, on botocore's stubs.

The stubs check each request and answer against AWS' own models; what the answers say is written here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from deploy.teardown_aws import Facts
from deploy.teardown_contents import Contents, recovery_points, tasks
from deploy.teardown_findings import findings
from deploy.teardown_stores import Asked
from plan.graph import Graph

REGION = "eu-west-1"
PAST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
FUTURE = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
MADE = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
POINT = f"arn:aws:backup:{REGION}:123456789012:recovery-point:"


@contextmanager
def stubbed(service: str, *answers: tuple[str, dict[str, Any], dict[str, Any]]) -> Iterator[Any]:
    """A client that is asked exactly `answers` (operation, request, answer), in this order."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    client = boto3.client(service, region_name=REGION, **keys)
    with Stubber(client) as stub:
        for operation, given, answer in answers:
            stub.add_response(operation, answer, given)
        yield client
        stub.assert_no_pending_responses()


def points(*ends: dt.datetime | None) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A page of points made on `MADE`; each ends by its lifecycle, or never."""
    rows = [
        {
            "RecoveryPointArn": f"{POINT}{number}",
            "CreationDate": MADE,
            "CalculatedLifecycle": {"DeleteAt": end} if end else {},
        }
        for number, end in enumerate(ends)
    ]
    return "list_recovery_points_by_backup_vault", {"BackupVaultName": "lake"}, {"RecoveryPoints": rows}


def vault(**said: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    return "describe_backup_vault", {"BackupVaultName": "lake"}, {"BackupVaultName": "lake", **said}


def told(found: Contents, asked: Asked) -> Any:
    facts = Facts(REGION, [("backup vault", asked, found)])
    (problem,) = findings("prod-eu-west-1", Graph.of([]), facts)
    return problem


def test_points_of_an_open_vault_are_counted_and_deleted_one_by_one() -> None:
    asked = Asked("lake")
    with stubbed("backup", vault(Locked=False), points(FUTURE, FUTURE)) as backup:
        problem = told(recovery_points(backup, asked), asked)
    assert problem.path == "backup vault lake"
    assert problem.got == "2 recovery points: 0, 1"
    assert "aws backup delete-recovery-point --region eu-west-1 --backup-vault-name lake" in problem.fix
    assert "before the destroy" in problem.fix


def test_all_pages_of_points_are_read() -> None:
    operation, given, first = points(FUTURE)
    again = (operation, {**given, "NextToken": "more"}, points(FUTURE, FUTURE)[2])
    pages = ((operation, given, {**first, "NextToken": "more"}), again)
    with stubbed("backup", vault(Locked=False), *pages) as backup:
        assert len(recovery_points(backup, Asked("lake")).inside) == 3


@pytest.mark.parametrize("locked", [False, True])
def test_a_vault_that_is_emptied_by_force_is_no_obstacle(locked: bool) -> None:
    """Nor where it is locked in governance mode by a lock in the state, which goes first."""
    known = frozenset({"lake"} if locked else ())
    with stubbed("backup", vault(Locked=locked)) as backup:
        assert recovery_points(backup, Asked("lake", forced=True, known=known)) == Contents()


def test_a_lock_that_the_state_does_not_know_holds_what_force_would_delete() -> None:
    asked = Asked("lake", forced=True)
    with stubbed("backup", vault(Locked=True), points(FUTURE)) as backup:
        problem = told(recovery_points(backup, asked), asked)
    lift = "aws backup delete-backup-vault-lock-configuration --region eu-west-1 --backup-vault-name lake"
    assert problem.fix == f"before the destroy lift the lock: {lift}"


def test_of_a_locked_vault_the_lock_goes_first_and_then_the_points() -> None:
    asked = Asked("lake", known=frozenset({"lake"}))
    with stubbed("backup", vault(Locked=True, LockDate=FUTURE), points(FUTURE)) as backup:
        problem = told(recovery_points(backup, asked), asked)
    lift, points_go = (problem.fix.index(word) for word in ("vault-lock", "delete-recovery-point"))
    assert lift < points_go
    assert "from 2099-01-01 on" in problem.but


@pytest.mark.parametrize("forced", [False, True])
def test_a_vault_in_compliance_mode_says_until_when(forced: bool) -> None:
    """The later of a point's own end and the lock's least retention; no force goes over it."""
    asked = Asked("lake", forced=forced, known=frozenset({"lake"}))
    own = dt.datetime(2027, 3, 1, tzinfo=dt.UTC)
    locked = vault(Locked=True, LockDate=PAST, MinRetentionDays=30)
    with stubbed("backup", locked, points(MADE, own)) as backup:
        problem = told(recovery_points(backup, asked), asked)
    assert "the last until 2027-03-01" in problem.but
    assert "destroy after 2027-03-01" in problem.fix
    assert "delete-recovery-point" not in problem.fix
    with stubbed("backup", locked, points(MADE, None)) as backup:
        problem = told(recovery_points(backup, asked), asked)
    assert "the last until 2026-12-01; 1 of them have no end" in problem.but


def test_an_empty_vault_is_no_obstacle_even_in_compliance_mode() -> None:
    with stubbed("backup", vault(Locked=True, LockDate=PAST, MinRetentionDays=30), points()) as backup:
        assert recovery_points(backup, Asked("lake")) == Contents()


def test_tasks_of_services_in_the_state_go_with_those_and_others_are_in_the_way() -> None:
    arn = f"arn:aws:ecs:{REGION}:123456789012:"
    here = {"cluster": "runs"}
    running = [f"{arn}task/runs/{name}" for name in ("a", "b")]
    described = [
        {"taskArn": running[0], "group": "service:web"},
        {"taskArn": running[1], "group": "family:training"},
    ]
    services = {"serviceArns": [f"{arn}service/runs/web", f"{arn}service/runs/by-hand"]}
    with stubbed(
        "ecs",
        ("list_tasks", here, {"taskArns": running}),
        ("describe_tasks", {**here, "tasks": running}, {"tasks": described}),
        ("list_services", here, services),
        ("list_container_instances", here, {"containerInstanceArns": []}),
    ) as ecs:
        found = tasks(ecs, Asked("runs", known=frozenset({"web"})))
    assert found.inside == ("task b", "service by-hand")
