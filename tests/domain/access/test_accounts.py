"""Accounts of people: who may be there, what ends their sessions, and their second factors."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest

from forecourt.domain.access.account import check_may_give, check_new_password
from forecourt.domain.access.permissions import EVERYTHING, PERMISSIONS, Permission, Role
from forecourt.domain.access.second_factor import RECOVERY_CODES
from forecourt.domain.access.sessions import HALF, IDLE, TRIES
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.services import Services
from tests.domain.world import ALL, World, refused


def with_people(*roles: Role) -> tuple[World, Services]:
    """A world in which there is somebody of each of these roles, called like it."""
    world = World()
    for role in roles or (Role.ADMIN, Role.VIEWER):
        world.services.accounts.add(role.value, role=role, password_hash="plain:x")
    return world, world.services


def a_session(services: Services, account: str) -> str:
    return services.sessions.open(account, address="192.0.2.1", agent="tests")


def code_of(world: World, secret: str, *, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(world.clock.now() + timedelta(seconds=30 * steps))


# Who there is


def test_somebody_is_added_and_found() -> None:
    _, services = with_people(Role.ADMIN)
    added = services.accounts.add("ann@example.org", shown_name=" Ann ", role=Role.OPERATOR)
    assert services.accounts.get("ann@example.org") == added
    assert (added.shown_name, added.role, added.has_password, added.is_enabled) == ("Ann", Role.OPERATOR, False, True)
    assert added.permissions == PERMISSIONS[Role.OPERATOR]
    assert [one.name for one in services.accounts.list(ALL).items] == ["admin", "ann@example.org"]


@pytest.mark.parametrize("name", ["", "token ci", "a b", "a/b", "a:b", "x" * 101, "a\n"])
def test_a_name_that_could_be_mistaken_is_refused(name: str) -> None:
    _, services = with_people()
    with refused(Kind.INVALID, field="name"):
        services.accounts.add(name, role=Role.VIEWER)


@pytest.mark.parametrize("name", ["viewer", "VIEWER"])
def test_a_name_is_taken_once_in_whatever_case(name: str) -> None:
    _, services = with_people()
    with refused(Kind.CONFLICT, field="name"):
        services.accounts.add(name, role=Role.VIEWER)


@pytest.mark.parametrize("password", ["short", "x" * 11, "x" * 1025, "SomebodyHere"])
def test_a_password_that_may_not_be_is_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(DomainError, match="password") as error:
        check_new_password("somebodyhere", password)
    assert (error.value.kind, error.value.field) == (Kind.INVALID, "password")
    assert password not in str(error.value)


@pytest.mark.parametrize("password", ["x" * 12, "x" * 1024])
def test_a_password_of_12_to_1024_characters_may_be(password: str) -> None:
    assert check_new_password("ann", password) == password


def test_what_does_not_exist_cannot_be_changed() -> None:
    accounts = with_people()[1].accounts
    for change in (
        lambda: accounts.change("nobody", role=Role.VIEWER),
        lambda: accounts.set_password("nobody", "plain:x"),
        lambda: accounts.remove("nobody"),
        lambda: accounts.link("nobody", "i", "s"),
        lambda: accounts.begin_totp("nobody"),
        lambda: accounts.set_manner("nobody", language=None, zone=None, theme=None),
    ):
        with refused(Kind.NOT_FOUND, about="'nobody'"):
            change()


# The last administrator


def test_the_last_enabled_administrator_stays_one() -> None:
    _, services = with_people(Role.ADMIN)
    services.accounts.add("asleep", role=Role.ADMIN)
    services.accounts.change("asleep", is_enabled=False)
    accounts = services.accounts
    for change in (
        lambda: accounts.change("admin", role=Role.OPERATOR),
        lambda: accounts.change("admin", is_enabled=False),
        lambda: accounts.remove("admin"),
    ):
        with refused(Kind.CONFLICT, about="last enabled administrator"):
            change()
    accounts.change("admin", shown_name="Boss", role=Role.ADMIN, is_enabled=True)
    accounts.remove("asleep")


def test_one_of_two_administrators_may_go() -> None:
    _, services = with_people(Role.ADMIN)
    services.accounts.add("second", role=Role.ADMIN)
    services.accounts.remove("admin")
    assert services.accounts.find("admin") is None
    assert services.access.has_admin()


# Sessions


def test_another_role_and_being_disabled_end_sessions_and_another_name_does_not() -> None:
    _, services = with_people()
    secret = a_session(services, "viewer")
    services.accounts.change("viewer", shown_name="Vera", role=Role.VIEWER)
    assert services.sessions.find(secret) is not None
    services.accounts.change("viewer", role=Role.OPERATOR)
    assert services.sessions.find(secret) is None
    secret = a_session(services, "viewer")
    services.accounts.change("viewer", is_enabled=False)
    assert services.sessions.list_of("viewer") == []
    services.accounts.change("viewer", is_enabled=True)
    assert services.sessions.find(secret) is None


def test_a_new_password_ends_all_sessions_but_the_one_in_which_it_was_given() -> None:
    _, services = with_people()
    own, other, somebody_elses = (a_session(services, name) for name in ("viewer", "viewer", "admin"))
    services.accounts.set_password("viewer", "plain:new", keep=own)
    assert services.sessions.find(own) is not None
    assert services.sessions.find(other) is None
    assert services.sessions.find(somebody_elses) is not None
    services.accounts.set_password("viewer", "plain:newer")
    assert services.sessions.find(own) is None
    credentials = services.accounts.credentials("viewer")
    assert credentials is not None
    assert credentials.password_hash == "plain:newer"


def test_who_is_removed_is_out() -> None:
    _, services = with_people()
    secret = a_session(services, "viewer")
    services.accounts.remove("viewer")
    assert services.sessions.find(secret) is None
    assert services.accounts.credentials("viewer") is None


def test_sessions_are_listed_and_ended_one_by_one_by_their_owner() -> None:
    world, services = with_people()
    first, second = a_session(services, "viewer"), a_session(services, "viewer")
    listed = services.sessions.list_of("viewer")
    assert {one.address for one in listed} == {"192.0.2.1"}
    for one in listed:
        services.sessions.close_one("admin", one.digest)
    assert len(services.sessions.list_of("viewer")) == 2
    services.sessions.close_one("viewer", listed[0].digest)
    assert sum(services.sessions.find(secret) is not None for secret in (first, second)) == 1
    world.clock.advance(IDLE)
    assert services.sessions.list_of("viewer") == []


# Half open sessions


def test_a_half_open_session_opens_nothing_and_ends_after_minutes() -> None:
    world, services = with_people()
    half = services.sessions.open_half("viewer", address="192.0.2.1", agent="tests")
    assert services.sessions.find_half(half) == "viewer"
    assert services.sessions.find(half) is None
    assert services.sessions.list_of("viewer") == []
    assert services.sessions.find_half(a_session(services, "viewer")) is None
    world.clock.advance(HALF)
    assert services.sessions.find_half(half) is None


def test_a_half_open_session_ends_after_a_few_tries() -> None:
    _, services = with_people()
    half = services.sessions.open_half("viewer", address="192.0.2.1", agent="tests")
    for _ in range(TRIES):
        assert services.sessions.find_half(half) == "viewer"
        services.sessions.tried(half)
    assert services.sessions.find_half(half) is None


# The second factor


def with_factor() -> tuple[World, Services, str, list[str]]:
    world, services = with_people()
    offer = services.accounts.begin_totp("viewer")
    codes = services.accounts.confirm_totp("viewer", code_of(world, offer.secret))
    return world, services, offer.secret, list(codes)


def test_a_second_factor_counts_once_it_is_confirmed() -> None:
    world, services = with_people()
    offer = services.accounts.begin_totp("viewer")
    assert offer.uri.startswith("otpauth://totp/Forecourt:viewer?secret=" + offer.secret)
    assert services.accounts.offered_totp("viewer") == offer
    assert not services.accounts.get("viewer").has_second_factor
    with refused(Kind.INVALID, field="code"):
        services.accounts.confirm_totp("viewer", "000000" if code_of(world, offer.secret) != "000000" else "000001")
    codes = services.accounts.confirm_totp("viewer", code_of(world, offer.secret))
    assert len(set(codes)) == RECOVERY_CODES
    account = services.accounts.get("viewer")
    assert (account.has_second_factor, account.recovery_codes) == (True, RECOVERY_CODES)
    credentials = services.accounts.credentials("viewer")
    assert credentials is not None
    assert credentials.has_second_factor
    with refused(Kind.CONFLICT):
        services.accounts.confirm_totp("viewer", code_of(world, offer.secret, steps=1))


def test_a_code_is_taken_once_and_never_an_older_one() -> None:
    world, services, secret, _ = with_factor()
    assert not services.accounts.check_totp("viewer", code_of(world, secret)), "it confirmed the factor"
    world.clock.advance(timedelta(minutes=5))
    code = code_of(world, secret)
    assert services.accounts.check_totp("viewer", f" {code[:3]} {code[3:]} ")
    assert not services.accounts.check_totp("viewer", code)
    assert not services.accounts.check_totp("viewer", code_of(world, secret, steps=-1))
    assert services.accounts.check_totp("viewer", code_of(world, secret, steps=1))


@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_ahead_or_behind(steps: int, is_taken: bool) -> None:
    """RFC 6238 §5.2."""
    world, services, secret, _ = with_factor()
    world.clock.advance(timedelta(minutes=5))
    assert services.accounts.check_totp("viewer", code_of(world, secret, steps=steps)) is is_taken


@pytest.mark.parametrize(
    "code", ["", "12345", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "\ud800", "9" * 10_000]
)
def test_what_is_no_code_is_refused(code: str) -> None:
    _, services, _, _ = with_factor()
    assert not services.accounts.check_totp("viewer", code)


def test_a_recovery_code_is_taken_once_however_it_is_written() -> None:
    world, services, _, codes = with_factor()
    assert services.accounts.check_totp("viewer", codes[0].replace("-", " ").upper())
    assert not services.accounts.check_totp("viewer", codes[0])
    assert services.accounts.get("viewer").recovery_codes == RECOVERY_CODES - 1
    assert not services.accounts.check_totp("admin", codes[1]), "it is somebody else's"
    stored = repr(world.unit.all("SELECT * FROM recovery_code"))
    assert codes[2] not in stored
    renewed = services.accounts.renew_recovery_codes("viewer")
    assert not services.accounts.check_totp("viewer", codes[3])
    assert services.accounts.check_totp("viewer", renewed[0])


def test_a_new_authenticator_takes_over_when_it_is_confirmed() -> None:
    world, services, old, _ = with_factor()
    world.clock.advance(timedelta(minutes=5))
    new = services.accounts.begin_totp("viewer").secret
    assert services.accounts.check_totp("viewer", code_of(world, old))
    services.accounts.confirm_totp("viewer", code_of(world, new))
    world.clock.advance(timedelta(minutes=5))
    assert not services.accounts.check_totp("viewer", code_of(world, old))
    assert services.accounts.check_totp("viewer", code_of(world, new))


def test_a_second_factor_is_removed_with_its_codes() -> None:
    world, services, secret, codes = with_factor()
    services.accounts.remove_totp("viewer")
    world.clock.advance(timedelta(minutes=5))
    assert not services.accounts.check_totp("viewer", code_of(world, secret))
    assert not services.accounts.check_totp("viewer", codes[0])
    for change in (services.accounts.remove_totp, services.accounts.renew_recovery_codes):
        with refused(Kind.CONFLICT, about="no second factor"):
            change("viewer")


def test_a_secret_that_cannot_be_opened_any_more_leaves_the_recovery_codes() -> None:
    world, services, secret, codes = with_factor()
    world.unit.execute("UPDATE account SET totp_sealed = 'sealed with a key that is lost'")
    world.clock.advance(timedelta(minutes=5))
    assert not services.accounts.check_totp("viewer", code_of(world, secret))
    assert services.accounts.check_totp("viewer", codes[0])


# Signing in elsewhere, and the rest


def test_somebody_of_a_provider_is_one_account() -> None:
    _, services = with_people()
    linked = services.accounts.link("viewer", "https://id.example", "42")
    assert services.accounts.find_by_subject("https://id.example", "42") == linked
    assert services.accounts.find_by_subject("https://id.example", "43") is None
    with refused(Kind.CONFLICT, field="subject"):
        services.accounts.link("admin", "https://id.example", "42")
    services.accounts.unlink("viewer")
    assert services.accounts.find_by_subject("https://id.example", "42") is None
    with refused(Kind.INVALID, field="subject"):
        services.accounts.link("admin", "https://id.example", "")


def test_it_is_known_when_somebody_signed_in() -> None:
    world, services = with_people()
    assert services.accounts.get("viewer").signed_in_at is None
    services.accounts.signed_in("viewer")
    assert services.accounts.get("viewer").signed_in_at == world.clock.now()


def test_pages_are_shown_as_somebody_wants_them() -> None:
    _, services = with_people()
    account = services.accounts.set_manner("viewer", language="de", zone="Europe/Berlin", theme="dark")
    assert (account.language, account.zone, account.theme) == ("de", "Europe/Berlin", "dark")
    for field, wrong in (("language", "../x"), ("zone", "Europe/Nowhere"), ("zone", "../etc"), ("theme", "loud")):
        manner: dict[str, str | None] = {"language": None, "zone": None, "theme": None, field: wrong}
        with refused(Kind.INVALID, field=field):
            services.accounts.set_manner(
                "viewer", language=manner["language"], zone=manner["zone"], theme=manner["theme"]
            )


def test_nobody_gives_what_they_do_not_have() -> None:
    check_may_give(EVERYTHING, PERMISSIONS[Role.ADMIN])
    with refused(Kind.REFUSED, about="security"):
        check_may_give(frozenset({Permission.ADMINISTER}), frozenset({Permission.ADMINISTER, Permission.SECURITY}))


def test_a_security_officer_looks_after_trust_and_registers_nothing() -> None:
    own = PERMISSIONS[Role.SECURITY_OFFICER]
    assert {Permission.SECURITY, Permission.AUDIT} <= own
    assert not {Permission.MANAGE, Permission.ADMINISTER} & own
