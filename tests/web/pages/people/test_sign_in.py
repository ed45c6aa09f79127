"""Signing in with a password, and out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.access.sessions import IDLE, LONGEST
from forecourt.domain.audit.model import AuditFilter
from forecourt.domain.paging import PageRequest
from forecourt.web.admission import SESSION
from forecourt.web.sign_in_desk import MAX_CHECKS_WAITING, NOBODYS
from tests.support.workspace import PlainHasher
from tests.web.door import Building, Pages, Shown

PASSWORD = "correct horse"


def enter(pages: Pages, name: str = "admin", password: str = PASSWORD, path: str = "/sign-in") -> Shown:
    return pages.post(path, {"name": name, "password": password})


def deeds(pages: Pages) -> list[tuple[str, str, str]]:
    """Who, what, and the detail; the newest first."""
    page = pages.services.audit.list(AuditFilter(), PageRequest(20))
    return [(entry.deed.who, entry.deed.action, entry.deed.detail) for entry in page.items]


def test_the_right_password_opens_the_console(stranger: Pages) -> None:
    answer = enter(stranger)

    assert (answer.status, answer.location) == (303, "/")
    stranger.cookies = dict(answer.response.cookies)
    assert stranger.get("/alarms").status == 200
    assert stranger.services.accounts.get("admin").signed_in_at == stranger.clock.now()
    assert deeds(stranger)[0] == ("admin", "signIn", "password; 127.0.0.1")


@pytest.mark.parametrize(("name", "password"), [("admin", "wrong"), ("nobody", PASSWORD), ("admin", "x" * 2000)])
def test_a_wrong_name_or_password_is_told_without_saying_which(stranger: Pages, name: str, password: str) -> None:
    page = enter(stranger, name, password)

    assert page.status == 422
    assert page.has("The name or the password is wrong.")
    assert f'value="{password}"' not in page.html
    assert not page.response.cookies


def test_a_failure_is_written_down_without_a_name_that_nobody_has(stranger: Pages) -> None:
    enter(stranger, "admin", "wrong")
    enter(stranger, "my secret password", "wrong")

    assert deeds(stranger)[:2] == [
        ("nobody", "signInFailed", "unknown name; 127.0.0.1"),
        ("admin", "signInFailed", "wrong password; 127.0.0.1"),
    ]


def test_a_name_that_nobody_has_takes_a_check_of_a_password_all_the_same(
    stranger: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def is_match(hasher: PlainHasher, hashed: str, password: str) -> bool:
        checked.append(password)
        return hashed == hasher.hash(password)

    monkeypatch.setattr(PlainHasher, "is_match", is_match)
    assert enter(stranger, "nobody", NOBODYS).status == 422  # also with the password that stands in for his
    assert checked == [NOBODYS]


def test_a_disabled_account_is_not_let_in(stranger: Pages) -> None:
    stranger.services.accounts.add("ada", role=Role.VIEWER, password_hash="plain:her password")
    assert enter(stranger, "ada", "her password").status == 303
    stranger.services.accounts.change("ada", is_enabled=False)

    assert enter(stranger, "ada", "her password").status == 422


def test_an_account_without_a_password_is_not_let_in_by_an_empty_one(stranger: Pages) -> None:
    stranger.services.accounts.add("ada", role=Role.VIEWER)

    assert enter(stranger, "ada", "").status == 422


def test_an_address_that_guesses_has_to_wait_and_another_does_not(stranger: Pages) -> None:
    pages = stranger
    for _ in range(10):
        assert enter(pages, "admin", "wrong").has("The name or the password is wrong.")

    assert enter(pages).has("Too many attempts from this address; wait 6 seconds.")
    pages.address = "192.0.2.7"
    assert enter(pages).status == 303
    pages.address = "127.0.0.1"
    pages.clock.advance(timedelta(seconds=7))
    assert enter(pages).status == 303


def test_too_many_checks_at_once_are_told_to_come_back(
    building: Building, stranger: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building.house.desk, "_waiting", MAX_CHECKS_WAITING)

    assert enter(stranger).has("Many are signing in at the moment; try again in a moment.")


# Sessions


def test_a_planted_cookie_is_never_adopted(stranger: Pages) -> None:
    stranger.cookies = {SESSION: "planted-by-somebody"}
    answer = enter(stranger)

    secret = answer.response.cookies[SESSION]
    assert secret != "planted-by-somebody"
    stranger.cookies = {SESSION: "planted-by-somebody"}
    assert stranger.get("/alarms").status == 303


def test_signing_in_again_ends_the_session_that_the_browser_had(pages: Pages) -> None:
    before = dict(pages.cookies)
    answer = enter(pages, password="x")

    assert answer.status == 303
    assert pages.get("/alarms").status == 303  # with the cookie of before
    pages.cookies = before | dict(answer.response.cookies)
    assert pages.get("/alarms").status == 200


def test_signing_out_ends_the_session_also_for_who_kept_the_cookie(pages: Pages) -> None:
    kept = dict(pages.cookies)
    answer = pages.post("/sign-out")

    assert (answer.status, answer.location) == (303, "/sign-in")
    assert 'forecourt_session=""' in answer.response.headers.get("set-cookie", "")
    pages.cookies = kept
    assert pages.get("/alarms").status == 303
    assert deeds(pages)[0] == ("admin", "signOut", "127.0.0.1")


def test_signing_out_takes_the_token_and_a_post(pages: Pages) -> None:
    assert pages.post("/sign-out", csrf="wrong").status == 403
    assert pages.get("/sign-out").status == 405
    assert pages.get("/alarms").status == 200


def test_a_session_ends_when_it_is_not_used(pages: Pages) -> None:
    pages.clock.advance(IDLE - timedelta(minutes=1))
    assert pages.get("/alarms").status == 200
    pages.clock.advance(IDLE - timedelta(minutes=1))
    assert pages.get("/alarms").status == 200
    pages.clock.advance(IDLE + timedelta(seconds=1))
    assert pages.get("/alarms").location.startswith("/sign-in")


def test_a_session_ends_however_much_it_is_used(pages: Pages) -> None:
    for _ in range(15):
        pages.clock.advance(timedelta(hours=1))
        assert pages.get("/alarms").status == 200
    pages.clock.advance(LONGEST - timedelta(hours=15))
    assert pages.get("/alarms").status == 303


def test_a_disabled_accounts_session_ends_at_once(pages: Pages) -> None:
    pages.sign_in(Role.VIEWER)
    assert pages.get("/alarms").status == 200
    pages.services.accounts.change("viewer", is_enabled=False)

    assert pages.get("/alarms").location.startswith("/sign-in")


# Where it goes on


@pytest.mark.parametrize("wanted", ["/alarms?state=all", "/stations/a%2Fb"])
def test_it_goes_on_to_where_somebody_wanted_to_go(stranger: Pages, wanted: str) -> None:
    assert stranger.run(stranger._ask("POST", "/sign-in", params={"next": wanted}, data=_admin())).headers[
        "location"
    ] == (wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
        "/\x00",
        "/ä",
        "/" + "a" * 3000,
    ],
)
def test_it_never_goes_on_to_another_host(stranger: Pages, wanted: str) -> None:
    answer = stranger.run(stranger._ask("POST", "/sign-in", params={"next": wanted}, data=_admin()))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_whoever_is_signed_in_is_led_on(pages: Pages) -> None:
    assert pages.get("/sign-in?next=%2Falarms").location == "/alarms"


def test_a_form_of_another_page_is_refused_also_before_signing_in(stranger: Pages) -> None:
    """Login CSRF: nobody is signed in to an account that is not theirs."""
    fields = {"name": "admin", "password": PASSWORD}
    assert stranger.post("/sign-in", fields, headers={"Origin": "http://elsewhere"}).status == 403
    assert stranger.post("/sign-in", fields, headers={"Sec-Fetch-Site": "same-site"}).status == 403


# Cookies and TLS


def test_the_cookie_is_hidden_from_scripts_and_goes_with_the_browser(stranger: Pages) -> None:
    cookie = enter(stranger).response.headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert "max-age" not in cookie.lower()


def test_behind_tls_the_cookies_belong_to_this_host_and_to_tls(building_behind_tls: Building) -> None:
    pages = Pages(building_behind_tls, role=None)
    answer = enter(pages)

    cookie = answer.response.headers["set-cookie"]
    assert cookie.startswith(f"__Host-{SESSION}=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert answer.response.headers["strict-transport-security"] == "max-age=31536000"
    secret = cookie.partition("=")[2].partition(";")[0]
    pages.cookies = {f"__Host-{SESSION}": secret}
    assert pages.get("/alarms").status == 200
    pages.cookies = {SESSION: secret}
    assert pages.get("/alarms").status == 303  # a neighbour of the host could have set this one


@pytest.mark.parametrize(("address", "is_warned"), [("192.0.2.7", True), ("127.0.0.1", False), ("::1", False)])
def test_the_page_warns_where_a_password_may_be_read_on_its_way(stranger: Pages, address: str, is_warned: bool) -> None:
    stranger.address = address

    assert stranger.get("/sign-in").has("This page came without TLS") is is_warned


def test_behind_tls_it_does_not(building_behind_tls: Building) -> None:
    pages = Pages(building_behind_tls, role=None)
    pages.address = "192.0.2.7"

    assert not pages.get("/sign-in").has("without TLS")


def test_the_page_says_where_the_console_is_to_be_used(building_behind_tls: Building) -> None:
    pages = Pages(building_behind_tls, role=None)

    assert pages.get("/sign-in", Host="192.0.2.1").has("This console is to be used at another", "https://forecourt")
    assert not pages.get("/sign-in").has("This console is to be used at another")


def _admin() -> dict[str, str]:
    return {"name": "admin", "password": PASSWORD}
