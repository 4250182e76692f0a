"""Names: within AWS's limits, unique, and the same wherever they are computed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from components import naming
from components.catalogue import REGIONS
from components.model import Cell

PARTS = st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True), min_size=1, max_size=3)


def test_every_region_has_a_code_of_its_own() -> None:
    assert len({naming.region_code(region) for region in REGIONS}) == len(REGIONS)


def test_codes_are_short_and_readable() -> None:
    codes = {region: naming.region_code(region) for region in ("us-east-1", "ap-southeast-2", "eu-central-1")}
    assert codes == {"us-east-1": "use1", "ap-southeast-2": "apse2", "eu-central-1": "euc1"}


@given(PARTS, st.sampled_from(REGIONS), st.integers(min_value=20, max_value=100))
def test_a_name_is_never_longer_than_its_limit(parts: list[str], region: str, limit: int) -> None:
    cell = Cell(environment="production", region=region, regions=[region], account_id="123456789012")
    assert len(naming.name(cell, *parts, region=region, limit=limit)) <= limit


@given(st.text("ab-", min_size=64, max_size=80), st.text("ab-", min_size=64, max_size=80))
def test_two_long_names_stay_two(one: str, other: str) -> None:
    assert (naming.shortened(one, 63) == naming.shortened(other, 63)) is (one == other)


@given(st.text("abc-", max_size=63))
def test_a_short_name_stays_as_it_is(text: str) -> None:
    assert naming.shortened(text, 63) == text


def test_a_bucket_carries_the_account(cell: Cell) -> None:
    assert naming.bucket_name(cell, "logs", region="eu-west-1") == "tradewind-prod-euw1-logs-123456789012"


def test_an_arn_has_region_and_account_only_where_the_service_has(cell: Cell) -> None:
    assert naming.arn(cell, "iam", "role/x") == "arn:aws:iam::123456789012:role/x"
    assert naming.arn(cell, "s3", "bucket", account=False) == "arn:aws:s3:::bucket"
