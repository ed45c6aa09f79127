"""When the own authority makes lists of revoked certificates: soon, few, and none that is lost."""

from __future__ import annotations

import asyncio

import pytest

from forecourt.clerk.own_keys import OwnKeys
from forecourt.clerk.signers.pkcs11 import TokenTrouble
from forecourt.domain.authorities.model import OwnCertificate, OwnKey, Rank
from forecourt.domain.authorities.own_plan import APART_URGENT
from forecourt.domain.trust import revocations
from forecourt.pki.certificate import Certificate
from forecourt.pki.issuing import SigningKey
from forecourt.pki.reasons import Reason
from forecourt.pki.revocation import Crl, read_crl
from tests.support.own_house import OwnHouse

ROUTINE = [reason for reason in Reason if "ompromise" not in reason.value]
URGENT = [reason for reason in Reason if "ompromise" in reason.value]


class CountedKeys(OwnKeys):
    """Keys that are counted when they are taken to sign with."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = 0

    def signing(self, key: OwnKey) -> SigningKey:
        self.taken += 1
        return super().signing(key)


def revoke(house: OwnHouse, leaf: Certificate, reason: Reason = Reason.SUPERSEDED) -> None:
    house.own_ca.revoke(leaf.issuer_hash, leaf.serial, reason, asked_by="test")


def crl_of(house: OwnHouse, own: OwnCertificate) -> Crl:
    return read_crl(house.own_ca.crl(own.address).der)


def number_of(house: OwnHouse) -> int:
    return house.own_ca.crl(house.has(Rank.ISSUING).address).number


def test_a_fleet_that_renews_its_certificates_makes_few_lists() -> None:
    house = OwnHouse().created()
    leaves = [house.issue(f"SN-{number}").chain[0] for number in range(20)]
    for leaf in leaves:
        revoke(house, leaf)
        house.goes_by(seconds=1)
    assert all((leaf.issuer_hash, leaf.serial) in house.trusting().revoked for leaf in leaves)
    crl = crl_of(house, house.has(Rank.ISSUING))
    assert all(crl.is_revoked(leaf) for leaf in leaves)
    house.lists()
    assert number_of(house) == 3, "there is one every ten seconds, and none when nothing was revoked"


@pytest.mark.parametrize("reason", ROUTINE)
def test_what_can_wait_is_in_the_list_after_some_seconds(reason: Reason) -> None:
    house = OwnHouse().created()
    leaf = house.issue("SN-1").chain[0]
    revoke(house, leaf, reason)
    house.goes_by(seconds=9)
    assert not crl_of(house, house.has(Rank.ISSUING)).is_revoked(leaf)
    house.goes_by(seconds=1)
    assert crl_of(house, house.has(Rank.ISSUING)).is_revoked(leaf)


@pytest.mark.parametrize("reason", URGENT)
def test_a_compromised_key_is_in_the_list_at_once_with_all_that_waited(reason: Reason) -> None:
    house = OwnHouse().created()
    routine, stolen = (house.issue(name).chain[0] for name in ("SN-1", "SN-2"))
    house.goes_by(seconds=1)
    revoke(house, routine)
    revoke(house, stolen, reason)
    house.keep()
    crl = crl_of(house, house.has(Rank.ISSUING))
    assert crl.is_revoked(stolen)
    assert crl.is_revoked(routine)
    house.goes_by(seconds=1)
    assert number_of(house) == 2, "the list says everything, and is made again"


def test_what_follows_something_urgent_waits_again() -> None:
    house = OwnHouse().created()
    stolen, routine = (house.issue(name).chain[0] for name in ("SN-1", "SN-2"))
    revoke(house, stolen, Reason.KEY_COMPROMISE)
    house.goes_by(seconds=1)
    revoke(house, routine)
    house.goes_by(seconds=5)
    assert number_of(house) == 2


def test_a_revocation_that_the_register_has_no_room_for_is_listed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the listeners know of it from the list alone."""
    monkeypatch.setattr(revocations, "MAX_REVOKED", 0)
    house = OwnHouse().created()
    leaf = house.issue("SN-1").chain[0]
    revoke(house, leaf)
    assert house.trusting().revoked == frozenset()
    house.goes_by(seconds=1)
    [listed] = house.trusting().crls[leaf.issuer_hash]
    assert listed.is_revoked(leaf)


def test_a_process_that_ends_before_the_list_is_made_loses_no_revocation() -> None:
    house = OwnHouse().created()
    leaf = house.issue("SN-1").chain[0]
    revoke(house, leaf)
    house.goes_by(seconds=5)
    other = OwnHouse(workspace=house.workspace, clock=house.clock)
    other.goes_by(seconds=5)
    assert crl_of(other, other.has(Rank.ISSUING)).is_revoked(leaf)


def test_a_list_that_waits_is_signed_once() -> None:
    keys = CountedKeys()
    house = OwnHouse(keys=keys).created()
    leaf = house.issue("SN-1").chain[0]
    revoke(house, leaf)
    keys.taken = 0
    for _ in range(5):
        house.keep()
    assert keys.taken == 0, "it was signed although it waits"
    house.lists()
    assert keys.taken == 1
    for _ in range(5):
        house.keep()
    assert keys.taken == 1, "it was signed although nothing changed"


def test_two_rounds_of_one_process_sign_a_list_once() -> None:
    keys = CountedKeys()
    house = OwnHouse(keys=keys).created()
    leaf = house.issue("SN-1").chain[0]
    revoke(house, leaf, Reason.KEY_COMPROMISE)
    house.clock.advance(APART_URGENT)
    keys.taken = 0

    async def both() -> None:
        await asyncio.gather(house.keeping.keep(), house.keeping.keep())

    house.run(both())
    assert keys.taken == 1


class LockedKeys(CountedKeys):
    """A token that refuses, until it is mended."""

    is_broken = False

    def signing(self, key: OwnKey) -> SigningKey:
        if self.is_broken:
            self.taken += 1
            raise TokenTrouble("The token does not answer.")
        return super().signing(key)


def test_a_list_that_cannot_be_signed_is_tried_seldom_and_made_when_it_can() -> None:
    keys = LockedKeys()
    house = OwnHouse(keys=keys).created()
    leaf = house.issue("SN-1").chain[0]
    revoke(house, leaf)
    keys.is_broken, keys.taken = True, 0
    house.lists()
    for _ in range(20):
        house.goes_by(seconds=1)
    assert keys.taken == 1
    keys.is_broken = False
    house.goes_by(seconds=11)
    assert crl_of(house, house.has(Rank.ISSUING)).is_revoked(leaf)
    assert house.alarms() == []
