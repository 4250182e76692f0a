"""Makes `aws_types.json` from an installed AWS SDK: which types live in a region, which take tags.

    python -m plan.data.aws_types_build          (writes beside this file)

The SDK's sources are read as text, not imported: that takes a second instead of minutes.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

__all__ = ["build", "compact"]

TARGET = Path(__file__).with_name("aws_types.json")

_TOKEN = re.compile(r"super\(\w+, __self__\)\.__init__\(\s*'aws:(\w+)/(\w+):(\w+)'")
_SIGNATURE = "def _internal_init("


def compact(file: str, name: str) -> str:
    """`queue` for `queue:Queue`: nearly every class is called like its file."""
    return file if name == file[0].upper() + file[1:] else f"{file}:{name}"


def build(sdk: Path) -> dict[str, Any]:
    """The two lists, by service: `{"without_region": {service: [type...]}, "tags": {...}}`.

    A service none of whose types takes `region` stands with `["*"]`. A type takes tags when it has the
    argument `tags` as a map and answers `tagsAll`: only those get the provider's default tags.
    """
    types: defaultdict[str, set[str]] = defaultdict(set)
    without_region: defaultdict[str, set[str]] = defaultdict(set)
    tags: defaultdict[str, set[str]] = defaultdict(set)
    for path in sorted(sdk.glob("*/*.py")):
        text = path.read_text(encoding="utf-8")
        for match in _TOKEN.finditer(text):
            service, file, name = match.groups()
            kind = compact(file, name)
            start = text.rfind(_SIGNATURE, 0, match.start())
            signature = text[start : text.index("):\n", start)]
            types[service].add(kind)
            if "\n                 region:" not in signature:
                without_region[service].add(kind)
            if (
                re.search(r"\n +tags: pulumi\.Input\[Optional\[Mapping", signature)
                and "def tags_all(" in text
            ):
                tags[service].add(kind)
    shown = {s: {"*"} if kinds == types[s] else kinds for s, kinds in without_region.items()}
    return {
        "without_region": {service: sorted(kinds) for service, kinds in sorted(shown.items())},
        "tags": {service: sorted(kinds) for service, kinds in sorted(tags.items())},
    }


def main() -> None:
    spec = importlib.util.find_spec("pulumi_aws")
    if spec is None or spec.origin is None:
        raise SystemExit("pulumi-aws is not installed: uv pip install 'pulumi-aws>=7.51,<8'")
    document = {
        "made_from": f"pulumi-aws {importlib.metadata.version('pulumi-aws')}",
        **build(Path(spec.origin).parent),
    }
    rows = [f" {json.dumps(key)}: {_service_rows(value)}" for key, value in document.items()]
    TARGET.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")


def _service_rows(value: object) -> str:
    if not isinstance(value, dict):
        return json.dumps(value)
    return "{\n" + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items()) + "\n }"


if __name__ == "__main__":
    main()
