"""States of Amazon States Language in JSONata, as the registry's machines are made of them."""

from typing import Any, Dict, List, Optional, Sequence

__all__ = ["BUSY", "States", "call", "choose", "fail", "jsonata", "keep", "machine"]

States = Dict[str, Any]

BUSY: List[Dict[str, Any]] = [
    {
        "ErrorEquals": [
            "States.Timeout",
            "DynamoDb.InternalServerErrorException",
            "DynamoDb.ThrottlingException",
            "Ecr.ServerException",
            "S3.SlowDownException",
            "SageMaker.ThrottlingException",
        ],
        "IntervalSeconds": 2,
        "MaxAttempts": 5,
        "BackoffRate": 2,
        "JitterStrategy": "FULL",
    }
]
"""Tried again: the service was busy."""


def jsonata(expression: str) -> str:
    """A value that JSONata computes."""
    return "{% " + expression + " %}"


def machine(comment: str, start: str, states: States) -> States:
    return {"Comment": comment, "QueryLanguage": "JSONata", "StartAt": start, "States": states}


def keep(following: str, **assigned: str) -> States:
    """A state that computes variables for those after it; each value is an expression."""
    return {"Type": "Pass", "Assign": _computed(assigned), "Next": following}


def call(
    action: str,
    arguments: Any,
    following: str = "",
    *,
    assign: Optional[Dict[str, str]] = None,
    output: str = "",
    catch: Sequence[States] = (),
    retry: Sequence[States] = (),
) -> States:
    """A call of an API of AWS, such as `sagemaker:describeModelPackage`; the last state where none follows."""
    state: States = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:{action}",
        "Arguments": arguments,
        "Retry": [*retry, *BUSY],
    }
    if catch:
        state["Catch"] = list(catch)
    if assign:
        state["Assign"] = _computed(assign)
    if output:
        state["Output"] = jsonata(output)
    return {**state, **({"Next": following} if following else {"End": True})}


def choose(*options: Sequence[str], otherwise: str) -> States:
    """(condition, state) pairs, the first that holds decides."""
    made = [{"Condition": jsonata(condition), "Next": following} for condition, following in options]
    return {"Type": "Choice", "Choices": made, "Default": otherwise}


def fail(error: str, cause: str) -> States:
    """The end of an execution that did nothing more: `cause` is an expression."""
    return {"Type": "Fail", "Error": error, "Cause": jsonata(cause)}


def _computed(assigned: Dict[str, str]) -> Dict[str, str]:
    return {name: jsonata(expression) for name, expression in assigned.items()}
