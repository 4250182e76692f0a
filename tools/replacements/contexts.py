"""What resources are written with beside what their schemas demand, so that the provider plans them at all; and
values of other arguments under which some arguments force that else do not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["CONTEXTS", "LEFT_OUT", "MADE", "NEEDED", "TEXTS"]

LEFT_OUT = (
    "aws_quicksight_analysis", "aws_quicksight_dashboard", "aws_quicksight_template", "aws_wafv2_rule_group",
    "aws_wafv2_web_acl",
)  # fmt: skip
"""Types so large that one question takes seconds: the documentation speaks for them."""

NEEDED: Mapping[str, Mapping[str, Any]] = {
    "aws_api_gateway_authorizer": {"authorizer_uri": "a"},
    "aws_cloudwatch_metric_alarm": {"statistic": "a"},
    # Every attribute must be in an index, whichever of the two is the table's key.
    "aws_dynamodb_table": {
        "hash_key": "a",
        "attribute": [{"name": "a", "type": "S"}, {"name": "b", "type": "S"}],
        "global_secondary_index": [
            {"name": "i", "hash_key": "a", "range_key": "b", "projection_type": "ALL"}
        ],
        "billing_mode": "PAY_PER_REQUEST",
    },
    "aws_elasticache_cluster": {"engine": "redis", "node_type": "cache.t4g.micro", "num_cache_nodes": 1},
    "aws_kinesis_stream": {"shard_count": 1},
    "aws_lambda_function": {"handler": "a", "runtime": "a", "filename": "a"},
    "aws_lb_target_group": {"port": 80, "protocol": "HTTP", "vpc_id": "a"},
    "aws_vpc_ipam": {"operating_regions": [{"region_name": "us-east-1"}]},
}
"""By Terraform's type. Fields of nested blocks that are not here are left out."""

MADE: Mapping[str, Mapping[str, Any]] = {
    "aws_dynamodb_table": {"read_capacity": 0, "write_capacity": 0},
    "aws_sns_topic": {"fifo_throughput_scope": ""},
}
"""What a resource that is there answers, where anything else would not be planned further."""

TEXTS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("aws_dynamodb_table", "hash_key"): ("a", "b"),
    ("aws_dynamodb_table", "range_key"): ("a", "b"),
    # In place between these two; of words that it does not know the provider says that they force.
    ("aws_elasticache_replication_group", "engine"): ("redis", "valkey"),
    ("aws_rds_cluster", "storage_type"): ("aurora", "aurora-iopt1"),
    ("aws_ecs_task_definition", "container_definitions"): ('[{"name":"a"}]', '[{"name":"b"}]'),
}
"""Texts of another form than those of `values.PAIRS`, by type and argument."""

CONTEXTS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "aws_lb": ({"load_balancer_type": "network"}, {"load_balancer_type": "gateway"}),
    "aws_sqs_queue": ({"fifo_queue": True},),
    "aws_db_instance": ({"engine": "oracle-ee"},),
    "aws_lb_listener": ({"protocol": "TCP"}, {"protocol": "HTTPS"}),
    "aws_lb_target_group": (
        {"protocol": "HTTP"}, {"protocol": "TCP"}, {"target_type": "lambda"}, {"protocol": "GENEVE"},
    ),
    "aws_dynamodb_table": ({"billing_mode": "PROVISIONED"}, {"billing_mode": "PAY_PER_REQUEST"}),
    "aws_kinesis_stream": ({"stream_mode_details": [{"stream_mode": "ON_DEMAND"}]},),
    "aws_rds_cluster": ({"engine": "aurora-mysql"}, {"engine": "mysql"}),
    "aws_elasticache_replication_group": ({"engine": "redis"}, {"engine": "valkey"}),
    "aws_ebs_volume": ({"type": "gp3"}, {"type": "io2"}),
    "aws_ecs_service": ({"launch_type": "FARGATE"}, {"scheduling_strategy": "DAEMON"}),
    "aws_lambda_function": ({"package_type": "Image"}, {"publish": True}),
    "aws_vpc_endpoint": ({"vpc_endpoint_type": "Gateway"}, {"vpc_endpoint_type": "Interface"}),
}  # fmt: skip
"""By Terraform's type: what a resource is written with beside what it must have, one case after the other."""
