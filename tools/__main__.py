"""`python -m tools`: builds the engine and a Kubernetes control plane once per machine, for the tests.

Everything comes from public Go modules in locked versions. The results lie in a cache outside the checkout
and are linked into `.tools`; Go's own caches grow by several gigabytes while building. A second run only
looks whether all is there.
"""

from __future__ import annotations

import functools
import sys
import time
from pathlib import Path

from tools import cache, sdks
from tools.go import Failed, find
from tools.recipes import Part, parts

LINKS = Path(__file__).resolve().parents[1] / ".tools"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def make(wanted: dict[str, Part]) -> None:
    """Build each of `wanted`, by its name in the cache, that the cache does not hold."""
    if all((cache.folder() / key).exists() for key in wanted):
        return
    with cache.lock(say):
        missing = {key: part for key, part in wanted.items() if not (cache.folder() / key).exists()}
        if missing:
            _build(missing)


def _build(missing: dict[str, Part]) -> None:
    go = find(say)
    minutes = sum(part.minutes for part in missing.values())
    version = ".".join(map(str, go.version))
    say(
        f"building {len(missing)} of the tools with Go {version}: up to {minutes:.0f} minutes on two idle cores"
    )
    for key, part in missing.items():
        name, started = f"  {part.name} {part.version}", time.monotonic()
        say(f"{name} ...")
        place = cache.build(key, functools.partial(part.recipe, go))
        say(f"{name}: {time.monotonic() - started:.0f} s, {cache.size(place) / 1e6:,.0f} MB")


def everything() -> tuple[Part, ...]:
    return (*parts(), *sdks.parts())


def main() -> int:
    started, code = time.monotonic(), 0
    wanted = {part.key: part for part in everything()}
    try:
        make(wanted)
    except Failed as error:
        sys.stderr.write(f"{error}\n")
        code = 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: what was built before stays, what was being built is gone\n")
        code = 130
    built = {key: part for key, part in wanted.items() if (cache.folder() / key).exists()}
    links = {name: cache.folder() / key / name for key, part in built.items() for name in part.gives}
    cache.link(LINKS, links, {name for part in wanted.values() for name in part.gives})
    total = sum(cache.size(cache.folder() / key) for key in built) / 1e6
    names = ", ".join(f"{part.name} {part.version}" for part in built.values()) or "nothing"
    say(f"{LINKS.name}: {names}; {total:,.0f} MB in {cache.folder()}, {time.monotonic() - started:.1f} s")
    return code


if __name__ == "__main__":
    sys.exit(main())
