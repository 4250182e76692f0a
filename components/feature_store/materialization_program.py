"""What the materialisation task runs inside Feast's image: one run for the views of one group.

It is handed to `python -c` as it stands here, so it imports Feast, boto3 and the standard library only. Its
environment says what to do: `FEATURE_STORE_YAML`, `FEATURE_VIEWS` (comma-separated), `SKEW_SAMPLE`, and
where the registry is in PostgreSQL `REGISTRY_CLUSTER`, `REGISTRY_USER` and `REGISTRY_FORWARDS`. Each view's
result is a line of JSON on standard output (`metrics.py` says what becomes of it). A view that fails does
not keep the others from their turn; the exit code is then 1.
"""

import json
import math
import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple


def main() -> int:
    from feast import FeatureStore

    folder = Path(tempfile.mkdtemp())
    if os.environ.get("REGISTRY_CLUSTER"):
        sign_in(folder)
    path = folder / "feature_store.yaml"
    path.write_text(os.environ["FEATURE_STORE_YAML"], encoding="utf-8")
    failed = 0
    for view in os.environ["FEATURE_VIEWS"].split(","):
        # A token of the registry lasts for fifteen minutes of signing in: each view starts anew.
        store = FeatureStore(fs_yaml_file=path)
        try:
            line = materialize(store, view, int(os.environ.get("SKEW_SAMPLE", "0")))
        except Exception as error:  # noqa: BLE001, the other views still get their turn
            failed += 1
            line = {"feature_view": view, "error": f"{type(error).__name__}: {error}"[:1000]}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    return 1 if failed else 0


def sign_in(folder: Path) -> None:
    """Finds the registry and leaves an IAM token where the PostgreSQL driver looks for the password."""
    import boto3

    client = boto3.client("rds")
    found = client.describe_db_clusters(DBClusterIdentifier=os.environ["REGISTRY_CLUSTER"])["DBClusters"][0]
    # A cluster that is no primary forwards writes, and only its reader endpoint is up.
    host = found["ReaderEndpoint"] if os.environ.get("REGISTRY_FORWARDS") else found["Endpoint"]
    user = os.environ["REGISTRY_USER"]
    token = client.generate_db_auth_token(DBHostname=host, Port=5432, DBUsername=user)
    escaped = token.replace("\\", "\\\\").replace(":", "\\:")
    path = folder / "pgpass"
    path.touch(mode=0o600)
    path.write_text(f"{host}:5432:*:{user}:{escaped}\n", encoding="utf-8")
    os.environ.update({"FEATURE_REGISTRY_HOST": host, "PGPASSFILE": str(path)})


def materialize(store: Any, name: str, sample: int) -> Dict[str, Any]:
    """One view up to now. `age_seconds` is how old the online values had become."""
    view = store.get_feature_view(name)
    before = view.most_recent_end_time
    end = datetime.now(UTC)
    store.materialize_incremental(end_date=end, feature_views=[name])
    # As Feast does: a view that was never materialised starts where its own time to live does.
    start = before or end - (view.ttl or timedelta(weeks=52))
    line: Dict[str, Any] = {"feature_view": name, "age_seconds": round((end - start).total_seconds(), 1)}
    if before is None:
        line["age_seconds"] = 0.0
    if sample:
        compared, differing = skew(store, view, start, end, sample)
        line["sampled"] = compared
        if compared:
            line["skew_percent"] = round(100 * differing / compared, 3)
    return line


def skew(store: Any, view: Any, start: datetime, end: datetime, sample: int) -> Tuple[int, int]:
    """How many entities of the run were compared, and how many of them differ online.

    What was written online after the run's rows is newer, not wrong, and is not counted.
    """
    from feast.infra.offline_stores.offline_utils import get_offline_store_from_config

    source = view.batch_source
    features = [field.name for field in view.features]
    keys = [column.name for column in view.entity_columns]
    rows = (
        get_offline_store_from_config(store.config.offline_store)
        .pull_latest_from_table_or_query(
            config=store.config,
            data_source=source,
            join_key_columns=keys,
            feature_name_columns=features,
            timestamp_field=source.timestamp_field,
            created_timestamp_column=source.created_timestamp_column,
            start_date=start,
            end_date=end,
        )
        .to_arrow()
        .to_pylist()
    )
    step = max(1, len(rows) // sample)
    chosen = rows[::step][:sample]
    if not chosen:
        return 0, 0
    online = store.get_online_features(
        features=[f"{view.name}:{feature}" for feature in features],
        entity_rows=[{key: row[key] for key in keys} for row in chosen],
    ).to_dict(include_event_timestamps=True)
    pairs = [
        differs(
            row, {name: values[place] for name, values in online.items()}, features, source.timestamp_field
        )
        for place, row in enumerate(chosen)
    ]
    counted = [pair for pair in pairs if pair is not None]
    return len(counted), sum(counted)


def differs(
    row: Dict[str, Any], online: Dict[str, Any], features: List[str], timestamp: str
) -> Optional[bool]:
    """Whether an entity's online values are another thing than its offline row; None: they are newer."""
    written = max(int(online[f"{feature}__ts"]) for feature in features)
    held = row[timestamp]
    held = held if held.tzinfo else held.replace(tzinfo=UTC)
    if written > int(held.timestamp()):
        return None
    if written < int(held.timestamp()):
        return True
    return any(not same(row[feature], online[feature]) for feature in features)


def same(offline: Any, online: Any) -> bool:
    if isinstance(offline, float) and isinstance(online, float):
        return math.isclose(offline, online, rel_tol=1e-6) or (math.isnan(offline) and math.isnan(online))
    if isinstance(offline, datetime) and isinstance(online, datetime):
        return abs(offline.replace(tzinfo=None) - online.replace(tzinfo=None)) < timedelta(seconds=1)
    if isinstance(offline, (list, tuple)) and isinstance(online, (list, tuple)):
        return len(offline) == len(online) and all(map(same, offline, online))
    return bool(offline == online)


if __name__ == "__main__":
    sys.exit(main())
