"""Passwords and profiles of a simulated station (security whitepaper A00, A01, A05), without a network."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from msgspec import UNSET

from forecourt.dialects.v16.messages.boot_notification import BootNotificationRequest
from forecourt.dialects.v16.messages.change_configuration import ChangeConfigurationRequest, ChangeConfigurationResponse
from forecourt.dialects.v16.messages.get_configuration import GetConfigurationRequest, GetConfigurationResponse
from forecourt_simulator.misbehaviour import Misbehaviour
from forecourt_simulator.security import UPGRADE_TRIES, LineFault, Security, basic
from forecourt_simulator.security_log import CRITICAL, Told
from forecourt_simulator.security_setup import SecuritySetup
from tests.simulator.authority import the_root
from tests.simulator.worlds import START, World, a_world, ask, usual_answer

KEY = "0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF"
NEW_KEY = "30" * 16


def a_station(profile: int, *misbehaviours: Misbehaviour, key: str | None = KEY, told: Told = Told.NOTHING) -> World:
    setup = SecuritySetup(
        profile=profile,
        key=key,
        roots=[the_root().certificate],
        own=the_root().own("SN-1"),
        misbehaviours=frozenset(misbehaviours),
        told=told,
    )
    return a_world(security=setup)


def change(world: World, key: str, value: str) -> str:
    response = ask(world, ChangeConfigurationRequest(key=key, value=value))
    assert isinstance(response, ChangeConfigurationResponse)
    return response.status


def password(security: Security) -> bytes | None:
    header = security.authorization()
    return None if header is None else base64.b64decode(header.removeprefix("Basic ")).partition(b":")[2]


def logged(world: World) -> list[tuple[str, str | None]]:
    return [(event.type, event.tech_info) for event in list(world.station.security_log.entries)[1:]]


# Signing in


def test_the_password_is_the_bytes_that_the_key_stands_for() -> None:
    """The standard's own example (OCPP-J 1.6 §6.2.2)."""
    assert basic("AL1000", bytes.fromhex(KEY)) == "Basic QUwxMDAwOgABAgMEBQYH////////////////"


@pytest.mark.parametrize(("profile", "is_sent"), [(0, False), (1, True), (2, True), (3, False)])
def test_profiles_1_and_2_sign_in_with_user_and_password(profile: int, is_sent: bool) -> None:
    """A00.FR.202 to FR.204."""
    security = a_station(profile).station.security
    assert (security.authorization() == basic("SIM-1", bytes.fromhex(KEY))) is is_sent
    assert security.is_tls_due is (profile >= 2)
    assert a_station(profile, Misbehaviour.PASSWORD_ALWAYS).station.security.authorization() is not None


@pytest.mark.parametrize(
    ("misbehaviour", "header"),
    [
        (Misbehaviour.HEX_TEXT_PASSWORD, basic("SIM-1", KEY.encode())),
        (Misbehaviour.WRONG_PASSWORD, basic("SIM-1", b"not the password")),
        (Misbehaviour.WRONG_USER, basic("SIM-1-X", bytes.fromhex(KEY))),
        (Misbehaviour.NO_PASSWORD, None),
        (Misbehaviour.BROKEN_AUTHORIZATION, "Basic ***"),
    ],
)
def test_stations_sign_in_in_other_ways_on_purpose(misbehaviour: Misbehaviour, header: str | None) -> None:
    assert a_station(1, misbehaviour).station.security.authorization() == header


def test_the_serial_number_is_the_certificates_and_can_be_anothers() -> None:
    def told(world: World) -> object:
        world.station.post_boot()
        [words] = [one.words for one in world.letters() if isinstance(one.words, BootNotificationRequest)]
        return words.charge_point_serial_number

    assert told(a_station(1)) == "SN-1"
    assert told(a_station(1, Misbehaviour.SERIAL_OF_ANOTHER)) == "SN-1-X"
    assert told(a_world()) == "SIM-1"


