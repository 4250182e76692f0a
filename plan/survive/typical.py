"""The figures: what AWS documents as typical. None is a guarantee, except where it says so.

One table, so that all of them can be checked in one sitting; `seen` is when that was done last.
"""

from __future__ import annotations

import re

from plan.survive.model import Typical
from plan.values import Value

__all__ = [
    "AURORA_LAG", "AURORA_PROMOTION", "BACKUP", "CACHE_LAG", "CACHE_PROMOTION", "DYNAMODB_EVENTUAL",
    "DYNAMODB_STRONG", "ECR_LAG", "EFS_LAG", "EFS_PROMOTION", "EVENT_LAG", "MEMORYDB_LAG", "RDS_BACKUP_LAG",
    "RDS_LAG", "RDS_PROMOTION", "S3_LAG", "S3_TIME_CONTROL", "SECRET_LAG",
    "between_backups",
]  # fmt: skip

_SEEN = "2026-11"
_DOCS = "AWS documentation, "

DYNAMODB_EVENTUAL = Typical(
    1, "replicas follow within about a second", _DOCS + "DynamoDB global tables", _SEEN
)
DYNAMODB_STRONG = Typical(
    0, "a write is in another region before it is acknowledged", _DOCS + "DynamoDB global tables", _SEEN
)
S3_TIME_CONTROL = Typical(
    900, "99.99 % of objects within 15 minutes, with a service level agreement",
    _DOCS + "S3 replication time control", _SEEN,
)  # fmt: skip
S3_LAG = Typical(
    None, "most objects within minutes, some take hours, nothing is promised", _DOCS + "S3 replication", _SEEN
)
AURORA_LAG = Typical(
    1, "storage replication, typically under a second", _DOCS + "Aurora global database", _SEEN
)
AURORA_PROMOTION = Typical(
    60, "promotion typically takes less than a minute", _DOCS + "Aurora global database", _SEEN
)
RDS_LAG = Typical(None, "asynchronous, no figure is documented", _DOCS + "RDS read replicas", _SEEN)
RDS_PROMOTION = Typical(None, "promotion takes minutes", _DOCS + "RDS read replicas", _SEEN)
RDS_BACKUP_LAG = Typical(
    300, "transaction logs are backed up every five minutes", _DOCS + "RDS automated backups", _SEEN
)
CACHE_LAG = Typical(1, "typically under a second", _DOCS + "ElastiCache global datastore", _SEEN)
CACHE_PROMOTION = Typical(
    60, "promotion typically takes less than a minute", _DOCS + "ElastiCache global datastore", _SEEN
)
MEMORYDB_LAG = Typical(1, "typically under a second", _DOCS + "MemoryDB multi-region", _SEEN)
EFS_LAG = Typical(900, "within 15 minutes for most file systems", _DOCS + "EFS replication", _SEEN)
EFS_PROMOTION = Typical(
    None, "the replica takes writes once the replication is deleted", _DOCS + "EFS replication", _SEEN
)
ECR_LAG = Typical(1800, "the majority of images in less than 30 minutes", _DOCS + "ECR replication", _SEEN)
EVENT_LAG = Typical(
    None, "events cross regions within seconds, no figure is promised", _DOCS + "EventBridge cross-Region events",
    _SEEN,
)  # fmt: skip
SECRET_LAG = Typical(None, "no figure is documented", _DOCS + "Secrets Manager replication", _SEEN)
BACKUP = Typical(None, "up to the time since the last copy", _DOCS + "AWS Backup", _SEEN)

_HOURLY = re.compile(r"cron\(\d+ \* \* \* \? \*\)")
_DAILY = re.compile(r"cron\(\d+ \d+ (\* \* \?|\? \* \*) \*\)")


def between_backups(schedule: Value) -> Typical:
    """What a backup may lack: the time between two of a plan's rule, where its schedule is an hour's or a day's.

    The copy to another region takes its own time on top of that, of which AWS documents no figure.
    """
    text = schedule if isinstance(schedule, str) else ""
    for pattern, seconds, words in ((_HOURLY, 3600, "an hour"), (_DAILY, 86400, "a day")):
        if pattern.fullmatch(text):
            return Typical(seconds, f"up to {words} since the last backup", "the plan's schedule", _SEEN)
    return BACKUP
