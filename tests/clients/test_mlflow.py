"""MLflow itself, server and client, as the plan's pods run it, on the plan's bucket in moto.

The server's arguments, its environment and the programs beside it are those of the planned Deployment, and
its requests to S3 are decided by its role's policies. Its database is SQLite: no Aurora is at hand, so IAM
sign-in is tested on the connection that it would open.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from plan.graph import Graph, Resource
from policies.iam import Access
from tests.clients.gateway import Gateway
from tests.clients.planned_buckets import client, keys_in, make_buckets
from tests.clients.virtual_environment import python
from tests.components import versions_plan
from tests.components.versions_plan import ACCOUNT, named, of

pytestmark = pytest.mark.clients

tracking_in_production = versions_plan.tracking_in_production

BUCKET = f"tradewind-prod-use1-tracking-{ACCOUNT}"
ROLES = {
    "own-server": "tradewind-prod-tracking-server",
    "acme-server": "tradewind-prod-tracking-server-acme",
    "credit-server": "tradewind-prod-tracking-server-eu-credit",
}
SECONDS = 180

TRAIN = """
import json, sys
import mlflow
from mlflow import MlflowClient

class Doubler(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[float], params=None) -> list[float]:
        return [2 * value for value in model_input]

mlflow.set_experiment("ranking")
with mlflow.start_run() as run:
    mlflow.log_param("depth", 3)
    mlflow.log_metric("auc", 0.71)
    mlflow.log_text("seen", "notes/first.txt")
    logged = mlflow.pyfunc.log_model(name="model", python_model=Doubler(), pip_requirements=[])
