import pulumi
import pulumi_aws as aws
from library import Environment, EnvironmentArgs

config = pulumi.Config()

frankfurt = aws.Provider("frankfurt", region="eu-central-1")

home = Environment(
    "home",
    EnvironmentArgs(
        cidr="10.10.0.0/16",
        zones=["us-west-2a", "us-west-2b"],
        tiers=config.require_object("tiers"),
        database_class=config.require("databaseClass"),
    ),
)
away = Environment(
    "away",
    EnvironmentArgs(
        cidr="10.20.0.0/16",
        zones=["eu-central-1a", "eu-central-1b"],
        tiers=config.require_object("tiers"),
        database_class=config.require("databaseClass"),
    ),
    pulumi.ResourceOptions(providers=[frankfurt], aliases=[pulumi.Alias(name="europe")]),
)

pulumi.export("homeVpc", home.vpc_id)
pulumi.export("awayVpc", away.vpc_id)
pulumi.export("endpoints", {"home": home.database_endpoint, "away": away.database_endpoint})
