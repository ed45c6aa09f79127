"""Tests of local authorization lists in the database, against the promises of LocalListStore."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.authorization.model import IdToken, fold, judge
from forecourt.domain.errands.intents import ListEntry
from forecourt.domain.errands.model import ErrandNumber
from forecourt.domain.local_list.model import Due, ListFilter, ListItem, ListKind, ListRecord
from forecourt.domain.paging import PageRequest
from forecourt.storage.local_lists import LocalListRecords
from tests.storage.bench import HIGHEST, Bench, all_pages
from tests.support.clock import NOON

DAY = timedelta(days=1)


def add_tokens(bench: Bench, *tokens: IdToken) -> None:
    with bench.committed():
        for token in tokens:
            assert bench.tokens.add(token, NOON)


def a_choice(*names: str) -> dict[str, str]:
    return {fold(name): name for name in names}


def test_a_record_is_empty_until_somebody_writes_it(bench: Bench) -> None:
    key = bench.add_station()
    with bench.committed():
        store = LocalListRecords(bench.unit)
        assert store.find(key) == ListRecord()
        assert store.take(key) == ListRecord()
        assert store.take(key) == ListRecord()
    assert bench.count("local_list") == 1


def test_a_record_is_kept_exactly(bench: Bench) -> None:
    key = bench.add_station()
    record = ListRecord(
        is_managed=True,
        follows_all=True,
        version=3,
        is_content_known=True,
        acknowledged_at=NOON,
        last_version=HIGHEST,
        reported_version=-1,
        reported_at=NOON + DAY,
        is_unsupported=True,
        failure="why; 'so'",
        sending_version=4,
        sending_errand=ErrandNumber(7),
        heard_errand=ErrandNumber(6),
        asked_by="tester",
        resume_after="a' b",
        has_started_over=True,
    )
    with bench.committed():
        store = LocalListRecords(bench.unit)
        store.take(key)
        store.put(key, record)
    with bench.committed():
        store = LocalListRecords(bench.unit)
        assert store.find(key) == record
        assert store.take(key) == record


TOKENS = [
    IdToken(id_token="Plain"),
    IdToken(id_token="Grouped", parent="G", expires_at=NOON + DAY),
    IdToken(id_token="Blocked", is_blocked=True, expires_at=NOON - DAY),
    IdToken(id_token="Expired", expires_at=NOON),
    IdToken(id_token="Almost", expires_at=NOON + timedelta(microseconds=1)),
]


def test_the_status_of_an_entry_is_the_verdict_on_the_token(bench: Bench) -> None:
    """The rule stands in the domain and, for speed, in the database: they must agree."""
    key = bench.add_station()
    add_tokens(bench, *TOKENS)
    with bench.reading():
        entries = LocalListRecords(bench.unit).first_wanted(key, NOON, 10, follows_all=True)
    verdicts = {token.id_token: judge(token, NOON) for token in TOKENS}
    assert {one.id_token: (one.status, one.expires_at, one.parent) for one in entries} == {
        name: (verdict.status.value, verdict.expires_at, verdict.parent) for name, verdict in verdicts.items()
    }


@pytest.mark.parametrize("follows_all", [True, False])
def test_what_is_wanted_is_counted_and_ordered(bench: Bench, *, follows_all: bool) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    add_tokens(bench, *TOKENS)
    with bench.committed():
        store = LocalListRecords(bench.unit)
        store.choose(key, a_choice("blocked", "PLAIN", "gone"))
        store.choose(other, a_choice("Expired"))
        assert store.unregistered(key, 5) == ["gone"]
        assert store.count_wanted(key, follows_all=follows_all) == (5 if follows_all else 2)
        wanted = [one.id_token for one in store.first_wanted(key, NOON, 2, follows_all=follows_all)]
        assert wanted == (["Almost", "Blocked"] if follows_all else ["Blocked", "Plain"])
        store.choose(key, {})
        assert store.count_wanted(key, follows_all=False) == 0
        assert store.count_wanted(other, follows_all=False) == 1


@pytest.mark.parametrize("follows_all", [True, False])
def test_what_differs_is_found(bench: Bench, *, follows_all: bool) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    add_tokens(bench, *TOKENS)
    with bench.committed():
        store = LocalListRecords(bench.unit)
        store.choose(key, a_choice(*(token.id_token for token in TOKENS)))
        store.replace_entries(other, store.first_wanted(key, NOON, 10, follows_all=True))
        assert store.due(key, NOON, follows_all=follows_all) == Due(5, 0, 0)
        store.replace_entries(
            key,
            [
                ListEntry("PLAIN", "Accepted"),
                ListEntry("Grouped", "Accepted", NOON + DAY, "H"),
                ListEntry("Blocked", "Accepted", NOON - DAY),
                ListEntry("Expired", "Expired"),
                ListEntry("Gone", "Accepted"),
            ],
        )
        assert store.due(key, NOON, follows_all=follows_all) == Due(1, 3, 1)
        due = store.first_due(key, NOON, 10, follows_all=follows_all)
        assert [one.id_token for one in due] == ["Gone", "Almost", "Blocked", "Expired", "Grouped"]
        assert [one.status for one in due] == [None, "Accepted", "Blocked", "Expired", "Accepted"]
        assert store.first_due(key, NOON, 1, follows_all=follows_all) == [ListEntry("Gone")]
        behind = store.next_due(key, NOON, 2, "almost", follows_all=follows_all)
        assert [one.id_token for one in behind] == ["Blocked", "Expired"]
        assert store.next_due(key, NOON, 2, "grouped", follows_all=follows_all) == []
        store.change_entries(key, due)
        assert store.due(key, NOON, follows_all=follows_all) == Due(0, 0, 0)
        assert store.count_acknowledged(key) == 5
        assert store.due(key, NOON + DAY, follows_all=follows_all) == Due(0, 2, 0)
        store.replace_entries(key, [])
        assert (store.count_acknowledged(key), store.count_acknowledged(other)) == (0, 5)


def test_items_are_listed_page_by_page(bench: Bench) -> None:
    key, other = bench.add_station("CP-1"), bench.add_station("CP-2")
    add_tokens(bench, IdToken(id_token="A"), IdToken(id_token="B"), IdToken(id_token="C"))
    held = ListEntry("b", "Blocked")
    with bench.committed():
        store = LocalListRecords(bench.unit)
        store.choose(key, a_choice("A", "B", "X"))
        store.replace_entries(key, [held, ListEntry("Y", "Accepted")])
        store.choose(other, a_choice("C"))
        store.replace_entries(other, [ListEntry("C", "Accepted")])

    def pages(*, follows_all: bool) -> list[ListItem]:
        with bench.reading():
            store = LocalListRecords(bench.unit)
            return all_pages(lambda page: store.items(key, NOON, page, follows_all=follows_all), 2)

    a, b = ListItem("A", ListEntry("A", "Accepted"), None), ListItem("B", ListEntry("B", "Accepted"), held)
    y = ListItem("Y", None, ListEntry("Y", "Accepted"))
    assert pages(follows_all=False) == [a, b, ListItem("X", ListEntry("X", "Invalid"), None), y]
    assert pages(follows_all=True) == [a, b, ListItem("C", ListEntry("C", "Accepted"), None), y]


def test_the_last_part_of_a_list_of_ten_thousand_is_found_and_written(bench: Bench) -> None:
    key = bench.add_station()
    names = [f"TAG{number:06}" for number in range(10_000)]
    add_tokens(bench, *(IdToken(id_token=name) for name in names))
    with bench.committed():
        store = LocalListRecords(bench.unit)
        store.choose(key, a_choice(*names))
        store.replace_entries(key, store.first_wanted(key, NOON, 9_900, follows_all=False))
    with bench.committed():
        store = LocalListRecords(bench.unit)
        part = store.first_due(key, NOON, 100, follows_all=False)
        store.change_entries(key, part)
    assert [one.id_token for one in part] == names[9_900:]
    with bench.reading():
        assert LocalListRecords(bench.unit).due(key, NOON, follows_all=False) == Due(0, 0, 0)
        page = LocalListRecords(bench.unit).items(key, NOON, PageRequest(100, "tag009949"), follows_all=False)
    assert [item.id_token for item in page.items] == names[9_950:]


def test_all_stations_are_surveyed_with_what_is_recorded_of_their_lists(bench: Bench) -> None:
    first, second, third = (bench.add_station(name) for name in ("CP_1", "CPx1", "cp-2"))
    with bench.committed():
        store = LocalListRecords(bench.unit)
        for key, record in (
            (first, ListRecord(is_managed=True, version=4, failure="It did not answer.")),
            (third, ListRecord(is_unsupported=True)),
        ):
            store.take(key)
            store.put(key, record)
        store.replace_entries(first, [ListEntry("A", "Accepted"), ListEntry("B", "Blocked")])

    def names(wanted: ListFilter) -> list[str]:
        return [line.station for line in all_pages(lambda page: store.overview(wanted, page), 2)]

    assert second not in (first, third)
    assert names(ListFilter()) == ["CP_1", "CPx1", "cp-2"]
    assert names(ListFilter(search="p_1")) == ["CP_1"]
    assert names(ListFilter(kind=ListKind.MANAGED)) == names(ListFilter(kind=ListKind.FAILED)) == ["CP_1"]
    assert names(ListFilter(kind=ListKind.UNMANAGED)) == ["CPx1", "cp-2"]
    assert names(ListFilter(kind=ListKind.NOT_SUPPORTED, search="CP")) == ["cp-2"]
    line = store.overview(ListFilter(), PageRequest(1)).items[0]
    assert (line.record.version, line.record.failure, line.acknowledged) == (4, "It did not answer.", 2)
