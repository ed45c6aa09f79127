"""What an authority issued, held against what was asked of it."""

from __future__ import annotations

import enum
import hashlib
import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from forecourt.pki.certificate import Certificate, Unreadable, key_usage, read_bundle
from forecourt.pki.chain import is_issued_by
from forecourt.pki.csr import SigningRequest
from forecourt.pki.csr_rules import key_faults
from forecourt.pki.errors import BadCertificate, ChainTooLong, PathRefused, PkiError
from forecourt.pki.names import Host, host_in, host_of
from forecourt.pki.path import MAX_PRESENTED, Anchors, verify_path
from forecourt.pki.strength import weakness, weakness_of_anchor
from forecourt.pki.wording import moment, quoted, shown_text

SKEW: Final = timedelta(minutes=10)
"""How far the clock of an authority may be ahead of this one."""

LEAST_LEFT: Final = timedelta(hours=1)
"""What ends sooner cannot be put to use; of a certificate for less than three hours a third is enough."""

_MAX_SHOWN: Final = 300
"""Characters of names that were not asked for."""

_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.INHIBIT_ANY_POLICY,
    }
)
"""What may be critical: any other one, who meets the certificate must refuse (RFC 5280 §4.2)."""


class IssuedFault(enum.Enum):
    """What is wrong with an authority's answer."""

    UNREADABLE = "unreadable"
    OTHER_KEY = "otherKey"
    OTHER_SUBJECT = "otherSubject"
    OTHER_HOST_NAMES = "otherHostNames"
    EXPIRED = "expired"
    NOT_YET_VALID = "notYetValid"
    WEAK = "weak"
    UNUSABLE_KEY = "unusableKey"
    """Of a kind, size or curve with which nobody gets in."""
    AUTHORITY = "authority"
    """It is the certificate of a CA (CA:TRUE)."""
    USAGE = "usage"
    CRITICAL_EXTENSION = "criticalExtension"
    MISORDERED = "misordered"
    NO_PATH = "noPath"


