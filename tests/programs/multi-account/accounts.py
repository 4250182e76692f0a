"""One provider for each member account, with the deployment role of that account assumed."""

import pulumi
import pulumi_aws as aws


def member_provider(member):
    return aws.Provider(
        f"aws-{member['name']}",
        region=member["region"],
        allowed_account_ids=[member["account"]],
        assume_roles=[
            aws.ProviderAssumeRoleArgs(
                role_arn=f"arn:aws:iam::{member['account']}:role/deployment",
                session_name=f"pulumi-{pulumi.get_stack()}",
            )
        ],
        default_tags=aws.ProviderDefaultTagsArgs(
            tags={"account": member["name"], "managed-by": "pulumi", "stack": pulumi.get_stack()}
        ),
    )
