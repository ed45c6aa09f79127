"""The audit trail as a page and as a file."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.audit.model import AuditFilter, Deed, Via
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import StationDraft
from forecourt.web.admission import SESSION
from tests.web.door import Pages


def note(pages: Pages, who: str, action: str, subject: str = "", via: Via = Via.REST, detail: str = "") -> None:
    pages.services.audit.note(Deed(who=who, via=via, action=action, subject=subject, detail=detail))


def test_what_somebody_changes_by_a_page_is_written_down_with_the_name(pages: Pages) -> None:
    pages.services.provisioning.add(StationDraft(identity="Säule 1"))
    pages.services.accounts.add("ada", role=Role.ADMIN, password_hash="plain:hers")
    pages.cookies = dict(pages.post("/sign-in", {"name": "ada", "password": "hers"}).response.cookies)
    visitor = pages.services.sessions.find(pages.cookies[SESSION])
    assert visitor is not None
    typed = {"description": "By the gate", "registration": "Rejected"}
    assert pages.post("/stations/S%C3%A4ule%201/edit", typed, csrf=visitor.csrf).status == 303

    newest = pages.services.audit.list(AuditFilter(), PageRequest(1)).items[0].deed
    assert newest == Deed(who="ada", via=Via.PAGE, action="/stations/{name}/edit", subject="Säule 1")


def test_what_was_refused_is_not_written_down(pages: Pages) -> None:
    pages.services.provisioning.add(StationDraft(identity="CP-1"))
    assert pages.post("/stations/CP-1/edit", {"registration": "Rejected", "labels": "x" * 60}).status == 422
    assert pages.post("/stations/CP-2/edit", {"registration": "Rejected"}).status == 404

    assert not pages.services.audit.list(AuditFilter(), PageRequest(1)).items


def test_entries_are_shown_escaped_and_the_newest_first(pages: Pages) -> None:
    note(pages, "token billing", "addStation", "<b>CP-1</b>")
    note(pages, "ada", "/stations", via=Via.PAGE, detail="CP-2")
    page = pages.get("/audit")

    assert page.has("<b>CP-1</b>", "token billing", "Page")
    assert "<b>CP-1" not in page.html
    assert page.text.index("CP-2") < page.text.index("addStation")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("who=ada", {"one"}),
        ("via=commandLine", {"two"}),
        ("action=addTag", {"two"}),
        ("subject=CP-2", {"three"}),
        ("who=nobody", set()),
        ("via=sideways", {"one", "two", "three"}),
    ],
)
def test_filters(pages: Pages, query: str, shown: set[str]) -> None:
    note(pages, "ada", "addStation", "CP-1", detail="one")
    note(pages, "grace", "addTag", "CP-1", Via.COMMAND_LINE, "two")
    note(pages, "grace", "removeTag", "CP-2", detail="three")
    page = pages.get(f"/audit?{query}")

    assert {word for word in ("one", "two", "three") if f">{word}<" in page.html} == shown
    assert page.has("No entry") is not bool(shown)


def test_a_time_is_that_of_the_viewer(pages: Pages) -> None:
    pages.services.accounts.set_manner("admin", language=None, zone="Asia/Tokyo", theme=None)
    note(pages, "ada", "addStation", detail="early")
    pages.clock.advance(timedelta(minutes=10))
    note(pages, "ada", "addStation", detail="late")
    between = (pages.clock.now() - timedelta(minutes=5) + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M:%S")

    assert pages.get(f"/audit?from={between}").has("late")
    assert not pages.get(f"/audit?from={between}").has("early")
    assert not pages.get(f"/audit?to={between}").has("late")


def test_the_list_goes_on_on_further_pages(pages: Pages) -> None:
    for number in range(60):
        note(pages, "ada", "addStation", detail=f"entry {number:02}")
    page = pages.get("/audit?who=ada&limit=10")
    assert page.has("entry 59", "Next page")
    assert not page.has("entry 49")


def test_the_file_has_what_the_filters_chose(pages: Pages) -> None:
    note(pages, "ada", "addStation", "=1+1", detail="one")
    note(pages, "grace", "addTag", detail="two")
    assert 'href="/audit/download.csv?who=ada"' in pages.get("/audit?who=ada").html
    answer = pages.get("/audit/download.csv?who=ada").response

    assert answer.headers["content-type"].startswith("text/csv")
    assert "audit.csv" in answer.headers["content-disposition"]
    first, second = answer.text.splitlines()
    assert first == "number,at,who,via,action,subject,detail"
    assert second.endswith(",ada,rest,addStation,'=1+1,one")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_whoever_may_not_read_it_does_not(pages: Pages, role: Role) -> None:
    pages.sign_in(role)
    assert pages.get("/audit").status == 403
    assert pages.get("/audit/download.csv").status == 403
