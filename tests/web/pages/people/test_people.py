"""Accounts of people, as administrators see to them."""

from __future__ import annotations

from collections.abc import Iterator

import pyotp
import pytest

from forecourt.clock import SystemClock
from forecourt.domain.access.account import Account
from forecourt.domain.access.permissions import Role
from forecourt.web.oidc import OpenId, Provider
from tests.web.door import Building, Pages

LONG = "correct horse battery staple"
ISSUER = "https://id.example"


@pytest.fixture
def building_with_provider(building: Building) -> Iterator[Building]:
    provider = Provider(ISSUER, "forecourt", None, "https://console.example/sign-in/openid/back")
    with building.changed(openid=OpenId(provider, SystemClock())):
        yield building


@pytest.fixture
def ada(pages: Pages) -> Account:
    return pages.services.accounts.add("ada", shown_name="Ada L", role=Role.VIEWER, password_hash="plain:her password")


def test_everybody_is_listed(pages: Pages, ada: Account) -> None:
    page = pages.get("/people")
    assert page.has("admin", "ada", "Ada L", "Viewer", "Enabled", "with a password", "never")


def test_a_long_list_goes_on_on_further_pages(pages: Pages) -> None:
    for number in range(60):
        pages.services.accounts.add(f"person-{number:02}", role=Role.VIEWER)
    first = pages.get("/people")
    assert not first.has("person-59")
    assert pages.get("/people?after=person-48").has("person-59")
    assert first.has("Next page")


def test_somebody_is_added_and_signs_in(pages: Pages) -> None:
    typed = {"name": "grace", "shownName": "Grace H", "role": "operator", "password": LONG, "again": LONG}
    page = pages.done("/people/-/new", typed)

    assert page.has("The account is made.", "Grace H")
    assert pages.services.accounts.get("grace").role is Role.OPERATOR
    assert LONG not in page.html
    assert pages.post("/sign-in", {"name": "grace", "password": LONG}).status == 303


def test_somebody_without_a_password_is_added_for_the_provider(pages: Pages) -> None:
    pages.done("/people/-/new", {"name": "grace", "role": "viewer", "elsewhere": "yes"})
    assert not pages.services.accounts.get("grace").has_password
    assert pages.get("/people").has("not at all yet")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "two words"}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "ada"}, "name"),
        ({"name": "ADA"}, "name"),
        ({"role": "king"}, "role"),
        ({"role": ""}, "role"),
        ({"password": "short", "again": "short"}, "password"),
        ({"again": "other"}, "again"),
    ],
)
def test_what_is_refused_is_told_beside_its_field_and_the_rest_kept(
    pages: Pages, ada: Account, changes: dict[str, str], field: str
) -> None:
    typed = {"name": "grace", "shownName": "Grace H", "role": "operator", "password": LONG, "again": LONG} | changes
    page = pages.post("/people/-/new", typed)

    assert page.status == 422
    assert f'id="{field}-fault"' in page.html
    assert 'value="Grace H"' in page.html
    assert pages.services.accounts.find("grace") is None


def test_another_role_counts_at_once(pages: Pages, ada: Account) -> None:
    session = pages.services.sessions.open("ada", address="", agent="")
    page = pages.done("/people/ada", {"shownName": "<i>Ada</i>", "role": "securityOfficer"})

    assert page.has("<i>Ada</i>", "Security officer")
    assert "<i>Ada" not in page.html
    assert pages.services.accounts.get("ada").role is Role.SECURITY_OFFICER
    assert pages.services.sessions.find(session) is None


def test_the_last_administrator_stays_one(pages: Pages) -> None:
    for path, typed in (
        ("/people/admin", {"role": "viewer"}),
        ("/people/admin/disable", {}),
        ("/people/admin/remove", {}),
    ):
        page = pages.post(path, typed)
        assert page.status == 422
        assert page.has("is the last enabled administrator")
    assert pages.services.accounts.get("admin").role is Role.ADMIN


