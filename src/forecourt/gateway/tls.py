"""TLS as the security whitepaper wants it: versions, suites, what is presented and asked for (A00.FR.311–324).

A context is never changed once it is in use: what is no longer trusted would stay trusted in it. For every change a
new one is made, and its sessions go with the old one, so that none is resumed past the change.
"""

from __future__ import annotations

import os
import ssl
import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from forecourt.config import ListenerConfig, Tls
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.trust.model import Policy, ServerCertificate
from forecourt.gateway.trust import Trusting
from forecourt.pki.certificate import Certificate

MODERN_SUITES: Final = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-GCM-SHA384:@SECLEVEL=2"
)
"""A00.FR.317, in our order. The suites of TLS 1.3 are not governed by this list."""

LEGACY_SUITES: Final = "AES128-SHA:@SECLEVEL=0"
"""A00.FR.324. TLS 1.0 and 1.1 sign with MD5 and SHA-1, which OpenSSL allows at level 0 only."""

_NO_CHECK_TIME: Final = 0x200000
"""``X509_V_FLAG_NO_CHECK_TIME``, for which Python has no name."""

_OPTIONS: Final = (
    ssl.OP_NO_TICKET
    | ssl.OP_NO_RENEGOTIATION
    | ssl.OP_NO_COMPRESSION  # A00.FR.320
    | ssl.OP_CIPHER_SERVER_PREFERENCE
    | ssl.OP_SINGLE_ECDH_USE
)

_REASONS: Final = {
    "NO_SHARED_CIPHER": "it offers no cipher suite that is allowed here and fits a server certificate",
    "UNSUPPORTED_PROTOCOL": "it offers no version of TLS that is allowed here",
    "VERSION_TOO_LOW": "it offers no version of TLS that is allowed here",
    "NO_PROTOCOLS_AVAILABLE": "it offers no version of TLS that is allowed here",
    "INAPPROPRIATE_FALLBACK": "it fell back to an older version of TLS than it can speak",
    "HTTP_REQUEST": "it speaks HTTP without TLS; stations without TLS have another port",
    "HTTPS_PROXY_REQUEST": "it takes this port for that of a proxy",
    "WRONG_VERSION_NUMBER": "what it sends is no TLS, or of no version that is allowed here",
    "BAD_RECORD_TYPE": "what it sends is no TLS",
    "UNKNOWN_PROTOCOL": "what it sends is no TLS",
    "UNEXPECTED_MESSAGE": "it sends messages of TLS out of order",
    "EE_KEY_TOO_SMALL": "the key of its certificate is too weak",
    "CA_KEY_TOO_SMALL": "the key of a certificate in its chain is too weak",
    "CA_MD_TOO_WEAK": "a certificate in its chain is signed with a weak digest",
    "WRONG_CURVE": "the key of its certificate is on a curve that is not supported",
    "EXCESSIVE_MESSAGE_SIZE": "its chain of certificates is too long",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not trust the server certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it refuses the server certificate",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "it cannot use the server certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "it holds the server certificate for expired",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "it holds the server certificate for revoked",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "it refuses the server certificate",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "it found nothing that both sides allow",
    "TLSV1_ALERT_PROTOCOL_VERSION": "it speaks no version of TLS that is allowed here",
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": "it demands stronger cipher suites than are offered here",
}
"""Reasons of OpenSSL in words, for the most frequent."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that makes a context what it is. Equal plans make equal contexts."""

    tls: Tls
    presented: tuple[ServerCertificate, ...] = field(compare=False)
    """One per kind of key, so that both families of suites are served (A00.FR.317)."""
    chains: tuple[tuple[Certificate, ...], ...]
    """Those of the presented ones, which say which keys they are for."""
    trusted: tuple[Certificate, ...]
    """Clients are asked for a certificate that leads to one of these; when there is none they are not asked."""


def plan(
    trusting: Trusting,
    listener: ListenerConfig,
    now: datetime,
    *,
    last: Collection[ServerCertificate] = (),
    refused: Collection[ServerCertificate] = (),
) -> Plan | None:
    """What a listener is to present and to ask for, or None when there is nothing that it could present.

    ``last`` is what it presents now. Of these, one goes on while it is in the store and cannot be read any more, and
    while OpenSSL refuses all that could take its place: those are ``refused``. What was removed goes.
    """
    given = [one for one in trusting.server_certificates if one not in refused]
    lost = {one.name for one in trusting.unusable}
    bereft = {family_of(one) for one in refused} - {family_of(one) for one in given}
    given += [one for one in last if one not in given and (one.name in lost or family_of(one) in bereft)]
    presented = choose(given, now)
    if listener.tls is Tls.LEGACY:
        presented = tuple(one for one in presented if family_of(one) == "RSA")
    if not presented:
        return None
    asks = SecurityProfile.TLS_CERTIFICATE in allowed_profiles(trusting.policy, listener)
    chains = tuple(one.chain for one in presented)
    return Plan(listener.tls, presented, chains, trusting.client_certificates if asks else ())


