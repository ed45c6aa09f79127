"""The states of a station from which the certification tool's cases begin."""

from __future__ import annotations

from tests.stories.builders import a_station
from tests.stories.moments import ago, is_now
from tests.support.peer import Peer
from tests.support.rest import Json, Rest
from tests.support.running import RunningSystem

ACCEPTED = {"idTagInfo": {"status": "Accepted"}}
HEARTBEAT_SECONDS = 300


def a_link(system: RunningSystem) -> Peer:
    """A link of a new station, for `with`; the station still has to say that it booted."""
    return Peer(system.stations_url, a_station(system.rest, heartbeatInterval=HEARTBEAT_SECONDS))


def boot(peer: Peer) -> None:
    """The station boots, and its connector 1 is free."""
    assert_boot_accepted(peer.boot())
    for number in (0, 1):
        assert peer.status(number, "Available", at=ago(minutes=40)) == {}


def assert_boot_accepted(answer: Json) -> None:
    assert is_now(answer["currentTime"])
    assert answer == {"status": "Accepted", "currentTime": answer["currentTime"], "interval": HEARTBEAT_SECONDS}


def assert_started(answer: Json, status: str = "Accepted") -> int:
    """The whole answer to a start; returns the id that the station was given."""
    transaction_id = answer["transactionId"]
    assert isinstance(transaction_id, int)
    assert transaction_id > 0
    assert answer == {"transactionId": transaction_id, "idTagInfo": {"status": status}}
    return transaction_id


def charging(peer: Peer, tag: str, *, meter: int = 0, at: str | None = None) -> int:
    """Authorised, plugged in, started, charging on connector 1."""
    at = at or ago(minutes=30)
    assert peer.authorize(tag) == ACCEPTED
    assert peer.status(1, "Preparing", at=at) == {}
    transaction_id = assert_started(peer.start(1, tag, meter, at))
    assert peer.status(1, "Charging", at=at) == {}
    return transaction_id


def finish(peer: Peer, transaction_id: int, reason: str, *, at: str, meter: int = 1000) -> None:
    """The transaction ends for this reason, and the cable is pulled."""
    assert peer.stop(transaction_id, meter, at, reason=reason) == {}
    assert peer.status(1, "Finishing", at=at) == {}
    assert peer.status(1, "Available", at=at) == {}


def status_of(rest: Rest, peer: Peer, connector: int = 1) -> str:
    """The state of a connector as the station's page shows it."""
    [found] = [one for one in rest.station(peer.identity)["connectors"] if one["connectorId"] == connector]
    status: str = found["status"]
    return status
