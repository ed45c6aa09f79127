"""What the own authority publishes for whoever checks its certificates: lists, OCSP answers and CA certificates.

It needs no token and is read by machines that trust nothing yet, so that it is plain HTTP in the standard's own forms
(RFC 5280 §4.2.1.13, RFC 6960 appendix A, RFC 4387).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from litestar import Controller, HttpMethod, Request, Response, get, post, route
from litestar.di import NamedDependency
from litestar.params import PathParameter, SkipValidation

from forecourt.api.ocsp_desk import OcspDesk, OcspReply
from forecourt.api.problems import Fault, Refusal, bad_request
from forecourt.api.words import Now, Works
from forecourt.asgi.paths import from_path
from forecourt.domain.authorities.model import ADDRESS_DIGITS
from forecourt.domain.errors import not_found
from forecourt.pki.ocsp_answers import MAX_OCSP_REQUEST

OCSP_REQUEST: Final = "application/ocsp-request"
OCSP_RESPONSE: Final = "application/ocsp-response"
CRL: Final = "application/pkix-crl"
CERTIFICATE: Final = "application/pkix-cert"

LIST_SECONDS: Final = 60
"""How long others may keep a list without asking again: revocations are in the next one within seconds."""
CERTIFICATE_SECONDS: Final = 24 * 3600

_ADDRESS: Final = re.compile(rf"[0-9a-f]{{{ADDRESS_DIGITS}}}")

Desk = NamedDependency[SkipValidation[OcspDesk]]
Name = Annotated[str, PathParameter(description="Names the CA.")]


class Published(Controller):
    path = "/pki"
    include_in_schema = False

    @route("/{name:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
    async def file(
        self, name: Name, request: Request[Any, Any, Any], workspace: Works, now: Now
    ) -> Response[bytes | None]:
        """A list (``.crl``) or a CA certificate (``.cer``), in DER; nothing for who has it already."""
        address, _, kind = from_path(name).rpartition(".")
        if not _ADDRESS.fullmatch(address) or kind not in ("crl", "cer"):
            raise not_found("There is nothing at this address; lists end with .crl, and certificates with .cer.")
        if kind == "cer":
            issuer = await workspace.read(lambda services: services.own_ca.served(address))
            known, most = issuer.certificate, CERTIFICATE_SECONDS
            file = _File(known.der, CERTIFICATE, name, known.not_after, issuer.made_at, most)
        else:
            stored = await workspace.read(lambda services: services.own_ca.crl(address))
            file = _File(stored.der, CRL, name, stored.next_update, stored.made_at, LIST_SECONDS)
        return file.given(request, now())

    @post("/ocsp/{name:str}", status_code=200, request_max_body_size=MAX_OCSP_REQUEST)
    async def ask(self, name: Name, request: Request[Any, Any, Any], ocsp_desk: Desk) -> Response[bytes]:
        """OCSP as most ask it (RFC 6960 appendix A.1)."""
        kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != OCSP_REQUEST:
            sentence = f"An OCSP request is sent with the header 'Content-Type: {OCSP_REQUEST}'."
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, sentence)
        reply = await ocsp_desk.answer(_address(name), await request.body(), peer=_peer(request))
        return _answer(reply, may_be_kept=False)

    @get("/ocsp/{name:str}/{question:path}")
    async def ask_in_path(self, name: Name, request: Request[Any, Any, Any], ocsp_desk: Desk) -> Response[bytes]:
        """OCSP as caches like it: the request in base64 in the address."""
        raw: bytes = request.scope["raw_path"]
        question = raw.partition(b"?")[0].decode("latin-1").split("/pki/ocsp/", 1)[-1].partition("/")[2]
        if len(question) > 2 * MAX_OCSP_REQUEST:
            raise Refusal(HTTPStatus.REQUEST_URI_TOO_LONG, "An OCSP request in an address is at most 8 KiB long.")
        try:
            asked = base64.b64decode(from_path(question), validate=True)
        except (binascii.Error, ValueError) as error:
            fault = Fault("request", "It must be base64, percent-encoded.")
            raise bad_request("The OCSP request in the address cannot be read.", fault) from error
        return _answer(await ocsp_desk.answer(_address(name), asked, peer=_peer(request)), may_be_kept=True)


def _peer(request: Request[Any, Any, Any]) -> str:  # Any: as the framework hands it out
    return request.client.host if request.client else ""


def _address(name: str) -> str:
    address = from_path(name)
    if not _ADDRESS.fullmatch(address):
        raise not_found("The own authority has no issuer with this address.")
    return address


def _answer(reply: OcspReply, *, may_be_kept: bool) -> Response[bytes]:
    seconds = int(reply.good_for.total_seconds()) if may_be_kept else 0
    headers = {"Cache-Control": f"public, max-age={seconds}, no-transform" if seconds else "no-store"}
    return Response(reply.der, media_type=OCSP_RESPONSE, headers=headers)


@dataclass(frozen=True, slots=True)
class _File:
    """Something that is published, with what HTTP says of it (RFC 9110 §8.8, §13)."""

    content: bytes
    kind: str
    name: str
    good_until: datetime
    made_at: datetime | None
    most_seconds: int
    """Nobody keeps it longer without asking again, nor after it has ended."""

    def given(self, request: Request[Any, Any, Any], now: datetime) -> Response[bytes | None]:
        tag = f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'
        made_at = None if self.made_at is None or self.made_at > now else self.made_at.replace(microsecond=0)
        left = int((self.good_until - now).total_seconds())
        headers = {
            "Cache-Control": f"public, max-age={max(0, min(self.most_seconds, left))}, no-transform",
            "ETag": tag,
        }
        if made_at is not None:
            headers["Last-Modified"] = format_datetime(made_at, usegmt=True)
        if _is_had(request, tag, made_at, now):
            return Response(None, status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        headers["Content-Disposition"] = f'attachment; filename="{self.name}"'
        return Response(self.content, media_type=self.kind, headers=headers)


def _is_had(request: Request[Any, Any, Any], tag: str, made_at: datetime | None, now: datetime) -> bool:
    """By its tag if the request names one, else by its date (RFC 9110 §13.2.2)."""
    tags = request.headers.get("If-None-Match")
    if tags is not None:
        return any(one.strip().removeprefix("W/") in ("*", tag) for one in tags.split(","))
    date = _date(request.headers.get("If-Modified-Since"))
    return date is not None and made_at is not None and made_at <= date <= now


def _date(written: str | None) -> datetime | None:
    """None for what is no date, which is as if nothing was asked (RFC 9110 §13.1.3)."""
    try:
        found = None if written is None else parsedate_to_datetime(written)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found