# A01


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("00" * 15, "Rejected"),
        ("00" * 16, "Accepted"),
        ("fF" * 20, "Accepted"),
        ("00" * 21, "Rejected"),
        ("0" * 33, "Rejected"),
        ("not hexadecimal, but long enough", "Rejected"),
        ("", "Rejected"),
    ],
)
def test_a_key_has_16_to_20_bytes_in_hexadecimal(value: str, status: str) -> None:
    """A00.FR.205."""
    world = a_station(1)
    assert change(world, "authorizationKEY", value) == status
    is_taken = status == "Accepted"
    assert world.station.security.is_reconnect_due is is_taken
    assert password(world.station.security) == bytes.fromhex(value if is_taken else KEY)
    assert logged(world) == ([("ReconfigurationOfSecurityParameters", "AuthorizationKey")] if is_taken else [])


@pytest.mark.parametrize(("profile", "reconnects"), [(0, False), (1, True), (2, True), (3, False)])
def test_a_new_key_ends_the_connection_where_it_is_used(profile: int, reconnects: bool) -> None:
    """A01 step 3; at profiles 0 and 3 it is a preparation."""
    world = a_station(profile)
    assert change(world, "AuthorizationKey", NEW_KEY) == "Accepted"
    assert world.station.security.is_reconnect_due is reconnects
    assert world.station.security.key == NEW_KEY


def test_a_key_cannot_be_read() -> None:
    """A01: AuthorizationKey is write-only."""
    for request in (GetConfigurationRequest(key=["AuthorizationKey"]), GetConfigurationRequest()):
        response = ask(a_station(1), request)
        assert isinstance(response, GetConfigurationResponse)
        assert response.configuration_key is not UNSET
        [key] = [one for one in response.configuration_key if one.key == "AuthorizationKey"]
        assert (key.readonly, key.value) == (False, UNSET)
        assert KEY not in str(response)


# A05


@pytest.mark.parametrize(
    ("present", "value", "missing", "status"),
    [
        (1, "1", "", "Rejected"),
        (2, "1", "", "Rejected"),
        (0, "1", "", "Accepted"),
        (0, "1", "key", "Rejected"),
        (1, "2", "", "Accepted"),
        (1, "2", "key", "Rejected"),
        (1, "2", "root", "Rejected"),
        (0, "3", "key", "Accepted"),
        (2, "3", "", "Accepted"),
        (2, "3", "root", "Rejected"),
        (2, "3", "certificate", "Rejected"),
        (2, "4", "", "Rejected"),
        (2, "three", "", "Rejected"),
    ],
)
def test_a_profile_is_taken_when_it_is_higher_and_prepared(present: int, value: str, missing: str, status: str) -> None:
    """A05.FR.01 to FR.04."""
    world = a_station(present)
    security = world.station.security
    if missing == "key":
        security.key = None
    elif missing == "root":
        security.certificates.installed.clear()
    elif missing == "certificate":
        security.own.held.clear()
    assert change(world, "SecurityProfile", value) == status
    assert security.is_reconnect_due is (status == "Accepted")
    assert (security.profile, security.next_profile) == (present, int(value) if status == "Accepted" else present)


def test_an_expired_root_is_no_preparation() -> None:
    """A05.FR.03: a valid one."""
    world = a_station(1)
    world.seconds = timedelta(days=365 * 30).total_seconds()
    assert change(world, "SecurityProfile", "2") == "Rejected"


def test_a_profile_counts_from_the_first_connection_with_it() -> None:
    """A05.FR.05 to FR.07."""
    world = a_station(1)
    change(world, "SecurityProfile", "2")
    assert world.station.configuration.number("SecurityProfile") == 1
    world.station.security.take_connection(None)
    assert world.station.security.profile == world.station.configuration.number("SecurityProfile") == 2
    assert not world.station.security.is_reconnect_due


def test_a_profile_that_does_not_work_is_given_up() -> None:
    """A05.FR.08."""
    world = a_station(1)
    security = world.station.security
    change(world, "SecurityProfile", "2")
    assert [security.take_failed_try() for _ in range(UPGRADE_TRIES)] == [False] * (UPGRADE_TRIES - 1) + [True]
    assert security.next_profile == 1
    assert not security.take_failed_try()


