"""Tickets and what comes of them (security whitepaper N01, L01; OCPP 1.6 §5.9, §9.1.26)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.errors import Kind
from forecourt.domain.files.model import (
    UPLOAD_USES,
    Arrival,
    Carrier,
    Direction,
    FileFilter,
    FileNumber,
    FilePolicy,
    Kept,
    Ticket,
)
from forecourt.domain.files.places import choose
from forecourt.domain.files.service import PRUNED_AT_ONCE, digest_of
from forecourt.domain.files.shelf import Area, Lying
from forecourt.domain.jobs.model import JobDraft, JobKind, JobNumber
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.security_log.model import Kind as NoteKind
from forecourt.domain.security_log.model import NoteFilter
from forecourt.redaction import without_credentials
from tests.domain.world import ALL, World, refused
from tests.support.clock import NOON
from tests.support.workspace import PlainHasher, services_over

EVERY_PLACE = ("http://h:9002", "https://h:9003", "ftps://h:21", "ftp://h:21")
ARRIVAL = Arrival(name="log.zip", address="192.0.2.1", carrier=Carrier.HTTPS)


def a_world(policy: FilePolicy | None = None) -> World:
    world = World()
    world.services = services_over(world.unit, world.clock, PlainHasher(), policy or FilePolicy())
    return world


def a_job(world: World, station: Station) -> JobNumber:
    draft = JobDraft(kind=JobKind.SECURITY_LOG, operation="CollectLog", asked_by="admin", location="http://h/")
    return world.services.jobs.add(station, draft)


def token_in(location: str) -> str:
    return location.partition("/up/")[2].strip("/")


def a_ticket(world: World, station: Station, job: JobNumber | None = None) -> Ticket:
    ticket = world.services.files.find_ticket(token_in(world.services.files.offer_upload(station, job=job)))
    assert ticket is not None
    return ticket


def kept(name: str = "a", size: int = 5) -> Kept:
    long = f"{name:0>32}"
    return Kept(name=f"received/{long[:2]}/{long}", size=size, sha256=name, sha384=name, sha512=name)


def test_two_tickets_are_never_alike_and_the_token_is_stored_nowhere() -> None:
    world = a_world()
    station = world.a_station()
    tokens = {token_in(world.services.files.offer_upload(station, job=None)) for _ in range(50)}
    assert len(tokens) == 50
    stored = str(world.unit.all("SELECT * FROM file_ticket"))
    for token in tokens:
        assert token not in stored
        assert digest_of(token) in stored


@pytest.mark.parametrize(
    ("spoken", "place"),
    [
        (None, "http://h:9002"),
        ("FTP,HTTP,HTTPS,FTPS", "https://h:9003"),
        ("FTP, FTPS , HTTP", "ftps://h:21"),
        ("http,ftp", "http://h:9002"),
        ("FTP", "ftp://h:21"),
        ("SFTP", None),
        ("", None),
    ],
)
def test_the_protocol_is_one_that_the_station_says_it_speaks(spoken: str | None, place: str | None) -> None:
    """OCPP 1.6 §9.1.26; what protects the file comes first (L01.FR.08)."""
    assert choose(EVERY_PLACE, spoken) == place


def test_a_station_that_speaks_nothing_of_what_is_offered_is_asked_all_the_same_with_a_doubt() -> None:
    world = a_world()
    station = world.a_station()
    name = "SupportedFileTransferProtocols"
    world.services.configuration.told(station, [name], [(name, "FTP", True)], [])
    assert world.services.files.offer_upload(station, job=None).startswith("http://127.0.0.1:9002/up/fct_")
    [doubt] = world.services.files.doubts(station)
    assert "by FTP only" in doubt


def test_a_location_that_stations_elsewhere_do_not_find_is_doubted() -> None:
    world = a_world(FilePolicy(is_out_of_reach=True))
    [doubt] = world.services.files.doubts(world.a_station())
    assert "set files.url" in doubt


def test_without_a_door_nothing_is_offered() -> None:
    world = a_world(FilePolicy(places=()))
    station = world.a_station()
    with refused(Kind.UNAVAILABLE):
        world.services.files.offer_upload(station, job=None)
    with refused(Kind.UNAVAILABLE):
        world.services.files.shown(station, Direction.UPLOAD)


@pytest.mark.parametrize("place", EVERY_PLACE)
@pytest.mark.parametrize("direction", list(Direction))
def test_what_is_shown_is_the_location_without_its_token(place: str, direction: Direction) -> None:
    world = a_world(FilePolicy(places=(place,)))
    station, files = world.a_station(), world.services.files
    if direction is Direction.UPLOAD:
        location = files.offer_upload(station, job=None)
    else:
        location = files.offer_download(station, job=None, file="firmware/x", size=1, name="fw 1.bin")
        assert location.endswith("/fw%201.bin")
    assert without_credentials(location) == files.shown(station, direction, name="fw 1.bin")
    assert "fct_" not in files.shown(station, direction)
    assert len(location) < 512


def test_a_received_file_belongs_to_the_station_and_the_job_of_its_ticket() -> None:
    world = a_world()
    station = world.a_station()
    job = a_job(world, station)
    file = world.services.files.received(a_ticket(world, station, job), kept(), ARRIVAL)
    assert (file.station, file.job, file.name, file.received_at) == ("CP-1", job, "log.zip", NOON)
    [entry] = world.services.security_log.list(NoteFilter(kinds=frozenset({NoteKind.FILE_RECEIVED})), ALL).items
    assert (entry.note.station, entry.note.address) == ("CP-1", "192.0.2.1")
    assert world.services.files.list(FileFilter(job=job), ALL).items == [file]


def test_a_file_that_came_while_its_job_ended_is_kept() -> None:
    """The station reports when it has sent the last byte, which may be before it is here."""
    world = a_world()
    station = world.a_station()
    job = a_job(world, station)
    ticket = a_ticket(world, station, job)
    world.services.jobs.give_up(job, "admin")
    assert world.services.files.received(ticket, kept(), ARRIVAL).job == job


def test_with_one_ticket_the_newest_file_counts_and_no_more_come_than_anybody_needs() -> None:
    world = a_world()
    ticket = a_ticket(world, world.a_station())
    for number in range(UPLOAD_USES):
        world.services.files.received(ticket, kept(f"{number:x}"), ARRIVAL)
    with refused(Kind.CONFLICT):
        world.services.files.received(ticket, kept("ff"), ARRIVAL)
    assert world.services.files.same_as_received(ticket, kept("0")) is None
    assert world.services.files.same_as_received(ticket, kept(f"{UPLOAD_USES - 1:x}")) is not None


def test_a_system_keeps_its_id() -> None:
    world = a_world()
    assert world.services.files.system() == world.services.files.system()
    assert world.services.files.system() != a_world().services.files.system()


def test_the_name_of_a_file_does_not_repeat_its_token() -> None:
    world = a_world()
    arrival = replace(ARRIVAL, name=f"fct_{'A' * 43}-log.zip")
    file = world.services.files.received(a_ticket(world, world.a_station()), kept(), arrival)
    assert file.name == "***.zip"


def test_a_removed_file_is_gone_and_the_log_says_who_removed_it() -> None:
    world = a_world()
    files = world.services.files
    file = files.received(a_ticket(world, world.a_station()), kept(), ARRIVAL)
    assert files.remove(file.number, "token tests") == file
    for gone in (file.number, FileNumber(99)):
        with refused(Kind.NOT_FOUND):
            files.remove(gone, "token tests")
    [entry] = world.services.security_log.list(NoteFilter(kinds=frozenset({NoteKind.FILE_REMOVED})), ALL).items
    assert (entry.note.asked_by, entry.note.station) == ("token tests", "CP-1")


def test_files_are_forgotten_when_they_were_kept_long_enough() -> None:
    world = a_world(FilePolicy(keep=timedelta(days=10)))
    station, files = world.a_station(), world.services.files
    old = [files.received(a_ticket(world, station), kept(f"{n:x}"), ARRIVAL) for n in range(PRUNED_AT_ONCE + 2)]
    world.clock.advance(timedelta(days=10))
    new = files.received(a_ticket(world, station), kept("ffffff"), ARRIVAL)
    assert not files.is_due()
    world.clock.advance(timedelta(seconds=1))
    assert files.is_due()
    files.settle()
    assert [one.number for one in files.list(FileFilter(), PageRequest(3)).items] == [
        new.number,
        old[-1].number,
        old[-2].number,
    ]
    files.settle()
    assert not files.is_due()
    assert files.list(FileFilter(), ALL).items == [new]


def test_files_may_be_kept_for_ever() -> None:
    world = a_world(FilePolicy(keep=None))
    world.services.files.received(a_ticket(world, world.a_station()), kept(), ARRIVAL)
    world.clock.advance(timedelta(days=36500))
    assert not world.services.files.is_due()


def test_what_is_old_and_in_no_use_is_an_orphan() -> None:
    world = a_world()
    files = world.services.files
    used = files.received(a_ticket(world, world.a_station()), kept("a"), ARRIVAL).stored_as
    old, new = NOON - timedelta(hours=2), NOON - timedelta(minutes=1)
    lying = [Lying(used, old), Lying(kept("b").name, old), Lying(kept("c").name, new), Lying("received/x.part", old)]
    hour = timedelta(hours=1)
    assert list(files.orphans(Area.RECEIVED, lying, older_than=hour)) == [kept("b").name, "received/x.part"]


def test_where_nobody_says_what_is_in_use_nothing_is_swept() -> None:
    world = a_world()
    files = world.services.files
    files._keepers.pop(Area.FIRMWARE, None)
    assert not files.is_swept(Area.FIRMWARE)
    assert list(files.orphans(Area.FIRMWARE, [Lying("firmware/x", NOON)], older_than=timedelta(0))) == []


def test_tickets_are_forgotten_long_after_their_end() -> None:
    world = a_world()
    location = world.services.files.offer_upload(world.a_station(), job=None)
    world.clock.advance(timedelta(days=59))
    world.services.files.prune_tickets()
    assert world.services.files.find_ticket(token_in(location)) is not None
    world.clock.advance(timedelta(days=2))
    world.services.files.prune_tickets()
    assert world.services.files.find_ticket(token_in(location)) is None
