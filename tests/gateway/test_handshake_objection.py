"""What no longer holds of an open link (A00.FR.002, A01, A05.FR.08)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forecourt.domain.admission.model import Access, Caller, Leniency, PasswordState, SecurityProfile
from forecourt.domain.security_log.model import Kind
from forecourt.domain.trust.model import Policy
from forecourt.gateway.handshake import objection
from tests.gateway.desk import a_station
from tests.gateway.knocking import (
    BASIC,
    ITS,
    PLAIN,
    POLICY,
    TLS,
    TLS_BASIC,
    TLS_CERTIFICATE,
    a_password,
    admitted,
    an_access,
    an_upgrade,
    decided,
    right,
)


def caller(access: Access) -> Caller:
    return Caller(a_station(), access)


def test_a_link_stays_while_its_profile_is_one_of_those_that_are_accepted() -> None:
    """A05.FR.08: the live link of the old profile stays during an upgrade."""
    link = admitted(decided(an_access(BASIC), password=right()))
    window = an_access(BASIC, upgrade=an_upgrade(TLS_BASIC))
    assert objection(link, caller(window), POLICY, is_opening=False) is None
    ended = objection(link, caller(an_access(TLS_BASIC)), POLICY, is_opening=False)
    assert ended is not None
    assert ended.kind is Kind.PROFILE_MISMATCH


def test_a_password_that_was_replaced_ends_a_link_only_while_it_opens() -> None:
    """A01: a station that took a new password leaves by itself."""
    link = admitted(decided(an_access(BASIC), password=right()))
    replaced = an_access(BASIC, passwords=(a_password(1, PasswordState.FORMER), a_password(2)))
    assert objection(link, caller(replaced), POLICY, is_opening=False) is None
    ended = objection(link, caller(replaced), POLICY, is_opening=True)
    assert ended is not None
    assert (ended.status, ended.kind) == (401, Kind.CREDENTIALS_FORMER)
    gone = objection(link, caller(an_access(BASIC, passwords=())), POLICY, is_opening=True)
    assert gone is not None


def test_what_is_no_longer_excused_or_trusted_ends_a_link() -> None:
    excused = an_access(BASIC, leniencies=frozenset({Leniency.BASIC_OVER_TLS}))
    basic = admitted(decided(excused, TLS, password=right()))
    assert objection(basic, caller(excused), POLICY, is_opening=False) is None
    assert objection(basic, caller(an_access(BASIC)), POLICY, is_opening=False) is not None

    access = an_access(TLS_CERTIFICATE)
    link = admitted(decided(access, TLS, certificate=ITS))
    assert objection(link, caller(access), POLICY, is_opening=False) is None
    assert objection(link, caller(access), Policy(cpo_name="Another"), is_opening=False) is not None
    assert objection(link, caller(replace(access, serial_number="SN-9")), POLICY, is_opening=False) is not None
    closed = replace(POLICY, listeners={"wss": frozenset({TLS_BASIC})})
    assert objection(link, caller(access), closed, is_opening=False) is not None
    assert objection(link, None, POLICY, is_opening=False) is not None


@pytest.mark.parametrize("profile", [BASIC, TLS_BASIC])
def test_a_password_that_an_operator_withdrew_ends_its_link_at_any_time(profile: SecurityProfile) -> None:
    came = admitted(decided(an_access(profile), PLAIN if profile is BASIC else TLS, password=right()))
    former = replace(a_password(state=PasswordState.FORMER), is_withdrawn=True)
    caller = Caller(a_station(), an_access(profile, passwords=(former, a_password(2))))
    for is_opening in (True, False):
        gone = objection(came, caller, POLICY, is_opening=is_opening)
        assert gone is not None
        assert gone.kind is Kind.CREDENTIALS_FORMER
        assert "withdrawn" in gone.detail or is_opening
