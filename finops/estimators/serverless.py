"""What is charged by the call: functions, queues, topics, events, APIs, workflows."""

from __future__ import annotations

from decimal import Decimal

from finops.estimators.compute import to_the_internet
from finops.estimators.registry import Items, estimator
from finops.estimators.subject import Rate, Subject, Unpriceable, item
from finops.quantity import HOURS, Quantity

MILLIONTH = Decimal("0.000001")
SECONDS = HOURS * 3600


@estimator(
    "aws:lambda/function:Function", service="Lambda",
    usage=("requests", "average_ms", "streamed_gb", "restores", "edge_requests", "edge_average_ms"),
)  # fmt: skip
def function(it: Subject) -> Items:
    """Requests and GB-seconds; reserved concurrency is the ceiling where there is one."""
    arm = "arm64" in [str(name) for name in it.items("architectures")]
    memory, requests = it.number("memorySize", 128) / 1024, it.usage("requests")
    timeout = it.number("timeout", 3)
    seconds = it.usage("average_ms").mapped(lambda ms: min(ms / 1000, timeout))
    busy = requests * seconds
    reserved = it.number("reservedConcurrentExecutions", -1)
    if reserved >= 0 and reserved * SECONDS < busy.ceiling:
        most = reserved * SECONDS
        words = f"reservedConcurrentExecutions {reserved}"
        busy = Quantity(min(busy.floor, most), min(busy.expected, most), most, (*busy.drivers, words))
    usage_type = "Lambda-GB-Second-ARM" if arm else "Lambda-GB-Second"
    yield item("duration", busy * memory, Rate("AWSLambda", usage_type))
    yield item("requests", requests * MILLIONTH, Rate("AWSLambda", "Request"))
    ephemeral = it.section("ephemeralStorage").number("size", 512) / 1024 - Decimal("0.5")
    if ephemeral > 0:
        yield item("ephemeral storage", busy * ephemeral, Rate("AWSLambda", "Lambda-Storage-GB-Second"))
    yield item(
        "streamed responses",
        it.usage("streamed_gb"),
        Rate("AWSLambda", "Lambda-Streaming-Response-Processed-Bytes"),
    )
    if it.section("snapStart").text("applyOn") == "PublishedVersions" and "java" not in it.text("runtime"):
        cached = Rate("AWSLambda", "Lambda-SnapStart-Cached-GB-Second")
        yield item("snapshot cache", memory * SECONDS, cached)
        restored = Rate("AWSLambda", "Lambda-SnapStart-Restored-GB")
        yield item("snapshots restored", it.usage("restores") * memory, restored)
    yield from _at_the_edge(it, memory)


def _at_the_edge(it: Subject, memory: Decimal) -> Items:
    """What CloudFront calls, wherever it calls it: its own prices, those of us-east-1."""
    calls = it.usage("edge_requests")
    home = "us-east-1"
    yield item(
        "requests at the edge", calls * MILLIONTH, Rate("AWSLambda", "Lambda-Edge-Request", region=home)
    )
    seconds = it.usage("edge_average_ms") * Decimal("0.001")
    yield item(
        "duration at the edge",
        calls * seconds * memory,
        Rate("AWSLambda", "Lambda-Edge-GB-Second", region=home),
    )


@estimator("aws:lambda/eventSourceMapping:EventSourceMapping", service="Lambda", usage=("poller_hours",))
def event_source_mapping(it: Subject) -> Items:
    """Free, but for pollers that are provisioned: by the hour of a poller unit."""
    if not it.section("provisionedPollerConfig"):
        return
    queue = ":sqs:" in it.text("eventSourceArn") or it.linked("eventSourceArn", "aws:sqs/queue:Queue")
    kind = "SQS" if queue else "Kafka"
    rate = Rate("AWSLambda", f"Lambda-ESM-Event-Poller-Unit:{kind}")
    yield item("provisioned pollers", it.usage("poller_hours"), rate)


