"""The names that the engine gives when a program leaves them out: the resource's name and seven digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plan.export.terraform.naming import short_hash
from plan.export.terraform.types import Mapped
from plan.graph import Resource

__all__ = ["given"]

# Longest names where the provider allows fewer characters than the engine's usual 255.
_LONGEST = {
    "aws_alb": 32, "aws_lb": 32, "aws_lb_target_group": 32, "aws_elb": 32, "aws_s3_bucket": 63, "aws_iam_role": 64,
    "aws_iam_user": 64, "aws_iam_instance_profile": 128, "aws_iam_policy": 128, "aws_iam_group": 128,
    "aws_lambda_function": 64, "aws_sqs_queue": 80, "aws_db_instance": 63, "aws_rds_cluster": 63,
    "aws_rds_cluster_instance": 63, "aws_docdb_cluster": 63, "aws_neptune_cluster": 63, "aws_eks_cluster": 100,
    "aws_cloudwatch_event_rule": 64, "aws_elasticache_cluster": 50, "aws_elasticache_replication_group": 40,
    "aws_sfn_state_machine": 80, "aws_sagemaker_model": 63, "aws_sagemaker_endpoint": 63,
    "aws_sagemaker_endpoint_configuration": 63, "aws_scheduler_schedule": 64, "aws_memorydb_cluster": 40,
    "aws_kinesis_stream": 128, "aws_batch_compute_environment": 128, "aws_batch_job_definition": 128,
    "aws_redshift_cluster": 63, "aws_mwaa_environment": 80, "aws_kinesis_firehose_delivery_stream": 64,
    "aws_cloudfront_origin_access_control": 64, "aws_codebuild_project": 150, "aws_wafv2_web_acl": 128,
}  # fmt: skip
_LOWER = ("bucket", "identifier", "cluster_identifier", "replication_group_id", "cluster_id")
_FIFO = ("aws_sqs_queue", "aws_sns_topic")


def given(resource: Resource, to: Mapped, body: Mapping[str, Any]) -> dict[str, str]:
    """Arguments with the names that the engine would choose; the digits are the same in every run.

    Nothing is given where the program has said a prefix, or where it names the resource in another way.
    """
    made: dict[str, str] = {}
    for argument in to.names:
        if argument in body or f"{argument}_prefix" in body:
            continue
        if argument == "key":  # of an object in a bucket, which is called like its resource
            made[argument] = resource.name
            continue
        ending = f"-{short_hash(resource.urn)}"
        if (
            to.type in _FIFO
            and body.get("fifo_topic" if to.type == "aws_sns_topic" else "fifo_queue") is True
        ):
            ending += ".fifo"
        longest = _LONGEST.get(to.type, 255)
        name = resource.name[: longest - len(ending)].rstrip("-") + ending
        lower = argument in _LOWER or to.type in ("aws_db_subnet_group", "aws_elasticache_subnet_group")
        made[argument] = name.lower() if lower else name
    return made
