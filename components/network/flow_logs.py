"""Flow logs: who talked to whom, kept encrypted for as long as the settings say.

A bucket costs 0.25 USD a gigabyte delivered, a log group 0.50: with the traffic of training and of
cross-zone serving that is the larger half of an observability bill, so production writes Parquet to a
bucket, where Athena reads a partition instead of a log group's whole. (Vended-log prices of us-east-1.)
"""

import json
from typing import TYPE_CHECKING, Any, Dict

from pulumi_aws import ec2, iam, kms
from pulumi_aws.cloudwatch.log_group import LogGroup

from components import naming
from components.base import Cell
from components.network.settings import FlowLogDestination, flow_logs_of, retention_of

if TYPE_CHECKING:
    from components.network.network import Network

__all__ = ["flow_logs", "key_policy"]

ROLE_LIMIT = 64


def flow_logs(network: "Network", vpc: ec2.Vpc) -> None:
    """Flow logs of `vpc` to where the settings say, or none."""
    destination = flow_logs_of(network.args.flow_logs, network.cell.environment_class)
    if destination is FlowLogDestination.CLOUDWATCH:
        _to_log_group(network, vpc)
    elif destination is FlowLogDestination.S3:
        _to_bucket(network, vpc)


def _key(network: "Network") -> kms.Key:
    key = kms.Key(
        f"{network.name}-flow-logs",
        description=f"Flow logs of {network.named()}",
        enable_key_rotation=True,
        deletion_window_in_days=30 if network.cell.is_production else 7,
        policy=json.dumps(key_policy(network.cell)),
        region=network.region,
        tags=network.tags(network.named("flow-logs")),
        opts=network.child(protect=network.cell.is_protected),
    )
    kms.Alias(
        f"{network.name}-flow-logs",
        name=f"alias/{network.named('flow-logs')}",
        target_key_id=key.key_id,
        region=network.region,
        opts=network.child(),
    )
    return key


def _to_log_group(network: "Network", vpc: ec2.Vpc) -> None:
    role_name = naming.name(network.cell, "flow-logs", region=network.region, limit=ROLE_LIMIT)
    group = LogGroup(
        f"{network.name}-flow-logs",
        name=f"/{network.cell.platform}/{network.cell.environment}/flow-logs",
        retention_in_days=retention_of(network.args.flow_logs, network.cell.environment_class),
        kms_key_id=_key(network).arn,
        region=network.region,
        tags=network.tags(network.named("flow-logs")),
        opts=network.child(),
    )
    role = iam.Role(
        f"{network.name}-flow-logs",
        name=role_name,
        assume_role_policy=json.dumps(_trust(network.cell)),
        force_detach_policies=True,
        tags=network.tags(role_name),
        opts=network.child(),
    )
    iam.RolePolicy(
        f"{network.name}-flow-logs",
        name="write-flow-logs",
        role=role.name,
        policy=group.arn.apply(lambda arn: json.dumps(_write_policy(arn))),
        opts=network.child(),
    )
    ec2.FlowLog(
        f"{network.name}-flow-logs",
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        max_aggregation_interval=600,
        region=network.region,
        tags=network.tags(network.named("flow-logs")),
        opts=network.child(),
    )


def _to_bucket(network: "Network", vpc: ec2.Vpc) -> None:
    from components.network import flow_log_bucket as network_flow_log_bucket

    bucket = network_flow_log_bucket.bucket(network, _key(network))
    ec2.FlowLog(
        f"{network.name}-flow-logs",
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination_type="s3",
        log_destination=bucket.arn,
        destination_options={
            "file_format": "parquet",
            "hive_compatible_partitions": True,
            "per_hour_partition": True,
        },
        max_aggregation_interval=600,
        region=network.region,
        tags=network.tags(network.named("flow-logs")),
        opts=network.child(),
    )


def key_policy(cell: Cell) -> Dict[str, Any]:
    """Who may use the key: the account's own policies, and the services that deliver logs for it."""
    own = {"StringEquals": {"aws:SourceAccount": cell.account_id}}
    log_groups = naming.arn(cell, "logs", "log-group:*", region=cell.region)
    use = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Account",
                "Effect": "Allow",
                "Principal": {"AWS": naming.arn(cell, "iam", "root")},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "LogGroups",
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{cell.region}.amazonaws.com"},
                "Action": use,
                "Resource": "*",
                "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
            },
            {
                "Sid": "LogDelivery",
                "Effect": "Allow",
                "Principal": {"Service": "delivery.logs.amazonaws.com"},
                "Action": use,
                "Resource": "*",
                "Condition": own,
            },
        ],
    }


def _trust(cell: Cell) -> Dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": cell.account_id}},
            }
        ],
    }


def _write_policy(group_arn: str) -> Dict[str, Any]:
    actions = [
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
    ]
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": [group_arn, f"{group_arn}:*"]}],
    }
