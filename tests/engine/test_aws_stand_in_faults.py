"""What goes wrong in the stand-in cloud: on request, and when its processes are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests.engine.aws.client import Client, partial_state
from tests.engine.aws.world import Fault, World

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
QUEUE, LOGS = "aws:sqs/queue:Queue", "aws:cloudwatch/logGroup:LogGroup"


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Client]:
    client = Client.over(tmp_path)
    yield client
    client.stop()


class TestFaults:
    def test_throttling_is_waited_out(self, aws: Client) -> None:
        aws.world.faults = [Fault("throttle", times=2)]
        aws.create(QUEUE, "q", {})
        assert (len(aws.world.things(QUEUE)), aws.world.faults) == (1, [])
        aws.world.faults = [Fault("throttle")]
        with pytest.raises(grpc.RpcError, match="ThrottlingException"):
            aws.create(QUEUE, "r", {})

    def test_by_region_type_and_operation(self, aws: Client) -> None:
        aws.world.faults = [Fault("refuse", region="eu-*", type="aws:sqs/*", operation="create")]
        aws.create(QUEUE, "q", {})
        aws.create(LOGS, "l", {"region": "eu-west-1"})
        with pytest.raises(grpc.RpcError, match="AccessDenied"):
            aws.create(QUEUE, "q", {"region": "eu-west-1"})
        aws.world.faults = [Fault("timeout", operation="delete", times=1)]
        id = aws.world.things(QUEUE)[0].id
        with pytest.raises(grpc.RpcError, match="deadline exceeded"):
            aws.delete(QUEUE, id)
        aws.delete(QUEUE, id)

    def test_half_made_comes_with_its_state(self, aws: Client) -> None:
        aws.world.faults = [Fault("half-create", times=1)]
        with pytest.raises(grpc.RpcError) as error:
            aws.create(QUEUE, "q", {"name": "q"})
        partial = partial_state(error.value)
        assert partial.id == aws.world.things(QUEUE)[0].id
        assert partial.inputs["name"] == "q"

    def test_lost_is_made_without_anybody_hearing_of_it(self, aws: Client) -> None:
        aws.world.faults = [Fault("lost", times=1)]
        with pytest.raises(grpc.RpcError) as error:
            aws.create(QUEUE, "q", {"name": "q"})
        assert partial_state(error.value) is None
        with pytest.raises(grpc.RpcError, match="QueueAlreadyExists"):
            aws.create(QUEUE, "q", {"name": "q"})

    def test_calls_are_counted(self, aws: Client) -> None:
        for name in ("a", "b"):
            aws.create(QUEUE, name, {})
        assert aws.world.calls() == {("us-east-1", QUEUE, "create"): 2}


def test_a_killed_provider_leaves_the_whole_thing_or_nothing(tmp_path: Path) -> None:
    """Several processes create at once and are killed: what is there is whole, and its names are claimed."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom tests.engine.aws import cloud\n"
        "from tests.engine.aws.settings import Settings\nfrom tests.engine.aws.world import World\n"
        "world = World(Path(sys.argv[1]))\nprint('ready', flush=True)\n"
        "for n in range(10**6):\n"
        "    given = {'name': f'{sys.argv[2]}-{n}', 'region': 'us-east-1'}\n"
        "    cloud.create(world, Settings('us-east-1', '1'), 'aws:secretsmanager/secret:Secret', 's', 'u', given)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path), name], env=environment, stdout=subprocess.PIPE
        )
        for name in ("a", "b")
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    time.sleep(0.5)
    for process in started:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    world = World(tmp_path)
    things = world.things("aws:secretsmanager/secret:Secret")
    assert {thing.name[0] for thing in things} == {"a", "b"}
    assert all(world.claimed(f"1:us-east-1:{thing.type}:{thing.name}") for thing in things)
    assert world.tables.execute("select count(*) from claims").fetchone() == (len(things),)
    assert world.tables.execute("pragma integrity_check").fetchone() == ("ok",)
