"""The true provider asked again, for stores and for what changes under conditions: it says what the table says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

import pytest

from plan.data.terraform_types_build import Sdk
from plan.export.terraform.types import PROVIDER_VERSION, mapped
from plan.export.terraform.validate import HOW, binary
from tools.replacements.__main__ import asked, conditions, prober, program, schema_of
from tools.replacements.probe import Prober
from tools.replacements.table import Names, words

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(
        binary() is None or program() is None, reason=f"no hashicorp/aws {PROVIDER_VERSION} here: {HOW}"
    ),
]

TYPES = (
    "dynamodb/table:Table", "ecr/repository:Repository", "eks/cluster:Cluster", "kms/key:Key",
    "lb/loadBalancer:LoadBalancer", "rds/instance:Instance", "s3/bucket:Bucket", "sfn/stateMachine:StateMachine",
    "sqs/queue:Queue", "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
)  # fmt: skip


@pytest.fixture(scope="module")
def provider() -> Iterator[tuple[Prober, Mapping[str, Any], Names]]:
    schema = schema_of()
    asking = prober(schema)
    yield asking, schema, Names(Sdk())
    asking.close()


@pytest.mark.parametrize("token", TYPES)
def test_the_provider_says_what_the_table_says(
    provider: tuple[Prober, Mapping[str, Any], Names], token: str
) -> None:
    asking, schema, names = provider
    to = mapped(f"aws:{token}")
    assert to is not None
    known = names.of(f"aws:{token}")
    found = words(schema["resource_schemas"][to.type]["block"], asked(asking, to.type, schema), known)
    table = json.loads(
        resources.files("plan").joinpath("data/aws_replacements.json").read_text(encoding="utf-8")
    )
    assert " ".join(found) == table["types"][token]
    cases = [
        [values, " ".join(more)] for values, more in conditions(asking, to.type, schema, known, set(found))
    ]
    assert cases == table["when"].get(token, [])
