"""The gate on findings: an image in which a scan finds too much loses its tags, but for one that says so.

What this keeps out is everything that names images by tag: deployments, promotions, people. It works after
the push, within the minutes that a scan takes, and in each region for itself, as ECR replicates no
deletions. What names an image by its digest can still pull it, for ever: ECR can refuse nobody a digest.
Pods that run go on running. Findings in images that were clean when they were pushed are told, not acted
upon: pulling an image away from under a service does more harm than a day's warning.

The image itself stays for a month, so that what was found can be looked at.
"""

from typing import Any, Dict, List, Optional

from components.container_registry import names
from components.container_registry.registry import QUARANTINED
from components.container_registry.settings import LowestSeverity
from components.model import Cell
from components.naming import partition

__all__ = ["machine", "new_findings", "scan_with_findings"]

Document = Dict[str, Any]

_BLOCKING: Dict[LowestSeverity, List[str]] = {
    LowestSeverity.CRITICAL: ["CRITICAL"],
    LowestSeverity.HIGH: ["CRITICAL", "HIGH"],
    LowestSeverity.NEVER: [],
}
_RETRY = [
    {"ErrorEquals": ["Ecr.ServerException", "Ecr.ThrottlingException", "States.Timeout"],
     "IntervalSeconds": 5, "MaxAttempts": 4, "BackoffRate": 2},
]  # fmt: skip
_FROM_THE_EVENT = {
    "repository": "{% $split($states.input.detail.`repository-name`, ':repository/')[1] %}",
    "digest": "{% $states.input.detail.`image-digest` %}",
    "findings": "{% $states.input.detail.`finding-severity-counts` %}",
    "mark": (
        "{% '"
        + QUARANTINED
        + "' & $substring($substringAfter($states.input.detail.`image-digest`, ':'), 0, 12) %}"
    ),
}
_TAGS = (
    "{% [$filter($states.result.ImageDetails[0].ImageTags,"
    " function($t) { $not($contains($t, /^" + QUARANTINED + "/)) })] %}"
)


def scan_with_findings(cell: Cell, lowest: LowestSeverity) -> Document:
    """Event pattern: the first scan of one of the environment's images is over, and found too much.

    Inspector puts the repository's ARN where one would expect its name.
    """
    repositories = [{"prefix": names.repository_arn(cell, names.prefix(cell), cell.region)}]
    found = [{"finding-severity-counts": {one: [{"numeric": [">", 0]}]}} for one in _BLOCKING[lowest]]
    return {
        "source": ["aws.inspector2"],
        "detail-type": ["Inspector2 Scan"],
        "detail": {
            "scan-status": ["INITIAL_SCAN_COMPLETE"],
            "repository-name": repositories,
            **(found[0] if len(found) == 1 else {"$or": found}),
        },
    }


def new_findings(cell: Cell, lowest: LowestSeverity) -> Document:
    """Event pattern: a vulnerability became known that one of the environment's images has."""
    severities = _BLOCKING[lowest] or ["CRITICAL"]
    repositories = [{"prefix": names.repository_arn(cell, names.prefix(cell), cell.region)}]
    return {
        "source": ["aws.inspector2"],
        "detail-type": ["Inspector2 Finding"],
        "resources": repositories,
        "detail": {"severity": severities, "status": ["ACTIVE"]},
    }


def machine(cell: Cell, topic_arn: str) -> Document:
    """The quarantine as a state machine in Amazon States Language; its input is the scan's event."""
    image = {"RepositoryName": "{% $repository %}", "ImageIds": [{"ImageDigest": "{% $digest %}"}]}
    marked = {
        "RepositoryName": "{% $repository %}",
        "ImageManifest": "{% $image.ImageManifest %}",
        "ImageManifestMediaType": "{% $image.ImageManifestMediaType %}",
        "ImageTag": "{% $mark %}",
    }
    untagged = {
        "RepositoryName": "{% $repository %}",
        "ImageIds": "{% [$map($tags, function($t) { {'ImageTag': $t} })] %}",
    }
    told = {
        "TopicArn": topic_arn,
        "Subject": f"Image in quarantine ({cell.environment}, {cell.region})",
        "Message": (
            "{% $repository & '@' & $digest & ' had ' & $string($findings) & '. It was tagged ' &"
            " $string($tags) & ', and is now ' & $mark & '. Pods that name it by digest still get it.' %}"
        ),
    }
    # Whoever puts the same image into quarantine twice finds the tag there.
    twice = [{"ErrorEquals": ["Ecr.ImageAlreadyExistsException"], "Next": "Has other tags"}]
    return {
        "Comment": f"Takes images of {cell.environment} with findings out of use",
        "QueryLanguage": "JSONata",
        "StartAt": "Which image",
        "States": {
            "Which image": {"Type": "Pass", "Assign": _FROM_THE_EVENT, "Next": "Tags"},
            "Tags": _call("describeImages", image, "Manifest", {"tags": _TAGS}),
            "Manifest": _call("batchGetImage", image, "Mark", {"image": "{% $states.result.Images[0] %}"}),
            "Mark": {**_call("putImage", marked, "Has other tags"), "Catch": twice},
            "Has other tags": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $count($tags) > 0 %}", "Next": "Take the tags away"}],
                "Default": "Tell",
            },
            "Take the tags away": _call("batchDeleteImage", untagged, "Tell"),
            "Tell": {
                "Type": "Task",
                "Resource": f"arn:{partition(cell.region)}:states:::sns:publish",
                "Arguments": told,
                "Retry": _RETRY,
                "End": True,
            },
        },
    }


def _call(action: str, arguments: Document, following: str, assign: Optional[Document] = None) -> Document:
    """A call of ECR's API, tried again where the service is busy."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:ecr:{action}",
        "Arguments": arguments,
        "Retry": _RETRY,
        **({"Assign": assign} if assign else {}),
        "Next": following,
    }
