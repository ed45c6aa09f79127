"""Firmware: images, how they come in, and the keys that sign them."""

from __future__ import annotations

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.firmware.model import ImageFilter, ImageNumber
from forecourt.domain.paging import PageRequest
from tests.domain.firmware.making import CONTENT, Maker
from tests.web.door import Pages

MAKER = Maker.new()
ONE = ImageNumber(1)


def upload(pages: Pages, name: str = "fw <1>", content: bytes = CONTENT, **fields: str) -> int:
    """The status of the answer."""
    given = {"name": name, "vendor": "ACME", **fields}
    return pages.post("/firmware/upload", given, files={"file": ("fw.bin", content)}).status


def count(pages: Pages) -> int:
    return len(pages.services.firmware_images.list(ImageFilter(), PageRequest()).items)


def test_without_images_the_page_shows_the_way(pages: Pages) -> None:
    assert pages.get("/firmware").has("No firmware image yet", "Upload an image")
    assert pages.get("/firmware/keys").has("No key yet")


def test_an_uploaded_image_is_kept_shown_and_given_back(pages: Pages) -> None:
    assert upload(pages) == 303
    page = pages.get("/firmware/1")
    assert page.has("fw <1>", "ACME", "Not signed", "Install on stations")
    assert "fw <1>" not in page.html
    assert 'href="/operations/InstallFirmware?image=1"' in page.html
    assert pages.get("/firmware/1/content").response.content == CONTENT
    assert pages.get("/firmware?vendor=ACME&signed=no&search=fw").has("fw <1>")
    assert pages.get("/firmware?signed=yes").has("No image fits")
    assert "fw <1>" in pages.get("/firmware.csv").response.text


def test_what_cannot_be_kept_is_told_beside_its_field_and_what_was_typed_stays(pages: Pages) -> None:
    nothing = pages.post("/firmware/upload", {"name": "a", "note": "stays"}, files={"file": ("", b"")})
    assert nothing.status == 422
    assert nothing.has("Choose a file.", "stays")
    large = pages.post("/firmware/upload", {"name": "b"}, files={"file": ("x", b"x" * 1_000_001)})
    assert large.has("A firmware image has at most 976.6 KiB")
    assert upload(pages, "") == 422
    assert upload(pages, "empty", b"") == 422
    assert upload(pages, "one") == 303
    taken = pages.post("/firmware/upload", {"name": "one"}, files={"file": ("x", b"other")})
    assert taken.status == 422
    assert 'id="name-fault"' in taken.html or "one" in taken.text
    assert count(pages) == 1


def test_an_upload_without_the_token_or_without_a_form_is_refused_before_the_file_is_read(pages: Pages) -> None:
    assert pages.post("/firmware/upload", {"name": "a"}, csrf="wrong", files={"file": ("x", b"x")}).status == 403
    assert pages.post("/firmware/upload", {"name": "a"}).status == 422
    pages.sign_in(Role.SECURITY_OFFICER)
    assert upload(pages) == 403
    assert pages.get("/firmware/upload").status == 403
    assert count(pages) == 0


def test_the_makers_signature_is_checked_and_kept_and_removed(pages: Pages) -> None:
    upload(pages)
    signed = MAKER.signs()
    typed = {"signature": signed.signature, "signingCertificate": signed.certificate}
    page = pages.done("/firmware/1/signature", typed)
    assert page.has("The signature is kept.", "Not good")  # nobody trusts this maker
    assert page.has("Check again")
    assert pages.done("/firmware/1/check").has("The signature is checked again.")
    bad = pages.post("/firmware/1/signature", {"signature": "", "signingCertificate": "no <pem>"})
    assert bad.status == 422
    assert bad.has("no <pem>", "This is needed.")
    assert pages.done("/firmware/1/signature/remove").has("The signature is removed.", "Not signed")


def test_an_image_is_described_anew_and_removed(pages: Pages) -> None:
    upload(pages)
    words = {"name": "fw 2", "vendor": "", "model": "M", "version": "2.0", "note": "n"}
    assert pages.done("/firmware/1/words", words).has("fw 2", "The image is described anew.")
    assert pages.services.firmware_images.get(ONE).words.vendor is None
    assert pages.post("/firmware/1/words", {**words, "name": ""}).status == 422
    assert pages.done("/firmware/1/remove").has("The image is removed, with its file.")
    assert pages.get("/firmware/1").has("To the firmware")
    assert pages.post("/firmware/1/remove").status == 404


@pytest.mark.parametrize("action", ["words", "signature", "signature/remove", "check", "remove", "sign"])
def test_a_viewer_changes_nothing_of_an_image(pages: Pages, action: str) -> None:
    upload(pages)
    pages.sign_in(Role.VIEWER)
    assert f'action="/firmware/1/{action}"' not in pages.get("/firmware/1").html
    assert pages.post(f"/firmware/1/{action}", {"name": "x"}).status == 403


def test_an_operator_has_no_hand_in_keys(pages: Pages) -> None:
    upload(pages)
    pages.sign_in(Role.OPERATOR)
    assert 'action="/firmware/1/sign"' not in pages.get("/firmware/1").html
    for path in ("/firmware/1/sign", "/firmware/keys/make", "/firmware/keys/import", "/firmware/keys/own/remove"):
        assert pages.post(path).status == 403, path
    assert pages.get("/firmware/keys/make").status == 403
    assert pages.get("/firmware/keys").status == 200


def test_a_key_is_made_signs_an_image_and_is_removed(pages: Pages) -> None:
    upload(pages)
    bad = pages.post("/firmware/keys/make", {"name": "own", "commonName": "", "days": "0"})
    assert bad.status == 422
    assert bad.has("This is needed.", "A whole number from 1 to 18250.")
    typed = {"name": "own", "commonName": "Our Firmware", "family": "ecdsa", "days": "100"}
    assert pages.done("/firmware/keys/make", typed).has("The key is made.", "own", "made here")
    assert "BEGIN CERTIFICATE" in pages.get("/firmware/keys/own/root.pem").response.text
    assert "BEGIN CERTIFICATE" in pages.get("/firmware/keys/own/certificate.pem").response.text
    page = pages.done("/firmware/1/sign", {"key": "own", "scheme": ""})
    assert page.has("The image is signed.", "Good", "Signed with own")
    assert pages.post("/firmware/1/sign", {"key": "own", "scheme": "RSASSA-PSS with SHA256"}).status == 422
    assert pages.done("/firmware/keys/own/remove").has("The key is removed.", "No key yet")
    assert pages.get("/firmware/keys/own/root.pem").status == 404


def test_a_makers_key_is_imported_and_never_shown(pages: Pages) -> None:
    key = MAKER.signer.key_pem
    typed = {"name": "maker", "certificate": MAKER.signer.pem + MAKER.root.pem, "privateKey": key, "password": ""}
    wrong = pages.post("/firmware/keys/import", {**typed, "certificate": MAKER.root.pem})
    assert wrong.status == 422
    assert key.splitlines()[1] not in wrong.html
    assert 'id="certificate-fault"' in wrong.html
    assert pages.post("/firmware/keys/import", {**typed, "privateKey": ""}).has("This is needed.")
    page = pages.done("/firmware/keys/import", typed)
    assert page.has("The key is kept, sealed.", "maker")
    assert key.splitlines()[1] not in page.html
