"""What the SDK's documentation says in words of arguments that the asked provider does not know.

The SDK's sources are read as text, not imported.
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["documented", "says_so"]

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


def documented(sdk: Path) -> dict[str, list[str]]:
    """Token without the package to such properties, both sorted; `sdk` is the folder of `pulumi_aws`."""
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
