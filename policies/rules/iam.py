"""Identities: who may do everything, who may become whom, and who outside may come in."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from policies.documents import Statement, statements
from policies.rule import Breach, rule
from policies.view import View

# Where a policy says what an identity may do.
IDENTITY_POLICIES = {
    "aws:iam/policy:Policy": "policy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
    "aws:iam/groupPolicy:GroupPolicy": "policy",
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "inlinePolicy",
}
ROLE = "aws:iam/role:Role"

# Where a policy says who may use a resource. Bucket policies have the rule `s3-public-policy`.
RESOURCE_POLICIES = {
    "aws:sqs/queue:Queue": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
    "aws:sns/topic:Topic": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:kms/key:Key": "policy",
    "aws:kms/replicaKey:ReplicaKey": "policy",
    "aws:kms/keyPolicy:KeyPolicy": "policy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "policy",
    "aws:secretsmanager/secret:Secret": "policy",
    "aws:secretsmanager/secretPolicy:SecretPolicy": "policy",
    "aws:opensearch/domain:Domain": "accessPolicies",
    "aws:opensearch/domainPolicy:DomainPolicy": "accessPolicies",
    "aws:efs/fileSystemPolicy:FileSystemPolicy": "policy",
    "aws:dynamodb/resourcePolicy:ResourcePolicy": "policy",
    "aws:kinesis/resourcePolicy:ResourcePolicy": "policy",
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": "policy",
    "aws:backup/vaultPolicy:VaultPolicy": "policy",
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": "resourcePolicy",
}


def identity_statements(view: View) -> Iterator[Statement]:
    """Every statement about what this identity may do: of a policy, or of a role's inline policies."""
    if view.type == ROLE:
        for inline in view.each("inlinePolicies"):
            yield from statements(inline, "policy")
    else:
        yield from statements(view, IDENTITY_POLICIES[view.type])


def covers(patterns: tuple[str, ...], action: str) -> bool:
    """Whether any of the action patterns includes `action`; case does not matter to IAM."""
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def anybody(statement: Statement) -> bool:
    """Whether an allowing statement lets anybody in: the principal `*`, and no condition narrows it."""
    named = any(name == "*" and kind in ("*", "AWS", "CanonicalUser") for kind, name in statement.principals)
    return statement.allows and named and not statement.condition


@rule(
    id="iam-wildcard",
    types=(*IDENTITY_POLICIES, ROLE),
    severity="critical",
    level="mandatory",
    rationale="An identity that may do everything with everything turns one leaked credential into the whole account.",
    fix="name the actions in Action, and the ARNs in Resource, or narrow the statement with a Condition",
    frameworks=("CIS AWS 3.0 1.16", "AWS FSBP IAM.1"),
)
def wildcard(policy: View) -> Iterator[str]:
    """Allow, `*` or `service:*` (or all but some), on `*`, unconditionally."""
    for statement in identity_statements(policy):
        if not statement.allows or statement.condition or "*" not in statement.resources:
            continue
        wide = [action for action in statement.actions if action == "*" or action.endswith(":*")]
        if wide:
            yield f"allows {', '.join(wide)} on every resource in {statement.title}"
        elif statement.everything_but:
            yield f"allows everything but {', '.join(statement.everything_but[:3])} on every resource"


@rule(
    id="iam-administrator",
    types=("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/userPolicyAttachment:UserPolicyAttachment",
           "aws:iam/groupPolicyAttachment:GroupPolicyAttachment", ROLE),
    severity="critical",
    level="mandatory",
    rationale="AdministratorAccess given to a workload makes every mistake in it a mistake with the account.",
    fix="set policyArn to a policy that names the actions needed",
    frameworks=("CIS AWS 3.0 1.16",),
)  # fmt: skip
def administrator(attachment: View) -> Iterator[str]:
    arns = attachment.texts("managedPolicyArns") if attachment.type == ROLE else attachment.texts("policyArn")
    for arn in arns:
        if arn.endswith(":policy/AdministratorAccess"):
            yield f"gives {arn}"


@rule(
    id="iam-open-trust",
    types=(ROLE,),
    severity="critical",
    level="mandatory",
    rationale="A role that anybody may assume is an open door into the account.",
    fix="set Principal in assumeRolePolicy to the account, service or provider meant, or add a Condition",
    frameworks=("AWS FSBP IAM.21",),
)
def open_trust(role: View) -> Iterator[str]:
    for statement in statements(role, "assumeRolePolicy"):
        if anybody(statement):
            yield f"may be assumed by anybody: {statement.title} has Principal * and no Condition"
        elif statement.allows and not statement.condition:
            for kind, name in statement.principals:
                if kind == "Federated":
                    yield f"may be assumed by every identity of {name.rpartition('/')[2]}: no Condition says whose"


@rule(
    id="iam-pass-role",
    types=(*IDENTITY_POLICIES, ROLE),
    severity="high",
    level="mandatory",
    rationale="Whoever may pass any role to a service of theirs has the rights of the strongest role there is.",
    fix="set Resource to the ARNs of the roles to pass, or add a Condition on iam:PassedToService",
)
def pass_role(policy: View) -> Iterator[str]:
    for statement in identity_statements(policy):
        named = tuple(action for action in statement.actions if action.lower().startswith("iam:p"))
        wide = any(resource == "*" or resource.endswith(":role/*") for resource in statement.resources)
        if statement.allows and wide and not statement.condition and covers(named, "iam:PassRole"):
            yield f"may pass every role ({', '.join(named)} on {', '.join(statement.resources)})"


@rule(
    id="public-resource-policy",
    types=RESOURCE_POLICIES,
    severity="critical",
    level="mandatory",
    rationale="A resource policy that names everybody opens the resource to every AWS account, or to the internet.",
    fix="set Principal to the accounts or services meant, or add a Condition on aws:PrincipalOrgID or aws:SourceArn",
    frameworks=("AWS FSBP SQS.3", "AWS FSBP SNS.4"),
)
def public_resource_policy(view: View) -> Iterator[str | Breach]:
    key = RESOURCE_POLICIES[view.type]
    for statement in statements(view, key):
        if anybody(statement):
            what = ", ".join(statement.actions[:3]) or "everything"
            yield Breach(
                f"allows anybody to {what}",
                f"set Principal in {key} to the accounts or services meant, or add a Condition",
            )
