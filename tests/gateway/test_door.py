"""The decision at the door, with the business behind it: what is read, proven, written down and answered."""

from __future__ import annotations

from base64 import b64encode
from functools import partial

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from forecourt.config import GatewayConfig
from forecourt.domain.admission.model import KeyForm, PasswordState
from forecourt.domain.errors import Kind as Fault
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import StationFilter
from forecourt.domain.security_log.model import Kind
from forecourt.domain.trust.model import Policy
from forecourt.gateway.door import Arrival, TlsFacts
from forecourt.gateway.handshake import Refused
from tests.gateway.doorstep import HERE, TLS12, TYPED, UPGRADE, World, basic, run
from tests.gateway.knocking import (
    BASIC,
    NONE,
    TLS_BASIC,
    admitted,
    prepared,
    refused,
)

# What every request costs


def test_a_plain_station_is_let_in_after_one_unit_of_reading_and_none_of_writing() -> None:
    async def story(world: World) -> None:
        world.station(password=None)
        writes = world.office.writes
        found = admitted(await world.knock())
        assert found.entry.profile is NONE
        assert (world.office.reads, world.office.writes - writes, world.kinds) == (1, 0, [])

    run(story)


@pytest.mark.parametrize(
    ("path", "status"), [("/", 404), ("/ocpp/", 400), ("/ocpp/a/b", 404), ("/ocpp/%FF", 400), ("/ocpp/CP-1?x=y", None)]
)
def test_the_path_is_read_first(path: str, status: int | None) -> None:
    async def story(world: World) -> None:
        world.station(password=None)
        decision = await world.knock(path=path)
        assert (decision.status if isinstance(decision, Refused) else None) == status
        assert world.office.reads == (0 if status else 1)

    run(story)


def test_what_is_no_upgrade_is_told_so() -> None:
    async def story(world: World) -> None:
        arrival = Arrival(raw_path="/ocpp/CP-1", headers=CIMultiDictProxy(CIMultiDict()), peer=HERE, listener="ws")
        assert refused(await world.door.decide(arrival)).status == 426

    run(story)


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("Upgrade", "h2c", 426),
        ("Connection", "keep-alive", 400),
        ("Connection", None, 400),
        ("Sec-WebSocket-Version", "8", 426),
        ("Sec-WebSocket-Version", None, 426),
        ("Sec-WebSocket-Key", None, 400),
        ("Sec-WebSocket-Key", "c2hvcnQ=", 400),
        ("Sec-WebSocket-Key", "no base64", 400),
    ],
)
def test_what_is_no_complete_handshake_costs_nothing_and_changes_nothing(
    name: str, value: str | None, status: int
) -> None:
    """RFC 6455 §4.2.1: one that cannot become a link must not be on record as one."""

    async def story(world: World) -> None:
        world.station(BASIC)
        before, writes = world.access, world.office.writes
        kept = [pair for pair in UPGRADE if pair[0] != name]
        sent = kept if value is None else [*kept, (name, value)]
        refusal = refused(await world.knock(basic(TYPED), upgrade=sent))
        assert refusal.status == status
        assert (world.office.reads, world.office.writes - writes, world.kinds) == (0, 0, [])
        assert world.access == before
        if status == 426:  # RFC 9110 §15.5.22, RFC 6455 §4.4
            assert ("Upgrade", "websocket") in refusal.headers
        assert (("Sec-WebSocket-Version", "13") in refusal.headers) == (name == "Sec-WebSocket-Version")

    run(story)


def test_two_keys_are_none() -> None:
    async def story(world: World) -> None:
        assert refused(await world.knock(upgrade=[*UPGRADE, *UPGRADE[3:4]])).status == 400

    run(story)


def test_too_many_at_once_are_told_when_to_come_back() -> None:
    async def story(world: World) -> None:
        world.station(password=None)
        admitted(await world.knock())
        refusal = refused(await world.knock())
        assert (refusal.status, "Retry-After" in dict(refusal.headers)) == (503, True)

    run(story, World(GatewayConfig(upgrades_per_second=1, upgrades_waiting=0)))


