"""Certificates as they are to be, before they are linted and signed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from forecourt.pki.certificate import Certificate
from forecourt.pki.chain import is_issued_by
from forecourt.pki.errors import CannotSign
from forecourt.pki.names import name_fault
from forecourt.pki.profiles import CROSS_CA, Profile, PublicKey
from forecourt.pki.wording import in_short, moment, quoted, shown_text

__all__ = ["SERIAL_BITS", "Draft", "PublicKey", "draft", "draft_cross", "is_root", "new_serial", "subject_of"]

SERIAL_BITS: Final = 128
"""Random bits of a serial number: nobody can guess it (RFC 5280 §4.1.2.2 allows 159, and OCPP 40 hex digits)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything that a certificate will say. Only :func:`forecourt.pki.lints.lint` makes something of it that can be
    signed."""

    profile: Profile
    public_key: PublicKey
    subject: x509.Name
    issuer: Certificate | None
    """None for one that signs itself."""
    serial: int
    not_before: datetime
    """To the second."""
    not_after: datetime
    """To the second, which still belongs to its validity."""
    host_names: tuple[str, ...] = ()
    """DNS names and IP addresses."""
    crl_url: str | None = None
    """Where its issuer offers the list of revoked certificates."""
    ocsp_url: str | None = None
    """Where its issuer answers for it."""
    issuer_url: str | None = None
    """Where the certificate of its issuer is."""
    crossed: Certificate | None = None
    """The root that another one vouches for."""


def new_serial() -> int:
    """A random serial number; lints refuse one that is short by a chance that never comes."""
    return secrets.randbits(SERIAL_BITS)


def subject_of(common_name: str, organisation: str | None) -> x509.Name:
    """O and CN. Raises CannotSign for a name that no certificate can have."""
    pairs = [(NameOID.COMMON_NAME, common_name)]
    if organisation is not None:
        pairs.insert(0, (NameOID.ORGANIZATION_NAME, organisation))
    for oid, value in pairs:
        what = "common name (CN)" if oid == NameOID.COMMON_NAME else "organization (O)"
        if (why := name_fault(value)) is not None:
            raise CannotSign(f"No certificate can have the {what} {quoted(shown_text(value))}: it {why}.")
    try:
        return x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs])
    except ValueError as error:
        raise CannotSign(f"No certificate can have such a subject: {in_short(error)}.") from error


def draft(
    profile: Profile,
    public_key: PublicKey,
    *,
    common_name: str,
    organisation: str | None,
    issuer: Certificate | None,
    not_before: datetime,
    not_after: datetime,
    serial: int | None = None,
    host_names: Sequence[str] = (),
    crl_url: str | None = None,
    ocsp_url: str | None = None,
    issuer_url: str | None = None,
) -> Draft:
    """A certificate of a profile, valid no longer than that of its issuer.

    ``host_names`` are for servers; the common name is put before them if it is not among them. Raises CannotSign.
    """
    starts, ends = _within(issuer, not_before, not_after)
    names = tuple(dict.fromkeys((common_name, *host_names))) if profile.has_host_names else tuple(host_names)
    return Draft(
        profile=profile,
        public_key=public_key,
        subject=subject_of(common_name, organisation),
        issuer=issuer,
        serial=new_serial() if serial is None else serial,
        not_before=starts,
        not_after=ends,
        host_names=names,
        crl_url=crl_url,
        ocsp_url=ocsp_url,
        issuer_url=issuer_url,
    )


def draft_cross(
    certificate: Certificate,
    issuer: Certificate,
    *,
    not_before: datetime,
    not_after: datetime,
    serial: int | None = None,
    crl_url: str | None = None,
    issuer_url: str | None = None,
) -> Draft:
    """Name and key of a new root as the root before it vouches for them (M05.FR.09), valid no longer than either.

    Raises CannotSign, also for what is no root: it would become a CA.
    """
    if not is_root(certificate):
        raise CannotSign(f"{quoted(certificate.subject)} is no root, and nothing else is vouched for by another root.")
    key = certificate.x509.public_key()
    if not isinstance(key, PublicKey):
        raise CannotSign(f"The key of {quoted(certificate.subject)} is of a kind that is not issued for here.")
    starts, ends = _within(issuer, *_within(certificate, not_before, not_after))
    return Draft(
        profile=CROSS_CA,
        public_key=key,
        subject=certificate.x509.subject,
        issuer=issuer,
        serial=new_serial() if serial is None else serial,
        not_before=starts,
        not_after=ends,
        crl_url=crl_url,
        issuer_url=issuer_url,
        crossed=certificate,
    )


def is_root(certificate: Certificate) -> bool:
    """Whether it is that of a CA, and signed by itself."""
    return certificate.is_authority and certificate.is_self_issued and is_issued_by(certificate, certificate)


def _within(issuer: Certificate | None, not_before: datetime, not_after: datetime) -> tuple[datetime, datetime]:
    """Both to the second, and within the validity of the issuer: nothing that it signs holds longer."""
    if not_before.tzinfo is None or not_after.tzinfo is None:
        return not_before, not_after  # which cannot be compared, and lints refuse
    if issuer is not None:
        not_before, not_after = max(not_before, issuer.not_before), min(not_after, issuer.not_after)
    starts, ends = not_before.replace(microsecond=0), not_after.replace(microsecond=0)
    if starts >= ends:
        who = "itself" if issuer is None else quoted(issuer.subject)
        raise CannotSign(
            f"From {moment(starts)} to {moment(ends)}, within the validity of {who}, no time is left for a certificate."
        )
    return starts, ends
