"""An own MLflow in the cluster: what its pods are and who reaches them. Pure functions of settings and names.

A plain deployment, not a chart: none of those published signs in with IAM tokens, and what a chart
installs no plan can show.
"""

from importlib import resources
from typing import Any, Dict, List, Optional

from components.experiment_tracking import names
from components.experiment_tracking.instances import Instance
from components.experiment_tracking.settings import TrackingServer
from components.model import Cell

__all__ = [
    "FIRST_USER",
    "LABELS",
    "collector",
    "deployment",
    "first_user",
    "network_policy",
    "scripts",
]

Spec = Dict[str, Any]

FIRST_USER = "first-user"
"""Service account of the job that makes the server's user."""
LABELS = {"app.kubernetes.io/name": names.SERVER}
MOUNT = "/opt/tradewind"
# The only place where the pods can write.
SCRATCH = "/scratch"
# MLflow's image has no user of its own; nobody owns nothing.
NOBODY = 65534

# Pods ask this address for their role's credentials; no other link-local address is open to them.
POD_IDENTITY = "169.254.170.23/32"
DATABASE_PORT = 5432


def scripts() -> Dict[str, str]:
    """The two programs that MLflow's image lacks, by file name."""
    folder = resources.files("components.experiment_tracking") / "pod"
    read = {"sitecustomize.py": "sign_in.py", "first_user.py": "first_user.py"}
    return {target: (folder / source).read_text(encoding="utf-8") for target, source in read.items()}


def database_uri(cell: Cell, instance: Instance, endpoint: str) -> str:
    """SQLAlchemy's URL with the driver that the image has; `sign_in` gives each connection its password."""
    user = names.database_user(cell, instance)
    return f"postgresql+psycopg2://{user}@{endpoint}:{DATABASE_PORT}/{names.DATABASE}?sslmode=require"


def deployment(cell: Cell, instance: Instance, settings: TrackingServer, uri: Any, replicas: int) -> Spec:
    """The server; each pod first brings the database's schema to its version."""
    server = {
        "name": names.SERVER,
        "image": settings.image,
        "args": [
            "mlflow",
            "server",
            "--host=0.0.0.0",
            f"--port={names.PORT}",
            f"--workers={settings.workers}",
            f"--artifacts-destination={names.artifact_uri(cell, instance)}",
            "--serve-artifacts",
            f"--allowed-hosts={','.join(_hosts(instance))}",
        ],
        "ports": [{"name": "http", "containerPort": names.PORT}],
        "startupProbe": {**_probe(), "failureThreshold": 30, "periodSeconds": 5},
        "readinessProbe": {**_probe(), "periodSeconds": 10},
        "livenessProbe": {**_probe(), "periodSeconds": 20, "failureThreshold": 6},
    }
    migrate = {"name": "migrate", "image": settings.image, "args": ["mlflow", "db", "upgrade", "$(URI)"]}
    return {
        "replicas": replicas,
        "selector": {"matchLabels": LABELS},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": {
            "metadata": {"labels": {**LABELS, **_tenant(instance)}},
            "spec": {
                **_pod(instance, names.SERVER),
                "initContainers": [_container(cell, instance, settings, migrate, uri)],
                "containers": [_container(cell, instance, settings, server, uri)],
                "topologySpreadConstraints": [
                    {
                        "maxSkew": 1,
                        "topologyKey": "topology.kubernetes.io/zone",
                        "whenUnsatisfiable": "ScheduleAnyway",
                        "labelSelector": {"matchLabels": LABELS},
                    }
                ],
            },
        },
    }


def collector(cell: Cell, instance: Instance, settings: TrackingServer, uri: Any) -> Spec:
    """Removes for good, once a day, what has been in the state `deleted` for long enough."""
    collect = {
        "name": "collect",
        "image": settings.image,
        "args": [
            "mlflow",
            "gc",
            f"--older-than={settings.collect_after_days}d",
            "--backend-store-uri=$(URI)",
            f"--artifacts-destination={names.artifact_uri(cell, instance)}",
        ],
    }
    job = {
        "backoffLimit": 2,
        "template": {
            "metadata": {"labels": {"app.kubernetes.io/name": "collect", **_tenant(instance)}},
            "spec": {
                **_pod(instance, names.SERVER),
                "restartPolicy": "Never",
                "containers": [_container(cell, instance, settings, collect, uri)],
            },
        },
    }
    return {
        "schedule": "30 3 * * *",
        "concurrencyPolicy": "Forbid",
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {"spec": job},
    }