def allowed_profiles(policy: Policy, listener: ListenerConfig) -> frozenset[SecurityProfile]:
    """The profiles that may come in at a listener: those that the operator says, or all."""
    return policy.listeners.get(listener.name, frozenset(SecurityProfile))


def choose(certificates: Sequence[ServerCertificate], now: datetime) -> tuple[ServerCertificate, ...]:
    """One per family of keys: one that is valid before one that is not, then the one that was added last."""
    best: dict[str, ServerCertificate] = {}
    for one in sorted(certificates, key=lambda one: (is_valid(one, now), one.added_at)):
        best[family_of(one)] = one
    return tuple(best[family] for family in sorted(best))


def family_of(one: ServerCertificate) -> str:
    """``RSA`` or ``EC``: what suites a certificate serves."""
    return one.key.kind.partition(" ")[0]


def is_valid(one: ServerCertificate, now: datetime) -> bool:
    return one.chain[0].not_before <= now <= one.chain[0].not_after


@dataclass(frozen=True, slots=True)
class Made:
    """A context that is ready."""

    context: ssl.SSLContext
    left_out: Sequence[str]
    """Which trusted certificates OpenSSL does not take, and why: they are not in it."""
    refused: Sequence[tuple[ServerCertificate, str]] = ()
    """What it was to present and OpenSSL does not take, and why. Then the context is not for use: make another one."""


def make_context(plan: Plan) -> Made:
    """A context as planned.

    Two milliseconds, and nearly half of one for each trusted certificate, so this is for a thread.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _set_versions(context, plan.tls)
    context.options |= _OPTIONS
    context.num_tickets = 0
    answers = [(one, _present(context, one)) for one in plan.presented]
    refused = [(one, why) for one, why in answers if why is not None]
    if refused:
        return Made(context, (), refused)
    left_out = _trust(context, plan.trusted)
    if plan.trusted:
        context.verify_mode = ssl.CERT_OPTIONAL
        # A certificate below an enabled one is enough, and that one has expired is for the door to say.
        context.verify_flags |= ssl.VerifyFlags(ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME)
    return Made(context, left_out)


def _set_versions(context: ssl.SSLContext, tls: Tls) -> None:
    if tls is not Tls.LEGACY:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(MODERN_SUITES)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it is for stations that know nothing newer
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers(LEGACY_SUITES)


def _present(context: ssl.SSLContext, one: ServerCertificate) -> str | None:
    """Why a certificate is not taken, or None when it is.

    OpenSSL reads keys from files only. This one is in memory, nameless, and gone when it was read.
    """
    content = one.key.pem() + b"\n" + "".join(certificate.pem for certificate in one.chain).encode()
    descriptor = os.memfd_create("server-certificate", os.MFD_CLOEXEC)
    try:
        with open(descriptor, "wb", buffering=0, closefd=False) as file:
            file.write(content)
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    except (ssl.SSLError, OSError) as error:
        return in_words(error)
    finally:
        os.ftruncate(descriptor, 0)
        os.close(descriptor)
    return None


def _trust(context: ssl.SSLContext, certificates: Sequence[Certificate]) -> list[str]:
    """One at a time: one that is not taken must not keep the others out, and the event loop has its turns between."""
    left_out = []
    for certificate in certificates:
        try:
            context.load_verify_locations(cadata=certificate.der)
        except ssl.SSLError as error:
            left_out.append(f"The trusted certificate {certificate.subject!r} cannot be used: {in_words(error)}.")
    return left_out


def in_words(error: Exception) -> str:
    """Why a handshake failed or a certificate was not taken, as far as OpenSSL tells."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return _REASONS.get(error.reason) or error.reason.replace("_", " ").lower()
    return str(error) or type(error).__name__


def chain_of(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """The certificates that the peer showed, in DER, its own first; none when it showed none."""
    leaf = tls.getpeercert(binary_form=True)
    if leaf is None:
        return ()
    found = [bytes(one) for one in _unverified_chain(tls)]
    return (leaf, *(one for one in found if one != leaf))


def _unverified_chain(tls: ssl.SSLObject) -> Sequence[bytes]:
    if hasattr(tls, "get_unverified_chain"):  # Python 3.13
        found: Sequence[bytes] = tls.get_unverified_chain()
        return found
    inner = getattr(tls, "_sslobj")  # noqa: B009  # private, and the only way to the chain before Python 3.13
    encoding = ssl._ssl.ENCODING_DER  # type: ignore[attr-defined]  # noqa: SLF001  # the same
    return [one.public_bytes(encoding) for one in inner.get_unverified_chain() or ()]
