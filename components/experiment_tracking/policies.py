"""Who may do what with experiments: policy documents, as plain dicts."""

from typing import Any, List, Sequence

from components.cluster.names import ClusterNames
from components.experiment_tracking import names
from components.experiment_tracking.instances import Instance
from components.experiment_tracking.settings import TrackingBackend
from components.model import Cell
from components.naming import arn
from components.statements import Document, Statement, allow, document, through_s3

__all__ = ["client", "client_trust", "key_use", "managed_server", "own_server", "owner_secret"]

WRITE = ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject")

# Everything that logging, comparing and registering takes; nothing that deletes for good.
TRACK = tuple(
    f"sagemaker-mlflow:{verb}*"
    for verb in ("Create", "Finalize", "Get", "List", "Log", "Restore", "Search", "Set", "Update")
)


def own_server(cell: Cell, instance: Instance) -> Document:
    """Artifacts of this instance, and its own user at its database."""
    user = arn(cell, "rds-db", f"dbuser:*/{names.database_user(cell, instance)}", region=instance.group.home)
    signed_in = allow("SignIn", ("rds-db:connect",), [user])
    return document([*_artifacts(cell, instance, delete=True), signed_in])


def managed_server(cell: Cell, instance: Instance) -> Document:
    """Artifacts of this instance; SageMaker takes the role for its server."""
    return document(_artifacts(cell, instance, delete=True))


def client(cell: Cell, instance: Instance, backend: TrackingBackend) -> Document:
    """Logs to this instance's managed server, and its artifacts, which clients write to S3 themselves.

    An app's ARN ends in what AWS draws: it is known by the tag that only this instance's has.
    """
    if backend is TrackingBackend.MANAGED_SERVER:
        track = allow("Track", TRACK, [names.server_arn(cell, instance)])
    else:
        apps = arn(cell, "sagemaker", "mlflow-app/*", region=instance.group.home)
        own = {"aws:ResourceTag/Name": names.server_name(cell, instance)}
        track = allow("Track", TRACK, [apps], {"StringEquals": own})
    return document([track, *_artifacts(cell, instance, delete=False)])


def _artifacts(cell: Cell, instance: Instance, *, delete: bool) -> List[Statement]:
    bucket = instance.group.bucket_arn(cell, instance.group.home)
    prefixes = [names.ARTIFACTS, f"{names.ARTIFACTS}/*"]
    actions = ("s3:GetObject", *WRITE, *(("s3:DeleteObject",) if delete else ()))
    return [
        allow("Find", ("s3:GetBucketLocation",), [bucket]),
        allow("List", ("s3:ListBucket",), [bucket], {"StringLike": {"s3:prefix": prefixes}}),
        allow("Artifacts", actions, [f"{bucket}/{names.ARTIFACTS}/*"]),
    ]


def key_use(instance: Instance, key_arn: Any) -> Document:
    """Use of the instance's key at home, through S3."""
    actions = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
    return document([allow("UseKey", actions, [key_arn], through_s3([instance.group.home]))])


def owner_secret(cell: Cell, instance: Instance, key_arn: Any) -> Document:
    """Reads the password of the database's owner, once, to make the server's user.

    RDS draws the secret's name, and tags it with the cluster that it belongs to.
    """
    region = instance.group.home
    secrets = arn(cell, "secretsmanager", "secret:rds!cluster-*", region=region)
    own = {"aws:ResourceTag/aws:rds:primaryDBClusterArn": names.database_arn(cell, instance)}
    through = {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com"}
    return document(
        [
            allow("ReadPassword", ("secretsmanager:GetSecretValue",), [secrets], {"StringEquals": own}),
            allow("Decrypt", ("kms:Decrypt",), [key_arn], {"StringEquals": through}),
        ]
    )


def client_trust(cell: Cell, instance: Instance) -> Document:
    """Pods of the instance's tenants, in any of the environment's clusters that they run in."""
    clusters: Sequence[str] = [
        ClusterNames(cell.model_copy(update={"region": region}), instance.own_cluster).arn
        for region in cell.regions
    ]
    namespaces = list(instance.tenants) or [names.namespace(instance)]
    return document(
        [
            {
                "Sid": "Pods",
                "Effect": "Allow",
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Condition": {
                    "StringEquals": {
                        "aws:SourceAccount": cell.account_id,
                        "aws:RequestTag/eks-cluster-arn": list(clusters),
                        "aws:RequestTag/kubernetes-namespace": namespaces,
                    }
                },
            }
        ]
    )