# On purpose

CHANGES = [("AuthorizationKey", NEW_KEY), ("SecurityProfile", "2")]


def is_new(world: World, key: str) -> bool:
    security = world.station.security
    return security.key == NEW_KEY if key == "AuthorizationKey" else security.next_profile == 2


@pytest.mark.parametrize(("key", "value"), CHANGES)
@pytest.mark.parametrize(
    ("key_does", "profile_does", "status", "is_taken", "fault"),
    [
        (Misbehaviour.REJECTS_KEY, Misbehaviour.REJECTS_PROFILE, "Rejected", False, None),
        (Misbehaviour.NOT_SUPPORTED, Misbehaviour.NOT_SUPPORTED, "NotSupported", False, None),
        (
            Misbehaviour.ACCEPTS_KEY_AND_KEEPS_OLD,
            Misbehaviour.ACCEPTS_PROFILE_AND_STAYS,
            "Accepted",
            False,
            None,
        ),
        (Misbehaviour.REBOOT_REQUIRED, Misbehaviour.REBOOT_REQUIRED, "RebootRequired", False, None),
        (Misbehaviour.DROPS_BEFORE_ANSWER, Misbehaviour.DROPS_BEFORE_ANSWER, "Accepted", True, LineFault.DROP),
        (Misbehaviour.DROPS_BEFORE_TAKING, Misbehaviour.DROPS_BEFORE_TAKING, "Accepted", False, LineFault.DROP),
        (
            Misbehaviour.ANSWERS_AFTER_RECONNECT,
            Misbehaviour.ANSWERS_AFTER_RECONNECT,
            "Accepted",
            True,
            LineFault.ANSWER_LATER,
        ),
    ],
    ids=lambda one: one.value if isinstance(one, Misbehaviour) else None,
)
def test_changes_can_go_wrong_on_purpose(
    key: str,
    value: str,
    key_does: Misbehaviour,
    profile_does: Misbehaviour,
    status: str,
    is_taken: bool,
    fault: LineFault | None,
) -> None:
    world = a_station(1, key_does, profile_does)
    assert change(world, key, value) == status
    assert is_new(world, key) is is_taken
    assert world.station.security.line_fault is fault
    assert world.station.security.is_reconnect_due is (status == "Accepted" and (is_taken or fault is None))


@pytest.mark.parametrize(("key", "value"), CHANGES)
def test_a_change_that_needs_a_restart_is_taken_with_it(key: str, value: str) -> None:
    world = a_station(1, Misbehaviour.REBOOT_REQUIRED)
    assert change(world, key, value) == "RebootRequired"
    assert not world.station.security.is_reconnect_due
    world.station.disconnect()
    world.station.finish_restart(world.now)
    assert is_new(world, key)


def test_a_lower_profile_can_be_taken_on_purpose() -> None:
    world = a_station(2, Misbehaviour.LOWERS_PROFILE)
    assert change(world, "SecurityProfile", "1") == "Accepted"
    assert world.station.security.next_profile == 1
    assert change(a_station(2, Misbehaviour.LOWERS_PROFILE), "SecurityProfile", "2") == "Rejected"


def test_the_old_profile_can_be_tried_again_on_purpose() -> None:
    """As the certification test TC_083 does."""
    world = a_station(1, Misbehaviour.COMES_BACK_LOWER)
    security = world.station.security
    change(world, "SecurityProfile", "2")
    security.take_connection(None)
    assert (security.profile, security.next_profile, security.is_reconnect_due) == (2, 1, True)
    assert [security.take_failed_try() for _ in range(UPGRADE_TRIES)][-1]
    security.take_connection(None)
    assert (security.profile, security.next_profile, security.is_reconnect_due) == (2, 2, False)


# The security log


