"""A pipeline in the language of AWS Step Functions (Amazon States Language, JSONPath).

A run: look up the version of each dataset, make the execution key, then level by level a Parallel state
with one branch for each task: where the task's marker lies in the bucket already nothing is done, else the
task runs (AWS Batch for a step, Glue Data Quality for a gate) and then sets its marker. A task that failed
for good ends its branch under its own name; that ends the level, tells the dead letters and fails the run.
"""

import json
from typing import Any, Dict, List, Sequence

from components.naming import partition
from components.pipelines import names
from components.pipelines.settings import Dataset
from components.pipelines.tasks import HANGING, Placed, Task, filled, key_text, marker

__all__ = ["POLL_SECONDS", "asl", "definition", "gate_request"]

State = Dict[str, Any]

POLL_SECONDS = 30
"""Between looks at a gate that is being evaluated: Glue has no integration that waits."""
# Of a state that only asks an API.
HICCUPS = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 4, "BackoffRate": 2}]


def asl(placed: Placed, *, poll_seconds: int = POLL_SECONDS) -> State:
    """The definition of the pipeline's state machine."""
    states: Dict[str, State] = {}
    versions = [(f"Version of {dataset.name}", _version(dataset)) for dataset in placed.datasets]
    chain = [*versions, ("Execution key", _key(placed))]
    for number, tasks in enumerate(placed.levels, start=1):
        chain.append((f"Level {number}", _level(placed, tasks, poll_seconds)))
    following = [name for name, _ in chain[1:]] + ["Done"]
    for (name, state), after in zip(chain, following, strict=True):
        states[name] = {**state, "Next": after}
    states["Done"] = {"Type": "Succeed"}
    states["Dead letter"] = _dead_letter(placed)
    states["Failed"] = {"Type": "Fail", "ErrorPath": "$.failure.Error", "CausePath": "$.failure.Cause"}
    return {
        "Comment": f"Pipeline {placed.name} of {placed.cell.environment}",
        "StartAt": chain[0][0],
        "States": states,
    }


def _version(dataset: Dataset) -> State:
    """Each commit of an Iceberg table writes new metadata: their place is the table's version."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:glue:getTable",
        "Parameters": {"DatabaseName": dataset.database, "Name": dataset.table},
        "ResultSelector": {"version.$": "$.Table.Parameters.metadata_location"},
        "ResultPath": f"$.{_variable(dataset.name)}",
        "Retry": HICCUPS,
        "Catch": _caught(),
    }


def _key(placed: Placed) -> State:
    """Passes on the key and the versions alone: what else the run was started with decides nothing."""
    kept = {f"{_variable(one.name)}.$": f"$.{_variable(one.name)}" for one in placed.datasets}
    text = _text(key_text(placed.digest, placed.datasets))
    return {"Type": "Pass", "Parameters": {"key.$": f"States.Hash({text}, 'SHA-256')", **kept}}


def _level(placed: Placed, tasks: Sequence[Task], poll_seconds: int) -> State:
    return {
        "Type": "Parallel",
        "Branches": [_branch(placed, task, poll_seconds) for task in tasks],
        "ResultPath": None,
        "Catch": _caught(),
    }


def _branch(placed: Placed, task: Task, poll_seconds: int) -> State:
    """Look, run, mark; under the task's own name where it fails for good."""
    name = task.name
    bucket, done = names.bucket(placed.cell), _text(marker(placed.name, name, "{key}"))
    run = _gate(placed, task, f"Mark {name}", poll_seconds) if task.is_gate else {name: _job(placed, task)}
    start = next(iter(run))
    return {
        "StartAt": f"Look for {name}",
        "States": {
            f"Look for {name}": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:listObjectsV2",
                "Parameters": {"Bucket": bucket, "MaxKeys": 1, "Prefix.$": done},
                "ResultSelector": {"count.$": "$.KeyCount"},
                "ResultPath": "$.found",
                "Retry": HICCUPS,
                "Next": f"Is {name} done?",
            },
            f"Is {name} done?": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.found.count", "NumericGreaterThan": 0, "Next": f"{name} is done"}
                ],
                "Default": start,
            },
            **run,
            f"Mark {name}": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
                "Parameters": {"Bucket": bucket, "Key.$": done, "Body": ""},
                "ResultPath": None,
                "Retry": HICCUPS,
                "Next": f"{name} is done",
            },
            f"{name} is done": {"Type": "Succeed"},
            f"{name} failed": {"Type": "Fail", "Error": name, "CausePath": "$.failure.Cause"},
        },
    }


def _job(placed: Placed, task: Task) -> State:
    cell = placed.cell
    environment = [_setting(name, text) for name, text in task.environment]
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::batch:submitJob.sync",
        "Parameters": {
            "JobName": f"{placed.name}-{task.name}",
            "JobQueue": names.batch_queue(cell, task.queue),
            "JobDefinition": names.job_definition(cell, placed.name, task.name),
            "ContainerOverrides": {"Environment": environment},
            "Tags": {"pipeline": placed.name},
        },
        # Waiting in the queue counts here, so the job's own limit ends a try, and this one what hangs.
        "TimeoutSeconds": task.timeout_seconds * HANGING,
        "ResultPath": None,
        "Retry": _retry(task),
        "Catch": _failed(task),
        "Next": f"Mark {task.name}",
    }


