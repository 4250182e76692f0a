"""Code and files that go along with a resource: Lambda's archives, objects of buckets."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from plan.export.terraform.naming import escaped
from plan.export.terraform.values import Writer
from plan.values import Asset, Value

__all__ = ["written"]

# The argument that holds an asset, what it is called there, and where the digest goes.
_ARGUMENTS = {
    "aws:lambda/function:Function": ("code", "filename", "source_code_hash"),
    "aws:lambda/layerVersion:LayerVersion": ("code", "filename", "source_code_hash"),
    "aws:s3/bucketObject:BucketObject": ("source", "source", "source_hash"),
    "aws:s3/bucketObjectv2:BucketObjectv2": ("source", "source", "source_hash"),
}
_PACKED = (".zip", ".jar")


def written(writer: Writer, inputs: Mapping[str, Value]) -> tuple[dict[str, Any], dict[str, Value]]:
    """The arguments that stand for an asset, and the inputs that are left to write."""
    rest = dict(inputs)
    name, to, hashed = _ARGUMENTS.get(writer.resource.type, ("", "", ""))
    asset = rest.get(name)
    if not isinstance(asset, Asset):
        if name == "code" and asset is not None:
            del rest[name]
            return {to: writer.value(asset, name)}, rest
        return {}, rest
    del rest[name]
    made = {to: _path(writer, asset, name)}
    if asset.digest:
        whole = asset.where.endswith(_PACKED) or name == "source"
        # Lambda answers the digest of the archive itself in this form; that of a folder only tells changes.
        made[hashed] = base64.b64encode(bytes.fromhex(asset.digest)).decode() if whole else asset.digest
        if rest.get(_hash_name(hashed)) is not None:
            del made[hashed]
    return made, rest


def _hash_name(hashed: str) -> str:
    return {"source_code_hash": "sourceCodeHash", "source_hash": "sourceHash"}[hashed]


def _path(writer: Writer, asset: Asset, name: str) -> str:
    """Where Terraform finds the file: in the program's folder, or packed beside the export."""
    if "://" in asset.where:
        return writer.asked("unknown", name, f"fetch {asset.where} and name the file")
    if asset.where and (name == "source" or asset.where.endswith(_PACKED)):
        if PurePosixPath(asset.where).is_absolute():
            return escaped(asset.where)
        return f"{writer.ledger.project_folder()}/{escaped(asset.where)}"
    ending = ".zip" if name == "code" else ""
    path = f"assets/{writer.name}{ending}"
    what = (
        f"pack the folder {asset.where} of the program"
        if asset.where
        else "write what the program makes of texts"
    )
    writer.ledger.note("asset", writer.resource, name, f"{what} to {path} before applying")
    return f"${{path.module}}/{escaped(path)}"
