"""Tests of the record of links, against the promises of LinkStore."""

from __future__ import annotations

from itertools import count

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import PLAIN, Epoch, LinkId, LinkRecord, LinkSecurity
from forecourt.domain.provisioning.model import StationDraft, StationKey
from tests.storage.bench import HIGHEST, Bench, all_pages
from tests.support.clock import NOON

link_ids = map(LinkId, count(1000))


def open_as(bench: Bench, key: StationKey, link_id: LinkId, *, node: str = "one", address: str = "192.0.2.1") -> Epoch:
    with bench.committed():
        return bench.links.open(key, link_id, node=node, address=address, subprotocol="ocpp1.6", at=NOON)


def open_link(bench: Bench, key: StationKey, *, node: str = "one", address: str = "192.0.2.1") -> LinkId:
    link_id = next(link_ids)
    open_as(bench, key, link_id, node=node, address=address)
    return link_id


def close_link(bench: Bench, key: StationKey, link_id: LinkId) -> None:
    with bench.committed():
        bench.links.close(key, link_id)


def listed(bench: Bench) -> list[LinkRecord]:
    with bench.reading():
        return all_pages(bench.links.list, 2)


def to_close(bench: Bench, node: str = "one") -> list[tuple[str, LinkId]]:
    with bench.reading():
        return bench.links.to_close(node)


def test_an_open_link_is_listed_as_it_is(bench: Bench) -> None:
    link_id = LinkId(HIGHEST)
    epoch = open_as(bench, bench.add_station(), link_id)
    assert listed(bench) == [
        LinkRecord(
            station="CP-1",
            link_id=link_id,
            epoch=epoch,
            node="one",
            address="192.0.2.1",
            subprotocol="ocpp1.6",
            connected_at=NOON,
        )
    ]


def test_a_link_shows_how_its_station_came_in(bench: Bench) -> None:
    key = bench.add_station()
    security = LinkSecurity(
        profile=SecurityProfile.TLS_CERTIFICATE,
        listener="wss",
        is_tls=True,
        tls_version="TLSv1.3",
        cipher="TLS_AES_128_GCM_SHA256",
        via_proxy="2001:db8::1",
        fingerprint="00ff" * 16,
        certificate_ends_at=NOON,
        is_onboarding=True,
    )
    with bench.committed():
        bench.links.open(
            key, next(link_ids), node="one", address="::1", subprotocol="ocpp1.6", at=NOON, security=security
        )
    assert [record.security for record in listed(bench)] == [security]
    open_link(bench, key)
    assert [record.security for record in listed(bench)] == [PLAIN], "nothing is left of the link before"


def test_a_link_of_a_time_when_that_was_not_written_down_shows_nothing_of_it(bench: Bench) -> None:
    open_link(bench, bench.add_station())
    with bench.committed():
        bench.unit.execute("UPDATE link SET profile = NULL, listener = NULL, is_tls = NULL, is_onboarding = NULL")
    assert [record.security for record in listed(bench)] == [PLAIN]


def test_a_new_link_takes_the_place_of_the_old_one(bench: Bench) -> None:
    key = bench.add_station()
    first, second = LinkId(9), LinkId(8)  # ids have no order
    old = open_as(bench, key, first, node="one", address="192.0.2.1")
    new = open_as(bench, key, second, node="two", address="192.0.2.2")
    assert new > old
    [record] = listed(bench)
    assert (record.link_id, record.epoch, record.node, record.address) == (second, new, "two", "192.0.2.2")


def test_the_end_of_an_old_link_does_not_end_the_newer_one(bench: Bench) -> None:
    key = bench.add_station()
    old, new = open_link(bench, key), open_link(bench, key)
    close_link(bench, key, old)
    assert [record.link_id for record in listed(bench)] == [new]
    close_link(bench, key, new)
    assert listed(bench) == []


def test_the_end_of_a_link_that_was_never_recorded_does_not_end_the_one_that_is(bench: Bench) -> None:
    key = bench.add_station()
    close_link(bench, key, next(link_ids))
    assert listed(bench) == []
    current = open_link(bench, key)
    close_link(bench, key, next(link_ids))
    assert [record.link_id for record in listed(bench)] == [current]


