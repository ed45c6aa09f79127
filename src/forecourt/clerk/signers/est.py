"""Authorities that speak EST (RFC 7030): enrolment over HTTPS, with a password or a certificate."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography.hazmat.primitives.serialization import pkcs7

from forecourt.clerk.signers.http import HttpAnswer, HttpTalk, trusting
from forecourt.clerk.signers.outside import Answered
from forecourt.clerk.signers.statuses import not_good, rubbish
from forecourt.domain.signing.model import Assignment, OpenedAuthority, Waiting
from forecourt.pki.certificate import MALFORMED, Certificate, tolerance
from forecourt.pki.errors import PkiError
from forecourt.pki.issued import in_order

LATER_SECONDS: Final = 60.0
"""To ask again when the server does not say when (RFC 7030 §4.2.3 wants it to)."""

MAX_CERTIFICATES: Final = 50
"""In one answer."""

_ACCEPTED: Final = 202
_NOT_FOR_PEOPLE: Final = frozenset({"text/html", "application/pkcs7-mime"})


class EstAuthority:
    """An Outside. A server that needs time is asked the same again, as RFC 7030 §4.2.3 says."""

    def obtain(self, assignment: Assignment) -> Answered | Waiting:
        authority, csr = assignment.authority, assignment.wanted.csr
        context = trusting(authority.settings.get("roots"), client=_client(authority))
        with HttpTalk(context, secrets=authority.secrets.values()) as talk:
            # First, because a certificate that was issued is lost when those above it cannot be had.
            above = talk.ask("GET", _address(authority, "cacerts"), sign_in=_sign_in(authority))
            if not above.is_good:
                raise not_good(authority.name, above, talk, _words)
            issuers = _certificates(authority, above, talk)
            answer = talk.ask(
                "POST",
                _address(authority, "simpleenroll"),
                body=base64.encodebytes(csr.der).replace(b"\n", b"\r\n"),  # RFC 2045 §6.8
                headers={"Content-Type": "application/pkcs10", "Content-Transfer-Encoding": "base64"},
                sign_in=_sign_in(authority),
            )
            if answer.status == _ACCEPTED:
                words = talk.said(_words(answer))
                sentence = f"The authority {authority.name!r} has the request and needs time."
                seconds = answer.retry_seconds(LATER_SECONDS)
                return Waiting(None, seconds, f"{sentence} It says: {words}" if words else sentence)
            if not answer.is_good:
                raise not_good(authority.name, answer, talk, _words)
            issued = _certificates(authority, answer, talk)
            return Answered(in_order([*issued, *issuers], csr))


def _address(authority: OpenedAuthority, operation: str) -> str:
    base = authority.settings["url"].rstrip("/")
    label = authority.settings.get("label", "").strip("/")
    return "/".join(part for part in (base, ".well-known/est", label, operation) if part)


def _client(authority: OpenedAuthority) -> tuple[str, str] | None:
    chain, key = authority.settings.get("clientCertificate"), authority.secrets.get("clientKey")
    return (chain, key) if chain and key else None


def _sign_in(authority: OpenedAuthority) -> tuple[str, str] | None:
    username = authority.settings.get("username")
    return (username, authority.secrets.get("password", "")) if username else None


def _words(answer: HttpAnswer) -> str:
    """A refusal may come as CMC too (RFC 7030 §4.2.3), which nobody could read."""
    return "" if answer.kind in _NOT_FOR_PEOPLE else answer.body[:1000].decode("utf-8", "replace")


def _certificates(authority: OpenedAuthority, answer: HttpAnswer, talk: HttpTalk) -> list[Certificate]:
    """Of a PKCS #7 without a signature (RFC 7030 §4.1.3, §4.2.3), whose order says nothing."""
    wrong = rubbish(authority.name, answer, talk, "PKCS #7 with certificates (RFC 7030 §4.2.3)")
    try:
        der = answer.body if answer.body[:1] == b"\x30" else base64.b64decode(answer.body)
        with tolerance():
            found = pkcs7.load_der_pkcs7_certificates(der)
        if len(found) > MAX_CERTIFICATES:
            raise wrong
        return [Certificate.of(one) for one in found]
    except (binascii.Error, PkiError, *MALFORMED) as error:
        raise wrong from error
