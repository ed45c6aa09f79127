"""Who is trusted for what (A00.FR.403, A00.FR.411, A00.FR.804)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from forecourt.domain.errors import DomainError, Sentence, conflict, not_found, paragraph
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.security_log.model import Kind
from forecourt.domain.trust.importing import (
    Fate,
    ImportOutcome,
    added_sentence,
    check_is_good,
    check_purposes,
    in_words,
    named,
    read_all,
    refused,
    role_for,
)
from forecourt.domain.trust.model import (
    MAX_CERTIFICATES,
    Changed,
    Origin,
    Purpose,
    Role,
    Trusted,
    TrustFilter,
    Unusable,
)
from forecourt.domain.trust.naming import bare_hash
from forecourt.domain.trust.part import Part, Writing
from forecourt.pki.certificate import Certificate, Unreadable
from forecourt.pki.wording import quoted

_LOST: Final = {
    Purpose.STATION: Sentence(
        "No anchor is left for {}: every station of security profile 3 is refused until there is one.",
        Purpose.STATION.value,
    ),
    Purpose.ONBOARDING: Sentence(
        "No anchor is left for {}: every station with factory credentials is refused until there is one.",
        Purpose.ONBOARDING.value,
    ),
    Purpose.FIRMWARE: Sentence(
        "No anchor is left for {}: certificates that sign firmware cannot be checked until there is one.",
        Purpose.FIRMWARE.value,
    ),
    Purpose.SERVER: Sentence(
        "No anchor is left for {}: it cannot be told whether stations can check a server certificate until there is"
        " one.",
        Purpose.SERVER.value,
    ),
}
BY_OCPP: Final = frozenset({Purpose.SERVER, Purpose.FIRMWARE})
"""What one that is known may become trusted for because a station took it, and nothing else."""
_FULL: Final = Sentence(
    "The store holds {} certificates, and no more are possible, because every handshake is checked against all of them;"
    " remove those that have expired or are disabled.",
    MAX_CERTIFICATES,
)


class TrustedCertificates(Part):
    """Everything that can happen to trusted certificates."""

    def import_bundle(
        self, data: bytes | str, purposes: frozenset[Purpose], role: Role | None, asked_by: str
    ) -> list[ImportOutcome]:
        """Take the good ones of a bundle (PEM, or one in DER), and say of each what became of it. Without a role,
        what issued itself is an anchor, and what another issued an intermediate. Raises DomainError INVALID when the
        bundle as a whole cannot be used."""
        return self.import_all(read_all(data), purposes, role, asked_by)

    def import_all(
        self, found: Sequence[Certificate | Unreadable], purposes: frozenset[Purpose], role: Role | None, asked_by: str
    ) -> list[ImportOutcome]:
        """The same for a bundle that was read already, outside a unit of work."""
        check_purposes(purposes)
        return self._import(found, purposes, role, Origin.OPERATOR, asked_by)

    def add(
        self, certificate: Certificate, purposes: frozenset[Purpose], role: Role | None, origin: Origin, asked_by: str
    ) -> Trusted:
        """Take one. One that is in the store already is trusted for these purposes as well. Raises DomainError INVALID
        for one that cannot be taken, and CONFLICT for one that is disabled or was removed, or when the store is
        full."""
        check_purposes(purposes)
        with self._writing() as writing:
            outcome = self._taken(writing, certificate, purposes, role, origin=origin, asked_by=asked_by)
            if outcome.is_enabled is False:
                raise conflict("{} Enable it first.", outcome.sentence)
            if outcome.fate is Fate.KNOWN:
                writing.changes_nothing()
        return self.get(certificate.fingerprint)

    def _import(
        self,
        found: Sequence[Certificate | Unreadable],
        purposes: frozenset[Purpose],
        role: Role | None,
        origin: Origin,
        asked_by: str,
    ) -> list[ImportOutcome]:
        outcomes: list[ImportOutcome] = []
        seen: set[str] = set()
        with self._writing() as writing:
            for position, one in enumerate(found, 1):
                if isinstance(one, Unreadable):
                    outcomes.append(refused(one.position, Sentence("It cannot be read: {}", one.reason)))
                    continue
                if one.fingerprint in seen:
                    sentence = Sentence("It is in this bundle more than once; see what became of the first.")
                    outcomes.append(
                        ImportOutcome(position=position, fate=Fate.KNOWN, sentence=sentence, certificate=one)
                    )
                    continue
                seen.add(one.fingerprint)
                try:
                    outcome = self._taken(writing, one, purposes, role, origin=origin, asked_by=asked_by)
                    outcomes.append(replace(outcome, position=position))
                except DomainError as error:
                    outcomes.append(refused(position, error.said, one))
            if not any(outcome.fate in (Fate.ADDED, Fate.EXTENDED) for outcome in outcomes):
                writing.changes_nothing()
        return outcomes

    def _taken(
        self,
        writing: Writing,
        certificate: Certificate,
        purposes: frozenset[Purpose],
        role: Role | None,
        *,
        origin: Origin,
        asked_by: str,
    ) -> ImportOutcome:
        """Raises DomainError."""
        known = writing.certificates.find(certificate.fingerprint)
        if isinstance(known, Unusable):
            raise conflict("{} Remove it from the store, and import it again.", known.reason)
        if known is not None:
            return self._extended(writing, known, purposes, origin=origin, asked_by=asked_by)
        now = self._clock.now()
        its_role = role_for(certificate, purposes, role)
        check_is_good(certificate, its_role, now)
        removed = writing.certificates.removed(certificate.fingerprint)
        if removed is not None and origin is not Origin.OPERATOR:
            raise conflict(
                "It was removed from the store by {} on {:%Y-%m-%d %H:%M} UTC, and does not come back by itself; an "
                "operator may import it again.",
                removed.removed_by[:100],
                removed.removed_at,
            )
        if len(writing.certificates.fingerprints()) >= MAX_CERTIFICATES:
            raise conflict(_FULL)
        added = Trusted(
            certificate=certificate,
            purposes=purposes,
            role=its_role,
            origin=origin,
            added_by=asked_by,
            added_at=now,
        )
        writing.certificates.add(added)
        self._note_trusted(certificate, f"was added as {its_role.value} for {named(purposes)}", asked_by)
        return ImportOutcome(
            position=1,
            fate=Fate.ADDED,
            sentence=added_sentence(certificate, its_role, now),
            certificate=certificate,
            role=its_role,
            is_enabled=True,
        )

    def _extended(
        self, writing: Writing, known: Trusted, purposes: frozenset[Purpose], *, origin: Origin, asked_by: str
    ) -> ImportOutcome:
        """One that is in the store, for more purposes than before if it is wanted for more. It stays disabled if it is,
        and keeps its role. Nothing that is sent to a station makes others trusted as stations."""
        wanted = purposes & BY_OCPP if origin is Origin.OCPP else purposes
        missing = wanted - known.purposes
        if origin is Origin.OCPP and not known.is_enabled:
            missing = frozenset()
        if missing:
            role_for(known.certificate, known.purposes | missing, known.role)
            check_is_good(known.certificate, known.role, self._clock.now())
            known = replace(known, purposes=known.purposes | missing)
            writing.certificates.change(known)
            self._note_trusted(known.certificate, f"is trusted for {named(missing)} as well now", asked_by)
            sentence = Sentence(
                "It was in the store already, and is trusted for {} as well now: as {} for {}.",
                named(missing),
                in_words(known.role),
                named(known.purposes),
            )
        else:
            sentence = Sentence(
                "It is in the store already, and was left as it is: as {} for {}.",
                in_words(known.role),
                named(known.purposes),
            )
        if not known.is_enabled:
            sentence = paragraph([sentence, Sentence("It is disabled, and stays so until somebody enables it.")])
        return ImportOutcome(
            position=1,
            fate=Fate.EXTENDED if missing else Fate.KNOWN,
            sentence=sentence,
            certificate=known.certificate,
            role=known.role,
            is_enabled=known.is_enabled,
        )

    def change(
        self,
        fingerprint: str,
        *,
        purposes: frozenset[Purpose] | None = None,
        is_enabled: bool | None = None,
        role: Role | None = None,
        asked_by: str,
    ) -> Changed:
        """Change what is not None. It counts from the next handshake on, and for connections that are open. Raises
        DomainError."""
        with self._writing() as writing:
            known = self.get(fingerprint)
            changed = replace(
                known,
                purposes=known.purposes if purposes is None else purposes,
                is_enabled=known.is_enabled if is_enabled is None else is_enabled,
                role=known.role if role is None else role,
            )
            check_purposes(changed.purposes)
            role_for(changed.certificate, changed.purposes, changed.role)
            if changed == known:
                writing.changes_nothing()
                return Changed(known)
            before = writing.certificates.anchored()
            writing.certificates.change(changed)
            state = f"{changed.role.value} for {named(changed.purposes)}" + ("" if changed.is_enabled else ", disabled")
            self._note_trusted(changed.certificate, f"was changed: {state}", asked_by)
            return Changed(changed, self._lost_since(before))

    def remove(self, fingerprint: str, *, asked_by: str) -> tuple[Sentence, ...]:
        """Take it out of the store, even if it cannot be read any more. It does not come back by itself. Returns what
        an operator should know. Raises DomainError NOT_FOUND."""
        wanted = bare_hash(fingerprint)
        with self._writing() as writing:
            known = writing.certificates.find(wanted)
            before = writing.certificates.anchored()
            if not writing.certificates.remove(wanted, removed_by=asked_by, at=self._clock.now()):
                raise _no_certificate()
            if not isinstance(known, Trusted):
                sentence = f"The certificate {wanted[:16]}…, which could not be read, was removed."
                self._note(Kind.TRUST_CHANGED, sentence, asked_by=asked_by)
                return self._lost_since(before)
            self._note_trusted(known.certificate, "was removed", asked_by)
            return (*self._lost_since(before), *self._still_led_over(known))

    def _still_led_over(self, removed: Trusted) -> Iterator[Sentence]:
        certificate = removed.certificate
        if certificate.is_authority and not certificate.is_self_issued:
            issuers = [one for one in self._trusted() if one.certificate.subject_hash == certificate.issuer_hash]
            if any(one.purposes & removed.purposes for one in issuers):
                yield Sentence(
                    "Stations that present it themselves still get in while its issuer is trusted: to refuse them, "
                    "disable it instead, or revoke it."
                )

    def get(self, fingerprint: str) -> Trusted:
        """Colons and upper case are allowed. Raises DomainError NOT_FOUND, or CONFLICT for one that cannot be read any
        more."""
        found = self._stores.certificates.find(bare_hash(fingerprint))
        if found is None:
            raise _no_certificate()
        if isinstance(found, Unusable):
            raise conflict("{} Remove it from the store, and import it again.", found.reason)
        return found

    def fingerprints(self) -> frozenset[str]:
        """Of all that is in the store: the same ones stand for the same certificates."""
        return self._stores.certificates.fingerprints()

    def list(self, wanted: TrustFilter, page: PageRequest) -> Page[Trusted]:
        """Newest first, of those that can be read."""
        return self._stores.certificates.list(wanted, page)

    def _lost_since(self, before: frozenset[Purpose]) -> tuple[Sentence, ...]:
        lost = before - self._stores.certificates.anchored()
        return tuple(_LOST[purpose] for purpose in Purpose if purpose in lost)

    def _note_trusted(self, certificate: Certificate, sentence: str, asked_by: str) -> None:
        reason = f"The certificate of {quoted(certificate.subject)} ({certificate.fingerprint[:16]}…) {sentence}."
        self._note(Kind.TRUST_CHANGED, reason, asked_by=asked_by)


def _no_certificate() -> DomainError:
    return not_found(
        "There is no certificate with this fingerprint in the store; it is the SHA-256 of the certificate, in "
        "hexadecimal."
    )
