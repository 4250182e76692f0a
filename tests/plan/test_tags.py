"""Tags as the provider will set them."""

from __future__ import annotations

from plan.aws_types import is_global, takes_tags
from plan.tags import effective
from plan.values import UNKNOWN
from tests.plan.build import graph, made, ref

QUEUE = "aws:sqs/queue:Queue"


def _effective(defaults: object, **inputs: object) -> object:
    provider = made("pulumi:providers:aws", "p", defaultTags=defaults)
    queue = made(QUEUE, "q", provider=provider.urn, **inputs)
    return effective(graph(provider, queue), queue)


def test_own_tags_go_over_default_tags() -> None:
    assert _effective('{"tags": {"a": "1", "b": "1"}}', tags={"b": "2"}) == {"a": "1", "b": "2"}
    assert _effective({"tags": {"a": "1"}}) == {"a": "1"}
    assert _effective(None) == {}


def test_what_the_provider_merged_is_believed() -> None:
    assert _effective('{"tags": {"a": "1"}}', tagsAll={"z": "1"}) == {"z": "1"}


def test_an_unknown_value_keeps_its_key_and_an_unknown_map_is_unknown() -> None:
    assert _effective(None, tags={"a": UNKNOWN}) == {"a": UNKNOWN}
    assert _effective(None, tags=UNKNOWN) is UNKNOWN
    assert _effective(UNKNOWN) is UNKNOWN
    assert _effective(None, tags=ref(made(QUEUE, "x"), "tags")) is UNKNOWN


def test_what_takes_no_tags_has_none() -> None:
    policy = made("aws:s3/bucketPolicy:BucketPolicy", "p")
    assert effective(graph(policy), policy) is None


def test_the_list_of_types_knows_the_usual_ones() -> None:
    assert takes_tags("aws:s3/bucket:Bucket") and takes_tags("aws:dynamodb/table:Table")
    assert not takes_tags("aws:autoscaling/group:Group") and not takes_tags("kubernetes:core/v1:Pod")
    assert is_global("aws:iam/role:Role") and is_global("aws:route53/record:Record")
    assert not is_global("aws:route53/resolverEndpoint:ResolverEndpoint")
