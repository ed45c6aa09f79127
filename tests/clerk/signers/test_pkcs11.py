"""CA keys in a PKCS#11 token: they sign there, never leave, and a token that is out of order loses nothing."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pkcs11.constants import Attribute, ObjectClass
from pkcs11.types import Session

from forecourt.clerk import housekeeping, own_making
from forecourt.clerk.housekeeping import TOKEN
from forecourt.clerk.own_keys import OwnKeys
from forecourt.clerk.signers import pkcs11 as module
from forecourt.clerk.signers.pkcs11 import Token, TokenTrouble
from forecourt.domain.authorities.model import KeyFamily, OwnPolicy, Phase, Rank
from forecourt.domain.signing.model import SigningUnavailable
from forecourt.pki.errors import CannotSign
from forecourt.pki.path import verify_path
from forecourt.pki.reasons import Reason
from forecourt.pki.revocation import check_crl, read_crl
from tests.support.own_house import ON_CURVES, OwnHouse
from tests.support.softhsm import LABEL, PIN, SoftToken, soft_token

PSS = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftToken]:
    monkeypatch.setattr(module, "RSA_BITS", 2_048)  # longer ones take seconds to make in software
    with soft_token(tmp_path) as found:
        pkcs11.lib(found.module).reinitialize()  # it was loaded for another test
        yield found


@pytest.fixture
def token(device: SoftToken) -> Token:
    return Token(module=device.module, label=LABEL, pin=PIN)


@pytest.mark.parametrize("scheme", [padding.PKCS1v15(), PSS], ids=["pkcs1", "pss"])
def test_an_rsa_key_signs_as_the_library_wants_it(token: Token, scheme: padding.AsymmetricPadding) -> None:
    key_id, made = token.make(KeyFamily.RSA)
    key = token.key(key_id)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert isinstance(made, rsa.RSAPrivateKey)
    assert key.key_size == module.RSA_BITS
    made.public_key().verify(key.sign(b"text", scheme, hashes.SHA256()), b"text", scheme, hashes.SHA256())


@pytest.mark.parametrize("algorithm", [hashes.SHA256(), hashes.SHA384()], ids=["sha256", "sha384"])
def test_a_key_on_a_curve_signs_as_the_library_wants_it(token: Token, algorithm: hashes.HashAlgorithm) -> None:
    key_id, _ = token.make(KeyFamily.ECDSA)
    key = token.key(key_id)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == module.CURVE
    key.public_key().verify(key.sign(b"text", ec.ECDSA(algorithm)), b"text", ec.ECDSA(algorithm))


@pytest.mark.parametrize("family", KeyFamily)
def test_a_key_never_leaves(token: Token, family: KeyFamily) -> None:
    key_id, key = token.make(family)
    for leave in (key.private_numbers, lambda: key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())):
        with pytest.raises(TypeError, match="never leaves"):
            leave()

    assert copy.copy(key) is copy.deepcopy(key) is key

    def look(session: Session) -> tuple[object, object]:
        [found] = session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: bytes.fromhex(key_id)})
        return found[Attribute.SENSITIVE], found[Attribute.EXTRACTABLE]

    assert token._use(look) == (True, False)


def test_a_whole_hierarchy_lives_in_the_token(token: Token) -> None:
    policy = OwnPolicy(keys_in_token=True)
    house = OwnHouse(policy=policy, keys=OwnKeys(token)).created()
    for family, key in ((KeyFamily.RSA, "RSA 2048"), (KeyFamily.ECDSA, "EC P-256")):
        issuing = house.has(Rank.ISSUING, family=family)
        assert issuing.is_in_token
        leaf = house.issue(f"SN-{family.value}", key=key).chain[0]
        assert leaf.issuer_hash == issuing.certificate.subject_hash
        verify_path(leaf, [], house.trusting().station_anchors, house.clock.now())
        house.own_ca.revoke(leaf.issuer_hash, leaf.serial, Reason.SUPERSEDED, asked_by="test")
        house.lists()
        crl = read_crl(house.own_ca.crl(issuing.address).der)
        check_crl(crl, issuing.certificate, house.clock.now())
        assert crl.is_revoked(leaf)
    assert house.workspace.unit.all("SELECT 1 FROM own_certificate WHERE is_in_token AND sealed_key IS NOT NULL") == []


def test_a_root_in_the_token_follows_one_outside_and_the_other_way_round(token: Token) -> None:
    house = OwnHouse(policy=ON_CURVES, keys=OwnKeys(token)).created()
    for in_token in (True, False):
        house.change(keys_in_token=in_token)
        house.own_ca.roll_root(KeyFamily.ECDSA, asked_by="test")
        house.keep()
        following = house.has(Rank.ROOT, Phase.NEXT)
        assert following.is_in_token is in_token
        assert following.cross is not None
        house.own_ca.activate(following.fingerprint, asked_by="test")
        house.keep()
        chain = house.issue("SN-1").chain
        verify_path(chain[0], [], house.trusting().station_anchors, house.clock.now())
        former = house.has(Rank.ROOT, Phase.FORMER)
        house.own_ca.retire(former.fingerprint, asked_by="test", despite=True)
        house.keep()


def private_keys(token: Token) -> int:
    wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY}
    return token._use(lambda session: len(list(session.get_objects(wanted))))


def test_rounds_that_fail_leave_no_key_in_the_token(token: Token) -> None:
    house = OwnHouse(policy=replace(ON_CURVES, keys_in_token=True), keys=OwnKeys(token)).created()
    assert private_keys(token) == 2
    token.destroy(house.has(Rank.ROOT).key_id)
    house.own_ca.roll_issuing(KeyFamily.ECDSA, asked_by="test")
    for _ in range(10):
        house.goes_by(seconds=housekeeping.LONGEST_RETRY_SECONDS)
    assert "no such key" in dict(house.alarms())[housekeeping.MAKING]
    assert private_keys(token) == 1


def test_a_key_of_which_nothing_came_is_destroyed(token: Token, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise CannotSign("It cannot be signed.")

    house = OwnHouse(policy=replace(ON_CURVES, keys_in_token=True), keys=OwnKeys(token))
    monkeypatch.setattr(own_making, "make_crl", fails)
    house.created()
    for _ in range(9):
        house.goes_by(seconds=housekeeping.LONGEST_RETRY_SECONDS)
    assert "cannot be signed" in dict(house.alarms())[housekeeping.MAKING]
    assert private_keys(token) == 0


def test_the_next_root_does_without_the_word_of_one_whose_key_the_token_lost(token: Token) -> None:
    house = OwnHouse(policy=replace(ON_CURVES, keys_in_token=True), keys=OwnKeys(token)).created()
    token.destroy(house.has(Rank.ROOT).key_id)
    house.own_ca.roll_root(KeyFamily.ECDSA, asked_by="test")
    house.goes_by(minutes=2)
    following = house.has(Rank.ROOT, Phase.NEXT)
    assert following.cross is None
    assert "No root vouches for it" in dict(house.alarms())["ecdsa root"]
    house.own_ca.activate(following.fingerprint, asked_by="test")
    house.goes_by(minutes=2)
    assert house.issue("SN-1").chain[2:] == (following.certificate,)


# The library complains of the session that is gone when it lets go of what it looked for.
@pytest.mark.filterwarnings("ignore:Exception ignored in. 'pkcs11:pytest.PytestUnraisableExceptionWarning")
def test_a_token_out_of_order_is_told_and_a_request_waits_for_it(token: Token, device: SoftToken) -> None:
    house = OwnHouse(policy=replace(ON_CURVES, keys_in_token=True), keys=OwnKeys(token)).created()
    with device.unplugged():
        pkcs11.lib(device.module).reinitialize()
        with pytest.raises(SigningUnavailable, match="token") as waiting:
            house.issue("SN-1")
        assert waiting.value.needs_person
        house.goes_by(minutes=2)
        alarms = dict(house.alarms())
        assert "wait until it works" in alarms[TOKEN]
        assert PIN not in str(alarms)
    house.goes_by(minutes=2)
    assert house.alarms() == []
    assert house.issue("SN-2").chain


def test_a_wrong_pin_is_tried_once(device: SoftToken) -> None:
    token = Token(module=device.module, label=LABEL, pin="wrong-pin")
    with pytest.raises(TokenTrouble, match="PinIncorrect"):
        token.check()
    with pytest.raises(TokenTrouble, match="not tried again"):
        token.check()
    Token(module=device.module, label=LABEL, pin=PIN).check()


def test_a_library_that_is_not_there_is_told() -> None:
    with pytest.raises(TokenTrouble, match="pkcs11"):
        Token(module="/nowhere/library.so", label=LABEL, pin=PIN).check()


def test_a_key_that_is_not_there_is_told(token: Token) -> None:
    with pytest.raises(TokenTrouble, match="no such key"):
        token.key("ab" * 32)


def test_a_destroyed_key_is_gone(token: Token) -> None:
    key_id, _ = token.make(KeyFamily.ECDSA)
    token.destroy(key_id)
    with pytest.raises(TokenTrouble, match="no such key"):
        token.key(key_id)


def test_many_may_sign_at_once(token: Token) -> None:
    _, key = token.make(KeyFamily.ECDSA)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signatures: list[bytes] = []

    def sign() -> None:
        signatures.extend(key.sign(b"text", ec.ECDSA(hashes.SHA256())) for _ in range(10))

    threads = [threading.Thread(target=sign) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(signatures) == 40
    for signature in signatures:
        key.public_key().verify(signature, b"text", ec.ECDSA(hashes.SHA256()))


def test_a_token_that_does_not_answer_does_not_hold_up_for_ever(token: Token, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)
    begun, goes_on = threading.Event(), threading.Event()

    def hang(_session: object) -> None:
        begun.set()
        goes_on.wait(20)

    thread = threading.Thread(target=lambda: token._use(hang))
    thread.start()
    begun.wait(20)
    try:
        with pytest.raises(TokenTrouble, match="does not answer"):
            token.check()
    finally:
        goes_on.set()
        thread.join(20)


def test_without_a_token_in_the_settings_none_is_used() -> None:
    with pytest.raises(TokenTrouble, match="settings"):
        OwnKeys().new_ca_key(KeyFamily.RSA, in_token=True)
