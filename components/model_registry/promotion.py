"""The machine that alone changes stages: it promotes a release that can show what is asked for, or rolls back.

`{"action": "promote", "stage": "production", "model_package_arn": ...}` looks at the package in this
region and collects everything that is wrong, then refuses with all of it, or approves the package and
points the alias at it. Wrong is: a package of no model of this registry or that failed; lineage that is not
there (release, commit, data version, image digest, seed); an artifact that is not in the release's own
place; evidence that is missing, too old, not locked, about another release or artifact, or that says the
release did not pass; an image whose scan is not complete or found something critical; and for production, a
release that never was in staging.

`{"action": "rollback", "stage": "production", "model": ...}` points the alias back to the release before,
and rejects the one that it leaves. It asks for no evidence again: what the release could show when it was
promoted stands in the table's history, and waiting for new evidence is no way to mend an outage. Two
rollbacks in a row are refused: which release was before that is in the history, and to be promoted.

The age of evidence is counted from what it says itself, `at`, which may not be later than when S3 got it: a
copy of old evidence is as old as the evidence. Who writes evidence cannot write artifacts.
"""

import json
from typing import Any, Dict, List

from components.data_plane.surroundings import Surroundings
from components.model import Cell
from components.model_registry import names
from components.model_registry.alias_items import get, item, place, put
from components.model_registry.asl import States, call, choose, fail, jsonata, keep, machine
from components.model_registry.choices import STAGES, Choices
from components.model_registry.looking import look
from components.model_registry.placement import groups, in_region
from components.model_registry.settings import ModelRegistrySettings
from components.naming import name

__all__ = ["DETAIL_TYPES", "buckets_by_model", "promotion"]

DETAIL_TYPES = {"promote": "Model Promoted", "rollback": "Model Rolled Back"}


def buckets_by_model(settings: ModelRegistrySettings, around: Surroundings) -> Dict[str, str]:
    """The bucket of each model that lies in the cell's region."""
    here = in_region(groups(settings, around), around.cell.region)
    return {
        model.name: group.bucket(around.cell, around.cell.region)
        for group, models in here
        for model in models
    }


def promotion(settings: ModelRegistrySettings, around: Surroundings, chosen: Choices) -> States:
    """The machine's definition in one region, from the settings alone."""
    cell = around.cell
    states = {
        **_begin(buckets_by_model(settings, around), chosen),
        **look(cell, chosen),
        **_judge(cell),
        **_back(cell),
        **_point(cell),
        **_refusals(),
    }
    return machine(f"Stages of models of {cell.environment} in {cell.region}", "What is asked", states)


def _begin(buckets: Dict[str, str], chosen: Choices) -> States:
    asked = "$states.input"
    wanted = f"$lookup({json.dumps(chosen.evidence)}, $string({asked}.stage))"
    return {
        "What is asked": keep(
            "Which way",
            action=f"$exists({asked}.action) ? {asked}.action : 'promote'",
            stage=f"$exists({asked}.stage) ? $string({asked}.stage) : ''",
            buckets=json.dumps(buckets),
            required=f"$exists({wanted}) ? {wanted} : []",
            problems="[]",
            leaving="''",
            leaving_arn="''",
            artifact_version="''",
        ),
        "Which way": choose(
            [f"$not($stage in {json.dumps(list(STAGES))})", "No such stage"],
            [f"$action = 'promote' and $exists({asked}.model_package_arn)", "Package"],
            [f"$action = 'rollback' and $exists({asked}.model)", "Model"],
            otherwise="Not understood",
        ),
    }


def _judge(cell: Cell) -> States:
    return {
        "Enough": choose(["$count($problems) > 0", "Refuse"], otherwise="Alias before"),
        "Alias before": call(
            "dynamodb:getItem",
            get(cell, "'alias#' & $stage"),
            "Approve",
            assign={
                "release": "$lineage.release",
                "revision": "$number('0' & " + item("revision", "N") + ")",
                # Promoted again, a release is not what was before it.
                "previous": (
                    f"{item('release')} = $lineage.release ? {item('previous_release')} : {item('release')}"
                ),
            },
        ),
        "Approve": call(
            "sagemaker:updateModelPackage",
            {
                "ModelPackageArn": jsonata("$arn"),
                "ModelApprovalStatus": "Approved",
                "ApprovalDescription": jsonata("'For ' & $stage & ' by ' & $states.context.Execution.Id"),
                "CustomerMetadataProperties": jsonata("$lineage"),
            },
            "Point",
        ),
    }


