"""The machine by which a region follows another one's promotions, and one account another's.

Its input is the event that the promotion machine sent elsewhere. A promoted release is registered here as
approved, with artifact and image of this region, once replication has brought the artifact; a release that was
rolled back is rejected here. The alias is not its business: the table of aliases is one for all regions.

What comes from another account is copied object by object, evidence included, and registered as waiting for
approval: this account's own promotion machine decides. One object may have 5 GB, which is what S3 copies in
one call; larger models must be stored in parts (shards).
"""

import json

from components.data_plane.surroundings import Surroundings
from components.model import Cell
from components.model_registry import names
from components.model_registry.asl import States, call, choose, fail, jsonata, keep, machine
from components.model_registry.promotion import DETAIL_TYPES, buckets_by_model
from components.model_registry.settings import ModelRegistrySettings
from components.naming import name

__all__ = ["following"]

# Replication time control promises 15 minutes; without it most objects take as long.
WAIT_SECONDS, WAITS = 60, 30


def following(settings: ModelRegistrySettings, around: Surroundings) -> States:
    """The machine's definition in one region, from the settings alone."""
    cell = around.cell
    states = {
        "What was told": keep(
            "Lies here",
            told="$states.input.detail",
            kind="$states.input.`detail-type`",
            bucket=_bucket(buckets_by_model(settings, around)),
            copied_version="''",
            folder="'models/' & $states.input.detail.model & '/' & $states.input.detail.release & '/'",
        ),
        "Lies here": choose(["$bucket = ''", "Not of this region"], otherwise="Package here"),
        "Not of this region": {"Type": "Succeed"},
        "Package here": call(
            "dynamodb:getItem",
            {
                "TableName": names.table_name(cell),
                "Key": {"model": {"S": jsonata("$told.model")}, "item": {"S": jsonata(_item(cell))}},
                "ConsistentRead": True,
            },
            "Known",
            assign={
                "arn": ("$exists($states.result.Item.package_arn.S) ? $states.result.Item.package_arn.S : ''")
            },
        ),
        "Known": choose(
            ["$arn != ''", "Set status"],
            [f"$kind = '{DETAIL_TYPES['rollback']}'", "Not of this region"],
            [f"$told.account != '{cell.account_id}'", "What there is"],
            otherwise="Artifact has come",
        ),
        "Set status": call(
            "sagemaker:updateModelPackage",
            {
                "ModelPackageArn": jsonata("$arn"),
                "ModelApprovalStatus": jsonata(
                    f"$kind = '{DETAIL_TYPES['rollback']}' ? 'Rejected' : 'Approved'"
                ),
                "ApprovalDescription": jsonata("'As in ' & $told.place"),
                "CustomerMetadataProperties": jsonata("$told.lineage"),
            },
        ),
        **_own_account(),
        **_other_account(),
        **_register(cell),
    }
    return machine(f"Follows promotions of models in {cell.region}", "What was told", states)


def _bucket(buckets: dict[str, str]) -> str:
    found = f"$lookup({json.dumps(buckets)}, $states.input.detail.model)"
    return f"$exists({found}) ? {found} : ''"


def _item(cell: Cell) -> str:
    """Where the table says which package a release is here."""
    release = f"($kind = '{DETAIL_TYPES['rollback']}' ? $told.left : $told.release)"
    return f"'package#' & {release} & '#{cell.region}'"


def _key() -> str:
    return "$substringAfter($told.inference.Containers[0].ModelDataUrl, 's3://' & $told.bucket & '/')"


def _own_account() -> States:
    wait = {
        "ErrorEquals": ["States.TaskFailed"],
        "IntervalSeconds": WAIT_SECONDS,
        "MaxAttempts": WAITS,
        "BackoffRate": 1,
    }
    return {
        "Artifact has come": call(
            "s3:headObject",
            {"Bucket": jsonata("$bucket"), "Key": jsonata(_key())},
            "Approved",
            catch=[{"ErrorEquals": ["States.TaskFailed"], "Next": "Did not come"}],
            retry=[wait],
        ),
        "Approved": keep("Register", status="'Approved'"),
        "Did not come": fail(
            "ArtifactDidNotCome",
            f"$told.release & ' is not replicated after {WAIT_SECONDS * WAITS // 60} minutes: look at the"
            " replication of ' & $bucket & ', then start again with the same input'",
        ),
    }


