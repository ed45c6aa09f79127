"""The visitor's own account."""

from __future__ import annotations

import re

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.web.admission import SESSION
from tests.web.door import Pages

LONG = "correct horse battery staple"


@pytest.mark.parametrize("role", list(Role))
def test_everybody_has_one(pages: Pages, role: Role) -> None:
    pages.sign_in(role)
    page = pages.get("/account")

    assert page.status == 200
    assert page.has("Your account", role.value, "This one")


def test_language_zone_theme_and_name_count_from_the_next_page_on(pages: Pages) -> None:
    page = pages.done("/account", {"shownName": "Ada <L>", "language": "de", "zone": "Asia/Tokyo", "theme": "dark"})

    assert 'lang="de"' in page.html
    assert 'data-theme="dark"' in page.html
    assert "Ada <L>" in page.text
    assert "Ada <L>" not in page.html
    assert 'value="Asia/Tokyo"' in page.html
    assert pages.services.accounts.get("admin").zone == "Asia/Tokyo"


def test_they_are_left_to_the_browser_again(pages: Pages) -> None:
    pages.services.accounts.set_manner("admin", language="de", zone="Asia/Tokyo", theme="dark")
    pages.done("/account", {"shownName": "", "language": "", "zone": "", "theme": ""})

    account = pages.services.accounts.get("admin")
    assert (account.language, account.zone, account.theme) == (None, None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("zone", "Mars/Olympus"),
        ("zone", "../etc/passwd"),
        ("language", "x"),
        ("theme", "pink"),
        ("shownName", "a" * 300),
    ],
)
def test_what_cannot_be_shown_is_refused_beside_its_field(pages: Pages, field: str, value: str) -> None:
    typed = {"shownName": "Ada", "language": "", "zone": "", "theme": "", field: value}
    page = pages.post("/account", typed)

    assert page.status == 422
    assert f'id="{field}-fault"' in page.html
    assert pages.services.accounts.get("admin").shown_name == ""  # nothing of it is kept
    if field != "shownName":
        assert 'value="Ada"' in page.html


# The password


def test_a_new_password_takes_the_old_one_and_ends_other_sessions(pages: Pages) -> None:
    other = pages.services.sessions.open("admin", address="192.0.2.1", agent="another")
    page = pages.done("/account/password", {"ownPassword": "x", "password": LONG, "again": LONG})

    assert page.has("Your password is changed")
    assert pages.services.access.password_hash("admin") == f"plain:{LONG}"
    assert pages.services.sessions.find(other) is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ownPassword": "wrong"}, "This is not your password."),
        ({"password": "short", "again": "short"}, "at least 12 characters"),
        ({"again": "another one, as long"}, "This is not the same password."),
        ({"password": "a" * 1025, "again": "a" * 1025}, "at most 1024 characters"),
    ],
)
def test_a_password_that_cannot_be_is_refused(pages: Pages, changes: dict[str, str], sentence: str) -> None:
    page = pages.post("/account/password", {"ownPassword": "x", "password": LONG, "again": LONG} | changes)

    assert page.status == 422
    assert page.has(sentence)
    assert LONG not in page.html
    assert pages.services.access.password_hash("admin") == "plain:x"


def test_whoever_guesses_the_own_password_has_to_wait(pages: Pages) -> None:
    typed = {"ownPassword": "wrong", "password": LONG, "again": LONG}
    for _ in range(10):
        assert pages.post("/account/password", typed).has("This is not your password.")
    assert pages.post("/account/password", typed | {"ownPassword": "x"}).has("Too many attempts")


def test_whoever_signs_in_elsewhere_has_no_password_to_change(pages: Pages) -> None:
    pages.workspace.unit.execute("UPDATE account SET password_hash = '' WHERE name = 'admin'", ())
    assert pages.get("/account/password").has("have no password here")


# Sessions


def test_a_session_elsewhere_is_shown_and_ended(pages: Pages) -> None:
    other = pages.services.sessions.open("admin", address="192.0.2.1", agent="<b>odd</b> browser")
    page = pages.get("/account")
    assert page.has("<b>odd</b> browser", "192.0.2.1")
    assert "<b>odd" not in page.html
    (session,) = re.findall(r'name="session" value="([0-9a-f]+)"', page.html)

    pages.done("/account/sessions/end", {"session": session})
    assert pages.services.sessions.find(other) is None
    assert pages.services.sessions.find(pages.cookies[SESSION]) is not None


def test_a_session_of_somebody_else_is_not_ended(pages: Pages) -> None:
    pages.services.accounts.add("ada", role=Role.ADMIN)
    other = pages.services.sessions.open("ada", address="", agent="")
    digest = pages.services.sessions.list_of("ada")[0].digest
    pages.post("/account/sessions/end", {"session": digest})

    assert pages.services.sessions.find(other) is not None


def test_all_others_are_ended_at_once(pages: Pages) -> None:
    others = [pages.services.sessions.open("admin", address="", agent="") for _ in range(3)]
    pages.done("/account/sessions/end-others")

    assert not any(pages.services.sessions.find(one) for one in others)