@estimator(
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig", service="Lambda",
    usage=("running_hours", "requests", "average_ms"),
)  # fmt: skip
def provisioned_concurrency(it: Subject) -> Items:
    found = it.linked("functionName", "aws:lambda/function:Function")
    if found is None:
        raise Unpriceable("the function whose memory decides the price is not in this plan")
    memory = it.of(found).number("memorySize", 128) / 1024
    reserved = it.number("provisionedConcurrentExecutions")
    yield item(
        "provisioned concurrency",
        it.usage("running_hours") * 3600 * reserved * memory,
        Rate("AWSLambda", "Lambda-Provisioned-Concurrency"),
    )
    busy = it.usage("requests") * (it.usage("average_ms") * Decimal("0.001")) * memory
    yield item("duration on provisioned concurrency", busy, Rate("AWSLambda", "Lambda-Provisioned-GB-Second"))


@estimator("aws:sqs/queue:Queue", service="SQS", usage=("requests",))
def queue(it: Subject) -> Items:
    kind = "Requests-FIFO" if it.flag("fifoQueue") else "Requests-Tier1"
    yield item("requests", it.usage("requests") * MILLIONTH, Rate("AWSQueueService", kind))


@estimator("aws:sns/topic:Topic", service="SNS", usage=("requests",))
def topic(it: Subject) -> Items:
    if it.flag("fifoTopic"):
        yield item("requests", it.usage("requests") * MILLIONTH, Rate("AmazonSNS", "FIFO-Requests"))
    else:
        yield item("requests", it.usage("requests") * MILLIONTH, Rate("AmazonSNS", "Requests-Tier1"))


DELIVERY = {
    "http": "DeliveryAttempts-HTTP",
    "https": "DeliveryAttempts-HTTP",
    "email": "DeliveryAttempts-SMTP",
    "email-json": "DeliveryAttempts-SMTP",
}


@estimator("aws:sns/topicSubscription:TopicSubscription", service="SNS", usage=("deliveries",))
def subscription(it: Subject) -> Items:
    """Deliveries to queues and functions are free, those to HTTP and mail are not."""
    protocol = it.text("protocol")
    if protocol in ("sqs", "lambda", "firehose"):
        return
    if protocol not in DELIVERY:
        raise Unpriceable(f"deliveries by {protocol} are charged by destination country")
    yield item(
        f"deliveries by {protocol}", it.usage("deliveries") * MILLIONTH, Rate("AmazonSNS", DELIVERY[protocol])
    )


@estimator("aws:cloudwatch/eventBus:EventBus", service="EventBridge", usage=("events", "replayed_events"))
def event_bus(it: Subject) -> Items:
    yield item("custom events", it.usage("events") * MILLIONTH, Rate("AWSEvents", "Event-64K-Chunks"))
    replayed = it.usage("replayed_events") * MILLIONTH
    yield item("replayed events", replayed, Rate("AWSEvents", "Event-64K-Chunks"))


@estimator(
    "aws:cloudwatch/eventArchive:EventArchive", service="EventBridge", usage=("stored_gb", "archived_gb")
)
def event_archive(it: Subject) -> Items:
    yield item("archived events", it.usage("stored_gb"), Rate("AWSEvents", "EventBridge-Archive-Storage"))
    yield item(
        "events put into the archive", it.usage("archived_gb"), Rate("AWSEvents", "ArchiveProcessing-Bytes")
    )


@estimator("aws:pipes/pipe:Pipe", service="EventBridge", usage=("requests",))
def pipe(it: Subject) -> Items:
    """Requests of up to 64 KB after the filter."""
    yield item("requests", it.usage("requests") * MILLIONTH, Rate("AWSEvents", "Pipes-Requests-64K-Chunks"))


@estimator("aws:cloudwatch/eventApiDestination:EventApiDestination", service="EventBridge", usage=("events",))
def api_destination(it: Subject) -> Items:
    rate = Rate("AWSEvents", "ApiDestinations-64K-Chunks")
    yield item("calls of the destination", it.usage("events") * MILLIONTH, rate)