def _other_account() -> States:
    copy = call(
        "s3:copyObject",
        {
            "Bucket": jsonata("$bucket"),
            "Key": jsonata("$states.input.Key"),
            "CopySource": jsonata("$told.bucket & '/' & $states.input.Key"),
            # A bucket with object lock takes nothing without one.
            "ChecksumAlgorithm": "SHA256",
            # Nobody reads tags of objects here, and copying them would take another permission over there.
            "TaggingDirective": "REPLACE",
        },
    )
    return {
        "What there is": call(
            "s3:listObjectsV2",
            {"Bucket": jsonata("$told.bucket"), "Prefix": jsonata("$folder")},
            "All of it",
            output=(
                "{'more': $states.result.IsTruncated = true,"
                " 'objects': [$map($states.result.Contents, function($one) { {'Key': $one.Key} })]}"
            ),
        ),
        "All of it": choose(["$states.input.more", "Too many"], otherwise="Copy"),
        "Too many": fail(
            "TooManyObjects",
            "$told.release & ' has more than 1,000 objects: store its artifact in fewer, larger ones'",
        ),
        "Copy": {
            "Type": "Map",
            "Items": jsonata("$states.input.objects"),
            "MaxConcurrency": 10,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "Copy one",
                "States": {"Copy one": copy},
            },
            "Next": "To be decided",
        },
        "To be decided": call(
            "s3:headObject",
            {"Bucket": jsonata("$bucket"), "Key": jsonata(_key())},
            "Register",
            assign={"status": "'PendingManualApproval'", "copied_version": "$states.result.VersionId"},
        ),
    }


def _register(cell: Cell) -> States:
    """Image and artifact by their names here: region, account, environment and bucket are in them."""
    registry = f"{cell.account_id}.dkr.ecr.{cell.region}."
    image = (
        "$replace($replace($one.Image, $told.account & '.dkr.ecr.' & $told.region & '.', "
        f"'{registry}'), '/' & $told.repositories & '/', '/{name(cell)}/')"
    )
    containers = (
        "[$map($told.inference.Containers, function($one) { $merge([$one, {"
        "'ModelDataUrl': $replace($one.ModelDataUrl, 's3://' & $told.bucket & '/', 's3://' & $bucket & '/'),"
        f" 'Image': {image}"
        "}]) })]"
    )
    package = {
        "ModelPackageGroupName": jsonata(f"'{names.package_group_prefix(cell)}' & $told.model"),
        "ModelPackageDescription": jsonata("$told.release & ', as registered in ' & $told.place"),
        "InferenceSpecification": jsonata(f"$merge([$told.inference, {{'Containers': {containers}}}])"),
        "CustomerMetadataProperties": jsonata("$told.lineage"),
        "ModelApprovalStatus": jsonata("$status"),
    }
    values = {
        "model": {"S": jsonata("$told.model")},
        "item": {"S": jsonata(_item(cell))},
        "package_arn": {"S": jsonata("$arn")},
        "at": {"S": jsonata("$now()")},
        "execution": {"S": jsonata("$states.context.Execution.Id")},
        # Evidence is about the artifact as it was where it was looked at.
        "original_version": {"S": jsonata("$told.artifact_version")},
        "copied_version": {"S": jsonata("$copied_version")},
    }
    return {
        "Register": call(
            "sagemaker:createModelPackage",
            package,
            "Note",
            assign={"arn": "$states.result.ModelPackageArn"},
        ),
        "Note": call("dynamodb:putItem", {"TableName": names.table_name(cell), "Item": values}),
    }
