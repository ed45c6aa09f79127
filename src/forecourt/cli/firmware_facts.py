"""Firmware images and the keys that sign them, as commands print them."""

from __future__ import annotations

from typing import Final

from forecourt.cli.output import Facts
from forecourt.domain.firmware.model import FirmwareKey, Image

IMAGE_COLUMNS: Final = (
    *("image", "name", "vendor", "model", "version", "note", "size", "sha256", "signed", "good", "scheme", "fault"),
    *("signedBy", "checkedAt", "addedBy", "addedAt"),
)
IMAGE_SHOWN: Final = ("image", "name", "vendor", "model", "version", "size", "signed", "good")
KEY_COLUMNS: Final = ("name", "subject", "keyKind", "notAfter", "fingerprint", "root", "madeHere", "addedBy", "addedAt")
KEY_SHOWN: Final = ("name", "subject", "keyKind", "notAfter", "madeHere")


def image_facts(image: Image) -> Facts:
    words, file, check = image.words, image.file, image.check
    return {
        "image": image.number,
        "name": words.name,
        "vendor": words.vendor,
        "model": words.model,
        "version": words.version,
        "note": words.note,
        "size": file.size,
        "sha256": file.sha256,
        "signed": image.signed is not None,
        "good": None if check is None else check.is_good,
        "scheme": None if check is None else check.scheme,
        "fault": None if check is None else check.fault,
        "signedBy": image.signed_by,
        "checkedAt": None if check is None else check.at,
        "addedBy": image.added_by,
        "addedAt": image.added_at,
    }


def key_facts(key: FirmwareKey) -> Facts:
    leaf = key.certificate
    return {
        "name": key.name,
        "subject": leaf.subject,
        "keyKind": leaf.key_kind,
        "notAfter": leaf.not_after,
        "fingerprint": leaf.fingerprint,
        "root": None if key.root is None else key.root.fingerprint,
        "madeHere": key.has_root_key,
        "addedBy": key.added_by,
        "addedAt": key.added_at,
    }
