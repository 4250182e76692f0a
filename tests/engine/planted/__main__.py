"""A program that breaks many rules, next to resources that keep them, so that both are told apart."""

import json

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

TAGS = {"cost-center": "cc-1200"}
IMAGE = "registry.example/api:latest"


def allow(action, resource, **more):
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **more}],
        }
    )


# Buckets: one that keeps the rules, one that breaks them, one that is exempt from one of them.
kept = aws.s3.Bucket("kept", tags=TAGS)
aws.s3.BucketPublicAccessBlock(
    "kept",
    bucket=kept.id,
    block_public_acls=True,
    block_public_policy=True,
    ignore_public_acls=True,
    restrict_public_buckets=True,
)
aws.s3.BucketVersioning("kept", bucket=kept.id, versioning_configuration={"status": "Enabled"})
aws.s3.BucketPolicy(
    "kept",
    bucket=kept.id,
    # Known after deployment: what it says cannot be told from a preview.
    policy=kept.arn.apply(
        lambda arn: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": [arn, f"{arn}/*"],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            }
        )
    ),
)
opened = aws.s3.Bucket("opened", acl="public-read", force_destroy=True, tags=TAGS)
aws.s3.BucketPublicAccessBlock("opened", bucket=opened.id, block_public_acls=True, block_public_policy=False)
site = aws.s3.Bucket("site", acl="public-read", tags=TAGS)

# Network.
vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", tags=TAGS)
subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24", tags=TAGS)
open_group = aws.ec2.SecurityGroup(
    "open-group",
    vpc_id=vpc.id,
    ingress=[{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}],
    tags=TAGS,
)
group = aws.ec2.SecurityGroup("group", vpc_id=vpc.id, tags=TAGS)
aws.vpc.SecurityGroupIngressRule(
    "everywhere",
    security_group_id=group.id,
    ip_protocol="tcp",
    from_port=5432,
    to_port=5432,
    cidr_ipv4="0.0.0.0/0",
    tags=TAGS,
)
nat = aws.ec2.NatGateway("nat", subnet_id=subnet.id, connectivity_type="private", tags=TAGS)
balancer = aws.lb.LoadBalancer("front", load_balancer_type="application", subnets=[subnet.id], tags=TAGS)
aws.lb.Listener(
    "front",
    load_balancer_arn=balancer.arn,
    port=80,
    protocol="HTTP",
    default_actions=[{"type": "fixed-response", "fixed_response": {"content_type": "text/plain"}}],
    tags=TAGS,
)

# Identities.
role = aws.iam.Role(
    "role",
    assume_role_policy=allow("sts:AssumeRole", "*", Principal={"AWS": "*"}).replace('"Resource": "*", ', ""),
    tags=TAGS,
)
aws.iam.RolePolicy("everything", role=role.id, policy=allow("*", "*"))
aws.iam.RolePolicy("kept-read", role=role.id, policy=kept.arn.apply(lambda arn: allow("s3:GetObject", arn)))
aws.iam.RolePolicyAttachment(
    "administrator", role=role.name, policy_arn="arn:aws:iam::aws:policy/AdministratorAccess"
)

# Stores.
key = aws.kms.Key("key", enable_key_rotation=False, tags=TAGS)
aws.dynamodb.Table(
    "features",
    hash_key="id",
    attributes=[{"name": "id", "type": "S"}],
    billing_mode="PAY_PER_REQUEST",
    stream_enabled=True,
    stream_view_type="NEW_AND_OLD_IMAGES",
    deletion_protection_enabled=True,
    server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
    point_in_time_recovery={"enabled": True},
    replicas=[{"region_name": "us-east-1", "propagate_tags": False, "point_in_time_recovery": True}],
    tags={**TAGS, "data-class": "confidential"},
)
aws.rds.Instance(
    "registry",
    engine="postgres",
    instance_class="db.t4g.small",
    allocated_storage=20,
    username="feast",
    password=pulumi.Output.secret("hunter2hunter2"),
    publicly_accessible=True,
    skip_final_snapshot=True,
    backup_retention_period=0,
    tags=TAGS,
)
aws.efs.FileSystem("files", tags=TAGS)
aws.ebs.Volume("disk", availability_zone="eu-west-1a", size=10, tags={})
aws.sqs.Queue("jobs", sqs_managed_sse_enabled=False, tags=TAGS)
aws.sns.Topic("events", tags=TAGS)
aws.cloudwatch.LogGroup("logs", tags=TAGS)
aws.ecr.Repository("images", image_tag_mutability="MUTABLE", tags=TAGS)
aws.s3.Bucket("lake-us", region="us-east-1", tags={**TAGS, "residency": "eu"})

# Machines and clusters.
aws.ec2.Instance(
    "bastion",
    ami="ami-0123456789abcdef0",
    instance_type="t4g.nano",
    subnet_id=subnet.id,
    metadata_options={"http_tokens": "optional"},
    tags={**TAGS, "owner": "nobody"},
)
template = aws.ec2.LaunchTemplate("nodes", image_id="ami-0123456789abcdef0", tags=TAGS)
aws.eks.Cluster(
    "cluster",
    role_arn=role.arn,
    vpc_config={
        "subnet_ids": [subnet.id],
        "endpoint_public_access": True,
        "public_access_cidrs": ["0.0.0.0/0"],
    },
    tags=TAGS,
)
aws.elasticache.ReplicationGroup(
    "cache",
    description="cache",
    node_type="cache.t4g.small",
    transit_encryption_enabled=False,
    at_rest_encryption_enabled=False,
    tags=TAGS,
)
aws.ecs.TaskDefinition(
    "task",
    family="task",
    container_definitions=json.dumps([{"name": "api", "image": IMAGE, "privileged": True}]),
    tags=TAGS,
)
kubernetes.apps.v1.Deployment(
    "api",
    metadata={"namespace": "default"},
    spec={
        "selector": {"match_labels": {"app": "api"}},
        "template": {
            "metadata": {"labels": {"app": "api"}},
            "spec": {
                "containers": [
                    {"name": "api", "image": IMAGE, "security_context": {"privileged": True}},
                ]
            },
        },
    },
)
pulumi.export("bucket", kept.bucket)
