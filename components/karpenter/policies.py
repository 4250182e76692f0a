"""What Karpenter's controller may do in AWS, as IAM policy documents.

The reference is the project's own template for 1.14, tightened where this cluster allows it: the nodes'
instance profile exists already, so the controller creates none and changes no IAM; ARNs name the
account; what it may start and stop is bounded by tags that name the cluster.
"""

from typing import Dict, List, Sequence

from components import naming
from components.cluster.names import ClusterNames
from components.cluster.policies import in_region
from components.statements import Document, allow, document

__all__ = ["controller_policies", "queue_policy"]

_POOL = "karpenter.sh/nodepool"

# The Price List API answers in these regions only.
PRICING_REGIONS = ("us-east-1", "eu-central-1", "ap-south-1")


def _ec2(names: ClusterNames, *kinds: str) -> List[str]:
    return [naming.arn(names.cell, "ec2", f"{kind}/*", region=names.cell.region) for kind in kinds]


def _owned(names: ClusterNames, where: str) -> Document:
    """Tags of this cluster's nodes alone, on the request (`RequestTag`) or what exists (`ResourceTag`)."""
    return {
        "StringEquals": {f"aws:{where}/kubernetes.io/cluster/{names.cluster}": "owned"},
        "StringLike": {f"aws:{where}/{_POOL}": "*"},
    }


def _born_owned(names: ClusterNames) -> Document:
    """What is created carries the cluster's tags from the first moment."""
    condition = _owned(names, "RequestTag")
    return {
        **condition,
        "StringEquals": {
            **condition["StringEquals"],
            "aws:RequestTag/eks:eks-cluster-name": names.cluster,
        },
    }


def _started(names: ClusterNames) -> List[str]:
    kinds = ("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request")
    return _ec2(names, *kinds)


def lifecycle_policy(names: ClusterNames) -> Document:
    """Starting, tagging and stopping nodes."""
    public = [
        f"arn:{naming.partition(names.cell.region)}:ec2:{names.cell.region}::{kind}/*"
        for kind in ("image", "snapshot")
    ]
    used = _ec2(names, "security-group", "subnet", "capacity-reservation", "placement-group")
    created_by = {"ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]}
    born = _born_owned(names)
    exists = _owned(names, "ResourceTag")
    return document(
        [
            allow("LaunchWith", ["ec2:RunInstances", "ec2:CreateFleet"], [*public, *used]),
            allow(
                "LaunchFromOwnTemplates",
                ["ec2:RunInstances", "ec2:CreateFleet"],
                _ec2(names, "launch-template"),
                exists,
            ),
            allow(
                "LaunchTagged",
                ["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"],
                _started(names),
                born,
            ),
            allow(
                "TagAtLaunch",
                ["ec2:CreateTags"],
                _started(names),
                {**born, "StringEquals": {**born["StringEquals"], **created_by}},
            ),
            allow(
                "TagOwnNodes",
                ["ec2:CreateTags"],
                _ec2(names, "instance"),
                {
                    **exists,
                    "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": names.cluster},
                    "ForAllValues:StringEquals": {
                        "aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]
                    },
                },
            ),
            allow(
                "EndOwnNodes",
                ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
                _ec2(names, "instance", "launch-template"),
                exists,
            ),
        ],
    )


def discovery_policy(names: ClusterNames) -> Document:
    """Looking: what may be started where, at what price."""
    cell = names.cell
    seen = [
        "CapacityReservations",
        "Images",
        "Instances",
        "InstanceStatus",
        "InstanceTypeOfferings",
        "InstanceTypes",
        "LaunchTemplates",
        "PlacementGroups",
        "SecurityGroups",
        "SpotPriceHistory",
        "Subnets",
    ]
    published = f"arn:{naming.partition(cell.region)}:ssm:{cell.region}::parameter/aws/service/*"
    prices = {"StringEquals": {"aws:RequestedRegion": list(PRICING_REGIONS)}}
    return document(
        [
            allow("SeeCapacity", [f"ec2:Describe{what}" for what in seen], ["*"], in_region(cell)),
            allow("SeeImages", ["ssm:GetParameter"], [published]),
            allow("SeePrices", ["pricing:GetProducts"], ["*"], prices),
            allow("SeeCluster", ["eks:DescribeCluster"], [names.arn]),
        ],
    )


def node_identity_policy(names: ClusterNames) -> Document:
    """Giving nodes the role made for them, and no other."""
    # IAM lists profiles of an account or none: it knows no resource for the action.
    own = {"StringEquals": {"aws:PrincipalAccount": names.cell.account_id}}
    return document(
        [
            allow(
                "GiveNodesTheirRole",
                ["iam:PassRole"],
                [names.role_arn("nodes")],
                {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
            ),
            allow("SeeProfile", ["iam:GetInstanceProfile"], [names.profile_arn("nodes")]),
            allow("SeeProfiles", ["iam:ListInstanceProfiles"], ["*"], own),
        ],
    )


def interruption_policy(names: ClusterNames, *, zonal_shift: bool) -> Document:
    """Hearing of interruptions, and of zones that traffic was moved out of."""
    actions = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
    statements = [allow("ReadInterruptions", actions, [names.queue_arn])]
    if zonal_shift:
        condition = {"StringEquals": {"arc-zonal-shift:ResourceIdentifier": names.arn}}
        statements.append(allow("SeeZonalShift", ["arc-zonal-shift:GetManagedResource"], ["*"], condition))
    return document([*statements])


def volume_policy(names: ClusterNames, aliases: Sequence[str]) -> Document:
    """Encrypting nodes' volumes with keys of others, found by alias: the cluster's own allows it itself."""
    keys = [naming.arn(names.cell, "kms", "key/*", region=names.cell.region)]
    condition = {
        "StringEquals": {"kms:ViaService": f"ec2.{names.cell.region}.amazonaws.com"},
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": list(aliases)},
    }
    use = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"]
    use += ["kms:ReEncryptFrom", "kms:ReEncryptTo"]
    for_ec2 = {**condition, "Bool": {"kms:GrantIsForAWSResource": "true"}}
    return document(
        [
            allow("EncryptVolumes", use, keys, condition),
            allow("AttachVolumes", ["kms:CreateGrant"], keys, for_ec2),
        ],
    )


def controller_policies(
    names: ClusterNames, *, zonal_shift: bool, volume_keys: Sequence[str] = ()
) -> Dict[str, Document]:
    """The controller's policies by name. Together they stay below the 10,240 characters of a role.

    `volume_keys` are aliases of the keys that pools encrypt volumes with instead of the cluster's.
    """
    policies = {
        "lifecycle": lifecycle_policy(names),
        "discovery": discovery_policy(names),
        "node-identity": node_identity_policy(names),
        "interruption": interruption_policy(names, zonal_shift=zonal_shift),
    }
    return {**policies, "volumes": volume_policy(names, volume_keys)} if volume_keys else policies


def queue_policy(names: ClusterNames, events: Sequence[str]) -> Document:
    """EventBridge may send what these rules match, and nobody may connect without TLS."""
    rules = [names.rule_arn(event) for event in events]
    return document(
        [
            {
                "Sid": "SendInterruptions",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": names.queue_arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": rules}},
            },
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sqs:*",
                "Resource": names.queue_arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    )
