"""What the promotion machine looks at, and what it finds wrong: states that collect `problems`."""

import json
from typing import Any, Dict

from components.model import Cell
from components.model_registry import names
from components.model_registry.alias_items import get, item
from components.model_registry.asl import States, call, choose, jsonata, keep
from components.model_registry.choices import Choices

__all__ = ["LINEAGE", "look"]

# What a release says of itself, with the form that each has.
LINEAGE = {
    "release": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
    "commit": "^[0-9a-f]{40}$",
    "data_version": "^.+$",
    "image_digest": "^sha256:[0-9a-f]{64}$",
    "seed": "^[0-9]+$",
}
DAY_MS = 86_400_000
TIME = r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]+)?Z$"


def look(cell: Cell, chosen: Choices) -> States:
    """Everything that is looked at before a promotion; what is wrong is collected in `problems`."""
    return {
        "Package": call(
            "sagemaker:describeModelPackage",
            {"ModelPackageName": jsonata("$states.input.model_package_arn")},
            "Lineage",
            assign=_package(cell),
            catch=[{"ErrorEquals": ["States.ALL"], "Next": "No such package"}],
        ),
        "Lineage": keep("Whose", problems=_lineage_problems()),
        "Whose": choose(["$count($problems) > 0", "Refuse"], otherwise="Artifact"),
        "Artifact": call(
            "s3:headObject",
            {"Bucket": jsonata("$bucket"), "Key": jsonata("$key")},
            "Origin",
            assign={"artifact_version": "$states.result.VersionId"},
            catch=[_note("'the artifact ' & $key & ' is not there'", "Evidence", artifact_version="")],
        ),
        # A copy from another account has a version of its own; only the machine that copied notes which.
        "Origin": call(
            "dynamodb:getItem",
            get(cell, f"'package#' & $lineage.release & '#{cell.region}'"),
            "Evidence",
            assign={
                "artifact_version": (
                    f"{item('copied_version')} = $artifact_version ? {item('original_version')} :"
                    " $artifact_version"
                )
            },
        ),
        "Evidence": _evidence(chosen, "Which stage"),
        "Which stage": choose(
            ["$stage = 'development'", "Enough"], otherwise="Image" if chosen.image_scan else "Staging"
        ),
        **(_image() if chosen.image_scan else {}),
        "Staging": choose(["$stage = 'production'", "Was in staging"], otherwise="Enough"),
        "Was in staging": call(
            "dynamodb:getItem",
            get(cell, "'promoted#staging#' & $lineage.release"),
            "Enough",
            assign={
                "problems": (
                    "$exists($states.result.Item) ? $problems :"
                    " $append($problems, [$lineage.release & ' never was in staging'])"
                )
            },
        ),
    }


def _package(cell: Cell) -> Dict[str, str]:
    """What is remembered of a described package."""
    result, prefix = "$states.result", names.package_group_prefix(cell)
    model = f"$substringAfter({result}.ModelPackageGroupName, '{prefix}')"
    url = f"{result}.InferenceSpecification.Containers[0].ModelDataUrl"
    bucket = f"$lookup($buckets, {model})"
    return {
        "arn": f"{result}.ModelPackageArn",
        "model": model,
        "status": f"{result}.ModelPackageStatus",
        "lineage": f"$merge([{json.dumps(dict.fromkeys(LINEAGE, ''))}, {result}.CustomerMetadataProperties])",
        "inference": f"{result}.InferenceSpecification",
        "image": f"{result}.InferenceSpecification.Containers[0].Image",
        "bucket": f"$exists({bucket}) ? {bucket} : ''",
        "key": f"$substringAfter({url}, 's3://' & {bucket} & '/')",
    }


