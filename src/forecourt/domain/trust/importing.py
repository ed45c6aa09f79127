"""Which certificates the store of trusted ones takes, and what becomes of each in a bundle."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forecourt.domain.errors import Sentence, invalid, paragraph
from forecourt.domain.trust.model import Purpose, Role
from forecourt.pki.certificate import Certificate, Unreadable, read_bundle
from forecourt.pki.errors import PkiError
from forecourt.pki.strength import weak_signature, weakness, weakness_of_anchor

_OF_AUTHORITIES: Final = (Purpose.STATION, Purpose.ONBOARDING, Purpose.SERVER)
"""Purposes for which the store holds those who issue, and never what they issued."""


class Fate(enum.Enum):
    """What became of a certificate that was to be imported."""

    ADDED = "added"
    EXTENDED = "extended"
    """It was in the store, and is trusted for more now."""
    KNOWN = "known"
    """It is in the store, which was left as it is."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    """What became of one certificate of a bundle."""

    position: int
    """Its place in the bundle, from 1."""
    fate: Fate
    sentence: Sentence
    """For people: what became of it, and what to do."""
    certificate: Certificate | None = None
    """None for what could not be read."""
    role: Role | None = None
    """As it is in the store; None for what is not there."""
    is_enabled: bool | None = None
    """Whether it counts; None for what is not in the store."""


def read_all(data: bytes | str) -> Sequence[Certificate | Unreadable]:
    """The certificates of a bundle. Raises DomainError INVALID when nothing of it can be used."""
    try:
        return read_bundle(data)
    except PkiError as error:
        raise invalid(str(error), field="bundle") from error


def check_purposes(purposes: frozenset[Purpose]) -> None:
    if not purposes:
        known = ", ".join(purpose.value for purpose in Purpose)
        raise invalid("Say what the certificate is trusted for: one or more of {}.", known, field="purposes")


def check_is_good(certificate: Certificate, role: Role, at: datetime) -> None:
    """Raises DomainError INVALID for one that has expired or is too weak (A00.FR.501–506): no path with it holds."""
    if certificate.has_ended(at):
        raise invalid(
            "It expired on {:%Y-%m-%d %H:%M} UTC; import the one that replaced it.",
            certificate.not_after,
            field="bundle",
        )
    reason = weakness_of_anchor(certificate) if role is Role.ANCHOR else weakness(certificate)
    if reason is not None:
        raise invalid("It is too weak (A00.FR.501): {}", reason, field="bundle")


def role_for(certificate: Certificate, purposes: frozenset[Purpose], role: Role | None) -> Role:
    """The role that it gets: unless one is wanted, what issued itself is an anchor, and what another issued is an
    intermediate. Raises DomainError INVALID for a certificate that is not an authority's, unless it is to sign
    firmware."""
    if not certificate.is_authority:
        unfit = [purpose.value for purpose in _OF_AUTHORITIES if purpose in purposes]
        if unfit:
            raise invalid(
                "It is not the certificate of an authority (CA), as the purpose {} needs it. Import the certificate "
                "of who issued it.",
                unfit[0],
                field="purposes",
            )
        if role is Role.INTERMEDIATE:
            raise invalid(
                "It is not the certificate of an authority (CA), so that no path leads over it. Import it as an "
                "anchor.",
                field="role",
            )
        return Role.ANCHOR
    if role is not None:
        return role
    return Role.ANCHOR if certificate.is_self_issued else Role.INTERMEDIATE


def added_sentence(certificate: Certificate, role: Role, at: datetime) -> Sentence:
    return paragraph(_added(certificate, role, at))


def _added(certificate: Certificate, role: Role, at: datetime) -> Iterator[Sentence]:
    if role is Role.ANCHOR:
        yield Sentence("It is in the store as an anchor.")
    else:
        yield Sentence("It is in the store as an intermediate.")
    if at < certificate.not_before:
        yield Sentence(
            "But it is not valid before {:%Y-%m-%d %H:%M} UTC, and no path with it holds until then.",
            certificate.not_before,
        )
    if weak_signature(certificate) is not None:  # of an anchor: an intermediate is refused for it
        yield Sentence(
            "It is itself signed with {}, which proves nothing; its key is trusted.", certificate.signature_hash
        )


def in_words(role: Role) -> Sentence:
    return Sentence("anchor") if role is Role.ANCHOR else Sentence("intermediate")


def named(purposes: frozenset[Purpose]) -> str:
    return ", ".join(sorted(purpose.value for purpose in purposes))


def refused(position: int, reason: Sentence, certificate: Certificate | None = None) -> ImportOutcome:
    return ImportOutcome(position=position, fate=Fate.REFUSED, sentence=reason, certificate=certificate)
