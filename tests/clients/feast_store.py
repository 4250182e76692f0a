"""The feature store as planned, behind a gateway, and Feast's own programs in front of it.

Feast, its CLI and the materialisation task's own program run in their own environment. moto has the services,
behind a gateway that refuses what the roles' policies refuse (`gateway.py`). Athena is stood in for: moto knows
it, but reads nothing. Its answer to Feast's query is the file that lies below the view's table, as though the
whole of it were asked for.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from components.feature_store import names
from components.feature_store.feast import feature_store_yaml, offline_source
from components.feature_store.placement import ViewGroup, groups
from components.feature_store.settings import FeatureStoreSettings
from components.model import Cell
from plan.graph import Graph
from policies.iam import Access
from tests.clients.gateway import Gateway
from tests.clients.provisioned import provision
from tests.clients.requested import ACCOUNT, Call
from tests.clients.virtual_environment import python
from tests.components.feature_store_plan import of, planned

REGIONS = ["us-east-1", "eu-west-1"]
HOME, AWAY = REGIONS
COLUMNS = [{"name": "sessions_7d", "type": "long"}, {"name": "score", "type": "double"}]
STORE: dict[str, Any] = {
    "views": [
        {"name": "user_activity", "entity_key": "user_id", "ttl_attribute": "expires_at", "columns": COLUMNS},
        {"name": "item_statistics", "entity_key": "item_id", "columns": COLUMNS},
        {"name": "scores", "entity_key": "item_id", "columns": COLUMNS, "tenant": "acme"},
    ],
    "registry": {"enabled": False},
    "materialization": {"image": "feastdev/feature-server:0.67.0"},
}
ROLES = {
    "WRITER": "tradewind-prod-feature-writer",
    "READER": "tradewind-prod-feature-reader",
    "JOB": "tradewind-prod-feature-materializer",
}
TABLE = "tradewind_prod.user_activity"
ROWS = 50

REPOSITORY = """
import json, pathlib
from datetime import timedelta
from feast import Entity, FeatureView, Field, ValueType
from feast.infra.offline_stores.contrib.athena_offline_store.athena_source import AthenaSource
from feast.types import Float64, Int64

for view in json.loads((pathlib.Path(__file__).parent / "views.json").read_text()):
    entity = Entity(name=view["key"], value_type=ValueType.STRING)
    source = AthenaSource(
        name=view["name"] + "_source", data_source="AwsDataCatalog", timestamp_field="event_timestamp", **view["source"]
    )
    globals()[view["key"] + "_entity"] = entity
    globals()[view["name"]] = FeatureView(
        name=view["name"], entities=[entity], ttl=timedelta(days=30), source=source,
        schema=[Field(name="sessions_7d", dtype=Int64), Field(name="score", dtype=Float64)],
    )
"""

FILE = """
import datetime, sys
import pyarrow as pa, pyarrow.parquet as pq

key, rows, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
pq.write_table(pa.table({
    key: [f"{key}-{number}" for number in range(rows)],
    "sessions_7d": list(range(rows)),
    "score": [number / 7 for number in range(rows)],
    "event_timestamp": pa.array([now - datetime.timedelta(hours=1)] * rows, pa.timestamp("us", tz="UTC")),
}), path)
"""

READ = """
import json, sys
from pathlib import Path
from feast import FeatureStore