def test_a_database_that_is_out_of_reach_is_no_fault_of_the_station() -> None:
    async def story(world: World) -> None:
        world.station(password=None)
        world.office.is_available = False
        refusal = refused(await world.knock())
        assert (refusal.status, refusal.kind) == (503, None)

    run(story)


def test_an_unknown_station_is_noted_and_nothing_is_computed_for_it() -> None:
    async def story(world: World) -> None:
        refusal = refused(await world.knock(basic(b"x"), tls=TLS12, chain=[b"rubbish"]))
        assert refusal.status == 404
        assert world.strangers == [f"CP-1 {HERE}"]
        assert world.kinds == [Kind.UNKNOWN_STATION]
        assert world.desk._of_addresses._full_at == {}

    run(story)


# Passwords


def test_a_station_of_profile_1_needs_its_password() -> None:
    async def story(world: World) -> None:
        world.station(BASIC)
        refusal = refused(await world.knock())
        assert (refusal.status, refusal.kind) == (401, Kind.CREDENTIALS_MISSING)
        assert refused(await world.knock(basic(b"wrong"))).status == 401
        assert refused(await world.knock(basic(TYPED, "CP-2"))).status == 401
        assert refused(await world.knock(("Authorization", "Basic ?"))).status == 400
        assert refused(await world.knock(basic(TYPED), basic(TYPED))).status == 400
        assert admitted(await world.knock(basic(TYPED))).entry.password == 1
        assert world.kinds == [
            Kind.CREDENTIALS_MISSING,
            Kind.CREDENTIALS_WRONG,
            Kind.CREDENTIALS_OF_ANOTHER,
            Kind.CREDENTIALS_MALFORMED,
            Kind.CREDENTIALS_MALFORMED,
        ]
        assert all((note.station, note.address) == ("CP-1", HERE) for note in world.notes.taken)

    run(story)


def test_no_note_and_no_answer_shows_what_was_sent() -> None:
    """A01.FR.09."""

    async def story(world: World) -> None:
        world.station(BASIC)
        said = [str(await world.knock(basic(secret))) for secret in (b"hunter2-hunter2", TYPED)]
        for text in (*said, *map(str, world.notes.taken)):
            assert "hunter2" not in text
            assert TYPED.decode() not in text
            assert b64encode(b"CP-1:" + TYPED).decode() not in text

    run(story)


def test_the_first_login_is_on_record_before_the_station_is_let_in_and_the_next_one_writes_nothing() -> None:
    """The form in which the station shows its key is learned (OCPP-J 1.6 §6.2.2)."""

    async def story(world: World) -> None:
        world.station(BASIC)
        assert [one.form for one in world.access.passwords] == [None]
        admitted(await world.knock(basic(TYPED)))
        assert [one.form for one in world.access.passwords] == [KeyForm.BYTES]
        writes = world.office.writes
        admitted(await world.knock(basic(TYPED)))
        assert world.office.writes == writes

    run(story)


def test_a_login_that_cannot_be_recorded_is_refused() -> None:
    async def story(world: World) -> None:
        world.station(BASIC)
        world.office.write_fault = Fault.UNAVAILABLE
        assert refused(await world.knock(basic(TYPED))).status == 503

    run(story)


def test_guesses_are_cut_short_and_the_right_password_still_gets_in() -> None:
    async def story(world: World) -> None:
        world.station(BASIC)
        admitted(await world.knock(basic(TYPED)))
        statuses = [refused(await world.knock(basic(b"wrong"))).status for _ in range(12)]
        assert statuses[0] == 401
        assert statuses[-1] == 429
        assert world.kinds[-1] is Kind.TOO_MANY_ATTEMPTS
        admitted(await world.knock(basic(TYPED)))

    run(story)


# What changes between the reading and the writing


