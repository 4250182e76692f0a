"""Entry of the child process: reads the request, runs the program, writes its answer."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

PACKAGE = "_tradewind_offline_child"


def read_request() -> dict[str, Any]:
    """The request on standard input, which is then empty for the program."""
    with os.fdopen(0, "rb", closefd=False) as stream:
        request: dict[str, Any] = json.load(stream)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return request


def load_package() -> None:
    """Makes this folder importable as `PACKAGE` and takes it off the module search path."""
    here = Path(__file__).absolute().parent
    sys.path[:] = [path for path in sys.path if Path(path).absolute() != here]
    spec = importlib.util.spec_from_file_location(
        PACKAGE, here / "__init__.py", submodule_search_locations=[str(here)]
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)


def main() -> None:
    request = read_request()
    nonce = bytes.fromhex(request.pop("nonce"))
    load_package()
    frame = importlib.import_module(PACKAGE + ".frame")
    frame.take_over(request.pop("fd"))
    has_sdk = importlib.util.find_spec("pulumi") is not None
    if "requests" in request:
        # Of siblings nothing is heard without the SDK; then each is run by itself, and says so.
        if has_sdk:
            importlib.import_module(PACKAGE + ".siblings").run(request, nonce)
    elif not has_sdk:
        frame.send(nonce, json.dumps({"error": {"kind": "no-sdk"}}).encode())
    else:
        frame.send(nonce, importlib.import_module(PACKAGE + ".session").run(request))
    # Without the interpreter's teardown: a graph of 20,000 resources takes seconds to free.
    os._exit(0)


if __name__ == "__main__":
    main()
