"""What a rule sees: one resource, its inputs, and the resources around it.

A value that is only decided during deployment is never compared: touching it raises `Undetermined`,
and the rule counts as one that cannot be told before deployment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from plan.values import UNKNOWN, Asset, Reference, ResourceRef, Secret, Unknown, Value, references

if TYPE_CHECKING:
    from plan.graph import Resource
    from policies.surroundings import Surroundings

__all__ = ["Undetermined", "View"]

_NOTHING: tuple[Any, ...] = (None, "", [], {})
_HIDDEN = (Unknown, Secret, Reference, ResourceRef)


class Undetermined(Exception):
    """A rule touched what is not known before deployment. `path` is where, `why` what stands there."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} {why}".strip())
        self.path = path
        self.why = why


class View:
    """A resource, or one value inside its inputs (`path` says which), as rules see it."""

    __slots__ = ("around", "path", "resource", "value")

    def __init__(
        self, resource: Resource, around: Surroundings, *, value: Value = None, path: str = ""
    ) -> None:
        self.resource = resource
        self.around = around
        self.value = value if path else resource.inputs
        self.path = path

    @property
    def type(self) -> str:
        return self.resource.type

    @property
    def name(self) -> str:
        return self.resource.name

    @property
    def urn(self) -> str:
        return self.resource.urn

    def raw(self, *path: str | int) -> Value:
        """What stands at `path`, unknown or not; `None` where nothing does.

        Raises `Undetermined` when something on the way is hidden.
        """
        value = self.value
        for index, key in enumerate(path):
            if value is None:
                return None
            # Nearly everything is a dict, and asking for the abstract class is ten times slower.
            if type(value) is dict or isinstance(value, Mapping):
                value = value.get(str(key))
            elif isinstance(value, list):
                value = value[key] if isinstance(key, int) and key < len(value) else None
            else:
                raise self._undetermined(path[:index], value)
        return value

    def get(self, *path: str | int) -> Any:
        """The known value at `path`, `None` where nothing stands; raises `Undetermined` otherwise.

        Text with outputs of other resources inside (`plan.values.Template`) is known text.
        """
        value = self.raw(*path)
        if isinstance(value, _HIDDEN):
            raise self._undetermined(path, value)
        return value

    def flag(self, *path: str | int) -> bool:
        """Whether a switch is on: `True`, or the text "true" where a provider takes text."""
        value = self.get(*path)
        return value is True or (isinstance(value, str) and value.lower() == "true")

    def given(self, *path: str) -> bool:
        """Whether anything at all is set at `path`: enough for a key's or a certificate's ARN.

        An unknown value counts when it comes from another resource, and is `Undetermined` otherwise.
        """
        value = self.raw(*path)
        if value is UNKNOWN:
            top = f"{self.path}.{path[0]}".lstrip(".").split(".")[0].split("[")[0] if path else self.path
            if self.resource.property_dependencies.get(top):
                return True
            raise self._undetermined(path, value)
        return not (isinstance(value, str | list | dict | None) and value in _NOTHING)

    def each(self, *path: str) -> Iterator[View]:
        """The elements of the list at `path`, an only object counting as a list of one.

        Known elements come first; then `Undetermined` is raised if any is hidden.
        """
        value = self.get(*path)
        base = ".".join((self.path, *path)).strip(".")
        if value is None:
            return
        items = value if isinstance(value, list) else [value]
        hidden: Undetermined | None = None
        for index, item in enumerate(items):
            where = f"{base}[{index}]"
            if isinstance(item, _HIDDEN):
                hidden = hidden or Undetermined(where, _why(item))
            else:
                yield View(self.resource, self.around, value=item, path=where)
        if hidden:
            raise hidden

    def texts(self, *path: str) -> Iterator[str]:
        """The texts of a list of texts (or an only text), as `each` gives them."""
        for item in self.each(*path):
            if isinstance(item.value, str):
                yield item.value

    def related(self, *types: str, through: str) -> tuple[View, ...]:
        """The resources of `types` whose property `through` means this resource.

        Raises `Undetermined` when there is none, but one whose `through` is not known.
        """
        return self.around.related(self, types, through)

    def all_of(self, *types: str) -> tuple[View, ...]:
        """Every resource of `types` in the plan."""
        return tuple(View(resource, self.around) for resource in self.around.graph.of_type(*types))

    def targets(self, *path: str) -> tuple[View, ...]:
        """The resources of the plan that the value at `path` comes from."""
        value = self.raw(*path)
        urns = [reference.urn for reference in references(value)]
        if not urns and path and not self.path:
            urns = list(self.resource.property_dependencies.get(path[0], ()))
        found = (self.around.graph.get(urn) for urn in dict.fromkeys(urns))
        return tuple(View(resource, self.around) for resource in found if resource is not None)

    @property
    def tags(self) -> Mapping[str, Value]:
        """Its effective tags: the provider's default tags and its own."""
        return self.around.tags(self.resource)

    @property
    def is_production(self) -> bool:
        """Whether it stands in production: by the configuration, else by its tag `environment`."""
        return self.around.environment_class(self.resource) == "production"

    @property
    def is_development(self) -> bool:
        """Whether it is known to stand in development: where nothing says so, it is taken for more."""
        return self.around.environment_class(self.resource) == "development"

    @property
    def is_disposable(self) -> bool:
        """Whether it is known to stand where stores come and go: in development or staging."""
        return self.around.environment_class(self.resource) in ("development", "staging")

    def undetermined(self, why: str) -> Undetermined:
        """To raise when the rule finds itself that it cannot tell."""
        return Undetermined(self.path, why)

    def _undetermined(self, path: tuple[str | int, ...], value: Value) -> Undetermined:
        return Undetermined(".".join(str(part) for part in (self.path, *path) if part != ""), _why(value))


def _why(value: Value) -> str:
    if isinstance(value, Secret):
        return "is a secret"
    if isinstance(value, Reference):
        return f"is {value.urn.split('::')[-1]}.{value.property}, known after deployment"
    if isinstance(value, Asset):
        return "is a file"
    if isinstance(value, Unknown | ResourceRef):
        return "is known after deployment"
    return f"is {type(value).__name__}, where an object is expected"
