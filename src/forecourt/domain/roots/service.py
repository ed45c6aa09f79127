"""Everything that can happen to root certificates at stations (security whitepaper M03, M04, M05).

What a station reports replaces what was known of that use; what it takes or removes since is added and taken out. The
hashes in a report name certificates: those that are known here are found by them, and shown by their names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.configuration.service import Configuration
from forecourt.domain.errands.intents import AskRoots, DeleteRoot, InstallRoot
from forecourt.domain.errands.model import Draft, Errand, Order
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import conflict, invalid
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.roots.checks import check_is_root, doubts_of, faults_of, store_is_full
from forecourt.domain.roots.library import Library
from forecourt.domain.roots.model import (
    ADDITIONAL_CHECK,
    MAX_ROOTS,
    ROOT_USES,
    STORE_LENGTH,
    KnownRoots,
    Learned,
    RootCount,
    RootNumber,
    StationRoot,
)
from forecourt.domain.roots.paths import Presented
from forecourt.domain.roots.store import RootEntry, RootStore
from forecourt.domain.trust.held import Use
from forecourt.domain.trust.model import MAX_CERTIFICATES, TrustFilter
from forecourt.domain.trust.naming import bare_hash, bare_serial
from forecourt.domain.trust.service import Trust
from forecourt.pki.certificate import Certificate, read_certificate
from forecourt.pki.chain import is_issued_by
from forecourt.pki.errors import PkiError
from forecourt.pki.hash_data import HashData, hash_data
from forecourt.pki.wording import quoted

READ: Final = "ReadRootCertificates"
INSTALL: Final = "InstallRootCertificate"
DELETE: Final = "DeleteRootCertificate"
"""The names of the operations."""

_NEVER_TOLD: Final = (
    "Its roots were never read, so that more cannot be told before: ReadRootCertificates asks for them."
)


class Roots:
    """Which roots stations have, and how they get and lose them."""

    def __init__(
        self,
        store: RootStore,
        clock: Clock,
        *,
        trust: Trust,
        configuration: Configuration,
        errands: Errands,
    ) -> None:
        self._store = store
        self._clock = clock
        self._trust = trust
        self._configuration = configuration
        self._errands = errands
        self._library: tuple[frozenset[str], Library] = frozenset(), Library(())
        trust.watch(self._name_strangers)

    # What stations tell

    def reported(self, station: Station, use: Use, named: Sequence[HashData]) -> None:
        """The station told every root that it has for this use (M03.FR.04); none, when it has none (M03.FR.02)."""
        self._store.hold(station.key, use)
        now = self._clock.now()
        known = list(self._store.of_station(station.key, use))
        library = self._known_of(station)
        found = []
        for one in list(dict.fromkeys(named))[:MAX_ROOTS]:
            before = _same(known, one) or _named_so(known, one, library)
            certificate = library.named_by(one)
            if certificate is None and before is not None:
                certificate = before.certificate
            entry = RootEntry(use=use, named=one, certificate=certificate, learned=Learned.REPORTED, learned_at=now)
            if before is None:
                self._store.add(station.key, entry)
            else:
                known.remove(before)
                self._store.change(before.number, entry)
            found += [] if certificate is None else [certificate]
        for gone in known:
            self._store.remove(gone.number)
        self._store.note_report(station.key, use, now)
        self._trust.roots_reported(station, use, found)

    def installed(self, station: Station, use: Use, certificate: str) -> None:
        """The station took a root (M05.FR.02). One that cannot be read here is known when the station reports it."""
        try:
            root = read_certificate(certificate)
        except PkiError:
            return
        self._store.hold(station.key, use)
        library = self._known_of(station)
        for one in self._store.of_station(station.key, use):
            if one.certificate == root:
                return
            if library.fits(root, one.named):  # it keeps the words of the station (M04.FR.07)
                self._store.name(one.named, root)
                return
        try:
            named = hash_data(root, library.issuer_of(root), "SHA256")
        except PkiError:
            return
        now = self._clock.now()
        entry = RootEntry(use=use, named=named, certificate=root, learned=Learned.INSTALLED, learned_at=now)
        self._store.add(station.key, entry)

    def deleted(self, station: Station, named: HashData) -> None:
        """The station removed a root, or does not know it (M04.FR.02, 04). Its hashes do not tell the use."""
        for use in ROOT_USES:
            self._store.hold(station.key, use)
            for one in self._matching(station, self._store.of_station(station.key, use), named):
                self._store.remove(one.number)

    def forget(self, station: Station) -> None:
        """Another device may stand there now: nothing is known of its roots."""
        self._store.forget(station.key)
        for use in ROOT_USES:
            self._trust.roots_reported(station, use, ())

    # What operators do

    def read(self, station: Station, uses: Sequence[Use], order: Order) -> Errand:
        """Ask for the roots of each use; the errand is that of the last one, which ends after the others."""
        *others, last = uses
        for use in others:
            self._errands.ask(station, _asking(use), replace(order, batch=None))
        return self._errands.ask(station, _asking(last), order)

    def install(
        self, station: Station, use: Use, certificate: Certificate, order: Order, *, despite: bool = False
    ) -> Errand:
        """Give the station a root; in the form that the station's present root signed, where it wants that (M05.FR.09).

        Raises DomainError INVALID for what is no root, and CONFLICT for what the station is known to refuse, unless it
        is to be tried ``despite`` that.
        """
        errand, _ = self.give(station, use, self.forms_of(certificate), order, despite=despite)
        return errand

    def give(
        self, station: Station, use: Use, forms: Sequence[Certificate], order: Order, *, despite: bool = False
    ) -> tuple[Errand, Certificate]:
        """The same with a choice of forms, of which the first is preferred; and the one that was chosen."""
        check_is_root(forms[0])
        known = self.known(station, use)
        certificate, objection, doubts = self._fitting(station, known, forms)
        now = self._clock.now()
        full = self._full(station, known, certificate)
        objections = [*faults_of(certificate, now), *(one for one in (objection, full) if one is not None)]
        if objections and not despite:
            sentence = f"{' '.join(objections)} Ask for it despite that, if the station is to be tried all the same."
            raise conflict(sentence, field="certificate")
        has_it = ["The station is known to have it already."] if certificate in known.certificates else []
        warnings = (*objections, *doubts, *doubts_of(certificate, now), *has_it)
        intent = InstallRoot(use.value, certificate.pem)
        draft = Draft(operation=INSTALL, intent=intent, shown=None, warnings=warnings)
        return self._errands.ask(station, draft, order), certificate

    def delete(
        self,
        station: Station,
        use: Use,
        order: Order,
        *,
        number: RootNumber | None = None,
        fingerprint: str | None = None,
        last_one: bool = False,
        needed: bool = False,
    ) -> Errand:
        """Take a root from the station, by its number here or its fingerprint; named as the station itself named it
        (M04.FR.07).

        Raises DomainError INVALID for one that the station is not known to have, and CONFLICT for the last one of its
        use and for one without which it could not check a server certificate, unless that is said. The message does
        not tell the use, so that a root that is there for both is asked about for both.
        """
        for each in ROOT_USES:
            self._store.hold(station.key, each)
        root = _chosen(self.known(station, use), number, fingerprint)
        doubts = list(self._doubts_of_losing(station, root.named))
        if any(is_last for is_last, _ in doubts) and not last_one:
            raise conflict(f"{_sentences(doubts)} Say lastOne, if that is meant.", field="lastOne")
        if any(not is_last for is_last, _ in doubts) and not needed:
            raise conflict(f"{_sentences(doubts)} Say needed, if that is meant.", field="needed")
        warnings = [sentence for _, sentence in doubts]
        if root.learned is Learned.INSTALLED:
            warnings.append("It was not reported since it was installed, so that its hashes are those of this system.")
        intent = DeleteRoot(
            root.named.algorithm, root.named.issuer_name_hash, root.named.issuer_key_hash, root.named.serial
        )
        draft = Draft(operation=DELETE, intent=intent, shown=None, warnings=tuple(warnings))
        errand = self._errands.ask(station, draft, order)
        for each in ROOT_USES:
            for one in self._matching(station, self._store.of_station(station.key, each), root.named):
                self._store.is_going(one.number, errand.number)
        return errand

    # Questions

    def known(self, station: Station, use: Use) -> KnownRoots:
        roots = self._store.of_station(station.key, use)
        return KnownRoots(use, roots, self._store.reported_at(station.key, use))

    def roots_of(self, station: Station, use: Use) -> Sequence[StationRoot]:
        """Without the time of the report."""
        return self._store.of_station(station.key, use)

    def of_station(self, station: Station) -> Sequence[KnownRoots]:
        """For each use."""
        return [self.known(station, use) for use in ROOT_USES]

    def stations_with(self, fingerprint: str, page: PageRequest) -> Page[StationRoot]:
        """Where a root is, newest first. Colons and upper case are allowed."""
        return self._store.with_certificate(bare_hash(fingerprint), page)

    def counts(self) -> Sequence[RootCount]:
        return self._store.counts()

    def doubts_of_deleting(self, station: Station, named: HashData) -> list[str]:
        """What an operator should know who takes a root away by hand."""
        return [sentence for _, sentence in self._doubts_of_losing(station, named)]

    def doubts_of_installing(self, station: Station, use: Use, pem: str) -> list[str]:
        """The same who gives one by hand. What cannot be read is for the station to refuse."""
        try:
            certificate = read_certificate(pem)
        except PkiError:
            return []
        known = self.known(station, use)
        certificate, objection, _ = self._fitting(station, known, self.forms_of(certificate))
        full = self._full(station, known, certificate)
        return [one for one in (objection, full) if one is not None]

    def has_additional_check(self, station: Station) -> bool | None:
        """M05.FR.08–13; None when the setting is not known."""
        value = self._configuration.value(station, ADDITIONAL_CHECK)
        return None if value is None else value.strip().lower() == "true"

    def forms_of(self, certificate: Certificate) -> Sequence[Certificate]:
        """All certificates of this name and key that are known here: the root itself, and those that others signed for
        it."""
        return self._here().forms_of(certificate)

    def at_stations(self, use: Use) -> Sequence[Certificate]:
        """Every certificate that stations have, as far as it is known here."""
        return self._store.certificates(use)

    def presented(self) -> Presented:
        """What listeners present now."""
        now = self._clock.now()
        enabled = [one for one in self._trust.server_certificates() if one.is_enabled]
        return Presented([one for one in enabled if not one.chain[0].has_ended(now)], now)

    # Inside

    def _fitting(
        self, station: Station, known: KnownRoots, forms: Sequence[Certificate]
    ) -> tuple[Certificate, str | None, list[str]]:
        """The form of a root that the station takes, what is known to speak against it, and what should be known."""
        root = forms[0]
        if known.use is not Use.CENTRAL_SYSTEM_ROOT or not self.has_additional_check(station):
            return root, None, []
        present = known.certificates
        if not present:
            why = "" if known.reported_at is None and not known.roots else " of which none is known here"
            doubt = f"Its {ADDITIONAL_CHECK} is true: it takes only what its present root signed{why} (M05.FR.09)."
            return root, None, [f"{doubt} {_NEVER_TOLD}" if known.reported_at is None else doubt]
        if root in present:
            return root, None, []
        for form in forms:
            signer = next((one for one in present if one != form and is_issued_by(form, one)), None)
            if signer is not None:
                told = (
                    f"It is sent in the form that {quoted(signer.subject)} signed, as the station wants it (M05.FR.09)."
                )
                return form, None, [] if form == root else [told]
        if known.has_strangers:
            doubt = f"Its {ADDITIONAL_CHECK} is true, and it cannot be told whether its present root signed this one."
            return root, None, [doubt]
        sentence = (
            f"Its {ADDITIONAL_CHECK} is true, and none of its roots signed this one, so that it will reject it"
            " (M05.FR.10). Bring the form that its present root signed (cross-signed) into the store."
        )
        return root, sentence, []

    def _full(self, station: Station, known: KnownRoots, root: Certificate) -> str | None:
        limit = self._configuration.number(station, STORE_LENGTH)
        if limit is None or root in known.certificates:
            return None  # it needs no place
        return store_is_full(sum(len(self.roots_of(station, use)) for use in ROOT_USES), limit)

    def _doubts_of_losing(self, station: Station, named: HashData) -> Iterator[tuple[bool, str]]:
        """For each use in which the station has what these hashes name: whether it is the last one, and a sentence."""
        for use in ROOT_USES:
            roots = self._store.of_station(station.key, use)
            gone = self._matching(station, roots, named)
            if not gone:
                continue
            lost = {one.certificate for one in gone if one.certificate is not None}
            left = [one for one in roots if one not in gone and one.certificate not in lost and not one.is_going]
            if not left:
                central = use is Use.CENTRAL_SYSTEM_ROOT
                what = "it cannot connect with TLS" if central else "no signed firmware can be installed on it"
                yield True, f"It is the last root of the station for {use.value}: without it, {what} any more (M04)."
            if use is Use.CENTRAL_SYSTEM_ROOT:
                presented = self.presented()
                kept = presented.checked_by(one.certificate for one in left if one.certificate is not None)
                # One is enough, because a station may know the suites of that one alone.
                if presented.checked_by(lost) - kept:
                    sentence = "A server certificate of this system leads to this root and to no other one of the"
                    yield False, f"{sentence} station: without it, the station may be unable to connect."

    def _matching(self, station: Station, roots: Sequence[StationRoot], named: HashData) -> list[StationRoot]:
        """Those that hashes name, be it with another algorithm."""
        library = self._known_of(station)
        return [
            one
            for one in roots
            if _key(one.named) == _key(named) or (one.certificate is not None and library.fits(one.certificate, named))
        ]

    def _known_of(self, station: Station) -> Library:
        """What a station may have, as far as it is known here."""
        held = (one.certificate for one in self._trust.held(station) if one.use in ROOT_USES)
        return Library(held, self._here())

    def _here(self) -> Library:
        """What is in the store, read again only when that is something else."""
        names = self._trust.fingerprints()
        if names != self._library[0]:
            stored = self._trust.list(TrustFilter(), PageRequest(limit=MAX_CERTIFICATES)).items
            self._library = names, Library(one.certificate for one in stored)
        return self._library[1]

    def _name_strangers(self) -> None:
        """What stations reported gets its name when the certificate comes into the store."""
        for named in self._store.strangers():
            certificate = self._here().named_by(named)
            if certificate is not None:
                self._store.name(named, certificate)


def _asking(use: Use) -> Draft:
    return Draft(operation=READ, intent=AskRoots(use.value), shown=None)


def _key(named: HashData) -> tuple[str, str, str, str]:
    """Hashes and serial numbers are the same in either case (security whitepaper §6.1)."""
    return (
        named.algorithm,
        named.issuer_name_hash.lower(),
        named.issuer_key_hash.lower(),
        bare_serial(named.serial),
    )


def _same(known: Sequence[StationRoot], named: HashData) -> StationRoot | None:
    return next((one for one in known if _key(one.named) == _key(named)), None)


def _named_so(known: Sequence[StationRoot], named: HashData, library: Library) -> StationRoot | None:
    """The entry of a root that the station took, and names with these hashes now."""
    return next((one for one in known if one.certificate is not None and library.fits(one.certificate, named)), None)


def _chosen(known: KnownRoots, number: RootNumber | None, fingerprint: str | None) -> StationRoot:
    """Raises DomainError INVALID."""
    if (number is None) == (fingerprint is None):
        raise invalid("Say which root: by its number, or by its fingerprint.", field="number")
    wanted = None if fingerprint is None else bare_hash(fingerprint)
    for one in known.roots:
        if one.number == number or (one.certificate is not None and one.certificate.fingerprint == wanted):
            return one
    field = "number" if fingerprint is None else "fingerprint"
    sentence = f"The station is not known to have this root for {known.use.value}."
    raise invalid(f"{sentence} {'' if known.reported_at else _NEVER_TOLD}".rstrip(), field=field)


def _sentences(doubts: Sequence[tuple[bool, str]]) -> str:
    return " ".join(sentence for _, sentence in doubts)