version = mlflow.register_model(logged.model_uri, "ranker")
MlflowClient().set_registered_model_alias("ranker", "champion", version.version)
loaded = mlflow.pyfunc.load_model("models:/ranker@champion")
print(json.dumps({
    "run": run.info.run_id,
    "experiment": run.info.experiment_id,
    "artifact_uri": run.info.artifact_uri,
    "answer": loaded.predict([1.5, 4.0]),
    "auc": MlflowClient().get_run(run.info.run_id).data.metrics["auc"],
    "notes": mlflow.artifacts.load_text(run.info.artifact_uri + "/notes/first.txt"),
}))
"""


@dataclass
class Tracking:
    """A running server: where, and what it may be stopped and restarted by."""

    url: str
    folder: Path
    variables: dict[str, str]

    def run(self, *command: str, **variables: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**_bare(self.folder), **variables},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout


def _bare(folder: Path) -> dict[str, str]:
    """Nothing of this process' own environment but the path: no keys, no configuration."""
    return {
        "PATH": f"{python('mlflow').parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_PYTHON_REFRESH": "quiet",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _container(graph: Graph, kind: str = "Deployment", group: str = "containers") -> dict[str, Any]:
    (workload,) = [w for w in of(graph, kind) if w.inputs["metadata"]["namespace"] == "tracking-shared"]
    spec = workload.inputs["spec"]
    pod = spec["jobTemplate"]["spec"]["template"] if kind == "CronJob" else spec["template"]
    (container,) = pod["spec"][group]
    found: dict[str, Any] = container
    return found


def _scripts(graph: Graph, folder: Path) -> Path:
    """What the pods have mounted from the config map."""
    config = next(c for c in of(graph, "ConfigMap") if c.inputs["metadata"]["namespace"] == "tracking-shared")
    mounted = folder / "scripts"
    mounted.mkdir()
    for name, text in config.inputs["data"].items():
        (mounted / name).write_text(text)
    return mounted


@pytest.fixture(scope="module")
def gateway(tracking_in_production: Graph) -> Iterator[Gateway]:
    access = Access(tracking_in_production, account=ACCOUNT)
    with Gateway(access, ROLES) as server:
        make_buckets(tracking_in_production, access, server.url)
        yield server


@pytest.fixture(scope="module")
def tracking(
    tracking_in_production: Graph, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tracking]:
    """The planned server on a free port: migrated by its init container's command, then started by its own."""
    folder = tmp_path_factory.mktemp("mlflow")
    port, uri = str(free_port()), f"sqlite:///{folder}/runs.db"
    planned = {one["name"]: one["value"] for one in _container(tracking_in_production)["env"]}
    variables = {
        **planned,
        **_bare(folder),
        "PYTHONPATH": str(_scripts(tracking_in_production, folder)),
        "TMPDIR": str(folder),
        "MLFLOW_BACKEND_STORE_URI": uri,
        "URI": uri,
        "MLFLOW_TRACKING_URI": f"http://localhost:{port}",
        "MLFLOW_S3_ENDPOINT_URL": gateway.url,
        "AWS_ACCESS_KEY_ID": "own-server",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    made = Tracking(f"http://localhost:{port}", folder, variables)

    def command(container: dict[str, Any]) -> list[str]:
        arguments = [a.replace("$(URI)", uri).replace("5000", port) for a in container["args"]]
        return [str(python("mlflow").parent / arguments[0]), *arguments[1:]]

    made.run(*command(_container(tracking_in_production, group="initContainers")), **variables)
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            command(_container(tracking_in_production)),
            cwd=folder,
            env=variables,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _until_it_answers(made.url, server, folder / "server.log")
        yield made
    finally:
        os.killpg(server.pid, 15)
        server.wait(timeout=30)


def _until_it_answers(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    limit = time.monotonic() + SECONDS
    while time.monotonic() < limit:
        assert server.poll() is None, log.read_text()[-4000:]
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(1)
    raise AssertionError(log.read_text()[-4000:])


@pytest.fixture(scope="module")
def trained(tracking: Tracking) -> dict[str, Any]:
    """What a client that knows nothing but the server's address saw."""
    (tracking.folder / "train.py").write_text(TRAIN)
    said = tracking.run(str(python("mlflow")), "train.py", MLFLOW_TRACKING_URI=tracking.url)
    found: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return found


@pytest.fixture
def bucket(tracking_in_production: Graph) -> Resource:
    return named(tracking_in_production, "Bucket", BUCKET)


def test_what_is_logged_and_registered_is_loaded_back_by_its_alias(trained: dict[str, Any]) -> None:
    assert trained["answer"] == [3.0, 8.0]
    assert trained["auc"] == 0.71
    assert trained["notes"] == "seen"


def test_artifacts_are_handed_out_by_the_server_and_lie_in_its_bucket(
    trained: dict[str, Any], gateway: Gateway, bucket: Resource
) -> None:
    assert trained["artifact_uri"].startswith("mlflow-artifacts:/")
    keys = keys_in(gateway.url, bucket)
    experiment, run = trained["experiment"], trained["run"]
    assert f"artifacts/{experiment}/{run}/artifacts/notes/first.txt" in keys
    assert any(key.startswith(f"artifacts/{experiment}/models/") and key.endswith("/MLmodel") for key in keys)
    assert {key.partition("/")[0] for key in keys} == {"artifacts"}


def test_artifacts_are_encrypted_with_kms_and_versioned_as_planned(
    trained: dict[str, Any], gateway: Gateway, bucket: Resource
) -> None:
    s3 = client("s3", gateway.url, bucket.region)
    key = f"artifacts/{trained['experiment']}/{trained['run']}/artifacts/notes/first.txt"
    head = s3.head_object(Bucket=BUCKET, Key=key)
    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["VersionId"] not in ("", "null")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert {rule["ID"] for rule in rules} >= {"old-versions", "unfinished-uploads"}


def test_the_servers_role_was_refused_nothing(trained: dict[str, Any], gateway: Gateway) -> None:
    assert not gateway.refused(ROLES["own-server"])
    assert {"s3:GetObject", "s3:ListBucket", "s3:PutObject"} <= gateway.allowed(ROLES["own-server"])


@pytest.mark.parametrize("stranger", ["acme-server", "credit-server"])
def test_another_tenants_server_reads_none_of_it(
    trained: dict[str, Any], gateway: Gateway, bucket: Resource, stranger: str
) -> None:
    s3 = client("s3", gateway.url, bucket.region, stranger)
    for call in (
        lambda: s3.get_object(Bucket=BUCKET, Key=keys_in(gateway.url, bucket)[0]),
        lambda: s3.list_objects_v2(Bucket=BUCKET, Prefix="artifacts/"),
        lambda: s3.put_object(Bucket=BUCKET, Key="artifacts/x", Body=b""),
    ):
        with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
            call()


def test_the_server_answers_nobody_who_calls_it_by_another_name(tracking: Tracking) -> None:
    asked = urllib.request.Request(f"{tracking.url}/api/2.0/mlflow/experiments/get?experiment_id=0")
    asked.add_header("Host", "mlflow.example.com")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=10)
    assert refused.value.code == 403


def test_each_connection_signs_in_with_a_token_of_its_own(tracking: Tracking) -> None:
    """What `sitecustomize` adds to every process: a signed URL for host, port and user in place of a password."""
    program = """
import json
from sqlalchemy import create_engine
engine = create_engine("postgresql+psycopg2://prod_tracking_shared@db.example:5432/mlflow?sslmode=require")
seen = []
def connect(*arguments, **parameters):
    seen.append(parameters)
    raise SystemExit(json.dumps(seen))
engine.dialect.connect = connect
try:
    engine.connect()
except SystemExit as done:
    print(done)
"""
    said = tracking.run(str(python("mlflow")), "-c", program, **tracking.variables)
    (seen,) = json.loads(said)
    assert (seen["host"], seen["user"], seen["dbname"]) == ("db.example", "prod_tracking_shared", "mlflow")
    assert seen["sslmode"] == "require"
    token = seen["password"]
    assert token.startswith("db.example:5432/?Action=connect&DBUser=prod_tracking_shared")
    assert "X-Amz-Signature=" in token
    assert "X-Amz-Expires=900" in token


def test_deleted_runs_go_for_good_and_their_artifacts_can_still_be_had_back(
    tracking_in_production: Graph,
    tracking: Tracking,
    trained: dict[str, Any],
    gateway: Gateway,
    bucket: Resource,
) -> None:
    """The planned daily job, run after no days instead of thirty."""
    delete = f"from mlflow import MlflowClient; MlflowClient().delete_run('{trained['run']}')"
    tracking.run(str(python("mlflow")), "-c", delete, MLFLOW_TRACKING_URI=tracking.url)
    planned = _container(tracking_in_production, "CronJob")["args"]
    assert "--older-than=30d" in planned
    uri = tracking.variables["URI"]
    arguments = [a.replace("$(URI)", uri).replace("=30d", "=0d") for a in planned]
    tracking.run(str(python("mlflow").parent / arguments[0]), *arguments[1:], **tracking.variables)
    run = f"artifacts/{trained['experiment']}/{trained['run']}/"
    assert not [key for key in keys_in(gateway.url, bucket) if key.startswith(run)]
    s3 = client("s3", gateway.url, bucket.region)
    assert s3.list_object_versions(Bucket=BUCKET, Prefix=run)["Versions"]
    assert not gateway.refused(ROLES["own-server"])
