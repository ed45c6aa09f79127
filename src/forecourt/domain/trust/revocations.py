"""Which certificates are revoked: by this system's own register, and by the lists of outside CAs (A00.FR.704)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from forecourt.domain.errors import Sentence, check_note, conflict, invalid, not_found
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.security_log.model import Kind
from forecourt.domain.trust.importing import in_words, named
from forecourt.domain.trust.model import MAX_CRL_BYTES, MAX_CRLS, MAX_REVOKED, Entered, Purpose, Revoked
from forecourt.domain.trust.naming import bare_hash, plain_hash, plain_serial
from forecourt.domain.trust.part import Part
from forecourt.pki.certificate import Certificate, read_certificate
from forecourt.pki.errors import PkiError
from forecourt.pki.revocation import Crl, check_crl, read_crl
from forecourt.pki.wording import quoted

MAX_REASON: Final = 255
KEPT_AFTER_END: Final = timedelta(days=7)
"""So long a revoked certificate is kept after its end: clocks may be wrong by less."""
MAX_PRUNED: Final = 1_000
"""How many are forgotten in one unit of work."""

_LISTED: Final = frozenset({Purpose.STATION, Purpose.ONBOARDING, Purpose.FIRMWARE})
"""Whose certificates are held against lists: of stations (A00.FR.704), and of those who sign firmware (A00.FR.706)."""


class OwnIssuer(Protocol):
    """The own authority: what the register says of its certificates, its lists and answers say too."""

    def also_revoked(self, revoked: Revoked) -> None: ...

    def also_released(self, issuer_hash: str, serial: str) -> None:
        """Raises DomainError CONFLICT for one that is revoked for good."""
        ...


class Revocations(Part):
    """Everything that can happen to revocations."""

    _issuer: OwnIssuer | None = None

    def tell(self, issuer: OwnIssuer) -> None:
        """Have the own authority told of what is revoked and released, in the same unit of work."""
        self._issuer = issuer

    def revoke(
        self,
        *,
        issuer_hash: str,
        serial: str,
        reason: str,
        asked_by: str,
        subject: str = "",
        not_after: datetime | None = None,
    ) -> Entered:
        """Enter a certificate as revoked; it holds from the next handshake on. One that ends at ``not_after`` is
        forgotten some time after that. Raises DomainError INVALID, or CONFLICT when it is entered already."""
        issuer_hash, serial = plain_hash(issuer_hash), plain_serial(serial)
        check_note(reason, field="reason", limit=MAX_REASON)
        revoked = Revoked(
            issuer_hash=issuer_hash,
            serial=serial,
            subject=subject,
            reason=reason,
            revoked_by=asked_by,
            revoked_at=self._clock.now(),
            not_after=not_after,
        )
        if self._issuer is not None:
            self._issuer.also_revoked(revoked)
        return self.enter(revoked)

    def enter(self, revoked: Revoked) -> Entered:
        """The same, of values as certificates have them, without telling the own authority: it is what asks."""
        serial, reason = revoked.serial, revoked.reason
        with self._revoking() as writing:
            if writing.revocations.holds(MAX_REVOKED):
                raise conflict(
                    "The register holds {} certificates, and no more are possible. Take out those that have expired, "
                    "or import a CRL of the issuer.",
                    MAX_REVOKED,
                )
            if not writing.revocations.add(revoked):
                raise conflict("The certificate with the serial number {} of this issuer is revoked already.", serial)
            why = f" because: {reason}" if reason else ""
            self._note(Kind.REVOCATION_CHANGED, f"{_named(revoked)} is revoked{why}.", asked_by=revoked.revoked_by)
        return Entered(revoked, tuple(self._warnings(revoked)))

    def _warnings(self, revoked: Revoked) -> Iterator[Sentence]:
        for one in self._trusted():
            certificate = one.certificate
            if (certificate.issuer_hash, certificate.serial) == (revoked.issuer_hash, revoked.serial):
                yield Sentence(
                    "It is in the store as an enabled {} for {}: every certificate whose path leads over it counts as "
                    "revoked now, and its stations are refused.",
                    in_words(one.role),
                    named(one.purposes),
                )

    def revoke_certificate(self, certificate: Certificate, *, reason: str, asked_by: str) -> Entered:
        """The same for a certificate that is at hand."""
        return self.revoke(
            issuer_hash=certificate.issuer_hash,
            serial=certificate.serial,
            subject=certificate.subject,
            reason=reason,
            asked_by=asked_by,
            not_after=certificate.not_after,
        )

    def unrevoke(self, issuer_hash: str, serial: str, *, asked_by: str) -> None:
        """Take a certificate out of the register: it may be used again, unless its issuer's own list says no."""
        issuer_hash, serial = plain_hash(issuer_hash), plain_serial(serial)
        if self._issuer is not None:
            self._issuer.also_released(issuer_hash, serial)
        with self._revoking() as writing:
            if not writing.revocations.remove(issuer_hash, serial):
                raise not_found("No certificate with the serial number {} of this issuer is revoked.", serial)
            sentence = f"The certificate with the serial number {serial} is no longer revoked (issuer {issuer_hash})."
            self._note(Kind.REVOCATION_CHANGED, sentence, asked_by=asked_by)

    def revocations(self, page: PageRequest) -> Page[Revoked]:
        """Newest first."""
        return self._stores.revocations.list(page)

    def is_revoked(self, issuer_hash: str, serial: str) -> bool:
        """What the own register says, of values as certificates have them."""
        return self._stores.revocations.has(issuer_hash, serial)

    # Time passes

    def is_due(self) -> bool:
        return self._stores.revocations.has_ended(self._clock.now() - KEPT_AFTER_END)

    def settle(self) -> None:
        """Forget revoked certificates that ended some time ago: they let nobody in in any case."""
        with self._revoking() as writing:
            if not writing.revocations.prune(self._clock.now() - KEPT_AFTER_END, MAX_PRUNED):
                writing.changes_nothing()

    # Lists of outside CAs

    def put_crl(self, crl: Crl, *, asked_by: str | None = None) -> None:
        """Keep a list in place of the older one of the same issuer, key and scope; the one that is kept already changes
        nothing. ``asked_by`` is None for one that was fetched. Raises DomainError INVALID when its issuer is not in the
        store or did not sign it, and CONFLICT for one that is older than what is kept, or too many."""
        with self._revoking() as writing:
            store = writing.revocations
            known = store.kept_crl(crl)
            if known is not None and known.digest == crl.digest:
                writing.changes_nothing()
                return
            self._check(crl)
            if known is not None and crl.this_update < known.this_update:
                raise conflict(
                    "A newer list of this issuer is kept already, of {:%Y-%m-%d %H:%M} UTC.",
                    known.this_update,
                    field="crl",
                )
            count, size = store.crls_size()
            if known is None and count >= MAX_CRLS:
                raise conflict(
                    "{} lists are kept, and no more are possible; remove one that is no longer needed.",
                    MAX_CRLS,
                    field="crl",
                )
            size += len(crl.der) - (0 if known is None else known.size)
            if size > MAX_CRL_BYTES:
                raise conflict(
                    "With this list all that are kept would have {:,} bytes together, and {:,} are the most; remove "
                    "lists that are no longer needed.",
                    size,
                    MAX_CRL_BYTES,
                    field="crl",
                )
            store.put_crl(crl, self._clock.now())
            sentence = f"The list of revoked certificates of {crl.this_update:%Y-%m-%d %H:%M} UTC is in force"
            self._note(Kind.REVOCATION_CHANGED, f"{sentence} (issuer {crl.issuer_hash}).", asked_by=asked_by)

    def remove_crl(self, issuer_hash: str, *, digest: str | None = None, asked_by: str) -> None:
        """Forget the lists of an issuer, or only the one with this digest, whether they can be read or not."""
        issuer_hash = plain_hash(issuer_hash)
        with self._revoking() as writing:
            removed = writing.revocations.remove_crls(issuer_hash, None if digest is None else bare_hash(digest))
            if not removed:
                raise not_found("No such list of revoked certificates of this issuer is kept.")
            sentence = f"Lists of revoked certificates were removed: {removed} (issuer {issuer_hash})."
            self._note(Kind.REVOCATION_CHANGED, sentence, asked_by=asked_by)

    def crls(self) -> Sequence[Crl]:
        """Those that can be read."""
        return [one for one in self._stores.revocations.crls() if isinstance(one, Crl)]

    def _check(self, crl: Crl) -> None:
        now = self._clock.now()
        issuers = [
            one.certificate
            for one in self._trusted()
            if one.certificate.subject_hash == crl.issuer_hash
            and one.certificate.is_authority
            and one.purposes & _LISTED
        ]
        if not issuers:
            raise invalid(
                "The issuer of this list is not in the store for stationIdentity, onboarding or firmwareSigning, or "
                "is disabled; import or enable its certificate first.",
                field="crl",
            )
        reasons = [reason for reason in (_fault(crl, issuer, now) for issuer in issuers) if reason is not None]
        if len(reasons) == len(issuers):
            raise invalid(reasons[0], field="crl")


def read_list(data: bytes | str) -> Crl:
    """A list as it comes from a file or a body. It may take a second, so that it is done outside units of work. Raises
    DomainError INVALID."""
    try:
        return read_crl(data)
    except PkiError as error:
        raise invalid(str(error), field="crl") from error


def read_revoked(data: str) -> Certificate:
    """A certificate that is to be revoked, as PEM. Raises DomainError INVALID."""
    try:
        return read_certificate(data)
    except PkiError as error:
        raise invalid(str(error), field="certificate") from error


def _named(revoked: Revoked) -> str:
    subject = f"The certificate of {quoted(revoked.subject)}" if revoked.subject else "A certificate"
    return f"{subject} with the serial number {revoked.serial} (issuer {revoked.issuer_hash})"


def _fault(crl: Crl, issuer: Certificate, at: datetime) -> str | None:
    try:
        check_crl(crl, issuer, at)
    except PkiError as error:
        return str(error)
    return None