class IssuedRefused(PkiError):
    """The answer cannot be used; ``str()`` is a sentence for people."""

    def __init__(self, fault: IssuedFault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = fault


def check_issued(
    chain: str | bytes | Sequence[Certificate],
    *,
    csr: SigningRequest,
    common_name: str,
    organisation: str | None,
    host_names: Sequence[str] = (),
    days: float | None = None,
    at: datetime,
    anchors: Anchors | None,
) -> tuple[Certificate, ...]:
    """The chain, leaf first, when it is what was asked for and leads to an anchor; without anchors, when each of its
    certificates is issued by the next.

    ``organisation`` None stands for any. ``host_names`` are those of a server; a station has none, but its common name
    may be repeated among them, as some authorities do. A server's certificate may have no common name, as those of
    public authorities, when its host names are right. ``days`` is how long it was to be valid. Raises IssuedRefused.
    """
    certificates = _read(chain) if isinstance(chain, str | bytes) else tuple(chain)
    if not certificates:
        raise IssuedRefused(IssuedFault.UNREADABLE, "The authority answered without a certificate.")
    leaf = certificates[0]
    if key_digest(leaf) != csr.key_digest:
        raise _other_key(certificates, csr)
    _check_leaf(leaf, at)
    _check_time(leaf, at, LEAST_LEFT if days is None else min(LEAST_LEFT, timedelta(days=days) / 3))
    _check_names(leaf, common_name, organisation, host_names)
    _check_usage(leaf, is_server=bool(host_names))
    _check_extensions(certificates)
    _check_order(certificates)
    _check_path(certificates, anchors, at)
    return certificates


def key_digest(certificate: Certificate) -> str:
    """As ``SigningRequest.key_digest``."""
    key = certificate.x509.public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def in_order(certificates: Iterable[Certificate], csr: SigningRequest) -> tuple[Certificate, ...]:
    """The certificate for a request and those above it, from an answer without order, as PKCS #7 has none; what does
    not belong to the chain is left out, and all is kept as it is when the certificate is not among them."""
    given = tuple(certificates)
    found = [each for each in given if key_digest(each) == csr.key_digest][:1]
    if not found:
        return given
    while not found[-1].is_self_issued:
        above = [each for each in given if each not in found and is_issued_by(found[-1], each)]
        if not above:
            break
        found.append(above[0])
    return tuple(found)


def bounded(
    chain: Sequence[Certificate], max_characters: int
) -> tuple[tuple[Certificate, ...], tuple[Certificate, ...]]:
    """As much of a chain as fits into so many characters of PEM, and what was left out of it.

    The end of the chain is left out first, which is the root if it is there: whoever verifies has it, or cannot verify
    at all. Raises ChainTooLong when not even the leaf fits.
    """
    kept, room = 0, max_characters
    for certificate in chain:
        room -= len(certificate.pem)
        if room < 0:
            break
        kept += 1
    if chain and not kept:
        size = len(chain[0].pem)
        sentence = f"The certificate {quoted(chain[0].subject)} has {size:,} characters, and {max_characters:,} fit."
        raise ChainTooLong(sentence)
    return tuple(chain[:kept]), tuple(chain[kept:])


def _read(data: str | bytes) -> tuple[Certificate, ...]:
    try:
        found = read_bundle(data)
    except BadCertificate as error:
        raise IssuedRefused(IssuedFault.UNREADABLE, f"The authority's answer cannot be read. {error}") from error
    for each in found:
        if isinstance(each, Unreadable):
            sentence = f"Certificate {each.position} of the authority's answer cannot be read. {each.reason}"
            raise IssuedRefused(IssuedFault.UNREADABLE, sentence)
    return tuple(each for each in found if isinstance(each, Certificate))


def _other_key(certificates: Sequence[Certificate], csr: SigningRequest) -> IssuedRefused:
    if any(key_digest(each) == csr.key_digest for each in certificates):
        sentence = "The authority's chain does not begin with the certificate that was asked for."
        return IssuedRefused(IssuedFault.MISORDERED, sentence)
    who = quoted(certificates[0].subject)
    return IssuedRefused(IssuedFault.OTHER_KEY, f"The authority issued {who} for another key than was asked for.")


def _check_leaf(leaf: Certificate, at: datetime) -> None:
    who = f"The issued certificate {quoted(leaf.subject)}"
    if leaf.is_authority:
        raise IssuedRefused(IssuedFault.AUTHORITY, f"{who} is that of a CA.")
    if (why := weakness(leaf)) is not None:
        raise IssuedRefused(IssuedFault.WEAK, f"{who} is too weak. {why}")
    for fault in key_faults(leaf.x509.public_key()):
        raise IssuedRefused(IssuedFault.UNUSABLE_KEY, f"{who} cannot be used. {fault.sentence}")


def _check_time(leaf: Certificate, at: datetime, least_left: timedelta) -> None:
    who = f"The issued certificate {quoted(leaf.subject)}"
    if leaf.has_ended(at):
        raise IssuedRefused(IssuedFault.EXPIRED, f"{who} expired at {moment(leaf.not_after)}.")
    if leaf.not_before > at + SKEW:
        raise IssuedRefused(IssuedFault.NOT_YET_VALID, f"{who} is not valid before {moment(leaf.not_before)}.")
    if leaf.not_after - at < least_left:
        sentence = f"{who} ends too soon, at {moment(leaf.not_after)}: {least_left.total_seconds() / 60:.0f} minutes"
        raise IssuedRefused(IssuedFault.EXPIRED, f"{sentence} at least must be left to put it to use.")


def _check_names(leaf: Certificate, common_name: str, organisation: str | None, host_names: Sequence[str]) -> None:
    has_none = not leaf.common_names and bool(host_names)
    if not has_none and not _are_equal(leaf.common_names, common_name, ignores_case=bool(host_names)):
        raise _other_subject("common name (CN)", leaf.common_names, common_name)
    if organisation is not None and not _are_equal(leaf.organisations, organisation):
        raise _other_subject("organization (O)", leaf.organisations, organisation)
    named = _alternative_names(leaf)
    wanted = {host_of(name) for name in host_names}
    if missing := sorted(map(str, wanted - named)):
        sentence = f"The issued certificate is not for {', '.join(missing[:5])}."
        raise IssuedRefused(IssuedFault.OTHER_HOST_NAMES, sentence)
    if others := sorted(map(str, named - wanted - {host_of(common_name)})):
        shown = shown_text(", ".join(others[:5]))[:_MAX_SHOWN]
        sentence = f"The issued certificate is also for {shown}, which was not asked for."
        raise IssuedRefused(IssuedFault.OTHER_HOST_NAMES, sentence)


def _are_equal(found: Sequence[str], wanted: str, *, ignores_case: bool = False) -> bool:
    """Host names are of either case."""
    if len(found) != 1:
        return False
    return found[0].lower() == wanted.lower() if ignores_case else found[0] == wanted


def _other_subject(what: str, found: Sequence[str], wanted: str) -> IssuedRefused:
    has = " and ".join(quoted(shown_text(value)) for value in found[:3]) or "none"
    sentence = f"The issued certificate should have the {what} {quoted(shown_text(wanted))}, and has {has}."
    return IssuedRefused(IssuedFault.OTHER_SUBJECT, sentence)


def _alternative_names(leaf: Certificate) -> set[Host]:
    try:
        names = leaf.x509.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    found: set[Host] = set()
    for name in names:
        if (host := host_in(name)) is None:
            shown = quoted(shown_text(str(name.value)))
            sentence = f"The issued certificate has a name that is none of a host ({type(name).__name__}): {shown}."
            raise IssuedRefused(IssuedFault.OTHER_HOST_NAMES, sentence)
        found.add(host)
    return found


def _check_usage(leaf: Certificate, *, is_server: bool) -> None:
    """It must not be kept from what it is for, nor be for signing. Those without the extensions are for everything."""
    usage = key_usage(leaf)
    if usage is not None and (not usage.digital_signature or usage.key_cert_sign or usage.crl_sign):
        sentence = "The issued certificate is not for proving who one is, by its key usage: that has digitalSignature,"
        raise IssuedRefused(IssuedFault.USAGE, f"{sentence} and neither keyCertSign nor cRLSign (A00.FR.512).")
    try:
        usages = leaf.x509.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    needed = ExtendedKeyUsageOID.SERVER_AUTH if is_server else ExtendedKeyUsageOID.CLIENT_AUTH
    if needed not in usages and ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE not in usages:
        what = "servers (serverAuth)" if is_server else "clients (clientAuth)"
        sentence = f"The issued certificate is not for {what}, by its extended key usage."
        raise IssuedRefused(IssuedFault.USAGE, sentence)


def _check_extensions(certificates: Sequence[Certificate]) -> None:
    for each in certificates:
        for extension in each.x509.extensions:
            if extension.critical and extension.oid not in _UNDERSTOOD:
                oid = extension.oid.dotted_string
                sentence = f"{quoted(each.subject)} has a critical extension that is not known here: {oid}."
                raise IssuedRefused(IssuedFault.CRITICAL_EXTENSION, sentence)


def _check_order(certificates: Sequence[Certificate]) -> None:
    if len(certificates) > MAX_PRESENTED + 1:
        sentence = f"The authority's chain has {len(certificates)} certificates, and {MAX_PRESENTED + 1} are the most."
        raise IssuedRefused(IssuedFault.NO_PATH, sentence)
    for below, above in itertools.pairwise(certificates):
        if not is_issued_by(below, above):
            sentence = f"In the authority's chain {quoted(below.subject)} is followed by {quoted(above.subject)}"
            raise IssuedRefused(IssuedFault.MISORDERED, f"{sentence}, which did not issue it.")


def _check_path(certificates: Sequence[Certificate], anchors: Anchors | None, at: datetime) -> None:
    leaf, *above = certificates
    if anchors is not None:
        try:
            verify_path(leaf, above, anchors, max(at, leaf.not_before))
        except PathRefused as error:
            raise IssuedRefused(IssuedFault.NO_PATH, f"What was issued leads to no anchor. {error}") from error
        return
    for each in above:
        if each.has_ended(at):
            sentence = f"The CA {quoted(each.subject)} expired at {moment(each.not_after)}."
            raise IssuedRefused(IssuedFault.EXPIRED, sentence)
        why = weakness_of_anchor(each) if each.is_self_issued else weakness(each)
        if why is not None:
            raise IssuedRefused(IssuedFault.WEAK, f"The CA {quoted(each.subject)} is too weak. {why}")
