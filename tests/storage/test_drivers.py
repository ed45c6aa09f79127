"""Tests of drivers in the database, against the promises of DriverStore, and of whose tags are whose."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forecourt.domain.authorization.model import IdToken, TokenFilter
from forecourt.domain.drivers.model import Driver, DriverDraft, DriverName, DriverNumber
from forecourt.storage.drivers import DriverRecords
from tests.storage.bench import UNUSUAL_TEXTS, Bench, all_pages
from tests.support.clock import NOON

ADA = DriverDraft(
    first_name="Ada",
    last_name="Lovelace",
    email="Ada@Example.com",
    phone="+44 1",
    address="Street 1\nLondon",
    language="en",
    note="first",
)


@pytest.fixture
def drivers(bench: Bench) -> DriverRecords:
    return DriverRecords(bench.unit)


def add(bench: Bench, drivers: DriverRecords, draft: DriverDraft = ADA) -> DriverNumber:
    with bench.committed():
        return drivers.add(draft, NOON)


def add_tag(bench: Bench, token: IdToken) -> None:
    with bench.committed():
        assert bench.tokens.add(token, NOON)


def facts(draft: DriverDraft) -> dict[str, str]:
    return {name: getattr(draft, name) for name in DriverDraft.__slots__}


def test_a_driver_is_found_as_written_down(bench: Bench, drivers: DriverRecords) -> None:
    number = add(bench, drivers)
    with bench.reading():
        assert drivers.find(number) == Driver(number=number, added_at=NOON, **facts(ADA))
        assert drivers.find(DriverNumber(number + 1)) is None


@pytest.mark.parametrize("text", UNUSUAL_TEXTS)
def test_any_text_is_kept_exactly(bench: Bench, drivers: DriverRecords, text: str) -> None:
    number = add(bench, drivers, DriverDraft(last_name="L", note=text, address=text))
    with bench.reading():
        found = drivers.find(number)
    assert found is not None
    assert (found.note, found.address) == (text, text)


def test_a_change_replaces_everything(bench: Bench, drivers: DriverRecords) -> None:
    number = add(bench, drivers)
    changed = DriverDraft(last_name="King")
    with bench.committed():
        assert drivers.replace(number, changed)
        assert not drivers.replace(DriverNumber(number + 1), changed)
    with bench.reading():
        assert drivers.find(number) == Driver(number=number, added_at=NOON, **facts(changed))
        assert drivers.with_email(["ada@example.com"]) == []


def test_who_is_forgotten_is_gone_with_the_notes_on_the_tags(bench: Bench, drivers: DriverRecords) -> None:
    number, other = add(bench, drivers), add(bench, drivers)
    add_tag(bench, IdToken(id_token="Hers", note="of Ada", driver=number))
    add_tag(bench, IdToken(id_token="Theirs", note="kept", driver=other))
    with bench.committed():
        assert drivers.forget(number)
        assert not drivers.forget(number)
    with bench.reading():
        assert drivers.find(number) is None
        assert bench.tokens.find("hers") == IdToken(id_token="Hers")
        assert bench.tokens.find("theirs") == IdToken(id_token="Theirs", note="kept", driver=other)


def test_the_number_of_one_who_was_forgotten_is_not_given_again(bench: Bench, drivers: DriverRecords) -> None:
    number = add(bench, drivers)
    with bench.committed():
        drivers.forget(number)
    assert add(bench, drivers) > number


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_drivers_are_listed_by_name_and_those_of_one_name_by_number(
    bench: Bench, drivers: DriverRecords, limit: int
) -> None:
    for last_name in ("b", "A", "c", "B", "a"):
        add(bench, drivers, DriverDraft(last_name=last_name))
    with bench.reading():
        found = all_pages(lambda page: drivers.list(None, page), limit)
    assert [one.last_name for one in found] == ["A", "a", "b", "B", "c"]


@pytest.mark.parametrize(
    ("search", "is_found"),
    [("ada love", True), ("EXAMPLE", True), ("44", True), ("FIRST", True), ("London", False), ("%", False)],
)
def test_the_search_looks_at_all_but_the_address(
    bench: Bench, drivers: DriverRecords, search: str, is_found: bool
) -> None:
    add(bench, drivers)
    with bench.reading():
        assert bool(all_pages(lambda page: drivers.list(search, page), 10)) is is_found


def test_names_are_found_by_number_and_by_tag(bench: Bench, drivers: DriverRecords) -> None:
    ada = add(bench, drivers)
    nameless = add(bench, drivers, DriverDraft(email="x@example.com"))
    add_tag(bench, IdToken(id_token="Hers", driver=ada))
    add_tag(bench, IdToken(id_token="Nobodys"))
    with bench.reading():
        names = drivers.names([ada, nameless, DriverNumber(99)])
        of_tags = drivers.names_of_tags(["HERS", "nobodys", "unknown"])
    assert names == {ada: DriverName(ada, "Ada Lovelace"), nameless: DriverName(nameless, "x@example.com")}
    assert of_tags == {"hers": DriverName(ada, "Ada Lovelace")}


def test_everybody_with_an_address_is_found_in_either_case(bench: Bench, drivers: DriverRecords) -> None:
    one = add(bench, drivers)
    other = add(bench, drivers, replace(ADA, email="ADA@example.com"))
    with bench.reading():
        assert sorted(drivers.with_email(["aDa@example.com", "x@example.com"])) == [
            ("ada@example.com", one),
            ("ada@example.com", other),
        ]


def test_tags_are_listed_by_their_driver(bench: Bench, drivers: DriverRecords) -> None:
    ada = add(bench, drivers)
    add_tag(bench, IdToken(id_token="Hers", driver=ada))
    add_tag(bench, IdToken(id_token="Nobodys"))
    with bench.reading():
        found = all_pages(lambda page: bench.tokens.list(TokenFilter(driver=ada), NOON, page), 10)
        assert bench.tokens.known_drivers([ada, DriverNumber(99)]) == {ada}
    assert [one.id_token for one in found] == ["Hers"]
