"""Tests of remote requests in the database, against the promises of RemoteRequestStore."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forecourt.domain.errands.intents import StopCharging
from forecourt.domain.errands.model import Draft, ErrandNumber, Line, Order
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import LinkId
from forecourt.domain.remote_control.model import RemoteRequest, RemoteRequestFilter, RequestKind, RequestState
from forecourt.storage.database import Database
from forecourt.storage.errands import Errands
from forecourt.storage.remote_requests import RemoteRequests
from tests.storage.bench import HIGHEST, UNUSUAL_TEXTS, Bench, all_pages
from tests.storage.explaining import explained, uses
from tests.support.clock import NOON
from tests.support.vault import VAULT

MINUTE = timedelta(minutes=1)
EDGE = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
REQUEST = RemoteRequest(
    errand=ErrandNumber(1),
    station="CP-1",
    kind=RequestKind.START,
    state=RequestState.REQUESTED,
    asked_by="token ops",
    evse=EvseId(2),
    id_token="Card",
    requested_at=NOON,
    waits_until=NOON + MINUTE,
)


@pytest.fixture
def requests(bench: Bench) -> RemoteRequests:
    return RemoteRequests(bench.unit)


def add(bench: Bench, requests: RemoteRequests, key: int, *added: RemoteRequest) -> None:
    with bench.committed():
        for request in added:
            requests.add(key, request)


def numbers(found: object) -> list[int]:
    assert isinstance(found, list)
    return [request.errand for request in found]


@pytest.mark.parametrize(
    "request_",
    [
        REQUEST,
        replace(REQUEST, evse=None, id_token=None, kind=RequestKind.STOP, transaction_id=HIGHEST),
        replace(REQUEST, evse=WHOLE_STATION, errand=ErrandNumber(HIGHEST), requested_at=EDGE, waits_until=EDGE),
        *[replace(REQUEST, id_token=text, asked_by=text, status=text, reason=text) for text in UNUSUAL_TEXTS],
        replace(
            REQUEST, state=RequestState.FAILED, is_outcome_unknown=True, answered_at=EDGE, ended_at=NOON, reason="No."
        ),
    ],
)
def test_a_request_is_kept_exactly(bench: Bench, requests: RemoteRequests, request_: RemoteRequest) -> None:
    add(bench, requests, bench.add_station(), request_)
    with bench.reading():
        assert requests.find(request_.errand) == request_
        assert requests.list(RemoteRequestFilter(), PageRequest()).items == [request_]
        assert requests.find(ErrandNumber(77)) is None


def test_the_open_requests_of_a_station_come_oldest_first(bench: Bench, requests: RemoteRequests) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    ended = replace(REQUEST, errand=ErrandNumber(2), ended_at=NOON)
    add(bench, requests, key, replace(REQUEST, errand=ErrandNumber(3)), ended, REQUEST)
    add(bench, requests, other, replace(REQUEST, errand=ErrandNumber(4)))
    with bench.reading():
        assert numbers(requests.open(key)) == [1, 3]
        assert numbers(requests.open(other)) == [4]
        assert requests.open(99) == []


def test_a_change_is_kept_until_it_has_an_end_that_is_known(bench: Bench, requests: RemoteRequests) -> None:
    key = bench.add_station()
    add(bench, requests, key, REQUEST, replace(REQUEST, errand=ErrandNumber(2)))
    changed = replace(
        REQUEST,
        state=RequestState.STARTED,
        transaction_id=9,
        status="Accepted",
        answered_at=NOON,
        ended_at=NOON + MINUTE,
        waits_until=NOON,
    )
    with bench.committed():
        requests.change(replace(changed, state=RequestState.FAILED, is_outcome_unknown=True))
    with bench.committed():
        requests.change(changed)
    with bench.committed():
        requests.change(replace(changed, state=RequestState.TIMED_OUT, transaction_id=None))
    with bench.reading():
        assert requests.find(REQUEST.errand) == changed
        assert numbers(requests.open(key)) == [2]


def test_the_time_of_sending_is_that_of_the_errand(bench: Bench, requests: RemoteRequests) -> None:
    key = bench.add_station()
    errands = Errands(bench.unit, VAULT)
    line = Line("node", LinkId(1))
    draft = Draft(operation="StopCharging", intent=StopCharging(1), shown=None)
    with bench.committed():
        bench.links.open(key, line.link_id, node="node", address="::1", subprotocol="ocpp1.6", at=NOON)
        number, _ = errands.add(key, draft, Order(asked_by="x"), expires_at=NOON + MINUTE, at=NOON)
        requests.add(key, replace(REQUEST, errand=number))
        claim = errands.next_for(key, line, NOON)
        assert claim is not None
    with bench.reading():
        [waiting] = requests.open(key)
    with bench.committed():
        kept, sent_at = claim.intent, NOON + MINUTE
        errands.send(claim, line=line, action="A", shown="{}", kept=kept, at=sent_at, answer_by=sent_at)
    with bench.reading():
        [sent] = requests.open(key)
        assert requests.find(number) == sent
        assert requests.list(RemoteRequestFilter(), PageRequest()).items == [sent]
    assert (waiting.sent_at, sent.sent_at) == (None, sent_at)


def test_open_requests_are_overdue_when_their_time_has_come(bench: Bench, requests: RemoteRequests) -> None:
    key = bench.add_station()
    later = replace(REQUEST, errand=ErrandNumber(2), waits_until=NOON + 2 * MINUTE)
    ended = replace(REQUEST, errand=ErrandNumber(3), ended_at=NOON)
    add(bench, requests, key, REQUEST, later, ended)
    with bench.reading():
        for at, expected in [(NOON, []), (NOON + MINUTE, [1]), (NOON + 2 * MINUTE, [1, 2])]:
            assert sorted(numbers(requests.overdue(at))) == expected
            assert requests.is_overdue(at) is bool(expected)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (RemoteRequestFilter(), [4, 3, 2, 1]),
        (RemoteRequestFilter(station="CP-1"), [3, 1]),
        (RemoteRequestFilter(station="CP"), []),
        (RemoteRequestFilter(kind=RequestKind.STOP), [4, 3]),
        (RemoteRequestFilter(states=frozenset({RequestState.REFUSED, RequestState.TIMED_OUT})), [2]),
        (RemoteRequestFilter(states=frozenset()), []),
        (RemoteRequestFilter(kind=RequestKind.STOP, station="CP-2"), [4]),
    ],
)
def test_lists_are_filtered_and_paged(
    bench: Bench, requests: RemoteRequests, wanted: RemoteRequestFilter, expected: list[int]
) -> None:
    keys = [bench.add_station("CP-2"), bench.add_station("CP-1")]
    for number in range(1, 5):
        kind = RequestKind.START if number < 3 else RequestKind.STOP
        state = RequestState.REFUSED if number == 2 else RequestState.REQUESTED
        add(bench, requests, keys[number % 2], replace(REQUEST, errand=ErrandNumber(number), kind=kind, state=state))
    with bench.reading():
        for limit in (1, 2, 10):
            assert numbers(all_pages(lambda page: requests.list(wanted, page), limit)) == expected


def test_open_requests_are_read_from_the_index_that_holds_no_others(tmp_path: Path) -> None:
    """Every start and stop looks for them, at a station that may have had thousands."""
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    database.migrate()
    bench = Bench(database)
    with bench.reading(), explained(bench) as plans:
        RemoteRequests(bench.unit).open(1)
    bench.close()

    assert uses(plans, "remote_request_open"), plans
    assert "(station_key=? AND ended_at=?)" in plans[0]
    assert "TEMP B-TREE" not in plans[0], "they are sorted once more"
