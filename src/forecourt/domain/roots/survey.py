"""What is known of the roots of some stations at a moment, read at once, and what it says of a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from forecourt.domain.errors import Sentence, invalid, paragraph
from forecourt.domain.provisioning.model import Station
from forecourt.domain.roots.checks import store_is_full
from forecourt.domain.roots.library import Library, matching
from forecourt.domain.roots.model import ADDITIONAL_CHECK, KnownRoots, RootNumber, StationRoot, StationRoots
from forecourt.domain.roots.paths import Presented
from forecourt.domain.trust.held import Use
from forecourt.domain.trust.naming import bare_hash
from forecourt.pki.certificate import Certificate
from forecourt.pki.chain import is_issued_by
from forecourt.pki.hash_data import HashData
from forecourt.pki.wording import quoted

_NEVER_TOLD: Final = Sentence(
    "Its roots were never read, so that more cannot be told before: ReadRootCertificates asks for them."
)


@dataclass(frozen=True, slots=True)
class Fitting:
    """The form of a root that a station takes."""

    certificate: Certificate
    objections: Sequence[Sentence]
    """Why the station is known to refuse it."""
    doubts: Sequence[str]
    """What an operator should know."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What a station loses with a root."""

    is_last: bool
    """It has no other one for this use; else it needs this one for what is presented."""
    sentence: Sentence


class Survey:
    """For many questions, without another look at the database."""

    def __init__(self, stations: Mapping[int, StationRoots], here: Library, presented: Callable[[], Presented]) -> None:
        """By the keys of the stations, and with the certificates that are known ``here``."""
        self._stations = stations
        self._here = here
        self._presents = presented

    def of(self, station: Station) -> StationRoots:
        return self._stations[station.key]

    def known(self, station: Station, use: Use) -> KnownRoots:
        return self._stations[station.key].known[use]

    @cached_property
    def presented(self) -> Presented:
        return self._presents()

    def entry(self, station: Station, use: Use, certificate: Certificate) -> StationRoot | None:
        """The root of a station that is this certificate, be it that its hashes alone tell so, because it is in no
        store."""
        roots = self.known(station, use).roots
        library = Library([certificate], self._here)
        return next(
            (
                one
                for one in roots
                if one.certificate == certificate or (one.certificate is None and library.fits(certificate, one.named))
            ),
            None,
        )

    def chosen(self, station: Station, use: Use, number: RootNumber | None, fingerprint: str | None) -> StationRoot:
        """Raises DomainError INVALID for what the station is not known to have."""
        if (number is None) == (fingerprint is None):
            raise invalid("Say which root: by its number, or by its fingerprint.", field="number")
        known = self.known(station, use)
        wanted = None if fingerprint is None else bare_hash(fingerprint)
        for one in known.roots:
            if one.number == number or (one.certificate is not None and one.certificate.fingerprint == wanted):
                return one
        field = "number" if fingerprint is None else "fingerprint"
        sentence = Sentence("The station is not known to have this root for {}.", use.value)
        raise invalid(sentence if known.reported_at else paragraph([sentence, _NEVER_TOLD]), field=field)

    def matching(self, station: Station, named: HashData) -> list[StationRoot]:
        """Those that hashes name, for every use."""
        return [one for known in self.of(station).known.values() for one in matching(known.roots, named, self._here)]

    def fitting(self, station: Station, use: Use, forms: Sequence[Certificate]) -> Fitting:
        """The form that the station takes, of which the first is preferred."""
        certificate, objection, doubts = self._signed_as_wanted(station, use, forms)
        full = self._full(station, self.known(station, use), certificate)
        return Fitting(certificate, [one for one in (objection, full) if one is not None], doubts)

    def losses(self, station: Station, named: HashData) -> Iterator[Loss]:
        """For each use in which the station has what these hashes name."""
        for use, known in self.of(station).known.items():
            gone = matching(known.roots, named, self._here)
            if not gone:
                continue
            is_central = use is Use.CENTRAL_SYSTEM_ROOT
            lost = {one.certificate for one in gone if one.certificate is not None}
            left = [one for one in known.roots if one not in gone and one.certificate not in lost and not one.is_going]
            if not left:
                yield Loss(is_last=True, sentence=_lost_with_last(use))
            if is_central:
                kept = self.presented.checked_by(one.certificate for one in left if one.certificate is not None)
                # One is enough, because a station may know the suites of that one alone.
                if self.presented.checked_by(lost) - kept:
                    sentence = Sentence(
                        "A server certificate of this system leads to this root and to no other one of the station:"
                        " without it, the station may be unable to connect."
                    )
                    yield Loss(is_last=False, sentence=sentence)

    # Inside

    def _signed_as_wanted(
        self, station: Station, use: Use, forms: Sequence[Certificate]
    ) -> tuple[Certificate, Sentence | None, list[str]]:
        root = forms[0]
        known = self.known(station, use)
        if use is not Use.CENTRAL_SYSTEM_ROOT or not self.of(station).checks:
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
        sentence = Sentence(
            "Its {} is true, and none of its roots signed this one, so that it will reject it (M05.FR.10). Bring the"
            " form that its present root signed (cross-signed) into the store.",
            ADDITIONAL_CHECK,
        )
        return root, sentence, []

    def _full(self, station: Station, known: KnownRoots, root: Certificate) -> Sentence | None:
        mine = self.of(station)
        if mine.limit is None or root in known.certificates:
            return None  # it needs no place
        return store_is_full(mine.count, mine.limit)


def _lost_with_last(use: Use) -> Sentence:
    if use is Use.CENTRAL_SYSTEM_ROOT:
        return Sentence(
            "It is the last root of the station for {}: without it, it cannot connect with TLS any more (M04).",
            use.value,
        )
    return Sentence(
        "It is the last root of the station for {}: without it, no signed firmware can be installed on it any more"
        " (M04).",
        use.value,
    )
