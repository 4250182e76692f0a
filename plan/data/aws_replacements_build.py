"""Makes `aws_replacements.json` from an installed AWS SDK: properties whose change means another resource.

    python -m plan.data.aws_replacements_build          (writes beside this file)

Only what the documentation of an argument says in words; `plan/replacements.py` has what it leaves out.
The SDK's sources are read as text, not imported.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
from pathlib import Path

__all__ = ["build", "says_so"]

TARGET = Path(__file__).with_name("aws_replacements.json")

_CLASS = re.compile(r"super\((\w+), __self__\)\.__init__\(\s*'aws:(\w+/\w+:\w+)'")
_ARGUMENT = re.compile(r"\n +:param \S+ (\w+): (.*(?:\n(?! +:param ).*)*)")
_GETTER = re.compile(r'@pulumi\.getter\(name="(\w+)"\)\n(?:    @.*\n)*    def (\w+)\(')
_SAID = re.compile(
    r"forces? (?:a |an |the |this )?(?:new resource|new (?!deployment|version)\w+ to be created|re-?creation|replacement)"
    r"|chang(?:e|es|ing)[^.]{0,60}(?:creates? a new(?! version)|re-?creates?|new resource|replaces? |replacement)",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(?:not|without)\b[^.]{0,40}(?:forc|replac|re-?creat)", re.IGNORECASE)


def says_so(documentation: str) -> bool:
    """Whether the documentation of an argument says that a change of it makes another resource."""
    return any(
        _SAID.search(sentence) and not _DENIED.search(sentence) for sentence in documentation.split(".")
    )


def build(sdk: Path) -> dict[str, list[str]]:
    """Token without the package to its properties, both sorted."""
    found: dict[str, list[str]] = {}
    for path in sorted(sdk.glob("*/*.py")):
        text = path.read_text(encoding="utf-8")
        for name, token in _CLASS.findall(text):
            start = text.find(f"class {name}Args")
            documentation = text[start:].partition('"""')[2].partition('"""')[0]
            camel = {snake: given for given, snake in _GETTER.findall(text)}
            names = [snake for snake, said in _ARGUMENT.findall("\n" + documentation) if says_so(said)]
            if names:
                found[token] = sorted(camel.get(name, name) for name in names)
    return dict(sorted(found.items()))


def main() -> None:
    spec = importlib.util.find_spec("pulumi_aws")
    if spec is None or spec.origin is None:
        raise SystemExit("pulumi-aws is not installed: uv pip install 'pulumi-aws>=7.51,<8'")
    rows = [
        f"  {json.dumps(token)}: {json.dumps(names)}"
        for token, names in build(Path(spec.origin).parent).items()
    ]
    made = json.dumps(f"pulumi-aws {importlib.metadata.version('pulumi-aws')}")
    TARGET.write_text(
        f'{{\n "made_from": {made},\n "types": {{\n' + ",\n".join(rows) + "\n }\n}\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
