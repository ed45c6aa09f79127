"""Everything that can happen to root certificates at stations (security whitepaper M03, M04, M05).

What a station reports replaces what was known of that use; what it takes or removes since is added and taken out. The
hashes in a report name certificates: those that are known here are found by them, and shown by their names.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.errands.intents import AskRoots, DeleteRoot, InstallRoot
from forecourt.domain.errands.model import Delivery, Draft, Errand, Order
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import DomainError, conflict, in_english, paragraph
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.roots.checks import check_is_root, doubts_of, faults_of
from forecourt.domain.roots.library import Library, matching, words_of
from forecourt.domain.roots.model import (
    MAX_ROOTS,
    ROOT_USES,
    KnownRoots,
    Learned,
    RootCount,
    RootFilter,
    RootNumber,
    StationRoot,
    StationRoots,
)
from forecourt.domain.roots.paths import Presented
from forecourt.domain.roots.store import RootEntry, RootStore
from forecourt.domain.roots.survey import Survey
from forecourt.domain.trust.held import Use
from forecourt.domain.trust.model import MAX_CERTIFICATES, TrustFilter
from forecourt.domain.trust.naming import bare_hash
from forecourt.domain.trust.service import Trust
from forecourt.pki.certificate import Certificate, read_certificate
from forecourt.pki.errors import PkiError
from forecourt.pki.hash_data import HashData, hash_data

READ: Final = "ReadRootCertificates"
INSTALL: Final = "InstallRootCertificate"
DELETE: Final = "DeleteRootCertificate"
"""The names of the operations."""


class Roots:
    """Which roots stations have, and how they get and lose them."""

    def __init__(
        self,
        store: RootStore,
        clock: Clock,
        *,
        trust: Trust,
        errands: Errands,
    ) -> None:
        self._store = store
        self._clock = clock
        self._trust = trust
        self._errands = errands
        self._library: tuple[frozenset[str], Library] = frozenset(), Library(())
        trust.watch(self._name_strangers)

    # What stations tell

    def reported(self, station: Station, use: Use, named: Sequence[HashData], *, asked: Errand | None = None) -> None:
        """The station told every root that it has for this use (M03.FR.04); none, when it has none (M03.FR.02).

        It may have made its list before it took or removed a root of which is known already, when it was ``asked``
        before that. Such a list says nothing, and it is asked again.
        """
        self._store.hold([station.key], [use])
        changed_at = self._store.changed_at(station.key, use)
        if asked is not None and asked.sent_at is not None and changed_at is not None and asked.sent_at < changed_at:
            self.read(station, (use,), Order(asked_by=asked.asked_by, delivery=Delivery.WHEN_ONLINE))
            return
        now = self._clock.now()
        known = list(self._store.of_station(station.key, use))
        library = self._known_of(station)
        found = []
        distinct = {words_of(one): one for one in reversed(named)}
        for one in list(reversed(distinct.values()))[:MAX_ROOTS]:
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
        self._store.hold([station.key], [use])
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
        self._store.note_change(station.key, use, now)

    def deleted(self, station: Station, named: HashData) -> None:
        """The station removed a root, or does not know it (M04.FR.02, 04). Its hashes do not tell the use."""
        self._store.hold([station.key], ROOT_USES)
        for use in ROOT_USES:
            gone = matching(self._store.of_station(station.key, use), named, self._here())
            for one in gone:
                self._store.remove(one.number)
            if gone:
                self._store.note_change(station.key, use, self._clock.now())

    def forget(self, station: Station) -> None:
        """Another device may stand there now: nothing is known of its roots, and what was to be taken from the one
        before it is not taken from this one."""
        for errand in self._store.deletions(station.key):
            with suppress(DomainError):  # it was sent just now
                self._errands.cancel(errand)
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
        self,
        station: Station,
        use: Use,
        forms: Sequence[Certificate],
        order: Order,
        *,
        despite: bool = False,
        survey: Survey | None = None,
    ) -> tuple[Errand, Certificate]:
        """The same with a choice of forms, of which the first is preferred; and the one that was chosen."""
        check_is_root(forms[0])
        survey = survey or self.survey([station])
        fitting = survey.fitting(station, use, forms)
        certificate = fitting.certificate
        now = self._clock.now()
        objections = [*faults_of(certificate, now), *fitting.objections]
        if objections and not despite:
            raise conflict(
                "{} Ask for it despite that, if the station is to be tried all the same.",
                paragraph(objections),
                field="certificate",
            )
        is_there = certificate in survey.known(station, use).certificates
        has_it = ["The station is known to have it already."] if is_there else []
        warnings = (*in_english(objections), *fitting.doubts, *doubts_of(certificate, now), *has_it)
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
        survey: Survey | None = None,
    ) -> Errand:
        """Take a root from the station, by its number here or its fingerprint; named as the station itself named it
        (M04.FR.07). A ``survey`` is one that was made to change something.

        Raises DomainError INVALID for one that the station is not known to have, and CONFLICT for the last one of its
        use and for one without which it could not check a server certificate, unless that is said. The message does
        not tell the use, so that a root that is there for both is asked about for both.
        """
        survey = survey or self.survey([station], to_change=True)
        root = survey.chosen(station, use, number, fingerprint)
        losses = list(survey.losses(station, root.named))
        sentences = [one.sentence for one in losses]
        said = paragraph(sentences)
        if any(one.is_last for one in losses) and not last_one:
            raise conflict("{} Say lastOne, if that is meant.", said, field="lastOne")
        if any(not one.is_last for one in losses) and not needed:
            raise conflict("{} Say needed, if that is meant.", said, field="needed")
        warnings = list(in_english(sentences))
        if root.learned is Learned.INSTALLED:
            warnings.append("It was not reported since it was installed, so that its hashes are those of this system.")
        intent = DeleteRoot(
            root.named.algorithm, root.named.issuer_name_hash, root.named.issuer_key_hash, root.named.serial
        )
        draft = Draft(operation=DELETE, intent=intent, shown=None, warnings=tuple(warnings))
        errand = self._errands.ask(station, draft, order)
        self._store.is_going([one.number for one in survey.matching(station, root.named)], errand.number)
        return errand

    # Questions

    def survey(
        self, stations: Sequence[Station], *, to_change: bool = False, presented: Presented | None = None
    ) -> Survey:
        """What is known of these stations now. Nobody else writes about their roots until this unit of work ends, if
        that is ``to_change`` something."""
        keys = sorted(one.key for one in stations)
        if to_change:
            self._store.hold(keys, ROOT_USES)
        return Survey(self._store.of_stations(keys), self._here(), lambda: presented or self.presented())

    def known(self, station: Station, use: Use) -> KnownRoots:
        return self._of(station).known[use]

    def of_station(self, station: Station) -> Sequence[KnownRoots]:
        """For each use."""
        return list(self._of(station).known.values())

    def stations_with(self, fingerprint: str, page: PageRequest) -> Page[StationRoot]:
        """Where a root is, newest first. Colons and upper case are allowed."""
        return self._store.with_certificate(bare_hash(fingerprint), page)

    def search(self, wanted: RootFilter, page: PageRequest) -> Page[StationRoot]:
        """What is known to be at stations, newest first. In hashes and numbers colons and upper case are allowed."""
        wanted = wanted if wanted.hash is None else replace(wanted, hash=bare_hash(wanted.hash))
        return self._store.search(wanted, page)

    def counts(self) -> Sequence[RootCount]:
        return self._store.counts()

    def doubts_of_deleting(self, station: Station, named: HashData) -> Sequence[str]:
        """What an operator should know who takes a root away by hand."""
        return in_english(one.sentence for one in self.survey([station]).losses(station, named))

    def doubts_of_installing(self, station: Station, use: Use, pem: str) -> Sequence[str]:
        """The same who gives one by hand. What cannot be read is for the station to refuse."""
        try:
            certificate = read_certificate(pem)
        except PkiError:
            return []
        return in_english(self.survey([station]).fitting(station, use, self.forms_of(certificate)).objections)

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

    def _of(self, station: Station) -> StationRoots:
        return self._store.of_stations([station.key])[station.key]

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


def _same(known: Sequence[StationRoot], named: HashData) -> StationRoot | None:
    return next((one for one in known if words_of(one.named) == words_of(named)), None)


def _named_so(known: Sequence[StationRoot], named: HashData, library: Library) -> StationRoot | None:
    """The entry of a root that the station took, and names with these hashes now."""
    return next((one for one in known if one.certificate is not None and library.fits(one.certificate, named)), None)
