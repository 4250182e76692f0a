"""Spot prices of zones: what a region's price is where they are known, and where they are not."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D

from finops.estimate import Estimate
from finops.prices import PriceBook
from finops.prices.zones import ASSUMED
from plan.graph import Resource

P4D = {"service": "AmazonEC2", "usage_type": "BoxUsage:p4d.24xlarge"}


def test_a_regions_spot_price_is_the_mean_of_its_zones(book: PriceBook) -> None:
    found = book.find(**P4D, region="us-east-1", purchase_option="spot")
    zones = [D("6.8507"), D("18.8658"), D("18.141"), D("18.2216")]
    assert found is not None and found.rate == (sum(zones, D(0)) / 4).quantize(D("0.0001"))
    assert found.attributes["zones"] == "mean of 4" and found.attributes["interrupted"] == "10-15%"
    assert "saving" not in found.attributes and not found.verified and found.source == "skypilot"


def test_a_zone_is_found_by_its_id(book: PriceBook) -> None:
    for zone, rate in (("use1-az1", "6.8507"), ("use1-az2", "18.8658")):
        found = book.find(**P4D, region="us-east-1", purchase_option="spot_zone", zone=zone)
        assert found is not None and found.rate == D(rate)
    assert book.find(**P4D, region="us-east-1", purchase_option="spot_zone", zone="use1-az9") is None


def test_without_zones_the_regions_own_row_stands(book: PriceBook) -> None:
    kind = "BoxUsage:m5.large"
    found = book.find(service="AmazonEC2", region="us-east-1", usage_type=kind, purchase_option="spot")
    assert found is not None and found.source == "spot-advisor" and "zones" not in found.attributes


def test_the_estimate_says_what_it_took(
    make: Callable[..., Resource], price: Callable[..., Estimate]
) -> None:
    token = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"
    assert ASSUMED in price(make(token, instanceType="p4d.24xlarge")).assumptions
    assert ASSUMED not in price(make(token, instanceType="m5.large")).assumptions


def test_every_zone_is_of_its_region_and_never_dearer_than_on_demand(book: PriceBook) -> None:
    codes = {"us": "us", "eu": "eu", "ap": "ap", "ca": "ca"}
    seen = 0
    for region in book.regions("AmazonEC2"):
        for price in book.all("AmazonEC2", region, purchase_option="spot_zone"):
            area, side, number = region.split("-")
            parts = {"northeast": "ne", "southeast": "se", "central": "c"}
            code = codes[area] + parts.get(side, side[0]) + number
            assert price.attributes["zone"].startswith(f"{code}-az"), price
            usual = book.find(service="AmazonEC2", region=region, usage_type=price.usage_type)
            assert usual is not None and price.rate <= usual.rate + D("0.0001"), price
            seen += 1
    assert seen > 150