def _lineage_problems() -> str:
    """One sentence for each thing that is not as it must be: an expression that gives a list."""
    checks = [
        f"$match($lineage.{field}, /{form}/) ? [] : '{field} is missing or has another form ({form})'"
        for field, form in LINEAGE.items()
    ]
    place = f"'models/' & $model & '/' & $lineage.release & '/{names.ARTIFACT}/'"
    checks += [
        "$bucket = '' ? 'no model of this registry in this region has packages like ' & $arn : []",
        "$status = 'Completed' ? [] : 'the package is ' & $status",
        f"$bucket != '' and $not($contains($key, {place})) ? 'its artifact is not below ' & {place} : []",
        "$contains($image, '@' & $lineage.image_digest) ? [] : 'the image is not named by its image_digest'",
    ]
    return "[" + ", ".join(f"({check})" for check in checks) + "]"


def _evidence(chosen: Choices, following: str) -> States:
    """Reads every document that the stage asks for."""
    place = f"'models/' & $model & '/' & $lineage.release & '/{names.EVIDENCE}/' & $states.input & '.json'"
    read = call(
        "s3:getObject",
        {"Bucket": jsonata("$bucket"), "Key": jsonata(place)},
        output=_evidence_problems(chosen.max_age_days),
        catch=[
            {
                "ErrorEquals": ["States.ALL"],
                "Output": jsonata("$states.input"),
                "Next": "Missing",
            }
        ],
    )
    missing = {
        "Type": "Pass",
        "Output": jsonata("[$string($states.input) & ' is missing or cannot be read']"),
        "End": True,
    }
    return {
        "Type": "Map",
        "Items": jsonata("$required"),
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "Read",
            "States": {"Read": read, "Missing": missing},
        },
        "Assign": {"problems": jsonata("$append($problems, $reduce($states.result, $append, []))")},
        "Next": following,
    }


def _evidence_problems(days: int) -> str:
    """What is wrong with a document that was read: an expression that gives a list of sentences."""
    checks = [
        "$said.passed = true ? [] : $kind & ' says that the release did not pass'",
        "$said.release = $lineage.release ? [] : $kind & ' is about another release'",
        "$said.artifact_version = $artifact_version ? [] : $kind & ' is about another artifact'",
        "$exists($got.ObjectLockMode) ? [] : $kind & ' is not locked'",
        "$timed ? [] : $kind & ' does not say `at` which time it was made (like 2026-11-23T12:00:00Z)'",
        "$at <= $stored + 60000 ? [] : $kind & ' says it is from after it was stored'",
        f"$not($timed) or $millis() - $at <= {days * DAY_MS} ? [] : $kind & ' is older than {days} days'",
    ]
    listed = ", ".join(f"({check})" for check in checks)
    return (
        "($kind := $states.input; $got := $states.result; $said := $parse($got.Body);"
        f" $timed := $exists($match($string($said.at), /{TIME}/)); $at := $timed ? $toMillis($said.at) : 0;"
        " $stored := $toMillis($string($got.LastModified));"
        f" [{listed}])"
    )


def _image() -> States:
    """The scan of the image that serves the release: complete, and without critical findings."""
    status, found = "$states.result.ImageScanStatus.Status", "$states.result.ImageScanFindings"
    critical = f"{found}.FindingSeverityCounts.CRITICAL"
    checks = [
        # ACTIVE: enhanced scanning looks again whenever a vulnerability becomes known.
        f"{status} in ['COMPLETE', 'ACTIVE'] ? [] : 'the scan of the image is ' & {status}",
        f"{critical} > 0 ? $string({critical}) & ' critical findings in the image' : []",
    ]
    listed = ", ".join(f"({check})" for check in checks)
    none = "'the image has no scan in the registry of this account: ' & $image"
    return {
        "Image": call(
            "ecr:describeImageScanFindings",
            {
                "RepositoryName": jsonata("$substringBefore($substringAfter($image, '/'), '@')"),
                "ImageId": {"ImageDigest": jsonata("$lineage.image_digest")},
            },
            "Staging",
            assign={"problems": f"$append($problems, [{listed}])"},
            catch=[_note(none, "Staging")],
        )
    }


def _note(sentence: str, following: str, **also: str) -> Dict[str, Any]:
    """A call that fails is one more thing that is wrong."""
    assigned = {"problems": jsonata(f"$append($problems, [{sentence}])"), **also}
    return {"ErrorEquals": ["States.TaskFailed"], "Assign": assigned, "Next": following}
