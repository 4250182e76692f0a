"""`python -m tests.engine.aws`: the stand-in for pulumi-aws, as the engine starts it."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def _without_sdk() -> None:
    """Lets `pulumi.runtime.proto` be imported without the rest of the SDK, which takes most of the start
    and which a plugin has no use for. Only in this process: nothing else here imports the SDK."""
    found = importlib.util.find_spec("pulumi")
    if found is None or found.origin is None:
        return
    folder = Path(found.origin).parent
    for name, path in (("pulumi", folder), ("pulumi.runtime", folder / "runtime")):
        module = ModuleType(name)
        module.__path__ = [str(path)]
        sys.modules[name] = module


if __name__ == "__main__":
    _without_sdk()
    from tests.engine.aws.serve import main

    main()
