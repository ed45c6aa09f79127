"""Whose certificate it is: what the names in a station's certificate must say (A00.FR.404, A00.FR.405).

They are compared as in requests for certificates, and in the same form: see :func:`forecourt.pki.names.in_one_form`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from forecourt.domain.admission.model import Access, Leniency
from forecourt.domain.errors import Sentence
from forecourt.domain.trust.model import Policy
from forecourt.pki.certificate import Certificate
from forecourt.pki.names import in_one_form, is_same_name


def foreign_organisation(leaf: Certificate, access: Access, policy: Policy) -> Sentence | None:
    """Why none of its organizations is trusted, or None (A00.FR.404).

    The standard says "contains the CPO name"; a name is compared as a whole here, because "ACME" is also in "Not ACME".
    """
    if Leniency.ANY_ORGANISATION in access.leniencies:
        return None
    trusted = {*policy.trusted_organisations, *access.trusted_organisations}
    if policy.cpo_name is not None:
        trusted.add(policy.cpo_name)
    if not {*map(in_one_form, trusted)}.isdisjoint(map(in_one_form, leaf.organisations)):
        return None
    if not trusted:
        return Sentence(
            "No organization is trusted: set the operator's name (cpoName) in the security policy, or excuse the"
            " station ({}).",
            Leniency.ANY_ORGANISATION.value,
        )
    if not leaf.organisations:
        return Sentence(
            "The certificate names no organization (O), and trusted are {}. The station needs one that names one of"
            " these.",
            _listed(sorted(trusted)),
        )
    return Sentence(
        "The organization (O) of the certificate is {}, and trusted are {}. Trust it in the security policy or for this"
        " station, if this is meant.",
        _listed(leaf.organisations),
        _listed(sorted(trusted)),
    )


def foreign_name(leaf: Certificate, access: Access) -> Sentence | None:
    """Why it is not the certificate of the station with this serial number, or None (A00.FR.405, A00.FR.511)."""
    serial = access.serial_number
    if not serial:
        return _nothing_known(leaf)
    if not leaf.common_names:
        return Sentence(
            "The certificate must have exactly one common name (CN), the serial number {!r}, and has none.", serial
        )
    if len(leaf.common_names) != 1:
        return Sentence(
            "The certificate must have exactly one common name (CN), the serial number {!r}: {}.",
            serial,
            _listed(leaf.common_names),
        )
    [name] = leaf.common_names
    if is_same_name(name, serial):
        return None
    if Leniency.SERIAL_WITHIN_COMMON_NAME in access.leniencies and _has_word(in_one_form(name), in_one_form(serial)):
        return None
    return Sentence(
        "The certificate is for {!r}, and this station's serial number is {!r}: it is the certificate of another"
        " station, or serialNumber in the station's security settings has to be corrected.",
        name,
        serial,
    )


def _nothing_known(leaf: Certificate) -> Sentence:
    if not leaf.common_names:
        return Sentence(
            "Nothing is known of the station's serial number, which its certificate must name: set serialNumber in the"
            " station's security settings. The certificate is for nobody."
        )
    return Sentence(
        "Nothing is known of the station's serial number, which its certificate must name: set serialNumber in the"
        " station's security settings. The certificate is for {}.",
        _listed(leaf.common_names),
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def _has_word(text: str, word: str) -> bool:
    """Whether a word stands in a text with nothing that is a letter, a digit or a mark on one beside it: 1 is not in
    SN10."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not _goes_on(text[max(start - 1, 0) : start]) and not _goes_on(text[end : end + 1]):
            return True
        start = text.find(word, start + 1)
    return False


def _goes_on(beside: str) -> bool:
    return beside.isalnum() or unicodedata.category(beside or " ").startswith("M")
