"""A pipeline as Argo's resources: a WorkflowTemplate, a CronWorkflow, and a Sensor for commits and drift.

The template's graph is the pipeline's own. A first pod reads the versions of the datasets and makes the
execution key, which every task gets as a parameter; what is done for a key is remembered by Argo itself
(`memoize`), so it is not done again. Pods of steps carry the label that hands them to Kueue. A run that
fails ends with a pod that tells the dead letters.
"""

import json
from typing import Any, Dict, List, Optional

from components.pipelines import names
from components.pipelines.asl import gate_request
from components.pipelines.script import DEAD_LETTER, FOLDER, GATE, inputs_script
from components.pipelines.settings import ArgoSettings
from components.pipelines.tasks import Placed, Task, filled

__all__ = [
    "INPUTS",
    "control_account",
    "cron_workflow",
    "event_bus",
    "event_source",
    "sensor",
    "steps_account",
    "workflow_template",
]

Manifest = Dict[str, Any]

INPUTS = "inputs"
QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
REMEMBERED = "720h"
"""How long Argo knows what is done."""
SMALL = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
# Nothing that a step needs, and all that the cluster's strictest pod security level asks for.
CONFINED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
TOOLS_USER = 1000


def steps_account(placed: Placed) -> str:
    """Service account of the steps' pods."""
    return f"{placed.name}-steps"


def control_account(placed: Placed) -> str:
    """Service account of the pods that look up, judge and report."""
    return f"{placed.name}-control"


def workflow_template(placed: Placed, argo: ArgoSettings, tags: Dict[str, str]) -> Manifest:
    """What every trigger starts."""
    graph = [{"name": INPUTS, "template": INPUTS}]
    graph += [_node(placed, task) for task in placed.tasks]
    spec = {
        "entrypoint": "pipeline",
        "onExit": "dead-letter",
        "serviceAccountName": steps_account(placed),
        "archiveLogs": True,
        "artifactRepositoryRef": {"configMap": "artifact-repositories", "key": placed.name},
        # Two runs of one pipeline would write the same objects; the later one finds the work done.
        "synchronization": {"mutexes": [{"name": placed.name}]},
        "ttlStrategy": {"secondsAfterCompletion": 7 * 86400},
        "podGC": {"strategy": "OnPodCompletion"},
        "podMetadata": {"labels": {"pipeline": placed.name, **_labels(tags)}},
        "templates": [
            {"name": "pipeline", "dag": {"tasks": graph}},
            _inputs(placed, argo),
            *(_gate(placed, task, argo) if task.is_gate else _step(placed, task) for task in placed.tasks),
            _dead_letter(placed, argo),
        ],
    }
    return _object("WorkflowTemplate", placed.name, argo, spec)


def cron_workflow(placed: Placed, argo: ArgoSettings) -> Optional[Manifest]:
    """The schedule, suspended where the pipeline only stands by."""
    schedule = placed.pipeline.triggers.schedule
    if schedule is None:
        return None
    spec = {
        "schedules": [schedule.cron],
        "timezone": schedule.timezone,
        "suspend": not placed.active,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 3600,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "workflowSpec": {"workflowTemplateRef": {"name": placed.name}},
    }
    return _object("CronWorkflow", placed.name, argo, spec)


def event_bus(argo: ArgoSettings) -> Manifest:
    """What carries events between source and sensors: three small JetStream pods."""
    return _object("EventBus", "default", argo, {"jetstream": {"version": "2.10.10", "replicas": 3}})


def event_source(queue: str, region: str, argo: ArgoSettings, account: str) -> Manifest:
    """Commits and drifts, out of the queue that EventBridge's rules fill."""
    spec = {
        "template": {"serviceAccountName": account},
        "sqs": {"pipelines": {"region": region, "queue": queue, "waitTimeSeconds": 20, "jsonBody": True}},
    }
    return _object("EventSource", "pipelines", argo, spec)


def sensor(placed: Placed, argo: ArgoSettings, account: str) -> Optional[Manifest]:
    """Starts the pipeline on the events that are meant for it; none where it only stands by."""
    triggers = placed.pipeline.triggers
    if not placed.active or not (triggers.commit or triggers.drift):
        return None
    started = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": f"{placed.name}-"},
        "spec": {"workflowTemplateRef": {"name": placed.name}},
    }
    # The rules name the pipeline in what they send: what an event must be like is said there alone.
    meant = {"path": "body.pipeline", "type": "string", "value": [placed.name]}
    spec = {
        "template": {"serviceAccountName": account},
        "dependencies": [
            {
                "name": "meant",
                "eventSourceName": "pipelines",
                "eventName": "pipelines",
                "filters": {"data": [meant]},
            }
        ],
        "triggers": [
            {
                "template": {
                    "name": "run",
                    "argoWorkflow": {"operation": "submit", "source": {"resource": started}},
                },
                "retryStrategy": {"steps": 3},
            }
        ],
    }
    return _object("Sensor", placed.name, argo, spec)


def _object(kind: str, name: str, argo: ArgoSettings, spec: Manifest) -> Manifest:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": argo.namespace},
        "spec": spec,
    }


