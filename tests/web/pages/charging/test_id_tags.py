"""Pages of id tags: the list, one of them, changes, many at once, and those that nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.authorization.model import IdToken
from forecourt.domain.drivers.model import DriverDraft, DriverNumber
from tests.support.clock import NOON
from tests.web.door import Pages
from tests.web.pages.charging.meters import a_start, a_station

FORMS = ("/id-tags/-/new", "/id-tags/-/batch", "/id-tags/-/import", "/id-tags/TAG/edit")
CHANGES = (*FORMS, "/id-tags/TAG/block", "/id-tags/TAG/unblock", "/id-tags/TAG/remove")
HEADING = "idTag,parent,expiresAt,maxActiveTransactions,note,driver"


def a_tag(pages: Pages, id_token: str = "TAG", **facts: object) -> IdToken:
    return pages.services.authorization.add(IdToken(id_token=id_token, **facts))  # type: ignore[arg-type]  # any of them


def import_lines(pages: Pages, *lines: str) -> str:
    """What the page says, or where it leads."""
    content = "\n".join(lines).encode()
    answer = pages.post("/id-tags/-/import", files={"file": ("tags.csv", content)})
    return answer.location or answer.text


def test_without_tags_the_page_leads_on(pages: Pages) -> None:
    assert pages.get("/id-tags").has("No id tag", "New id tag", "Unknown id tags")
    assert pages.get("/id-tags?search=x").has("No id tag fits", "Show all")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Good", "Blocked", "Old", "Busy"}),
        ("search=oo", {"Good"}),
        ("search=white", {"Busy"}),
        ("group=FLEET", {"Old"}),
        ("state=usable", {"Good", "Busy"}),
        ("state=blocked", {"Blocked"}),
        ("state=expired", {"Old"}),
        ("state=charging", {"Busy"}),
        ("state=idle", {"Good", "Blocked", "Old"}),
        ("driver=1", {"Good"}),
    ],
)
def test_the_list_is_filtered(pages: Pages, query: str, found: set[str]) -> None:
    pages.services.drivers.add(DriverDraft(last_name="L"))
    a_tag(pages, "Good", driver=DriverNumber(1))
    a_tag(pages, "Blocked", is_blocked=True)
    a_tag(pages, "Old", expires_at=NOON, parent="Fleet")
    a_tag(pages, "Busy", note="white card")
    a_start(pages, "bUSY")
    html = pages.get(f"/id-tags?{query}").html
    assert {name for name in ("Good", "Blocked", "Old", "Busy") if f'href="/id-tags/{name}"' in html} == found


def test_the_list_tells_states_in_words(pages: Pages) -> None:
    a_tag(pages, "Blocked", is_blocked=True)
    a_tag(pages, "Old", expires_at=NOON)
    a_tag(pages, "Busy", max_active_transactions=None)
    a_tag(pages, "None", max_active_transactions=0)
    a_start(pages, "Busy")
    assert pages.get("/id-tags").has("Blocked", "Expired", "Charging: 1", "any number", "May start none")


def test_a_tag_is_registered_with_all_its_facts(pages: Pages) -> None:
    driver = pages.services.drivers.add(DriverDraft(first_name="Ada", email="ada@example.com"))
    facts = {
        "idTag": " Card/7 ",
        "parentIdTag": "fleet",
        "expiryDate": "2030-01-31T18:00",
        "maxActiveTransactions": "",
        "note": "white",
        "driver": "ADA@example.com",
    }
    page = pages.done("/id-tags/-/new", facts)
    assert page.has("The id tag is registered.", "Card/7", "fleet", "any number", "Ada", "white")
    assert pages.services.authorization.get("card/7") == IdToken(
        id_token="Card/7",
        parent="fleet",
        expires_at=datetime(2030, 1, 31, 18, tzinfo=UTC),
        max_active_transactions=None,
        note="white",
        driver=driver.number,
    )


def test_what_is_typed_is_read_in_the_zone_and_answered_in_the_language_of_the_visitor(pages: Pages) -> None:
    a_tag(pages, "Card")
    pages.cookies |= {"forecourt_zone": "Europe/Berlin", "forecourt_language": "de"}
    facts = {"expiryDate": "2030-07-01T18:00", "maxActiveTransactions": "1"}
    pages.done("/id-tags/Card/edit", facts)
    assert pages.services.authorization.get("Card").expires_at == datetime(2030, 7, 1, 16, tzinfo=UTC)
    refused = pages.post("/id-tags/Card/edit", {**facts, "driver": "ada"})
    assert refused.has("Ein Fahrer wird mit Nummer oder E-Mail-Adresse")


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"idTag": ""}, "idTag"),
        ({"idTag": "x" * 21}, "idTag"),
        ({"idTag": "tag"}, "idTag"),
        ({"idTag": "new", "maxActiveTransactions": "-2"}, "maxActiveTransactions"),
        ({"idTag": "new", "maxActiveTransactions": "two"}, "maxActiveTransactions"),
        ({"idTag": "new", "expiryDate": "soon"}, "expiryDate"),
        ({"idTag": "new", "driver": "9"}, "driver"),
        ({"idTag": "new", "driver": "nobody@example.com"}, "driver"),
        ({"idTag": "new", "driver": "me"}, "driver"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(pages: Pages, facts: dict[str, str], field: str) -> None:
    a_tag(pages)
    answer = pages.post("/id-tags/-/new", {"driver": "", "note": "kept <b>", **facts})
    assert answer.status == 422
    assert f'id="{field}-fault"' in answer.html
    assert "kept &lt;b&gt;" in answer.html


def test_a_tag_is_changed_and_keeps_its_name(pages: Pages) -> None:
    a_tag(pages, parent="old", note="old", driver=None)
    assert 'value="old"' in pages.get("/id-tags/tag/edit").html
    page = pages.done("/id-tags/tag/edit", {"parentIdTag": "", "maxActiveTransactions": "0", "blocked": "yes"})
    assert page.has("The id tag is changed.", "Blocked")
    assert pages.services.authorization.get("TAG") == IdToken(
        id_token="TAG", is_blocked=True, max_active_transactions=0
    )


def test_a_tag_is_blocked_unblocked_and_removed(pages: Pages) -> None:
    a_tag(pages, "a b/c")
    path = "/id-tags/a%20b%2Fc"
    assert pages.done(f"{path}/block").has("The id tag is blocked.", "Unblock")
    assert pages.done(f"{path}/unblock").has("The id tag may charge again.", "Block")
    assert pages.done(f"{path}/remove").has("The id tag a b/c is removed. Add it again to undo this.")
    gone = pages.get(path)
    assert gone.status == 404
    assert gone.has("is registered", "All id tags", "Register it")
    for action in ("block", "unblock", "remove", "edit"):
        assert pages.post(f"{path}/{action}").status == 404


def test_a_tag_shows_what_is_known_of_it(pages: Pages) -> None:
    a_tag(pages)
    number = a_start(pages)
    page = pages.get("/id-tags/TAG")
    assert f'href="/transactions/{number}"' in page.html
    assert 'href="/operations/StartCharging?idTag=TAG"' in page.html
    assert page.has("No station is known to hold it.", "Charging: 1")


def test_a_tag_may_have_the_name_of_an_action(pages: Pages) -> None:
    a_tag(pages, "new")
    a_tag(pages, "-")
    assert pages.get("/id-tags/new").has("new", "May charge")
    assert pages.get("/id-tags/-").has("May charge")


@pytest.mark.parametrize("path", CHANGES)
def test_a_viewer_is_shown_no_change_and_let_through_to_none(pages: Pages, path: str) -> None:
    a_tag(pages)
    pages.sign_in(Role.VIEWER)
    html = pages.get("/id-tags").html + pages.get("/id-tags/TAG").html + pages.get("/unknown-tags").html
    assert path not in html
    if path in FORMS:
        assert pages.get(path).status == 403
    assert pages.post(path).status == 403


# Many


def test_several_tags_are_registered_alike(pages: Pages) -> None:
    page = pages.done("/id-tags/-/batch", {"idTags": "A\r\n\r\n B \r\nC", "parentIdTag": "g"})
    assert page.has("3 id tags are registered.")
    assert {tag.parent for tag in map(pages.services.authorization.get, "ABC")} == {"g"}


def test_of_several_tags_none_is_registered_when_one_cannot_be(pages: Pages) -> None:
    a_tag(pages, "B")
    answer = pages.post("/id-tags/-/batch", {"idTags": f"A\nb\n{'x' * 21}\na", "parentIdTag": "g"})
    assert answer.status == 422
    assert answer.has("3 faults", "2 An id tag 'b' is registered already.", "3 An id tag has 1 to 20 characters")
    assert answer.has("4 The id tag 'a' is here twice.")
    assert pages.get("/id-tags/A").status == 404


def test_a_file_is_imported_whole(pages: Pages) -> None:
    pages.services.drivers.add(DriverDraft(last_name="L", email="L@example.com"))
    lines = (
        "\ufeff" + HEADING,
        'A,fleet,2030-12-31T23:59:59+01:00,2,"a, b\nc",l@example.com',
        "",
        "B,,,,,1",
        "C,,2030-12-31 12:00,0,,",
    )
    assert import_lines(pages, *lines) == "/id-tags"
    tokens = [pages.services.authorization.get(name) for name in "ABC"]
    assert tokens[0] == IdToken(
        id_token="A",
        parent="fleet",
        expires_at=datetime(2030, 12, 31, 22, 59, 59, tzinfo=UTC),
        max_active_transactions=2,
        note="a, b\nc",
        driver=DriverNumber(1),
    )
    assert tokens[1] == IdToken(id_token="B", max_active_transactions=None, driver=DriverNumber(1))
    assert tokens[2].max_active_transactions == 0


def test_our_own_download_can_be_imported(pages: Pages) -> None:
    facts = {"expires_at": NOON + timedelta(days=1), "is_blocked": True, "max_active_transactions": 3, "note": "=1+1"}
    tag = a_tag(pages, "A;1", **facts)
    content = pages.get("/id-tags/-/download").html
    assert "'=1+1" in content
    pages.done("/id-tags/A%3B1/remove")
    assert import_lines(pages, *content.splitlines()) == "/id-tags"
    assert pages.services.authorization.get("A;1") == tag


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "The file is empty."),
        ([HEADING], "There is no id tag in it."),
        (["A", "B"], "1 There is no column 'A'"),
        (["parent", "B"], "idTag is needed"),
        (["idTag,idTag", "A,B"], "A column is there twice."),
        ([HEADING, "A,,,,,", "B"], "3 The line has 1 cells, and the first line 6."),
        ([HEADING, "A,,never,,,"], "2 'never' is no time"),
        ([HEADING, "A,,,many,,"], "2 'many' is no number of transactions."),
        ([HEADING, "A,,,,,9"], "2 There is no driver 9."),
        ([HEADING, "A,,,,,x@example.com"], "2 No driver has the e-mail address x@example.com."),
        ([HEADING, "A,,,,,", "", "a,,,,,"], "4 The id tag 'a' is here twice."),
        ([HEADING, "TAG,,,,,"], "2 An id tag 'TAG' is registered already."),
        ([HEADING, 'A,"x'], "is no CSV"),
        (["idTag", *(f"T{n}" for n in range(5_001))], "At most 5000 id tags are taken at once."),
    ],
)
def test_a_file_with_a_fault_is_not_taken_at_all(pages: Pages, lines: list[str], told: str) -> None:
    a_tag(pages)
    text = import_lines(pages, *lines)
    assert told in text
    assert "Nothing was taken" in text
    assert pages.get("/id-tags/A").status == 404


def test_every_fault_of_a_file_is_told_with_its_line(pages: Pages) -> None:
    text = import_lines(pages, "idTag,maxActiveTransactions", "A,x", "B,1", f"{'x' * 30},1", "C,y")
    assert all(told in text for told in ("3 faults", "2 'x' is no", "4 An id tag has", "5 'y' is no"))


def test_a_file_that_is_no_text_or_none_is_refused(pages: Pages) -> None:
    answer = pages.post("/id-tags/-/import", files={"file": ("tags.csv", b"idTag\n\xff")})
    assert answer.has("The file is not written in UTF-8.")
    assert pages.post("/id-tags/-/import").has("Choose a file.")


# Unknown


def test_an_unknown_tag_is_admitted_with_one_click(pages: Pages) -> None:
    assert pages.get("/unknown-tags").has("No unknown id tag")
    pages.services.authorization.authorize(a_station(pages), "<b>New")
    page = pages.get("/unknown-tags")
    assert page.has("<b>New", "CP-1", "Admit", "Forget")
    assert "<b>New" not in page.html
    assert pages.done("/unknown-tags/%3CB%3Enew/admit").has("The id tag may charge from now on.", "<b>New")
    assert pages.get("/unknown-tags").has("No unknown id tag")
    assert pages.done("/unknown-tags/%3CB%3Enew/admit").has("The id tag was registered before.")


def test_an_unknown_tag_is_forgotten(pages: Pages) -> None:
    pages.services.authorization.authorize(a_station(pages), "X")
    assert pages.done("/unknown-tags/X/forget").has("forgotten until it is presented again", "No unknown id tag")
    assert pages.done("/unknown-tags/X/forget").has("was not on this list any more")


@pytest.mark.parametrize("action", ["admit", "forget"])
def test_a_viewer_neither_admits_nor_forgets(pages: Pages, action: str) -> None:
    pages.services.authorization.authorize(a_station(pages), "X")
    pages.sign_in(Role.VIEWER)
    assert action not in pages.get("/unknown-tags").html
    assert pages.post(f"/unknown-tags/X/{action}").status == 403
