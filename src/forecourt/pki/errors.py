"""Why a certificate, a key, a CRL, an answer or a path was refused; ``str()`` is a sentence for people."""

from __future__ import annotations

import enum


class PkiError(Exception):
    """The root of this room's errors."""


class BadCertificate(PkiError):
    """It is no certificate, or one that cannot be read."""


class BadKey(PkiError):
    """It is no key, or one that cannot be used."""


class BadCrl(PkiError):
    """It is no list of revoked certificates, or one that nothing may be concluded from."""


class BadOcsp(PkiError):
    """It is no answer of an OCSP responder, or one that nothing may be concluded from."""


class BadRequest(PkiError):
    """It is no certificate signing request, or one that cannot be read."""


class BadSignature(PkiError):
    """It is no signature of what was signed, by no scheme that is known here."""


class CannotSign(PkiError):
    """A key does not fit, or what it made does not hold: nothing may be issued with it."""


class ChainTooLong(PkiError):
    """Not even the certificate alone is short enough for who is to receive it."""


class BadSeal(PkiError):
    """What was sealed cannot be opened: with another key, or because it was altered."""


class PathFault(enum.Enum):
    """What is wrong with a path from a certificate to an anchor."""

    EXPIRED = "expired"
    NOT_YET_VALID = "notYetValid"
    UNTRUSTED = "untrusted"
    """It leads to no anchor."""
    WEAK = "weak"
    AUTHORITY = "authority"
    """The certificate belongs to a CA, where that of a station or a server is expected."""
    UNUSABLE = "unusable"
    """It leads to an anchor, but against the rules of RFC 5280 §6, or with an algorithm that is not known here."""


class PathRefused(PkiError):
    """No path from a certificate to an anchor holds."""

    def __init__(self, fault: PathFault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = fault
        self.sentence = sentence
