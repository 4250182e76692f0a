"""What the feature store's keys allow. Policy documents, as plain dicts."""

from typing import Sequence

from components.feature_store import names
from components.model import Cell
from components.naming import arn
from components.statements import (
    Document,
    Statement,
    by_identity_policies,
    document,
    for_logs,
    for_messages,
    no_replica_elsewhere,
)

__all__ = ["key_policy", "regional_key_policy"]


def key_policy(cell: Cell, regions: Sequence[str], *others: Statement) -> Document:
    """The account's identities as IAM allows them, and `others`; a replica of the key in `regions` only."""
    return document([by_identity_policies(cell), no_replica_elsewhere(regions), *others])


def regional_key_policy(cell: Cell) -> Document:
    """The account's identities as IAM allows them, CloudWatch Logs for the registry's and the jobs' log
    groups, and CloudWatch for the topic of its alarms."""
    groups = [
        arn(cell, "logs", f"log-group:{pattern}", region=cell.region)
        for pattern in ("/aws/rds/cluster/*", f"/{names.materialization_name(cell)}")
    ]
    alarms = for_messages(cell, "Alarms", "cloudwatch.amazonaws.com", "kms:GenerateDataKey*")
    return document([by_identity_policies(cell), for_logs(cell, groups, "RegistryLogs"), alarms])
