"""Refusals at the door: what the one who asks is told, and what the operator is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from forecourt.domain.admission.model import Access
from forecourt.domain.security_log.model import Kind
from forecourt.gateway.certificates import CertificateProof, CertificateVerdict
from forecourt.gateway.credentials import PasswordProof, PasswordVerdict

RETRY_SECONDS: Final = 30
"""When a station is told to come back that found us busy."""

CHALLENGE: Final = ("WWW-Authenticate", 'Basic realm="Forecourt", charset="UTF-8"')


@dataclass(frozen=True, slots=True)
class Refused:
    """The upgrade is refused with this HTTP status."""

    status: int
    reason: str
    """For whoever asks: no more than a stranger may know."""
    kind: Kind | None = None
    """As what it is written into the security log; None for what says nothing of security."""
    detail: str = ""
    """For the operator: what exactly, and what to do."""
    headers: tuple[tuple[str, str], ...] = ()


def unknown_station(identity: str) -> Refused:
    """OCPP-J 1.6 §3.2."""
    reason = f"no station {identity!r} is registered here"
    return Refused(404, reason, Kind.UNKNOWN_STATION, "It is not registered here.")


def busy(reason: str) -> Refused:
    """The station should try again, and nothing is wrong with it."""
    return Refused(503, reason, headers=_retry(RETRY_SECONDS))


def not_known(error: Exception) -> Refused:
    """What decides about an open link cannot be read, or our own code fails on it."""
    detail = f"What is on record of it could not be looked at again ({type(error).__name__}: {str(error)[:200]})."
    return Refused(503, "this link cannot be checked now", Kind.INTERNAL_FAILURE, detail)


def mismatch(detail: str) -> Refused:
    return Refused(403, "this is not the security profile that is set for this station", Kind.PROFILE_MISMATCH, detail)


def unauthorized(kind: Kind, detail: str) -> Refused:
    reason = "a user name and a password are needed"
    if kind is not Kind.CREDENTIALS_MISSING:
        reason = "the user name or the password is wrong"
    return Refused(401, reason, kind, detail, (CHALLENGE,))


def no_certificate(kind: Kind, detail: str) -> Refused:
    return Refused(403, "this certificate is not accepted for this station", kind, detail)


def certificate_refusal(proof: CertificateProof) -> Refused:
    """For every verdict but GOOD."""
    status, reason, kind = _CERTIFICATE[proof.verdict]
    return Refused(status, reason, kind, proof.sentence, _retry(RETRY_SECONDS) if status == 503 else ())


def password_refusal(proof: PasswordProof) -> Refused:
    """For every verdict but RIGHT."""
    return _PASSWORD[proof.verdict](proof)


def _retry(seconds: int) -> tuple[tuple[str, str], ...]:
    return (("Retry-After", str(seconds)),)


def either(access: Access) -> str:
    return " or ".join(f"{profile:d}" for profile in sorted(access.profiles))


_PASSWORD: Final[dict[PasswordVerdict, Callable[[PasswordProof], Refused]]] = {
    PasswordVerdict.MISSING: lambda _: unauthorized(
        Kind.CREDENTIALS_MISSING, "It came without the password that its profile demands."
    ),
    PasswordVerdict.MALFORMED: lambda _: Refused(
        400,
        "the Authorization header cannot be read",
        Kind.CREDENTIALS_MALFORMED,
        "There are several Authorization headers, or what is in it is not base64 of a user name, a colon, a password.",
    ),
    PasswordVerdict.OF_ANOTHER: lambda _: unauthorized(
        Kind.CREDENTIALS_OF_ANOTHER, "The user name is not the identity in the URL (A00.FR.204)."
    ),
    PasswordVerdict.NONE_KNOWN: lambda _: unauthorized(
        Kind.CREDENTIALS_WRONG, "It has no password here; set one, and give the same to the station."
    ),
    PasswordVerdict.WRONG: lambda _: unauthorized(
        Kind.CREDENTIALS_WRONG, "The password is wrong. If the station's own cannot be learned, set one on both sides."
    ),
    PasswordVerdict.FORMER: lambda _: unauthorized(
        Kind.CREDENTIALS_FORMER,
        "It uses a password that was replaced. Set the new one at the station, or set that one here again.",
    ),
    PasswordVerdict.THROTTLED: lambda proof: Refused(
        429,
        "too many wrong passwords; wait before the next attempt",
        Kind.TOO_MANY_ATTEMPTS,
        "Too many wrong passwords came from this address.",
        _retry(proof.retry_seconds),
    ),
    PasswordVerdict.BUSY: lambda _: busy("too many passwords are being checked; try again later"),
    PasswordVerdict.NOT_CHECKED: lambda _: busy("the password could not be checked; try again later"),
}

_CERTIFICATE: Final = {
    CertificateVerdict.MISSING: (403, "a client certificate is needed", Kind.CERTIFICATE_MISSING),
    CertificateVerdict.UNREADABLE: (403, "this certificate cannot be read", Kind.CERTIFICATE_REFUSED),
    CertificateVerdict.REFUSED: (403, "this certificate is not accepted", Kind.CERTIFICATE_REFUSED),
    CertificateVerdict.REVOKED: (403, "this certificate is not accepted", Kind.CERTIFICATE_REVOKED),
    CertificateVerdict.UNKNOWN: (503, "this certificate cannot be checked now", Kind.REVOCATION_UNKNOWN),
    CertificateVerdict.FAILED: (503, "this certificate cannot be checked now", Kind.INTERNAL_FAILURE),
}
