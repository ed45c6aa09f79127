"""Tests of the register of revoked certificates and of the lists of outside CAs in the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.paging import PageRequest
from forecourt.domain.trust.model import KeptCrl, Revoked
from forecourt.pki.revocation import read_crl
from forecourt.storage.revocations import ParsedCrls, RevocationRecords
from tests.storage.bench import UNUSUAL_TEXTS, Bench, all_pages
from tests.support.authority import Authority
from tests.support.clock import NOON

ROOT = Authority.root(now=NOON)
REVOKED = Revoked(
    issuer_hash="ab" * 32, serial="1F", subject="CN=SN-1", reason="stolen", revoked_by="admin", revoked_at=NOON
)
DAY = timedelta(days=1)


@pytest.fixture
def revocations(bench: Bench) -> RevocationRecords:
    return RevocationRecords(bench.unit, ParsedCrls())


@pytest.mark.parametrize("text", UNUSUAL_TEXTS)
def test_a_revocation_is_kept_exactly(bench: Bench, revocations: RevocationRecords, text: str) -> None:
    revoked = replace(REVOKED, subject=text, reason=text, revoked_by=text, not_after=NOON + DAY)
    with bench.committed():
        assert revocations.add(revoked)
        assert not revocations.add(REVOKED)
    with bench.reading():
        assert revocations.list(PageRequest()).items == [revoked]
        assert [revocations.holds(most) for most in (0, 1, 2)] == [True, True, False]


def test_a_register_is_full_by_what_it_has_and_not_by_what_it_had(bench: Bench, revocations: RevocationRecords) -> None:
    with bench.committed():
        for number in range(1, 7):
            revocations.add(replace(REVOKED, serial=str(number)))
        for number in range(2, 6):
            revocations.remove(REVOKED.issuer_hash, str(number))
    with bench.reading():
        assert [revocations.holds(most) for most in (2, 3)] == [True, False]


def test_revocations_are_found_by_issuer_and_serial_number(bench: Bench, revocations: RevocationRecords) -> None:
    others = [replace(REVOKED, serial=serial) for serial in ("2", "3", "4")]
    with bench.committed():
        for one in (REVOKED, *others, replace(REVOKED, issuer_hash="cd" * 32)):
            assert revocations.add(one)
    with bench.reading():
        assert revocations.has(REVOKED.issuer_hash, "1F")
        assert not revocations.has(REVOKED.issuer_hash, "5")
        assert not revocations.has("cd" * 32, "2")
        assert len(revocations.all_pairs()) == 5
        listed = all_pages(revocations.list, 2)
    assert [one.serial for one in listed] == ["1F", "4", "3", "2", "1F"]
    with bench.committed():
        assert revocations.remove(REVOKED.issuer_hash, "1F")
        assert not revocations.remove(REVOKED.issuer_hash, "1F")
    with bench.reading():
        assert not revocations.has(REVOKED.issuer_hash, "1F")
        assert revocations.has("cd" * 32, "1F")


def test_what_ended_is_forgotten_a_limited_number_at_a_time(bench: Bench, revocations: RevocationRecords) -> None:
    with bench.committed():
        for days in range(4):
            revocations.add(replace(REVOKED, serial=str(days), not_after=NOON + days * DAY))
        revocations.add(REVOKED)
    with bench.reading():
        assert revocations.has_ended(NOON + DAY)
        assert not revocations.has_ended(NOON)
    with bench.committed():
        assert revocations.prune(NOON + 3 * DAY, 2) == 2
        assert revocations.prune(NOON + 3 * DAY, 2) == 1
        assert revocations.prune(NOON + 3 * DAY, 2) == 0
    with bench.reading():
        assert [one.serial for one in revocations.list(PageRequest()).items] == ["1F", "3"]


def test_the_list_of_an_issuer_is_kept_and_replaced(bench: Bench, revocations: RevocationRecords) -> None:
    other = Authority.root("Other", now=NOON)
    first, second, third = read_crl(ROOT.crl(1)), read_crl(ROOT.crl(1, 2)), read_crl(other.crl(5))
    with bench.committed():
        revocations.put_crl(first, NOON)
        revocations.put_crl(third, NOON)
        revocations.put_crl(second, NOON)
    with bench.reading():
        assert set(revocations.crls()) == {second, third}
        kept = KeptCrl(digest=second.digest, this_update=second.this_update, size=len(second.der))
        assert revocations.kept_crl(first) == kept
        assert revocations.crls() == RevocationRecords(bench.unit, ParsedCrls()).crls()
        assert revocations.kept_crl(read_crl(Authority.root("Nobody", now=NOON).crl())) is None
        assert revocations.crls_size() == (2, len(second.der) + len(third.der))
    with bench.committed():
        assert revocations.remove_crls(first.issuer_hash, None) == 1
        assert revocations.remove_crls(first.issuer_hash, None) == 0
    with bench.reading():
        assert revocations.crls() == [third]


def test_a_list_is_parsed_once(bench: Bench, revocations: RevocationRecords) -> None:
    crl = read_crl(ROOT.crl(1))
    with bench.committed():
        revocations.put_crl(crl, NOON)
    with bench.reading():
        [first] = revocations.crls()
        [second] = revocations.crls()
    assert first is second
