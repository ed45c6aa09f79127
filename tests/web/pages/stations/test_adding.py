"""How stations are registered: one by one, and many from a list."""

from __future__ import annotations

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import Registration, StationFilter
from forecourt.web.pages.stations.reading import FAULTS_SHOWN, MAX_STATIONS
from tests.web.door import Pages
from tests.web.pages.stations.fleet import ODD, Fleet


def identities(pages: Pages) -> list[str]:
    page = pages.services.provisioning.list(StationFilter(), PageRequest())
    return [sheet.station.identity for sheet in page.items]


def test_a_station_is_registered_with_all_that_is_decided_about_it(pages: Pages) -> None:
    form = {
        "id": ODD,
        "description": "by the gate",
        "group": "North",
        "registration": "Pending",
        "heartbeatInterval": "300",
        "labels": " fast, roof ,fast",
        "securityProfile": "1",
    }
    assert pages.done("/stations/new", form).has("The station is registered.", ODD)
    sheet = pages.services.provisioning.get(ODD)
    assert (sheet.description, sheet.group, sheet.labels) == ("by the gate", "North", ("fast", "roof"))
    assert (sheet.station.registration, sheet.station.heartbeat_seconds) == (Registration.PENDING, 300)
    assert sheet.security_profile is SecurityProfile.BASIC


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("id", "", "This is needed."),
        ("id", "a/b", "The identity may hold neither '/' (URL) nor ':'"),
        ("id", "known", "A station 'known' is registered already."),
        ("id", "a\x07b", "hold control characters"),
        ("heartbeatInterval", "0", "A whole number from 1 to 86400."),
        ("heartbeatInterval", "often", "A whole number from 1 to 86400."),
        ("labels", "x" * 51, "A label has at most 50 characters"),
        ("labels", ",".join(str(number) for number in range(21)), "A station has at most 20 labels; these are 21."),
        ("description", "x" * 256, "At most 255 characters are kept."),
        ("registration", "Perhaps", "'Perhaps' is none of the choices."),
        ("securityProfile", "4", "A whole number from 0 to 3."),
    ],
)
def test_what_cannot_be_is_told_beside_its_field_and_kept(pages: Pages, field: str, value: str, sentence: str) -> None:
    Fleet(pages).add("known")
    form = {"id": "CP1", "description": "typed", "registration": "Accepted", field: value}
    refused = pages.post("/stations/new", form)
    assert refused.status == 422
    assert refused.has(sentence)
    assert f'id="{field}-fault"' in refused.html
    assert identities(pages) == ["known"]
    if field != "description":
        assert 'value="typed"' in refused.html


def test_one_id_in_a_line_is_enough(pages: Pages) -> None:
    form = {"stations": f"CP1\r\n\r\n  {ODD}  \nwith space"}
    assert pages.done("/stations/new-many", form).has("3 stations are registered.")
    assert set(identities(pages)) == {"CP1", ODD, "with space"}


def test_a_table_holds_what_is_decided(pages: Pages) -> None:
    table = (
        "\ufeffid;Description;group;registration;heartbeatInterval;labels\r\n"
        'CP1;"two\r\nlines; and more";North;pending;60;"a,b"\r\n'
        "CP2;;;;;\r\n"
    )
    answer = pages.post("/stations/new-many", {"stations": ""}, files={"file": ("list.csv", table.encode())})
    assert answer.status == 303
    sheet = pages.services.provisioning.get("CP1")
    assert (sheet.description, sheet.group, sheet.labels) == ("two\r\nlines; and more", "North", ("a", "b"))
    assert (sheet.station.registration, sheet.station.heartbeat_seconds) == (Registration.PENDING, 60)
    assert pages.services.provisioning.get("CP2").station.registration is Registration.ACCEPTED


def test_a_list_is_checked_whole_and_taken_whole_or_not_at_all(pages: Pages) -> None:
    Fleet(pages).add("known")
    lines = "id,registration,heartbeatInterval,labels\ngood,,,\na/b,,,\nknown,,,\nCP3,Perhaps,,\nCP4,,often,\nCP5,,0,\n"
    lines += f"good,,,\nCP6,,,{'x' * 51}\nCP7,,,,,\n,,,\n,Accepted,,\n"
    refused = pages.post("/stations/new-many", {"stations": lines})
    assert refused.status == 422
    assert identities(pages) == ["known"]
    assert refused.has("Line 5 The registration 'Perhaps' is none of Accepted, Pending, Rejected.")
    assert refused.has("Line 6 The heartbeat interval 'often' is no number of seconds.")
    assert refused.has("Line 8 The id 'good' stands in line 2 already.")
    assert refused.has("Line 10 There are more cells than columns.")
    assert "good,,,\nCP6" in refused.html  # kept as it was typed
    corrected = pages.post(
        "/stations/new-many",
        {"stations": "id,heartbeatInterval,labels\ngood,,\na/b,,\nknown,,\nCP5,0,\nCP6,," + "x" * 51},
    )
    assert corrected.status == 422
    assert corrected.has("Line 3 The identity may hold neither '/'", "Line 4 A station 'known' is registered already.")
    assert corrected.has("Line 5 The heartbeat interval must be between 1 and 86400 seconds.", "Line 6 A label has at")
    assert identities(pages) == ["known"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (" \n ", "This is needed."),
        ("id,colour\nCP1,red", "Line 1 There is no column 'colour'; there are id, description"),
        ("id,id\nCP1,CP2", "Line 1 A column stands there twice."),
        ("id\n", "There is no station in it."),
        ("id,description\n,nameless", "Line 2 A station needs an identity"),
        ("\n".join(f"S{number}" for number in range(MAX_STATIONS + 1)), f"at most {MAX_STATIONS} are taken at once."),
    ],
)
def test_lists_that_are_none_are_refused(pages: Pages, text: str, sentence: str) -> None:
    refused = pages.post("/stations/new-many", {"stations": text})
    assert refused.status == 422
    assert refused.has(sentence)
    assert identities(pages) == []


def test_so_many_mistakes_are_shown_and_the_rest_is_counted(pages: Pages) -> None:
    lines = "\n".join(f"a/{number}" for number in range(FAULTS_SHOWN + 7))
    assert pages.post("/stations/new-many", {"stations": lines}).has("Line 50 ", "and 7 more lines")


def test_a_file_that_is_no_text_is_refused(pages: Pages) -> None:
    refused = pages.post("/stations/new-many", {"stations": ""}, files={"file": ("list.xlsx", b"PK\x03\x04\xff\xfe")})
    assert refused.status == 422
    assert refused.has("This is no text in UTF-8")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SECURITY_OFFICER])
def test_who_may_not_manage_registers_nothing(pages: Pages, role: Role) -> None:
    pages.sign_in(role)
    for path in ("/stations/new", "/stations/new-many"):
        assert pages.get(path).status == 403
        assert pages.post(path, {"id": "CP1", "stations": "CP1"}).status == 403
    assert identities(pages) == []
