"""Tests of what is known to be at stations."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from forecourt.domain.trust.held import HELD_PER_USE, Held, How, Use, is_named
from tests.domain.trust.trusting import Vicinity
from tests.support.clock import NOON


def test_what_a_station_has_is_remembered_once(world: Vicinity) -> None:
    station, other = world.a_station(), world.a_station("CP-2")
    leaf = world.root.leaf().certificate
    assert world.trust.hold(station, Use.CHARGE_POINT, leaf, How.DELIVERED)
    assert not world.trust.hold(station, Use.CHARGE_POINT, leaf, How.DELIVERED)
    delivered = Held(certificate=leaf, use=Use.CHARGE_POINT, how=How.DELIVERED, learned_at=NOON)
    assert world.trust.held(station) == [delivered]
    assert world.trust.held(other) == []
    world.clock.advance(timedelta(minutes=1))
    assert world.trust.hold(station, Use.CHARGE_POINT, leaf, How.PRESENTED)
    [presented] = world.trust.held(station)
    assert (presented.how, presented.learned_at) == (How.PRESENTED, NOON + timedelta(minutes=1))
    assert world.trust.version() == 0


def test_the_newest_of_a_use_are_remembered(world: Vicinity) -> None:
    station = world.a_station()
    world.trust.hold(station, Use.MANUFACTURER_ROOT, world.root.certificate, How.DELIVERED)
    leaves = [world.root.leaf(f"SN-{number}").certificate for number in range(HELD_PER_USE + 2)]
    for leaf in leaves:
        world.clock.advance(timedelta(minutes=1))
        world.trust.hold(station, Use.CHARGE_POINT, leaf, How.PRESENTED)
    held = [one.certificate for one in world.trust.held(station)]
    assert held == [*reversed(leaves[2:]), world.root.certificate]


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_a_certificate_is_named_by_issuer_and_serial_number(world: Vicinity, algorithm: str) -> None:
    """OCTT TC_076: every algorithm, and the serial number with or without zeros before it."""
    certificate = world.root.leaf(serial=0xAB).certificate
    name = hashlib.new(algorithm, certificate.x509.issuer.public_bytes()).hexdigest()
    for serial in ("AB", "ab", "00ab"):
        assert is_named(certificate, issuer_name_hash=name.upper(), algorithm=algorithm, serial=serial)
    assert not is_named(certificate, issuer_name_hash=name, algorithm=algorithm, serial="AC")
    assert not is_named(certificate, issuer_name_hash="00", algorithm=algorithm, serial="AB")
    assert not is_named(certificate, issuer_name_hash=name, algorithm="MD5", serial="AB")