def _gate(placed: Placed, task: Task, following: str, poll_seconds: int) -> Dict[str, State]:
    """Start the evaluation, look until it is over, and read how many of the rules hold."""
    name, dataset = task.name, next(one for one in placed.datasets if one.name == task.dataset)
    sdk = "arn:aws:states:::aws-sdk:glue"
    asked = {"ResultPath": "$.gate", "Catch": _failed(task)}
    verdict = f"Verdict of {name}"
    return {
        name: {
            "Type": "Task",
            "Resource": f"{sdk}:startDataQualityRulesetEvaluationRun",
            "Parameters": gate_request(placed, dataset),
            "Retry": _retry(task),
            **asked,
            "Next": f"Wait for {name}",
        },
        f"Wait for {name}": {"Type": "Wait", "Seconds": poll_seconds, "Next": f"State of {name}"},
        f"State of {name}": {
            "Type": "Task",
            "Resource": f"{sdk}:getDataQualityRulesetEvaluationRun",
            "Parameters": {"RunId.$": "$.gate.RunId"},
            "Retry": HICCUPS,
            **asked,
            "Next": f"Is {name} over?",
        },
        f"Is {name} over?": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.gate.Status", "StringEquals": "SUCCEEDED", "Next": verdict},
                {"Or": _states("STARTING", "RUNNING", "STOPPING"), "Next": f"Wait for {name}"},
            ],
            "Default": f"{name} ended badly",
        },
        f"{name} ended badly": _cause(name, "States.Format('Glue ended with {}', $.gate.Status)"),
        verdict: {
            "Type": "Task",
            "Resource": f"{sdk}:getDataQualityResult",
            "Parameters": {"ResultId.$": "$.gate.ResultIds[0]"},
            "Retry": HICCUPS,
            **asked,
            "Next": f"Do all rules of {name} hold?",
        },
        f"Do all rules of {name} hold?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.gate.Score", "NumericGreaterThanEquals": 1, "Next": following}],
            "Default": f"{name} refuses",
        },
        f"{name} refuses": _cause(name, "States.JsonToString($.gate.RuleResults)"),
    }


def gate_request(placed: Placed, dataset: Dataset) -> State:
    """What Glue is asked to evaluate: the smallest capacity, for at most an hour."""
    role = names.role_arn(placed.cell, names.gate_role(placed.cell))
    return {
        "DataSource": {"GlueTable": {"DatabaseName": dataset.database, "TableName": dataset.table}},
        "Role": role,
        "RulesetNames": [names.ruleset(placed.cell, dataset.name)],
        "NumberOfWorkers": 2,
        "Timeout": 60,
    }


def _states(*found: str) -> List[State]:
    return [{"Variable": "$.gate.Status", "StringEquals": one} for one in found]


def _cause(name: str, text: str) -> State:
    return {
        "Type": "Pass",
        "Parameters": {"Cause.$": text},
        "ResultPath": "$.failure",
        "Next": f"{name} failed",
    }


def _retry(task: Task) -> List[State]:
    if not task.retry.attempts:
        return []
    return [
        {
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": task.retry.wait_seconds,
            "MaxAttempts": task.retry.attempts,
            "BackoffRate": task.retry.backoff,
        }
    ]


def _failed(task: Task) -> List[State]:
    return [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": f"{task.name} failed"}]


def _caught() -> List[State]:
    return [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Dead letter"}]


def _dead_letter(placed: Placed) -> State:
    cell = placed.cell
    body = {
        "pipeline": placed.name,
        "region": cell.region,
        "run.$": "$$.Execution.Id",
        "task.$": "$.failure.Error",
        "cause.$": "$.failure.Cause",
    }
    return {
        "Type": "Task",
        "Resource": f"arn:{partition(cell.region)}:states:::sqs:sendMessage",
        "Parameters": {
            "QueueUrl": names.queue_url(cell, names.dead_letters(cell)),
            "MessageBody": body,
        },
        "ResultPath": None,
        "Retry": HICCUPS,
        "Next": "Failed",
    }


def _setting(name: str, text: str) -> State:
    expression = _text(text)
    fixed = expression == f"'{text}'"
    return {"Name": name, "Value": text} if fixed else {"Name": name, "Value.$": expression}


def _text(text: str) -> str:
    """A text with placeholders as an expression of the language."""
    arguments: List[str] = []

    def note(placeholder: str) -> str:
        dataset = placeholder.partition(":")[2]
        arguments.append(f"$.{_variable(dataset)}.version" if dataset else "$.key")
        return "{}"

    template = filled(text.replace("\\", "\\\\").replace("'", "\\'"), note)
    if not arguments:
        return f"'{template}'"
    return f"States.Format('{template}', {', '.join(arguments)})"


def _variable(dataset: str) -> str:
    return f"dataset_{dataset.replace('-', '_')}"


def definition(placed: Placed) -> str:
    """As the state machine takes it."""
    return json.dumps(asl(placed), indent=1)
