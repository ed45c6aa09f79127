"""The switch of theme and language."""

from __future__ import annotations

import pytest

from tests.web.door import Pages


def test_whoever_has_not_signed_in_chooses_for_the_browser(stranger: Pages) -> None:
    page = stranger.done("/preferences", {"language": "de", "next": "/sign-in?next=%2Falarms"})
    assert 'lang="de"' in page.html
    page = stranger.done("/preferences", {"theme": "dark", "next": "/sign-in"})
    assert 'data-bs-theme="dark"' in page.html
    assert 'lang="de"' in page.html, "one choice does not undo the other"


def test_who_has_signed_in_chooses_for_the_account(pages: Pages) -> None:
    assert 'lang="de"' in pages.done("/preferences", {"language": "de", "next": "/alarms"}).html
    account = pages.services.accounts.get("admin")
    assert (account.language, account.theme) == ("de", None)
    pages.done("/preferences", {"theme": "light", "next": "/alarms"})
    pages.cookies.pop("forecourt_language")
    page = pages.get("/alarms")
    assert 'lang="de"' in page.html
    assert 'data-bs-theme="light"' in page.html
    page = pages.done("/preferences", {"theme": "auto", "next": "/alarms"})
    assert pages.services.accounts.get("admin").theme is None
    assert "data-bs-theme" not in page.html


@pytest.mark.parametrize("field", ["language", "theme"])
def test_what_there_is_not_is_left_out(pages: Pages, field: str) -> None:
    answer = pages.post("/preferences", {field: "klingon", "next": "/alarms"})
    assert (answer.status, answer.location) == (303, "/alarms")
    assert not answer.response.cookies


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
def test_it_leads_nowhere_else(pages: Pages, elsewhere: str) -> None:
    assert pages.post("/preferences", {"theme": "dark", "next": elsewhere}).location == "/"


def test_a_form_of_elsewhere_changes_nothing(pages: Pages) -> None:
    assert pages.post("/preferences", {"language": "de"}, csrf="wrong").status == 403
    assert pages.post("/preferences", {"language": "de"}, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
