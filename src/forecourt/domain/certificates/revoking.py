"""Revokes certificates of stations where they were issued: with the own authority, or in this system's register."""

from __future__ import annotations

from typing import Protocol

from forecourt.domain.authorities.own_ca import OwnCa
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.trust.model import Entered
from forecourt.pki.certificate import Certificate
from forecourt.pki.reasons import Reason


class Register(Protocol):
    """This system's own register of revoked certificates."""

    def is_revoked(self, issuer_hash: str, serial: str) -> bool: ...

    def revoke_certificate(self, certificate: Certificate, *, reason: str, asked_by: str) -> Entered: ...


class Revoker:
    """A certificate of an outside authority is entered into the register; that authority is not told, because none of
    their protocols is common to all."""

    def __init__(self, own_ca: OwnCa, register: Register) -> None:
        self._own_ca = own_ca
        self._register = register

    def revoke(self, certificate: Certificate, *, reason: str, asked_by: str) -> str | None:
        """Returns a sentence when it could not be done."""
        issuer_hash, serial = certificate.issuer_hash, certificate.serial
        try:
            self._own_ca.revoke(issuer_hash, serial, Reason.SUPERSEDED, asked_by=asked_by)
        except DomainError as error:
            if error.kind is Kind.CONFLICT:
                return None  # it is revoked already
        else:
            return None
        if self._register.is_revoked(issuer_hash, serial):
            return None
        try:
            self._register.revoke_certificate(certificate, reason=reason[:_MAX_REASON], asked_by=asked_by)
        except DomainError as error:
            return error.sentence
        return None

    def is_revoked(self, issuer_hash: str, serial: str) -> bool:
        return self._register.is_revoked(issuer_hash, serial)


_MAX_REASON = 255
"""Characters that the register keeps."""
