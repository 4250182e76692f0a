"""SageMaker beyond endpoints, and Bedrock: what people open, what tracks their runs, what models answer.

Training, processing and transform jobs are not resources of a plan: something starts them. What they
cost is the instance's price, and where a pipeline runs them it is stated as usage of the pipeline.
"""

from __future__ import annotations

import re

from finops.estimators.registry import Items, estimator
from finops.estimators.subject import Rate, Subject, Undetermined, Unpriceable, item

INSTANCE = re.compile(r"\bml\.[a-z0-9-]+\.[a-z0-9]+\b")


def sagemaker(usage_type: str) -> Rate:
    return Rate("AmazonSageMaker", usage_type)


@estimator("aws:sagemaker/app:App", service="SageMaker", usage=("running_hours",))
def studio_app(it: Subject) -> Items:
    """An app of Studio is an instance while it runs; the server of JupyterServer apps is free."""
    if it.text("appType") == "JupyterServer":
        return
    kind = it.section("resourceSpec").text("instanceType", "ml.t3.medium")
    if kind != "system":
        yield item(f"app {kind}", it.usage("running_hours"), sagemaker(f"Studio:{kind}"))


@estimator("aws:sagemaker/space:Space", service="SageMaker")
def studio_space(it: Subject) -> Items:
    """A space is its disk; the app that runs in it is a resource of its own."""
    storage = it.section("spaceSettings").section("spaceStorageSettings").section("ebsStorageSettings")
    size = storage.number("ebsVolumeSizeInGb", 5)
    yield item("disk of the space", size, Rate("AmazonEC2-EBS", "EBS:VolumeUsage.gp3"))


@estimator(
    "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer", service="SageMaker", usage=("running_hours",)
)
def mlflow(it: Subject) -> Items:
    """By the hour of the server's size; its metadata is stored for free up to 100 GB."""
    size = it.text("trackingServerSize", "Small")
    yield item(f"MLflow server, {size.lower()}", it.usage("running_hours"), sagemaker(f"MLflow:{size}"))


@estimator("aws:sagemaker/mlflowApp:MlflowApp", service="SageMaker")
def mlflow_app(it: Subject) -> Items:
    """Serverless: neither hours nor a size by which it could be priced."""
    raise Unpriceable("the price book has no source that says what SageMaker's serverless MLflow costs")


@estimator("aws:sagemaker/pipeline:Pipeline", service="SageMaker", usage=("instance_hours",))
def pipeline(it: Subject) -> Items:
    """A pipeline is free, the jobs it starts are not: hours of the instance type that its definition names."""
    hours = it.usage("instance_hours")
    if not hours.ceiling:
        return
    kinds = set(INSTANCE.findall(it.text("pipelineDefinition")))
    if len(kinds) != 1:
        raise Unpriceable(
            f"the pipeline runs its jobs on {len(kinds)} instance types: which of them runs how long cannot be told"
        )
    kind = kinds.pop()
    yield item(f"jobs on {kind}", hours, sagemaker(f"Train:{kind}"))


@estimator(
    "aws:bedrock/provisionedModelThroughput:ProvisionedModelThroughput",
    service="Bedrock",
    usage=("running_hours",),
)
def provisioned_throughput(it: Subject) -> Items:
    """Model units by the hour, dearer without a commitment."""
    model = it.text("modelArn").rpartition("/")[2] or it.text("modelArn")
    if not model:
        raise Undetermined("modelArn", "says which model, and is not stated")
    term = it.text("commitmentDuration", "none").lower()
    units = it.number("modelUnits", 1)
    yield item(
        f"{units} units of {model}",
        it.usage("running_hours") * units,
        Rate("AmazonBedrock", f"ProvisionedThroughput:{model}", attributes={"commitment": term}),
    )


@estimator(
    "aws:bedrock/inferenceProfile:InferenceProfile",
    service="Bedrock",
    usage=("million_input_tokens", "million_output_tokens"),
)
def inference_profile(it: Subject) -> Items:
    """Tokens that go through the profile, at the price of its model."""
    model = it.section("modelSource").text("copyFrom").rpartition("/")[2]
    if not model:
        raise Undetermined("modelSource.copyFrom", "says which model, and is not stated")
    for way in ("input", "output"):
        rate = Rate("AmazonBedrock", f"Tokens:{model}:{way}")
        yield item(f"{way} tokens of {model}", it.usage(f"million_{way}_tokens"), rate)


@estimator("aws:bedrock/guardrail:Guardrail", service="Bedrock", usage=("thousand_text_units",))
def guardrail(it: Subject) -> Items:
    """Each policy that looks at a text unit of up to 1,000 characters is charged by itself."""
    policies = {
        "contentPolicyConfig": "content",
        "topicPolicyConfig": "topic",
        "sensitiveInformationPolicyConfig": "sensitive-information",
        "contextualGroundingPolicyConfig": "contextual-grounding",
    }
    for property, name in policies.items():
        if it.states(property):
            rate = Rate("AmazonBedrock", f"Guardrail:{name}")
            yield item(f"{name.replace('-', ' ')} filter", it.usage("thousand_text_units"), rate)