def first_user(
    cell: Cell, instance: Instance, settings: TrackingServer, endpoint: Any, secret_arn: Any
) -> Spec:
    """The job that makes the server's user, with a role of its own that may read the owner's password."""
    making = {
        "name": FIRST_USER,
        "image": settings.image,
        "args": ["python", f"{MOUNT}/first_user.py"],
        "env": [
            {"name": "AWS_REGION", "value": cell.region},
            {"name": "DATABASE_HOST", "value": endpoint},
            {"name": "DATABASE_NAME", "value": names.DATABASE},
            {"name": "DATABASE_USER", "value": names.database_user(cell, instance)},
            {"name": "OWNER_SECRET", "value": secret_arn},
        ],
        **_bounds(settings),
    }
    return {
        "backoffLimit": 4,
        "template": {
            "metadata": {"labels": {"app.kubernetes.io/name": FIRST_USER, **_tenant(instance)}},
            "spec": {**_pod(instance, FIRST_USER), "restartPolicy": "Never", "containers": [making]},
        },
    }


def network_policy(instance: Instance) -> Spec:
    """In: the tenants' namespaces, on the server's port. Out: names, credentials, database and AWS over TLS."""
    callers = [*instance.tenants, names.namespace(instance)]
    spaces = [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": callers}]
    return {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {"from": [{"namespaceSelector": {"matchExpressions": spaces}}], "ports": [_port(names.PORT)]}
        ],
        "egress": [
            {"to": [{"namespaceSelector": {}}], "ports": [_port(53), _port(53, "UDP")]},
            {"to": [{"ipBlock": {"cidr": POD_IDENTITY}}], "ports": [_port(80)]},
            {"ports": [_port(443), _port(DATABASE_PORT)]},
            {"to": [{"podSelector": {}}], "ports": [_port(names.PORT)]},
        ],
    }


def _port(number: int, protocol: str = "TCP") -> Spec:
    return {"port": number, "protocol": protocol}


def _hosts(instance: Instance) -> List[str]:
    """Host headers that the server answers: its service's names, and the address of a forwarded port."""
    service = f"{names.SERVER}.{names.namespace(instance)}"
    found = []
    for host in (service, f"{service}.svc", f"{service}.svc.cluster.local", "localhost"):
        found += [host, f"{host}:{names.PORT}"]
    return found


def _probe() -> Spec:
    return {
        "httpGet": {
            "path": "/health",
            "port": "http",
            "httpHeaders": [{"name": "Host", "value": "localhost"}],
        }
    }


def _tenant(instance: Instance) -> Dict[str, str]:
    return {"tenant": instance.group.tenant.name} if instance.group.tenant else {}


def _pod(instance: Instance, account: str) -> Spec:
    """What all pods have in common; a bridge or silo tenant's run on nodes of its own."""
    spec: Spec = {
        "serviceAccountName": account,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": NOBODY,
            "runAsGroup": NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumes": [
            {"name": "scripts", "configMap": {"name": "scripts"}},
            {"name": "scratch", "emptyDir": {}},
        ],
    }
    owner: Optional[str] = instance.own_nodes
    if owner:
        spec["nodeSelector"] = {"tenant": owner}
        taint = {"key": "tenant", "operator": "Equal", "value": owner, "effect": "NoSchedule"}
        spec["tolerations"] = [taint]
    return spec


def _container(cell: Cell, instance: Instance, settings: TrackingServer, own: Spec, uri: Any) -> Spec:
    """`own` with the environment of everything that speaks to the database and the bucket."""
    variables = {
        "AWS_REGION": cell.region,
        "HOME": SCRATCH,
        "TMPDIR": SCRATCH,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # Jobs would run people's code with the server's rights, and keep the database from pausing.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        # A connection outlives its token, but a pool of idle ones would keep the database from pausing.
        "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",
        "MLFLOW_TRACKING_URI": names.tracking_uri(instance),
        "PYTHONPATH": MOUNT,
    }
    env: List[Spec] = [{"name": key, "value": value} for key, value in variables.items()]
    env += [{"name": name, "value": uri} for name in ("MLFLOW_BACKEND_STORE_URI", "URI")]
    return {**own, "env": env, **_bounds(settings)}


def _bounds(settings: TrackingServer) -> Spec:
    memory = f"{settings.memory_gib}Gi"
    return {
        "resources": {"requests": {"cpu": settings.cpu, "memory": memory}, "limits": {"memory": memory}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "scripts", "mountPath": MOUNT, "readOnly": True},
            {"name": "scratch", "mountPath": SCRATCH},
        ],
    }
