"""What several runs of one program would each import: the Pulumi SDKs that its modules name.

Found by reading, not by running: only modules of SDKs are imported, which do nothing but define. What
is not found here, each run imports for itself.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#;]+)|import[ \t]+([^\n#;]+))",
    re.MULTILINE,
)
_NAME = re.compile(r"([\w.]+)(?:[ \t]+as[ \t]+(\w+))?")
_MOST_FILES = 2000


def load_sdks(main: str, folder: str) -> None:
    """Imports the modules of Pulumi's SDKs that the program at `main`, in the project `folder`, names."""
    for name in sorted(named(Path(main), Path(folder))):
        try:
            module = importlib.import_module(name)
            # The SDKs load a service's module when it is first asked for anything.
            getattr(module, "__all__", None)
        except Exception:  # noqa: BLE001, S112 - the run itself says what is wrong, with its place
            continue


def named(main: Path, folder: Path) -> set[str]:
    """Dotted names of SDK modules in the program's own modules, as far as they are below `folder`."""
    start = main / "__main__.py" if main.is_dir() else main
    roots = (start.parent, folder)
    waiting, seen, found = [start], {start}, set()
    while waiting and len(seen) < _MOST_FILES:
        try:
            text = waiting.pop().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for name, alias in _imports(text):
            if name.partition(".")[0].startswith("pulumi"):
                found.add(name)
                # `import pulumi_aws as aws` and then `aws.s3.Bucket`.
                found.update(
                    f"{name}.{part}" for part in re.findall(rf"\b{re.escape(alias)}\.([a-z]\w*)", text)
                )
                continue
            for path in _files(name, roots):
                if path not in seen:
                    seen.add(path)
                    waiting.append(path)
    return found


def _imports(text: str) -> Iterator[tuple[str, str]]:
    """Every module that may be imported, and the name it then goes by; `from a import b` may be `a.b`."""
    for origin, names, plain in _IMPORT.findall(text):
        for name, alias in _NAME.findall(names.strip("()") if origin else plain):
            full = f"{origin}.{name}" if origin else name
            yield full, alias or (name if origin else full)
        if origin:
            yield origin, origin


def _files(name: str, roots: tuple[Path, ...]) -> Iterator[Path]:
    relative = Path(*name.strip(".").split("."))
    for root in roots:
        for path in ((root / relative).with_suffix(".py"), root / relative / "__init__.py"):
            if path.is_file():
                yield path
