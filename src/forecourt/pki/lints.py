"""Rules that every certificate issued here keeps; a draft that breaks one is not signed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from forecourt.pki.certificate import Certificate, key_usage
from forecourt.pki.csr_rules import key_faults
from forecourt.pki.drafts import Draft, is_root
from forecourt.pki.errors import PkiError
from forecourt.pki.names import is_address, is_host_name, name_fault, station_name_fault
from forecourt.pki.profiles import CROSS_CA, OCSP_RESPONDER, ROOT_CA
from forecourt.pki.strength import weakness_of_anchor
from forecourt.pki.wording import quoted, shown_name, shown_text

MIN_SERIAL_BITS: Final = 64
"""A shorter serial number was not chosen at random."""

MAX_SERIAL_BITS: Final = 159
"""RFC 5280 §4.1.2.2: 20 octets, of which the first bit is the sign."""

MAX_LIFE: Final = timedelta(days=366 * 40)
"""Longer than any key is trusted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a draft breaks."""

    rule: str
    sentence: str
    """For people, with the clause."""


class LintRefused(PkiError):
    """A draft breaks rules; ``str()`` tells of all."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(" ".join(finding.sentence for finding in findings))
        self.findings = findings


class Linted:
    """A draft that keeps every rule. Only :func:`lint` makes one, so that nothing else can be signed."""

    __slots__ = ("_draft",)

    def __init__(self, draft: Draft, proof: object) -> None:
        if proof is not _PROOF:
            raise TypeError("A draft is linted by lint().")
        self._draft = draft

    @property
    def draft(self) -> Draft:
        return self._draft


_PROOF: Final = object()


def lint(draft: Draft) -> Linted:
    """Raises LintRefused with everything that was found."""
    findings = [Finding(rule.__name__, sentence) for rule in LINTS for sentence in rule(draft)]
    if findings:
        raise LintRefused(tuple(findings))
    return Linted(draft, _PROOF)


def serial_number(draft: Draft) -> Iterator[str]:
    """RFC 5280 §4.1.2.2; A00.FR.508."""
    if draft.serial <= 0 or not MIN_SERIAL_BITS <= draft.serial.bit_length() <= MAX_SERIAL_BITS:
        yield (
            f"A serial number is positive and has {MIN_SERIAL_BITS} to {MAX_SERIAL_BITS} bits; this is"
            f" {draft.serial:X} (RFC 5280 §4.1.2.2)."
        )


def validity(draft: Draft) -> Iterator[str]:
    """RFC 5280 §4.1.2.5."""
    if draft.not_before.tzinfo is None or draft.not_after.tzinfo is None:
        yield "Both ends of the validity must name their time zone (RFC 5280 §4.1.2.5)."
    elif draft.not_after <= draft.not_before:
        yield "The validity ends before it begins (RFC 5280 §4.1.2.5)."
    elif draft.not_after - draft.not_before > MAX_LIFE:
        yield f"A certificate is valid for {MAX_LIFE.days:,} days at most (RFC 5280 §4.1.2.5)."
    elif draft.not_before.microsecond or draft.not_after.microsecond:
        yield "Both ends of the validity are given to the second (RFC 5280 §4.1.2.5)."


def within_issuer(draft: Draft) -> Iterator[str]:
    """A path holds as long as all of it holds (RFC 5280 §6.1.3)."""
    issuer = draft.issuer
    if issuer is None or draft.not_before.tzinfo is None or draft.not_after.tzinfo is None:
        return
    if draft.not_before < issuer.not_before or draft.not_after > issuer.not_after:
        yield f"The validity is not within that of {quoted(issuer.subject)} (RFC 5280 §6.1.3)."


def key_strength(draft: Draft) -> Iterator[str]:
    """A00.FR.501–504."""
    for fault in key_faults(draft.public_key):
        yield fault.sentence


def subject_names(draft: Draft) -> Iterator[str]:
    """One CN, at most one O, of 1 to 64 characters that can be shown (RFC 5280 appendix A.1; A00.FR.509, 511)."""
    if draft.profile is CROSS_CA:
        return  # the name is that of the other root, to the byte
    for oid, what, least in ((NameOID.COMMON_NAME, "CN", 1), (NameOID.ORGANIZATION_NAME, "O", 0)):
        values = [str(attribute.value) for attribute in draft.subject.get_attributes_for_oid(oid)]
        if not least <= len(values) <= 1:
            yield f"The subject has {len(values)} values of {what} (A00.FR.509–511)."
        for value in values:
            if (why := name_fault(value)) is not None:
                yield f"{what} cannot be {quoted(shown_text(value))}: it {why}."


def subject_parts(draft: Draft) -> Iterator[str]:
    """Nothing is issued that nobody has checked."""
    known = {NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME}
    others = [each.rfc4514_attribute_name for each in draft.subject if each.oid not in known]
    if others and draft.profile is not CROSS_CA:
        yield f"The subject has other parts than O and CN: {', '.join(others[:5])}."


