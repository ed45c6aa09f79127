"""Requests for certificates, and what authorities answer to them.

asked = a_wanted("SN-1")                      # with a key of its own
chain = answer(Authority.root().sub(), asked)
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from forecourt.domain.signing.model import Assignment, OpenedAuthority, SigningNumber, Use, Wanted
from forecourt.pki.certificate import Certificate
from forecourt.pki.csr import SigningRequest, read_csr
from forecourt.settings import read_ip
from tests.support.authority import OPERATOR, VALID, Authority, Validity, a_key, a_name
from tests.support.issuing import Extensions, alternative_names, hash_for, key_usage


def a_csr(
    common_name: str | None = "SN-1",
    *,
    organisation: str | None = OPERATOR,
    hosts: tuple[str, ...] = (),
    key: str = "EC P-256",
) -> SigningRequest:
    """A request with a new key."""
    own = a_key(key)
    builder = x509.CertificateSigningRequestBuilder(a_name(common_name, organisation))
    for extension, is_critical in _named(hosts):
        builder = builder.add_extension(extension, is_critical)
    return read_csr(builder.sign(own, hash_for(own, "SHA256")).public_bytes(Encoding.DER))


def a_wanted(
    owner: str = "CP-1",
    common_name: str = "SN-1",
    *,
    use: Use = Use.STATION,
    organisation: str | None = OPERATOR,
    csr: SigningRequest | None = None,
    host_names: tuple[str, ...] = (),
    days: float | None = None,
) -> Wanted:
    return Wanted(
        use=use,
        csr=csr or a_csr(common_name, organisation=organisation, hosts=host_names),
        common_name=common_name,
        organisation=organisation,
        host_names=host_names,
        days=days,
        owner=owner,
        asked_by="test",
    )


def for_server(name: str = "csms.example.com", *more: str) -> Wanted:
    return a_wanted("wss", name, use=Use.SERVER, organisation=None, host_names=(name, *more))


def an_assignment(
    wanted: Wanted | None = None,
    *,
    kind: str = "est",
    name: str = "city",
    settings: dict[str, str] | None = None,
    secrets: dict[str, str] | None = None,
    progress: str | None = None,
) -> Assignment:
    return Assignment(
        number=SigningNumber(1),
        wanted=wanted or a_wanted(),
        authority=OpenedAuthority(name=name, kind=kind, settings=settings or {}, secrets=secrets or {}),
        progress=progress,
    )


def leaf_for(
    authority: Authority,
    wanted: Wanted,
    *,
    csr: SigningRequest | None = None,
    common_name: str | None = None,
    organisation: str | None = None,
    validity: Validity = VALID,
    serial: int | None = None,
) -> Certificate:
    """What a CA signs for a request; the rest makes it something else than was asked for."""
    asked = csr or wanted.csr
    builder = (
        x509.CertificateBuilder()
        .subject_name(a_name(common_name or wanted.common_name, organisation or wanted.organisation))
        .issuer_name(authority.certificate.x509.subject)
        .public_key(asked.x509.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(authority.now + validity.starts)
        .not_valid_after(authority.now + validity.ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    usage, is_critical = key_usage(is_ca=False)
    builder = builder.add_extension(usage, is_critical)
    for extension, critical in _named(wanted.host_names):
        builder = builder.add_extension(extension, critical)
    key = authority.signing_key
    return Certificate.of(builder.sign(key, hash_for(key, "SHA256")))


def _named(hosts: Sequence[str]) -> Extensions:
    addresses = [name for name in hosts if read_ip(name) is not None]
    return alternative_names([name for name in hosts if name not in addresses], addresses)


def answer(authority: Authority, wanted: Wanted, *, serial: int | None = None) -> tuple[Certificate, ...]:
    """The chain, leaf first, without the root."""
    return (leaf_for(authority, wanted, serial=serial), *authority.presented)
