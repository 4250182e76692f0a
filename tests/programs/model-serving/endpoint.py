from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi import Output, ResourceOptions


@dataclass(frozen=True)
class Variant:
    name: str
    instance: str
    count: int
    weight: float

    @property
    def most(self) -> int:
        return max(4, self.count * 3)


class ModelEndpoint(pulumi.ComponentResource):
    """One endpoint with weighted variants, each of which scales on its own."""

    def __init__(self, name, *, image, artifacts, captured, variants, latency_ms, alarm_topic, opts=None):
        super().__init__("serving:index:ModelEndpoint", name, {}, opts)
        self._name = name
        self._child = ResourceOptions(parent=self)
        role = self._role(artifacts, captured)
        models = {
            variant.name: aws.sagemaker.Model(
                f"{name}-{variant.name}",
                execution_role_arn=role.arn,
                primary_container={
                    "image": image,
                    "model_data_url": Output.format("s3://{0}/models/{1}.tar.gz", artifacts.bucket, variant.name),
                    "environment": {"SAGEMAKER_PROGRAM": "inference.py"},
                },
                opts=self._child,
            )
            for variant in variants
        }
        configuration = aws.sagemaker.EndpointConfiguration(
            name,
            production_variants=[
                {
                    "variant_name": variant.name,
                    "model_name": models[variant.name].name,
                    "instance_type": variant.instance,
                    "initial_instance_count": variant.count,
                    "initial_variant_weight": variant.weight,
                }
                for variant in variants
            ],
            data_capture_config={
                "initial_sampling_percentage": 10,
                "destination_s3_uri": captured.bucket.apply(lambda bucket: f"s3://{bucket}/{name}"),
                "capture_options": [{"capture_mode": "Input"}, {"capture_mode": "Output"}],
            },
            opts=self._child,
        )
        self.endpoint = aws.sagemaker.Endpoint(name, endpoint_config_name=configuration.name, opts=self._child)
        for variant in variants:
            self._scale(variant)
            self._watch(variant, latency_ms, alarm_topic)
        self._dashboard(variants)
        self.register_outputs({"endpoint": self.endpoint.name})

    def _role(self, artifacts, captured):
        role = aws.iam.Role(
            f"{self._name}-role",
            assume_role_policy={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "sagemaker.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            opts=self._child,
        )
        aws.iam.RolePolicy(
            f"{self._name}-data",
            role=role.name,
            policy=Output.all(artifacts.arn, captured.arn).apply(
                lambda arns: json.dumps(
                    {
                        "Version": "2012-10-17",
                        "Statement": [
                            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{arns[0]}/models/*"},
                            {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"{arns[1]}/*"},
                        ],
                    }
                )
            ),
            opts=ResourceOptions(parent=role),
        )
        return role

    def _scale(self, variant):
        target = aws.appautoscaling.Target(
            f"{self._name}-{variant.name}",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            resource_id=Output.concat("endpoint/", self.endpoint.name, "/variant/", variant.name),
            min_capacity=variant.count,
            max_capacity=variant.most,
            opts=ResourceOptions(parent=self.endpoint),
        )
        aws.appautoscaling.Policy(
            f"{self._name}-{variant.name}",
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration={
                "predefined_metric_specification": {
                    "predefined_metric_type": "SageMakerVariantInvocationsPerInstance"
                },
                "target_value": 750,
                "scale_in_cooldown": 600,
                "scale_out_cooldown": 60,
            },
            opts=ResourceOptions(parent=target),
        )

    def _watch(self, variant, latency_ms, topic):
        dimensions = {"EndpointName": self.endpoint.name, "VariantName": variant.name}
        for metric, threshold, statistic in (
            # The service reports microseconds
            ("ModelLatency", latency_ms * 1000, "p99"),
            ("Invocation5XXErrors", 5, "Sum"),
        ):
            aws.cloudwatch.MetricAlarm(
                f"{self._name}-{variant.name}-{metric}",
                namespace="AWS/SageMaker",
                metric_name=metric,
                dimensions=dimensions,
                comparison_operator="GreaterThanThreshold",
                threshold=threshold,
                evaluation_periods=3,
                period=60,
                alarm_actions=[topic.arn],
                opts=self._child,
                **({"extended_statistic": statistic} if statistic.startswith("p") else {"statistic": statistic}),
            )

    def _dashboard(self, variants):
        aws.cloudwatch.Dashboard(
            f"{self._name}-dashboard",
            dashboard_name=f"{self._name}-{pulumi.get_stack()}",
            dashboard_body=self.endpoint.name.apply(
                lambda endpoint: json.dumps(
                    {
                        "widgets": [
                            {
                                "type": "metric",
                                "width": 12,
                                "height": 6,
                                "properties": {
                                    "title": variant.name,
                                    "region": aws.config.region,
                                    "metrics": [
                                        ["AWS/SageMaker", "Invocations", "EndpointName", endpoint, "VariantName", variant.name]
                                    ],
                                },
                            }
                            for variant in variants
                        ]
                    }
                )
            ),
            opts=self._child,
        )
