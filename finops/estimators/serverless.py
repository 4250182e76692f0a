"""What is charged by the call: functions, queues, topics, events, APIs, workflows."""

from __future__ import annotations

from decimal import Decimal

from finops.estimators.registry import Items, estimator
from finops.estimators.subject import Rate, Subject, Unpriceable, item
from finops.quantity import HOURS, Quantity

MILLIONTH = Decimal("0.000001")
SECONDS = HOURS * 3600


@estimator("aws:lambda/function:Function", service="Lambda", usage=("requests", "average_ms"))
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


@estimator("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig", service="Lambda")
def provisioned_concurrency(it: Subject) -> Items:
    found = it.linked("functionName", "aws:lambda/function:Function")
    if found is None:
        raise Unpriceable("the function whose memory decides the price is not in this plan")
    memory = it.of(found).number("memorySize", 128) / 1024
    reserved = it.number("provisionedConcurrentExecutions")
    yield item(
        "provisioned concurrency",
        reserved * memory * SECONDS,
        Rate("AWSLambda", "Lambda-Provisioned-Concurrency"),
    )


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


@estimator("aws:cloudwatch/eventBus:EventBus", service="EventBridge", usage=("events",))
def event_bus(it: Subject) -> Items:
    yield item("custom events", it.usage("events") * MILLIONTH, Rate("AWSEvents", "Event-64K-Chunks"))


@estimator("aws:cloudwatch/eventArchive:EventArchive", service="EventBridge", usage=("stored_gb",))
def event_archive(it: Subject) -> Items:
    yield item("archived events", it.usage("stored_gb"), Rate("AWSEvents", "EventBridge-Archive-Storage"))


@estimator("aws:scheduler/schedule:Schedule", service="EventBridge", usage=("invocations",))
def schedule(it: Subject) -> Items:
    yield item("invocations", it.usage("invocations") * MILLIONTH, Rate("AWSEvents", "ScheduledInvocation"))


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


@estimator("aws:apigateway/restApi:RestApi", service="API Gateway", usage=("requests",))
def rest_api(it: Subject) -> Items:
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
