"""The AWS regions and their availability zones, bundled so that no program asks AWS for them.

As of 2026-11, from "AWS Availability Zones" and the region tables of the EC2 user guide. Zone names are
those an account created since November 2025 sees. In the oldest regions older accounts see the names in
another order, and in some regions not all of them: `network.availability_zones` overrides the choice.
China, GovCloud and the sovereign clouds are left out: they are other partitions, with accounts and
identities of their own.
"""

import difflib
from typing import Dict, List, Tuple

__all__ = ["AS_OF", "REGIONS", "is_region", "nearest", "partition", "zones"]

AS_OF = "2026-11"

_LETTERS: Dict[str, str] = {
    # us-west-1 shows any account two of its three zones; us-east-1e has none of the newer instance types.
    "us-east-1": "abcdf", "us-east-2": "abc", "us-west-1": "ac", "us-west-2": "abcd",
    "af-south-1": "abc", "ap-east-1": "abc", "ap-east-2": "abc",
    "ap-northeast-1": "acd", "ap-northeast-2": "abcd", "ap-northeast-3": "abc",
    "ap-south-1": "abc", "ap-south-2": "abc",
    "ap-southeast-1": "abc", "ap-southeast-2": "abc", "ap-southeast-3": "abc", "ap-southeast-4": "abc",
    "ap-southeast-5": "abc", "ap-southeast-6": "abc", "ap-southeast-7": "abc",
    "ca-central-1": "abd", "ca-west-1": "abc",
    "eu-central-1": "abc", "eu-central-2": "abc", "eu-north-1": "abc", "eu-south-1": "abc",
    "eu-south-2": "abc", "eu-west-1": "abc", "eu-west-2": "abc", "eu-west-3": "abc",
    "il-central-1": "abc", "me-central-1": "abc", "me-south-1": "abc", "mx-central-1": "abc",
    "sa-east-1": "abc",
}  # fmt: skip

REGIONS: Tuple[str, ...] = tuple(_LETTERS)


def is_region(region: str) -> bool:
    return region in _LETTERS


def zones(region: str) -> List[str]:
    """Zone names of `region` in the order in which they are used. Raises `KeyError` on an unknown region."""
    return [region + letter for letter in _LETTERS[region]]


def nearest(text: str, options: List[str]) -> List[str]:
    """Up to three of `options` that `text` may have meant, the likeliest first; `us-east1` counts."""
    return difflib.get_close_matches(text, options, n=3, cutoff=0.75)


def partition(region: str) -> str:
    """The AWS partition a region belongs to, as it stands in ARNs."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
