"""Firmware images and the keys that sign them, as the REST interface shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from forecourt.api.trust_views import CertificateView, show_certificate
from forecourt.domain.errors import in_english
from forecourt.domain.firmware.model import Checked, FirmwareKey, Image
from forecourt.pki.certificate import read_certificate
from forecourt.pki.errors import PkiError


class FirmwareSignatureView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What a station is sent to check firmware with, and what was found when it was checked here."""

    signature: Annotated[str, Meta(description="The signature over the file, in base64.")]
    signing_certificate: Annotated[str, Meta(description="The certificate that it was made with, as it is sent.")]
    certificate: Annotated[
        CertificateView | None, Meta(description="What is written in it; null when it cannot be read.")
    ]
    signed_by: Annotated[
        str | None, Meta(description="The key of this system that it was made with; null for one that was given.")
    ]
    good: Annotated[
        bool,
        Meta(
            description="Whether the signature fits the file, and the certificate leads to a manufacturer root that is"
            " trusted for firmwareSigning, is in its validity, and not revoked (A00.FR.706)."
        ),
    ]
    scheme: Annotated[
        str | None, Meta(description="How the file was signed; null when the signature does not fit the file.")
    ]
    fault: Annotated[str | None, Meta(description="What is wrong; null when all is well.")]
    checked_at: Annotated[datetime | None, Meta(description="When it was checked last.")]


class FirmwareImageView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Firmware that is kept here."""

    image: Annotated[int, Meta(description="Its number, for InstallFirmware.")]
    name: Annotated[str, Meta(description="Its name, which no other image has.")]
    vendor: Annotated[str | None, Meta(description="Whose stations it is for.")]
    model: Annotated[str | None, Meta(description="The model that it is for.")]
    version: Annotated[str | None, Meta(description="The version that stations report once they run it.")]
    note: Annotated[str | None, Meta(description="What else people wrote about it.")]
    size: Annotated[int, Meta(description="Bytes.")]
    sha256: Annotated[str, Meta(description="SHA-256 of the file, in hexadecimal.")]
    sha384: Annotated[str, Meta(description="SHA-384 of the file, in hexadecimal.")]
    sha512: Annotated[str, Meta(description="SHA-512 of the file, in hexadecimal.")]
    signed: Annotated[FirmwareSignatureView | None, Meta(description="Its signature; null without one.")]
    added_by: Annotated[str, Meta(description="Who uploaded it.")]
    added_at: Annotated[datetime, Meta(description="When it was uploaded.")]


class CheckedFirmwareView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An image after a change."""

    image: Annotated[FirmwareImageView, Meta(description="The image as it is now.")]
    warnings: Annotated[Sequence[str], Meta(description="What an operator should know about it.")]


class FirmwareKeyView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A key that firmware is signed with here. The key itself is never shown."""

    name: Annotated[str, Meta(description="The name that an operator gave.")]
    certificate: Annotated[CertificateView, Meta(description="What is sent to stations with a signature.")]
    root: Annotated[
        CertificateView | None,
        Meta(description="The root that stations need as ManufacturerRootCertificate; null when it is not known."),
    ]
    made_here: Annotated[bool, Meta(description="Whether its root can issue another key.")]
    added_by: Annotated[str, Meta(description="Who added it.")]
    added_at: Annotated[datetime, Meta(description="When it was added.")]


def show_image(image: Image) -> FirmwareImageView:
    words, file = image.words, image.file
    return FirmwareImageView(
        image=image.number,
        name=words.name,
        vendor=words.vendor,
        model=words.model,
        version=words.version,
        note=words.note,
        size=file.size,
        sha256=file.sha256,
        sha384=file.sha384,
        sha512=file.sha512,
        signed=_show_signature(image),
        added_by=image.added_by,
        added_at=image.added_at,
    )


def show_checked(checked: Checked) -> CheckedFirmwareView:
    return CheckedFirmwareView(image=show_image(checked.image), warnings=in_english(checked.warnings))


def show_key(key: FirmwareKey) -> FirmwareKeyView:
    return FirmwareKeyView(
        name=key.name,
        certificate=show_certificate(key.certificate),
        root=None if key.root is None else show_certificate(key.root),
        made_here=key.has_root_key,
        added_by=key.added_by,
        added_at=key.added_at,
    )


def _show_signature(image: Image) -> FirmwareSignatureView | None:
    signed, check = image.signed, image.check
    if signed is None:
        return None
    return FirmwareSignatureView(
        signature=signed.signature,
        signing_certificate=signed.certificate,
        certificate=_maybe_certificate(signed.certificate),
        signed_by=image.signed_by,
        good=check is not None and check.is_good,
        scheme=None if check is None else check.scheme,
        fault=None if check is None else check.fault,
        checked_at=None if check is None else check.at,
    )


def _maybe_certificate(pem: str) -> CertificateView | None:
    try:
        return show_certificate(read_certificate(pem))
    except PkiError:
        return None
