"""Which tag may charge, how often at once, and which may stop what another started (OCPP 1.6 §3.9, §3.10, §4.8)."""

from __future__ import annotations

import pytest

from tests.stories.builders import a_station, a_tag, fresh_tag
from tests.stories.messages import start_payload, started, stop_payload
from tests.stories.moments import ago
from tests.stories.wire import Wire
from tests.support.peer import Peer
from tests.support.rest import Rest, RestRefused
from tests.support.running import RunningSystem


def test_a_tag_has_one_transaction_at_a_time_unless_told_otherwise(system: RunningSystem, rest: Rest) -> None:
    """OCPP 1.6 §7.2: ConcurrentTx is an answer to StartTransaction alone."""
    here, there = a_station(rest), a_station(rest)
    tag = a_tag(rest)
    with Wire(system.stations_url, here) as wire, Wire(system.stations_url, there) as other:
        first = started(wire.ask("StartTransaction", start_payload(tag, ago(minutes=9))))
        second = started(wire.ask("StartTransaction", start_payload(tag, ago(minutes=8), connector=2)), "ConcurrentTx")
        third = started(other.ask("StartTransaction", start_payload(tag.lower(), ago(minutes=7))), "ConcurrentTx")
        assert wire.ask("Authorize", {"idTag": tag}) == {"idTagInfo": {"status": "Accepted"}}
        assert len({first, second, third}) == 3
        assert [rest.transaction(number)["idTagStatus"] for number in (first, second, third)] == [
            "Accepted",
            "ConcurrentTx",
            "ConcurrentTx",
        ]
        for link, number in ((wire, first), (wire, second), (other, third)):
            link.ask("StopTransaction", stop_payload(number, ago(minutes=1)))
        started(other.ask("StartTransaction", start_payload(tag, ago(seconds=30))))


def test_a_new_start_at_the_same_connector_is_not_concurrent(system: RunningSystem, rest: Rest) -> None:
    """One connector has one transaction: the stop of the older one was lost."""
    identity, tag = a_station(rest), a_tag(rest)
    with Wire(system.stations_url, identity) as wire:
        first = started(wire.ask("StartTransaction", start_payload(tag, ago(minutes=9))))
        second = started(wire.ask("StartTransaction", start_payload(tag, ago(minutes=8))))
    assert first != second


@pytest.mark.parametrize(
    ("limit", "statuses"), [(2, ["Accepted", "Accepted", "ConcurrentTx"]), (None, ["Accepted"] * 3)]
)
def test_the_number_of_transactions_of_a_tag_is_the_operators_choice(
    system: RunningSystem, rest: Rest, limit: int | None, statuses: list[str]
) -> None:
    identity, tag = a_station(rest), a_tag(rest, maxActiveTransactions=limit)
    with Wire(system.stations_url, identity) as wire:
        answers = [
            wire.ask("StartTransaction", start_payload(tag, ago(minutes=1), connector=number)) for number in (1, 2, 3)
        ]
    assert [answer["idTagInfo"]["status"] for answer in answers] == statuses


def test_a_repeated_start_is_not_concurrent_with_itself(system: RunningSystem, rest: Rest) -> None:
    identity, tag, at = a_station(rest), a_tag(rest), ago(minutes=1)
    for _ in range(2):
        with Wire(system.stations_url, identity) as wire:
            started(wire.ask("StartTransaction", start_payload(tag, at)))


