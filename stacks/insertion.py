"""Adds an item to a list in YAML text, leaving everything else as it stands, comments included."""

from __future__ import annotations

import re

import yaml

from problems import InputError, Problem

__all__ = ["appended"]


def appended(text: str, path: str, lines: list[str]) -> str:
    """`text` with a mapping, given as `lines` of `key: value`, as the last item of the list at `path`.

    Where the last key of `path` is missing, or its list is empty, the list is begun. Line ends stay as
    they are. Raises `InputError` when something else stands at `path`.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    if not text.endswith("\n"):
        text += end
    holder, key, node = _find(text, path)
    if isinstance(node, yaml.SequenceNode) and node.value:
        if node.flow_style:
            at = node.end_mark.index - 1
            return f"{text[:at].rstrip()}, {{{', '.join(lines)}}}{text[at:]}"
        first = node.value[0].start_mark
        indent = _dash_column(text, first.index)
        return _put(text, _last_line(node), _item(lines, indent, end))
    if node is None and key is None:
        indent = holder.start_mark.column if holder.value else 0
        name = path.rpartition(".")[2]
        return _put(text, _last_line(holder), f"{' ' * indent}{name}:{end}" + _item(lines, indent + 2, end))
    empty = isinstance(node, yaml.SequenceNode) or (
        isinstance(node, yaml.ScalarNode) and node.value in ("", "null", "~")
    )
    if not empty or key is None or node is None:
        raise InputError(
            [Problem("", path, "", "it is not a list", f"make it one: {path}: []")], "nothing was written"
        )
    if node.end_mark.index > node.start_mark.index:
        text = text[: node.start_mark.index].rstrip(" ") + text[node.end_mark.index :]
    return _put(text, key.start_mark.line, _item(lines, key.start_mark.column + 2, end))


def _find(text: str, path: str) -> tuple[yaml.MappingNode, yaml.Node | None, yaml.Node | None]:
    """The mapping around the last key of `path`, that key, and its value."""
    parts = re.findall(r"[^.\[\]]+", path)
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for part in parts[:-1]:
        node = node.value[int(part)] if isinstance(node, yaml.SequenceNode) else _value(node, part)[1]
    if not isinstance(node, yaml.MappingNode):
        raise InputError(
            [Problem("", path, "", "nothing holds such a list", "add it by hand")], "nothing was written"
        )
    return (node, *_value(node, parts[-1]))


def _value(node: yaml.Node | None, name: str) -> tuple[yaml.Node | None, yaml.Node | None]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value == name:
            return key, value
    return None, None


def _last_line(node: yaml.Node) -> int:
    """The line that the last scalar inside `node` ends in: a block's own end lies behind its comments."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    mark = node.end_mark
    # A block of text (`|`) ends at the beginning of the line after it.
    return mark.line - 1 if mark.column == 0 and mark.line > node.start_mark.line else mark.line


def _dash_column(text: str, index: int) -> int:
    line = text[text.rfind("\n", 0, index) + 1 : index]
    return line.rindex("-")


def _item(lines: list[str], indent: int, end: str) -> str:
    first, *rest = lines
    return f"{' ' * indent}- {first}{end}" + "".join(f"{' ' * indent}  {line}{end}" for line in rest)


def _put(text: str, line: int, block: str) -> str:
    """`text` with `block` after `line` (counted from 0)."""
    rows = text.splitlines(keepends=True)
    return "".join([*rows[: line + 1], block, *rows[line + 1 :]])
