"""Outside authorities, who signs for whom, and requests that wait."""

from __future__ import annotations

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.authorities.kinds import KINDS, OUTSIDE
from forecourt.domain.authorities.model import AuthorityKind
from forecourt.domain.signing.model import SigningNumber, SigningState
from tests.web.door import Pages
from tests.web.pages.security.certificates import ROOT, actions, requested

EST = {
    "kind": "est",
    "name": "city",
    "settings.url": "https://est.example.com",
    "settings.username": "forecourt",
    "settings.password": "s3cr3t-s3cr3t",
}


def secret_of(pages: Pages) -> str | None:
    return pages.services.authorities.opened("city").secrets.get("password")


@pytest.mark.parametrize("kind", OUTSIDE)
def test_the_form_of_every_kind_has_all_its_settings(pages: Pages, kind: AuthorityKind) -> None:
    assert f'href="/authorities/new?kind={kind.value}"' in pages.get("/authorities/new").html
    page = pages.get(f"/authorities/new?kind={kind.value}")
    for setting in KINDS[kind]:
        assert f'name="settings.{setting.name}"' in page.html
        assert page.has(setting.description)


def test_one_is_added_and_its_secrets_are_never_shown(pages: Pages) -> None:
    assert pages.done("/authorities/new", EST).has("The authority is added", "city", "EST", "https://est.example.com")
    page = pages.get("/authorities/outside/city")
    assert page.has("A value is kept")
    assert EST["settings.password"] not in page.html
    assert secret_of(pages) == EST["settings.password"]


def test_what_is_refused_stands_beside_its_field_without_the_secret(pages: Pages) -> None:
    refused = pages.post("/authorities/new", {**EST, "settings.url": "ftp://x"})
    assert refused.status == 422
    assert 'id="settings.url-fault"' in refused.html
    assert "ftp://x" in refused.html
    assert EST["settings.password"] not in refused.html
    assert 'id="name-fault"' in pages.post("/authorities/new", {**EST, "name": ""}).html


def test_a_secret_that_is_left_empty_stays_and_one_is_taken_away_by_saying_so(pages: Pages) -> None:
    pages.done("/authorities/new", EST)
    change = {"settings.url": "https://new.example.com", "enabled": "yes"}
    done = pages.done("/authorities/outside/city", change)
    assert done.has("The authority is changed")
    assert "https://new.example.com" in done.html
    assert secret_of(pages) == EST["settings.password"]
    pages.done("/authorities/outside/city", {**change, "settings.roots": ROOT.pem})
    assert ROOT.pem.splitlines()[1] in pages.get("/authorities/outside/city").html
    pages.done("/authorities/outside/city", {**change, "settings.roots": "", "forget.password": "yes"})
    assert ROOT.pem.splitlines()[1] not in pages.get("/authorities/outside/city").html
    assert secret_of(pages) is None
    pages.done("/authorities/outside/city", {"settings.url": "https://new.example.com"})
    assert pages.get("/authorities").has("Disabled")
    refused = pages.post("/authorities/outside/city", {"settings.url": ""})
    assert refused.status == 422
    assert 'id="settings.url-fault"' in refused.html


def test_who_signs_is_chosen_by_use_and_by_group(pages: Pages) -> None:
    pages.done("/authorities/new", EST)
    done = pages.done("/authorities/choice", {"defaults.station": "city", "byGroup": "north: city\nsouth: own\n"})
    assert done.has("It counts for what is asked from now on.")
    choice = pages.services.authorities.choice()
    assert choice.by_group == {"north": "city", "south": "own"}
    assert 'value="city" selected' in done.html
    assert "north: city" in done.html
    wrong = pages.post("/authorities/choice", {"byGroup": "north: city\nnobody"})
    assert wrong.status == 422
    assert wrong.has("Line 2: write the group, a colon and the authority.")
    assert pages.post("/authorities/choice", {"byGroup": "north: nobody"}).has("There is no authority 'nobody'")
    assert pages.post("/authorities/outside/city/remove").status == 409
    pages.done("/authorities/choice", {"byGroup": ""})
    assert pages.done("/authorities/outside/city/remove").has("its secrets are forgotten")


def test_requests_are_listed_filtered_and_downloaded(pages: Pages) -> None:
    assert pages.get("/authorities/requests").has("No request")
    requested(pages)
    page = pages.get("/authorities/requests")
    assert page.has("Waiting", "An officer <looks> at it.", "Refused", "Not for you.")
    assert "<looks>" not in page.html
    for query in ("state=waiting", "authority=city", "owner=CP-1", "use=station"):
        assert not pages.get(f"/authorities/requests?{query}").has("Not for you."), query
    assert len(pages.get("/authorities/requests.csv?state=waiting").html.splitlines()) == 2
    assert pages.get("/authorities").has("Requests that wait")


def test_a_request_is_tried_again_and_cancelled(pages: Pages) -> None:
    requested(pages)
    here = "/authorities/requests/1"
    assert pages.get(here).has("Request 1", "Waiting", "SN-1", "city")
    assert pages.done(f"{here}/retry").has("The authority is asked now.")
    assert pages.done(f"{here}/cancel").has("The request is cancelled.", "It was cancelled by admin.")
    assert pages.services.signing.get(SigningNumber(1)).state is SigningState.CANCELLED
    assert pages.post("/authorities/requests/2/cancel").status in (303, 409)
    assert pages.get("/authorities/requests/9").status == 404


def test_who_may_not_change_them_sees_no_way_to_and_finds_none(pages: Pages) -> None:
    pages.done("/authorities/new", EST)
    requested_number = "1"
    pages.sign_in(Role.OPERATOR)
    page = pages.get("/authorities")
    assert actions(page) == set()
    assert "/authorities/new" not in page.html
    assert pages.get("/authorities/new").status == 403
    assert "<button" not in pages.get("/authorities/outside/city").html.partition("<main")[2]
    for path in ("new", "choice", "outside/city", "outside/city/remove"):
        assert pages.post(f"/authorities/{path}", EST).status == 403, path
    for path in ("retry", "cancel"):
        assert pages.post(f"/authorities/requests/{requested_number}/{path}").status == 403, path
