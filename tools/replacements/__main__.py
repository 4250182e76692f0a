"""Makes `plan/data/aws_replacements.json`: which changes mean another resource, asked of the AWS provider itself.

    python -m tools.replacements          (needs Terraform and hashicorp/aws in a mirror; minutes)

Terraform's provider is what the SDK's resources run on; the table holds its answers, with the release that gave
them and the day. What that release does not know, the SDK's documentation is asked of.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from plan.data.terraform_types_build import Sdk
from plan.export.terraform.types import PROVIDER_VERSION, mapped
from plan.export.terraform.validate import binary, mirror
from tools.replacements.contexts import CONTEXTS, LEFT_OUT
from tools.replacements.documentation import documented
from tools.replacements.probe import Found, Prober, arguments
from tools.replacements.provider import Provider
from tools.replacements.table import DEPTH, Names, words

TARGET = Path(__file__).parents[2] / "plan" / "data" / "aws_replacements.json"
MOST = 150
"""Arguments of one type that are asked about."""
PATIENCE = 6
"""Arguments of one type that are asked about without an answer."""
SOURCE = "registry.terraform.io/hashicorp/aws"


def program() -> Path | None:
    """The provider's program in this machine's mirror."""
    folder = mirror()
    found = (
        sorted((folder / SOURCE).glob(f"{PROVIDER_VERSION}.*/*/terraform-provider-aws*")) if folder else []
    )
    return found[-1] if found else None


def schema_of() -> Mapping[str, Any]:
    """Everything that the provider's resources and its own block can be written with."""
    with tempfile.TemporaryDirectory() as folder:
        needs = {"aws": {"source": SOURCE, "version": f"~> {PROVIDER_VERSION}"}}
        Path(folder, "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": needs}}))
        for call in (["init", f"-plugin-dir={mirror()}"], ["providers", "schema", "-json"]):
            done = subprocess.run([str(binary()), *call], cwd=folder, capture_output=True, check=True)
    found: Mapping[str, Any] = json.loads(done.stdout)["provider_schemas"][SOURCE]
    return found


def prober(schema: Mapping[str, Any]) -> Prober:
    there = program()
    assert there is not None
    return Prober(lambda: Provider(there, schema["provider"]["block"]))


def asked(
    prober: Prober, type: str, schema: Mapping[str, Any], context: Mapping[str, Any] | None = None
) -> dict[tuple[str, ...], Found]:
    """Everything about one type of Terraform's, by argument; of the largest types not down to the last block."""
    block, depth = schema["resource_schemas"][type]["block"], DEPTH
    while depth > 1 and len(list(arguments(type, block, depth))) > MOST:
        depth -= 1
    found: dict[tuple[str, ...], Found] = {}
    for one in arguments(type, block, depth, context):
        # A type of which the provider plans nothing with such values would refuse the rest too.
        hopeless = len(found) >= PATIENCE and not any(it.asked for it in found.values())
        found[one.path] = Found() if hopeless or type in LEFT_OUT else prober.ask(one)
    return found


def conditions(
    prober: Prober,
    type: str,
    schema: Mapping[str, Any],
    names: Mapping[tuple[str, ...], str],
    known: set[str],
) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """What else forces while other arguments have certain values: those, and the words."""
    for context in CONTEXTS.get(type, ()):
        block = schema["resource_schemas"][type]["block"]
        more = sorted(set(words(block, asked(prober, type, schema, context), names)) - known)
        values = {names[name,]: value for name, value in context.items() if (name,) in names}
        if more and len(values) == len(context):
            yield values, more


def build() -> dict[str, Any]:
    schema, sdk = schema_of(), Sdk()
    names, ask = Names(sdk), prober(schema)
    types: dict[str, str] = {}
    when: dict[str, list[Any]] = {}
    answers: dict[str, dict[tuple[str, ...], Found]] = {}
    for number, token in enumerate(sorted(sdk.modules)):
        to = mapped(token)
        if to is None:
            continue
        if to.type not in answers:
            answers[to.type] = asked(ask, to.type, schema)
        ours, known = token.removeprefix("aws:"), names.of(token)
        row = words(schema["resource_schemas"][to.type]["block"], answers[to.type], known)
        if any(one.asked for one in answers[to.type].values()):
            types[ours] = " ".join(row)
        rows = [
            [values, " ".join(more)] for values, more in conditions(ask, to.type, schema, known, set(row))
        ]
        if rows:
            when[ours] = rows
        if number % 100 == 0:
            sys.stderr.write(f"{number} of {len(sdk.modules)} types, {ask.calls} questions" + "\n")
    ask.close()
    said = {}
    for token, properties in documented(_sdk_folder()).items():
        to = mapped(f"aws:{token}")
        found = answers[to.type] if to else {}
        silent_of = {
            name for path, name in names.of(f"aws:{token}").items() if path in found and not found[path].asked
        }
        said[token] = " ".join(sorted(set(properties) & (silent_of | names.unknown(f"aws:{token}"))))
    silent = sum(not one.asked for found in answers.values() for one in found.values())
    sys.stderr.write(f"{ask.calls} questions; {silent} arguments of which none could be asked" + "\n")
    return {"types": types, "when": when, "documented": {token: row for token, row in said.items() if row}}


def _sdk_folder() -> Path:
    spec = importlib.util.find_spec("pulumi_aws")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def main() -> None:
    if binary() is None or program() is None:
        raise SystemExit(
            f"hashicorp/aws {PROVIDER_VERSION} is in no mirror of this machine: see `tradewind check --provider`"
        )
    found = build()
    made = {
        "made_from": f"hashicorp/aws {PROVIDER_VERSION}, what it plans; pulumi-aws "
        f"{importlib.metadata.version('pulumi-aws')} for names, and for what that release does not know",
        "made_on": datetime.date.today().isoformat(),
    }
    parts = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in made.items()]
    for name, rows in found.items():
        lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(row)}" for key, row in sorted(rows.items()))
        parts.append(f'"{name}": {{\n{lines}\n }}')
    TARGET.write_text("{\n " + ",\n ".join(parts) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
