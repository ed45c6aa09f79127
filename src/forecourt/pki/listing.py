"""The lists that an authority publishes of the certificates that it revoked (RFC 5280 §5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from forecourt.pki.certificate import Certificate, tolerance
from forecourt.pki.errors import BadCrl, CannotSign
from forecourt.pki.issuing import SigningKey, authority_key_identifier, hash_for, padding_for, spki
from forecourt.pki.reasons import Reason
from forecourt.pki.revocation import Crl, check_crl, read_crl
from forecourt.pki.wording import in_short, quoted

_MAX_BITS: Final = 159
"""Of serial numbers and numbers of lists: 20 octets, of which the first bit is the sign (RFC 5280 §4.1.2.2, §5.2.3)."""


def can_be_listed(serial: int) -> bool:
    """Whether a certificate can have such a serial number; no list can name any other."""
    return serial > 0 and serial.bit_length() <= _MAX_BITS


def make_crl(
    issuer: Certificate,
    key: SigningKey,
    entries: Iterable[tuple[int, datetime, Reason]],
    *,
    number: int,
    this_update: datetime,
    next_update: datetime,
    uses_pss: bool = False,
) -> Crl:
    """The list of revoked certificates of a CA, read back and verified.

    ``number`` is higher than that of every list before (RFC 5280 §5.2.3). What was revoked after ``this_update``, by a
    clock that is ahead, is revoked then. Raises CannotSign, also for a serial number that comes twice.
    """
    if spki(key.public_key()) != spki(issuer.x509.public_key()):
        raise CannotSign(f"The key to sign with is not that of {quoted(issuer.subject)}. No list was made.")
    if number < 0 or number.bit_length() > _MAX_BITS:
        raise CannotSign(f"A list of revoked certificates cannot have the number {number:X} (RFC 5280 §5.2.3).")
    try:
        if next_update <= this_update:
            raise CannotSign("A list of revoked certificates must end after it begins (RFC 5280 §5.1.2.5).")
        builder = x509.CertificateRevocationListBuilder(
            issuer_name=issuer.x509.subject, revoked_certificates=_entries(entries, this_update)
        )
        builder = builder.last_update(this_update).next_update(next_update)
        builder = builder.add_extension(authority_key_identifier(issuer), critical=False)
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        with tolerance():
            made = builder.sign(key, hash_for(key), rsa_padding=padding_for(key, uses_pss=uses_pss))
        crl = read_crl(made.public_bytes(Encoding.DER))
        check_crl(crl, issuer, this_update)
    except (ValueError, TypeError, UnsupportedAlgorithm, BadCrl) as error:
        raise CannotSign(f"No list of revoked certificates could be made: {in_short(error)}.") from error
    return crl


def _entries(entries: Iterable[tuple[int, datetime, Reason]], latest: datetime) -> list[x509.RevokedCertificate]:
    made: dict[int, x509.RevokedCertificate] = {}
    for serial, revoked_at, reason in entries:
        if serial in made:
            raise CannotSign(f"A list of revoked certificates cannot name the serial number {serial:X} twice.")
        made[serial] = _entry(serial, min(revoked_at, latest), reason)
    return list(made.values())


def _entry(serial: int, revoked_at: datetime, reason: Reason) -> x509.RevokedCertificate:
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(revoked_at)
    if reason is not Reason.UNSPECIFIED:  # which is said by saying nothing (RFC 5280 §5.3.1)
        entry = entry.add_extension(x509.CRLReason(reason.flag), critical=False)
    return entry.build()