@estimator("aws:scheduler/schedule:Schedule", service="EventBridge", usage=("invocations", "task_hours"))
def schedule(it: Subject) -> Items:
    """Invocations, and where they start Fargate tasks the hours that those run."""
    off = it.text("state", "ENABLED") == "DISABLED"
    yield item(
        "invocations",
        _switched(it.usage("invocations"), off) * MILLIONTH,
        Rate("AWSEvents", "ScheduledInvocation"),
    )
    parameters = it.section("target").section("ecsParameters")
    if parameters.text("launchType") != "FARGATE":
        return
    found = it.linked("target", "aws:ecs/taskDefinition:TaskDefinition")
    if found is None:
        raise Unpriceable("the task definition whose size decides the price is not in this plan")
    task, hours = it.of(found), _switched(it.usage("task_hours"), off)
    arm = task.section("runtimePlatform").text("cpuArchitecture") == "ARM64"
    kind = "Fargate-ARM" if arm else "Fargate"
    for name, amount, what in (
        ("task vCPU", task.number("cpu") / 1024, "vCPU-Hours:perCPU"),
        ("task memory", task.number("memory") / 1024, "GB-Hours"),
    ):
        yield item(name, hours * amount, Rate("AmazonECS", f"{kind}-{what}"), service="ECS")


def _switched(amount: Quantity, off: bool) -> Quantity:
    """Of what is switched off nothing is expected; it can be switched on."""
    if not off:
        return amount
    return Quantity.between(0, 0, amount.ceiling, "switched off; somebody may switch it on")


@estimator(
    "aws:sfn/stateMachine:StateMachine",
    service="Step Functions",
    usage=("transitions", "requests", "average_ms"),
)
def state_machine(it: Subject) -> Items:
    if it.text("type", "STANDARD") == "STANDARD":
        yield item(
            "state transitions",
            it.usage("transitions") * Decimal("0.001"),
            Rate("AmazonStates", "StateTransition"),
        )
        return
    requests = it.usage("requests")
    it.assume("express workflows use 64 MB")
    yield item("requests", requests * MILLIONTH, Rate("AmazonStates", "StepFunctions-Request"))
    seconds = it.usage("average_ms") * Decimal("0.001")
    yield item(
        "duration", requests * seconds * Decimal("0.0625"), Rate("AmazonStates", "StepFunctions-GB-Second")
    )


@estimator("aws:apigateway/restApi:RestApi", service="API Gateway", usage=("requests", "internet_gb"))
def rest_api(it: Subject) -> Items:
    yield to_the_internet(it)
    yield item("requests", it.usage("requests") * MILLIONTH, Rate("AmazonApiGateway", "ApiGatewayRequest"))


CACHES = ("0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237")


@estimator("aws:apigateway/stage:Stage", service="API Gateway")
def rest_stage(it: Subject) -> Items:
    """Calls are charged with the API; a cache cluster is charged by the hour."""
    if it.flag("cacheClusterEnabled"):
        size = it.text("cacheClusterSize", "0.5")
        if size not in CACHES:
            raise Unpriceable(f"API Gateway has no cache of {size} GB")
        yield item(f"cache of {size} GB", HOURS, Rate("AmazonApiGateway", f"ApiGatewayCacheUsage:{size}GB"))


@estimator("aws:apigatewayv2/api:Api", service="API Gateway", usage=("requests", "connection_minutes"))
def http_api(it: Subject) -> Items:
    requests = it.usage("requests") * MILLIONTH
    if it.text("protocolType").upper() == "WEBSOCKET":
        yield item("messages", requests, Rate("AmazonApiGateway", "ApiGatewayMessage"))
        yield item(
            "connection time",
            it.usage("connection_minutes") * MILLIONTH,
            Rate("AmazonApiGateway", "ApiGatewayMinute"),
        )
    else:
        yield item("requests", requests, Rate("AmazonApiGateway", "ApiGatewayHttpRequest"))


@estimator("aws:appsync/graphQLApi:GraphQLApi", service="AppSync", usage=("requests",))
def graphql_api(it: Subject) -> Items:
    yield item("requests", it.usage("requests") * MILLIONTH, Rate("AWSAppSync", "GraphQLInvocation"))


@estimator("aws:cognito/userPool:UserPool", service="Cognito", usage=("monthly_users",))
def user_pool(it: Subject) -> Items:
    tier = it.text("userPoolTier", "ESSENTIALS").capitalize()
    yield item(
        f"monthly users, {tier.lower()}",
        it.usage("monthly_users"),
        Rate("AmazonCognito", f"CognitoUserPools{tier}MAU"),
    )
