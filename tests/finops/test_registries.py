"""Images that are kept in several regions are stored once in each, and counted once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D

from finops.estimate import Estimate
from plan.graph import Resource

KIND = "aws:ecr/replicationConfiguration:ReplicationConfiguration"
RULES = {"rules": [{"destinations": [{"region": "eu-west-1", "registryId": "123456789012"}]}]}


def storage(made: Estimate) -> list[tuple[str, D]]:
    """(region, gigabytes a month) of images, of every line about them."""
    kept = [line for line in made.lines if line.item == "images" or line.item.startswith("images in ")]
    return sorted((line.region, line.quantities.expected) for line in kept)


def test_a_destination_without_a_repository_stores_what_it_receives(
    make: Callable[..., Resource], price: Callable[..., Estimate]
) -> None:
    made = price(make(KIND, replicationConfiguration=RULES))
    assert storage(made) == [("eu-west-1", D(5))]


def test_a_repository_of_the_plan_counts_what_it_receives_itself(
    make: Callable[..., Resource], price: Callable[..., Estimate]
) -> None:
    there = make("aws:ecr/repository:Repository", "there", region="eu-west-1")
    made = price(make(KIND, replicationConfiguration=RULES), there)
    assert storage(made) == [("eu-west-1", D(5))]
    assert any("images sent to eu-west-1" in line.item for line in made.lines)
