"""Secrets written down where many can read them. Messages name the place, never the value."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping

from plan.values import Reference, Value
from policies.rule import Breach, rule
from policies.view import View
from policies.workloads import CONTAINERS, containers

_KEY = re.compile(
    r"(^|_)(PASSWORD|PASSWD|PWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)(_|$|\d)", re.I
)
# Such a variable only says where the secret is.
_POINTER = re.compile(
    r"(ARN|NAME|ID|PATH|FILE|URL|URI|REF|VERSION|TTL|EXPIRY|TYPE|LENGTH|ENABLED|REGION|PROVIDER|ENDPOINT|BUCKET|TABLE|LIMIT|BUDGET|COUNT)S?$",
    re.I,
)
_HARMLESS = re.compile(
    r"^(true|false|none|null|changeme\?|\d{1,5}|arn:aws[^:]*:.*|\{\{resolve:.*|\$\{?\w*\}?|/[\w./-]+|https?://[^:@/]+(/.*)?)$",
    re.I,
)
_UNMISTAKABLE = re.compile(
    r"\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bgh[pousr]_[A-Za-z0-9]{36}\b"
)
_ASSIGNED = re.compile(
    r"\b\w*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY)\w*\s*[=:]\s*(['\"]?)(?![$<{]|\s|arn:|/)([^\s'\"$`;]{6,})",
    re.I,
)
_POINTING_OUTPUTS = ("arn", "name", "id", "arns", "secretArn", "secretId")


@rule(
    id="clear-text-secret",
    types=CONTAINERS,
    scope="graph",
    severity="critical",
    level="mandatory",
    rationale="Whoever may describe the resource, or read the state or the repository, reads an environment variable.",
    fix="keep it in Secrets Manager and give the ARN (secrets.valueFrom in ECS, secretKeyRef in Kubernetes)",
    frameworks=("AWS FSBP ECS.8",),
)
def environment(workload: View) -> Iterator[str]:
    for container in containers(workload):
        whose = f" of {container.name}" if container.name else ""
        for key, value in container.variables.items():
            if _is_secret(key, value):
                yield f"has a secret in clear text in the variable {key}{whose}"
            elif (
                isinstance(value, Reference)
                and _names_secret(key)
                and value.property not in _POINTING_OUTPUTS
            ):
                yield f"has the output {value.property} of another resource in the variable {key}{whose}"


def _names_secret(key: str) -> bool:
    return bool(_KEY.search(key)) and not _POINTER.search(key)


def _is_secret(key: str, value: Value) -> bool:
    if not isinstance(value, str) or not value:
        return False
    if _UNMISTAKABLE.search(value):
        return True
    return _names_secret(key) and not _HARMLESS.match(value) and not value.startswith("${")


# Properties that take a password as it is, and what to use instead.
PASSWORDS = {
    "aws:rds/instance:Instance": ("password", "manageMasterUserPassword to true"),
    "aws:rds/cluster:Cluster": ("masterPassword", "manageMasterUserPassword to true"),
    "aws:docdb/cluster:Cluster": ("masterPassword", "manageMasterUserPassword to true"),
    "aws:redshift/cluster:Cluster": ("masterPassword", "manageMasterPassword to true"),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        "authToken",
        "userGroupIds to a group with IAM authentication",
    ),
    "aws:secretsmanager/secretVersion:SecretVersion": (
        "secretString",
        "secretString to a value of pulumi.Config().require_secret",
    ),
    "aws:ssm/parameter:Parameter": ("value", "value to a value of pulumi.Config().require_secret"),
}


@rule(
    id="clear-text-password",
    types=PASSWORDS,
    scope="graph",
    severity="critical",
    level="mandatory",
    rationale="A password in the program is in the repository, in the state, and in every log of a preview.",
    fix="let the service manage the password",
)
def password(store: View) -> Iterator[Breach]:
    key, instead = PASSWORDS[store.type]
    if store.type == "aws:ssm/parameter:Parameter" and store.get("type") != "SecureString":
        return
    value = store.raw(key)
    if isinstance(value, str) and value and not value.startswith("${"):
        yield Breach(f"has {key} in clear text", f"set {instead}")


USER_DATA = {
    "aws:ec2/instance:Instance": ("userData", "userDataBase64"),
    "aws:ec2/launchTemplate:LaunchTemplate": ("userData",),
    "aws:ec2/launchConfiguration:LaunchConfiguration": ("userData", "userDataBase64"),
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest": ("userData", "userDataBase64"),
}


@rule(
    id="secret-in-user-data",
    types=USER_DATA,
    scope="graph",
    severity="critical",
    level="mandatory",
    rationale="User data can be read from the metadata service by every process on the machine.",
    fix="read the secret at boot from Secrets Manager in userData, with the machine's role",
)
def user_data(machine: View) -> Iterator[str]:
    for key in USER_DATA[machine.type]:
        value = machine.get(key) if machine.raw(key) is not None else None
        text = _decoded(value) if isinstance(value, str) else ""
        if _UNMISTAKABLE.search(text):
            yield f"has a credential in {key}"
        elif found := _ASSIGNED.search(text):
            yield f"has a secret in {key} ({re.split('[=:]', found.group(0))[0].strip()})"


def _decoded(text: str) -> str:
    """Launch templates take user data in base64: the text inside, or the text itself."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return text


@rule(
    id="secret-in-config-map",
    types=("kubernetes:core/v1:ConfigMap",),
    scope="graph",
    severity="high",
    level="mandatory",
    rationale="A ConfigMap is meant to be read by everything in its namespace.",
    fix="put the key into a Secret, or an ExternalSecret that fetches it",
)
def config_map(view: View) -> Iterator[str]:
    data = view.get("data")
    for key, value in data.items() if isinstance(data, Mapping) else ():
        if _is_secret(key.replace("-", "_").replace(".", "_"), value):
            yield f"has a secret in clear text in the key {key}"
