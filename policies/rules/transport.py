"""Traffic in clear text. Buckets have the rule `s3-insecure-transport` of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.rule import Breach, rule
from policies.view import View


def _listener(listener: View) -> Iterator[Breach]:
    protocol = listener.get("protocol") or (
        "HTTPS" if listener.given("certificateArn") else "HTTP" if listener.get("port") == 80 else ""
    )
    if protocol != "HTTP":
        return
    actions = list(listener.each("defaultActions"))
    safe = [
        one for one in actions if one.get("type") == "redirect" and one.get("redirect", "protocol") == "HTTPS"
    ]
    if len(safe) < len(actions) or not actions:
        kind = actions[0].get("type") if actions else "nothing"
        yield Breach(
            f"answers over HTTP on port {listener.get('port')} with {kind}",
            "set defaultActions to one redirect with redirect.protocol HTTPS and statusCode HTTP_301",
        )


def _distribution(distribution: View) -> Iterator[Breach]:
    for behaviour in (
        *distribution.each("defaultCacheBehavior"),
        *distribution.each("orderedCacheBehaviors"),
    ):
        if behaviour.get("viewerProtocolPolicy") == "allow-all":
            yield Breach(
                f"answers over HTTP ({behaviour.get('pathPattern') or 'default behaviour'})",
                "set viewerProtocolPolicy to redirect-to-https",
            )
    oldest = distribution.get("viewerCertificate", "minimumProtocolVersion")
    if (isinstance(oldest, str) and oldest.startswith(("SSLv3", "TLSv1_", "TLSv1.1"))) or oldest == "TLSv1":
        yield Breach(f"accepts {oldest}", "set viewerCertificate.minimumProtocolVersion to TLSv1.2_2021")


def _search(domain: View) -> Iterator[Breach]:
    if not domain.flag("domainEndpointOptions", "enforceHttps"):
        yield Breach(
            "answers over HTTP: enforceHttps is not true", "set domainEndpointOptions.enforceHttps to true"
        )
    if not domain.flag("nodeToNodeEncryption", "enabled"):
        yield Breach("speaks in clear text between its nodes", "set nodeToNodeEncryption.enabled to true")


def _cache(group: View) -> Iterator[Breach]:
    if not group.flag("transitEncryptionEnabled") and not group.given("globalReplicationGroupId"):
        yield Breach(
            "speaks in clear text: transitEncryptionEnabled is not true",
            "set transitEncryptionEnabled to true",
        )
    elif group.get("transitEncryptionMode") == "preferred":
        yield Breach(
            "still answers in clear text: transitEncryptionMode is preferred",
            "set transitEncryptionMode to required",
        )


def _memory(cluster: View) -> Iterator[Breach]:
    if cluster.get("tlsEnabled") is False:
        yield Breach("speaks in clear text: tlsEnabled is false", "leave out tlsEnabled, or set it to true")


def _kafka(cluster: View) -> Iterator[Breach]:
    mode = cluster.get("encryptionInfo", "encryptionInTransit", "clientBroker")
    if mode not in (None, "TLS"):
        yield Breach(
            f"takes clear text from clients: clientBroker is {mode}",
            "set encryptionInfo.encryptionInTransit.clientBroker to TLS",
        )
    if cluster.get("encryptionInfo", "encryptionInTransit", "inCluster") is False:
        yield Breach(
            "speaks in clear text between its brokers",
            "set encryptionInfo.encryptionInTransit.inCluster to true",
        )


def _files(task: View) -> Iterator[Breach]:
    for volume in task.each("volumes"):
        if (
            volume.given("efsVolumeConfiguration")
            and volume.get("efsVolumeConfiguration", "transitEncryption") != "ENABLED"
        ):
            yield Breach(
                f"mounts {volume.get('name')} in clear text",
                "set efsVolumeConfiguration.transitEncryption to ENABLED",
            )


CLEAR: dict[str, Callable[[View], Iterator[Breach]]] = {
    "aws:lb/listener:Listener": _listener,
    "aws:alb/listener:Listener": _listener,
    "aws:cloudfront/distribution:Distribution": _distribution,
    "aws:opensearch/domain:Domain": _search,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:memorydb/cluster:Cluster": _memory,
    "aws:msk/cluster:Cluster": _kafka,
    "aws:ecs/taskDefinition:TaskDefinition": _files,
}


@rule(
    id="insecure-transport",
    types=CLEAR,
    severity="high",
    level="mandatory",
    rationale="What travels in clear text is read and changed by whoever stands on the way.",
    fix="switch TLS on",
    frameworks=("AWS FSBP ELB.1", "AWS FSBP CloudFront.3", "AWS FSBP ElastiCache.5"),
)
def insecure_transport(view: View) -> Iterator[Breach]:
    yield from CLEAR[view.type](view)
