"""The documented recovery of a stack whose engine was killed, and what must hold after it."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from tests.engine.aws import endpoint
from tests.engine.aws.world import World
from tests.engine.sandbox import Sandbox


def project(box: Sandbox) -> Path:
    return box.folder / "projects" / "tradewind"


def state_of(box: Sandbox) -> dict[str, Any]:
    document = json.loads(box.pulumi("stack", "export", "-s", "dev", cwd=project(box)).stdout)
    found: dict[str, Any] = document["deployment"]
    return found


def left_by(box: Sandbox) -> tuple[str, ...]:
    """What the kill left unfinished; a state that the engine cannot read any more is told, too."""
    done = box.pulumi("stack", "export", "-s", "dev", cwd=project(box), check=False)
    if done.returncode:
        return (f"not readable: {done.stderr.strip()}",)
    rows = json.loads(done.stdout)["deployment"].get("pending_operations") or ()
    return tuple(f"{row['type']} {row['resource']['urn'].rpartition('::')[2]}" for row in rows)


def recovered(box: Sandbox) -> subprocess.CompletedProcess[str]:
    """The command of the documentation, with AWS answering from the world."""
    server, url = endpoint.start(box.world)
    try:
        asked = Sandbox(box.folder, extra={**box.extra, **credentials(url)})
        return asked.run(
            "tradewind", "state", "dev", "--recover", "-y", "--settle", "0", cwd=project(box), check=False
        )
    finally:
        server.shutdown()


def compare(box: Sandbox, made: Counter[str], at: str) -> None:
    """Nothing in the world is missing from the state, nothing is there twice, nothing is pending."""
    world = World(box.world)
    things = world.things()
    world.close()
    deployment = state_of(box)
    assert not deployment.get("pending_operations"), at
    rows = deployment["resources"]
    held = Counter((row["type"], row["id"]) for row in rows if row["type"].startswith("aws:"))
    there = Counter((thing.type, thing.id) for thing in things if thing.type.startswith("aws:"))
    assert there == held, f"{at}\nonly in the world: {there - held}\nonly in the state: {held - there}"
    assert Counter(thing.type for thing in things) == made, at


def credentials(url: str) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "stand-in", "AWS_SECRET_ACCESS_KEY": "stand-in"}
