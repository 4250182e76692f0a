"""Kubernetes versions and the add-on versions that were released for them.

Written down from clusters in public use in August and September 2026, not from EKS itself: before an
upgrade compare with `aws eks describe-addon-versions --kubernetes-version <version>`. An add-on with no
version here (the drivers for FSx and S3) needs one in `addons.versions`.
"""

from typing import Dict, Mapping

__all__ = ["ADDONS", "AS_OF", "CATALOGUE", "DEFAULT", "catalogued"]

AS_OF = "2026-09"
DEFAULT = "1.36"

# Every cluster has these.
ADDONS = (
    "vpc-cni",
    "kube-proxy",
    "eks-pod-identity-agent",
    "coredns",
    "aws-ebs-csi-driver",
    "eks-node-monitoring-agent",
    "metrics-server",
)

_ANY: Mapping[str, str] = {
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    "aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
    "eks-node-monitoring-agent": "v1.7.0-eksbuild.1",
    "metrics-server": "v0.9.0-eksbuild.5",
    "amazon-cloudwatch-observability": "v5.4.0-eksbuild.1",
}

CATALOGUE: Mapping[str, Mapping[str, str]] = {
    "1.36": {
        "vpc-cni": "v1.22.4-eksbuild.3",
        "coredns": "v1.14.3-eksbuild.16",
        "kube-proxy": "v1.36.0-eksbuild.21",
    },
    "1.35": {
        "vpc-cni": "v1.22.3-eksbuild.1",
        "coredns": "v1.13.2-eksbuild.11",
        "kube-proxy": "v1.35.3-eksbuild.17",
    },
}


def catalogued(kubernetes: str) -> Dict[str, str]:
    """Add-on versions for a Kubernetes version; empty for one that is not catalogued."""
    return {**_ANY, **CATALOGUE[kubernetes]} if kubernetes in CATALOGUE else {}
