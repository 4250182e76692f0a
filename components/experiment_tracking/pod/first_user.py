"""Makes the server's user in a new database, as the database's owner; does nothing where it is there.

The owner's password is read from Secrets Manager and leaves this process in a TLS connection only. The
user signs in with IAM tokens (`rds_iam`) and owns the schema that MLflow migrates by itself.
"""

import json
import os
from typing import Any

import boto3
import psycopg2
from psycopg2 import sql

STATEMENTS = (
    "GRANT {user} TO CURRENT_USER",
    "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {database} TO {user}",
    "ALTER SCHEMA public OWNER TO {user}",
    "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
)


def main() -> None:
    """Reads DATABASE_HOST, DATABASE_NAME, DATABASE_USER, OWNER_SECRET and AWS_REGION."""
    secrets = boto3.client("secretsmanager", region_name=os.environ["AWS_REGION"])
    owner = json.loads(secrets.get_secret_value(SecretId=os.environ["OWNER_SECRET"])["SecretString"])
    connection = psycopg2.connect(
        host=os.environ["DATABASE_HOST"],
        port=int(os.environ.get("DATABASE_PORT", "5432")),
        dbname=os.environ["DATABASE_NAME"],
        user=owner["username"],
        password=owner["password"],
        sslmode=os.environ.get("DATABASE_SSLMODE", "require"),
    )
    with connection, connection.cursor() as cursor:
        prepare(cursor, os.environ["DATABASE_NAME"], os.environ["DATABASE_USER"])
    connection.close()


def prepare(cursor: Any, database: str, user: str) -> None:
    """The user and its rights; everything may be run again."""
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (user,))
    named = {"user": sql.Identifier(user), "database": sql.Identifier(database)}
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("CREATE ROLE {user} LOGIN").format(**named))
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'rds_iam'")
    if cursor.fetchone() is not None:
        cursor.execute(sql.SQL("GRANT rds_iam TO {user}").format(**named))
    for statement in STATEMENTS:
        cursor.execute(sql.SQL(statement).format(**named))


if __name__ == "__main__":
    main()