def test_critical_events_wait_off_line_and_are_told_once_the_station_is_admitted() -> None:
    """A04.FR.01, FR.02: StartupOfTheDevice is critical, ReconfigurationOfSecurityParameters is not."""
    world = World(security=SecuritySetup(profile=1, key=KEY))
    station = world.station
    station.connect(world.now)
    assert [letter.action.name for letter in station.mailbox.waiting_events] == ["SecurityEventNotification"]
    station.disconnect()
    world.wait(60)
    station.connect(world.now)
    letters = world.letters()
    assert letters[0].action.name == "BootNotification"
    [told] = [letter for letter in letters if letter.action.name == "SecurityEventNotification"]
    assert told.words.type == "StartupOfTheDevice"  # type: ignore[attr-defined]  # only this message has a type
    assert told.words.timestamp == START  # type: ignore[attr-defined]  # the same
    change(world, "AuthorizationKey", NEW_KEY)
    assert world.sent() == []
    assert logged(world) == [("ReconfigurationOfSecurityParameters", "AuthorizationKey")]


def test_an_event_that_was_not_answered_is_told_again_and_one_that_was_refused_is_not() -> None:
    """A04.FR.02."""
    world = World(security=SecuritySetup(told=Told.CRITICAL))
    station = world.station
    station.connect(world.now)
    boot = station.find_letter(world.now)
    assert boot is not None
    station.take_answer(boot, usual_answer(boot), world.now)
    while (letter := station.find_letter(world.now)) is not None and letter.action.name == "StatusNotification":
        station.mailbox.settle(letter)
    assert letter is not None
    assert letter.action.name == "SecurityEventNotification"
    station.take_failure(letter, None, "the connection was closed", world.now)
    assert station.mailbox.waiting_events == [letter]
    assert station.find_letter(world.now) is None
    world.wait(60)
    assert station.find_letter(world.now) is letter
    station.take_failure(letter, "NotImplemented", "", world.now)
    assert station.mailbox.waiting_events == []


@pytest.mark.parametrize(
    ("told", "profile", "events"),
    [
        (Told.SECURED, 0, []),
        (Told.SECURED, 1, ["StartupOfTheDevice"]),
        (Told.CRITICAL, 0, ["StartupOfTheDevice"]),
        (Told.ALL, 0, ["StartupOfTheDevice", "FailedToAuthenticateAtCentralSystem"]),
        (Told.NOTHING, 1, []),
    ],
)
def test_which_events_are_told_is_chosen(told: Told, profile: int, events: list[str]) -> None:
    world = World(security=SecuritySetup(profile=profile, key=KEY, told=told))
    world.station.connect(world.now)
    world.station.security.take_refusal(world.now, 401)
    words = [letter.words for letter in world.station.mailbox.waiting_events]
    assert [one.type for one in words] == events  # type: ignore[attr-defined]  # only this message has a type
    assert "FailedToAuthenticateAtCentralSystem" not in CRITICAL


@pytest.mark.parametrize(
    ("reason", "events"),
    [
        ("[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol", ["InvalidTLSVersion"]),
        ("[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version", ["InvalidTLSVersion"]),
        ("[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure", ["InvalidTLSCipherSuite"]),
        ("[SSL: NO_CIPHERS_AVAILABLE] no ciphers available", ["InvalidTLSCipherSuite"]),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", []),
        ("[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred", []),
    ],
)
def test_what_failed_in_tls_is_logged_by_its_name(reason: str, events: list[str]) -> None:
    """A00.FR.315, FR.322."""
    world = a_station(2)
    world.station.security.take_tls_failure(world.now, reason)
    assert [kind for kind, _ in logged(world)] == events


def test_a_restart_is_logged() -> None:
    world = a_station(1, told=Told.SECURED)
    world.station.disconnect()
    world.station.finish_restart(world.now)
    world.station.connect(world.now)
    assert [kind for kind, _ in logged(world)] == ["ResetOrReboot", "StartupOfTheDevice"]
    assert world.sent().count("SecurityEventNotification") == 2