def station_name(draft: Draft) -> Iterator[str]:
    """A00.FR.511: the CN of a station is its serial number."""
    if draft.profile.has_host_names or draft.profile.is_authority:
        return
    for attribute in draft.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        name = str(attribute.value)
        if (why := station_name_fault(name)) is not None:
            yield f"The CN {quoted(shown_text(name))} {why}."


def host_names(draft: Draft) -> Iterator[str]:
    """A00.FR.510; RFC 5280 §4.2.1.6: a server has its names in the subjectAltName, and nobody else has any."""
    if not draft.profile.has_host_names:
        if draft.host_names:
            yield f"The certificate of {draft.profile.name} has no host names (A00.FR.511)."
        return
    common = [str(each.value).lower() for each in draft.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    lower = {name.lower() for name in draft.host_names}
    if not draft.host_names:
        yield "The certificate of a server has at least one host name (A00.FR.510)."
    elif not lower.issuperset(common):
        yield "The CN of a server is one of its host names (A00.FR.510)."
    for name in draft.host_names:
        if not is_address(name) and not is_host_name(name):
            yield f"{quoted(shown_text(name))} is neither the name of one host nor an IP address (RFC 5280 §4.2.1.6)."


def issuer_may_sign(draft: Draft) -> Iterator[str]:
    """RFC 5280 §4.2.1.9 and §4.2.1.3."""
    issuer = draft.issuer
    if issuer is None:
        if draft.profile is not ROOT_CA:
            yield f"The certificate of {draft.profile.name} needs an issuer (RFC 5280 §6.1)."
        return
    if draft.profile is ROOT_CA:
        yield "A root signs itself (RFC 5280 §3.2)."
    if not issuer.is_authority:
        yield f"{quoted(issuer.subject)} is no CA (RFC 5280 §4.2.1.9)."
    elif (usage := key_usage(issuer)) is not None and not usage.key_cert_sign:
        yield f"{quoted(issuer.subject)} may not sign certificates (RFC 5280 §4.2.1.3)."
    elif draft.profile.is_authority and _path_length(issuer) == 0:
        yield f"No CA may follow below {quoted(issuer.subject)} (RFC 5280 §4.2.1.9)."
    if not issuer.x509.subject.rdns:
        yield "The issuer has no name (RFC 5280 §4.1.2.4)."


def issuer_strength(draft: Draft) -> Iterator[str]:
    """A00.FR.501–504, up the hierarchy."""
    if draft.issuer is not None and (why := weakness_of_anchor(draft.issuer)) is not None:
        yield f"The issuer {quoted(draft.issuer.subject)} is too weak. {why}"


def own_name(draft: Draft) -> Iterator[str]:
    """RFC 5280 §3.2: only what signs itself has the name of its issuer, or a path would turn in a circle."""
    if draft.issuer is not None and draft.subject == draft.issuer.x509.subject:
        yield f"The subject is the same as the issuer: {quoted(shown_name(draft.subject))} (RFC 5280 §3.2)."


def crossed_root(draft: Draft) -> Iterator[str]:
    """M05.FR.09: a root vouches for the name and the key of another root, and for nothing else."""
    crossed = draft.crossed
    if (crossed is not None) != (draft.profile is CROSS_CA):
        yield f"The certificate of {CROSS_CA.name}, and no other, names that root (M05.FR.09)."
    elif crossed is not None and not (
        is_root(crossed)
        and draft.subject.public_bytes() == crossed.x509.subject.public_bytes()
        and draft.public_key == crossed.x509.public_key()
    ):
        yield f"Name and key are not those of a root that is {quoted(crossed.subject)} (M05.FR.09)."


def places(draft: Draft) -> Iterator[str]:
    """RFC 5280 §4.2.1.13, §4.2.2.1: over HTTP, or one would need the answer to ask the question."""
    for url in (draft.crl_url, draft.ocsp_url, draft.issuer_url):
        if url is not None and not _is_plain_url(url):
            yield f"{quoted(shown_text(url))} is no address of HTTP that a certificate can name (RFC 5280 §4.2.1.13)."


def responder_life(draft: Draft) -> Iterator[str]:
    """RFC 6960 §4.2.2.2.1: what nobody can revoke must end soon."""
    if draft.profile is not OCSP_RESPONDER or draft.not_before.tzinfo is None or draft.not_after.tzinfo is None:
        return
    if draft.not_after - draft.not_before > timedelta(days=100):
        yield "The certificate of an OCSP responder is valid for 100 days at most (RFC 6960 §4.2.2.2.1)."


LINTS: Final[tuple[Callable[[Draft], Iterator[str]], ...]] = (
    serial_number,
    validity,
    within_issuer,
    key_strength,
    subject_names,
    subject_parts,
    station_name,
    host_names,
    issuer_may_sign,
    issuer_strength,
    own_name,
    crossed_root,
    places,
    responder_life,
)
"""Each yields a sentence for every fault that it finds."""


def _path_length(issuer: Certificate) -> int | None:
    return issuer.x509.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length


def _is_plain_url(url: str) -> bool:
    if not url.startswith("http://") or not url.isascii() or not url.isprintable() or set(url) & {" ", '"', "<", ">"}:
        return False
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False
