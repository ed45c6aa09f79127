"""PEM as it is met in the field: any line ends, also escaped ones, with remarks between the blocks (RFC 7468 §2)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

_BOUNDARY: Final = re.compile(rb"-----(BEGIN|END) ([A-Z0-9 ]{1,64})-----")
_LITERAL: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]{1,64}-----[ \t]*[\r\n]")
_ESCAPE: Final = re.compile(rb"%[0-9A-Fa-f]{2}|\\[rn]")
_MAX_ESCAPED: Final = 2 * 1024 * 1024
"""Bytes of an escaped text; only certificates come so, and larger ones would take long."""
_SPACE: Final = re.compile(rb"\s+")


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between a BEGIN line and its END line."""

    label: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """A block that cannot be read, and why."""

    reason: str


def as_bytes(data: bytes | str) -> bytes:
    """Text as bytes; what is no text becomes a question mark, which is no base64."""
    return data.encode("utf-8", "replace") if isinstance(data, str) else data


def is_der(data: bytes) -> bool:
    """Whether it can be the DER of a certificate or a CRL: a sequence of 128 bytes or more."""
    return len(data) > 2 and data[0] == 0x30 and data[1] >= 0x80


def blocks(data: bytes) -> list[Block | Broken]:
    """The blocks in order; what stands between them is passed over.

    Percent-encoded line ends and whole percent-encoded texts are what the OCTT and some proxies send; a backslash with
    an n or r is what a program leaves that escapes twice. In a text with a BEGIN line of its own such characters are
    part of a remark, and stand for themselves.
    """
    if len(data) <= _MAX_ESCAPED and not _LITERAL.search(data):
        data = _ESCAPE.sub(_unescaped, data)
    found: list[Block | Broken] = []
    begun: re.Match[bytes] | None = None
    for boundary in _BOUNDARY.finditer(data):
        if boundary[1] == b"BEGIN":
            if begun is not None:
                found.append(_unended(begun))
            begun = boundary
        elif begun is None:
            found.append(Broken(f"The line END {_label(boundary)} has no BEGIN before it."))
        else:
            found.append(_block(begun, boundary, data))
            begun = None
    if begun is not None:
        found.append(_unended(begun))
    return found


def _unescaped(escape: re.Match[bytes]) -> bytes:
    return b"\n" if escape[0].startswith(b"\\") else bytes((int(escape[0][1:], 16),))


def _label(boundary: re.Match[bytes]) -> str:
    return boundary[2].decode("ascii")


def _unended(begun: re.Match[bytes]) -> Broken:
    return Broken(f"The block {_label(begun)} has no END line: it was cut off.")


def _block(begun: re.Match[bytes], ended: re.Match[bytes], data: bytes) -> Block | Broken:
    if begun[2] != ended[2]:
        return Broken(f"The block {_label(begun)} ends with END {_label(ended)}.")
    try:
        content = base64.b64decode(_SPACE.sub(b"", data[begun.end() : ended.start()]), validate=True)
    except binascii.Error:
        return Broken(f"What stands in the block {_label(begun)} is not base64.")
    return Block(_label(begun), content)
