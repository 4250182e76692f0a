"""Registries of images and models: what is in them was looked at, and who may say that it is good."""

from __future__ import annotations

from collections.abc import Iterator

from policies.documents import statements
from policies.rule import rule
from policies.view import View

REPOSITORY = "aws:ecr/repository:Repository"
SCANNING = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
GROUP = "aws:sagemaker/modelPackageGroup:ModelPackageGroup"
GROUP_POLICY = "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy"
CACHE = "aws:ecr/pullThroughCacheRule:PullThroughCacheRule"

# ECR caches nothing of these without signing in there.
SIGNS_IN = ("registry-1.docker.io", "ghcr.io", "registry.gitlab.com", "cgr.dev")
APPROVE = "sagemaker:UpdateModelPackage"


@rule(
    id="image-scanning",
    types=(REPOSITORY,),
    scope="stack",
    reads=("environment_class",),
    severity="medium",
    level="mandatory",
    rationale="Nobody knows of a vulnerability in an image that nothing has looked at.",
    fix="set imageScanningConfiguration.scanOnPush to true, or scan the whole registry",
    frameworks=("AWS FSBP ECR.1",),
)
def image_scanning(repository: View) -> Iterator[str]:
    if repository.is_disposable or repository.flag("imageScanningConfiguration", "scanOnPush"):
        return
    region = repository.resource.region
    if not any(one.resource.region == region for one in repository.all_of(SCANNING)):
        yield "has images that nothing scans: imageScanningConfiguration.scanOnPush is not true"


@rule(
    id="cache-without-credential",
    types=(CACHE,),
    severity="low",
    level="mandatory",
    rationale="ECR refuses such a cache, halfway through a deployment.",
    fix="set credentialArn to a secret whose name begins with ecr-pullthroughcache/",
)
def cache_credential(cache: View) -> Iterator[str]:
    upstream = cache.get("upstreamRegistryUrl")
    if upstream in SIGNS_IN and not cache.given("credentialArn"):
        yield f"caches {upstream} without a credential: credentialArn is not set"


@rule(
    id="model-approval-open",
    types=(GROUP,),
    scope="stack",
    reads=("environment_class",),
    severity="high",
    level="mandatory",
    rationale="Who trains a model and also approves it, approves it without anybody having looked at the evidence.",
    fix=f"add an aws.sagemaker.ModelPackageGroupPolicy that denies {APPROVE} to all but the role that approves",
)
def approval(group: View) -> Iterator[str]:
    """Not asked of development and staging, where nothing that is approved serves anybody."""
    if not group.is_production:
        return
    policies = group.related(GROUP_POLICY, through="modelPackageGroupName")
    if not policies and isinstance(name := group.raw("modelPackageGroupName"), str):
        named = group.around.named(GROUP_POLICY, "modelPackageGroupName", name)
        policies = tuple(one for one in named if one.resource.region == group.resource.region)
    if not any(_keeps_approval(policy) for policy in policies):
        yield "lets everybody approve packages whose IAM policies do: no policy of the group denies it"


def _keeps_approval(policy: View) -> bool:
    return any(
        not one.allows and any(action in (APPROVE, "sagemaker:*") for action in one.actions)
        for one in statements(policy, "resourcePolicy")
    )
