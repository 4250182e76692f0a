"""Names of experiment tracking that one cell must know of another, or a client of both."""

from components.cluster.names import ClusterNames
from components.experiment_tracking.instances import PART, Instance
from components.model import Cell
from components.naming import arn, name, shortened

__all__ = [
    "ARTIFACTS",
    "DATABASE",
    "PORT",
    "SERVER",
    "artifact_uri",
    "client_role",
    "cluster_of",
    "database_arn",
    "database_identifier",
    "database_user",
    "namespace",
    "server_arn",
    "server_name",
    "server_role",
    "tracking_uri",
]

ARTIFACTS = "artifacts"
"""Prefix of everything that MLflow writes to an instance's bucket."""
DATABASE = "mlflow"
SERVER = "mlflow"
"""Service, service account and deployment of an own MLflow."""
PORT = 5000


def artifact_uri(cell: Cell, instance: Instance) -> str:
    """Where the server keeps artifacts: below it, MLflow's own `<experiment>/<run>/artifacts/...`."""
    return f"s3://{instance.group.bucket(cell, instance.group.home)}/{ARTIFACTS}"


def tracking_uri(instance: Instance) -> str:
    """Of an own MLflow, inside its cluster."""
    return f"http://{SERVER}.{namespace(instance)}.svc.cluster.local:{PORT}"


def namespace(instance: Instance) -> str:
    """In the cluster; at most 63 characters."""
    return shortened(f"{PART}-{instance.label}", 63)


def cluster_of(cell: Cell, instance: Instance) -> ClusterNames:
    """The cluster that an own MLflow runs in."""
    home = cell.model_copy(update={"region": instance.group.home})
    return ClusterNames(home, instance.own_cluster)


def server_role(cell: Cell, instance: Instance) -> str:
    """Role of the server itself, own or managed."""
    return instance.group.role(cell, "server")


def client_role(cell: Cell, instance: Instance) -> str:
    """Role of those who log to a managed server."""
    return instance.group.role(cell, "client")


def server_name(cell: Cell, instance: Instance) -> str:
    """Of a managed server or app."""
    return name(cell, PART, *instance.group.label_parts)


def server_arn(cell: Cell, instance: Instance) -> str:
    """Of a managed server; an app's ends in an identifier that AWS draws."""
    resource = f"mlflow-tracking-server/{server_name(cell, instance)}"
    return arn(cell, "sagemaker", resource, region=instance.group.home)


def database_identifier(cell: Cell, instance: Instance) -> str:
    return name(cell, PART, *instance.group.label_parts, region=instance.group.home)


def database_arn(cell: Cell, instance: Instance) -> str:
    resource = f"cluster:{database_identifier(cell, instance)}"
    return arn(cell, "rds", resource, region=instance.group.home)


def database_user(cell: Cell, instance: Instance) -> str:
    """Each instance signs in under a name of its own: IAM knows a database by a number that no name tells,
    so another instance's database is closed to it by the user."""
    return shortened(f"{cell.environment}-{PART}-{instance.label}", 63).replace("-", "_")
