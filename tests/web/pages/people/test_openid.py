"""Signing in with a provider of somebody else's making, there and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from forecourt.clock import SystemClock
from forecourt.domain.access.permissions import Role
from forecourt.domain.audit.model import AuditFilter, SignIn
from forecourt.domain.paging import PageRequest
from forecourt.web.admission import SESSION
from forecourt.web.oidc import OpenId, Provider
from forecourt.web.signing_in import OPENID
from tests.support.oidc_provider import CLIENT_ID, CLIENT_SECRET, RunningProvider, running_provider
from tests.web.door import ORIGIN, Building, Pages, Shown

BACK = f"{ORIGIN}/sign-in/openid/back"
STAFF: dict[str, Any] = {"name": "Ada <L>", "groups": ["csms-desk"]}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProvider]:
    with running_provider(tmp_path_factory.mktemp("provider"), BACK) as running:
        yield running


@pytest.fixture
def building_with_provider(building: Building, provider: RunningProvider) -> Iterator[Building]:
    with building.changed(openid=_openid(provider)):
        yield building


@pytest.fixture
def browser(building_with_provider: Building, provider: RunningProvider) -> Pages:
    """Nobody signed in; ada is of the staff at the provider."""
    provider.put_people({"ada": STAFF, "eve": {"groups": ["others"]}})
    return Pages(building_with_provider, role=None)


def _openid(provider: RunningProvider) -> OpenId:
    roles = (("csms-admins", Role.ADMIN), ("csms-desk", Role.OPERATOR))
    told = Provider(
        issuer=provider.issuer,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        redirect_uri=BACK,
        scopes="openid profile groups",
        role_claim="groups",
        roles=roles,
        button="the office",
    )
    return OpenId(told, SystemClock())


def sign_in(browser: Pages, provider: RunningProvider, login: str, path: str = "/sign-in/openid") -> Shown:
    """As far as the answer to coming back."""
    browser.cookies.pop(SESSION, None)
    there = browser.get(path)
    assert there.status == 303, there.text
    browser.cookies |= dict(there.response.cookies)
    back = urlsplit(provider.sign_in(there.location, login))
    answer = browser.get(f"{back.path}?{back.query}")
    browser.cookies |= dict(answer.response.cookies)
    return answer


def test_the_sign_in_page_offers_it(browser: Pages) -> None:
    page = browser.get("/sign-in?next=%2Falarms%3Fa%3Db")
    assert page.has("Sign in with the office")
    assert 'href="/sign-in/openid?next=%2Falarms%3Fa%3Db"' in page.html


def test_somebody_with_a_role_gets_an_account_and_is_led_on(browser: Pages, provider: RunningProvider) -> None:
    answer = sign_in(browser, provider, "ada", "/sign-in/openid?next=%2Falarms%3Fstate%3Dall")

    assert (answer.status, answer.location) == (303, "/alarms?state=all")
    account = browser.services.accounts.get("ada")
    assert (account.shown_name, account.role, account.has_password) == ("Ada <L>", Role.OPERATOR, False)
    page = browser.get("/alarms")
    assert page.status == 200
    assert page.has("Ada <L>")
    assert f'{OPENID}=""' in ";".join(answer.response.headers.get_list("set-cookie"))


def test_the_role_follows_the_claim(browser: Pages, provider: RunningProvider) -> None:
    sign_in(browser, provider, "ada")
    provider.put_people({"ada": {**STAFF, "groups": ["csms-desk", "csms-admins"]}})
    sign_in(browser, provider, "ada")
    assert browser.services.accounts.get("ada").role is Role.ADMIN

    provider.put_people({"ada": {**STAFF, "groups": []}})
    answer = sign_in(browser, provider, "ada")
    assert answer.status == 422
    assert answer.has("says nothing of a role here")
    assert SESSION not in answer.response.cookies


def test_somebody_without_a_role_is_refused(browser: Pages, provider: RunningProvider) -> None:
    answer = sign_in(browser, provider, "eve")

    assert answer.status == 422
    assert answer.has("nothing gives you a role here")
    assert browser.services.accounts.find("eve") is None
    assert SESSION not in answer.response.cookies
    deed = browser.services.audit.list(AuditFilter(), PageRequest(1)).items[0].deed
    assert (deed.who, deed.action) == ("nobody", SignIn.FAILED)
    assert deed.detail.startswith("provider: ")
    assert deed.detail.endswith("; 127.0.0.1")


def test_a_local_account_of_that_name_is_not_theirs(browser: Pages, provider: RunningProvider) -> None:
    browser.services.accounts.add("ada", role=Role.ADMIN, password_hash="plain:hers")
    assert sign_in(browser, provider, "ada").status == 303

    assert browser.services.accounts.get("ada").identity is None
    assert browser.services.accounts.get("ada-2").role is Role.OPERATOR
    assert browser.get("/people").status == 403


def test_a_linked_account_is_theirs_also_where_the_provider_tells_no_roles(
    browser: Pages, provider: RunningProvider, building_with_provider: Building, monkeypatch: pytest.MonkeyPatch
) -> None:
    openid = building_with_provider.house.openid
    assert openid is not None
    monkeypatch.setattr(openid, "provider", replace(openid.provider, role_claim="", roles=()))
    assert sign_in(browser, provider, "ada").has("nothing gives you a role here")
    browser.services.accounts.add("local", role=Role.SECURITY_OFFICER, password_hash="plain:hers")
    browser.services.accounts.link("local", provider.issuer, "ada")
    assert sign_in(browser, provider, "ada").status == 303
    local = browser.services.accounts.get("local")
    assert (local.role, local.signed_in_at) == (Role.SECURITY_OFFICER, browser.clock.now())


def test_a_disabled_account_stays_outside(browser: Pages, provider: RunningProvider) -> None:
    sign_in(browser, provider, "ada")
    browser.services.accounts.change("ada", is_enabled=False)

    answer = sign_in(browser, provider, "ada")
    assert answer.has("is disabled here")
    assert SESSION not in answer.response.cookies


def test_an_answer_is_worth_nothing_in_another_browser(browser: Pages, provider: RunningProvider) -> None:
    """Login CSRF: an attacker hands his own answer to somebody else."""
    there = browser.get("/sign-in/openid")
    back = urlsplit(provider.sign_in(there.location, "ada"))
    answer = browser.get(f"{back.path}?{back.query}")  # without the cookie
    assert answer.has("This sign-in was begun in another browser, or is too old.")

    browser.cookies = dict(browser.get("/sign-in/openid").response.cookies)  # with the cookie of another sign-in
    answer = browser.get(f"{back.path}?{back.query}")
    assert answer.has("This sign-in was begun in another browser, or is too old.")
    assert browser.services.accounts.find("ada") is None


def test_an_answer_counts_once(browser: Pages, provider: RunningProvider) -> None:
    there = browser.get("/sign-in/openid")
    browser.cookies = dict(there.response.cookies)
    back = urlsplit(provider.sign_in(there.location, "ada"))
    assert browser.get(f"{back.path}?{back.query}").status == 303

    again = browser.get(f"{back.path}?{back.query}")
    assert again.status == 422
    assert SESSION not in again.response.cookies


def test_a_refusal_of_the_provider_is_a_page(browser: Pages) -> None:
    browser.cookies = dict(browser.get("/sign-in/openid").response.cookies)
    answer = browser.get("/sign-in/openid/back?error=access_denied&error_description=%3Cb%3ENo%3C/b%3E&state=x")
    assert answer.status == 422
    assert "<b>No" not in answer.html


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_it_never_goes_on_to_another_host(browser: Pages, provider: RunningProvider, wanted: str) -> None:
    assert sign_in(browser, provider, "ada", f"/sign-in/openid?next={quote(wanted, safe='')}").location == "/"

    browser.cookies = {}
    there = browser.get("/sign-in/openid")
    secret = there.response.cookies[OPENID].partition(".")[0]
    browser.cookies = {OPENID: f"{secret}.{quote(wanted, safe='')}"}  # nor by a cookie that somebody changed
    back = urlsplit(provider.sign_in(there.location, "ada"))
    answer = browser.get(f"{back.path}?{back.query}")
    assert (answer.status, answer.location) == (303, "/")


def test_the_cookie_of_the_way_there_is_hidden_and_short_lived(browser: Pages) -> None:
    cookie = browser.get("/sign-in/openid").response.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Max-Age=600", "Path=/"))


def test_without_a_provider_there_is_a_sentence(stranger: Pages) -> None:
    for path in ("/sign-in/openid", "/sign-in/openid/back?code=a&state=b"):
        assert stranger.get(path).has("There is no provider to sign in with")
    assert not stranger.get("/sign-in").has("Sign in with")


def test_a_provider_that_is_down_leaves_the_password(
    browser: Pages, building_with_provider: Building, monkeypatch: pytest.MonkeyPatch
) -> None:
    openid = building_with_provider.house.openid
    assert openid is not None
    monkeypatch.setattr(openid, "provider", replace(openid.provider, issuer="http://127.0.0.1:9"))
    monkeypatch.setattr(openid, "_known", None)
    page = browser.get("/sign-in/openid")

    assert page.status == 422
    assert page.has("The provider cannot be reached at the moment", "Password")