def test_a_tag_of_the_same_group_may_stop(system: RunningSystem, rest: Rest) -> None:
    """OCPP 1.6 §3.10."""
    identity = a_station(rest)
    group = fresh_tag()
    driver, partner = a_tag(rest, parentIdTag=group), a_tag(rest, parentIdTag=group.lower())
    with Peer(system.stations_url, identity) as peer:
        answer = peer.start(1, driver, 0, ago(minutes=9))
        assert answer["idTagInfo"] == {"status": "Accepted", "parentIdTag": group}
        info = peer.stop(answer["transactionId"], 10, ago(minutes=1), id_tag=partner)["idTagInfo"]
        assert info == {"status": "Accepted", "parentIdTag": group.lower()}
        assert peer.authorize(group) == {"idTagInfo": {"status": "Invalid"}}, "the group's label is no tag"
    stored = rest.transaction(answer["transactionId"])
    assert (stored["parentIdTag"], stored["stopIdTag"], stored["doubts"]) == (group, partner, [])


@pytest.mark.parametrize("is_in_another_group", [True, False])
def test_a_stop_by_a_stranger_is_stored_and_marked(
    system: RunningSystem, rest: Rest, is_in_another_group: bool
) -> None:
    identity = a_station(rest)
    driver = a_tag(rest, parentIdTag=fresh_tag())
    stranger = a_tag(rest, parentIdTag=fresh_tag()) if is_in_another_group else fresh_tag()
    with Peer(system.stations_url, identity) as peer:
        transaction_id = peer.start(1, driver, 0, ago(minutes=9))["transactionId"]
        info = peer.stop(transaction_id, 10, ago(minutes=1), id_tag=stranger)["idTagInfo"]
        assert info["status"] == ("Accepted" if is_in_another_group else "Invalid")
    stored = rest.transaction(transaction_id)
    assert (stored["active"], stored["stopIdTag"], stored["doubts"]) == (False, stranger, ["otherToken"])


def test_tags_are_compared_without_their_case(system: RunningSystem, rest: Rest) -> None:
    """OCPP 1.6 §3.9."""
    identity, tag = a_station(rest), a_tag(rest)
    with Peer(system.stations_url, identity) as peer:
        transaction_id = started(peer.start(1, tag.lower(), 0, ago(minutes=9)))
        peer.stop(transaction_id, 10, ago(minutes=1), id_tag=tag)
    assert rest.transaction(transaction_id)["doubts"] == []
    assert [entry["transactionId"] for entry in rest.transactions(idTag=tag)] == [transaction_id]
    with pytest.raises(RestRefused) as refused:
        rest.add_tag(tag.lower())
    assert refused.value.status == 409


def test_a_blocked_or_expired_tag_gets_a_transaction_all_the_same(system: RunningSystem, rest: Rest) -> None:
    """OCPP 1.6 §4.8: the station decides what it does with the power."""
    identity, expiry = a_station(rest), ago(hours=2)
    blocked, expired = a_tag(rest, blocked=True), a_tag(rest, expiryDate=expiry)
    with Peer(system.stations_url, identity) as peer:
        first = peer.start(1, blocked, 0, ago(minutes=9))
        second = peer.start(2, expired, 0, ago(minutes=9))
    assert first["idTagInfo"] == {"status": "Blocked"}
    assert second["idTagInfo"] == {"status": "Expired", "expiryDate": expiry}
    assert rest.transaction(first["transactionId"])["idTagStatus"] == "Blocked"
    assert rest.transaction(second["transactionId"])["idTagStatus"] == "Expired"


def test_a_change_of_a_tag_counts_at_once(system: RunningSystem, rest: Rest) -> None:
    expiry = ago(hours=-24)
    identity, tag = a_station(rest), a_tag(rest, expiryDate=expiry)
    with Peer(system.stations_url, identity) as peer:
        assert peer.authorize(tag) == {"idTagInfo": {"status": "Accepted", "expiryDate": expiry}}
        rest.change_tag(tag, blocked=True)
        assert peer.authorize(tag)["idTagInfo"]["status"] == "Blocked"
        rest.change_tag(tag, blocked=False, expiryDate=None)
        assert peer.authorize(tag) == {"idTagInfo": {"status": "Accepted"}}
        rest.remove_tag(tag)
        assert peer.authorize(tag) == {"idTagInfo": {"status": "Invalid"}}
