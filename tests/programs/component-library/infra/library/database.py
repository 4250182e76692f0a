import pulumi
import pulumi_aws as aws


class Database(pulumi.ComponentResource):
    def __init__(self, name, subnet_ids, vpc_id, instance_class, opts=None):
        super().__init__("library:data:Database", name, None, opts)
        stores = pulumi.ResourceOptions(parent=self, protect=pulumi.get_stack() == "prod")
        self.key = aws.kms.Key(
            f"{name}-key",
            enable_key_rotation=True,
            opts=pulumi.ResourceOptions.merge(stores, pulumi.ResourceOptions(retain_on_delete=True)),
        )
        group = aws.rds.SubnetGroup(f"{name}-subnets", subnet_ids=subnet_ids, opts=pulumi.ResourceOptions(parent=self))
        access = aws.ec2.SecurityGroup(f"{name}-access", vpc_id=vpc_id, opts=pulumi.ResourceOptions(parent=self))
        self.cluster = aws.rds.Cluster(
            f"{name}-cluster",
            engine=aws.rds.EngineType.AURORA_POSTGRESQL,
            engine_version="16.6",
            database_name="app",
            master_username="app",
            manage_master_user_password=True,
            storage_encrypted=True,
            kms_key_id=self.key.arn,
            db_subnet_group_name=group.name,
            vpc_security_group_ids=[access.id],
            skip_final_snapshot=True,
            opts=stores,
        )
        for index in range(2):
            aws.rds.ClusterInstance(
                f"{name}-{index}",
                cluster_identifier=self.cluster.id,
                engine=self.cluster.engine.apply(lambda engine: aws.rds.EngineType(engine)),
                instance_class=instance_class,
                opts=pulumi.ResourceOptions(parent=self.cluster, ignore_changes=["engineVersion"]),
            )
        self.register_outputs({"endpoint": self.cluster.endpoint})
