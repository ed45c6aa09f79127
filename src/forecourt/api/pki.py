"""What the own authority publishes for whoever checks its certificates: lists, OCSP answers and CA certificates.

It needs no token and is read by machines that trust nothing yet, so that it is plain HTTP in the standard's own forms
(RFC 5280 §4.2.1.13, RFC 6960 appendix A, RFC 4387).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from litestar import Controller, HttpMethod, Request, Response, get, post, route
from litestar.di import NamedDependency
from litestar.params import PathParameter, SkipValidation

from forecourt.api.ocsp_desk import OcspDesk, OcspReply
from forecourt.api.problems import Fault, Refusal, bad_request
from forecourt.api.words import Now, Works, from_path
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
    async def file(self, name: Name, workspace: Works, now: Now) -> Response[bytes]:
        """A list (``.crl``) or a CA certificate (``.cer``), in DER."""
        address, _, kind = from_path(name).rpartition(".")
        if not _ADDRESS.fullmatch(address) or kind not in ("crl", "cer"):
            raise not_found("There is nothing at this address; lists end with .crl, and certificates with .cer.")
        if kind == "cer":
            issuer = await workspace.read(lambda services: services.own_ca.served(address))
            return _file(issuer.certificate.der, CERTIFICATE, name, CERTIFICATE_SECONDS)
        stored = await workspace.read(lambda services: services.own_ca.crl(address))
        return _file(stored.der, CRL, name, _seconds(stored.next_update, now()))

    @post("/ocsp/{name:str}", status_code=200, request_max_body_size=MAX_OCSP_REQUEST)
    async def ask(self, name: Name, request: Request[Any, Any, Any], ocsp_desk: Desk) -> Response[bytes]:
        """OCSP as most ask it (RFC 6960 appendix A.1)."""
        kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != OCSP_REQUEST:
            sentence = f"An OCSP request is sent with the header 'Content-Type: {OCSP_REQUEST}'."
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, sentence)
        return _answer(await ocsp_desk.answer(_address(name), await request.body()), may_be_kept=False)

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
        return _answer(await ocsp_desk.answer(_address(name), asked), may_be_kept=True)


def _address(name: str) -> str:
    address = from_path(name)
    if not _ADDRESS.fullmatch(address):
        raise not_found("The own authority has no issuer with this address.")
    return address


def _answer(reply: OcspReply, *, may_be_kept: bool) -> Response[bytes]:
    seconds = int(reply.good_for.total_seconds()) if may_be_kept else 0
    headers = {"Cache-Control": f"public, max-age={seconds}, no-transform" if seconds else "no-store"}
    return Response(reply.der, media_type=OCSP_RESPONSE, headers=headers)


def _file(content: bytes, kind: str, name: str, seconds: int) -> Response[bytes]:
    headers = {
        "Cache-Control": f"public, max-age={seconds}, no-transform",
        "Content-Disposition": f'attachment; filename="{name}"',
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
    }
    return Response(content, media_type=kind, headers=headers)


def _seconds(next_update: datetime, now: datetime) -> int:
    return max(0, min(LIST_SECONDS, int((next_update - now).total_seconds())))
