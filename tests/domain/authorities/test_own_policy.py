"""How the own authority may issue."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.authorities.model import OwnPolicy
from forecourt.domain.authorities.own_policy import check_policy
from forecourt.domain.errors import DomainError


def test_the_default_may_be() -> None:
    check_policy(OwnPolicy())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"families": frozenset()}, "families"),
        ({"root_days": 1}, "rootDays"),
        ({"root_days": 40_000}, "rootDays"),
        ({"issuing_days": 8_000}, "issuingDays"),
        ({"overlap_days": -1}, "overlapDays"),
        ({"station_days": 0}, "stationDays"),
        ({"station_days": 5_000}, "stationDays"),
        ({"station_days": 1_000}, "stationDays"),
        ({"organisation": " x"}, "organisation"),
        ({"server_days": float("nan")}, "serverDays"),
        ({"crl_hours": 0}, "crlHours"),
        ({"crl_hours": float("inf")}, "crlHours"),
        ({"backdated": timedelta(hours=-1)}, "backdatedHours"),
        ({"backdated": timedelta(days=31)}, "backdatedHours"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_makes_no_sense_is_refused_by_name(change: dict[str, object], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        check_policy(replace(OwnPolicy(), **change))  # type: ignore[arg-type]  # by name
    assert refused.value.field == field
