"""What managed server certificates want of the signing desk for one of their members."""

from __future__ import annotations

from typing import Protocol

from forecourt.domain.authorities.model import Authority
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.listener_certificates.model import Member, MemberState
from forecourt.domain.signing.model import SigningState, Use
from forecourt.domain.signing.service import SigningDesk
from forecourt.pki.certificate import Certificate


class Chooser(Protocol):
    """What this room needs of the authorities."""

    def authority_for(self, use: Use, station_group: str | None) -> str: ...

    def get(self, name: str) -> Authority:
        """Raises DomainError NOT_FOUND."""
        ...


def hastened(signing: SigningDesk, member: Member) -> bool:
    """Have its authority asked again now. False when nobody waits for one any more."""
    if member.state is not MemberState.ASKED or member.signing is None:
        return False
    try:
        signing.retry(member.signing)
    except DomainError as error:
        if error.kind not in (Kind.CONFLICT, Kind.NOT_FOUND):
            raise
        return False
    return True


def cancelled(signing: SigningDesk, member: Member, reason: str) -> bool:
    """Want nothing of its authority any more. False when it had ended already."""
    if member.signing is None:
        return False
    try:
        signing.cancel(member.signing, reason)
    except DomainError as error:
        if error.kind not in (Kind.CONFLICT, Kind.NOT_FOUND):
            raise
        return False
    return True


def missed(signing: SigningDesk, member: Member) -> tuple[Certificate, ...] | str | None:
    """How its request ended, when this room could not be told: a chain, leaf first, or a reason; None while it
    waits."""
    if member.state is not MemberState.ASKED or member.signing is None:
        return None
    try:
        request = signing.get(member.signing)
        if request.state is SigningState.WAITING:
            return None
        return request.reason or "" if request.fingerprint is None else signing.issued(request.fingerprint).chain
    except DomainError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
        return error.sentence
