"""Firmware that is kept here: under one name each, checked when a signature is given, and there as long as it is
needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.errors import Kind
from forecourt.domain.files.shelf import Area, Lying
from forecourt.domain.firmware.images import UNSIGNED
from forecourt.domain.firmware.model import ImageFilter, Signed, Words
from forecourt.domain.security_log.model import Kind as Logged
from forecourt.domain.security_log.model import NoteFilter
from forecourt.domain.trust.revocations import read_list
from tests.domain.firmware.making import BY, CONTENT, Maker, a_file, added, an_image
from tests.domain.world import ALL, World, refused

MAKER = Maker.new()


def logged(world: World) -> list[str]:
    wanted = NoteFilter(kinds=frozenset({Logged.FIRMWARE_CHANGED}))
    return [one.note.reason for one in world.services.security_log.list(wanted, ALL).items]


def test_an_image_is_kept_and_logged() -> None:
    world = World()
    checked = added(world.services)
    image = checked.image
    assert checked.warnings == (UNSIGNED,)
    assert world.services.firmware_images.get(image.number) == image
    assert world.services.firmware_images.find_named("fw.bin") == image
    assert (image.file, image.signed, image.check, image.added_by) == (
        a_file(name="firmware/aa/fw.bin"),
        None,
        None,
        BY,
    )
    [reason] = logged(world)
    assert image.file.sha256 in reason


def test_a_good_signature_is_told_with_its_scheme() -> None:
    world = World()
    MAKER.is_trusted(world.services)
    checked = added(world.services, signed=MAKER.signs())
    assert checked.warnings == ()
    assert checked.image.check is not None
    assert (checked.image.check.scheme, checked.image.check.fault) == ("ECDSA with SHA256", None)


def test_a_wrong_signature_is_kept_and_warned_of() -> None:
    """Certification case 081 sends one."""
    world = World()
    MAKER.is_trusted(world.services)
    checked = added(world.services, signed=MAKER.signs(b"another file"))
    [warning] = checked.warnings
    assert "A00.FR.706" in str(warning)
    assert checked.image.check is not None
    assert not checked.image.check.is_good
    assert "which is not good" in logged(world)[0]


def test_the_same_file_under_the_same_name_is_the_same_image() -> None:
    world = World()
    first = an_image(world.services)
    words = Words(name="fw.bin", vendor="Other", version="2")
    again = world.services.firmware_images.add(words, a_file(name="firmware/bb/2"), None, asked_by=BY).image
    assert again == replace(first, words=words)
    assert again.file.name == first.file.name


def test_another_file_under_a_name_that_is_taken_is_refused() -> None:
    world = World()
    an_image(world.services)
    with refused(Kind.CONFLICT, field="name", about="fw.bin"):
        added(world.services, content=b"another")


@pytest.mark.parametrize("name", ["", " a", "a ", "a\nb", "a/b", "a\\b", "x" * 101])
def test_a_bad_name_is_refused(name: str) -> None:
    with refused(Kind.INVALID, field="name"):
        added(World().services, name)


def test_an_image_is_described_anew() -> None:
    world = World()
    image, other = an_image(world.services), an_image(world.services, "other.bin")
    words = Words(name="new.bin", vendor="V", model="M", version="1", note="N")
    assert world.services.firmware_images.describe(image.number, words, asked_by=BY).image.words == words
    with refused(Kind.CONFLICT, field="name", about="new.bin"):
        world.services.firmware_images.describe(other.number, words, asked_by=BY)


def test_a_signature_takes_the_place_of_the_one_before_and_can_be_removed() -> None:
    world = World()
    MAKER.is_trusted(world.services)
    images = world.services.firmware_images
    number = an_image(world.services, signed=MAKER.signs(b"wrong")).number
    assert images.put_signature(number, MAKER.signs(), asked_by=BY).warnings == ()
    assert images.remove_signature(number, asked_by=BY).warnings == (UNSIGNED,)
    assert images.get(number).check is None


@pytest.mark.parametrize(
    ("signed", "field"),
    [
        (Signed(certificate="c", signature="x" * 801), "signature"),
        (Signed(certificate="c", signature=""), "signature"),
        (Signed(certificate="c" * 5501, signature="x"), "signingCertificate"),
        (Signed(certificate="", signature="x"), "signingCertificate"),
    ],
)
def test_what_no_message_can_carry_is_refused(signed: Signed, field: str) -> None:
    world = World()
    number = an_image(world.services).number
    with refused(Kind.INVALID, field=field):
        world.services.firmware_images.put_signature(number, signed, asked_by=BY)


def test_a_check_is_made_again_when_asked() -> None:
    """Roots become trusted, certificates expire and are revoked, after a signature was given."""
    world = World()
    images = world.services.firmware_images
    number = an_image(world.services, signed=MAKER.signs()).number
    assert images.check(number).warnings
    MAKER.is_trusted(world.services)
    world.clock.advance(timedelta(hours=1))
    checked = images.check(number)
    assert checked.warnings == ()
    assert checked.image.check is not None
    assert checked.image.check.at == world.clock.now()
    world.services.trust.revoke_certificate(MAKER.signer.certificate, reason="stolen", asked_by=BY)
    [warning] = images.check(number).warnings
    assert "was revoked" in str(warning)


def test_a_signer_whom_the_list_of_its_maker_names_is_told() -> None:
    """A00.FR.706."""
    world = World()
    MAKER.is_trusted(world.services)
    number = an_image(world.services, signed=MAKER.signs()).number
    for serials, is_told in (((1,), False), ((MAKER.signer.certificate.x509.serial_number,), True)):
        world.clock.advance(timedelta(seconds=1))
        root = replace(MAKER.root, now=world.clock.now())
        world.services.trust.put_crl(read_list(root.crl(*serials)), asked_by=BY)
        warnings = world.services.firmware_images.check(number).warnings
        assert any("was revoked" in str(warning) for warning in warnings) is is_told


def test_an_image_is_removed_and_names_its_file() -> None:
    world = World()
    image = an_image(world.services)
    assert world.services.firmware_images.known(["x", image.file.name]) == {image.file.name}
    assert world.services.firmware_images.remove(image.number, asked_by=BY) == image.file
    assert world.services.firmware_images.known(["x", image.file.name]) == frozenset()
    with refused(Kind.NOT_FOUND, about=str(image.number)):
        world.services.firmware_images.get(image.number)


def test_only_files_of_no_image_are_swept_from_the_shelf() -> None:
    world = World()
    kept = an_image(world.services).file.name
    lying = [Lying(name, world.clock.now() - timedelta(days=1)) for name in (kept, "firmware/ff/0")]
    assert world.services.files.orphans(Area.FIRMWARE, lying, older_than=timedelta(hours=12)) == ["firmware/ff/0"]


def test_images_are_listed_newest_first_and_filtered() -> None:
    world = World()
    names = ["a.bin", "b.bin", "c.bin"]
    for name in names:
        added(world.services, name, content=CONTENT + name.encode(), signed=MAKER.signs() if name == "b.bin" else None)
    found = world.services.firmware_images.list(ImageFilter(), ALL).items
    assert [one.words.name for one in found] == names[::-1]
    for wanted, expected in [
        (ImageFilter(is_signed=True), ["b.bin"]),
        (ImageFilter(is_signed=False), ["c.bin", "a.bin"]),
        (ImageFilter(vendor="Maker", search="A.BIN"), ["a.bin"]),
        (ImageFilter(vendor="Nobody"), []),
        (ImageFilter(search=found[0].file.sha256[:20]), ["c.bin"]),
    ]:
        assert [one.words.name for one in world.services.firmware_images.list(wanted, ALL).items] == expected
