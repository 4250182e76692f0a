"""What is in stores that are deleted only when they are empty: rules, targets, model packages, tasks, node groups."""

from __future__ import annotations

from .questions import Answer, Question, answers

_RULE, _TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"


@answers("s3", "GetObjectLockConfiguration")
def _lock(question: Question) -> Answer:
    bucket = question.named("aws:s3/bucket:Bucket", question.given["Bucket"], "NoSuchBucket", everywhere=True)
    type = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
    held = [thing for thing in question.things(type, everywhere=True) if _said(thing, "bucket") == bucket.id]
    lock: Answer = {"ObjectLockEnabled": "Enabled"}
    for thing in held:
        retention = (thing.properties.get("rule") or {}).get("defaultRetention") or {}
        lock["Rule"] = {
            "DefaultRetention": {
                name.capitalize(): int(value) if name != "mode" else value
                for name, value in retention.items()
                if value and name in ("mode", "days", "years")
            }
        }
    return {"ObjectLockConfiguration": lock}


@answers("sagemaker", "ListModelPackages")
def _packages(question: Question) -> Answer:
    """Planted as `ties.MODEL_PACKAGE`."""
    group = question.given.get("ModelPackageGroupName")
    found = [
        {"ModelPackageArn": thing.id, "ModelPackageGroupName": group, "ModelPackageVersion": number}
        for number, thing in enumerate(question.things("aws:sagemaker/modelPackage:ModelPackage"), 1)
        if _said(thing, "modelPackageGroupName") == group
    ]
    return {"ModelPackageSummaryList": found}


@answers("events", "ListRules")
def _rules(question: Question) -> Answer:
    bus = question.given.get("EventBusName") or "default"
    found = [thing for thing in question.things(_RULE) if (_said(thing, "eventBusName") or "default") == bus]
    return {"Rules": [{"Name": thing.name, "EventBusName": bus} for thing in found]}


@answers("events", "ListTargetsByRule")
def _targets(question: Question) -> Answer:
    found = [thing for thing in question.things(_TARGET) if _said(thing, "rule") == question.given["Rule"]]
    return {
        "Targets": [{"Id": _said(thing, "targetId"), "Arn": _said(thing, "arn") or "arn"} for thing in found]
    }


@answers("ecs", "ListTasks")
def _tasks(question: Question) -> Answer:
    """The stand-in runs none."""
    question.named("aws:ecs/cluster:Cluster", question.given["cluster"], "ClusterNotFoundException")
    return {"taskArns": []}


@answers("ecs", "ListServices")
def _services(question: Question) -> Answer:
    found = question.things("aws:ecs/service:Service")
    cluster = question.named("aws:ecs/cluster:Cluster", question.given["cluster"], "ClusterNotFoundException")
    return {
        "serviceArns": [thing.arn for thing in found if _said(thing, "cluster") in (cluster.id, cluster.name)]
    }


@answers("ecs", "ListContainerInstances")
def _container_instances(question: Question) -> Answer:
    """The stand-in has none: what runs is on Fargate."""
    return {"containerInstanceArns": []}


@answers("eks", "ListNodegroups")
def _node_groups(question: Question) -> Answer:
    found = question.things("aws:eks/nodeGroup:NodeGroup")
    name = question.given["name"]
    return {
        "nodegroups": [
            str(_said(t, "nodeGroupName") or t.name) for t in found if _said(t, "clusterName") == name
        ]
    }


@answers("eks", "ListFargateProfiles")
def _profiles(question: Question) -> Answer:
    found = question.things("aws:eks/fargateProfile:FargateProfile")
    names = [
        _said(t, "fargateProfileName") for t in found if _said(t, "clusterName") == question.given["name"]
    ]
    return {"fargateProfileNames": names}


def _said(thing: object, key: str) -> str | None:
    value = getattr(thing, "properties", {}).get(key)
    return None if value is None else str(value)
