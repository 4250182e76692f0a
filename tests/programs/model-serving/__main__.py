import pulumi
import pulumi_aws as aws
from endpoint import ModelEndpoint, Variant

config = pulumi.Config()
variants = [Variant(**variant) for variant in config.require_object("variants")]

artifacts = aws.s3.Bucket("artifacts")
aws.s3.BucketVersioning(
    "artifacts", bucket=artifacts.id, versioning_configuration={"status": "Enabled"}
)
aws.s3.BucketLifecycleConfiguration(
    "artifacts",
    bucket=artifacts.id,
    rules=[
        {
            "id": "old-models",
            "status": "Enabled",
            "filter": {"prefix": "models/"},
            "noncurrent_version_expiration": {"noncurrent_days": 90},
            "transitions": [{"days": 60, "storage_class": "STANDARD_IA"}],
        }
    ],
)
captured = aws.s3.Bucket("captured")
training_image = aws.sagemaker.get_prebuilt_ecr_image(repository_name="pytorch-inference", image_tag="2.6-gpu-py312")

alarms = aws.sns.Topic("alarms")
aws.sns.TopicSubscription("alarms", topic=alarms.arn, protocol="email", endpoint="ranking@example.com")

ranking = ModelEndpoint(
    "ranking",
    image=training_image.registry_path,
    artifacts=artifacts,
    captured=captured,
    variants=variants,
    latency_ms=config.require_int("latencyMs"),
    alarm_topic=alarms,
)
pulumi.export("endpoint", ranking.endpoint.name)