def test_disabling_ends_sessions_and_enabling_lets_in_again(pages: Pages, ada: Account) -> None:
    session = pages.services.sessions.open("ada", address="", agent="")
    assert pages.done("/people/ada/disable").has("Disabled", "Enable")
    assert pages.services.sessions.find(session) is None
    assert pages.post("/sign-in", {"name": "ada", "password": "her password"}).status == 422
    pages.done("/people/ada/enable")
    assert pages.post("/sign-in", {"name": "ada", "password": "her password"}).status == 303


def test_a_password_is_reset(pages: Pages, ada: Account) -> None:
    session = pages.services.sessions.open("ada", address="", agent="")
    pages.done("/people/ada/password", {"password": LONG, "again": LONG})

    assert pages.services.sessions.find(session) is None
    assert pages.services.access.password_hash("ada") == f"plain:{LONG}"


@pytest.mark.parametrize(("password", "again"), [("short", "short"), (LONG, "other"), ("", "")])
def test_a_password_that_cannot_be_is_not_set(pages: Pages, ada: Account, password: str, again: str) -> None:
    assert pages.post("/people/ada/password", {"password": password, "again": again}).status == 422
    assert pages.services.access.password_hash("ada") == "plain:her password"


def test_sessions_are_ended(pages: Pages, ada: Account) -> None:
    session = pages.services.sessions.open("ada", address="", agent="")
    pages.done("/people/ada/end-sessions")
    assert pages.services.sessions.find(session) is None


def test_a_lost_second_factor_is_removed(pages: Pages, ada: Account) -> None:
    secret = pages.services.accounts.begin_totp("ada").secret
    pages.services.accounts.confirm_totp("ada", pyotp.TOTP(secret).at(pages.clock.now()))
    assert pages.get("/people/ada").has("10 recovery codes are left.")
    pages.done("/people/ada/remove-second-factor")

    assert not pages.services.accounts.get("ada").has_second_factor
    assert pages.post("/people/ada/remove-second-factor").has("has no second factor")


def test_an_account_is_removed(pages: Pages, ada: Account) -> None:
    pages.done("/people/ada/remove")
    gone = pages.get("/people/ada")
    assert gone.status == 404
    assert gone.has("There is no account named 'ada'.", "To all people")
    for action in ("", "/disable", "/enable", "/end-sessions", "/remove", "/remove-second-factor", "/unlink"):
        assert pages.post(f"/people/ada{action}", {"role": "viewer"}).status == 404


def test_an_account_is_linked_to_the_provider_and_unlinked(building_with_provider: Building) -> None:
    pages = Pages(building_with_provider)
    pages.services.accounts.add("ada", role=Role.VIEWER)
    pages.services.accounts.add("grace", role=Role.VIEWER)
    page = pages.done("/people/ada/link", {"subject": "0815"})
    assert page.has(ISSUER, "0815")
    assert pages.services.accounts.find_by_subject(ISSUER, "0815") is not None

    taken = pages.post("/people/grace/link", {"subject": "0815"})
    assert taken.status == 422
    assert 'id="subject-fault"' in taken.html
    pages.done("/people/ada/unlink")
    assert pages.services.accounts.find_by_subject(ISSUER, "0815") is None


def test_without_a_provider_nothing_can_be_linked(pages: Pages, ada: Account) -> None:
    assert pages.get("/people/ada").has("There is no provider in the settings.")
    assert pages.post("/people/ada/link", {"subject": "0815"}).status == 422


def test_a_name_with_anything_in_it_has_a_page(pages: Pages) -> None:
    for name in ("new", "-", "ä%2F?#", "<b>"):
        pages.services.accounts.add(name, role=Role.VIEWER)
    for path in ("new", "-", "%C3%A4%252F%3F%23", "%3Cb%3E"):
        assert pages.get(f"/people/{path}").status == 200


def test_what_was_done_is_in_the_audit_trail_without_the_password(pages: Pages, ada: Account) -> None:
    pages.done("/people/ada", {"role": "operator"})
    pages.done("/people/ada/password", {"password": LONG, "again": LONG})
    page = pages.get("/audit")

    assert page.has("/people/{name}", "ada", "operator", "/people/{name}/password")
    assert LONG not in page.html
