"""The file in a form, while it comes (RFC 7578, RFC 2046 §5.1.1): what is not closed properly is no form."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Final

from aiohttp.multipart import content_disposition_filename, parse_content_disposition

from forecourt.domain.errors import invalid

FORM_BYTES: Final = 1024 * 1024
"""What may come beside the file, all fields together."""

FORM_PARTS: Final = 100
HEAD_BYTES: Final = 8190
LONGEST_BOUNDARY: Final = 70
"""Characters (RFC 2046 §5.1.1)."""

_LINE: Final = b"\r\n"
_HEAD_END: Final = b"\r\n\r\n"


async def first_file(pieces: AsyncIterator[bytes], boundary: str, named: Callable[[str], None]) -> AsyncIterator[bytes]:
    """The content of the first file in a form, and nothing of the other fields. ``named`` is told its name.

    Raises DomainError INVALID for what is no form, has no file, or ends before its last boundary; of the file all may
    have been handed out by then.
    """
    if not 0 < len(boundary) <= LONGEST_BOUNDARY or not boundary.isascii():
        raise invalid("This is no form: its boundary is none.")
    form = _Form(pieces, boundary.encode())
    has_file = False
    async for _piece in form.until_boundary():
        pass  # what stands before the first boundary means nothing
    for _number in range(FORM_PARTS):
        if await form.is_closed():
            break
        name = _file_name(await form.head())
        is_file = name is not None and not has_file
        if name is not None and is_file:
            has_file = True
            named(name)
        async for piece in form.until_boundary(is_counted=not is_file):
            if is_file:
                yield piece
    else:
        raise invalid("This is no form: it has more than {} parts.", FORM_PARTS)
    await form.drain()
    if not has_file:
        raise invalid("There is no file in the form.")


class _Form:
    """What came of a form and was not looked at yet."""

    def __init__(self, pieces: AsyncIterator[bytes], boundary: bytes) -> None:
        self._pieces = pieces
        self._mark = b"\r\n--" + boundary
        self._rest = bytearray(_LINE)  # the first boundary may have no line before it
        self._beside = 0

    async def until_boundary(self, *, is_counted: bool = True) -> AsyncIterator[bytes]:
        """What stands before the next boundary, which is passed over."""
        while True:
            at = self._rest.find(self._mark)
            if at >= 0:
                piece = self._take(at, is_counted=is_counted)
                self._take(len(self._mark))
                if piece:
                    yield piece
                return
            sure = len(self._rest) - len(self._mark) + 1
            if sure > 0:
                yield self._take(sure, is_counted=is_counted)
            await self._more()

    async def is_closed(self) -> bool:
        """Whether the boundary was the last. Else a part begins."""
        while len(self._rest) < len(_LINE):
            await self._more()
        if self._rest.startswith(b"--"):
            return True
        line = await self._until(_LINE)
        if line.strip(b" \t"):
            raise invalid("This is no form: a boundary is followed by something else.")
        self._rest[:0] = _LINE  # a part may have no headers at all
        return False

    async def head(self) -> list[bytes]:
        """The headers of a part, one a line."""
        return (await self._until(_HEAD_END)).split(_LINE)

    async def drain(self) -> None:
        """What follows the last boundary means nothing."""
        self._take(len(self._rest))
        async for piece in self._pieces:
            self._count(len(piece))

    async def _until(self, end: bytes) -> bytes:
        while (at := self._rest.find(end)) < 0:
            if len(self._rest) > HEAD_BYTES:
                raise invalid("This is no form: the headers of a part are too long.")
            await self._more()
        found = self._take(at)
        self._take(len(end))
        return found

    async def _more(self) -> None:
        piece = await anext(self._pieces, b"")
        if not piece:
            raise invalid("This is no form: it ends before its last boundary.")
        self._rest += piece

    def _take(self, size: int, *, is_counted: bool = True) -> bytes:
        if is_counted:
            self._count(size)
        taken = bytes(self._rest[:size])
        del self._rest[:size]
        return taken

    def _count(self, size: int) -> None:
        self._beside += size
        if self._beside > FORM_BYTES:
            raise invalid("This is no form: it has more than {} bytes beside its file.", FORM_BYTES)


def _file_name(head: list[bytes]) -> str | None:
    """None for a field that is no file."""
    for line in head:
        name, _, value = line.decode("utf-8", "replace").partition(":")
        if name.strip().lower() == "content-disposition":
            _kind, words = parse_content_disposition(value.strip())
            return content_disposition_filename(words)
    return None
