import base64
import json

import pulumi
import pulumi_aws as aws
from generated import Password

config = pulumi.Config()
database_password = config.require_secret("databasePassword")
stripe_key = config.require_secret("stripeKey")
mail = config.require_secret_object("mail")
tokens = config.require_secret_object("tokens")
admin_port = config.require_int("adminPort")

session_key = Password("session-key", length=48)
replica_password = aws.secretsmanager.get_random_password_output(password_length=32, exclude_punctuation=True)

database = aws.rds.Instance(
    "database",
    engine="postgres",
    instance_class="db.t4g.micro",
    allocated_storage=20,
    db_name="app",
    username="app",
    password=database_password,
    skip_final_snapshot=True,
)
replica = aws.rds.Cluster(
    "reporting",
    engine="aurora-postgresql",
    master_username="reporting",
    master_password=replica_password.random_password,
    skip_final_snapshot=True,
)

url = pulumi.Output.concat("postgresql://app:", database_password, "@", database.endpoint, "/app")
parameter = aws.ssm.Parameter("database-url", type="SecureString", name="/app/database-url", value=url)

vault = aws.secretsmanager.Secret("stripe", name="app/stripe")
version = aws.secretsmanager.SecretVersion(
    "stripe",
    secret_id=vault.id,
    secret_string=pulumi.Output.json_dumps({"key": stripe_key, "mail": mail["password"]}),
)

role = aws.iam.Role(
    "worker",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    ),
)
worker = aws.lambda_.Function(
    "worker",
    runtime="python3.13",
    handler="worker.handle",
    role=role.arn,
    code=pulumi.AssetArchive({"worker.py": pulumi.StringAsset("def handle(event, context):\n    return event\n")}),
    environment={
        "variables": {
            "DATABASE_URL": url,
            "SESSION_KEY": session_key.result,
            "MAIL_HOST": mail["host"],
            "BASIC_AUTH": stripe_key.apply(lambda key: base64.b64encode(f"api:{key}".encode()).decode()),
            "TOKENS": tokens.apply(json.dumps),
            "LOG_LEVEL": "info",
        }
    },
)

launch = aws.ec2.LaunchTemplate(
    "bastion",
    image_id="ami-0123456789abcdef0",
    instance_type="t4g.nano",
    user_data=pulumi.Output.all(database.address, database_password).apply(
        lambda args: base64.b64encode(f"#!/bin/sh\necho {args[0]}:5432:app:app:{args[1]} > ~/.pgpass\n".encode()).decode()
    ),
)

# Not from configuration, secret all the same
webhook = pulumi.Output.secret("whsec_made_up_in_the_program")
aws.ssm.Parameter("webhook", type="SecureString", value=webhook)
topic = aws.sns.Topic("alerts", opts=pulumi.ResourceOptions(additional_secret_outputs=["arn"]))
subscription = aws.sns.TopicSubscription(
    "alerts", topic=topic.arn, protocol="https", endpoint=pulumi.Output.concat("https://hooks.example.com/", webhook)
)

pulumi.export("databaseUrl", url)
pulumi.export("databaseHost", database.address)
pulumi.export("webhook", webhook)
pulumi.export("firstToken", tokens.apply(lambda values: values[0]))
pulumi.export("adminUrl", pulumi.Output.unsecret(mail["host"]).apply(lambda host: f"https://{host}:{admin_port}"))
