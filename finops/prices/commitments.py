"""Savings Plans and reserved capacity of a contract: which share of the usage they cover, at which rate.

    commitments:
      - {plan: reserved, term: 1yr, payment: No Upfront, share: 60, usage_type: "BoxUsage:p4d.24xlarge"}
      - {plan: ec2_instance, term: 1yr, payment: No Upfront, share: 70, usage_type: "BoxUsage:m7i.*", region: us-east-1}
      - {plan: compute, term: 3yr, payment: All Upfront, share: 80, saving: 44}

A share is of what the commitments before it leave over, in AWS's own order: reservations first, then EC2
Instance Savings Plans, then Compute and SageMaker Savings Plans; the rest is on demand. Rates are the
book's (`reserved` and `savings_plan` rows): the effective price of an hour, with what is paid upfront
spread over the term. Where the book has none, `saving` states it, in per cent off the price on demand.
For an EC2 Instance Savings Plan without a row of its own the standard reservation's rate holds, which it
equals for every term and payment in AWS's calculator; it counts as unverified.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from finops.prices.book import Price, Tier

__all__ = ["ASSUMED", "PAYMENTS", "PLANS", "TERMS", "Commitment", "Rates", "covered"]

TERMS = ("1yr", "3yr")
PAYMENTS = ("No Upfront", "Partial Upfront", "All Upfront")
ASSUMED = (
    "a commitment covers its share of whatever runs; one that is larger than the usage is paid all the same, "
    "and what of it is idle is in no line"
)
HUNDRED = Decimal(100)
Rates = Callable[[Price, str], Sequence[Price]]
"""The book's rows of a purchase option for the service, region and usage type of a price."""
_COMPUTE = {
    "AmazonEC2": ("BoxUsage:*",), "AmazonECS": ("Fargate-*vCPU-Hours*", "Fargate-*GB-Hours"),
    "AWSLambda": ("Lambda-GB-Second*", "Lambda-Provisioned-*"),
}  # fmt: skip
_NOT = ("Fargate-EphemeralStorage-*", "Fargate-Windows-OS-*")
PLANS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "reserved": {},
    "ec2_instance": {"AmazonEC2": _COMPUTE["AmazonEC2"]},
    "compute": _COMPUTE,
    "sagemaker": {"AmazonSageMaker": ("Host:*", "Train:*", "Notebk:*", "Studio:*", "Processing:*")},
}
"""What each plan covers, by service: in the order in which AWS applies them. Reservations cover what has a row."""
NAMES = {
    "reserved": "reserved", "ec2_instance": "EC2 Instance Savings Plan", "compute": "Compute Savings Plan",
    "sagemaker": "SageMaker Savings Plan",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Commitment:
    """One plan: `share` per cent of the usage that it fits, at the rate of its `term` and `payment`.

    `service`, `usage_type` (with * and ?) and `region` narrow it; `saving` stands in place of the book's rate.
    """

    plan: str
    term: str
    payment: str
    share: Decimal
    service: str = ""
    usage_type: str = "*"
    region: str = ""
    saving: Decimal | None = None

    def covers(self, price: Price) -> bool:
        """Whether it can pay for usage at `price`: never for spot, or what the plan does not reach."""
        plan = PLANS[self.plan]
        names = plan.get(price.service, ()) if plan else ("*",)
        kind = price.usage_type
        return (
            price.purchase_option == "on_demand"
            and self.service in ("", price.service)
            and self.region in ("", price.region)
            and fnmatch.fnmatchcase(kind, self.usage_type)
            and any(fnmatch.fnmatchcase(kind, name) for name in names)
            and not any(fnmatch.fnmatchcase(kind, name) for name in _NOT)
        )

    def rate(self, price: Price, rates: Rates) -> Price | None:
        """What covered usage costs instead of `price`; None where neither the book nor the file says."""
        if not self.covers(price):
            return None
        if self.saving is not None:
            factor = 1 - self.saving / HUNDRED
            return replace(
                price, tiers=tuple(Tier(it.start, it.end, it.price * factor) for it in price.tiers)
            )
        if self.plan == "reserved":
            return self._row(price, rates(price, "reserved"))
        found = self._row(price, rates(price, "savings_plan"), self.plan)
        if found is None and self.plan == "ec2_instance":
            equal = self._row(price, rates(price, "reserved"))
            return equal and replace(equal, verified=False)
        return found

    def _row(self, price: Price, rows: Sequence[Price], plan: str = "") -> Price | None:
        """The row of this term and payment; one of two of a kind would be a guess."""
        wanted = {"lease": self.term, "payment": self.payment, **({"plan": plan} if plan else {})}
        wanted |= price.attributes
        fitting = [it for it in rows if wanted.items() <= it.attributes.items() and it.unit == price.unit]
        return fitting[0] if len(fitting) == 1 else None

    @property
    def name(self) -> str:
        return f"{NAMES[self.plan]}, {self.term}, {self.payment}"


def covered(price: Price, commitments: Sequence[Commitment], rates: Rates) -> tuple[Price, str]:
    """`price` with the covered shares at their plans' rates, and words on it; "" where none covers any."""
    left, words, verified = Decimal(1), [], price.verified
    amounts = [Decimal(0)] * len(price.tiers)
    for it in sorted(commitments, key=lambda one: list(PLANS).index(one.plan)):
        found = it.rate(price, rates) if left else None
        if found is None:
            continue
        part = left * it.share / HUNDRED
        same = len(found.tiers) == len(price.tiers)
        for place in range(len(amounts)):
            amounts[place] += part * found.tiers[place if same else 0].price
        left -= part
        verified = verified and found.verified
        words.append(f"{(part * HUNDRED).normalize():f} % {it.name}")
    if not words:
        return price, ""
    tiers = tuple(
        Tier(tier.start, tier.end, amount + left * tier.price)
        for tier, amount in zip(price.tiers, amounts, strict=True)
    )
    return replace(price, tiers=tiers, verified=verified), "; ".join(words)
