"""Keys that firmware is signed with here: given or made, kept sealed, and with a root that stations can be given."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.errors import Kind
from forecourt.domain.firmware.making import KeyOffer, KeyWish, make_key, read_key, sign_file
from forecourt.domain.firmware.model import FirmwareKey
from forecourt.domain.trust.model import Origin, Purpose, Role
from forecourt.pki.chain import is_issued_by
from forecourt.pki.path import Anchors, verify_path
from forecourt.pki.signatures import Scheme
from tests.domain.firmware.making import ALWAYS, BY, Maker, an_image
from tests.domain.world import World, refused
from tests.support.authority import EXPIRED, Authority
from tests.support.clock import NOON

MAKER = Maker.new()
CURVE = KeyWish(common_name="Our Firmware", organisation="Us", family=KeyFamily.ECDSA)
MADE = make_key(CURVE, None, at=NOON)


def given(maker: Maker = MAKER, *, root: bool = True) -> KeyOffer:
    return read_key(maker.signer.pem + (maker.root.pem if root else ""), maker.signer.key_pem, None)


def kept(world: World, name: str = "main", offer: KeyOffer = MADE) -> FirmwareKey:
    return world.services.firmware_keys.add(name, offer, asked_by=BY)


@pytest.mark.parametrize("family", KeyFamily)
def test_a_key_is_made_with_a_root_that_stations_can_verify_it_with(family: KeyFamily) -> None:
    made = make_key(KeyWish(common_name="Our Firmware", organisation="Us", family=family, days=30), None, at=NOON)
    assert made.root is not None
    path = verify_path(made.certificate, [], Anchors([made.root], []), NOON)
    assert path == (made.certificate, made.root)
    assert made.key.fits(made.certificate)
    assert (made.root.is_authority, made.certificate.is_authority) == (True, False)
    assert made.certificate.not_after - NOON == timedelta(days=30) - timedelta(hours=1)
    assert made.certificate.organisations == ("Us",)


def test_the_root_of_a_key_that_is_made_is_trusted_for_firmware_and_nothing_else() -> None:
    world = World()
    key = kept(world)
    assert key.root is not None
    trusted = world.services.trust.get(key.root.fingerprint)
    assert (trusted.purposes, trusted.role) == (frozenset({Purpose.FIRMWARE}), Role.ANCHOR)
    assert trusted.origin is Origin.OWN_CA


def test_a_root_that_is_given_is_not_trusted_by_itself() -> None:
    world = World()
    key = kept(world, offer=given())
    assert (key.root, key.has_root_key) == (MAKER.root.certificate, False)
    with refused(Kind.NOT_FOUND, about="no certificate"):
        world.services.trust.get(MAKER.root.certificate.fingerprint)


def test_another_key_is_made_under_the_same_root() -> None:
    """So that stations need no other root when a key is replaced."""
    world = World()
    first = kept(world)
    offer = make_key(CURVE, world.services.firmware_keys.root_of("main"), at=NOON)
    second = kept(world, "second", offer)
    assert second.root == first.root
    assert first.root is not None
    assert is_issued_by(second.certificate, first.root)
    assert second.certificate != first.certificate


def test_the_root_of_a_given_key_issues_no_other() -> None:
    world = World()
    kept(world, offer=given())
    with refused(Kind.CONFLICT, field="root"):
        world.services.firmware_keys.root_of("main")


def test_a_name_is_given_once() -> None:
    world = World()
    kept(world)
    with refused(Kind.CONFLICT, field="name"):
        kept(world, offer=given())


def test_what_is_signed_here_passes_the_check() -> None:
    world = World()
    key = kept(world)
    number = an_image(world.services).number
    private = world.services.firmware_keys.opened("main")
    signed = sign_file(world.services.firmware_images.get(number).file, key, private, None)
    checked = world.services.firmware_images.put_signature(number, signed, signed_by="main", asked_by=BY)
    assert checked.warnings == ()
    assert (checked.image.signed_by, checked.image.check and checked.image.check.scheme) == (
        "main",
        "ECDSA with SHA256",
    )


@pytest.mark.parametrize("scheme", [None, *Scheme])
def test_every_scheme_is_made_that_fits_the_key(scheme: Scheme | None) -> None:
    """L01.FR.04 wants RSASSA-PSS with SHA256, which is what is made unless another is asked for."""
    world = World()
    maker = Maker.new("RSA 2048")
    maker.is_trusted(world.services)
    key = kept(world, offer=given(maker))
    image = an_image(world.services)
    private = world.services.firmware_keys.opened("main")
    if scheme is not None and not scheme.is_rsa:
        with refused(Kind.INVALID, field="scheme"):
            sign_file(image.file, key, private, scheme)
        return
    signed = sign_file(image.file, key, private, scheme)
    check = world.services.firmware_images.put_signature(image.number, signed, asked_by=BY).image.check
    assert check is not None
    assert (check.scheme, check.fault) == ((scheme or Scheme.RSA_PSS_SHA256).value, None)


@pytest.mark.parametrize(
    ("chain", "key", "password", "field"),
    [
        (MAKER.root.pem, MAKER.signer.key_pem, None, "certificate"),
        (MAKER.signer.pem + Authority.root("Other").pem, MAKER.signer.key_pem, None, "certificate"),
        (MAKER.signer.pem + MAKER.root.pem * 2, MAKER.signer.key_pem, None, "certificate"),
        ("nothing", MAKER.signer.key_pem, None, "certificate"),
        (MAKER.signer.pem, Maker.new().signer.key_pem, None, "privateKey"),
        (MAKER.signer.pem, "nothing", None, "privateKey"),
        (MAKER.signer.pem, MAKER.signer.encrypted_key_pem(b"secret"), None, "privateKey"),
        (MAKER.signer.pem, MAKER.signer.encrypted_key_pem(b"secret"), "wrong", "password"),
    ],
    ids=["root", "other root", "three", "no certificate", "other key", "no key", "encrypted", "wrong password"],
)
def test_a_key_that_cannot_sign_is_refused(chain: str, key: str, password: str | None, field: str) -> None:
    with refused(Kind.INVALID, field=field):
        read_key(chain, key, password)


def test_an_encrypted_key_is_read_with_its_password() -> None:
    key = read_key(MAKER.signer.pem, MAKER.signer.encrypted_key_pem(b"secret"), "secret")
    assert key.key.fits(MAKER.signer.certificate)
    assert key.root is None


def test_a_key_whose_certificate_expired_is_refused_and_signs_no_more() -> None:
    world = World()
    with refused(Kind.INVALID, field="certificate"):
        kept(world, offer=given(Maker.new(validity=EXPIRED)))
    kept(world, offer=given())
    world.clock.advance(ALWAYS.ends + timedelta(seconds=1))
    with refused(Kind.CONFLICT, about="expired"):
        world.services.firmware_keys.opened("main")


def test_keys_are_sealed_and_removed_for_good() -> None:
    world = World()
    kept(world)
    assert MADE.root_key is not None
    rows = repr(world.unit.all("SELECT * FROM firmware_key"))
    assert "PRIVATE" not in rows
    assert world.services.firmware_keys.opened("main").pem() == MADE.key.pem()
    world.services.firmware_keys.remove("main", asked_by=BY)
    assert world.unit.all("SELECT * FROM firmware_key") == []
    with refused(Kind.NOT_FOUND, about="main"):
        world.services.firmware_keys.opened("main")


@pytest.mark.parametrize("days", [0, 365 * 50 + 1])
def test_a_life_that_no_certificate_has_is_refused(days: int) -> None:
    with refused(Kind.INVALID, field="days"):
        make_key(KeyWish(common_name="x", days=days), None, at=NOON)


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_name_that_no_certificate_has_is_refused(name: str) -> None:
    with refused(Kind.INVALID, field="commonName"):
        make_key(KeyWish(common_name=name, family=KeyFamily.ECDSA), None, at=NOON)
