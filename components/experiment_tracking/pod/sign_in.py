"""Signs in at PostgreSQL with an IAM token in place of a password; Python imports this at its start.

MLflow takes a connection string and nothing else, and a token lasts 15 minutes: each new connection asks
for its own. Mounted as `sitecustomize.py` on the `PYTHONPATH` of every process of the server.
"""

import os
from typing import Any, Dict

import boto3
from sqlalchemy import event
from sqlalchemy.engine import Engine


@event.listens_for(Engine, "do_connect")  # type: ignore[untyped-decorator,unused-ignore]
def sign_in(dialect: Any, record: Any, arguments: Any, parameters: Dict[str, Any]) -> None:
    """Before a connection opens: the password becomes a token for exactly this host, port and user."""
    if dialect.name != "postgresql":
        return
    database = boto3.client("rds", region_name=os.environ["AWS_REGION"])
    parameters["password"] = database.generate_db_auth_token(
        DBHostname=parameters["host"],
        Port=int(parameters.get("port", 5432)),
        DBUsername=parameters["user"],
    )
