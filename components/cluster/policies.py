"""Who may do what around a cluster, as IAM policy documents: trusts, keys and the pods' roles.

Every function is pure and returns a document. Actions are named one by one; a resource is `*` only
where AWS knows no other for the action, and then a condition bounds it. (In a key's policy `*` is the
key itself.)
"""

from typing import Any, List, Optional, Sequence

from components import naming
from components.cluster.names import ClusterNames
from components.model import Cell
from components.statements import Document, allow, document

__all__ = [
    "Document",
    "allow",
    "cluster_key_policy",
    "cluster_role_policy",
    "cluster_trust",
    "document",
    "fsx_csi_policy",
    "in_region",
    "managed",
    "node_trust",
    "pod_trust",
    "s3_csi_policy",
    "volume_key_policy",
]


def in_region(cell: Cell) -> Document:
    """Bounds what has no resources of its own to ask about, such as the `Describe` actions of EC2."""
    return {"StringEquals": {"aws:RequestedRegion": cell.region}}


def managed(cell: Cell, name: str) -> str:
    """ARN of a policy that AWS maintains."""
    return f"arn:{naming.partition(cell.region)}:iam::aws:policy/{name}"


def _trust(service: str, actions: List[str], condition: Optional[Document] = None) -> Document:
    statement: Document = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions}
    return document([{**statement, "Condition": condition} if condition else statement])


def cluster_trust(names: ClusterNames) -> Document:
    """EKS may assume the control plane's role, for this cluster only."""
    source = {
        "StringEquals": {"aws:SourceAccount": names.cell.account_id},
        "ArnEquals": {"aws:SourceArn": names.arn},
    }
    return _trust("eks.amazonaws.com", ["sts:AssumeRole"], source)


def node_trust() -> Document:
    """EC2 may assume a node's role. It hands the role to an instance's own account only."""
    return _trust("ec2.amazonaws.com", ["sts:AssumeRole"])


def pod_trust(names: ClusterNames, namespace: str, service_account: str) -> Document:
    """Pods of one service account of one cluster may assume the role, through EKS Pod Identity.

    Pod Identity states where a pod is from in tags of the session it asks for, hence `sts:TagSession`.
    """
    return _trust(
        "pods.eks.amazonaws.com",
        ["sts:AssumeRole", "sts:TagSession"],
        {
            "StringEquals": {
                "aws:SourceAccount": names.cell.account_id,
                "aws:RequestTag/eks-cluster-arn": names.arn,
                "aws:RequestTag/kubernetes-namespace": namespace,
                "aws:RequestTag/kubernetes-service-account": service_account,
            }
        },
    )


def cluster_role_policy(key_arn: Any) -> Document:
    """What the control plane needs besides AWS' policy: the key that wraps Secrets (ARN or its output)."""
    actions = ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey", "kms:ListGrants"]
    return document([allow("WrapSecrets", actions, [key_arn])])


def _account_may_administer(cell: Cell) -> Document:
    # Without this statement a key can become unmanageable; rights still need an IAM policy each.
    root = f"arn:{naming.partition(cell.region)}:iam::{cell.account_id}:root"
    return {
        "Sid": "Administer",
        "Effect": "Allow",
        "Principal": {"AWS": root},
        "Action": "kms:*",
        "Resource": "*",
    }


_USE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:DescribeKey"]
_DATA_KEYS = ["kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]


def cluster_key_policy(names: ClusterNames) -> Document:
    """The key of Secrets and control plane logs: the account, and CloudWatch Logs for this log group."""
    cell = names.cell
    logs = {
        "Sid": "EncryptControlPlaneLogs",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{cell.region}.amazonaws.com"},
        "Action": [*_USE, *_DATA_KEYS],
        "Resource": "*",
        "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": names.log_group_arn}},
    }
    return document([_account_may_administer(cell), logs])


def volume_key_policy(cell: Cell) -> Document:
    """The key of nodes' and pods' volumes: whoever in this account works through EC2 may use it.

    So can Auto Scaling's service-linked role, Karpenter and the EBS driver without naming the key in a
    policy of their own, as with AWS' own key for EBS.
    """
    through_ec2 = {"kms:CallerAccount": cell.account_id, "kms:ViaService": f"ec2.{cell.region}.amazonaws.com"}
    principal = {"AWS": "*"}
    use = {
        "Sid": "UseThroughEc2",
        "Effect": "Allow",
        "Principal": principal,
        "Action": [*_USE, *_DATA_KEYS],
        "Resource": "*",
        "Condition": {"StringEquals": through_ec2},
    }
    grant = {
        "Sid": "AttachThroughEc2",
        "Effect": "Allow",
        "Principal": principal,
        "Action": ["kms:CreateGrant"],
        "Resource": "*",
        "Condition": {"StringEquals": through_ec2, "Bool": {"kms:GrantIsForAWSResource": "true"}},
    }
    return document([_account_may_administer(cell), use, grant])


def s3_csi_policy(cell: Cell, buckets: Sequence[str]) -> Document:
    """Reading and writing the objects of `buckets`, as Mountpoint needs it."""
    arns = [naming.arn(cell, "s3", bucket, account=False) for bucket in buckets]
    objects = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"]
    return document(
        [
            allow("ListBuckets", ["s3:ListBucket"], arns),
            allow("UseObjects", objects, [f"{arn}/*" for arn in arns]),
        ],
    )


def fsx_csi_policy(cell: Cell) -> Document:
    """Finding file systems that exist. Creating them is a decision of the specification, not of a pod."""
    return document([allow("FindFileSystems", ["fsx:DescribeFileSystems"], ["*"], in_region(cell))])
