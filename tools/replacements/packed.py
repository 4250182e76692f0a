"""Values in MessagePack, in the little of it that a provider's values need."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["UNKNOWN", "packed", "unpacked"]

UNKNOWN: Final = object()
"""A value that the provider will know once the resource is there."""


def packed(value: Any) -> bytes:
    """`value`: None, true or false, a number, text, a list, or a mapping with text as keys."""
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return b"\xd3" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return b"\xdb" + struct.pack(">I", len(text)) + text
    if isinstance(value, list):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(packed(item) for item in value)
    if isinstance(value, Mapping):
        items = b"".join(packed(key) + packed(item) for key, item in value.items())
        return b"\xdf" + struct.pack(">I", len(value)) + items
    raise TypeError(f"a {type(value).__name__} has no place in a provider's values")


def unpacked(data: bytes) -> Any:
    """What `data` holds; extensions, which stand for what is not known yet, as `UNKNOWN`."""
    value, _ = _read(data, 0)
    return value


_NUMBERS = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h",
            0xD2: ">i", 0xD3: ">q"}  # fmt: skip
_PLAIN = {0xC0: None, 0xC2: False, 0xC3: True}
# Width of the length that follows, by first byte.
_TEXTS = {0xD9: 1, 0xDA: 2, 0xDB: 4, 0xC4: 1, 0xC5: 2, 0xC6: 4}
_LISTS, _MAPS, _EXTENSIONS = {0xDC: 2, 0xDD: 4}, {0xDE: 2, 0xDF: 4}, {0xC7: 1, 0xC8: 2, 0xC9: 4}


def _read(data: bytes, at: int) -> tuple[Any, int]:
    head, at = data[at], at + 1
    if head < 0x80 or head >= 0xE0:
        return (head if head < 0x80 else head - 256), at
    if head in _PLAIN:
        return _PLAIN[head], at
    if head in _NUMBERS:
        size = struct.calcsize(_NUMBERS[head])
        return struct.unpack(_NUMBERS[head], data[at : at + size])[0], at + size
    if head in _EXTENSIONS:
        size, at = _length(data, at, _EXTENSIONS[head])
        return UNKNOWN, at + 1 + size
    if 0xD4 <= head <= 0xD8:
        return UNKNOWN, at + 1 + 2 ** (head - 0xD4)
    if 0xA0 <= head < 0xC0 or head in _TEXTS:
        size, at = (head & 0x1F, at) if head not in _TEXTS else _length(data, at, _TEXTS[head])
        return data[at : at + size].decode(), at + size
    if 0x90 <= head < 0xA0 or head in _LISTS:
        size, at = (head & 0x0F, at) if head not in _LISTS else _length(data, at, _LISTS[head])
        return _items(data, at, size)
    size, at = (head & 0x0F, at) if head not in _MAPS else _length(data, at, _MAPS[head])
    flat, at = _items(data, at, 2 * size)
    return dict(zip(flat[::2], flat[1::2], strict=True)), at


def _length(data: bytes, at: int, width: int) -> tuple[int, int]:
    return int.from_bytes(data[at : at + width], "big"), at + width


def _items(data: bytes, at: int, count: int) -> tuple[list[Any], int]:
    found = []
    for _ in range(count):
        item, at = _read(data, at)
        found.append(item)
    return found, at
