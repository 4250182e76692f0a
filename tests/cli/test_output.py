"""How amounts, counts and files are written."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from cli.output import money, number, write_whole
from problems import InputError


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "$0"),
        ("0.004", "<$0.01"),
        ("9.99", "$9.99"),
        ("10", "$10"),
        ("1234.56", "$1,235"),
        ("-2.5", "-$2.50"),
        ("-1204", "-$1,204"),
    ],
)
def test_cents_appear_only_below_ten_dollars(amount: str, shown: str) -> None:
    assert money(Decimal(amount)) == shown


def test_a_count_is_in_the_plural_but_for_one() -> None:
    assert [number(count, "region") for count in (0, 1, 1200)] == ["0 regions", "1 region", "1,200 regions"]


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "graph.json", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["graph.json"]
    assert (tmp_path / "graph.json").read_text() == "text"


def test_a_place_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing/graph\.json"):
        write_whole(tmp_path / "missing" / "graph.json", "text")
    assert list(tmp_path.iterdir()) == []
