"""Firmware that this system keeps, what it is signed with, and the keys that it can be signed with here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NewType

from forecourt.domain.errors import Sentence
from forecourt.domain.files.model import Kept
from forecourt.pki.certificate import Certificate

ImageNumber = NewType("ImageNumber", int)
"""Numbers all images of the system from 1; never used again."""

MAX_IMAGES: Final = 10_000
MAX_KEYS: Final = 100
MAX_NAME: Final = 100
MAX_WORDS: Final = 50
"""Characters of vendor, model and version; BootNotification has the same for the version (OCPP 1.6 §6.3)."""
MAX_NOTE: Final = 1_000
MAX_SIGNATURE: Final = 800
"""Characters of a signature in base64 (security whitepaper §8.3)."""
MAX_SIGNING_CERTIFICATE: Final = 5_500
"""Characters of a signing certificate as PEM (security whitepaper §8.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What came of the check of a signature and of the certificate that it was made with (A00.FR.706)."""

    scheme: str | None
    """How the file is signed, such as ``RSASSA-PSS SHA256``; None when the signature does not fit the file."""
    fault: str | None
    """What is wrong, in sentences for people; None when all is well."""
    at: datetime

    @property
    def is_good(self) -> bool:
        return self.fault is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature over a file, as it is sent to stations."""

    certificate: str
    """PEM, as it was given."""
    signature: str
    """In base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What people know an image by. The name belongs to one image only."""

    name: str
    vendor: str | None = None
    model: str | None = None
    version: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """Firmware that is kept here."""

    number: ImageNumber
    words: Words
    file: Kept
    signed: Signed | None
    check: Check | None
    """Of the last time that it was made; None without a signature."""
    signed_by: str | None
    """The name of the key with which it was signed here, if it was."""
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Checked:
    """An image after a change, and what an operator should know about it."""

    image: Image
    warnings: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFilter:
    """Which images to list; None means any."""

    vendor: str | None = None
    model: str | None = None
    version: str | None = None
    is_signed: bool | None = None
    search: str | None = None
    """In the name, the vendor, the model, the version, the note or the SHA-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareKey:
    """A key that firmware can be signed with here. The key itself is kept apart, sealed."""

    name: str
    certificate: Certificate
    """What is sent to stations with the signature."""
    root: Certificate | None
    """The maker's root that issued it, which is to be installed on stations as ManufacturerRootCertificate; None for
    an imported key that came without it."""
    has_root_key: bool
    """It was made here, so that its root can issue another one."""
    added_by: str
    added_at: datetime
