"""What is done to many stations at once."""

from __future__ import annotations

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.errors import DomainError
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import Registration, StationFilter
from tests.web.door import Pages
from tests.web.pages.stations.fleet import ODD, Fleet


@pytest.fixture
def fleet(pages: Pages) -> Fleet:
    fleet = Fleet(pages)
    for name in ("A1", "A2", ODD):
        fleet.add(name, group="old", labels=("kept",))
    fleet.add("B1")
    return fleet


def identities(pages: Pages, wanted: StationFilter) -> list[str]:
    page = pages.services.provisioning.list(wanted, PageRequest())
    return [sheet.station.identity for sheet in page.items]


def test_the_page_says_how_many_are_meant_and_which(pages: Pages, fleet: Fleet) -> None:
    page = pages.get("/stations/bulk?station=A1&station=B1&station=gone")
    assert page.has("Change 2 stations", "A1 , B1", "left out: gone", "Remove 2 stations")
    assert 'href="/operations?station=A1&amp;station=B1&amp;station=gone"' in page.html
    assert pages.get("/stations/bulk?all=yes&group=old").has("Change 3 stations")


def test_nothing_ticked_is_nothing_meant(pages: Pages, fleet: Fleet) -> None:
    page = pages.get("/stations/bulk")
    assert page.status == 422
    assert page.has("No station was ticked")
    assert pages.post("/stations/bulk", {"action": "remove", "count": "4"}).status == 422
    assert len(identities(pages, StationFilter())) == 4


def test_a_filter_that_is_not_understood_means_nothing(pages: Pages, fleet: Fleet) -> None:
    assert pages.get("/stations/bulk?all=yes&online=maybe").status == 422
    form = {"all": "yes", "registration": "Nonsense", "action": "remove", "count": "4"}
    assert pages.post("/stations/bulk", form).status == 422
    assert len(identities(pages, StationFilter())) == 4


def test_the_registration_of_the_ticked_ones_is_set_and_the_rest_stays(pages: Pages, fleet: Fleet) -> None:
    form: dict[str, str | list[str]] = {"station": ["A1", ODD], "action": "registration", "newRegistration": "Rejected"}
    assert pages.done("/stations/bulk", form).has("2 stations were changed.")
    assert set(identities(pages, StationFilter(registration=Registration.REJECTED))) == {"A1", ODD}
    sheet = pages.services.provisioning.get(ODD)
    assert (sheet.group, sheet.labels) == ("old", ("kept",))


def test_the_group_of_all_that_are_found_is_set(pages: Pages, fleet: Fleet) -> None:
    pages.done("/stations/bulk", {"all": "yes", "group": "old", "action": "group", "newGroup": "new"})
    assert len(identities(pages, StationFilter(group="new"))) == 3
    pages.done("/stations/bulk", {"all": "yes", "group": "new", "action": "group", "newGroup": ""})
    assert len(identities(pages, StationFilter(group=""))) == 4


def test_stations_in_no_group_are_all_that_are_meant_by_that_filter(pages: Pages, fleet: Fleet) -> None:
    assert pages.get("/stations/bulk?all=yes&group=+").has("Change 1 station")
    pages.done("/stations/bulk", {"all": "yes", "group": " ", "action": "group", "newGroup": "new"})
    assert identities(pages, StationFilter(group="new")) == ["B1"]


def test_labels_are_added_and_taken_away(pages: Pages, fleet: Fleet) -> None:
    form: dict[str, str | list[str]] = {"station": ["A1", "B1"], "action": "addLabel", "addLabel": "x, y ,x"}
    assert pages.done("/stations/bulk", form).has("2 stations were changed.")
    assert pages.services.provisioning.get("A1").labels == ("kept", "x", "y")
    pages.done("/stations/bulk", {"all": "yes", "action": "removeLabel", "removeLabel": "kept,y"})
    assert pages.services.provisioning.get("A1").labels == ("x",)
    assert pages.services.provisioning.get("A2").labels == ()


def test_what_cannot_be_is_told_beside_its_field(pages: Pages, fleet: Fleet) -> None:
    refused = pages.post("/stations/bulk", {"station": "A1", "action": "addLabel", "addLabel": "z" * 51})
    assert refused.status == 422
    assert refused.has("A label has at most 50 characters.")
    assert f'value="{"z" * 51}"' in refused.html
    assert (
        pages.post("/stations/bulk", {"station": "A1", "action": "registration", "newRegistration": "?"}).status == 422
    )
    assert pages.post("/stations/bulk", {"station": "A1", "action": "explode"}).has("Choose what is to be done.")


def test_what_one_station_refuses_does_not_keep_the_others_from_it(pages: Pages, fleet: Fleet) -> None:
    pages.services.provisioning.label("A1", add=[f"l{number}" for number in range(19)])
    page = pages.post("/stations/bulk", {"station": ["A1", "A2"], "action": "addLabel", "addLabel": "one more"})
    assert page.has("1 station was done. 1 was refused:", "A1 A station has at most 20 labels; these are 21.")
    assert "one more" in pages.services.provisioning.get("A2").labels


def test_removing_needs_the_number_that_was_confirmed(pages: Pages, fleet: Fleet) -> None:
    form = {"all": "yes", "group": "old", "action": "remove", "count": "3"}
    fleet.add("A3", group="old")
    refused = pages.post("/stations/bulk", form)
    assert refused.status == 422
    assert refused.has("Meanwhile these are 4 stations; look at them again. Nothing was removed.")
    assert pages.post("/stations/bulk", {**form, "count": ""}).status == 422
    assert pages.done("/stations/bulk", {**form, "count": "4"}).has("4 stations were removed.")
    assert identities(pages, StationFilter()) == ["B1"]
    with pytest.raises(DomainError):
        pages.services.provisioning.get("A1")


def test_more_stations_than_one_unit_of_work_takes_are_all_changed(pages: Pages) -> None:
    fleet = Fleet(pages)
    for number in range(230):
        fleet.add(f"S{number}")
    writes = pages.workspace.writes
    done = pages.done("/stations/bulk", {"all": "yes", "action": "addLabel", "addLabel": "all"})
    assert done.has("230 stations were changed.")
    assert pages.services.provisioning.count(StationFilter(label="all")) == 230
    assert pages.workspace.writes - writes >= 3


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SECURITY_OFFICER])
def test_who_may_not_manage_changes_nothing_by_hand(pages: Pages, fleet: Fleet, role: Role) -> None:
    pages.sign_in(role)
    assert pages.post("/stations/bulk", {"station": "A1", "action": "remove", "count": "1"}).status == 403
    assert len(identities(pages, StationFilter())) == 4


def test_who_may_only_operate_is_offered_only_that(pages: Pages, fleet: Fleet) -> None:
    pages.sign_in(Role.SECURITY_OFFICER)
    page = pages.get("/stations/bulk?station=A1")
    assert page.has("Choose an operation…")
    assert 'action="/stations/bulk"' not in page.html
    pages.sign_in(Role.VIEWER)
    assert pages.get("/stations/bulk?station=A1").status == 403
