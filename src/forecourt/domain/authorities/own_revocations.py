"""What the own authority has revoked, and what it answers when it is asked (RFC 5280 §5, RFC 6960; A00.FR.704)."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from forecourt.domain.authorities.model import OwnCertificate, OwnRevocation, Phase, Rank
from forecourt.domain.authorities.own_part import OwnPart
from forecourt.domain.authorities.store import StoredList
from forecourt.domain.errors import DomainError, Kind, conflict, not_found
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.trust.model import Revoked
from forecourt.domain.trust.naming import plain_hash, plain_serial
from forecourt.pki.certificate import Certificate
from forecourt.pki.listing import can_be_listed
from forecourt.pki.ocsp_answers import GOOD, Standing, revoked
from forecourt.pki.reasons import Reason
from forecourt.pki.wording import in_short, quoted

COMPROMISED: Final = frozenset({Reason.KEY_COMPROMISE, Reason.CA_COMPROMISE, Reason.AA_COMPROMISE})
"""Somebody else may have the key: the list that says so is made at once."""


class OwnRevocations(OwnPart):
    """Everything that can happen to revocations of the own authority's certificates."""

    def revoke(self, issuer_hash: str, serial: str, reason: Reason, *, asked_by: str) -> OwnRevocation:
        """Revoke a certificate that the own authority has signed: it is refused from the next handshake on, and a new
        list (CRL) is made within seconds; at once for a key that was compromised. Raises DomainError INVALID, NOT_FOUND
        for one of another issuer or one that was never issued, or CONFLICT for one that is revoked already; one on hold
        may be revoked for good."""
        issuer_hash, serial = plain_hash(issuer_hash), plain_serial(serial)
        self._store.lock()
        issuer = self.issuer_named(issuer_hash)
        if issuer is None:
            raise not_found("The own authority has no issuer with this name; only its own certificates are revoked so.")
        if issuer.rank is Rank.ROOT and issuer.certificate.serial == serial:
            raise conflict("A root cannot say of itself that it is revoked; replace it, and retire it.")
        subject, not_after = self._known(issuer_hash, serial)
        if not_after is None:
            raise DomainError(
                Kind.NOT_FOUND,
                "{} has issued no certificate with the serial number {}.",
                quoted(issuer.certificate.subject),
                in_short(serial),
                field="serial",
            )
        known = self._store.find_revocation(issuer_hash, serial)
        is_held = known is not None and known.reason is Reason.CERTIFICATE_HOLD
        if known is not None and (not is_held or reason is Reason.CERTIFICATE_HOLD):
            raise conflict(
                "The certificate with the serial number {} is revoked already, because: {}.", serial, known.reason.value
            )
        revoked = Revoked(
            issuer_hash=issuer_hash,
            serial=serial,
            subject=subject,
            reason=reason.value,
            revoked_by=asked_by,
            revoked_at=self._clock.now(),
            not_after=not_after,
        )
        is_entered = known is not None and known.is_entered
        is_refused = self._trust.is_revoked(issuer_hash, serial)
        if not is_refused:
            with contextlib.suppress(DomainError):  # a full register: the listeners have it from the list
                self._trust.enter(revoked)
                is_entered = is_refused = True
        return self._keep_revocation(
            issuer, revoked, reason, not_after, is_entered=is_entered, is_urgent=not is_refused
        )

    def list_revoked(self, certificate: Certificate, reason: Reason, asked_by: str) -> None:
        """Have its issuer's list name a certificate of the hierarchy, without the register of the listeners: they are
        told otherwise. Nothing happens for a root, or for what is revoked for good."""
        self._list(
            Revoked(
                issuer_hash=certificate.issuer_hash,
                serial=certificate.serial,
                subject=certificate.subject,
                reason="",
                revoked_by=asked_by,
                revoked_at=self._clock.now(),
            ),
            reason,
            is_entered=False,
        )

    def also_revoked(self, revoked: Revoked) -> None:
        """A certificate is entered into the register of the listeners: when the own authority has signed it, its list
        and its answers say so too."""
        self._list(revoked, Reason.UNSPECIFIED, is_entered=True)

    def _list(self, revoked: Revoked, reason: Reason, *, is_entered: bool) -> None:
        issuer = self.issuer_named(revoked.issuer_hash)
        if issuer is None or (issuer.rank is Rank.ROOT and issuer.certificate.serial == revoked.serial):
            return
        _, not_after = self._known(revoked.issuer_hash, revoked.serial)
        if not_after is None:
            return
        self._store.lock()
        known = self._store.find_revocation(revoked.issuer_hash, revoked.serial)
        if known is None or known.reason is Reason.CERTIFICATE_HOLD:
            self._keep_revocation(issuer, revoked, reason, not_after, is_entered=is_entered)

    def also_released(self, issuer_hash: str, serial: str) -> None:
        """A certificate is taken out of the register of the listeners. Raises DomainError CONFLICT for one that the own
        authority has revoked for good."""
        known, issuer = self._store.find_revocation(issuer_hash, serial), self.issuer_named(issuer_hash)
        if known is not None and issuer is not None:
            self._store.lock()
            _check_held(known)
            self._store.drop_revocation(issuer_hash, serial)
            self._ask_list(issuer)

    def _keep_revocation(
        self,
        issuer: OwnCertificate,
        revoked: Revoked,
        reason: Reason,
        not_after: datetime,
        *,
        is_entered: bool,
        is_urgent: bool = False,
    ) -> OwnRevocation:
        revocation = OwnRevocation(
            issuer_hash=revoked.issuer_hash,
            serial=revoked.serial,
            subject=revoked.subject,
            reason=reason,
            revoked_by=revoked.revoked_by,
            revoked_at=revoked.revoked_at,
            not_after=not_after,
            is_entered=is_entered,
        )
        self._store.add_revocation(revocation)
        self._ask_list(issuer, is_urgent=is_urgent or reason in COMPROMISED)
        return revocation

    def unrevoke(self, issuer_hash: str, serial: str, *, asked_by: str) -> None:
        """Take back that a certificate is on hold. Raises DomainError INVALID, NOT_FOUND, or CONFLICT for one that is
        revoked for good."""
        issuer_hash, serial = plain_hash(issuer_hash), plain_serial(serial)
        self._store.lock()
        known, issuer = self._store.find_revocation(issuer_hash, serial), self.issuer_named(issuer_hash)
        if known is None or issuer is None:
            raise not_found("No certificate of the own authority with the serial number {} is revoked.", serial)
        _check_held(known)
        self._store.drop_revocation(issuer_hash, serial)
        if known.is_entered:
            with contextlib.suppress(DomainError):  # somebody took it out of the register before
                self._trust.unrevoke(issuer_hash, serial, asked_by=asked_by)
        self._ask_list(issuer)

    def find_revocation(self, issuer_hash: str, serial: str) -> OwnRevocation | None:
        """Of values as certificates have them."""
        return self._store.find_revocation(issuer_hash, serial)

    def revocations(self, page: PageRequest) -> Page[OwnRevocation]:
        """Newest first."""
        return self._store.list_revocations(page)

    def entries(self, issuer: OwnCertificate) -> Sequence[tuple[int, datetime, Reason]]:
        """What the list of an issuer has to name; without what no list can, which :meth:`drop_impossible` ends."""
        found = self._store.revocations(issuer.certificate.subject_hash)
        numbered = [(int(one.serial, 16), one) for one in found]
        return [(number, one.revoked_at, one.reason) for number, one in numbered if can_be_listed(number)]

    def drop_impossible(self, issuer: OwnCertificate) -> None:
        """Forget revocations with serial numbers that no certificate can have, and that no list can name: they were
        once taken from whoever asked."""
        for one in list(self._store.revocations(issuer.certificate.subject_hash)):
            if not can_be_listed(int(one.serial, 16)):
                self._store.drop_revocation(one.issuer_hash, one.serial)
                sentence = f"The revocation of the serial number {in_short(one.serial)} was dropped"
                self._note(f"{sentence}: no certificate can have it, and no list can name it.")

    def asked(self, issuer: OwnCertificate) -> int:
        """Read together with :meth:`entries`: whether a list that is made of them says everything, once it is kept."""
        return self._store.asked(issuer.address)

    def crl(self, address: str) -> StoredList:
        """The list of an issuer that is in force; the last one of an issuer that was retired. Raises DomainError
        NOT_FOUND for what is no issuer of the own authority, and UNAVAILABLE while its first list is being made."""
        if self.issuer(address) is None:
            raise _no_issuer()
        found = self._store.find_list(address)
        if found is None:
            raise DomainError(Kind.UNAVAILABLE, "The list of this CA is being made; ask again in a moment.")
        return found

    def standing(self, issuer: OwnCertificate, serial: int) -> Standing | None:
        """What an OCSP responder says of a serial number: good is only what was issued (RFC 6960 §2.2). None for one
        that was not, and for one that has ended and of which nobody knows any more whether it was revoked."""
        issuer_hash, written = issuer.certificate.subject_hash, f"{serial:X}"
        found = self._store.find_revocation(issuer_hash, written)
        if found is not None:
            return revoked(found.revoked_at, found.reason)
        _, not_after = self._known(issuer_hash, written)
        return None if not_after is None or not_after < self._clock.now() else GOOD

    def served(self, address: str) -> OwnCertificate:
        """Raises DomainError NOT_FOUND for an address that no issuer has, or one that was retired."""
        found = self.issuer(address)
        if found is None or found.phase is Phase.RETIRED:
            raise _no_issuer()
        return found

    def _known(self, issuer_hash: str, serial: str) -> tuple[str, datetime | None]:
        """Subject and end of a certificate that was issued; an empty name and None for one that was not."""
        issued = self._register.find_serial(issuer_hash, serial)
        if issued is not None:
            return issued.certificate.subject, issued.certificate.not_after
        for own in self._store.all():
            for one in (own.certificate, own.cross):
                if one is not None and (one.issuer_hash, one.serial) == (issuer_hash, serial):
                    return one.subject, one.not_after
        return "", None

    def _ask_list(self, issuer: OwnCertificate, *, is_urgent: bool = False) -> None:
        self._store.ask_list(issuer.address, is_urgent=is_urgent)
        self._changes.signing_wanted()


def _no_issuer() -> DomainError:
    return not_found("The own authority has no issuer with this address.")


def _check_held(known: OwnRevocation) -> None:
    if known.reason is not Reason.CERTIFICATE_HOLD:
        raise conflict(
            "The certificate is revoked for good, because: {}. Only one on hold (certificateHold) comes back; issue a "
            "new one.",
            known.reason.value,
        )
