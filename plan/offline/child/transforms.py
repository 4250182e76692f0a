"""Resource transforms: a registration as the program's callback sees it, and its answer put back."""

from __future__ import annotations

from typing import Any

from pulumi.runtime.proto import resource_pb2 as rp

# Fields of a registration and the names they have in a transform's options.
_LISTS = {
    "dependencies": "depends_on",
    "ignoreChanges": "ignore_changes",
    "replaceOnChanges": "replace_on_changes",
    "aliases": "aliases",
    "additionalSecretOutputs": "additional_secret_outputs",
    "hideDiffs": "hide_diff",
    "replace_with": "replace_with",
}
_TEXTS = {
    "provider": "provider",
    "version": "version",
    "pluginDownloadURL": "plugin_download_url",
    "deletedWith": "deleted_with",
    "importId": "import",
}
_FLAGS = {"protect": "protect", "retainOnDelete": "retain_on_delete"}
_MESSAGES = {"customTimeouts": "custom_timeouts", "hooks": "hooks"}


def _shared(table: dict[str, str]) -> list[tuple[str, str]]:
    """The pairs of `table` that the installed SDK knows on both sides."""
    theirs, ours = (
        rp.RegisterResourceRequest.DESCRIPTOR.fields_by_name,
        rp.TransformResourceOptions.DESCRIPTOR.fields_by_name,
    )
    return [(field, option) for field, option in table.items() if field in theirs and option in ours]


def request_of(request: Any) -> bytes:
    """What a callback is given."""
    options: Any = rp.TransformResourceOptions()
    for field, option in _shared(_LISTS):
        getattr(options, option).extend(getattr(request, field))
    for field, option in _shared(_TEXTS):
        setattr(options, option, getattr(request, field))
    for field, option in _shared(_FLAGS):
        if not request.DESCRIPTOR.fields_by_name[field].has_presence or request.HasField(field):
            setattr(options, option, getattr(request, field))
    for field, option in _shared(_MESSAGES):
        if request.HasField(field):
            getattr(options, option).CopyFrom(getattr(request, field))
    options.providers.update(request.providers)
    if request.deleteBeforeReplaceDefined:
        options.delete_before_replace = request.deleteBeforeReplace
    message = rp.TransformRequest(
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        properties=request.object,
        options=options,
    )
    return bytes(message.SerializeToString())


def apply(request: Any, answer: bytes) -> None:
    """Puts what a callback answered into `request`."""
    changed: Any = rp.TransformResponse.FromString(answer)
    request.object.CopyFrom(changed.properties)
    if not changed.HasField("options"):
        return
    options = changed.options
    for field, option in _shared(_LISTS):
        target = getattr(request, field)
        del target[:]
        target.extend(getattr(options, option))
    for field, option in [*_shared(_TEXTS), *_shared(_FLAGS)]:
        setattr(request, field, getattr(options, option))
    for field, option in _shared(_MESSAGES):
        if options.HasField(option):
            getattr(request, field).CopyFrom(getattr(options, option))
    request.providers.clear()
    request.providers.update(options.providers)
    if options.HasField("delete_before_replace"):
        request.deleteBeforeReplace, request.deleteBeforeReplaceDefined = options.delete_before_replace, True
