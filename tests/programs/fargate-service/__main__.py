import json

import pulumi
import pulumi_aws as aws
from network import make_network
from pulumi import Output, ResourceOptions, export

config = pulumi.Config()
settings = config.require_object("environment")
region = aws.get_region()

vpc, public_subnets, private_subnets = make_network(
    "app", config.require("cidr"), config.require_int("zones"), config.get_bool("natPerZone")
)

cluster = aws.ecs.Cluster("cluster", settings=[{"name": "containerInsights", "value": "enabled"}])

balancer_group = aws.ec2.SecurityGroup(
    "balancer",
    vpc_id=vpc.id,
    ingress=[{"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["0.0.0.0/0"]}],
    egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
)
task_group = aws.ec2.SecurityGroup(
    "tasks",
    vpc_id=vpc.id,
    ingress=[
        {"protocol": "tcp", "from_port": 8080, "to_port": 8080, "security_groups": [balancer_group.id]},
    ],
    egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
)

balancer = aws.lb.LoadBalancer(
    "balancer",
    load_balancer_type="application",
    security_groups=[balancer_group.id],
    subnets=[subnet.id for subnet in public_subnets],
)
target_group = aws.lb.TargetGroup(
    "web",
    port=8080,
    protocol="HTTP",
    target_type="ip",
    vpc_id=vpc.id,
    health_check={"path": "/healthz", "matcher": "200-299"},
    deregistration_delay=15,
)
listener = aws.lb.Listener(
    "http",
    load_balancer_arn=balancer.arn,
    port=80,
    default_actions=[{"type": "forward", "target_group_arn": target_group.arn}],
)

role = aws.iam.Role(
    "task-exec-role",
    assume_role_policy=json.dumps(
        {
            "Version": "2008-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
    ),
)
attachment = aws.iam.RolePolicyAttachment(
    "task-exec-policy",
    role=role.name,
    policy_arn=aws.iam.ManagedPolicy.AMAZON_ECS_TASK_EXECUTION_ROLE_POLICY,
)

logs = aws.cloudwatch.LogGroup("logs", retention_in_days=14)
images = aws.ecr.Repository("app", image_scanning_configuration={"scan_on_push": True})


def container_definitions(args):
    repository, group = args
    return json.dumps(
        [
            {
                "name": "app",
                "image": f"{repository}:{pulumi.get_stack()}",
                "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
                "environment": [{"name": key, "value": value} for key, value in sorted(settings.items())],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": group,
                        "awslogs-region": region.region,
                        "awslogs-stream-prefix": "app",
                    },
                },
            }
        ]
    )


task = aws.ecs.TaskDefinition(
    "app",
    family="app",
    cpu="512",
    memory="1024",
    network_mode="awsvpc",
    requires_compatibilities=["FARGATE"],
    execution_role_arn=role.arn,
    container_definitions=Output.all(images.repository_url, logs.name).apply(container_definitions),
)

service = aws.ecs.Service(
    "app",
    cluster=cluster.arn,
    desired_count=3,
    launch_type="FARGATE",
    task_definition=task.arn,
    network_configuration={
        "assign_public_ip": False,
        "subnets": [subnet.id for subnet in private_subnets],
        "security_groups": [task_group.id],
    },
    load_balancers=[{"target_group_arn": target_group.arn, "container_name": "app", "container_port": 8080}],
    opts=ResourceOptions(depends_on=[listener, attachment]),
)

scaling = aws.appautoscaling.Target(
    "app",
    min_capacity=2,
    max_capacity=12,
    resource_id=Output.concat("service/", cluster.name, "/", service.name),
    scalable_dimension="ecs:service:DesiredCount",
    service_namespace="ecs",
)
aws.appautoscaling.Policy(
    "cpu",
    policy_type="TargetTrackingScaling",
    resource_id=scaling.resource_id,
    scalable_dimension=scaling.scalable_dimension,
    service_namespace=scaling.service_namespace,
    target_tracking_scaling_policy_configuration={
        "predefined_metric_specification": {"predefined_metric_type": "ECSServiceAverageCPUUtilization"},
        "target_value": 60,
    },
)

export("url", Output.concat("http://", balancer.dns_name))
export("subnets", [subnet.id for subnet in private_subnets])
