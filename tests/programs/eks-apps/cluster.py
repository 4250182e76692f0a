import json

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly")


def trusted_by(service):
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": service}}],
        }
    )


class EksCluster(pulumi.ComponentResource):
    def __init__(self, name, version, zones, opts=None):
        super().__init__("apps:eks:Cluster", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        subnets = self._subnets(name, zones, child)
        role = aws.iam.Role(f"{name}-control", assume_role_policy=trusted_by("eks.amazonaws.com"), opts=child)
        attached = aws.iam.RolePolicyAttachment(
            f"{name}-control",
            role=role.id,
            policy_arn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
            opts=child,
        )
        self.cluster = aws.eks.Cluster(
            name,
            version=version,
            role_arn=role.arn,
            vpc_config=aws.eks.ClusterVpcConfigArgs(
                subnet_ids=[subnet.id for subnet in subnets], public_access_cidrs=["203.0.113.0/24"]
            ),
            enabled_cluster_log_types=["api", "audit"],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[attached]),
        )

        self.nodes = self._nodes(name, subnets, child)

        issuer = self.cluster.identities[0].oidcs[0].issuer
        self.oidc = aws.iam.OpenIdConnectProvider(
            f"{name}-oidc", client_id_lists=["sts.amazonaws.com"], url=issuer, opts=child
        )
        self.kubeconfig = pulumi.Output.all(
            self.cluster.endpoint, self.cluster.certificate_authority["data"], self.cluster.name
        ).apply(kubeconfig)
        self.provider = k8s.Provider(
            f"{name}-k8s",
            kubeconfig=self.kubeconfig,
            enable_server_side_apply=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.nodes]),
        )
        self.register_outputs({"kubeconfig": self.kubeconfig})

    def _subnets(self, name, zones, child):
        vpc = aws.ec2.Vpc(name, cidr_block="10.60.0.0/16", enable_dns_hostnames=True, opts=child)
        return [
            aws.ec2.Subnet(
                f"{name}-{zone}",
                vpc_id=vpc.id,
                availability_zone=zone,
                cidr_block=f"10.60.{index * 32}.0/19",
                tags={f"kubernetes.io/cluster/{name}": "shared"},
                opts=child,
            )
            for index, zone in enumerate(zones)
        ]

    def _nodes(self, name, subnets, child):
        node_role = aws.iam.Role(f"{name}-node", assume_role_policy=trusted_by("ec2.amazonaws.com"), opts=child)
        node_policies = [
            aws.iam.RolePolicyAttachment(
                f"{name}-node-{policy}",
                role=node_role.id,
                policy_arn=f"arn:aws:iam::aws:policy/{policy}",
                opts=pulumi.ResourceOptions(parent=node_role),
            )
            for policy in NODE_POLICIES
        ]
        return aws.eks.NodeGroup(
            f"{name}-nodes",
            cluster_name=self.cluster.name,
            node_role_arn=node_role.arn,
            subnet_ids=[subnet.id for subnet in subnets],
            instance_types=["m7g.large"],
            ami_type="AL2023_ARM_64_STANDARD",
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(desired_size=3, min_size=2, max_size=6),
            opts=pulumi.ResourceOptions(parent=self, depends_on=node_policies),
        )


def kubeconfig(args):
    endpoint, authority, name = args
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "eks", "cluster": {"server": endpoint, "certificate-authority-data": authority}}],
            "contexts": [{"name": "eks", "context": {"cluster": "eks", "user": "aws"}}],
            "current-context": "eks",
            "users": [
                {
                    "name": "aws",
                    "user": {
                        "exec": {
                            "apiVersion": "client.authentication.k8s.io/v1beta1",
                            "command": "aws",
                            "args": ["eks", "get-token", "--cluster-name", name],
                        }
                    },
                }
            ],
        }
    )
