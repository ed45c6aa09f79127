"""A station on a real socket signs in, and changes its password and its profile (A00, A01, A05)."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from forecourt_simulator.misbehaviour import Misbehaviour
from forecourt_simulator.security_log import Told
from forecourt_simulator.tls import TlsChoice, TlsVersion
from tests.simulator.authority import Authority, server_tls, the_root
from tests.simulator.central_system import a_central_system, until
from tests.simulator.sites import KEY, a_site, change, come_on_line, secure
from tests.simulator.worlds import a_car

NEW_KEY = "30" * 16

# Signing in


@pytest.mark.parametrize(
    ("misbehaviours", "password"),
    [
        ([], bytes.fromhex(KEY)),
        ([Misbehaviour.HEX_TEXT_PASSWORD], KEY.encode()),
        ([Misbehaviour.NO_PASSWORD], None),
    ],
)
def test_a_station_of_profile_2_shows_its_password_inside_tls(
    misbehaviours: list[Misbehaviour], password: bytes | None
) -> None:
    async def story() -> None:
        async with secure() as system, a_site(system.url, *misbehaviours, profile=2):
            await come_on_line(system)
            [knock] = system.knocks
            assert knock.password == password
            assert knock.tls_version == "TLSv1.3"
            assert knock.certificate is None

    asyncio.run(story())


@pytest.mark.parametrize(
    ("profile", "misbehaviours", "is_shown"),
    [
        (3, [], True),
        (3, [Misbehaviour.NO_CERTIFICATE], False),
        (2, [], False),
        (2, [Misbehaviour.CERTIFICATE_ALWAYS], True),
    ],
)
def test_a_station_of_profile_3_shows_its_certificate(
    profile: int, misbehaviours: list[Misbehaviour], is_shown: bool
) -> None:
    async def story() -> None:
        async with secure() as system, a_site(system.url, *misbehaviours, profile=profile):
            await come_on_line(system)
            [knock] = system.knocks
            assert (knock.certificate is not None) is is_shown
            assert (knock.authorization is None) is (profile == 3)
            [boot] = system.payloads("BootNotification")
            assert boot["chargePointSerialNumber"] == "SN-1"

    asyncio.run(story())


@pytest.mark.parametrize("version", [TlsVersion.TLS_1_2, TlsVersion.TLS_1_3])
def test_a_station_offers_the_version_that_was_chosen(version: TlsVersion) -> None:
    async def story() -> None:
        async with secure() as system, a_site(system.url, profile=2, tls=TlsChoice(version=version)):
            await come_on_line(system)
            assert system.knocks[0].tls_version == f"TLSv{version.value}"

    asyncio.run(story())


def test_a_station_with_old_tls_comes_to_old_listeners_only() -> None:
    async def story() -> None:
        async with secure() as modern, a_site(modern.url, Misbehaviour.OLD_TLS, profile=2) as site:
            await until(lambda: site.saw("connection_failed"))
            assert modern.knocks == []
        server = the_root().own("csms.example", host="127.0.0.1", is_rsa=True)
        old = a_central_system(server_tls(server, is_legacy=True))
        async with old as legacy, a_site(legacy.url, Misbehaviour.OLD_TLS, profile=2):
            await come_on_line(legacy)
            assert legacy.knocks[0].tls_version == "TLSv1.1"
            assert legacy.knocks[0].password == bytes.fromhex(KEY)

    asyncio.run(story())


def test_a_station_does_not_talk_to_a_central_system_that_it_cannot_verify() -> None:
    """A00.FR.309, FR.310; it tells of it when it can."""

    async def story() -> None:
        stranger = Authority("Stranger")
        async with secure() as system:
            async with a_site(system.url, profile=2, authority=stranger, told=Told.ALL) as site:
                await until(lambda: site.saw("connection_failed"))
                assert system.knocks == []
                assert "InvalidCentralSystemCertificate" in site.logged
                site.station.security.certificates.put("CentralSystemRootCertificate", [the_root().certificate])
                await until(lambda: system.payloads("SecurityEventNotification"))
                assert system.actions()[0] == "BootNotification"
                assert system.payloads("SecurityEventNotification")[0]["type"] == "InvalidCentralSystemCertificate"
            async with a_site(system.url, Misbehaviour.TRUSTS_ANYONE, profile=2, authority=stranger):
                await until(lambda: len(system.actions("BootNotification")) == 2)

    asyncio.run(story())


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_logged_and_the_station_comes_again_when_it_was_told_to(status: int) -> None:
    async def story() -> None:
        async with a_central_system() as system:
            system.refuse = lambda _: web.Response(status=status, headers={"Retry-After": "0.2"})
            async with a_site(system.url, Misbehaviour.WRONG_PASSWORD, profile=1) as site:
                await until(lambda: len(system.knocks) == 2)
                assert system.knocks[0].password == b"not the password"
                assert set(site.logged) == {"FailedToAuthenticateAtCentralSystem"}
                assert site.details("waits_to_connect")[0] == {"seconds": 0.2}

    asyncio.run(story())


# A01


@pytest.mark.parametrize(
    ("misbehaviours", "password"),
    [
        ([], bytes.fromhex(NEW_KEY)),
        ([Misbehaviour.HEX_TEXT_PASSWORD], NEW_KEY.encode()),
        ([Misbehaviour.ACCEPTS_KEY_AND_KEEPS_OLD], bytes.fromhex(KEY)),
    ],
)
def test_a_new_password_is_used_at_once_and_what_waits_is_kept(
    misbehaviours: list[Misbehaviour], password: bytes
) -> None:
    """A01: answered, disconnected, come back, nothing lost."""

    async def story() -> None:
        async with a_central_system() as system, a_site(system.url, *misbehaviours, profile=1) as site:
            await come_on_line(system)
            system.answers["StartTransaction"] = lambda *_: "InternalError"
            site.station.configuration.put("TransactionMessageRetryInterval", "1")
            site.station.plug_in(1, a_car(), site.pace.now())
            site.station.present_tag(1, "TAG", site.pace.now())
            await until(lambda: "StartTransaction" in system.actions())
            assert await change(system, "AuthorizationKey", NEW_KEY) == "Accepted"
            await until(lambda: system.connections == 2)
            del system.answers["StartTransaction"]
            assert system.knocks[1].password == password
            assert [letter.action.name for letter in site.station.mailbox.waiting] == ["StartTransaction"]
            await until(lambda: not site.station.mailbox.waiting)
            assert system.actions("BootNotification") == ["BootNotification"]

    asyncio.run(story())


def test_a_password_that_was_taken_without_an_answer_is_used_all_the_same() -> None:
    async def story() -> None:
        async with a_central_system() as system, a_site(system.url, Misbehaviour.DROPS_BEFORE_ANSWER, profile=1):
            await come_on_line(system)
            call_id = await system.ask("SIM-1", "ChangeConfiguration", {"key": "AuthorizationKey", "value": NEW_KEY})
            first = system.sockets["SIM-1"]
            await until(lambda: system.connections == 2)
            assert system.knocks[1].password == bytes.fromhex(NEW_KEY)
            assert first.close_code == 1006
            assert call_id not in system.replies

    asyncio.run(story())


def test_a_password_that_was_lost_with_the_connection_is_not_used() -> None:
    async def story() -> None:
        async with a_central_system() as system, a_site(system.url, Misbehaviour.DROPS_BEFORE_TAKING, profile=1):
            await come_on_line(system)
            call_id = await system.ask("SIM-1", "ChangeConfiguration", {"key": "AuthorizationKey", "value": NEW_KEY})
            await until(lambda: system.connections == 2)
            assert system.knocks[1].password == bytes.fromhex(KEY)
            assert call_id not in system.replies

    asyncio.run(story())


def test_an_answer_can_come_on_the_next_connection() -> None:
    async def story() -> None:
        async with a_central_system() as system, a_site(system.url, Misbehaviour.ANSWERS_AFTER_RECONNECT, profile=1):
            await come_on_line(system)
            call_id = await system.ask("SIM-1", "ChangeConfiguration", {"key": "AuthorizationKey", "value": NEW_KEY})
            await until(lambda: call_id in system.replies)
            assert system.replies[call_id] == [3, call_id, {"status": "Accepted"}]
            assert system.connections == 2
            assert system.knocks[1].password == bytes.fromhex(NEW_KEY)

    asyncio.run(story())


def test_a_password_that_needs_a_restart_is_used_after_a_reset() -> None:
    async def story() -> None:
        async with a_central_system() as system, a_site(system.url, Misbehaviour.REBOOT_REQUIRED, profile=1):
            await come_on_line(system)
            assert await change(system, "AuthorizationKey", NEW_KEY) == "RebootRequired"
            await system.ask("SIM-1", "Reset", {"type": "Hard"})
            await until(lambda: system.connections == 2)
            assert [knock.password for knock in system.knocks] == [bytes.fromhex(KEY), bytes.fromhex(NEW_KEY)]

    asyncio.run(story())


# A05


def test_an_upgrade_moves_the_station_to_tls() -> None:
    """A05.FR.05 to FR.07, and the address that changes with it."""

    async def story() -> None:
        async with a_central_system() as plain, secure() as safe:  # noqa: SIM117  # addresses come first
            async with a_site(plain.url, profile=1, tls_url=safe.url) as site:
                await come_on_line(plain)
                assert await change(plain, "SecurityProfile", "2") == "Accepted"
                await until(lambda: safe.connections == 1)
                assert safe.knocks[0].password == bytes.fromhex(KEY)
                await until(lambda: site.saw("profile_taken"))
                await until(lambda: site.station.is_online)
                assert await change(safe, "SecurityProfile", "1") == "Rejected"
                assert await change(safe, "SecurityProfile", "3") == "Accepted"
                await until(lambda: safe.connections == 2)
                assert safe.knocks[1].certificate is not None
                assert safe.knocks[1].authorization is None
                assert plain.connections == 1

    asyncio.run(story())


def test_the_same_address_with_tls_is_tried_where_no_other_is_given() -> None:
    """A05.FR.08: and when nobody speaks TLS there, the station falls back."""

    async def story() -> None:
        async with a_central_system() as system, a_site(system.url, profile=1) as site:
            await come_on_line(system)
            assert await change(system, "SecurityProfile", "2") == "Accepted"
            await until(lambda: system.connections == 2)
            assert site.details("profile_given_up") == [{"profile": 1}]
            assert system.knocks[-1].tls_version is None
            assert site.station.configuration.number("SecurityProfile") == 1

    asyncio.run(story())


def test_a_profile_is_accepted_and_not_used_on_purpose() -> None:
    async def story() -> None:
        async with a_central_system() as plain, secure() as safe:  # noqa: SIM117  # addresses come first
            async with a_site(plain.url, Misbehaviour.ACCEPTS_PROFILE_AND_STAYS, profile=1, tls_url=safe.url):
                await come_on_line(plain)
                assert await change(plain, "SecurityProfile", "2") == "Accepted"
                await until(lambda: plain.connections == 2)
                assert safe.knocks == []

    asyncio.run(story())


def test_the_old_profile_is_tried_again_on_purpose() -> None:
    """As the certification test TC_083 does: refused there, it comes with the new one."""

    async def story() -> None:
        async with a_central_system() as plain, secure() as safe:  # noqa: SIM117  # addresses come first
            async with a_site(plain.url, Misbehaviour.COMES_BACK_LOWER, profile=1, tls_url=safe.url) as site:
                await come_on_line(plain)
                plain.refuse = lambda _: web.Response(status=403)
                await change(plain, "SecurityProfile", "2")
                await until(lambda: safe.connections == 2)
                assert len(plain.knocks) > 1
                assert site.station.security.profile == 2

    asyncio.run(story())
