"""MLflow's database as the cluster's jobs make it, in a real PostgreSQL with TLS: user, schema, connections.

PostgreSQL trusts here where Aurora would check the token: that one is sent is seen in `test_mlflow.py`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.experiment_tracking import server
from tests.clients.test_mlflow import free_port
from tests.clients.virtual_environment import python

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(
        not all(map(shutil.which, ("initdb", "pg_ctl", "psql", "openssl"))),
        reason="PostgreSQL is not installed",
    ),
]

USER, DATABASE = "prod_tracking_shared", "mlflow"
NOBODY = 65534

FIRST_USER = """
import json, runpy, sys
import boto3

class Secrets:
    def get_secret_value(self, SecretId):
        assert SecretId == "arn:of:the:owner"
        return {"SecretString": json.dumps({"username": "owner", "password": "unused"})}

boto3.client = lambda service, **more: {"secretsmanager": Secrets()}[service]
runpy.run_path(sys.argv[1], run_name="__main__")
"""


@dataclass
class Database:
    folder: Path
    port: int

    def ask(self, statement: str, user: str = "owner") -> str:
        reached = ("-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", DATABASE)
        return run(["psql", *reached, "-Atc", statement], self.folder).strip()

    def mlflow(self, *command: str, **more: str) -> str:
        """With what the pods have: the programs of the config map, no password, a region, a role's keys."""
        variables = {
            "PATH": f"{python('mlflow').parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "PYTHONPATH": str(self.folder / "scripts"),
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            **more,
        }
        return run(command, self.folder, variables)

    @property
    def uri(self) -> str:
        return f"postgresql+psycopg2://{USER}@127.0.0.1:{self.port}/{DATABASE}?sslmode=require"


def run(command: Sequence[str], folder: Path, variables: dict[str, str] | None = None) -> str:
    """Without `variables` as somebody else than root, as which PostgreSQL refuses to run."""
    as_whom: dict[str, Any] = {}
    if variables is None and os.geteuid() == 0:
        as_whom = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    environment = variables or {**os.environ, "HOME": str(folder)}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        **as_whom,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-1000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    """A server that takes connections over TLS only, with the role that Aurora has from the start."""
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as name:
        # Not below pytest's own folder, which it closes to everybody else at each start.
        folder = Path(name)
        folder.chmod(0o777)
        yield from _served(folder)


def _served(folder: Path) -> Iterator[Database]:
    port, data = free_port(), folder / "data"
    run(["initdb", "-D", str(data), "-U", "owner", "--auth=trust"], folder)
    key, certificate = str(data / "server.key"), str(data / "server.crt")
    subject = ("-subj", "/CN=localhost", "-days", "1", "-nodes")
    run(
        ["openssl", "req", "-new", "-x509", *subject, "-keyout", key, "-out", certificate],
        folder,
        dict(os.environ),
    )
    (data / "server.key").chmod(0o600)
    if os.geteuid() == 0:
        os.chown(key, NOBODY, NOBODY)
    (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\n")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c ssl=on -c unix_socket_directories=''"
    run(["pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start"], folder)
    try:
        made = Database(folder, port)
        scripts = folder / "scripts"
        scripts.mkdir()
        for name, text in server.scripts().items():
            (scripts / name).write_text(text)
        reached = ("-h", "127.0.0.1", "-p", str(port), "-U", "owner", "-d", "postgres")
        for statement in (f"CREATE DATABASE {DATABASE}", "CREATE ROLE rds_iam"):
            run(["psql", *reached, "-c", statement], folder)
        yield made
    finally:
        run(["pg_ctl", "-D", str(data), "-m", "fast", "-w", "stop"], folder)


@pytest.fixture(scope="module")
def prepared(database: Database) -> Database:
    """After the job that makes the user, run twice, as a retry would."""
    (database.folder / "first.py").write_text(FIRST_USER)
    for _ in range(2):
        database.mlflow(
            str(python("mlflow")),
            "first.py",
            str(database.folder / "scripts" / "first_user.py"),
            DATABASE_HOST="127.0.0.1",
            DATABASE_PORT=str(database.port),
            DATABASE_NAME=DATABASE,
            DATABASE_USER=USER,
            OWNER_SECRET="arn:of:the:owner",
        )
    return database


def test_the_job_makes_a_user_that_signs_in_with_tokens(prepared: Database) -> None:
    assert prepared.ask(f"SELECT pg_has_role('{USER}', 'rds_iam', 'member')") == "t"
    assert (
        prepared.ask(
            f"SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = '{USER}'"
        )
        == "f"
    )


def test_nobody_but_the_user_and_the_owner_gets_into_the_database(prepared: Database) -> None:
    prepared.ask("CREATE ROLE stranger LOGIN")
    refused = subprocess.run(
        [
            "psql",
            "-h",
            "127.0.0.1",
            "-p",
            str(prepared.port),
            "-U",
            "stranger",
            "-d",
            DATABASE,
            "-c",
            "SELECT 1",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "permission denied for database" in refused.stderr


def test_the_init_container_makes_the_schema_and_connections_are_not_kept(prepared: Database) -> None:
    """What `mlflow db upgrade` makes is the user's own; then nothing keeps the database from pausing."""
    prepared.mlflow("mlflow", "db", "upgrade", prepared.uri)
    owners = prepared.ask("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
    assert owners == USER
    assert int(prepared.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")) > 20
    assert prepared.ask(f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{USER}'") == "0"
