"""Open links with certificates: they end when these no longer hold (A00.FR.403, A00.FR.704)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from forecourt.domain.paging import PageRequest
from forecourt.domain.presence.model import LinkSecurity
from forecourt.domain.provisioning.model import Registration
from forecourt.domain.trust.held import How, Use
from forecourt.domain.trust.model import RevocationMode
from forecourt.gateway import certificates
from forecourt.gateway.certificates import CertificateProof
from forecourt.gateway.links import LOOKED_AT_ONCE
from forecourt.pki.certificate import Certificate
from tests.gateway.desk import a_trusting, until
from tests.gateway.guarding import CERTIFIED, CRL_URL, World, ends, in_world, stays
from tests.gateway.knocking import (
    POLICY,
    SERIAL,
    TLS,
    TLS_BASIC,
    TLS_CERTIFICATE,
    its_certificate,
    makers_certificate,
    operators_ca,
    right,
)

# Certificates


def test_a_certificate_that_is_revoked_ends_its_link_and_no_other() -> None:
    """A00.FR.704."""

    async def story(world: World) -> None:
        one, other = world.station(TLS_CERTIFICATE), world.station(TLS_CERTIFICATE, "CP-2", serial_number="SN-2")
        _, wire = await world.connect(one, TLS, issued=its_certificate())
        _, other_wire = await world.connect(other, TLS, issued=its_certificate("SN-2"))
        world.trust(revoked=[its_certificate()])
        await world.links.trust_changed(world.watch.trusting)
        await ends(wire)
        assert other_wire.log == []
        [reason] = world.closed
        assert "revoked" in reason

    in_world(story)


def test_an_anchor_that_is_withdrawn_ends_the_links_that_led_to_it() -> None:
    async def story(world: World) -> None:
        _, wire = await world.connect(world.station(TLS_CERTIFICATE), TLS, issued=its_certificate())
        world.trust(stations=False)
        await world.links.trust_changed(world.watch.trusting)
        await ends(wire)

    in_world(story)


def test_what_was_revoked_before_the_link_was_there_ends_it() -> None:
    async def story(world: World) -> None:
        connection, wire = await world.decide(world.station(TLS_CERTIFICATE), TLS, issued=its_certificate())
        world.trust(revoked=[its_certificate()])
        await world.links.trust_changed(world.watch.trusting)
        world.links.add(connection)
        await ends(wire)

    in_world(story)


def test_what_a_ca_says_later_ends_the_link() -> None:
    """RevocationMode.SOFT: let in while nothing is known, and looked at again when something is."""

    async def story(world: World) -> None:
        world.trust(replace(POLICY, revocation=RevocationMode.SOFT))
        world.watch.fetcher.answers[CRL_URL] = operators_ca().crl(CERTIFIED.certificate)
        connection, wire = await world.decide(world.station(TLS_CERTIFICATE), TLS, issued=CERTIFIED)
        assert connection.admitted.certificate.doubt is not None
        world.links.add(connection)
        await ends(wire)

    in_world(story)


def test_a_ca_that_does_not_answer_ends_no_link() -> None:
    async def story(world: World) -> None:
        _, wire = await world.connect(world.station(TLS_CERTIFICATE), TLS, issued=CERTIFIED)
        world.trust(replace(POLICY, revocation=RevocationMode.HARD))
        await stays(world, wire)

    in_world(story)


def test_a_certificate_that_runs_out_ends_no_link() -> None:
    """Over the link the station gets its next one (A02)."""

    async def story(world: World) -> None:
        _, wire = await world.connect(world.station(TLS_CERTIFICATE), TLS, issued=its_certificate())
        world.clock.advance(timedelta(days=400))
        world.trust()
        await stays(world, wire)
        # The root it led to is the maker's from now on, so that its path has to be proven anew.
        world.watch.trusting = a_trusting(makers=[operators_ca().certificate], policy=POLICY, version=99)
        await stays(world, wire)

    in_world(story)


def test_a_link_with_a_makers_certificate_stays_pending() -> None:
    """A00.FR.806."""

    async def story(world: World) -> None:
        world.trust(replace(POLICY, trusted_organisations=("Maker",)))
        connection, wire = await world.connect(world.station(TLS_CERTIFICATE), TLS, issued=makers_certificate())
        await stays(world, wire)
        assert connection.station.registration is Registration.PENDING

    in_world(story)


def test_many_links_are_proven_without_holding_up_the_loop() -> None:
    async def story(world: World) -> None:
        wires = []
        shown = [its_certificate(f"SN-{number}") for number in range(200)]
        for number, issued in enumerate(shown):
            station = world.station(TLS_CERTIFICATE, f"CP-{number}", serial_number=f"SN-{number}")
            wires.append((await world.connect(station, TLS, issued=issued))[1])
        world.trust(revoked=shown)
        await world.links.trust_changed(world.watch.trusting)
        ended = [0]
        while ended[-1] < len(wires):
            await asyncio.sleep(0)
            ended.append(sum(bool(wire.log) for wire in wires))
        assert max(now - then for then, now in pairwise(ended)) <= LOOKED_AT_ONCE, "in one turn of the loop"

    in_world(story)


def test_a_link_is_on_record_with_how_it_came_in() -> None:
    async def story(world: World) -> None:
        await world.connect(world.station(TLS_CERTIFICATE), TLS, issued=its_certificate())
        [record] = world.services.presence.list(PageRequest()).items
        leaf = its_certificate().certificate
        assert record.security == LinkSecurity(
            profile=TLS_CERTIFICATE,
            listener="wss",
            is_tls=True,
            tls_version="TLSv1.2",
            cipher=TLS.cipher,
            fingerprint=leaf.fingerprint,
            certificate_ends_at=leaf.not_after,
        )

    in_world(story)


def test_a_certificate_that_a_station_showed_is_known_to_be_at_it() -> None:
    async def story(world: World) -> None:
        station, other = world.station(TLS_CERTIFICATE), world.station(TLS_BASIC, "CP-2", serial_number="SN-2")
        await world.connect(station, TLS, issued=its_certificate())
        await world.connect(other, TLS, password=right(), issued=its_certificate())
        [held] = world.services.trust.held(station)
        assert (held.certificate, held.use, held.how) == (
            its_certificate().certificate,
            Use.CHARGE_POINT,
            How.PRESENTED,
        )
        assert list(world.services.trust.held(other)) == [], "what was not asked for was not looked at for its owner"

    in_world(story)


def test_those_whose_certificates_may_not_hold_come_first_and_the_others_are_not_proven_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proven: list[str] = []

    def counted(leaf: Certificate, *rest: Any) -> CertificateProof:  # as it is given
        proven.append(leaf.fingerprint)
        return certificates.examine_again(leaf, *rest)

    monkeypatch.setattr("forecourt.gateway.guard.examine_again", counted)

    async def story(world: World) -> None:
        wires = []
        for number in range(30):
            serial = SERIAL if number == 29 else f"SN-1{number}"
            station = world.station(TLS_CERTIFICATE, f"CP-{number}", serial_number=serial)
            issued = CERTIFIED if number == 29 else its_certificate(serial)
            wires.append((await world.connect(station, TLS, issued=issued))[1])
        await until(lambda: not world.links._stale)
        world.trust(revoked=[CERTIFIED])
        await world.links.trust_changed(world.watch.trusting)
        assert next(iter(world.links._stale)) == "CP-29"
        await ends(wires[29])
        await until(lambda: not world.links._stale)
        assert proven == [CERTIFIED.certificate.fingerprint]
        assert all(not wire.log for wire in wires[:29])
        proofs = [one.admitted.certificate for one in world.links._links.values()]
        versions = {one.evidence.version for one in proofs if one.evidence is not None}
        assert versions == {world.version}

    in_world(story)
