"""Budgets: AWS counts spending by tag and tells people when it nears the limit. It stops nothing.

Counting by tag needs `environment` and `tenant` activated as cost allocation tags in the payer account.
That is not done here: AWS refuses keys it has not seen on a bill yet, and the payer account is shared.
"""

from typing import Any, Dict, List, Optional

import pulumi
import pydantic
from pulumi_aws.budgets import Budget

from components import naming
from components.base import Args, Cell, Component, validated
from components.environment_settings import SpendingBudget, Tenant

__all__ = ["Spending", "SpendingArgs", "notifications"]

BUDGET_NAME = 100


class SpendingArgs(Args):
    """The environment's limit, and the tenants that have limits of their own."""

    cell: Cell
    budget: SpendingBudget
    tenants: List[Tenant] = pydantic.Field(default=[])


class Spending(Component):
    """A monthly budget for the environment and one for each tenant with a limit."""

    budget_names: pulumi.Output[List[str]]

    def __init__(self, name: str, args: SpendingArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        args = validated(SpendingArgs, args)
        super().__init__(name, args.cell, opts)
        self.args = args
        made = [self._budget(name, "monthly", args.budget.monthly_usd, environment=args.cell.environment)]
        for tenant in args.tenants:
            if tenant.monthly_budget_usd is not None:
                made.append(
                    self._budget(
                        f"{name}-{tenant.name}",
                        f"monthly-{tenant.name}",
                        tenant.monthly_budget_usd,
                        environment=args.cell.environment,
                        tenant=tenant.name,
                    )
                )
        self.budget_names = pulumi.Output.all(*(budget.name for budget in made)).apply(list)
        self.register_outputs({"budget_names": self.budget_names})

    def _budget(self, name: str, part: str, usd: int, **tags: str) -> Budget:
        physical = naming.name(self.cell, part, limit=BUDGET_NAME)
        return Budget(
            name,
            name=physical,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(usd),
            limit_unit="USD",
            **_counted(tags),
            notifications=notifications(self.args.budget),
            tags=self.tags(physical, {key: value for key, value in tags.items() if key == "tenant"}),
            opts=self.child(),
        )


def _counted(tags: Dict[str, str]) -> Dict[str, Any]:
    """What a budget counts: one tag as a filter, several as an expression, as filters of one kind are OR."""
    if len(tags) == 1:
        return {
            "cost_filters": [{"name": "TagKeyValue", "values": [f"user:{k}${v}" for k, v in tags.items()]}]
        }
    each = [{"tags": {"key": key, "values": [value]}} for key, value in tags.items()]
    return {"filter_expression": {"ands": each}}


def notifications(budget: SpendingBudget) -> List[Dict[str, Any]]:
    """One for each share of the limit that is spent, and one when the forecast passes it."""
    levels = [("ACTUAL", percent) for percent in budget.at_percent] + [("FORECASTED", 100)]
    return [
        {
            "notification_type": kind,
            "comparison_operator": "GREATER_THAN",
            "threshold": percent,
            "threshold_type": "PERCENTAGE",
            "subscriber_email_addresses": budget.notify,
        }
        for kind, percent in levels
    ]
