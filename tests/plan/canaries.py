"""Secrets that are new in every run, a project that is full of them, and the search for them in any spelling."""

from __future__ import annotations

import base64
import json
import secrets
import tempfile
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from plan import offline
from plan.graph import Graph
from plan.project import find

ENVIRONMENT = {
    name: secrets.token_urlsafe(30)
    for name in (
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "PULUMI_ACCESS_TOKEN",
        "PULUMI_CONFIG_PASSPHRASE",
        "GITHUB_TOKEN",
        "DATABASE_PASSWORD",
        "DATABASE_URL",
        "MY_OWN_VARIABLE",
        "PIP_INDEX_URL",
        "https_proxy",
    )
}
DECLARED = secrets.token_urlsafe(24)
NESTED = secrets.token_urlsafe(24)
MADE = secrets.token_urlsafe(24)
CANARIES = (*ENVIRONMENT.values(), DECLARED, NESTED, MADE)

PROJECT = """\
name: canaries
runtime: python
config:
  declared: {type: string, secret: true}
  nested: {type: object, secret: true}
"""

PREAMBLE = f"""\
import base64, json, logging, os, sys, warnings
import pulumi
import pulumi_aws as aws

config = pulumi.Config()
plain = config.require("declared")
hidden = config.require_secret("declared")
nested = config.require_secret_object("nested")
made = pulumi.Output.secret({MADE[:12]!r} + {MADE[12:]!r})
encoded = base64.b64encode(("user:" + plain).encode()).decode()
"""


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A caller whose environment is full of secrets, with a temporary folder of its own."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield
    for file in scratch.rglob("*"):
        assert_silent(file.name, file.read_text(errors="replace") if file.is_file() else "")
    monkeypatch.setattr(tempfile, "tempdir", None)


def project(tmp_path: Path, program: str, preamble: str = PREAMBLE) -> Path:
    folder = tmp_path / "canaries"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(PROJECT)
    config = {
        "aws:region": "eu-west-1",
        "canaries:declared": DECLARED,
        "canaries:nested": {"user": "app", "token": NESTED},
    }
    (folder / "Pulumi.dev.yaml").write_text(json.dumps({"config": config}))
    (folder / "__main__.py").write_text(f"{preamble}\n{program}\n")
    return folder


def graph_of(tmp_path: Path, program: str, *, answers: offline.Answers = "symbolic") -> Graph:
    return offline.run(find(project(tmp_path, program)).program("dev"), answers=answers)


def spellings(secret: str) -> Iterator[str]:
    """`secret` as it may stand in a text: as it is, escaped, quoted, encoded, inside something encoded."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    yield urllib.parse.quote(secret, safe="")
    data = secret.encode()
    yield data.hex()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            # Of what is shared with the neighbours nothing is left.
            yield encode(bytes(before) + data)[4 if before else 0 : -4].decode()


def assert_silent(*texts: str, canaries: tuple[str, ...] = CANARIES) -> None:
    for text in texts:
        for number, canary in enumerate(canaries):
            for spelling in spellings(canary):
                # Not `assert spelling not in text`: pytest would show the secret at length.
                if len(spelling) >= 4 and spelling in text:
                    at = text.index(spelling)
                    pytest.fail(f"canary {number} in: ...{text[max(0, at - 120) : at]}<here>", pytrace=False)


PLANNED = {
    "inputs": """
aws.sqs.Queue("a", name=hidden, tags={"token": nested["token"], "made": made})
aws.ssm.Parameter("b", type="SecureString", value=pulumi.Output.concat("x:", hidden, "@", made))
aws.rds.Instance("c", instance_class="db.t4g.micro", password=nested.apply(lambda n: n["token"]), username="u")
""",
    "inputs that the program did not mark": """
aws.sqs.Queue("a", name=plain, tags={"url": f"postgres://u:{plain}@host/db", plain: "as a key"})
aws.ssm.Parameter("b", type="String", value=encoded)
aws.ec2.LaunchTemplate("c", user_data=base64.b64encode(f"#!/bin/sh\\nexport TOKEN={plain}\\n".encode()).decode())
aws.sns.Topic("d", delivery_policy=json.dumps({"header": json.dumps({"key": plain})}))
""",
    "names": """
aws.sqs.Queue(f"queue-{plain}")
pulumi.ComponentResource(f"a:b:{plain}", "component")
aws.sqs.Queue("child", opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name=plain)], ignore_changes=[plain]))
pulumi.StackReference(f"acme/{plain}/dev")
aws.s3.Bucket.get("existing", plain)
""",
    "exports": """
pulumi.export("hidden", hidden)
pulumi.export("made", {"deep": [made, {"x": made.apply(lambda m: m.upper())}]})
pulumi.export("plain", plain)
pulumi.export("encoded", encoded)
pulumi.export("nested", nested)
pulumi.export(plain, 1)
""",
    "assets": """
code = pulumi.AssetArchive({"key.txt": pulumi.StringAsset(plain), plain: pulumi.StringAsset("x")})
aws.lambda_.Function("f", role="arn:aws:iam::123456789012:role/r", runtime="python3.13", handler="a.b", code=code)
""",
    "what is printed and logged": """
print(plain, encoded)
print(plain, file=sys.stderr)
logging.basicConfig()
logging.getLogger("app").error("token %s", plain)
warnings.warn(f"token {plain}")
pulumi.log.warn(f"token {plain}")
pulumi.log.info(encoded)
made.apply(lambda m: pulumi.log.warn(f"made {m}"))
made.apply(lambda m: print(m))
hidden.apply(lambda h: pulumi.log.warn(h[:3] + h[3:]))
""",
    "findings": """
aws.sqs.Queue("a", visibility_timeout_seconds=plain)
aws.sqs.Queue("b", delay_seconds=hidden)
aws.s3.BucketVersioning("c", bucket="x", versioning_configuration={plain: "Enabled", "status": plain})
""",
    "explicit providers": """
provider = aws.Provider("p", region="eu-west-1", access_key=plain, secret_key=made, token=hidden)
aws.sqs.Queue("a", opts=pulumi.ResourceOptions(provider=provider))
""",
    "data sources": """
aws.ssm.get_parameter_output(name=hidden)
aws.secretsmanager.get_secret_version_output(secret_id=plain)
aws.sqs.Queue("a", name=aws.ssm.get_parameter_output(name=plain).value)
document = aws.iam.get_policy_document_output(statements=[{"actions": ["s3:*"], "resources": [hidden, made]}])
aws.iam.Policy("b", policy=document.json)
""",
    "transforms": """
def tagged(args):
    return pulumi.ResourceTransformResult({**args.props, "tags": {"token": hidden, "plain": plain}}, args.opts)


pulumi.runtime.register_resource_transform(tagged)
aws.sqs.Queue("a")
""",
    "the caller's environment": """
aws.sqs.Queue("a", tags={name: value for name, value in os.environ.items() if value})
aws.Provider("p", region="eu-west-1")
pulumi.export("environment", dict(os.environ))
print(dict(os.environ), flush=True)
""",
    "dynamic providers": """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class Provider(ResourceProvider):
    key = plain

    def create(self, props):
        return CreateResult("id", {"key": self.key, **props})


class Made(Resource):
    pass


Made(Provider(), "r", {"token": hidden, "plain": plain})
""",
}
