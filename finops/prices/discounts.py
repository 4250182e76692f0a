"""A contract's discounts, as a file: percentages off list prices, and rates agreed for single prices.

    contract: EDP 2026
    from: 2026-01-01                  # both days may be left out
    until: 2028-12-31
    percent: 9                        # off every list price
    services: {AmazonEC2: 12, AWSSupport: 0}    # in place of it
    private_rates:                    # in place of the list price; no percentage comes off these
      - {service: AmazonEC2, usage_type: "BoxUsage:p5.48xlarge", region: us-east-1, price: 41.20}
    commitments:                      # Savings Plans and reservations, see `commitments`
      - {plan: compute, term: 1yr, payment: No Upfront, share: 80, saving: 27}

The percentages come off what is covered by a commitment too. Codes are those of the price book. A percentage for a service or a rate for a price that the book does
not have is a mistake, not a wish.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

import yaml

from finops.prices.book import Price, PriceBook, Tier
from finops.prices.commitments import PAYMENTS, PLANS, TERMS, Commitment, Rates, covered
from problems import InputError, Problem
from problems.text import read_text
from problems.yaml_nodes import compose

__all__ = ["Discounts", "Rate", "load"]

UNDONE = "nothing was priced"
KEYS = ("contract", "from", "until", "percent", "services", "private_rates", "commitments")
COMMITMENT_KEYS = ("plan", "term", "payment", "share", "service", "usage_type", "region", "saving")
ONE_OF = {"plan": tuple(PLANS), "term": TERMS, "payment": PAYMENTS}
RATE_KEYS = ("service", "usage_type", "region", "purchase_option", "price")
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Rate:
    """One agreed price; an empty `region` holds everywhere."""

    service: str
    usage_type: str
    price: Decimal
    region: str = ""
    purchase_option: str = "on_demand"

    def fits(self, price: Price) -> bool:
        return (
            (self.service, self.usage_type, self.purchase_option)
            == (price.service, price.usage_type, price.purchase_option)
        ) and self.region in ("", price.region)


@dataclass(frozen=True)
class Discounts:
    """A contract. `percent` holds for every service that `services` does not name."""

    contract: str
    percent: Decimal = Decimal(0)
    services: dict[str, Decimal] = field(default_factory=dict)
    rates: tuple[Rate, ...] = ()
    start: date | None = None
    end: date | None = None
    commitments: tuple[Commitment, ...] = ()

    def applied(self, price: Price, rates: Rates) -> Price:
        """`price` under the contract, with words on what changed it; `rates` has those of commitments."""
        for rate in self.rates:
            if rate.fits(price):
                words = f"{self.contract}: private rate"
                agreed = (Tier(Decimal(0), None, rate.price),)
                return replace(price, tiers=agreed, list_tiers=price.tiers, discount=words)
        after, words = covered(price, self.commitments, rates)
        percent = self.services.get(price.service, self.percent)
        told = [*([words] if words else ()), *([f"{percent.normalize():f} %"] if percent else ())]
        if not told:
            return price
        factor = 1 - percent / HUNDRED
        tiers = tuple(Tier(it.start, it.end, it.price * factor) for it in after.tiers)
        words = f"{self.contract}: {'; '.join(told)}"
        return replace(after, tiers=tiers, list_tiers=price.tiers, discount=words)


def load(path: Path, book: PriceBook, *, day: date) -> Discounts:
    """The contract in the file at `path`, for an estimate of `day` at the prices of `book`.

    Raises `InputError` with every mistake and its line, and when the contract does not hold on `day`.
    """
    reader = _Reader(str(path), book)
    found = reader.read(read_text(path, undone=UNDONE))
    if found is not None and not reader.problems:
        for bound, is_out, word in ((found.start, "before", "from"), (found.end, "after", "until")):
            if bound is not None and (day < bound if is_out == "before" else day > bound):
                but = f"the contract holds {word} {bound}"
                reader.problems.append(
                    Problem(str(path), word, f"an estimate of {day}", but, "name the contract of that day")
                )
    if reader.problems or found is None:
        raise InputError(reader.problems, UNDONE)
    return found


class _Reader:
    def __init__(self, file: str, book: PriceBook) -> None:
        self.file, self.book = file, book
        self.problems: list[Problem] = []

    def read(self, text: str) -> Discounts | None:
        root = compose(text, self.file, undone=UNDONE)
        if not isinstance(root, yaml.MappingNode):
            self.problems.append(
                Problem(self.file, "", "no keys", "a contract has at least `contract`", "contract: NAME")
            )
            return None
        nodes = dict(self._pairs(root, "", KEYS))
        name = nodes.get("contract")
        if name is None or not getattr(name, "value", ""):
            self._wrong(root, "contract", "missing", "every use of a discount names it", "contract: NAME")
        services = {
            key: amount
            for key, value in self._pairs(nodes.get("services"), "services", self.book.services())
            if (amount := self._number(value, f"services.{key}", HUNDRED)) is not None
        }
        percent = self._number(nodes["percent"], "percent", HUNDRED) if "percent" in nodes else Decimal(0)
        start, end = (self._day(nodes.get(key), key) for key in ("from", "until"))
        if start and end and end < start:
            self._wrong(nodes["until"], "until", str(end), f"it ends before it begins ({start})", "")
        rates = tuple(self._rates(nodes.get("private_rates")))
        commitments = tuple(self._commitments(nodes.get("commitments")))
        return Discounts(
            str(getattr(name, "value", "")), percent or Decimal(0), services, rates, start, end, commitments
        )

    def _rates(self, node: yaml.Node | None) -> Iterator[Rate]:
        for place, entry in enumerate(getattr(node, "value", ()) if node is not None else ()):
            path = f"private_rates[{place}]"
            parts = dict(self._pairs(entry, path, RATE_KEYS))
            missing = [key for key in ("service", "usage_type", "price") if key not in parts]
            if missing:
                self._wrong(entry, path, f"no {missing[0]}", "a rate names what it is the price of", "")
                continue
            price = self._number(parts["price"], f"{path}.price", None)
            words = {key: str(getattr(parts[key], "value", "")) for key in parts if key != "price"}
            if price is None:
                continue
            rate = Rate(words["service"], words["usage_type"], price, words.get("region", ""), words.get("purchase_option", "on_demand"))  # fmt: skip
            if not self._known(rate):
                self._wrong(
                    entry, path, f"{rate.service} {rate.usage_type} {rate.region}".strip(),
                    "the price book has no such price", f"tradewind prices show {rate.service}",
                )  # fmt: skip
            else:
                yield rate

    def _commitments(self, node: yaml.Node | None) -> Iterator[Commitment]:
        for place, entry in enumerate(getattr(node, "value", ()) if node is not None else ()):
            path = f"commitments[{place}]"
            parts = dict(self._pairs(entry, path, COMMITMENT_KEYS))
            missing = [key for key in ("plan", "term", "payment", "share") if key not in parts]
            if missing:
                but = "a commitment has a plan, a term, a payment and the share of the usage that it covers"
                self._wrong(entry, path, f"no {missing[0]}", but, "")
                continue
            words = {key: str(getattr(it, "value", "")) for key, it in parts.items()}
            wrong = [key for key, known in ONE_OF.items() if words[key] not in known]
            for key in wrong:
                self._one_of(parts[key], f"{path}.{key}", words[key], ONE_OF[key])
            numbers = {
                key: self._number(parts[key], f"{path}.{key}", HUNDRED)
                for key in ("share", "saving")
                if key in parts
            }
            share = numbers["share"]
            if wrong or share is None or None in numbers.values():
                continue
            found = Commitment(
                words["plan"], words["term"], words["payment"], share, words.get("service", ""),
                words.get("usage_type", "*"), words.get("region", ""), numbers.get("saving"),
            )  # fmt: skip
            if found.plan == "ec2_instance" and not (
                found.region and found.usage_type.startswith("BoxUsage:")
            ):
                but = "an EC2 Instance Savings Plan is of one family in one region"
                self._wrong(
                    entry,
                    path,
                    "no family and region",
                    but,
                    'usage_type: "BoxUsage:m7i.*", region: eu-west-1',
                )
            elif not self._reaches(found):
                self._wrong(
                    entry, path, f"{found.name} {found.usage_type} {found.region}".strip(),
                    "the price book has no rate of this plan, term and payment", "state its `saving`, per cent off on demand",
                )  # fmt: skip
            else:
                yield found

    def _reaches(self, commitment: Commitment) -> bool:
        """Whether the book has a price that `commitment` covers, and its rate."""
        known = self.book.services()
        services = [commitment.service] if commitment.service else PLANS[commitment.plan] or known
        return any(
            commitment.rate(price, self.book.listed) is not None
            for service in services
            if service in known
            for region in ([commitment.region] if commitment.region else self.book.regions(service))
            for price in self.book.all(service, region)
        )

    def _known(self, rate: Rate) -> bool:
        if rate.service not in self.book.services():
            return False
        regions = [rate.region] if rate.region else self.book.regions(rate.service)
        return any(
            rate.fits(price)
            for region in regions
            for price in self.book.all(rate.service, region, purchase_option=rate.purchase_option)
        )

    def _pairs(
        self, node: yaml.Node | None, path: str, known: tuple[str, ...]
    ) -> Iterator[tuple[str, yaml.Node]]:
        if node is None:
            return
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, path, "no keys", "keys and values were expected here", "key: value")
            return
        for key, value in node.value:
            name = str(key.value)
            if name in known:
                yield name, value
                continue
            self._one_of(key, f"{path}.{name}".lstrip("."), name, known, "there is no such key here")

    def _one_of(
        self, node: yaml.Node, path: str, got: str, known: Collection[str], but: str = "there is no such one"
    ) -> None:
        near = difflib.get_close_matches(got, known, 1, cutoff=0.5)
        fix = f"did you mean {near[0]}?" if near else f"one of {', '.join(list(known)[:12])}"
        self._wrong(node, path, got, but, fix)

    def _number(self, node: yaml.Node, path: str, most: Decimal | None) -> Decimal | None:
        text = str(node.value) if isinstance(node, yaml.ScalarNode) else "no number"
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or number < 0 or (most is not None and number > most):
            limit = "a number from 0" + (f" to {most}" if most is not None else "")
            self._wrong(node, path, text, f"{limit} was expected", "for example 9.5")
            return None
        return number

    def _day(self, node: yaml.Node | None, path: str) -> date | None:
        if node is None:
            return None
        text = str(getattr(node, "value", ""))
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                pass
        self._wrong(node, path, text, "a day was expected", "for example 2026-01-31")
        return None

    def _wrong(self, node: yaml.Node, path: str, got: str, but: str, fix: str) -> None:
        place = f"{self.file}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
        self.problems.append(Problem(place, path, got, but, fix))
