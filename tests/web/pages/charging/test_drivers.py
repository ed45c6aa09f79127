"""Pages of drivers, and that forgetting one forgets everything."""

from __future__ import annotations

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.authorization.model import IdToken
from forecourt.domain.drivers.model import DriverDraft
from tests.web.door import Pages
from tests.web.pages.charging.meters import a_start

ADA = {
    "firstName": "Ada",
    "lastName": "Lovelace",
    "email": "ada@example.com",
    "phone": "+44 1",
    "address": "Street 1\r\nLondon",
    "language": "en",
    "note": "<b>first</b>",
}


def test_without_drivers_the_page_leads_on(pages: Pages) -> None:
    assert pages.get("/drivers").has("No driver", "New driver")
    assert pages.get("/drivers?search=x").has("No driver fits", "Show all")


def test_a_driver_is_put_on_record_found_and_changed(pages: Pages) -> None:
    page = pages.done("/drivers/new", ADA)
    assert page.has("The driver is on record.", "Ada Lovelace", "Street 1 London", "<b>first</b>")
    assert "<b>first" not in page.html
    for search in ("ada love", "EXAMPLE.com", "44", "first"):
        assert pages.get(f"/drivers?search={search}").has("Ada Lovelace"), search
    assert pages.get("/drivers?search=London").has("No driver fits")
    changed = pages.done("/drivers/1/edit", {"firstName": "Augusta Ada", "email": "", "note": ""})
    assert changed.has("The driver is changed.", "Augusta Ada")
    assert "Lovelace" not in changed.text


def test_the_form_of_a_change_has_what_is_stored(pages: Pages) -> None:
    pages.done("/drivers/new", ADA)
    html = pages.get("/drivers/1/edit").html
    assert all(f'value="{ADA[name]}"' in html for name in ("firstName", "lastName", "email", "phone", "language"))
    assert "Street 1\nLondon" in html


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({}, "lastName"),
        ({"lastName": "L", "email": "ada"}, "email"),
        ({"lastName": "L", "email": "a b@example.com"}, "email"),
        ({"lastName": "L", "language": "English"}, "language"),
        ({"lastName": "L\x07"}, "lastName"),
        ({"lastName": "L", "note": "x" * 1001}, "note"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(pages: Pages, facts: dict[str, str], field: str) -> None:
    typed = {**dict.fromkeys(ADA, ""), "phone": "kept", **facts}
    answer = pages.post("/drivers/new", typed)
    assert answer.status == 422
    assert f'id="{field}-fault"' in answer.html
    assert 'value="kept"' in answer.html


def test_drivers_are_listed_by_their_names_page_by_page(pages: Pages) -> None:
    for last_name in ("delta", "Alpha", "charlie", "Bravo"):
        pages.services.drivers.add(DriverDraft(last_name=last_name))
    first = pages.get("/drivers?limit=3")
    assert first.text.index("Alpha") < first.text.index("Bravo") < first.text.index("charlie")
    assert "delta" not in first.text
    path = first.html.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert pages.get(path).has("delta")


def test_a_driver_shows_tags_and_transactions(pages: Pages) -> None:
    pages.done("/drivers/new", ADA)
    pages.done("/id-tags/-/new", {"idTag": "TAG", "driver": "1"})
    number = a_start(pages)
    page = pages.get("/drivers/1")
    assert 'href="/id-tags/TAG"' in page.html
    assert f'href="/transactions/{number}"' in page.html
    assert pages.get(f"/transactions/{number}").has("Ada Lovelace")


def test_who_is_forgotten_leaves_tags_and_transactions_without_a_name(pages: Pages) -> None:
    pages.done("/drivers/new", ADA)
    pages.services.authorization.add(IdToken(id_token="TAG", note="of Ada", driver=1))  # type: ignore[arg-type]  # the first
    number = a_start(pages)
    assert pages.done("/drivers/1/forget").has("The driver is forgotten; all personal data is deleted.")
    assert pages.services.authorization.get("TAG") == IdToken(id_token="TAG")
    for path in ("/drivers", "/id-tags", "/id-tags/TAG", "/transactions", f"/transactions/{number}"):
        text = pages.get(path).text
        assert "Ada" not in text, path
        assert "example.com" not in text, path
    for path in ("/drivers/1", "/drivers/1/edit"):
        gone = pages.get(path)
        assert gone.status == 404
        assert gone.has("There is no driver 1.", "All drivers")
    assert pages.post("/drivers/1/forget").status == 404


def test_the_download_has_all_and_no_formula(pages: Pages) -> None:
    pages.done("/drivers/new", {**ADA, "note": "=1+1"})
    lines = pages.get("/drivers/download").html.strip().splitlines()
    assert lines[0] == "number,firstName,lastName,email,phone,address,language,note,addedAt"
    assert "'=1+1" in lines[-1]


@pytest.mark.parametrize("path", ["/drivers/new", "/drivers/1/edit", "/drivers/1/forget"])
def test_a_viewer_looks_and_changes_nothing(pages: Pages, path: str) -> None:
    pages.done("/drivers/new", ADA)
    pages.sign_in(Role.VIEWER)
    assert path not in pages.get("/drivers").html + pages.get("/drivers/1").html
    assert pages.post(path, ADA).status == 403
    assert pages.services.drivers.get(1).last_name == "Lovelace"  # type: ignore[arg-type]  # the first