store = FeatureStore(fs_yaml_file=Path(sys.argv[1]))
features = ["user_activity:sessions_7d", "user_activity:score"]
found = store.get_online_features(features=features, entity_rows=[{"user_id": id} for id in sys.argv[2:]])
print(json.dumps(found.to_dict()))
"""


@dataclass
class Feast:
    """The store as planned and provisioned, and Feast's own programs in front of it."""

    folder: Path
    graph: Graph
    cell: Cell
    store: FeatureStoreSettings
    gateway: Gateway

    def group(self, label: str = "any") -> ViewGroup:
        return next(group for group in groups(self.store, REGIONS, {}) if group.label == label)

    def run(
        self, *command: str, key: str, region: str = HOME, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        variables = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "AWS_ENDPOINT_URL": self.gateway.url,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "FEAST_USAGE": "False",
            **environment,
        }
        return subprocess.run(
            list(command),
            cwd=self.folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def configure(self, region: str, *views: str) -> Path:
        """A Feast repository for those of the shared views, configured for `region`."""
        folder = self.folder / f"repository-{region}"
        folder.mkdir(exist_ok=True)
        group = self.group()
        listed = [
            {
                "name": view.name,
                "key": view.entity_key,
                "source": offline_source(self.store, self.cell, group, view.name),
            }
            for view in group.views
            if view.name in views
        ]
        (folder / "views.json").write_text(json.dumps(listed))
        (folder / "features.py").write_text(REPOSITORY)
        path = folder / "feature_store.yaml"
        path.write_text(feature_store_yaml(self.store, self.cell, group, region, registry=False))
        return path

    def apply(self, *views: str, key: str = "WRITER") -> subprocess.CompletedProcess[str]:
        folder = self.configure(HOME, *views).parent
        feast = str(python("feast").parent / "feast")
        return self.run(feast, "--chdir", str(folder), "apply", key=key)

    def materialize(self, key: str = "JOB", region: str = HOME) -> tuple[int, dict[str, dict[str, Any]]]:
        """The task as its definition says: entry point, command and environment. Its lines by view."""
        (task,) = [
            it for it in of(self.graph, "TaskDefinition") if it.region == region and it.name.endswith("-any")
        ]
        (container,) = json.loads(task.inputs["containerDefinitions"])
        said = {one["name"]: one["value"] for one in container["environment"]}
        command = [str(python("feast")), *container["entryPoint"][1:], *container["command"]]
        done = self.run(*command, key=key, region=region, **said)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"feature_view"')]
        assert lines, done.stdout + done.stderr
        return done.returncode, {line["feature_view"]: line for line in lines}

    def read(self, region: str, *ids: str, key: str = "READER") -> dict[str, list[Any]]:
        path = self.configure(region, "user_activity", "item_statistics")
        done = self.run(str(python("feast")), "-c", READ, str(path), *ids, key=key, region=region)
        assert done.returncode == 0, done.stderr
        found: dict[str, list[Any]] = json.loads(done.stdout.splitlines()[-1])
        return found

    def aws(self, service: str, region: str = HOME) -> Any:
        keys = {"aws_access_key_id": "nobody", "aws_secret_access_key": "x"}
        return boto3.client(service, region_name=region, endpoint_url=self.gateway.url, **keys)

    def athena(self, call: Call) -> Mapping[str, Any] | None:
        """Stands in for Athena: what it would read and write is asked of the evaluator as the caller."""
        if call.operation == "GetTableMetadata":
            asked = call.parameters
            glue = self.aws("glue", call.region)
            table = glue.get_table(DatabaseName=asked["DatabaseName"], Name=asked["TableName"])["Table"]
            columns = table["StorageDescriptor"]["Columns"]
            return {"TableMetadata": {"Name": asked["TableName"], "Columns": columns, "PartitionKeys": []}}
        if call.operation == "StartQueryExecution":
            self._query(call)
        return None

    def _query(self, call: Call) -> None:
        role, text = ROLES[call.access_key], call.parameters["QueryString"]
        database = names.database_name(self.store, self.cell, self.group())
        answer = re.search(r"CREATE TABLE (\S+)\s+WITH \(\s*external_location = '(s3://[^']+)'", text)
        named = answer or re.search(r"(?:CREATE EXTERNAL TABLE|DROP TABLE)(?: IF EXISTS)? (\S+)", text)
        assert named, text
        table = named[1].rpartition(".")[2].strip('"`;')
        action = "glue:DeleteTable" if text.lstrip().startswith("DROP") else "glue:CreateTable"
        glue = f"arn:aws:glue:{call.region}:{ACCOUNT}"
        for part in ("catalog", f"database/{database}", f"table/{database}/{table}"):
            self._expect(role, action, f"{glue}:{part}", call.region)
        if answer is None:
            return
        view = re.search(r'FROM "AwsDataCatalog"\."[^"]+"\."([^"]+)"', text)
        assert view, text
        self._expect(role, "glue:GetTable", f"{glue}:table/{database}/{view[1]}", call.region)
        lake = names.lake_bucket(self.cell, self.group(), call.region)
        source = f"tables/{call.region}/{view[1]}/data/0.parquet"
        self._expect(role, "s3:GetObject", f"arn:aws:s3:::{lake}/{source}", call.region)
        bucket, _, prefix = answer[2].removeprefix("s3://").partition("/")
        self._expect(role, "s3:PutObject", f"arn:aws:s3:::{bucket}/{prefix}/0.parquet", call.region)
        s3 = self.aws("s3", call.region)
        body = s3.get_object(Bucket=lake, Key=source)["Body"].read()
        s3.put_object(Bucket=bucket, Key=f"{prefix}/0.parquet", Body=body)

    def lost_write(self, call: Call) -> Mapping[str, Any] | None:
        """As `athena`, and every write of an item that is not there any more is taken and forgotten."""
        writes = call.parameters.get("RequestItems", {}).get(TABLE)
        if call.operation == "BatchWriteItem" and writes:
            there = {item["entity_id"]["S"] for item in self.aws("dynamodb").scan(TableName=TABLE)["Items"]}
            client = self.aws("dynamodb")
            for item in (one["PutRequest"]["Item"] for one in writes):
                if item["entity_id"]["S"] in there:
                    for value in item["values"]["M"].values():
                        value["B"] = base64.b64decode(value["B"])
                    client.put_item(TableName=TABLE, Item=item)
            return {"UnprocessedItems": {}}
        return self.athena(call)

    def _expect(self, role: str, action: str, resource: str, region: str) -> None:
        answer = self.gateway.access.may(role, action, resource, region=region)
        assert answer.allowed, answer.explanation


@pytest.fixture(scope="module")
def feast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feast]:
    folder = tmp_path_factory.mktemp("feast")
    graph = planned(folder, "staging", REGIONS, STORE)
    cell = Cell(environment="prod", region=HOME, regions=REGIONS, account_id=ACCOUNT)
    access = Access(graph, account=ACCOUNT)
    with Gateway(access, ROLES) as gateway:
        store = FeatureStoreSettings.model_validate(STORE)
        made = Feast(folder, graph, cell, store, gateway)
        gateway.instead = made.athena
        provision(graph, access, gateway.url)
        for view in made.group().views:
            path = folder / f"{view.name}.parquet"
            command = [str(python("feast")), "-c", FILE, view.entity_key, str(ROWS), str(path)]
            subprocess.run(command, check=True, timeout=120)
            lake = names.lake_bucket(cell, made.group(), HOME)
            key = f"tables/{HOME}/{view.name}/data/0.parquet"
            made.aws("s3").put_object(Bucket=lake, Key=key, Body=path.read_bytes())
        yield made