def _node(placed: Placed, task: Task) -> Manifest:
    parameters = [{"name": "key", "value": _output("key")}]
    parameters += [
        {"name": f"version-{one.name}", "value": _output(f"version-{one.name}")} for one in placed.datasets
    ]
    return {
        "name": task.name,
        "template": task.name,
        "dependencies": [INPUTS, *task.after],
        "arguments": {"parameters": parameters},
    }


def _output(name: str) -> str:
    return f"{{{{tasks.{INPUTS}.outputs.parameters.{name}}}}}"


def _inputs(placed: Placed, argo: ArgoSettings) -> Manifest:
    names_of_files = ["key", *(f"version-{dataset.name}" for dataset in placed.datasets)]
    outputs = [{"name": name, "valueFrom": {"path": f"{FOLDER}/{name}"}} for name in names_of_files]
    return {
        "name": INPUTS,
        "serviceAccountName": control_account(placed),
        "retryStrategy": {"limit": "2", "retryPolicy": "Always"},
        "activeDeadlineSeconds": "600",
        "outputs": {"parameters": outputs},
        "container": _tool(placed, argo, inputs_script(placed), {}),
    }


def _gate(placed: Placed, task: Task, argo: ArgoSettings) -> Manifest:
    dataset = next(one for one in placed.datasets if one.name == task.dataset)
    request = json.dumps(gate_request(placed, dataset), sort_keys=True)
    return {
        "name": task.name,
        "serviceAccountName": control_account(placed),
        **_common(placed, task),
        "container": _tool(placed, argo, GATE, {"REQUEST": request}),
    }


def _step(placed: Placed, task: Task) -> Manifest:
    size = task.resources
    memory, cpu = f"{round(size.memory_gib * 1024)}Mi", f"{round(size.cpu * 1000)}m"
    limits: Dict[str, str] = {"memory": memory}
    if size.gpus:
        limits["nvidia.com/gpu"] = str(size.gpus)
    container: Manifest = {
        "image": task.image,
        "env": [{"name": name, "value": _filled(text)} for name, text in task.environment],
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": limits},
        "securityContext": CONFINED,
    }
    if task.command:
        container["command"] = list(task.command)
    template = {
        "name": task.name,
        "metadata": {"labels": {QUEUE_LABEL: task.queue}},
        **_common(placed, task),
        "container": container,
    }
    if size.gpus:
        template["tolerations"] = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    return template


def _common(placed: Placed, task: Task) -> Manifest:
    """What steps and gates have in common: their parameters, retries, time limit and memory of what is done."""
    parameters = ["key", *(f"version-{dataset.name}" for dataset in placed.datasets)]
    return {
        "inputs": {"parameters": [{"name": name} for name in parameters]},
        "retryStrategy": {
            "limit": str(task.retry.attempts),
            "retryPolicy": "Always",
            "backoff": {"duration": f"{task.retry.wait_seconds}s", "factor": f"{task.retry.backoff:g}"},
        },
        "activeDeadlineSeconds": str(task.timeout_seconds),
        "memoize": {
            "key": f"{task.name}-{{{{inputs.parameters.key}}}}",
            "maxAge": REMEMBERED,
            # Version 3's definition asks for a key, of which Argo makes nothing.
            "cache": {"configMap": {"name": f"{placed.name}-done", "key": "any"}},
        },
    }


def _dead_letter(placed: Placed, argo: ArgoSettings) -> Manifest:
    body = {
        "pipeline": placed.name,
        "region": placed.cell.region,
        "run": "{{workflow.name}}",
        "status": "{{workflow.status}}",
    }
    # Argo puts in a string of JSON with its quotes.
    whole = f'{json.dumps(body)[:-1]}, "cause": {{{{workflow.failures}}}}}}'
    told = {
        "STATUS": "{{workflow.status}}",
        "QUEUE": names.queue_url(placed.cell, names.dead_letters(placed.cell)),
        "BODY": whole,
    }
    return {
        "name": "dead-letter",
        "serviceAccountName": control_account(placed),
        "retryStrategy": {"limit": "4", "retryPolicy": "Always"},
        "container": _tool(placed, argo, DEAD_LETTER, told),
    }


def _tool(placed: Placed, argo: ArgoSettings, script: str, told: Dict[str, str]) -> Manifest:
    environment = {"AWS_REGION": placed.cell.region, "HOME": FOLDER, **told}
    return {
        "image": argo.tools_image,
        "command": ["bash", "-c", script],
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "resources": SMALL,
        "securityContext": {**CONFINED, "runAsUser": TOOLS_USER},
    }


def _filled(text: str) -> str:
    return filled(text, lambda placeholder: f"{{{{inputs.parameters.{placeholder.replace(':', '-')}}}}}")


def _labels(tags: Dict[str, str]) -> Dict[str, str]:
    """Tags that can be labels: cost reports read them off the pods."""
    kept: List[str] = ["cost-center", "tenant", "environment", "component"]
    return {key: tags[key] for key in kept if key in tags}
