"""Every physical name that crosses a cell, as a pure function of where it stands.

Cells never read each other's outputs: what one must know of another follows from these names. A name
too long for its service keeps its beginning and ends in a digest of the whole, so it stays unique.
"""

import hashlib

from components.catalogue import partition
from components.model import Cell

__all__ = ["arn", "bucket_name", "name", "partition", "region_code", "shortened"]

_DIRECTIONS = {
    "north": "n", "south": "s", "east": "e", "west": "w", "central": "c",
    "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw",
}  # fmt: skip


def region_code(region: str) -> str:
    """`us-east-1` as `use1`, `ap-southeast-2` as `apse2`: unique for every region of AWS."""
    *area, direction, number = region.split("-")
    return "".join(area) + _DIRECTIONS.get(direction, direction) + number


def shortened(text: str, limit: int) -> str:
    """`text` in at most `limit` characters: what is cut off is replaced by eight digits of its digest."""
    if len(text) <= limit:
        return text
    return f"{text[: limit - 9].rstrip('-')}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def name(cell: Cell, *parts: str, region: str = "", limit: int = 63) -> str:
    """`tradewind-prod-<parts>`, with the region's code before the parts where `region` is given.

    Give `region` for what exists once a region but is named in a global namespace (roles, buckets).
    """
    place = (region_code(region),) if region else ()
    return shortened("-".join((cell.platform, cell.environment, *place, *parts)), limit)


def bucket_name(cell: Cell, *parts: str, region: str) -> str:
    """Name of a bucket: S3 names are one namespace for all accounts, so the account id is in it."""
    return name(cell, *parts, cell.account_id, region=region, limit=63)


def arn(cell: Cell, service: str, resource: str, *, region: str = "", account: bool = True) -> str:
    """ARN of a resource of this account: `arn(cell, "iam", "role/x")`; S3 has neither region nor account."""
    owner = cell.account_id if account else ""
    return f"arn:{partition(cell.home_region)}:{service}:{region}:{owner}:{resource}"
