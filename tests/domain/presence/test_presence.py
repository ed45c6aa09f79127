"""Who is connected, and which of several links of one station counts."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.errors import Kind
from forecourt.domain.presence.model import PLAIN, Epoch, LinkId, LinkRecord, LinkSecurity
from forecourt.domain.provisioning.model import Station
from tests.domain.world import ALL, World, refused
from tests.support.clock import NOON

link_ids = map(LinkId, count(1000))


def connect_as(world: World, station: Station, link_id: LinkId, node: str = "node-a") -> Epoch:
    return world.services.presence.open(station, link_id, node=node, address="127.0.0.1:5000", subprotocol="ocpp1.6")


def connect(world: World, station: Station, node: str = "node-a") -> LinkId:
    link_id = next(link_ids)
    connect_as(world, station, link_id, node)
    return link_id


def links_of(world: World) -> list[LinkRecord]:
    return list(world.services.presence.list(ALL).items)


def test_a_link_shows_with_what_its_station_came_in() -> None:
    world = World()
    station = world.a_station()
    security = LinkSecurity(profile=SecurityProfile.TLS_BASIC, listener="wss", is_tls=True, tls_version="TLSv1.2")
    world.services.presence.open(
        station, next(link_ids), node="node-a", address="::1", subprotocol="ocpp1.6", security=security
    )
    assert [link.security for link in links_of(world)] == [security]
    connect(world, station)
    assert [link.security for link in links_of(world)] == [PLAIN]


def test_a_station_is_online_while_it_has_a_link() -> None:
    world = World()
    station = world.a_station()

    epoch = connect_as(world, station, LinkId(7))

    assert links_of(world) == [
        LinkRecord(
            station="CP-1",
            link_id=LinkId(7),
            epoch=epoch,
            node="node-a",
            address="127.0.0.1:5000",
            subprotocol="ocpp1.6",
            connected_at=NOON,
        )
    ]
    assert world.services.provisioning.get("CP-1").is_online
    world.services.presence.close(station, LinkId(7))
    assert links_of(world) == []
    assert not world.services.provisioning.get("CP-1").is_online


def test_a_newer_link_replaces_the_older_one() -> None:
    world = World()
    station = world.a_station()
    older = connect_as(world, station, LinkId(9))
    world.clock.advance(timedelta(seconds=1))

    newer = connect_as(world, station, LinkId(8), "node-b")  # ids have no order

    assert newer > older
    [link] = links_of(world)
    assert (link.link_id, link.epoch, link.node) == (LinkId(8), newer, "node-b")


def test_the_end_of_an_older_link_does_not_end_the_newer_one() -> None:
    """Half-open sockets end long after the station has come back."""
    world = World()
    station = world.a_station()
    older, newer = connect(world, station), connect(world, station)

    world.services.presence.close(station, older)

    assert [link.link_id for link in links_of(world)] == [newer]


def test_the_end_of_a_link_that_was_never_recorded_does_not_end_the_one_that_is() -> None:
    """A link whose record the database did not take ends all the same."""
    world = World()
    station = world.a_station()
    current = connect(world, station)

    world.services.presence.close(station, next(link_ids))

    assert [link.link_id for link in links_of(world)] == [current]


def test_epochs_rise_also_after_a_link_has_ended() -> None:
    world = World()
    station = world.a_station()
    older = connect_as(world, station, LinkId(9))
    world.services.presence.close(station, LinkId(9))

    assert connect_as(world, station, LinkId(8)) > older


def test_a_node_that_starts_again_has_no_links() -> None:
    world = World()
    connect(world, world.a_station("CP-1"), "node-a")
    connect(world, world.a_station("CP-2"), "node-b")

    world.services.presence.close_all("node-a")

    assert [link.station for link in links_of(world)] == ["CP-2"]


def test_an_operator_may_have_a_link_ended() -> None:
    world = World()
    link_id = connect(world, world.a_station())
    assert world.services.presence.to_close("node-a") == []

    world.services.presence.ask_to_close("CP-1")

    assert world.changes.stations == ["CP-1"]
    assert world.services.presence.to_close("node-a") == [("CP-1", link_id)]
    assert world.services.presence.to_close("node-b") == []
    [link] = links_of(world)
    assert link.is_to_close


def test_the_wish_to_end_a_link_does_not_outlive_it() -> None:
    world = World()
    station = world.a_station()
    connect(world, station)
    world.services.presence.ask_to_close("CP-1")

    connect(world, station)

    assert world.services.presence.to_close("node-a") == []


def test_the_link_of_a_removed_station_is_to_be_closed() -> None:
    world = World()
    link_id = connect(world, world.a_station())

    world.services.provisioning.remove("CP-1")

    assert world.services.presence.to_close("node-a") == [("CP-1", link_id)]


def test_a_station_that_is_not_connected_cannot_be_disconnected() -> None:
    world = World()
    world.a_station()

    with refused(Kind.NOT_FOUND, about="'CP-1'"):
        world.services.presence.ask_to_close("CP-1")
    assert world.changes.stations == []
