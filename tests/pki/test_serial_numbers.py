"""Only what can be entered as revoked gets in: serial numbers have a limit (RFC 5280 §4.1.2.2)."""

from __future__ import annotations

import pytest

from forecourt.pki.certificate import Certificate, read_certificate
from forecourt.pki.errors import PathFault, PathRefused
from forecourt.pki.path import Anchors, verify_path
from tests.support.authority import Authority

ROOT = Authority.root()
TRUSTED = Anchors([ROOT.certificate], [])


def test_a_serial_number_that_nobody_could_revoke_is_refused() -> None:
    """RFC 5280 §4.1.2.2: at most 20 octets."""
    assert verify_path(ROOT.leaf(serial=2**159 - 1).certificate, [], TRUSTED, ROOT.now)
    with pytest.raises(PathRefused, match="longer than 20 octets") as caught:
        verify_path(_with_a_long_serial(), [], TRUSTED, ROOT.now)
    assert caught.value.fault is PathFault.UNUSABLE


def _with_a_long_serial() -> Certificate:
    """No library makes one: the number is put into the DER by hand, and the signature with it is wrong anyway."""
    station = ROOT.leaf("SN-1", serial=2**159 - 1, bare=True, key="RSA 2048")
    der = station.certificate.der
    number = (2**159 - 1).to_bytes(20, "big")
    longer = der.replace(b"\x02\x14" + number, b"\x02\x16\x01\x01" + number, 1)
    sizes = [(der.index(b"\x30\x82") + 2, 2), (der.index(b"\x30\x82", 4) + 2, 2)]
    grown = bytearray(longer)
    for place, width in sizes:
        size = int.from_bytes(grown[place : place + width], "big") + 2
        grown[place : place + width] = size.to_bytes(width, "big")
    return read_certificate(bytes(grown))
