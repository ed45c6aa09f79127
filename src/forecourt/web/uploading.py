"""A form with a file that may be large: it is read as it comes, and the file goes by in pieces."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from typing import Final

from multipart import (  # type: ignore[import-untyped]  # it has hints, and no marker that says so
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from forecourt.domain.access.sessions import Visitor
from forecourt.domain.errors import invalid
from forecourt.web.admission import CSRF, Foreign
from forecourt.web.fields import Fields
from forecourt.web.language import gettext as _
from forecourt.web.visit import AnyRequest

MAX_FIELDS: Final = 50
MAX_FIELD_BYTES: Final = 64 * 1024


class Upload:
    """One such form. What stands before the file in the page comes before it here; what stands after it is not read."""

    def __init__(self, request: AnyRequest) -> None:
        self._request = request
        self._events = self._parsed()
        self.has_file = False

    async def begin(self) -> Fields:
        """The fields before the file. Raises Foreign for a form that is not ours, before anything of the file is read,
        and DomainError INVALID for what is no such form."""
        given: dict[str, list[str]] = {}
        name, value = "", bytearray()
        async for event in self._events:
            match event:
                case MultipartSegment():
                    self.has_file = bool(event.filename)
                    if event.filename is not None:
                        break
                    name, value = event.name or "", bytearray()
                case None:
                    given.setdefault(name, []).append(value.decode("utf-8", "replace"))
                case _:
                    value += event
                    if len(value) > MAX_FIELD_BYTES or len(given) > MAX_FIELDS:
                        raise invalid(_("More was sent than this form has."))
        self._check(given.pop(CSRF, [""])[0])
        return Fields(given)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The file. Raises DomainError INVALID when it breaks off."""
        async for event in self._events:
            if event is None or isinstance(event, MultipartSegment):
                return
            yield bytes(event)

    async def drain(self, most: int) -> None:
        """Let the rest go by, so that the browser gets to read the answer; it sends first and reads afterwards."""
        async for event in self._events:
            if isinstance(event, bytes | bytearray):
                most -= len(event)
            if most < 0:
                return

    async def _parsed(self) -> AsyncIterator[MultipartSegment | bytes | bytearray | None]:
        kind, options = parse_options_header(self._request.headers.get("content-type", ""))
        if kind != "multipart/form-data" or not options.get("boundary"):
            raise invalid(_("This is no form with a file."))
        parser = PushMultipartParser(options["boundary"])
        try:
            async for chunk in self._request.stream():
                if chunk:
                    for event in parser.parse(chunk):
                        yield event
            parser.close()
        except MultipartError as error:
            raise invalid(_("The upload broke off before its end; nothing of it was kept.")) from error

    def _check(self, token: str) -> None:
        visitor = self._request.scope.get("user")
        given = token.encode("utf-8", "surrogatepass")
        if not isinstance(visitor, Visitor) or not hmac.compare_digest(given, visitor.csrf.encode()):
            raise Foreign
