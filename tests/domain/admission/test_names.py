"""Whose certificate it is, by the names in it (A00.FR.404, A00.FR.405, A00.FR.511)."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import pytest

from forecourt.domain.admission.model import Access, Leniency
from forecourt.domain.admission.names import foreign_name, foreign_organisation
from forecourt.domain.trust.model import Policy
from forecourt.pki.certificate import Certificate
from forecourt.pki.csr_rules import subject_faults
from tests.support.authority import OPERATOR, Authority
from tests.support.clock import NOON


@functools.cache
def root() -> Authority:
    return Authority.root(now=NOON)


def named(name: str | Sequence[str], organisation: str | None = OPERATOR) -> Certificate:
    return root().leaf(name, organisation=organisation).certificate


@pytest.mark.parametrize(
    ("name", "is_its"),
    [("SN1", True), ("SN10", False), ("sn1", False), ("SN1 ", False), ("CP SN1", False), (("SN1", "SN2"), False)],
)
def test_the_common_name_is_the_serial_number_and_nothing_else(name: str | Sequence[str], is_its: bool) -> None:
    assert (foreign_name(named(name), Access(serial_number="SN1")) is None) is is_its


@pytest.mark.parametrize(
    ("name", "is_its"), [("CP SN1", True), ("SN1-A", True), ("x/SN1/y", True), ("SN10", False), ("ASN1", False)]
)
def test_excused_it_may_be_one_whole_word_of_it(name: str, is_its: bool) -> None:
    access = Access(serial_number="SN1", leniencies=frozenset({Leniency.SERIAL_WITHIN_COMMON_NAME}))
    assert (foreign_name(named(name), access) is None) is is_its


@pytest.mark.parametrize("serial", [None, ""])
def test_without_a_serial_number_no_certificate_is_its(serial: str | None) -> None:
    sentence = foreign_name(named("SN1"), Access(serial_number=serial))
    assert sentence is not None
    assert "serialNumber" in str(sentence)


@pytest.mark.parametrize(
    ("organisation", "is_trusted"),
    [(OPERATOR, True), ("Maker", True), ("Own", True), ("Not Maker", False), (None, False)],
)
def test_the_organisation_is_one_that_the_policy_or_the_station_names(
    organisation: str | None, is_trusted: bool
) -> None:
    policy = Policy(cpo_name=OPERATOR, trusted_organisations=("Maker",))
    leaf = named("SN1", organisation)
    assert (foreign_organisation(leaf, Access(trusted_organisations=("Own",)), policy) is None) is is_trusted
    excused = Access(leniencies=frozenset({Leniency.ANY_ORGANISATION}))
    assert foreign_organisation(leaf, excused, Policy()) is None


COMPOSED, DECOMPOSED = "Z\N{LATIN SMALL LETTER U WITH DIAERESIS}ri 1", "Zu\N{COMBINING DIAERESIS}ri 1"


@pytest.mark.parametrize(("on_record", "named_so"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_names_are_compared_as_in_requests_however_accents_are_composed(on_record: str, named_so: str) -> None:
    """What was issued for a request that named it so has to open the door: `pki/csr_rules.py` has the same rule."""
    leaf = named(named_so, named_so)
    excused = frozenset({Leniency.SERIAL_WITHIN_COMMON_NAME})
    assert foreign_name(leaf, Access(serial_number=on_record)) is None
    assert foreign_name(named(f"CP {named_so}"), Access(serial_number=on_record, leniencies=excused)) is None
    assert foreign_organisation(leaf, Access(trusted_organisations=(on_record,)), Policy()) is None
    assert foreign_organisation(leaf, Access(), Policy(cpo_name=on_record)) is None
    assert list(subject_faults([named_so], [named_so], on_record, on_record)) == []


@pytest.mark.parametrize(
    ("serial", "name"),
    [
        ("SN1", "sn1"),
        ("SN1", "SN\N{SUPERSCRIPT ONE}"),
        ("SN1", "\N{FULLWIDTH LATIN CAPITAL LETTER S}N1"),
        ("SN 1", "SN  1"),
        ("SN\N{MICRO SIGN}1", "SN\N{GREEK SMALL LETTER MU}1"),
    ],
)
def test_what_may_tell_two_stations_apart_is_not_passed_over(serial: str, name: str) -> None:
    """RFC 5280 §7.1 passes over case, width and spaces where it joins the names of a path; nobody is joined here."""
    assert foreign_name(named(name), Access(serial_number=serial)) is not None
    assert list(subject_faults([name], ["O"], serial, "O"))


def test_a_mark_belongs_to_its_letter() -> None:
    """A letter and the mark on it are one, also where no character is made for both."""
    access = Access(serial_number="SN1", leniencies=frozenset({Leniency.SERIAL_WITHIN_COMMON_NAME}))
    assert foreign_name(named("CP SN1\N{COMBINING DIAERESIS}"), access) is not None
