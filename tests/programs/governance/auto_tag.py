import pulumi

# What has a `tags` input, of the types used here
TAGGABLE = {
    "aws:dynamodb/table:Table",
    "aws:ec2/vpc:Vpc",
    "aws:ec2/subnet:Subnet",
    "aws:kms/key:Key",
    "aws:s3/bucket:Bucket",
    "aws:sqs/queue:Queue",
}


def register_auto_tags(tags):
    """Adds `tags` to every resource of the stack that can have them; its own tags win."""

    def auto_tag(args: pulumi.ResourceTransformArgs):
        if args.type_ not in TAGGABLE:
            return None
        return pulumi.ResourceTransformResult(
            props={**args.props, "tags": {**tags, **(args.props.get("tags") or {})}},
            opts=args.opts,
        )

    pulumi.runtime.register_resource_transform(auto_tag)
