"""Tests of what the operator decides for all stations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.errors import Kind
from forecourt.domain.security_log import model as log
from forecourt.domain.trust.model import Policy, RevocationMode
from tests.domain.trust.trusting import Vicinity
from tests.domain.world import refused

POLICY = Policy(
    cpo_name="Forecourt Power",
    trusted_organisations=("Acme",),
    new_station_profile=SecurityProfile.TLS_BASIC,
    revocation=RevocationMode.HARD,
    listeners={"ws": frozenset({SecurityProfile.NONE, SecurityProfile.BASIC})},
    renew_before_days=60,
    renewals_per_minute=600,
)


def test_without_a_decision_everything_is_as_before(world: Vicinity) -> None:
    assert world.trust.policy() == Policy()
    assert world.trust.version() == 0
    assert world.trust.snapshot().policy == Policy()


def test_a_policy_counts_at_once_and_its_change_is_told(world: Vicinity) -> None:
    with world.counts():
        world.trust.set_policy(POLICY, asked_by="admin")
    assert world.trust.snapshot().policy == POLICY
    with world.changes_nothing():
        world.trust.set_policy(POLICY, asked_by="admin")
    with world.counts():
        world.trust.set_policy(replace(POLICY, revocation=RevocationMode.OFF), asked_by="admin")
    [newest, first] = world.notes(log.Kind.POLICY_CHANGED)
    assert newest == "The security policy was changed: revocation is off and was hard."
    assert "listeners is [ws: 0 1] and was []" in first
    assert "renewBeforeDays is 60 and was 30" in first


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cpo_name": ""}, "cpoName"),
        ({"cpo_name": "a\x00b"}, "cpoName"),
        ({"cpo_name": "x" * 65}, "cpoName"),
        ({"cpo_name": "Power "}, "cpoName"),
        ({"trusted_organisations": ("x" * 256,)}, "trustedOrganisations"),
        ({"trusted_organisations": ("x",) * 101}, "trustedOrganisations"),
        ({"listeners": {"wss": frozenset()}}, "listeners"),
        ({"renew_before_days": 0}, "renewBeforeDays"),
        ({"renew_before_days": 10_000}, "renewBeforeDays"),
        ({"renewals_per_minute": 0}, "renewalsPerMinute"),
        ({"renewals_per_minute": 10**9}, "renewalsPerMinute"),
        ({"listeners": {"": frozenset({SecurityProfile.NONE})}}, "listeners"),
        ({"listeners": {str(n): frozenset({SecurityProfile.NONE}) for n in range(101)}}, "listeners"),
    ],
)
def test_what_cannot_be_a_policy_is_refused(world: Vicinity, change: dict[str, object], field: str) -> None:
    with world.changes_nothing(), refused(Kind.INVALID, field=field):
        world.trust.set_policy(replace(POLICY, **change), asked_by="admin")  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"revocation": RevocationMode.SOFT}, "revocation is soft now and was hard"),
        ({"revocation": RevocationMode.OFF}, "are not asked any more"),
        ({"new_station_profile": SecurityProfile.BASIC}, "newStationProfile is 1 now and was 2"),
        ({"listeners": {}}, "The listener 'ws' takes lower security profiles than before, if it can carry them: 0."),
        ({"listeners": {"ws": frozenset(SecurityProfile)}}, "if it can carry them: 0."),
    ],
)
def test_what_protects_less_is_warned_of(world: Vicinity, change: dict[str, object], about: str) -> None:
    strict = replace(POLICY, listeners={"ws": frozenset(SecurityProfile) - {SecurityProfile.NONE}})
    world.trust.set_policy(strict, asked_by="admin")
    changed = replace(strict, **change)  # type: ignore[arg-type]  # fields by name
    [warning] = world.trust.set_policy(changed, asked_by="admin").warnings
    assert about in str(warning)
    assert world.trust.set_policy(strict, asked_by="admin").warnings == ()


def test_a_rule_for_a_listener_that_may_not_exist_is_warned_of(world: Vicinity) -> None:
    changed = replace(POLICY, listeners={"ws": frozenset(SecurityProfile), "yard": frozenset(SecurityProfile)})
    [warning] = world.trust.set_policy(changed, asked_by="admin").warnings
    assert "'yard' cannot be checked" in str(warning)
