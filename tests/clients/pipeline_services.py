"""What stands in for the services that moto lacks when a pipeline's state machine runs in it.

moto executes the definition itself and has S3, SQS, Glue's catalogue and Batch's queues. It cannot run
containers, so a job ends at once as the test says; and it has nothing of Glue Data Quality: `evaluate` judges
by the rules that the tests use, on rows that stand for the table. Step Functions writes parameters with a
capital first letter and moto hands them on as they are, where Batch's API wants `jobName`: `_spelt` mends that
by the API's own model. And a job that is tried again hangs on an event that its first failure has set, so that
moto ends every further try at once as though out of time: that event is left alone, as nothing here waits on it.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from moto.batch.models import BatchBackend
from moto.batch_simple.models import BatchSimpleBackend, batch_simple_backends
from moto.core.responses import ActionResult
from moto.glue.responses import GlueResponse
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
    state_task_service_batch,
    state_task_service_sqs,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackEndpoint

__all__ = ["Services", "evaluate"]

Row = Mapping[str, Any]
RULE = re.compile(r'(?P<kind>\w+)(?: "(?P<column>\w+)")?(?: (?P<sign>>=|<=|=) (?P<bound>-?[\d.]+))?')


def evaluate(ruleset: str, rows: Iterable[Row]) -> dict[str, bool]:
    """Which rules of a DQDL ruleset hold. Raises `ValueError` on a rule that it cannot read."""
    listed = list(rows)
    body = re.fullmatch(r"Rules = \[\n(.*)\n\]", ruleset, re.DOTALL)
    if body is None:
        raise ValueError(f"no ruleset: {ruleset}")
    return {rule.strip(): _holds(rule.strip(), listed) for rule in body[1].split(",\n")}


def _holds(rule: str, rows: list[Row]) -> bool:
    match = RULE.fullmatch(rule)
    if match is None:
        raise ValueError(f"no rule that this stand-in knows: {rule}")
    kind, column = match["kind"], match["column"]
    if kind == "RowCount":
        return _compared(len(rows), match)
    if kind == "ColumnExists":
        return all(column in row for row in rows)
    values = [row.get(column) for row in rows]
    if kind == "IsComplete":
        return None not in values
    if kind == "ColumnValues":
        return all(value is not None and _compared(value, match) for value in values)
    raise ValueError(f"no rule that this stand-in knows: {rule}")


def _compared(value: float, match: re.Match[str]) -> bool:
    bound = float(match["bound"])
    return {">=": value >= bound, "<=": value <= bound, "=": value == bound}[match["sign"]]


@dataclass
class Services:
    """Jobs and gates as they happened. `failing` is how often each job fails before it succeeds; `rows` is
    what the dataset's table holds."""

    failing: dict[str, int] = field(default_factory=dict)
    rows: Sequence[Row] = ()
    jobs: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """(name, definition, environment) of every job, in the order in which they were submitted."""
    judged: list[dict[str, Any]] = field(default_factory=list)
    """Every request for an evaluation."""
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """(service, operation, parameters) of everything that the state machine asked AWS for."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _tries: Counter[str] = field(default_factory=Counter)

    def stand_in(self, patch: pytest.MonkeyPatch) -> None:
        """Takes the place of what moto lacks until `patch` is undone."""
        services = self

        def submit(backend: Any, *positional: Any, **named: Any) -> Any:
            simple = batch_simple_backends[backend.account_id][backend.region_name]
            return simple.submit_job(*positional, **named)

        def finish(backend: Any, include_start_attempt: bool, job: Any) -> None:
            backend.backend._jobs[job.job_id] = job
            job._start_attempt()
            job._mark_stopped(success=services._ran(job))

        patch.setattr(BatchBackend, "submit_job", submit)
        patch.setattr(BatchSimpleBackend, "_mark_job_as_finished", finish)
        for name in ("start_data_quality_ruleset_evaluation_run", "get_data_quality_ruleset_evaluation_run"):
            patch.setattr(GlueResponse, name, _action(getattr(services, f"_{name}")), raising=False)
        patch.setattr(
            GlueResponse, "get_data_quality_result", _action(services._get_data_quality_result), raising=False
        )
        patch.setattr(CallbackEndpoint, "interrupt_all", lambda endpoint: None)
        self._listen(patch)

    def _ran(self, job: Any) -> bool:
        with self._lock:
            environment = {
                one["name"]: one["value"] for one in (job.container_overrides or {}).get("environment", [])
            }
            self.jobs.append((job.job_name, job.job_definition.name, environment))
            self._tries[job.job_name] += 1
            return self._tries[job.job_name] > self.failing.get(job.job_name, 0)

    def _listen(self, patch: pytest.MonkeyPatch) -> None:
        """Notes every call of the clients that moto's state machines make."""
        for module in (state_task_service_aws_sdk, state_task_service_batch, state_task_service_sqs):
            make = module.boto_client_for

            def listening(*positional: Any, make: Any = make, **named: Any) -> Any:
                client = make(*positional, **named)
                client.meta.events.register("provide-client-params.*.*", self._note)
                client.meta.events.register("after-call.batch.SubmitJob", _with_capitals)
                return client

            patch.setattr(module, "boto_client_for", listening)

    def _note(self, params: Mapping[str, Any], model: Any, **_: Any) -> dict[str, Any]:
        asked: dict[str, Any] = _spelt(dict(params), model.input_shape)
        with self._lock:
            self.calls.append((model.service_model.signing_name, model.name, asked))
        return asked

    def _start_data_quality_ruleset_evaluation_run(self, response: Any) -> dict[str, Any]:
        asked = response.parameters
        self.judged.append({**asked, "region": response.region})
        return {"RunId": f"dqrun-{len(self.judged)}"}

    def _get_data_quality_ruleset_evaluation_run(self, response: Any) -> dict[str, Any]:
        run = response.parameters["RunId"]
        return {"RunId": run, "Status": "SUCCEEDED", "ResultIds": [run.replace("dqrun", "dqresult")]}

    def _get_data_quality_result(self, response: Any) -> dict[str, Any]:
        number = int(response.parameters["ResultId"].rpartition("-")[2])
        (name,) = self.judged[number - 1]["RulesetNames"]
        ruleset = self.rulesets[name]
        held = evaluate(ruleset, self.rows)
        results = [
            {"Name": f"Rule_{index}", "Description": rule, "Result": "PASS" if right else "FAIL"}
            for index, (rule, right) in enumerate(held.items(), start=1)
        ]
        return {"Score": sum(held.values()) / len(held), "RuleResults": results}

    rulesets: dict[str, str] = field(default_factory=dict)
    """Rulesets by name, as planned."""


def _spelt(value: Any, shape: Any) -> Any:
    """`value` with its members called as the API's model calls them."""
    if shape.type_name == "structure" and isinstance(value, dict):
        known = {name.lower(): name for name in shape.members}
        names = {key: known.get(key.lower(), key) for key in value}
        return {
            name: _spelt(value[key], shape.members[name]) if name in shape.members else value[key]
            for key, name in names.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_spelt(item, shape.member) for item in value]
    return value


def _with_capitals(parsed: dict[str, Any], **_: Any) -> None:
    parsed.update({key[:1].upper() + key[1:]: value for key, value in list(parsed.items())})


def _action(answer: Any) -> Any:
    def method(self: Any) -> ActionResult:
        return ActionResult(answer(self))

    return method
