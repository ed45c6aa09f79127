"""The second step of signing in, and setting it up."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import unquote

import pyotp
import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.access.sessions import HALF as HALF_OPEN_FOR
from forecourt.domain.access.sessions import TRIES
from forecourt.domain.audit.model import AuditFilter, SignIn
from forecourt.domain.paging import PageRequest
from forecourt.web.admission import SESSION
from forecourt.web.pages.people.own_factor import picture_of
from forecourt.web.signing_in import HALF
from tests.web.door import Building, Pages

PASSWORD = "correct horse"
ENTRY = {"name": "admin", "password": PASSWORD}


@pytest.fixture
def phone(stranger: Pages) -> pyotp.TOTP:
    """The authenticator of the administrator."""
    accounts = stranger.services.accounts
    secret = accounts.begin_totp("admin").secret
    accounts.confirm_totp("admin", pyotp.TOTP(secret).at(stranger.clock.now()))
    stranger.clock.advance(timedelta(minutes=1))  # a code is taken once
    return pyotp.TOTP(secret)


def begin(pages: Pages, path: str = "/sign-in") -> None:
    answer = pages.post(path, ENTRY)
    assert (answer.status, answer.location.partition("?")[0]) == (303, "/sign-in/code")
    pages.cookies = dict(answer.response.cookies)


def test_the_password_alone_opens_no_page(stranger: Pages, phone: pyotp.TOTP) -> None:
    begin(stranger)

    assert SESSION not in stranger.cookies
    for name in (SESSION, HALF):  # nor does what it gave, under whatever name
        stranger.cookies = {name: stranger.cookies[HALF], HALF: stranger.cookies[HALF]}
        assert stranger.get("/alarms").location.startswith("/sign-in")
        assert stranger.post("/account/password").status == 303


def test_a_code_of_the_phone_lets_in_with_a_new_session(stranger: Pages, phone: pyotp.TOTP) -> None:
    begin(stranger, "/sign-in?next=%2Falarms")
    half = stranger.cookies[HALF]
    assert stranger.get("/sign-in/code?next=%2Falarms").has("Second factor", "Six digits")
    answer = stranger.post("/sign-in/code?next=%2Falarms", {"code": phone.at(stranger.clock.now())})

    assert (answer.status, answer.location) == (303, "/alarms")
    secret = answer.response.cookies[SESSION]
    assert secret != half
    assert f'{HALF}=""' in ";".join(answer.response.headers.get_list("set-cookie"))
    stranger.cookies = {SESSION: secret}
    assert stranger.get("/alarms").status == 200
    stranger.cookies = {HALF: half}
    assert stranger.get("/sign-in/code").location == "/sign-in"  # it is used up
    newest = stranger.services.audit.list(AuditFilter(), PageRequest(1)).items[0].deed
    assert (newest.who, newest.action, newest.detail) == ("admin", "signIn", "password and second factor; 127.0.0.1")


def test_a_code_is_taken_once(stranger: Pages, phone: pyotp.TOTP) -> None:
    code = {"code": phone.at(stranger.clock.now())}
    begin(stranger)
    assert stranger.post("/sign-in/code", code).status == 303
    begin(stranger)

    assert stranger.post("/sign-in/code", code).has("The code is wrong, or was used before.")


def test_a_recovery_code_lets_in_once(stranger: Pages, phone: pyotp.TOTP) -> None:
    code = stranger.services.accounts.renew_recovery_codes("admin")[0]
    begin(stranger)
    assert stranger.post("/sign-in/code", {"code": code.upper()}).status == 303
    begin(stranger)
    assert stranger.post("/sign-in/code", {"code": code}).status == 422


def test_too_many_wrong_codes_want_the_password_again(stranger: Pages, phone: pyotp.TOTP) -> None:
    begin(stranger)
    for _ in range(TRIES - 1):
        page = stranger.post("/sign-in/code", {"code": "000000"})
        assert page.status == 422
        assert 'value="000000"' not in page.html
    last = stranger.post("/sign-in/code", {"code": "000000"})
    assert (last.status, last.location) == (303, "/sign-in")
    failures = stranger.services.audit.list(AuditFilter(action=SignIn.FACTOR_FAILED), PageRequest(20)).items
    assert [(one.deed.who, one.deed.detail) for one in failures] == [("admin", "wrong code; 127.0.0.1")] * TRIES
    right = stranger.post("/sign-in/code", {"code": phone.at(stranger.clock.now())})

    assert (right.status, right.location) == (303, "/sign-in")
    assert SESSION not in right.response.cookies


def test_guessing_codes_from_many_addresses_has_to_wait(stranger: Pages, phone: pyotp.TOTP) -> None:
    """Whoever knows the password has three codes in a million with each guess."""
    seen = set()
    for number in range(12):
        stranger.address = f"192.0.2.{number}"
        begin(stranger)
        page = stranger.post("/sign-in/code", {"code": "000000"})
        seen.add("Too many codes were tried for this account" in page.text)
    assert seen == {True, False}
    assert stranger.post("/sign-in/code", {"code": phone.at(stranger.clock.now())}).status == 422


def test_half_open_does_not_last(stranger: Pages, phone: pyotp.TOTP) -> None:
    begin(stranger)
    stranger.clock.advance(HALF_OPEN_FOR + timedelta(seconds=1))

    assert stranger.post("/sign-in/code", {"code": phone.at(stranger.clock.now())}).location == "/sign-in"


def test_without_the_password_there_is_nothing_to_add_to(stranger: Pages, phone: pyotp.TOTP) -> None:
    assert stranger.get("/sign-in/code").location == "/sign-in"
    stranger.cookies = {HALF: "invented"}
    assert stranger.post("/sign-in/code", {"code": phone.at(stranger.clock.now())}).location == "/sign-in"


def test_an_account_disabled_between_the_steps_is_not_let_in(stranger: Pages, phone: pyotp.TOTP) -> None:
    stranger.services.accounts.add("ada", role=Role.ADMIN)
    begin(stranger)
    stranger.services.accounts.change("admin", is_enabled=False)

    assert stranger.post("/sign-in/code", {"code": phone.at(stranger.clock.now())}).location == "/sign-in"


def test_it_never_goes_on_to_another_host(stranger: Pages, phone: pyotp.TOTP) -> None:
    begin(stranger)
    answer = stranger.post("/sign-in/code?next=%2F%2Fevil.example", {"code": phone.at(stranger.clock.now())})
    assert answer.location == "/"


def test_behind_tls_its_cookie_belongs_to_this_host(building_behind_tls: Building) -> None:
    pages = Pages(building_behind_tls, role=None)
    secret = pages.services.accounts.begin_totp("admin").secret
    pages.services.accounts.confirm_totp("admin", pyotp.TOTP(secret).at(pages.clock.now()))
    cookie = pages.post("/sign-in", ENTRY).response.headers["set-cookie"]

    assert cookie.startswith(f"__Host-{HALF}=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "Path=/", "Max-Age=300"))


# Setting it up


def set_up(pages: Pages, password: str = "x") -> pyotp.TOTP:
    page = pages.done("/account/second-factor/begin", {"ownPassword": password})
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page.html)
    assert secret
    return pyotp.TOTP(secret[1].replace(" ", ""))


def test_it_is_set_up_with_a_picture_and_confirmed_with_a_code(pages: Pages) -> None:
    phone = set_up(pages)
    page = pages.get("/account/second-factor/new")
    assert 'src="data:image/svg+xml' in page.html
    assert not pages.services.accounts.get("admin").has_second_factor

    shown = pages.post("/account/second-factor/new", {"code": phone.at(pages.clock.now())})
    codes = re.findall(r"\b[a-z2-9]{4}(?:-[a-z2-9]{4}){3}\b", shown.text)
    assert shown.status == 200
    assert len(codes) == 10
    assert shown.has("They are shown now and never again")
    account = pages.services.accounts.get("admin")
    assert (account.has_second_factor, account.recovery_codes) == (True, 10)
    assert pages.services.accounts.check_totp("admin", codes[3])
    assert pages.get("/account/second-factor").has("On", "9 recovery codes are left.")
    assert codes[0] not in pages.get("/account/second-factor").html


def test_the_picture_is_one_that_the_policy_of_pages_allows() -> None:
    picture = unquote(picture_of("otpauth://totp/Forecourt:admin?secret=ABC&issuer=Forecourt"))

    assert picture.startswith("data:image/svg+xml;charset=utf-8,<svg")
    assert not any(word in picture for word in ("<script", "<style", "style=", "ABC"))


def test_a_wrong_code_leaves_it_off_and_shows_the_same_secret(pages: Pages) -> None:
    phone = set_up(pages)
    page = pages.post("/account/second-factor/new", {"code": "000000"})

    assert page.status == 422
    assert phone.secret in page.text.replace(" ", "")
    assert not pages.services.accounts.get("admin").has_second_factor


@pytest.mark.parametrize("action", ["begin", "codes", "remove"])
def test_an_open_browser_is_not_enough(pages: Pages, action: str) -> None:
    phone = set_up(pages)
    pages.post("/account/second-factor/new", {"code": phone.at(pages.clock.now())})
    before = pages.services.accounts.get("admin")
    page = pages.post(f"/account/second-factor/{action}", {"ownPassword": "wrong"})

    assert page.status == 422
    assert page.has("This is not your password.")
    assert pages.services.accounts.get("admin") == before


def test_it_is_removed_with_the_password(pages: Pages) -> None:
    phone = set_up(pages)
    pages.post("/account/second-factor/new", {"code": phone.at(pages.clock.now())})
    pages.done("/account/second-factor/remove", {"ownPassword": "x"})

    assert not pages.services.accounts.get("admin").has_second_factor


def test_recovery_codes_are_renewed_with_the_password(pages: Pages) -> None:
    phone = set_up(pages)
    pages.post("/account/second-factor/new", {"code": phone.at(pages.clock.now())})
    old = pages.services.accounts.renew_recovery_codes("admin")
    page = pages.post("/account/second-factor/codes", {"ownPassword": "x"})

    assert page.status == 200
    assert not set(old) & set(page.text.split())
    assert not pages.services.accounts.check_totp("admin", old[0])


def test_without_having_begun_there_is_nothing_to_confirm(pages: Pages) -> None:
    assert pages.get("/account/second-factor/new").location == "/account/second-factor"
    assert pages.post("/account/second-factor/new", {"code": "123456"}).location == "/account/second-factor"
