"""Whose certificate it is, by the names in it (A00.FR.404, A00.FR.405, A00.FR.511)."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import pytest

from forecourt.domain.admission.model import Access, Leniency
from forecourt.domain.admission.names import foreign_name, foreign_organisation
from forecourt.domain.trust.model import Policy
from forecourt.pki.certificate import Certificate
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
    assert "serialNumber" in sentence


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
