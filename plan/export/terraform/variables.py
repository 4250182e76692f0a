"""Variables and notes of one export while it is being made."""

from __future__ import annotations

from plan.export.terraform.model import Kind, Note, Variable
from plan.export.terraform.naming import label, snake
from plan.graph import Resource

__all__ = ["Ledger"]

PROJECT_FOLDER = "project_folder"


class Ledger:
    """Gathers what an export asks for and what it could not say."""

    def __init__(self) -> None:
        self.variables: dict[str, Variable] = {}
        self.notes: list[Note] = []

    def note(self, kind: Kind, resource: Resource, path: str, text: str) -> None:
        self.notes.append(Note(kind, resource.urn, path, text, resource.source))

    def asked(self, kind: Kind, resource: Resource, path: str, why: str, name: str) -> str:
        """A new variable in place of the value at `path`, as an expression. `name` is the resource's label."""
        base = f"{kind}_{snake(label(name))}_{snake(label(path))}".replace("-", "_")
        chosen, count = base, 1
        while chosen in self.variables:
            count += 1
            chosen = f"{base}_{count}"
        self.variables[chosen] = Variable(chosen, f"{resource.name}.{path}: {why}", kind == "secret")
        self.note(kind, resource, path, why)
        return f"${{var.{chosen}}}"

    def project_folder(self) -> str:
        """The folder of the program, to which the paths of its files are relative, as an expression."""
        self.variables[PROJECT_FOLDER] = Variable(
            PROJECT_FOLDER, "The folder of the Pulumi program that this was exported from.", default="."
        )
        return f"${{var.{PROJECT_FOLDER}}}"
