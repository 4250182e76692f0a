"""What the comparison of names and arguments cannot tell of Terraform's type names; see `terraform_types_build`."""

from __future__ import annotations

__all__ = ["BY_HAND", "NEVER", "OWN_NAMES", "PREFIXES"]

PREFIXES = {
    "alb": ("",),
    "apigateway": ("api_gateway_",),
    "bedrock": ("bedrock_", "bedrockagent_"),
    "cfg": ("config_",),
    "cloudtrail": ("", "cloudtrail_"),
    "costexplorer": ("ce_",),
    "directconnect": ("dx_",),
    "ec2": ("", "ec2_"),
    "ec2clientvpn": ("ec2_client_vpn_", "ec2_"),
    "ec2transitgateway": ("ec2_transit_gateway_", "ec2_"),
    "elasticloadbalancing": ("elb_", ""),
    "elb": ("elb_", ""),
    "lb": ("",),
    "rds": ("rds_", "db_"),
}
"""Module of a token -> what Terraform puts before the type's name; any other module is its own prefix."""

_LOAD_BALANCING = {
    "loadBalancer:LoadBalancer": "aws_lb",
    "listener:Listener": "aws_lb_listener",
    "listenerCertificate:ListenerCertificate": "aws_lb_listener_certificate",
    "listenerRule:ListenerRule": "aws_lb_listener_rule",
    "targetGroup:TargetGroup": "aws_lb_target_group",
    "targetGroupAttachment:TargetGroupAttachment": "aws_lb_target_group_attachment",
}

BY_HAND = {
    **{f"aws:{module}/{name}": to for module in ("alb", "lb") for name, to in _LOAD_BALANCING.items()},
    "aws:amp/scraper:Scraper": "aws_prometheus_scraper",
    "aws:amp/workspaceConfiguration:WorkspaceConfiguration": "aws_prometheus_workspace_configuration",
    "aws:apigateway/vpcLink:VpcLink": "aws_api_gateway_vpc_link",
    "aws:bcmdata/export:Export": "aws_bcmdataexports_export",
    "aws:bedrock/agentAgentAlias:AgentAgentAlias": "aws_bedrockagent_agent_alias",
    "aws:bedrock/agentAgentKnowledgeBaseAssociation:AgentAgentKnowledgeBaseAssociation": "aws_bedrockagent_agent_knowledge_base_association",
    "aws:bedrock/agentDataSource:AgentDataSource": "aws_bedrockagent_data_source",
    "aws:bedrock/agentKnowledgeBase:AgentKnowledgeBase": "aws_bedrockagent_knowledge_base",
    "aws:cfg/aggregateAuthorization:AggregateAuthorization": "aws_config_aggregate_authorization",
}
"""Pairs that neither name nor arguments tell apart from a neighbour."""

NEVER = frozenset(
    {
        "aws:arczonalshift/autoshiftObserverNotificationStatus:AutoshiftObserverNotificationStatus",
        "aws:securityhub/automationRuleV2:AutomationRuleV2",
        "aws:ec2/securityGroupAssociation:SecurityGroupAssociation",
    }
)
"""Types whose arguments look like another type's, but which are newer than the provider."""

OWN_NAMES = {
    "aws:docdb/cluster:Cluster": ("clusterIdentifier",),
    "aws:docdb/clusterInstance:ClusterInstance": ("identifier",),
    "aws:ec2/keyPair:KeyPair": ("keyName",),
    "aws:neptune/cluster:Cluster": ("clusterIdentifier",),
    "aws:neptune/clusterInstance:ClusterInstance": ("identifier",),
    "aws:rds/cluster:Cluster": ("clusterIdentifier",),
    "aws:rds/clusterInstance:ClusterInstance": ("identifier",),
    "aws:rds/instance:Instance": ("identifier",),
    "aws:redshift/snapshotSchedule:SnapshotSchedule": ("identifier",),
    "aws:s3/bucket:Bucket": ("bucket",),
    "aws:s3/bucketV2:BucketV2": ("bucket",),
}
"""Optional inputs besides `name` by which a resource itself is called; elsewhere they call another one."""
