"""What is believed of an OpenID provider, and what is not (OpenID Connect Core 1.0 §3.1.3.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from forecourt.domain.access.arrivals import Vouched
from forecourt.domain.access.permissions import Role
from forecourt.web.oidc import OpenId, Provider, ProviderTrouble, derived, role_in
from tests.support.clock import FakeClock
from tests.support.crooked_provider import CLIENT_ID, CrookedProvider, running_crooked_provider

SECRET = "what the browser keeps"
ROLES = (("boss", Role.ADMIN), ("staff", Role.OPERATOR))
UNBELIEVED = "cannot be believed"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def crooked(clock: FakeClock) -> Iterator[CrookedProvider]:
    with running_crooked_provider(int(clock.now().timestamp()), lambda: derived(SECRET, "nonce")) as provider:
        yield provider


@pytest.fixture
def openid(crooked: CrookedProvider, clock: FakeClock) -> OpenId:
    return OpenId(provider_of(crooked), clock)


def provider_of(crooked: CrookedProvider, **changes: Any) -> Provider:
    given: dict[str, Any] = {"client_secret": "s", "role_claim": "groups", "roles": ROLES} | changes
    return Provider(crooked.issuer, CLIENT_ID, redirect_uri="http://forecourt/sign-in/openid/back", **given)


def came_back(openid: OpenId, **answer: str) -> Vouched:
    whole = {"state": derived(SECRET, "state"), "code": "c", **answer}
    return asyncio.run(openid.identity(SECRET, whole))


def test_somebody_is_vouched_for(openid: OpenId, crooked: CrookedProvider) -> None:
    assert came_back(openid) == Vouched(crooked.issuer, "0815", "ada", "", Role.OPERATOR)
    (asked,) = crooked.asked
    assert asked["code_verifier"] == derived(SECRET, "verifier")
    assert asked["redirect_uri"] == "http://forecourt/sign-in/openid/back"


def test_the_browser_is_sent_there_with_what_binds_the_answer_to_it(openid: OpenId, crooked: CrookedProvider) -> None:
    address = asyncio.run(openid.address(SECRET))

    assert address.startswith(f"{crooked.issuer}/auth?")
    assert f"state={derived(SECRET, 'state')}" in address
    assert f"nonce={derived(SECRET, 'nonce')}" in address
    assert "code_challenge_method=S256" in address
    assert derived(SECRET, "verifier") not in address
    assert SECRET not in address


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": ["another-client", "and-another"]},
        {"aud": [CLIENT_ID, "another-client"]},  # without azp
        {"azp": "another-client"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 815},
        {"sub": "x" * 256},
        {"nbf": 99_999_999_999},
        {"at_hash": "of-another-token"},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    openid: OpenId, crooked: CrookedProvider, claims: dict[str, Any]
) -> None:
    crooked.claims = claims
    with pytest.raises(ProviderTrouble, match=UNBELIEVED):
        came_back(openid)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_without_a_signature_of_the_providers_key_is_refused(
    openid: OpenId, crooked: CrookedProvider, algorithm: str
) -> None:
    crooked.algorithm = algorithm
    with pytest.raises(ProviderTrouble, match=UNBELIEVED):
        came_back(openid)


def test_a_token_of_another_key_is_refused(openid: OpenId, crooked: CrookedProvider) -> None:
    crooked.published = RSAKey.generate_key(2048, {"kid": "one"})
    with pytest.raises(ProviderTrouble, match=UNBELIEVED):
        came_back(openid)


def test_a_new_key_is_found_at_once(openid: OpenId, crooked: CrookedProvider) -> None:
    came_back(openid)
    crooked.key = RSAKey.generate_key(2048, {"kid": "two"})

    assert came_back(openid).subject == "0815"


def test_clocks_may_differ_a_little(openid: OpenId, crooked: CrookedProvider, clock: FakeClock) -> None:
    clock.advance(timedelta(seconds=300 + 59))
    assert came_back(openid).subject == "0815"
    clock.advance(timedelta(seconds=3))
    with pytest.raises(ProviderTrouble, match=UNBELIEVED):
        came_back(openid)


def _document(**changes: object) -> Callable[[CrookedProvider], None]:
    return lambda crooked: crooked.document.update(changes)


@pytest.mark.parametrize(
    "break_it",
    [
        _document(issuer="https://elsewhere.example"),
        _document(jwks_uri=5),
        _document(token_endpoint="ftp://127.0.0.1/token"),
        lambda crooked: setattr(crooked, "body", b"no json"),
        lambda crooked: setattr(crooked, "body", b"[]"),
        lambda crooked: setattr(crooked, "body", b'{"access_token": "a"}'),
        lambda crooked: setattr(crooked, "body", b'{"access_token": "a", "id_token": 5}'),
        lambda crooked: setattr(crooked, "body", b'{"error": "invalid_grant"}'),
        lambda crooked: crooked.claims.update(preferred_username=None) or crooked.userinfo.update(sub="4711"),
    ],
)
def test_whatever_a_provider_answers_there_is_a_sentence(
    openid: OpenId, crooked: CrookedProvider, break_it: Callable[[CrookedProvider], None]
) -> None:
    break_it(crooked)
    with pytest.raises(ProviderTrouble, match=UNBELIEVED):
        came_back(openid)


def test_a_provider_that_is_down_is_told_and_asked_again(openid: OpenId, crooked: CrookedProvider) -> None:
    crooked.is_down = True
    with pytest.raises(ProviderTrouble, match="cannot be reached"):
        asyncio.run(openid.address(SECRET))
    crooked.is_down = False
    assert came_back(openid).subject == "0815"


def test_a_provider_where_nobody_listens_is_told(clock: FakeClock) -> None:
    openid = OpenId(Provider("http://127.0.0.1:9", CLIENT_ID, None, "http://forecourt/back"), clock)
    with pytest.raises(ProviderTrouble, match="cannot be reached"):
        asyncio.run(openid.address(SECRET))


def test_what_it_publishes_is_kept_for_an_hour(openid: OpenId, crooked: CrookedProvider, clock: FakeClock) -> None:
    asyncio.run(openid.address(SECRET))
    crooked.document["authorization_endpoint"] = f"{crooked.issuer}/other"
    assert "/auth?" in asyncio.run(openid.address(SECRET))
    clock.advance(timedelta(hours=1))
    assert "/other?" in asyncio.run(openid.address(SECRET))


def test_an_answer_for_another_browser_is_refused_before_anything_is_asked(
    openid: OpenId, crooked: CrookedProvider
) -> None:
    for state in ("", "x", derived("another browser", "state"), "ä"):
        with pytest.raises(ProviderTrouble, match="another browser"):
            came_back(openid, state=state)
    with pytest.raises(ProviderTrouble, match="another provider"):
        came_back(openid, iss="https://elsewhere.example")
    assert crooked.asked == []


def test_a_refusal_of_the_provider_is_told_in_its_words(openid: OpenId) -> None:
    with pytest.raises(ProviderTrouble, match=r"did not sign you in: Not today\.$"):
        came_back(openid, error="access_denied", error_description="Not\x00 today.")
    with pytest.raises(ProviderTrouble, match=r"did not sign you in: access_denied\.$"):
        came_back(openid, error="access_denied", code="")


def test_what_the_token_lacks_is_asked_of_the_userinfo(openid: OpenId, crooked: CrookedProvider) -> None:
    crooked.claims = {"groups": None, "preferred_username": None}
    crooked.userinfo = {"preferred_username": "ada@example", "groups": "boss", "name": "Ada"}

    assert came_back(openid) == Vouched(crooked.issuer, "0815", "ada@example", "Ada", Role.ADMIN)


def test_too_many_that_wait_are_told_to_come_back(openid: OpenId) -> None:
    openid._waiting = 16
    with pytest.raises(ProviderTrouble, match="Too many"):
        asyncio.run(openid.address(SECRET))


@pytest.mark.parametrize(
    ("claim", "claims", "role"),
    [
        ("groups", {"groups": ["x", "staff"]}, Role.OPERATOR),
        ("groups", {"groups": ["staff", "boss"]}, Role.ADMIN),
        ("groups", {"groups": "boss"}, Role.ADMIN),
        ("groups", {"groups": "bossy"}, None),
        ("groups", {"groups": ["x"]}, None),
        ("groups", {"groups": None}, None),
        ("groups", {"groups": {"boss": True}}, None),
        ("groups", {}, None),
        ("realm_access.roles", {"realm_access": {"roles": ["boss"]}}, Role.ADMIN),
        ("realm_access.roles", {"realm_access": ["boss"]}, None),
        ("https://a.example/roles", {"https://a.example/roles": ["boss"]}, Role.ADMIN),
        ("", {"groups": "boss", "": "boss"}, None),
    ],
)
def test_a_role_by_a_claim(claim: str, claims: dict[str, Any], role: Role | None) -> None:
    provider = Provider("https://a.example", "x", None, "https://b.example", role_claim=claim, roles=ROLES)
    assert role_in(claims, provider) is role


def test_everything_of_a_sign_in_differs_and_fits() -> None:
    values = [derived(SECRET, purpose) for purpose in ("state", "nonce", "verifier")]
    assert len({*values, derived("another", "state")}) == 4
    assert all(len(value) == 43 for value in values)
    assert "hunter2" not in repr(Provider("https://a.example", "x", "hunter2", "https://b.example"))
