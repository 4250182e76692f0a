"""AWS as moto stands in for it, with Step Functions interpreting what it is given; boto3 is the client.

Three things moto leaves open are filled in here, as AWS does them: it has no engine for JSONata (it takes the
one of the Python port of the reference implementation), and for its generic `aws-sdk` integration it does
not translate between the names of Amazon States Language (`RepositoryName`) and those of services that
begin theirs in lower case (`repositoryName`), and it names the errors of most services otherwise (`s3.x` for
`S3.x`). It also reads a definition anew for every execution, which takes seconds: here it does so once.

What moto does not do, and so no test here shows: it asks nobody's IAM policies, replicates no objects,
sends no events to other regions' buses, and has no scanner: scans of images give a fixed answer.
"""

from __future__ import annotations

import json
import os
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest import mock

import boto3
import botocore.session
from jsonata import Jsonata
from moto.core.config import default_user_config
from moto.server import ThreadedMotoServer
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.asl.jsonata import jsonata as bridge
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

__all__ = ["Cloud", "Execution", "cloud"]

SECONDS = 60
ERROR_NAMES = {"ecr": "Ecr", "s3": "S3", "sagemaker": "SageMaker"}
_parse = cache(AmazonStateLanguageParser.parse)


@dataclass(frozen=True)
class Execution:
    """What came of an execution."""

    status: str
    error: str
    cause: str
    output: Any


@dataclass(frozen=True)
class Cloud:
    """One moto server."""

    url: str

    def client(self, service: str, region: str) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def machine(self, name: str, definition: dict[str, Any], region: str) -> str:
        """The ARN of a state machine made of `definition`."""
        made = self.client("stepfunctions", region).create_state_machine(
            name=name, definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/machine"
        )
        arn: str = made["stateMachineArn"]
        return arn

    def run(self, machine: str, given: Any) -> Execution:
        """Starts the machine and waits for its end."""
        client = self.client("stepfunctions", machine.split(":")[3])
        started = client.start_execution(
            stateMachineArn=machine, input=json.dumps(given), name=uuid.uuid4().hex
        )
        end = time.monotonic() + SECONDS
        while True:
            told = client.describe_execution(executionArn=started["executionArn"])
            if told["status"] != "RUNNING":
                break
            assert time.monotonic() < end, "the execution does not end"
            time.sleep(0.05)
        output = json.loads(told["output"]) if told.get("output") else None
        return Execution(told["status"], told.get("error", ""), told.get("cause", ""), output)


def _evaluate(expression: str) -> Any:
    try:
        return Jsonata(expression).evaluate(None)
    except Exception as error:
        raise bridge.JSONataException("QueryEvaluationError", str(error)) from error


@cache
def _operations(service: str) -> dict[str, Any]:
    model = botocore.session.get_session().get_service_model(service)
    return {name.lower(): model.operation_model(name) for name in model.operation_names}


def _operation(task: Any) -> Any:
    return _operations(task._get_boto_service_name())[task.resource.api_action.lower()]


def _request(task: Any, parameters: Any, *_: Any, **__: Any) -> None:
    task._to_boto_request(parameters, _operation(task).input_shape)


def _response(task: Any, response: Any, *_: Any, **__: Any) -> None:
    task._from_boto_response(response, _operation(task).output_shape)


@contextmanager
def cloud() -> Iterator[Cloud]:
    """A server of its own on loopback, which interprets state machines."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    integration = state_task_service_aws_sdk.StateTaskServiceAwsSdk
    with (
        # Moto's interpreter calls the other services of its own server by this port.
        mock.patch.dict(os.environ, {"MOTO_PORT": str(port)}),
        mock.patch.dict(default_user_config, {"stepfunctions": {"execute_state_machine": True}}),
        mock.patch.object(bridge, "_eval_jsonata", _evaluate),
        mock.patch.dict(state_task_service_aws_sdk._SERVICE_ERROR_NAMES, ERROR_NAMES),
        mock.patch.object(AmazonStateLanguageParser, "parse", staticmethod(_parse)),
        mock.patch.object(integration, "_normalise_parameters", _request),
        mock.patch.object(integration, "_normalise_response", _response),
    ):
        try:
            # Servers of one process share what they hold.
            urllib.request.urlopen(f"http://{host}:{port}/moto-api/reset", data=b"").close()
            yield Cloud(f"http://{host}:{port}")
        finally:
            server.stop()
