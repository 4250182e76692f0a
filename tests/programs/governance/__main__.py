import pulumi
import pulumi_aws as aws
from auto_tag import register_auto_tags

config = pulumi.Config()
register_auto_tags(
    {
        "owner": config.require("owner"),
        "cost-center": config.require("costCenter"),
        "stack": f"{pulumi.get_project()}-{pulumi.get_stack()}",
    }
)


async def protect_stores(args: pulumi.ResourceTransformArgs):
    """Whatever holds data is protected and outlives its removal from the program."""
    if args.type_ in ("aws:dynamodb/table:Table", "aws:s3/bucket:Bucket"):
        return pulumi.ResourceTransformResult(
            props=args.props,
            opts=pulumi.ResourceOptions.merge(
                args.opts, pulumi.ResourceOptions(protect=True, retain_on_delete=True)
            ),
        )


pulumi.runtime.register_resource_transform(protect_stores)


def no_public_addresses(args: pulumi.ResourceTransformationArgs):
    # The older kind of transformation, which sees Python's names
    if args.type_ == "aws:ec2/subnet:Subnet":
        return pulumi.ResourceTransformationResult({**args.props, "map_public_ip_on_launch": False}, args.opts)


pulumi.runtime.register_stack_transformation(no_public_addresses)


class Inbox(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("governance:index:Inbox", name, None, opts)
        self.dead = aws.sqs.Queue(f"{name}-dead", opts=pulumi.ResourceOptions(parent=self))
        self.queue = aws.sqs.Queue(
            f"{name}-queue",
            tags={"owner": "inbox-team"},
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": self.dead.arn, "maxReceiveCount": 5}
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"url": self.queue.url})


def longer_retention(args: pulumi.ResourceTransformArgs):
    if args.type_ == "aws:sqs/queue:Queue":
        return pulumi.ResourceTransformResult({**args.props, "messageRetentionSeconds": 1209600}, args.opts)


inbox = Inbox("orders", pulumi.ResourceOptions(transforms=[longer_retention]))
plain = aws.sqs.Queue("plain")

vpc = aws.ec2.Vpc("vpc", cidr_block="10.5.0.0/16")
aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.5.1.0/24", map_public_ip_on_launch=True)

key = aws.kms.Key("key", enable_key_rotation=True)
table = aws.dynamodb.Table(
    "table",
    hash_key="id",
    billing_mode="PAY_PER_REQUEST",
    attributes=[aws.dynamodb.TableAttributeArgs(name="id", type="S")],
    server_side_encryption=aws.dynamodb.TableServerSideEncryptionArgs(enabled=True, kms_key_arn=key.arn),
)
bucket = aws.s3.Bucket("bucket", opts=pulumi.ResourceOptions(transformations=[lambda args: None]))
policy = aws.iam.Policy(
    "policy",
    policy={
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [inbox.queue.arn]}],
    },
)

pulumi.export("queue", inbox.queue.url)
