"""Makes `types.json` from an installed AWS SDK: what the stand-in must know of every resource type.

    python -m tests.engine.aws.types_build          (writes beside this file)

The SDK's sources are read as text, not imported: that takes seconds instead of minutes. What a change
forces is said in the documentation of few properties only; `forced.py` has the others.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

SERVICES = frozenset(
    [
        "acm",
        "alb",
        "apigateway",
        "apigatewayv2",
        "appautoscaling",
        "athena",
        "autoscaling",
        "backup",
        "batch",
        "budgets",
        "cfg",
        "cloudfront",
        "cloudtrail",
        "cloudwatch",
        "cognito",
        "dynamodb",
        "ebs",
        "ec2",
        "ecr",
        "ecs",
        "efs",
        "eks",
        "elasticache",
        "elb",
        "glue",
        "guardduty",
        "iam",
        "kinesis",
        "kms",
        "lambda_",
        "lb",
        "memorydb",
        "organizations",
        "rds",
        "route53",
        "s3",
        "s3control",
        "sagemaker",
        "scheduler",
        "secretsmanager",
        "servicediscovery",
        "signer",
        "sfn",
        "sns",
        "sqs",
        "ssm",
        "vpc",
    ]
)
"""Services that the table covers; a type of another is answered by general rules."""
TARGET = Path(__file__).with_name("types.json")

_TOKEN = re.compile(r"super\((\w+), __self__\)\.__init__\(\s*'aws:(\w+/\w+:\w+)'")
_GETTER = re.compile(
    r'@pulumi\.getter(?:\(name="(\w+)"\))?\n(?:    @.*\n)*    def (\w+)\(self\) -> pulumi\.(?:Output|Input)\[(.*)\]:\n'
)
_ARGUMENT = re.compile(r"\n {17}(\w+): pulumi\.Input\[")
_MISSING = re.compile(r"raise TypeError\(\"Missing required property '(\w+)'\"\)")
_SECRET = re.compile(r"additional_secret_outputs=\[(.*)\]")
_DOCUMENTED = re.compile(r"\n +:param \S+ (\w+): (.*)")
_NEW = re.compile(
    r"forces? (?:a |the |this )?(?:new|replac|re-?creat|resource)|will force |(?:value|argument|this) requires c"
    r"|[Cc]hanging (?:this|it)(?: \w+)? (?:creates a new|will create a new|re-?creat|will re-?creat)",
    re.IGNORECASE,
)
_NESTED = re.compile(r"'(?:outputs\.(\w+)|(\w+)Args)'")
_KINDS = {"str": "s", "int": "i", "float": "n", "bool": "b"}


def kind(written: str) -> str:
    """A type as the SDK writes it, as letters: s i n b of plain values, l list, m map, o object, a any;
    a `?` follows where the answer may lack it."""
    optional = written.startswith("Optional[")
    inner = written[9:-1] if optional else written
    if found := re.fullmatch(r"_builtins\.(\w+)", inner):
        letter = _KINDS.get(found[1], "a")
    elif inner.startswith("Sequence["):
        letter = "l"
    elif inner.startswith("Mapping["):
        letter = "m"
    else:
        # Names in quotes that are not of `outputs` are those of enumerations.
        letter = "o" if inner.startswith("'outputs.") else "s" if inner.startswith("'") else "a"
    return letter + ("?" if optional else "")


def nested(getters: list[tuple[str, str, str]]) -> dict[str, str]:
    """The properties that are objects with a schema, or lists of such: property to class."""
    found = {}
    for camel, snake, written in getters:
        match = _NESTED.search(written)
        if match and "Mapping[str, '" not in written:
            found[camel or snake] = match[1] or match[2]
    return found


def types_of(text: str) -> dict[str, dict[str, Any]]:
    """The resource types of one module, by token without the package."""
    found = {}
    for match in _TOKEN.finditer(text):
        name, token = match.groups()
        start = text.rfind("def _internal_init(", 0, match.start())
        signature, body = text[start : text.index("):\n", start)], text[start : match.start()]
        getters = _GETTER.findall(text[match.end() :].partition("\nclass ")[0])
        camel = {snake: given or snake for given, snake, _ in getters}
        arguments = [snake for snake in _ARGUMENT.findall(signature) if snake in camel]
        kinds = {snake: kind(written) for _, snake, written in getters}
        required = set(_MISSING.findall(body))
        documented = text[text.find(f"class {name}Args") :].partition("class _")[0].partition('"""')[2]
        forced = {
            snake for snake, said in _DOCUMENTED.findall(documented.partition('"""')[0]) if _NEW.search(said)
        }
        found[token] = {
            "inputs": [
                f"{camel[snake]}:{kinds[snake]}{'!' * (snake in required)}{'>' * (snake in forced)}"
                for snake in arguments
            ],
            "outputs": [
                f"{camel[snake]}:{kinds[snake]}" for _, snake, _ in getters if snake not in arguments
            ],
            "objects": nested(getters),
            "secret": sorted(re.findall(r'"(\w+)"', "".join(_SECRET.findall(body)))),
        }
    return found


def objects_of(text: str) -> dict[str, dict[str, str]]:
    """Classes of nested inputs that hold further ones: class to property to class."""
    found = {}
    for match in re.finditer(r"\nclass (\w+)Args:\n", text):
        body = text[match.end() :].partition("\nclass ")[0]
        if inner := nested(_GETTER.findall(body)):
            found[match[1]] = inner
    return found


def build(sdk: Path) -> dict[str, Any]:
    """`{"types": {token: ...}, "objects": {"service/Class": {property: Class}}}`, words joined by blanks."""
    types: dict[str, Any] = {}
    objects: dict[str, dict[str, str]] = {}
    for path in sorted(path for path in sdk.glob("*/*.py") if path.parent.name in SERVICES):
        text = path.read_text(encoding="utf-8")
        if path.name == "_inputs.py":
            objects.update({f"{path.parent.name}/{name}": inner for name, inner in objects_of(text).items()})
        elif path.name not in ("outputs.py", "__init__.py"):
            types.update(types_of(text))
    return {"types": types, "objects": objects}


def _words(entry: dict[str, Any]) -> dict[str, str]:
    rows = {**entry, "objects": [f"{key}:{name}" for key, name in entry["objects"].items()]}
    return {name: " ".join(words) for name, words in rows.items() if words}


def main() -> None:
    spec = importlib.util.find_spec("pulumi_aws")
    if spec is None or spec.origin is None:
        raise SystemExit("pulumi-aws is not installed")
    document = build(Path(spec.origin).parent)
    types = {token: _words(entry) for token, entry in sorted(document["types"].items())}
    objects = {
        name: " ".join(f"{k}:{v}" for k, v in inner.items()) for name, inner in document["objects"].items()
    }
    made = f'"made_from": "pulumi-aws {importlib.metadata.version("pulumi-aws")}"'
    rows = [f"{{{made}", _rows("types", types), _rows("objects", objects)]
    TARGET.write_text(",\n".join(rows) + "}\n", encoding="utf-8")


def _rows(name: str, table: dict[str, Any]) -> str:
    lines = (f"{json.dumps(key)}: {json.dumps(value)}" for key, value in sorted(table.items()))
    return f'"{name}": {{\n' + ",\n".join(lines) + "}"


if __name__ == "__main__":
    main()