def test_a_password_that_is_replaced_while_the_station_connects_is_refused() -> None:
    async def story(world: World) -> None:
        station = world.station(BASIC)
        world.office.meanwhile.append(lambda services: services.passwords.set(station, prepared(b"another"), "test"))
        refusal = refused(await world.knock(basic(TYPED)))
        assert (refusal.status, refusal.kind) == (401, Kind.CREDENTIALS_FORMER)
        current = [one for one in world.access.passwords if one.state is PasswordState.CURRENT]
        assert [one.form for one in current] == [None]

    run(story)


def test_a_profile_that_is_raised_while_the_station_connects_is_the_one_that_counts() -> None:
    async def story(world: World) -> None:
        world.station(BASIC)
        world.office.meanwhile.append(partial(world.set_profile, TLS_BASIC))
        assert refused(await world.knock(basic(TYPED))).kind is Kind.PROFILE_MISMATCH

    run(story)


def test_a_station_whose_record_never_stands_still_is_told_to_come_back() -> None:
    async def story(world: World) -> None:
        world.station(BASIC)
        world.office.write_fault = Fault.REFUSED
        assert refused(await world.knock(basic(TYPED))).status == 503
        assert world.office.reads == 3

    run(story)


# Old TLS


@pytest.mark.parametrize(("version", "is_legacy"), [("TLSv1.1", False), ("TLSv1.2", True), ("TLSv1", True)])
def test_old_tls_is_refused_unless_it_is_excused(version: str, is_legacy: bool) -> None:
    """A00.FR.314."""

    async def story(world: World) -> None:
        world.station(TLS_BASIC)
        old = TlsFacts(version=version, cipher="AES128-SHA")
        decision = await world.knock(basic(TYPED), tls=old, is_legacy=is_legacy)
        assert refused(decision).kind is Kind.TLS_VERSION_REFUSED
        admitted(await world.knock(basic(TYPED), tls=TLS12))

    run(story)


# Stations that register themselves


def identities(world: World) -> list[str]:
    page = world.services.provisioning.list(StationFilter(), PageRequest())
    return [sheet.station.identity for sheet in page.items]


def test_a_station_registers_itself_where_that_is_wanted() -> None:
    async def story(world: World) -> None:
        found = admitted(await world.knock())
        assert found.station.identity == "CP-1"
        assert identities(world) == ["CP-1"]
        assert world.strangers == []

    run(story, World(GatewayConfig(auto_register=True)))


def test_a_station_that_could_not_come_in_does_not_register_itself() -> None:
    async def story(world: World) -> None:
        world.trust(Policy(new_station_profile=BASIC))
        assert refused(await world.knock(basic(TYPED))).status == 404
        world.trust(Policy(listeners={"ws": frozenset({BASIC})}))
        assert refused(await world.knock()).status == 404
        world.trust(Policy())
        other = CIMultiDictProxy(CIMultiDict([*UPGRADE[:-1], ("Sec-WebSocket-Protocol", "ocpp1.5")]))
        arrival = Arrival(raw_path="/ocpp/CP-1", headers=other, peer=HERE, listener="ws")
        assert refused(await world.door.decide(arrival)).status == 404
        assert identities(world) == []
        assert len(world.strangers) == 3

    run(story, World(GatewayConfig(auto_register=True)))


# What it is told beyond its demands


def test_what_was_not_looked_at_leaves_what_is_on_record() -> None:
    """Else the record of a station would change with the load of this system."""

    async def story(world: World) -> None:
        world.station(NONE)
        admitted(await world.knock(basic(b"wrong")))
        known = world.access.presented
        assert known is not None
        assert "wrong" in known
        writes = world.office.writes
        world.desk._open["elsewhere"] = 10
        admitted(await world.knock(basic(b"wrong")))
        assert (world.access.presented, world.office.writes) == (known, writes)
        del world.desk._open["elsewhere"]
        admitted(await world.knock(basic(TYPED)))
        assert world.access.presented != known

    run(story)
