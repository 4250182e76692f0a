"""What a backup plan takes in is found in its plan, by its name."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.stub import Stubber

from deploy.cloud import Cloud
from deploy.lookup import DESCRIBED

KIND = "aws:backup/selection:Selection"


def test_a_selection_is_found_by_its_plan_and_name() -> None:
    # moto has no such listing; the stub holds question and answer against the service's own model.
    client = boto3.client("backup", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")

    class Here(Cloud):
        def client(self, service: str) -> Any:
            return client

    rows = [{"SelectionId": f"id-{name}", "SelectionName": name} for name in ("data", "other")]
    with Stubber(client) as stub:
        for _ in range(2):
            stub.add_response(
                "list_backup_selections", {"BackupSelectionsList": rows}, {"BackupPlanId": "plan-1"}
            )
        here = Here("us-east-1")
        assert DESCRIBED[KIND](here, {"planId": "plan-1", "name": "data"}) == ["plan-1|id-data"]
        assert DESCRIBED[KIND](here, {"planId": "plan-1", "name": "gone"}) == []
