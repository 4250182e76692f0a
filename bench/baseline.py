"""The bare SDK: the program on Pulumi's own mocks, without garbage collection, nothing kept.

python bench/baseline.py MAIN RESOURCES
"""

from __future__ import annotations

import asyncio
import gc
import os
import runpy
import sys
from typing import Any

import pulumi
import pulumi.runtime
from pulumi.runtime.stack import run_pulumi_func


class Echo(pulumi.runtime.Mocks):
    """Answers inputs as outputs, everything else unknown: the least a run can do."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], None]:
        return {}, None


def main() -> None:
    program, resources = sys.argv[1:]
    gc.disable()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pulumi.runtime.set_mocks(Echo(), project="bench", stack="dev", preview=True)
    pulumi.runtime.set_all_config({"bench:resources": resources, "aws:region": "us-east-1"})
    sys.path.insert(0, program)

    def body() -> None:
        runpy.run_path(program, run_name="__main__")

    loop.run_until_complete(run_pulumi_func(body))
    os._exit(0)


if __name__ == "__main__":
    main()
