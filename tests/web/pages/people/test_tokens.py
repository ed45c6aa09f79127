"""API tokens."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from forecourt.domain.access.permissions import Permission, Role
from tests.web.door import Pages


def test_without_one_the_page_leads_on(pages: Pages) -> None:
    page = pages.get("/tokens")
    assert page.has("No token", "New token")


def test_a_token_is_made_and_its_secret_shown_once(pages: Pages) -> None:
    page = pages.post(
        "/tokens/new", {"name": "billing", "scopes": ["view", "audit"], "expiresAt": "2030-01-01T00:00:00"}
    )
    secret = re.search(r"fct_[\w-]{43}", page.html)

    assert page.status == 200
    assert secret
    token = pages.services.access.find_token(secret[0])
    assert token is not None
    assert token.scopes == {Permission.VIEW, Permission.AUDIT}
    later = pages.get("/tokens")
    assert later.has("billing", "View", "Audit", "2030")
    assert secret[0] not in later.html
    assert secret[0] not in pages.get("/audit").html


def test_the_usual_scopes_are_ticked(pages: Pages) -> None:
    ticked = re.findall(r'name="scopes" value="(\w+)" checked', pages.get("/tokens/new").html)
    assert ticked == ["view", "operate", "manage"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "taken"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"expiresAt": "2001-01-01T00:00:00"}, "expiresAt"),
        ({"expiresAt": "soon"}, "expiresAt"),
    ],
)
def test_what_is_refused_is_told_beside_its_field(
    pages: Pages, changes: dict[str, str | list[str]], field: str
) -> None:
    pages.services.access.create_token("taken")
    typed: dict[str, str | list[str]] = {"name": "billing", "scopes": ["audit"], "expiresAt": ""}
    page = pages.post("/tokens/new", typed | changes)

    assert page.status == 422
    assert f'id="{field}-fault"' in page.html
    assert "fct_" not in page.html


def test_one_that_expires_soon_or_has_expired_is_marked(pages: Pages) -> None:
    pages.services.access.create_token("soon", pages.clock.now() + timedelta(days=13))
    assert pages.get("/tokens").has("Soon")
    pages.clock.advance(timedelta(days=14))
    pages.sign_in(Role.ADMIN)  # the session has ended meanwhile
    assert pages.get("/tokens").has("Expired")


def test_a_token_is_revoked(pages: Pages) -> None:
    _token, secret = pages.services.access.create_token("<b> & %2F")
    page = pages.get("/tokens")
    assert page.has("<b> & %2F")
    assert 'action="/tokens/%3Cb%3E%20%26%20%252F/revoke"' in page.html
    pages.done("/tokens/%3Cb%3E%20%26%20%252F/revoke")

    assert pages.services.access.find_token(secret) is None
    assert pages.post("/tokens/gone/revoke").status == 404
