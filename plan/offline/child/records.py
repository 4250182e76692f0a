"""What the monitor writes down of one resource."""

from __future__ import annotations

from typing import Any


class Record:
    """One registered or read resource; `inputs` and `outputs` are in wire form.

    `provider` is a URN; `id` is known for what is read, `read` says that it is, `remote` that a plugin
    would have expanded it.
    """

    __slots__ = (
        "custom", "dependencies", "id", "inputs", "name", "options", "outputs", "parent",
        "property_dependencies", "protect", "provider", "read", "remote", "source", "type", "urn",
    )  # fmt: skip

    def __init__(
        self,
        urn: str,
        type: str,
        name: str,
        *,
        inputs: dict[str, Any],
        custom: bool = True,
        parent: str = "",
        provider: str = "",
        dependencies: list[str] | None = None,
        property_dependencies: dict[str, list[str]] | None = None,
        protect: bool = False,
        options: dict[str, Any] | None = None,
        source: str = "",
        id: str = "",
        read: bool = False,
        remote: bool = False,
    ) -> None:
        self.urn, self.type, self.name, self.inputs, self.custom = urn, type, name, inputs, custom
        self.parent, self.provider, self.source, self.id = parent, provider, source, id
        self.dependencies = dependencies or []
        self.property_dependencies = property_dependencies or {}
        self.options = options or {}
        self.outputs: dict[str, Any] = {}
        self.protect, self.read, self.remote = protect, read, remote

    @property
    def is_provider(self) -> bool:
        return self.type.startswith("pulumi:providers:")
