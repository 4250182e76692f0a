"""`aws.iam.getPolicyDocument`, rendered as the AWS provider does: the text decides whether a policy changed.

Order and form were read from the provider's source: actions, resources and principals in falling order
without duplicates, a list of one as plain text, conditions in the order given, two spaces of indentation.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

_FIELDS = (
    ("actions", "Action"),
    ("notActions", "NotAction"),
    ("resources", "Resource"),
    ("notResources", "NotResource"),
)


def policy_document(arguments: dict[str, Any]) -> dict[str, Any]:
    """The data source's answer: `json`, `minifiedJson` and `id` beside the arguments.

    Raises `ValueError` for what the provider refuses: two statements with one `sid`, documents that are
    not JSON.
    """
    merged: dict[str, Any] = {"Version": "", "Id": "", "Statement": []}
    for text in _documents(arguments, "sourcePolicyDocuments"):
        document = _parsed(text)
        sids = {statement["Sid"] for statement in merged["Statement"] if "Sid" in statement}
        twice = [statement["Sid"] for statement in document["Statement"] if statement.get("Sid") in sids]
        if twice:
            raise ValueError(f"duplicate Sid ({twice[0]}) in source_policy_documents")
        _merge(merged, document)
    _merge(merged, _own(arguments))
    for text in _documents(arguments, "overridePolicyDocuments"):
        _merge(merged, _parsed(text))
    document = {key: value for key, value in merged.items() if value or key == "Statement"}
    if not document["Statement"]:
        document["Statement"] = None
    text = _escaped(json.dumps(document, indent=2, ensure_ascii=False))
    return {
        **arguments,
        "json": text,
        "minifiedJson": _escaped(json.dumps(document, separators=(",", ":"), ensure_ascii=False)),
        "id": str(zlib.crc32(text.encode())),
    }


def _documents(arguments: dict[str, Any], name: str) -> list[str]:
    return [text for text in arguments.get(name) or () if text]


def _parsed(text: str) -> dict[str, Any]:
    document = json.loads(text)
    statements = document.get("Statement") or []
    return {**document, "Statement": statements if isinstance(statements, list) else [statements]}


def _merge(merged: dict[str, Any], document: dict[str, Any]) -> None:
    """Takes over `document`: a statement with a known `Sid` replaces the one before."""
    merged["Id"] = document.get("Id") or merged["Id"]
    merged["Version"] = max(document.get("Version") or "", merged["Version"])
    for statement in document["Statement"]:
        sid = statement.get("Sid")
        index = next(
            (index for index, known in enumerate(merged["Statement"]) if sid and known.get("Sid") == sid),
            None,
        )
        if index is None:
            merged["Statement"].append(statement)
        else:
            merged["Statement"][index] = statement


def _own(arguments: dict[str, Any]) -> dict[str, Any]:
    version = arguments.get("version") or "2012-10-17"
    statements = [_statement(item, version) for item in arguments.get("statements") or ()]
    sids = [statement["Sid"] for statement in statements if "Sid" in statement]
    twice = {sid for sid in sids if sids.count(sid) > 1}
    if twice:
        raise ValueError(f"duplicate Sid ({min(twice)})")
    return {"Version": version, "Id": arguments.get("policyId") or "", "Statement": statements}


def _statement(item: dict[str, Any], version: str) -> dict[str, Any]:
    statement: dict[str, Any] = {}
    if item.get("sid"):
        statement["Sid"] = item["sid"]
    statement["Effect"] = item.get("effect") or "Allow"
    for name, written in _FIELDS:
        if values := item.get(name):
            texts = sorted(set(values), reverse=True)
            # The provider puts policy variables only where they stand for values, not in actions.
            texts = texts if "ctions" in name else [_variables(text, version) for text in texts]
            statement[written] = texts[0] if len(texts) == 1 else texts
    for name, written in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if principals := item.get(name):
            statement[written] = _principals(principals, version)
    if conditions := item.get("conditions"):
        statement["Condition"] = _conditions(conditions, version)
    return statement


def _principals(principals: list[dict[str, Any]], version: str) -> Any:
    groups: dict[str, set[str]] = {}
    for principal in principals:
        groups.setdefault(principal["type"], set()).update(
            _variables(text, version) for text in principal["identifiers"]
        )
    if groups == {"*": {"*"}}:
        return "*"
    return {
        kind: texts[0] if len(texts) == 1 else texts
        for kind, texts in ((kind, sorted(groups[kind], reverse=True)) for kind in sorted(groups))
    }


def _conditions(conditions: list[dict[str, Any]], version: str) -> dict[str, Any]:
    tests: dict[str, dict[str, list[str]]] = {}
    for condition in conditions:
        variable = _variables(condition["variable"], version)
        values = [_variables(text, version) for text in condition["values"]]
        tests.setdefault(condition["test"], {}).setdefault(variable, []).extend(values)
    return {
        test: {
            variable: values[0] if len(values) == 1 else values
            for variable, values in sorted(variables.items())
        }
        for test, variables in sorted(tests.items())
    }


def _variables(text: str, version: str) -> str:
    """`&{name}` stands for the policy variable `${name}`, which Pulumi's own templates would take."""
    return text if version == "2008-10-17" else text.replace("&{", "${")


def _escaped(text: str) -> str:
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
