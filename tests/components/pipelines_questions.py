"""What is asked of the roles of pipelines, and the environment of two neighbours that it is asked in."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from policies.iam import Access
from tests.components.pipelines_plan import ACCOUNT, settings

REGION = "us-east-1"
KEY_ALIAS = "alias/tradewind-prod-pipelines"
BUCKET = "arn:aws:s3:::tradewind-prod-use1-pipelines-123456789012"
LAKE = "arn:aws:s3:::tradewind-prod-use1-features-123456789012"
TABLES = f"{LAKE}/tables/us-east-1"


def arn(service: str, resource: str, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:{service}:{region}:{account}:{resource}"


@dataclass(frozen=True)
class Ask:
    """An action on a resource, with what the request says besides."""

    action: str
    resource: str
    context: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.action} {self.resource}"


def neighbours() -> list[dict[str, Any]]:
    """The worked pipeline, and another tenant's that reads another dataset, in one environment."""
    section = settings("step-functions")
    other = copy.deepcopy(section["pipelines"][0])
    other.update(name="ranking", tenant=None)
    other["steps"][0]["inputs"] = ["clicks"]
    return [section["pipelines"][0], other]


def datasets() -> list[dict[str, Any]]:
    one = copy.deepcopy(settings("argo")["datasets"][0])
    other = {
        **one,
        "name": "clicks",
        "table": "clicks",
        "location": one["location"].replace("user_activity", "clicks"),
    }
    return [one, other]


def check(access: Access, role: str, asks: list[Ask], *, allowed: bool) -> None:
    wrong = []
    for ask in asks:
        answer = access.may(role, ask.action, ask.resource, context=ask.context, region=REGION)
        if answer.allowed is not allowed or (not allowed and not answer.denied):
            wrong.append(f"{ask}: {answer.explanation}")
    assert not wrong, "\n".join(wrong)