def _back(cell: Cell) -> States:
    here = cell.region
    return {
        "Model": keep("Alias to leave", model="$states.input.model"),
        "Alias to leave": call(
            "dynamodb:getItem",
            get(cell, "'alias#' & $stage"),
            "Has an earlier one",
            assign={
                "leaving": item("release"),
                "release": item("previous_release"),
                "revision": "$number('0' & " + item("revision", "N") + ")",
                "previous": "''",
            },
        ),
        "Has an earlier one": choose(
            ["$release = ''", "Nothing to go back to"], otherwise="Package to leave"
        ),
        "Package to leave": call(
            "dynamodb:getItem",
            get(cell, f"'package#' & $leaving & '#{here}'"),
            "Earlier package",
            assign={"leaving_arn": item("package_arn")},
        ),
        "Earlier package": call(
            "dynamodb:getItem",
            get(cell, f"'package#' & $release & '#{here}'"),
            "Is it here",
            assign={"arn": item("package_arn")},
        ),
        "Is it here": choose(["$arn = ''", "Not in this region"], otherwise="Is it good"),
        "Is it good": call(
            "sagemaker:describeModelPackage",
            {"ModelPackageName": jsonata("$arn")},
            "Still approved",
            assign={
                "approved": "$states.result.ModelApprovalStatus = 'Approved'",
                "lineage": "$states.result.CustomerMetadataProperties",
                "inference": "$states.result.InferenceSpecification",
            },
        ),
        "Still approved": choose(["$approved", "Point"], otherwise="Rejected since"),
        "Reject": call(
            "sagemaker:updateModelPackage",
            {
                "ModelPackageArn": jsonata("$leaving_arn"),
                "ModelApprovalStatus": "Rejected",
                "ApprovalDescription": jsonata(
                    "'Rolled back from ' & $stage & ' by ' & $states.context.Execution.Id"
                ),
            },
            "Tell",
        ),
    }


def _point(cell: Cell) -> States:
    """Alias, history and the package's place in one transaction; whoever came second is refused."""
    alias = (
        "$merge([{'model': {'S': $model}, 'item': {'S': 'alias#' & $stage}, 'release': {'S': $release},"
        " 'revision': {'N': $string($revision + 1)}, 'at': {'S': $now()},"
        " 'execution': {'S': $states.context.Execution.Id}},"
        " $previous = '' ? {} : {'previous_release': {'S': $previous}}])"
    )
    made: List[Dict[str, Any]] = [
        {
            "Put": {
                "TableName": names.table_name(cell),
                "Item": jsonata(alias),
                "ConditionExpression": "attribute_not_exists(model) OR revision = :seen",
                "ExpressionAttributeValues": {":seen": {"N": jsonata("$string($revision)")}},
            }
        },
        put(cell, "'promoted#' & $stage & '#' & $release"),
        place(cell, f"'package#' & $release & '#{cell.region}'"),
    ]
    return {
        "Point": call(
            "dynamodb:transactWriteItems",
            {"TransactItems": made},
            "Which way it was",
            catch=[{"ErrorEquals": ["States.TaskFailed"], "Next": "Somebody else was first"}],
        ),
        "Which way it was": choose(
            ["$action = 'rollback' and $leaving_arn != ''", "Reject"], otherwise="Tell"
        ),
        "Tell": _tell(cell),
    }


def _tell(cell: Cell) -> Dict[str, Any]:
    """One event for all who follow: other regions, other accounts, and who deploys."""
    here = f"{cell.account_id}/{cell.region}"
    detail = {
        "model": jsonata("$model"),
        "stage": jsonata("$stage"),
        "release": jsonata("$release"),
        "left": jsonata("$action = 'rollback' ? $leaving : $previous"),
        "place": here,
        "account": cell.account_id,
        "region": cell.region,
        "bucket": jsonata("$lookup($buckets, $model)"),
        "repositories": name(cell),
        "artifact_version": jsonata("$artifact_version"),
        "lineage": jsonata("$lineage"),
        "inference": jsonata("$inference"),
    }
    kinds = json.dumps(DETAIL_TYPES)
    entry = {
        "Source": names.event_source(cell),
        "DetailType": jsonata(f"$lookup({kinds}, $action)"),
        "EventBusName": names.bus_name(cell),
        "Detail": detail,
    }
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::events:putEvents",
        "Arguments": {"Entries": [entry]},
        "Output": jsonata(
            "{'model': $model, 'stage': $stage, 'release': $release, 'model_package_arn': $arn}"
        ),
        "End": True,
    }


def _refusals() -> States:
    who = "$model & ' '"
    return {
        "Refuse": fail("Refused", "$join($problems, '; ')"),
        "Not understood": fail(
            "NotUnderstood",
            "'promote with stage and model_package_arn, or rollback with stage and model'",
        ),
        "No such stage": fail("NotUnderstood", f"'stage is one of {', '.join(STAGES)}'"),
        "No such package": fail("Refused", "'there is no such model package in this region'"),
        "Nothing to go back to": fail(
            "NothingToGoBackTo", f"{who}& 'has no earlier release in ' & $stage & ': promote one'"
        ),
        "Not in this region": fail(
            "NotInThisRegion", f"{who}& $release & ' is not registered in this region: roll back where it is'"
        ),
        "Rejected since": fail("Refused", f"{who}& $release & ' is no longer approved: promote another'"),
        "Somebody else was first": fail(
            "Conflict", f"'the alias of ' & {who}& 'changed meanwhile: look at it, then start again'"
        ),
    }
