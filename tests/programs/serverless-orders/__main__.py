import json
import os

import pulumi
import pulumi_aws as aws
from state_machine import definition

LAMBDA_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}, "Effect": "Allow", "Sid": ""}
        ],
    }
)

with open(os.path.join(os.path.dirname(__file__), "swagger.json")) as file:
    title = json.load(file)["info"]["title"]

orders = aws.dynamodb.Table(
    "orders",
    hash_key="customer",
    range_key="placed",
    billing_mode="PAY_PER_REQUEST",
    stream_enabled=True,
    stream_view_type="NEW_IMAGE",
    attributes=[
        {"name": "customer", "type": "S"},
        {"name": "placed", "type": "S"},
        {"name": "status", "type": "S"},
    ],
    global_secondary_indexes=[
        {"name": "by-status", "hash_key": "status", "range_key": "placed", "projection_type": "ALL"}
    ],
    ttl={"attribute_name": "expires", "enabled": True},
)
topic = aws.sns.Topic("failed")

shared = aws.lambda_.LayerVersion(
    "shared",
    layer_name="shared",
    compatible_runtimes=["python3.13"],
    code=pulumi.AssetArchive({"python/shared": pulumi.FileArchive("./app/lib")}),
)

functions = {}
for name, memory in (("take", 256), ("charge", 512), ("ship", 256)):
    role = aws.iam.Role(f"{name}-role", assume_role_policy=LAMBDA_TRUST)
    aws.iam.RolePolicyAttachment(
        f"{name}-logs",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    )
    aws.iam.RolePolicy(
        f"{name}-table",
        role=role.id,
        policy=orders.arn.apply(
            lambda arn: json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"],
                            "Resource": [arn, f"{arn}/index/*"],
                        }
                    ],
                }
            )
        ),
    )
    group = aws.cloudwatch.LogGroup(f"{name}-logs", name=f"/aws/lambda/orders-{name}", retention_in_days=30)
    functions[name] = aws.lambda_.Function(
        name,
        name=f"orders-{name}",
        runtime=aws.lambda_.Runtime.PYTHON3D13,
        architectures=["arm64"],
        handler="handler.handler",
        memory_size=memory,
        timeout=30,
        role=role.arn,
        layers=[shared.arn],
        code=pulumi.AssetArchive(
            {
                "handler.py": pulumi.FileAsset("./app/handler.py"),
                "lib": pulumi.FileArchive("./app/lib"),
                "settings.json": pulumi.StringAsset(json.dumps({"function": name})),
            }
        ),
        environment=aws.lambda_.FunctionEnvironmentArgs(variables={"TABLE": orders.name}),
        opts=pulumi.ResourceOptions(depends_on=[group]),
    )

machine_role = aws.iam.Role(
    "machine",
    assume_role_policy=aws.iam.get_policy_document_output(
        statements=[
            {
                "actions": ["sts:AssumeRole"],
                "principals": [{"type": "Service", "identifiers": ["states.amazonaws.com"]}],
            }
        ]
    ).json,
    inline_policies=[
        {
            "name": "invoke",
            "policy": pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "lambda:InvokeFunction",
                            "Resource": [functions["charge"].arn, functions["ship"].arn],
                        },
                        {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic.arn},
                    ],
                }
            ),
        }
    ],
)
machine = aws.sfn.StateMachine(
    "orders",
    role_arn=machine_role.arn,
    definition=pulumi.Output.all(functions["charge"].arn, functions["ship"].arn, topic.arn).apply(definition),
)

api = aws.apigatewayv2.Api("http", protocol_type="HTTP", name=title, cors_configuration={"allow_origins": ["*"]})
integration = aws.apigatewayv2.Integration(
    "take",
    api_id=api.id,
    integration_type="AWS_PROXY",
    integration_uri=functions["take"].invoke_arn,
    payload_format_version="2.0",
)
route = aws.apigatewayv2.Route(
    "take",
    api_id=api.id,
    route_key="POST /orders",
    target=integration.id.apply(lambda id: f"integrations/{id}"),
)
stage = aws.apigatewayv2.Stage(
    "live", api_id=api.id, name="$default", auto_deploy=True, opts=pulumi.ResourceOptions(depends_on=[route])
)
aws.lambda_.Permission(
    "take",
    action="lambda:InvokeFunction",
    function=functions["take"].name,
    principal="apigateway.amazonaws.com",
    source_arn=pulumi.Output.concat(api.execution_arn, "/*/*/orders"),
)

# The older REST kind, for partners
rest = aws.apigateway.RestApi("partners", description="Status for partners")
status = aws.apigateway.Resource("status", rest_api=rest.id, parent_id=rest.root_resource_id, path_part="status")
method = aws.apigateway.Method(
    "status", rest_api=rest.id, resource_id=status.id, http_method="GET", authorization="AWS_IAM"
)
backend = aws.apigateway.Integration(
    "status",
    rest_api=rest.id,
    resource_id=status.id,
    http_method=method.http_method,
    integration_http_method="POST",
    type="AWS_PROXY",
    uri=functions["take"].invoke_arn,
)
deployment = aws.apigateway.Deployment(
    "partners",
    rest_api=rest.id,
    triggers={"redeployment": pulumi.Output.json_dumps([status.id, method.id, backend.id])},
    opts=pulumi.ResourceOptions(depends_on=[method, backend]),
)
aws.apigateway.Stage("partners", rest_api=rest.id, deployment=deployment.id, stage_name="v1")

rule = aws.cloudwatch.EventRule("nightly", schedule_expression="cron(0 3 * * ? *)")
aws.cloudwatch.EventTarget(
    "nightly",
    rule=rule.name,
    arn=machine.arn,
    role_arn=machine_role.arn,
    input=json.dumps({"kind": "settle"}),
)
aws.lambda_.EventSourceMapping(
    "changes",
    event_source_arn=orders.stream_arn,
    function_name=functions["ship"].arn,
    starting_position="LATEST",
    batch_size=100,
    filter_criteria={"filters": [{"pattern": json.dumps({"eventName": ["INSERT"]})}]},
)

site = aws.s3.Bucket("site")
for path in sorted(os.listdir("app")):
    if os.path.isfile(os.path.join("app", path)):
        aws.s3.BucketObjectv2(path, bucket=site.id, source=pulumi.FileAsset(os.path.join("app", path)))

pulumi.export("endpoint", api.api_endpoint.apply(lambda endpoint: f"{endpoint}/orders"))
pulumi.export("machine", machine.arn)
