"""Certificates at the door: whose they are by the store, by their names, and by the register of what was issued."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forecourt.domain.admission.model import Leniency
from forecourt.domain.provisioning.model import Registration
from forecourt.domain.security_log.model import Kind
from forecourt.domain.signing.model import Use
from forecourt.domain.trust.model import Policy, RevocationMode
from forecourt.gateway.handshake import Refused
from tests.gateway.desk import register
from tests.gateway.doorstep import TLS12, TYPED, World, basic, run
from tests.gateway.knocking import (
    POLICY,
    SERIAL,
    TLS_BASIC,
    TLS_CERTIFICATE,
    admitted,
    ders,
    its_certificate,
    makers_certificate,
    operators_ca,
    refused,
)

# Whose it is by the store and by its names


def test_a_station_of_profile_3_needs_its_certificate() -> None:
    async def story(world: World) -> None:
        world.station(TLS_CERTIFICATE)
        found = admitted(await world.knock(tls=TLS12, chain=ders(its_certificate())))
        assert found.entry.fingerprint == its_certificate().certificate.fingerprint
        assert found.certificate.evidence is not None
        assert world.access.has_own_certificate
        assert refused(await world.knock(tls=TLS12)).kind is Kind.CERTIFICATE_MISSING
        other = refused(await world.knock(tls=TLS12, chain=ders(its_certificate("SN-2"))))
        assert (other.status, other.kind) == (403, Kind.SERIAL_MISMATCH)
        assert refused(await world.knock(tls=TLS12, chain=[b"rubbish"])).kind is Kind.CERTIFICATE_REFUSED

    run(story)


def test_a_makers_certificate_is_good_until_the_station_has_its_own() -> None:
    """A00.FR.406, 806."""

    async def story(world: World) -> None:
        world.trust(replace(POLICY, trusted_organisations=("Maker",)))
        world.station(TLS_CERTIFICATE)
        found = admitted(await world.knock(tls=TLS12, chain=ders(makers_certificate())))
        assert found.station.registration is Registration.PENDING
        admitted(await world.knock(tls=TLS12, chain=ders(its_certificate())))
        refusal = refused(await world.knock(tls=TLS12, chain=ders(makers_certificate())))
        assert refusal.kind is Kind.ONBOARDING_REFUSED

    run(story)


@pytest.mark.parametrize(("mode", "status"), [(RevocationMode.SOFT, None), (RevocationMode.HARD, 503)])
def test_a_revocation_that_cannot_be_learned_is_noted_and_counts_as_the_policy_says(
    mode: RevocationMode, status: int | None
) -> None:
    async def story(world: World) -> None:
        world.trust(Policy(cpo_name=POLICY.cpo_name, revocation=mode))
        world.station(TLS_CERTIFICATE)
        leaf = operators_ca().leaf(SERIAL, crl_urls=["http://ca.example/crl"])
        decision = await world.knock(tls=TLS12, chain=ders(leaf))
        assert (decision.status if isinstance(decision, Refused) else None) == status
        assert world.kinds == [Kind.REVOCATION_UNKNOWN]

    run(story)


# Whose it is by the register (A00.FR.427)


@pytest.mark.parametrize(
    ("owner", "use", "named"),
    [("CP-2", Use.STATION, "the station 'CP-2'"), ("CP-1", Use.SERVER, "the server certificate 'CP-1'")],
)
def test_a_certificate_that_was_issued_for_another_one_is_refused_whatever_it_names(
    owner: str, use: Use, named: str
) -> None:
    """As after the serial number of one station was given to another: the names alone would let it in."""

    async def story(world: World) -> None:
        world.station(TLS_CERTIFICATE)
        register(world.office, its_certificate(), owner, use)
        for _ in range(2):
            refusal = refused(await world.knock(tls=TLS12, chain=ders(its_certificate())))
            assert (refusal.status, refusal.kind) == (403, Kind.CERTIFICATE_OF_ANOTHER)
            assert named in refusal.detail
            assert owner not in refusal.reason
        assert world.kinds == [Kind.CERTIFICATE_OF_ANOTHER] * 2

    run(story)


def test_the_register_is_asked_when_a_certificate_is_new_to_its_station_and_never_again() -> None:
    async def story(world: World) -> None:
        world.station(TLS_CERTIFICATE)
        register(world.office, its_certificate(), "CP-1")
        admitted(await world.knock(tls=TLS12, chain=ders(its_certificate())))
        assert world.office.reads == 2
        admitted(await world.knock(tls=TLS12, chain=ders(its_certificate())))
        assert world.office.reads == 3, "the record of the station alone"

    run(story)


def test_a_certificate_of_another_that_is_not_needed_proves_nothing_later() -> None:
    """It is not remembered as the station's, so that the register is asked again when it is needed."""

    async def story(world: World) -> None:
        station = world.station(TLS_BASIC)
        register(world.office, its_certificate(), "CP-2")
        for _ in range(2):
            found = admitted(await world.knock(basic(TYPED), tls=TLS12, chain=ders(its_certificate())))
            assert found.entry.certificate is None
        assert world.access.fingerprint is None
        assert "profile 3" not in (world.access.presented or "")
        assert world.services.trust.held(station) == []
        world.set_profile(TLS_CERTIFICATE)
        refusal = refused(await world.knock(tls=TLS12, chain=ders(its_certificate())))
        assert refusal.kind is Kind.CERTIFICATE_OF_ANOTHER

    run(story)


def test_no_excuse_covers_the_certificate_of_another() -> None:
    """A00.FR.405 may be excused in part, and whose certificate it is not."""

    async def story(world: World) -> None:
        station = world.station(TLS_CERTIFICATE)
        everything = frozenset(Leniency)
        world.services.admissions.change(station, leniencies=everything, asked_by="test")
        register(world.office, its_certificate(), "CP-2")
        refusal = refused(await world.knock(tls=TLS12, chain=ders(its_certificate())))
        assert refusal.kind is Kind.CERTIFICATE_OF_ANOTHER

    run(story)


def test_another_certificate_with_the_same_issuer_and_number_is_another_certificate() -> None:
    """Of two authorities with one name, which outside ones may be."""

    async def story(world: World) -> None:
        world.station(TLS_CERTIFICATE)
        register(world.office, operators_ca().leaf("SN-2", serial=77), "CP-2")
        admitted(await world.knock(tls=TLS12, chain=ders(operators_ca().leaf(SERIAL, serial=77))))

    run(story)
