"""Proxies before the door: who is believed, and what is refused."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from forecourt.domain.security_log.model import Kind
from tests.gateway.doorstep import HERE, PROXIES, PROXY, TLS12, World, run
from tests.gateway.knocking import (
    TLS_CERTIFICATE,
    admitted,
    ders,
    its_certificate,
    refused,
)

# Proxies


def test_a_listed_proxy_is_believed() -> None:
    async def story(world: World) -> None:
        world.station(TLS_CERTIFICATE)
        der = b64encode(its_certificate().certificate.der).decode()
        said = [("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "198.51.100.7")]
        found = admitted(await world.knock(*said, ("X-Client-Certificate", der), peer=PROXY))
        assert (found.knock.address, found.knock.channel.via_proxy) == ("198.51.100.7", PROXY)
        assert (found.entry.is_tls, found.entry.tls_version) == (True, None)
        assert refused(await world.knock(*said, peer=PROXY)).kind is Kind.CERTIFICATE_MISSING
        plain = [("X-Forwarded-Proto", "http"), ("X-Client-Certificate", der)]
        assert refused(await world.knock(*plain, peer=PROXY)).kind is Kind.PROFILE_MISMATCH

    run(story, World(proxies=PROXIES))


def test_the_proxys_own_certificate_and_tls_are_not_the_stations() -> None:
    async def story(world: World) -> None:
        world.station(TLS_CERTIFICATE)
        for headers in ([], [("X-Forwarded-Proto", "https")]):
            shown = await world.knock(*headers, peer=PROXY, tls=TLS12, chain=ders(its_certificate()))
            assert refused(shown).kind is Kind.CERTIFICATE_MISSING

    run(story, World(proxies=PROXIES))


def test_a_stranger_who_writes_headers_for_proxies_is_not_believed_and_noted() -> None:
    async def story(world: World) -> None:
        world.station(TLS_CERTIFICATE)
        der = b64encode(its_certificate().certificate.der).decode()
        headers = [
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-For", "198.51.100.7"),
            ("X-Client-Certificate", der),
        ]
        refusal = refused(await world.knock(*headers))
        assert refusal.kind is Kind.PROFILE_MISMATCH
        assert world.kinds == [Kind.PROXY_HEADER_FROM_STRANGER, Kind.PROFILE_MISMATCH]
        assert {note.address for note in world.notes.taken} == {HERE}

    run(story, World(proxies=PROXIES))


def test_a_header_of_a_proxy_that_cannot_be_read_is_refused() -> None:
    async def story(world: World) -> None:
        world.station(password=None)
        for headers in ([("X-Forwarded-Proto", "https")] * 2, [("X-Client-Certificate", "?")]):
            assert refused(await world.knock(*headers, peer=PROXY)).status == 400
        assert world.office.reads == 0
        assert {(note.kind, note.station, note.address) for note in world.notes.taken} == {
            (Kind.PROXY_HEADER_REFUSED, "CP-1", PROXY)
        }

    run(story, World(proxies=PROXIES))


@pytest.mark.parametrize(
    "told",
    [{"via_proxy": PROXY}, {"via_proxy": "10.0.0.2"}, {"proxy_headers": False}],
    ids=["it named nobody", "it named another proxy", "a listener without"],
)
def test_headers_in_bytes_that_a_proxy_passes_on_are_the_stations_own(told: dict[str, Any]) -> None:
    """With the PROXY protocol the station speaks HTTP with us, whatever address that protocol tells."""

    async def story(world: World) -> None:
        world.station(TLS_CERTIFICATE)
        der = b64encode(its_certificate().certificate.der).decode()
        headers = [
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-For", "198.51.100.7"),
            ("X-Client-Certificate", der),
        ]
        assert refused(await world.knock(*headers, peer=PROXY, **told)).kind is Kind.PROFILE_MISMATCH
        over_tls = refused(await world.knock(*headers, peer=PROXY, tls=TLS12, **told))
        assert over_tls.kind is Kind.CERTIFICATE_MISSING
        assert Kind.PROXY_HEADER_FROM_STRANGER in world.kinds
        assert {note.address for note in world.notes.taken} == {PROXY}
        found = admitted(await world.knock(peer=PROXY, tls=TLS12, chain=ders(its_certificate()), **told))
        assert found.knock.channel.via_proxy == told.get("via_proxy")

    run(story, World(proxies=PROXIES))


def test_the_log_tells_of_a_certificate_that_was_taken_as_the_proxys() -> None:
    """A station at an address that is listed by mistake shows the right certificate, and it does not count."""

    async def story(world: World) -> None:
        world.station(TLS_CERTIFICATE)
        refused(await world.knock(peer=PROXY, tls=TLS12, chain=ders(its_certificate())))
        refused(await world.knock(peer=PROXY, tls=TLS12))
        shown, silent = world.notes.taken
        assert "listed proxy" in shown.reason
        assert "listed proxy" not in silent.reason

    run(story, World(proxies=PROXIES))
