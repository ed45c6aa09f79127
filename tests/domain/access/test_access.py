"""API tokens and the administrator's password: who may come in, and what is kept of secrets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.access.model import TOKEN_PREFIX, ApiToken, check_name, digest, new_secret
from forecourt.domain.access.permissions import PERMISSIONS, Permission, Role
from forecourt.domain.access.service import USUAL_SCOPES
from forecourt.domain.errors import Kind
from tests.domain.world import ALL, World, refused
from tests.support.clock import NOON

HOUR = timedelta(hours=1)


def test_a_token_is_found_by_its_secret() -> None:
    access = World().services.access

    token, secret = access.create_token("ci")

    assert token == ApiToken("ci", NOON, None, USUAL_SCOPES)
    assert access.find_token(secret) == token
    assert access.list_tokens(ALL).items == [token]


@pytest.mark.parametrize("wrong", ["", "fct_", "ci", "\ud800", "x" * 10_000])
def test_no_other_text_finds_it(wrong: str) -> None:
    access = World().services.access
    _token, secret = access.create_token("ci")

    assert access.find_token(wrong) is None
    assert access.find_token(secret + wrong + " ") is None
    assert access.find_token(secret.swapcase()) is None


def test_the_secret_is_not_stored() -> None:
    world = World()
    _token, secret = world.services.access.create_token("ci")

    stored = world.unit.all("SELECT * FROM api_token")
    assert secret not in repr(stored)
    assert digest(secret) in repr(stored)


def test_secrets_differ_and_can_be_recognised() -> None:
    secrets = {new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert all(secret.startswith(TOKEN_PREFIX) and len(secret) >= 4 + 43 for secret in secrets)


def test_a_token_ends_when_it_expires() -> None:
    world = World()
    _token, secret = world.services.access.create_token("ci", NOON + HOUR)

    world.clock.advance(HOUR - timedelta(microseconds=1))
    assert world.services.access.find_token(secret) is not None
    world.clock.advance(timedelta(microseconds=1))
    assert world.services.access.find_token(secret) is None


@pytest.mark.parametrize("age", [timedelta(0), HOUR])
def test_a_token_that_would_have_expired_is_not_made(age: timedelta) -> None:
    access = World().services.access

    with refused(Kind.INVALID, field="expiresAt"):
        access.create_token("ci", NOON - age)
    assert access.list_tokens(ALL).items == []


def test_a_token_may_do_what_an_operator_may_unless_it_is_said() -> None:
    access = World().services.access

    _token, secret = access.create_token("ci")
    found = access.find_token(secret)
    assert found is not None
    assert found.scopes == PERMISSIONS[Role.OPERATOR] == {Permission.VIEW, Permission.OPERATE, Permission.MANAGE}

    _token, secret = access.create_token("watch", scopes=frozenset({Permission.AUDIT}))
    found = access.find_token(secret)
    assert found is not None
    assert found.scopes == {Permission.AUDIT}


def test_a_token_without_any_scope_is_not_made() -> None:
    with refused(Kind.INVALID, field="scopes"):
        World().services.access.create_token("ci", scopes=frozenset())


def test_a_name_is_taken_once_until_its_token_is_revoked() -> None:
    access = World().services.access
    _token, first = access.create_token("ci")

    with refused(Kind.CONFLICT, field="name", about="'ci'"):
        access.create_token("ci")
    assert access.find_token(first) is not None

    access.revoke_token("ci")
    assert access.find_token(first) is None
    _token, second = access.create_token("ci")
    assert access.find_token(second) is not None


def test_what_does_not_exist_cannot_be_revoked() -> None:
    with refused(Kind.NOT_FOUND, about="'ci'"):
        World().services.access.revoke_token("ci")


@pytest.mark.parametrize("name", ["a", "x" * 100, "night job", "späti"])
def test_a_printable_name_is_taken(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "x" * 101, " a", "a ", "a/b", "a\nb", "a\x00"])
def test_any_other_name_is_refused(name: str) -> None:
    with refused(Kind.INVALID, field="name"):
        check_name(name)
    with refused(Kind.INVALID, field="name"):
        World().services.access.create_token(name)


def test_the_administrator_has_a_password_once_it_is_set() -> None:
    access = World().services.access
    assert not access.has_admin()
    assert access.password_hash("admin") is None

    access.set_admin_password("12345678")

    assert access.has_admin()
    assert access.password_hash("admin") == "plain:12345678"
    assert access.password_hash("root") is None


def test_a_short_password_is_refused_and_not_repeated() -> None:
    access = World().services.access

    with pytest.raises(Exception, match="at least 8 characters") as error:
        access.set_admin_password("secret7")
    assert "secret7" not in str(error.value)
    assert not access.has_admin()


def test_the_password_of_the_settings_ends_the_sessions_of_the_administrator() -> None:
    services = World().services
    services.access.set_admin_password("the first one")
    secret = services.sessions.open("admin", address="192.0.2.1", agent="tests")

    services.access.set_admin_password("another one")

    assert services.sessions.find(secret) is None
    assert services.accounts.get("admin").role is Role.ADMIN


def test_there_is_an_administrator_as_long_as_one_is_enabled_whatever_the_name() -> None:
    services = World().services
    services.accounts.add("root", role=Role.ADMIN, password_hash="plain:x")
    assert services.access.has_admin()
    assert services.access.password_hash("admin") is None
