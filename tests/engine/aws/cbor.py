"""The part of CBOR (RFC 8949) that the Tagging API's protocol needs: texts, numbers, lists, maps, plain values."""

from __future__ import annotations

import struct
from typing import Any

_PLAIN: dict[Any, int] = {False: 20, True: 21, None: 22}
_SIZES = {24: ">B", 25: ">H", 26: ">I", 27: ">Q"}


def encoded(value: Any) -> bytes:
    """`value` as CBOR; whole numbers, texts, lists, maps, booleans, None."""
    if value is None or isinstance(value, bool):
        return bytes([7 << 5 | _PLAIN[value]])
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, str):
        text = value.encode()
        return _head(3, len(text)) + text
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(encoded(key) + encoded(item) for key, item in value.items())
    return _head(4, len(value)) + b"".join(map(encoded, value))


def decoded(data: bytes) -> Any:
    """The value that `data` is; `{}` for none. Raises `ValueError` for what is not supported."""
    return _read(data, 0)[0] if data else {}


def _head(major: int, size: int) -> bytes:
    if size < 24:
        return bytes([major << 5 | size])
    for code, form in _SIZES.items():
        if size < 1 << (8 * struct.calcsize(form)):
            return bytes([major << 5 | code]) + struct.pack(form, size)
    raise ValueError(f"{size} is too large")


def _read(data: bytes, at: int) -> tuple[Any, int]:
    major, size = data[at] >> 5, data[at] & 31
    at += 1
    endless = size == 31
    if form := _SIZES.get(size) if major != 7 else None:
        (size,) = struct.unpack_from(form, data, at)
        at += struct.calcsize(form)
    if major in (0, 1):
        return (size if major == 0 else -1 - size), at
    if major in (2, 3) and not endless:
        part = data[at : at + size]
        return (part.decode() if major == 3 else part), at + size
    if major in (4, 5):
        items: list[Any] = []
        while data[at] != 0xFF if endless else len(items) < size * (major - 3):
            item, at = _read(data, at)
            items.append(item)
        at += endless
        return (items if major == 4 else dict(zip(items[::2], items[1::2], strict=True))), at
    for value, code in _PLAIN.items():
        if major == 7 and code == size:
            return value, at
    raise ValueError(f"CBOR of major type {major}, {size}")
