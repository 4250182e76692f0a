"""Keys, secrets, parameters, certificates, firewalls of the web, and what watches over an account."""

from __future__ import annotations

from decimal import Decimal

from finops.estimators.registry import Items, estimator
from finops.estimators.subject import Rate, Subject, Unpriceable, item
from finops.quantity import Quantity

MILLIONTH = Decimal("0.000001")
TEN_THOUSANDTH = Decimal("0.0001")


@estimator("aws:kms/key:Key", "aws:kms/externalKey:ExternalKey", service="KMS", usage=("requests",))
def kms_key(it: Subject) -> Items:
    """A key-month; with rotation, up to two more for the material that is kept."""
    rotated = it.resource.type.endswith(":Key") and it.flag("enableKeyRotation")
    keys = Quantity.between(1, 1, 3, "the first two yearly rotations add a key-month each") if rotated else 1
    yield item("key", keys, Rate("awskms", "KMS-Keys"))
    yield item("requests", it.usage("requests") * TEN_THOUSANDTH, Rate("awskms", "KMS-Requests"))


@estimator(
    "aws:kms/replicaKey:ReplicaKey",
    "aws:kms/replicaExternalKey:ReplicaExternalKey",
    service="KMS",
    usage=("requests",),
)
def kms_replica(it: Subject) -> Items:
    yield item("replica key", 1, Rate("awskms", "KMS-Keys"), copy=True)
    yield item("requests", it.usage("requests") * TEN_THOUSANDTH, Rate("awskms", "KMS-Requests"))


@estimator("aws:secretsmanager/secret:Secret", service="Secrets Manager", usage=("requests",))
def secret(it: Subject) -> Items:
    """A secret-month in the secret's region and in each region it is replicated to."""
    rate = "AWSSecretsManager-Secrets"
    yield item("secret", 1, Rate("AWSSecretsManager", rate))
    for replica in it.sections("replicas"):
        yield item("replica", 1, Rate("AWSSecretsManager", rate, region=replica.text("region")), copy=True)
    yield item(
        "requests",
        it.usage("requests") * TEN_THOUSANDTH,
        Rate("AWSSecretsManager", "AWSSecretsManagerAPIRequest"),
    )


@estimator("aws:ssm/parameter:Parameter", service="Systems Manager")
def parameter(it: Subject) -> Items:
    """Standard parameters are free, advanced ones are not."""
    if it.text("tier", "Standard").lower() == "advanced":
        yield item("advanced parameter", 1, Rate("AWSSystemsManager", "PS-Advanced-Param-Tier1"))


@estimator("aws:acm/certificate:Certificate", service="Certificate Manager")
def certificate(it: Subject) -> Items:
    """Public certificates that stay with AWS services are free; those of a private authority are not."""
    if it.states("certificateAuthorityArn"):
        yield item("private certificate", 1, Rate("AWSCertificateManager", "PrivateCertificates"))


@estimator("aws:acmpca/certificateAuthority:CertificateAuthority", service="Certificate Manager")
def certificate_authority(it: Subject) -> Items:
    short = it.text("usageMode") == "SHORT_LIVED_CERTIFICATE"
    yield item(
        "private authority",
        1,
        Rate("AWSCertificateManager", "ShortLivedCertificatePrivateCA" if short else "PrivateCA"),
    )


@estimator("aws:wafv2/webAcl:WebAcl", service="WAF", usage=("requests",))
def web_acl(it: Subject) -> Items:
    yield item("web ACL", 1, Rate("awswaf", "WebACLV2"))
    if rules := len(it.items("rules")):
        yield item("rules", rules, Rate("awswaf", "RuleV2"))
    yield item("requests", it.usage("requests") * MILLIONTH, Rate("awswaf", "RequestV2-Tier1"))


@estimator("aws:accessanalyzer/analyzer:Analyzer", service="Access Analyzer")
def access_analyzer(it: Subject) -> Items:
    """External access is analysed for free, unused access by the number of roles and users."""
    if it.text("type", "ACCOUNT").endswith("UNUSED_ACCESS"):
        raise Unpriceable(
            "unused access is charged for each role and user of the account, which nothing here states"
        )
    return ()


@estimator("aws:cfg/recorder:Recorder", service="Config", usage=("recorded_changes",))
def config_recorder(it: Subject) -> Items:
    yield item(
        "configuration items", it.usage("recorded_changes"), Rate("AWSConfig", "ConfigurationItemRecorded")
    )


@estimator("aws:cfg/rule:Rule", service="Config", usage=("evaluations",))
def config_rule(it: Subject) -> Items:
    yield item("evaluations", it.usage("evaluations"), Rate("AWSConfig", "ConfigRuleEvaluations"))


@estimator("aws:cloudtrail/trail:Trail", service="CloudTrail", usage=("data_events", "management_events"))
def trail(it: Subject) -> Items:
    """The first copy of management events is free; this counts what further copies and data events cost."""
    yield item(
        "further copies of management events",
        it.usage("management_events") * Decimal("0.00001"),
        Rate("AWSCloudTrail", "PaidEventsRecorded"),
    )
    if it.states("eventSelectors") or it.states("advancedEventSelectors"):
        yield item(
            "data events",
            it.usage("data_events") * Decimal("0.00001"),
            Rate("AWSCloudTrail", "DataEventsRecorded"),
        )
