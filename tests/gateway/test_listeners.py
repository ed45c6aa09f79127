"""When listeners listen, and how what they present and ask for changes while they do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forecourt.clock import SystemClock
from forecourt.config import ListenerConfig, Tls
from forecourt.domain.errors import Sentence
from forecourt.domain.security_log.model import Kind
from forecourt.domain.trust.model import ServerCertificate, Unusable
from forecourt.gateway import listeners as module
from forecourt.gateway.listeners import Listeners
from forecourt.settings import Address
from tests.gateway.desk import until
from tests.gateway.porch import (
    OLD,
    WS,
    WSS,
    Porch,
    both,
    came_in,
    files_of,
    open_sockets,
    operator,
    served,
    station,
    trusting,
    with_porch,
)
from tests.support.authority import Authority, Validity
from tests.support.clock import FakeClock


def test_a_listener_without_tls_listens_at_once() -> None:
    async def story(porch: Porch) -> None:
        async with porch.raw("ws") as (reader, _writer):
            assert came_in((await reader.readline()).decode()) == {"listener": "ws", "peer": "127.0.0.1", "via": None}
        assert await porch.is_refused("wss")

    with_porch(story, WS, WSS, start=trusting(presents=[]))


def test_a_listener_with_tls_listens_as_soon_as_there_is_a_server_certificate(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def story(porch: Porch) -> None:
        assert await porch.is_refused()
        assert "no_server_certificate" in capsys.readouterr().out
        await porch.follow(trusting(version=2))
        assert came_in(await porch.openssl()) is not None
        await porch.follow(trusting(presents=[], version=3))
        assert await porch.is_refused()
        await porch.follow(trusting(presents=[], version=4))
        assert capsys.readouterr().out.count("no_server_certificate") == 1
        await porch.follow(trusting(version=5))
        assert came_in(await porch.openssl()) is not None
        assert await porch.noted() == []

    with_porch(story, WSS, start=trusting(presents=[]))


def test_a_listener_for_old_versions_waits_for_a_certificate_with_an_rsa_key() -> None:
    async def story(porch: Porch) -> None:
        assert await porch.is_refused("old")
        assert not await porch.is_refused("wss")
        await porch.follow(trusting(version=2))
        assert not await porch.is_refused("old")

    with_porch(story, WSS, OLD, start=trusting(presents=both()[1:]))


def test_another_server_certificate_is_presented_from_the_next_handshake_on() -> None:
    async def story(porch: Porch) -> None:
        assert "CN = localhost" in await porch.openssl("-tls1_2")
        renewed = served("rsa", operator().leaf("renewed", key="RSA 2048"))
        await porch.follow(trusting(presents=[renewed], version=2))
        assert "CN = renewed" in await porch.openssl("-tls1_2")

    with_porch(story)


def test_who_is_trusted_changes_from_the_next_handshake_on_and_open_connections_stay() -> None:
    async def story(porch: Porch) -> None:
        shows = files_of(station(), "station")
        assert came_in(await porch.openssl(*shows)) is not None
        async with porch.raw("ws") as (reader, writer):
            assert came_in((await reader.readline()).decode()) is not None
            await porch.follow(trusting(Authority.root("Another").certificate, version=2))
            assert came_in(await porch.openssl(*shows)) is None
            await porch.follow(trusting(operator().certificate, version=3))
            assert came_in(await porch.openssl(*shows)) is not None
            writer.write(b"still here")
            assert await reader.read() == b""

    with_porch(story, WS, WSS, start=trusting(operator().certificate))


def test_a_server_certificate_that_cannot_be_used_is_noted_and_the_last_one_stays() -> None:
    async def story(porch: Porch) -> None:
        rsa, _ec = both()
        other = operator().leaf("renewed", key="RSA 2048 second")
        broken = replace(rsa, name="broken", chain=other.chain)
        await porch.follow(trusting(presents=[broken], version=2))
        assert "CN = localhost" in await porch.openssl("-tls1_2")
        assert [kind for kind, _ in await porch.noted()] == [Kind.LISTENER_FAILED]
        [(_, reason)] = await porch.noted()
        assert "'broken'" in reason
        assert "It presents 'rsa' instead" in reason
        await porch.follow(trusting(presents=[served("renewed", other)], version=3))
        assert "CN = renewed" in await porch.openssl("-tls1_2")

    with_porch(story)


def test_a_server_certificate_that_cannot_be_read_any_more_stays_in_use_and_is_noted_once() -> None:
    async def story(porch: Porch) -> None:
        lost = (Unusable("rsa", Sentence("its key was sealed with another key")),)
        for version in (2, 3):
            await porch.follow(trusting(presents=[], unusable=lost, version=version))
        assert came_in(await porch.openssl()) is not None
        assert await porch.noted() == [
            (Kind.LISTENER_FAILED, "rsa cannot be used: its key was sealed with another key"),
            (
                Kind.LISTENER_FAILED,
                "The listener wss: It goes on with 'rsa' as it was before. Restarted, it could not.",
            ),
        ]

    with_porch(story)


def test_one_that_cannot_be_read_takes_neither_the_other_family_nor_new_anchors_with_it() -> None:
    async def story(porch: Porch) -> None:
        lost = (Unusable("ec", Sentence("its key was sealed with another key")),)
        await porch.follow(trusting(operator().certificate, presents=both()[:1], unusable=lost, version=2))
        for suite in ("ECDHE-ECDSA-AES128-GCM-SHA256", "AES128-GCM-SHA256"):
            shown = await porch.openssl("-tls1_2", "-cipher", suite, *files_of(station(), "station"))
            told = came_in(shown)
            assert told is not None
            assert (told["cipher"], told["certificates"]) == (suite, 2)

    with_porch(story)


def test_one_that_openssl_refuses_takes_neither_the_other_family_nor_new_anchors_with_it() -> None:
    async def story(porch: Porch) -> None:
        rsa, ec = both()
        other = operator().leaf("renewed", key="RSA 2048 second")
        broken = replace(rsa, name="broken", chain=other.chain)
        renewed = served("renewed", operator().leaf("renewed", key="EC P-256"))
        for version in (2, 3):
            await porch.follow(trusting(operator().certificate, presents=[broken, renewed], version=version))
        shown = await porch.openssl("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")
        assert "CN = renewed" in shown
        shown = await porch.openssl("-tls1_2", "-cipher", "AES128-GCM-SHA256", *files_of(station(), "station"))
        assert "CN = localhost" in shown
        assert (came_in(shown) or {})["certificates"] == 2
        [(kind, reason)] = await porch.noted()
        assert kind is Kind.LISTENER_FAILED
        assert reason == (
            "The listener wss: The server certificate 'broken' cannot be used: key values mismatch. "
            "It presents 'rsa' instead for RSA keys."
        )
        await porch.follow(trusting(presents=[ec], version=4))
        shown = await porch.openssl("-tls1_2", "-cipher", "AES128-GCM-SHA256")
        assert came_in(shown) is None, "what was kept goes with what it stood for"

    with_porch(story)


def test_one_that_openssl_refuses_when_there_was_none_before_is_told_as_that() -> None:
    async def story(porch: Porch) -> None:
        assert await porch.is_refused()
        [refused, nothing] = [reason for _, reason in await porch.noted()]
        assert refused.endswith("There is no other one to present for RSA keys.")
        assert nothing.endswith("There is no server certificate that it could present, so that nobody can connect.")

    broken = replace(both()[0], chain=operator().leaf("renewed", key="RSA 2048 second").chain)
    with_porch(story, start=trusting(presents=[broken]))


def test_removed_server_certificates_go_although_something_else_cannot_be_read() -> None:
    async def story(porch: Porch) -> None:
        odd = (Unusable("ab" * 32, Sentence("The trusted certificate cannot be read")),)
        await porch.follow(trusting(presents=[], unusable=odd, version=2))
        assert await porch.is_refused()

    with_porch(story)


def test_of_two_that_are_gone_only_the_one_that_cannot_be_read_stays() -> None:
    async def story(porch: Porch) -> None:
        await porch.follow(trusting(presents=[], unusable=(Unusable("ec", Sentence("lost")),), version=2))
        assert came_in(await porch.openssl("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")) is not None
        assert came_in(await porch.openssl("-tls1_2", "-cipher", "AES128-GCM-SHA256")) is None

    with_porch(story)


# Time


def lasting(name: str, start: timedelta, end: timedelta) -> ServerCertificate:
    return served(name, operator().leaf(name, validity=Validity(start, end)))


def test_the_next_server_certificate_is_presented_when_its_time_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock(datetime.now(UTC))  # certificates count from now, and this may be long after the tests began
    monkeypatch.setattr(module, "CHOOSE_SECONDS", 0.01)
    trusts = trusting(
        presents=[
            lasting("old", timedelta(days=-1), timedelta(hours=1)),
            lasting("new", timedelta(minutes=30), timedelta(days=2)),
        ]
    )

    async def story(porch: Porch) -> None:
        running = asyncio.ensure_future(porch.listeners.run(lambda: trusts))
        [listener] = porch.listeners._listeners
        assert "CN = old" in await porch.openssl("-tls1_2")
        context = listener._entrance.context
        clock.advance(timedelta(minutes=45))
        await porch.follow(trusts)
        await until(lambda: listener._entrance.context is not context)  # the newer one of two that are valid
        context = listener._entrance.context
        clock.advance(timedelta(hours=1))
        await porch.follow(trusts)
        assert listener._entrance.context is context, "nothing changed"
        assert "CN = new" in await porch.openssl("-tls1_2")
        assert await porch.noted() == []
        clock.advance(timedelta(days=2))
        await until(lambda: len(porch.notes._gathered) == 1)
        running.cancel()

    with_porch(story, start=trusts, clock=clock)


def test_an_expired_server_certificate_is_presented_when_there_is_no_other_and_noted_once() -> None:
    clock = FakeClock(datetime.now(UTC))
    trusts = trusting(presents=[lasting("old", timedelta(days=-1), timedelta(hours=1))])

    async def story(porch: Porch) -> None:
        assert await porch.noted() == []
        clock.advance(timedelta(hours=2))
        for _ in range(3):
            await porch.follow(trusts)
        [note] = await porch.written()
        assert (note.kind, note.count) == (Kind.LISTENER_FAILED, 1)
        assert "presents 'old', which expired at" in note.reason
        assert "no better one for EC keys" in note.reason
        assert came_in(await porch.openssl("-tls1_2")) is not None

    with_porch(story, start=trusts, clock=clock)


def test_listeners_that_are_alike_share_a_context_and_one_that_did_not_change_keeps_it() -> None:
    async def story(porch: Porch) -> None:
        first, second, old = (listener._entrance.context for listener in porch.listeners._listeners)
        assert first is second
        assert first is not old
        await porch.follow(trusting(operator().certificate, version=2))
        assert [listener._entrance.context for listener in porch.listeners._listeners] == [first, second, old]
        await porch.follow(trusting(version=3))
        assert first not in [listener._entrance.context for listener in porch.listeners._listeners]

    second = ListenerConfig("second", Address("127.0.0.1", 0), Tls.MODERN)
    with_porch(story, WSS, second, OLD, start=trusting(operator().certificate))


def test_an_address_in_use_is_told_and_no_other_is_held() -> None:
    async def story(porch: Porch) -> None:
        free = ListenerConfig("free", Address("127.0.0.1", 0))
        taken = ListenerConfig("taken", porch.addresses["ws"])
        before = open_sockets()
        second = Listeners([free, taken], greeter=porch.greeter, notes=porch.notes, clock=SystemClock())
        with pytest.raises(OSError, match=f"{porch.addresses['ws']}.*in use"):
            await second.start(trusting())
        assert open_sockets() == before

    with_porch(story, WS)


def test_an_address_that_is_taken_later_by_somebody_else_is_noted() -> None:
    """A listener that waits for its certificate holds its address, but the machine lets others listen there."""

    async def story(porch: Porch) -> None:
        address = porch.addresses["wss"]
        other = await asyncio.start_server(
            lambda _reader, writer: writer.close(), address.host, address.port, reuse_address=True
        )
        await porch.follow(trusting(version=2))
        [(kind, reason)] = await porch.noted()
        assert kind is Kind.LISTENER_FAILED
        assert "in use" in reason
        other.close()
        await other.wait_closed()
        await porch.follow(trusting(version=3))
        assert came_in(await porch.openssl()) is not None

    with_porch(story, WSS, start=trusting(presents=[]))


@pytest.mark.parametrize(
    ("settings", "is_told"),
    [
        (ListenerConfig("ws", Address("0.0.0.0", 0)), True),
        (ListenerConfig("ws", Address("127.0.0.1", 0)), False),
        (ListenerConfig("ws", Address("localhost", 0)), False),
        (ListenerConfig("wss", Address("0.0.0.0", 0), Tls.MODERN), False),
    ],
    ids=str,
)
def test_a_listener_without_tls_that_others_can_reach_is_warned_about(
    settings: ListenerConfig, is_told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(porch: Porch) -> None:
        assert ("listens_without_tls" in capsys.readouterr().out) is is_told

    with_porch(story, settings)


def test_afterwards_nobody_can_connect_and_nothing_is_left_open() -> None:
    async def story(porch: Porch) -> None:
        before = open_sockets()
        porch.listeners.stop_accepting()
        await porch.greeter.close()
        for name in porch.addresses:
            assert await porch.is_refused(name)
        await porch.follow(trusting(operator().certificate, version=2))
        assert await porch.is_refused("wss"), "it does not come back"
        await until(lambda: open_sockets() == before - 3)

    with_porch(story, WS, WSS, OLD)
