"""What the pages about security count and search at stations, in both databases."""

from __future__ import annotations

from forecourt.domain.admission.model import Access, AccessCount, Leniency, SecurityProfile
from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import LinkCount, LinkId, LinkSecurity
from forecourt.domain.roots.model import Learned, RootFilter
from forecourt.domain.roots.store import RootEntry
from forecourt.domain.security_log.model import Kind, Note, NoteFilter
from forecourt.domain.trust.held import Use
from forecourt.pki.hash_data import HashData, hash_data
from forecourt.storage.admission import AdmissionRecords
from forecourt.storage.roots import RootRecords
from forecourt.storage.security_log import SecurityLogRecords
from tests.storage.bench import Bench, all_pages
from tests.support.authority import Authority
from tests.support.clock import NOON

ROOT = Authority.root(now=NOON)
CENTRAL, MAKERS = Use.CENTRAL_SYSTEM_ROOT, Use.MANUFACTURER_ROOT
STRANGE = HashData("SHA512", "AB" * 64, "cd" * 64, "00F")


def test_registered_stations_are_counted_by_what_lets_them_in(bench: Bench) -> None:
    store = AdmissionRecords(bench.unit)
    lenient = frozenset({Leniency.LEGACY_TLS, Leniency.BASIC_OVER_TLS})
    own = Access(profile=SecurityProfile.TLS_CERTIFICATE, has_own_certificate=True)
    keys = {identity: bench.add_station(identity) for identity in ("CP-2", "CP-1", "CP-3", "CP-4")}
    with bench.committed():
        for identity, access in (("CP-2", own), ("CP-1", own), ("CP-3", Access(leniencies=lenient))):
            store.put(keys[identity], access)
    with bench.reading():
        found = store.counts()
    none = SecurityProfile.NONE
    assert list(found) == [
        AccessCount(profile=none, leniencies=frozenset(), has_own_certificate=False, stations=1, example="CP-4"),
        AccessCount(profile=none, leniencies=lenient, has_own_certificate=False, stations=1, example="CP-3"),
        AccessCount(
            profile=SecurityProfile.TLS_CERTIFICATE,
            leniencies=frozenset(),
            has_own_certificate=True,
            stations=2,
            example="CP-1",
        ),
    ]


def test_open_links_are_counted_by_how_they_came_in(bench: Bench) -> None:
    old = LinkSecurity(profile=SecurityProfile.TLS_BASIC, listener="old", is_tls=True, tls_version="TLSv1.1")
    for number, identity in enumerate(("CP-1", "CP-2", "CP-3"), 1):
        key = bench.add_station(identity)
        with bench.committed():
            bench.links.open(
                key, LinkId(number), node="one", address="192.0.2.1", subprotocol="ocpp1.6", at=NOON, security=old
            )
            if identity == "CP-3":
                bench.links.close(key, LinkId(number))
    with bench.reading():
        found = bench.links.counts()
    assert list(found) == [
        LinkCount(
            listener="old",
            is_tls=True,
            tls_version="TLSv1.1",
            profile=SecurityProfile.TLS_BASIC,
            stations=2,
            example="CP-1",
        )
    ]


def test_roots_are_found_by_station_use_hash_and_whether_they_are_known(bench: Bench) -> None:
    records = RootRecords(bench.unit)
    known = hash_data(ROOT.certificate, None, "SHA384")
    keys = [bench.add_station(identity) for identity in ("CP-1", "CP-2")]
    with bench.committed():
        for key in keys:
            records.hold([key], [CENTRAL, MAKERS])
        for key, use, named in ((keys[0], CENTRAL, known), (keys[0], MAKERS, STRANGE), (keys[1], CENTRAL, STRANGE)):
            certificate = ROOT.certificate if named is known else None
            records.add(
                key,
                RootEntry(use=use, named=named, certificate=certificate, learned=Learned.REPORTED, learned_at=NOON),
            )

    def found(**wanted: object) -> list[tuple[str, Use]]:
        asked = RootFilter(**wanted)  # type: ignore[arg-type]  # the tests below say what each is
        with bench.reading():
            return [(one.station, one.use) for one in all_pages(lambda page: records.search(asked, page), 2)]

    assert found() == [("CP-2", CENTRAL), ("CP-1", MAKERS), ("CP-1", CENTRAL)]
    assert found(station="CP-1") == [("CP-1", MAKERS), ("CP-1", CENTRAL)]
    assert found(use=MAKERS) == [("CP-1", MAKERS)]
    assert found(is_known=True) == [("CP-1", CENTRAL)]
    assert found(is_known=False) == [("CP-2", CENTRAL), ("CP-1", MAKERS)]
    assert found(hash=ROOT.certificate.fingerprint) == [("CP-1", CENTRAL)]
    assert found(hash="ab" * 64) == found(hash="cd" * 64) == found(is_known=False)
    assert found(hash=known.serial.lower()) == [("CP-1", CENTRAL)]
    assert found(hash="unknown") == []


def test_the_log_is_searched_by_who_asked(bench: Bench) -> None:
    with bench.committed():
        for name in ("ada", "grace", None):
            note = Note(kind=Kind.POLICY_CHANGED, reason=f"By {name}.", asked_by=name)
            SecurityLogRecords(bench.unit).add(note, NOON)
    with bench.reading():
        page = SecurityLogRecords(bench.unit).list(NoteFilter(asked_by="ada"), PageRequest())
    assert [one.note.reason for one in page.items] == ["By ada."]
