"""A graph as Terraform configuration, and as the plan that `terraform show -json` would print.

    made = export(graph)
    files(made)          # name -> text, JSON syntax; the same graph gives the same bytes
    plan_json(made)      # what tools that price or check Terraform plans read
    made.addresses       # URN -> address
    made.notes           # everything in which the export is not the program

Only resources of the classic AWS provider are exported. Components are dropped: they are nothing that is
deployed. Kubernetes resources and charts are left out and noted: `kubernetes_manifest` needs a cluster that
answers while it plans, which a program that creates its cluster cannot have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from plan.export.terraform.addresses import labels
from plan.export.terraform.blocks import Blocks
from plan.export.terraform.files import files
from plan.export.terraform.model import Block, Export, Note, Provider, Variable
from plan.export.terraform.naming import label, snake
from plan.export.terraform.plan_document import plan_json
from plan.export.terraform.types import Mapped, mapped
from plan.export.terraform.values import Writer
from plan.export.terraform.variables import Ledger
from plan.graph import Graph, Resource
from plan.values import SECRET, Secret

__all__ = ["Block", "Export", "Note", "Provider", "Variable", "export", "files", "plan_json"]


def export(graph: Graph) -> Export:
    """The configuration of everything in `graph` that Terraform's AWS provider knows.

    Linear in resources and values. Never raises for a graph: what cannot be exported is in `notes`.
    """
    ledger = Ledger()
    chosen = list(_chosen(graph, ledger))
    names = labels(chosen)
    blocks = Blocks(graph, names, ledger)
    made = tuple(blocks.all(chosen))
    outputs = _outputs(graph, names, ledger)
    return Export(
        made,
        blocks.providers_in_order(),
        tuple(ledger.variables[name] for name in sorted(ledger.variables)),
        outputs,
        blocks.imports,
        tuple(ledger.notes),
    )


def _chosen(graph: Graph, ledger: Ledger) -> Iterator[tuple[Resource, Mapped]]:
    for resource in graph:
        if resource.is_provider or resource.package == "pulumi" or not resource.custom:
            continue
        if resource.external:
            ledger.note(
                "read", resource, "", "read, not managed: what is known of it stands where it is used"
            )
            continue
        to = mapped(resource.type)
        if to is not None:
            yield resource, to
        else:
            ledger.note("left-out", resource, "", _why_left_out(resource))


def _why_left_out(resource: Resource) -> str:
    if resource.package == "aws":
        return f"{resource.type} is newer than the provider's release 5.100, or has no counterpart there"
    if resource.package == "kubernetes":
        return f"{resource.type} needs a cluster that answers while Terraform plans"
    return f"{resource.type} belongs to another provider than AWS's"


def _outputs(graph: Graph, names: Mapping[str, str], ledger: Ledger) -> dict[str, Mapping[str, Any]]:
    """The stacks' exports as outputs; the stack's name in front where there are several."""
    roots = {root.stack: root for root in graph if root.type == "pulumi:pulumi:Stack"}
    several = sum(bool(values) for values in graph.outputs.values()) > 1
    made: dict[str, Mapping[str, Any]] = {}
    counts: defaultdict[str, int] = defaultdict(int)
    for stack, values in graph.outputs.items():
        if (root := roots.get(stack)) is None:
            continue
        writer = Writer(graph, names, ledger, root)
        for name, value in values.items():
            base = label(snake(f"{stack}_{name}" if several else name))
            counts[base] += 1
            written = writer.value(value, name)
            secret = {"sensitive": True} if _holds_secret(value) else {}
            made[base if counts[base] == 1 else f"{base}_{counts[base]}"] = {"value": written, **secret}
    return made


def _holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_secret(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_secret(item) for item in value)
    return value is SECRET or isinstance(value, Secret)