def test_the_end_of_a_link_ends_no_link_of_another_station(bench: Bench) -> None:
    link_id = next(link_ids)
    one, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    open_as(bench, one, link_id)
    open_as(bench, other, link_id)
    close_link(bench, one, link_id)
    assert [record.station for record in listed(bench)] == ["CP-2"]


def test_a_link_that_is_recorded_again_has_a_higher_epoch(bench: Bench) -> None:
    """The node was not told that its first attempt was committed."""
    key, link_id = bench.add_station(), next(link_ids)
    first, second = open_as(bench, key, link_id), open_as(bench, key, link_id)
    assert second > first
    assert [(record.link_id, record.epoch) for record in listed(bench)] == [(link_id, second)]
    close_link(bench, key, link_id)
    assert listed(bench) == []


def test_epochs_never_repeat(bench: Bench) -> None:
    key = bench.add_station()
    epochs = []
    for _ in range(3):
        link_id = next(link_ids)
        epochs.append(open_as(bench, key, link_id))
        close_link(bench, key, link_id)
    with bench.committed():
        bench.links.close_all("one")
        bench.stations.remove(key, NOON)
    with bench.committed():
        bench.stations.add(StationDraft(identity="CP-1"), NOON)
    epochs.append(open_as(bench, key, next(link_ids)))
    assert len(epochs) == 4
    assert epochs == sorted(set(epochs))


def test_a_node_that_starts_again_has_no_links_and_others_keep_theirs(bench: Bench) -> None:
    for number, node in enumerate(["one", "two", "one"]):
        open_link(bench, bench.add_station(f"CP-{number}"), node=node)
    with bench.committed():
        bench.links.close_all("one")
    assert [record.station for record in listed(bench)] == ["CP-1"]


def test_an_end_is_asked_for_until_the_link_is_closed(bench: Bench) -> None:
    key = bench.add_station()
    link_id = open_link(bench, key)
    open_link(bench, bench.add_station("CP-2"))
    assert to_close(bench) == []
    with bench.committed():
        assert bench.links.ask_to_close("CP-1")
    assert to_close(bench) == [("CP-1", link_id)]
    assert to_close(bench, "two") == []
    assert [record.is_to_close for record in listed(bench)] == [True, False]
    close_link(bench, key, link_id)
    assert to_close(bench) == []
    open_link(bench, key)
    assert to_close(bench) == [], "the wish was for the link before"


def test_a_station_without_a_link_cannot_be_closed(bench: Bench) -> None:
    key = bench.add_station()
    with bench.committed():
        assert not bench.links.ask_to_close("CP-1")
        assert not bench.links.ask_to_close("nobody")
    close_link(bench, key, open_link(bench, key))
    with bench.committed():
        assert not bench.links.ask_to_close("CP-1")


def test_the_link_of_a_removed_station_is_to_close(bench: Bench) -> None:
    key = bench.add_station()
    link_id = open_link(bench, key)
    with bench.committed():
        bench.stations.remove(key, NOON)
    assert to_close(bench) == [("CP-1", link_id)]


def test_links_are_listed_by_station_page_by_page(bench: Bench) -> None:
    names = [f"CP-{number}" for number in range(5)]
    for name in reversed(names):
        open_link(bench, bench.add_station(name))
    assert [record.station for record in listed(bench)] == names
    with bench.reading():
        assert bench.links.list(PageRequest(5)).next_after is None


def test_a_station_is_on_line_while_its_link_is_open(bench: Bench) -> None:
    key = bench.add_station()
    link_id = open_link(bench, key)
    with bench.reading():
        sheet = bench.stations.sheet("CP-1")
    assert sheet is not None
    assert sheet.is_online
    with bench.committed():
        bench.links.close(key, link_id)
    with bench.reading():
        sheet = bench.stations.sheet("CP-1")
    assert sheet is not None
    assert not sheet.is_online
