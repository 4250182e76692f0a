"""The feature store in production with its job, planned once with tables in S3 and once with S3 Tables."""

from __future__ import annotations

import pytest

from policies.iam import Access
from tests.components.feature_store_plan import REGIONS, STORE, planned
from tests.components.feature_store_roles.questions import ACCOUNT, IMAGE

JOB = {"image": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/{IMAGE}:1.0", "every_minutes": 30}


@pytest.fixture(scope="session")
def access(tmp_path_factory: pytest.TempPathFactory) -> Access:
    store = {**STORE, "materialization": JOB}
    graph = planned(tmp_path_factory.mktemp("jobs"), "production", REGIONS, store)
    return Access(graph, account=ACCOUNT)


@pytest.fixture(scope="session")
def with_table_buckets(tmp_path_factory: pytest.TempPathFactory) -> Access:
    store = {**STORE, "materialization": JOB, "offline": {"catalog": "s3_tables"}}
    graph = planned(tmp_path_factory.mktemp("tables"), "production", REGIONS, store)
    return Access(graph, account=ACCOUNT)
