"""Who is told what the bell rang for."""

from __future__ import annotations

import pytest

from forecourt.app.process import Rings

Told = list[tuple[str, str | None]]


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
def rings(told: Told) -> Rings:
    return Rings(
        {
            "station": lambda about: told.append(("station", about)),
            "errand": lambda about: told.append(("errand", about)),
        }
    )


@pytest.mark.parametrize(
    ("ring", "expected"),
    [
        ("station CP-1", [("station", "CP-1")]),
        ("errand CP-1", [("errand", "CP-1")]),
        ("station CP 1 errand", [("station", "CP 1 errand")]),
        ("station", [("station", None)]),
        ("station ", [("station", None)]),
        ("stations CP-1", []),
        ("tariff 7", []),
        ("", []),
    ],
)
def test_the_first_word_says_who_is_told_and_the_rest_of_what(
    rings: Rings, told: Told, ring: str, expected: Told
) -> None:
    rings.heard(ring)
    assert told == expected


def test_when_rings_may_have_been_missed_everybody_is_told(rings: Rings, told: Told) -> None:
    rings.heard(None)
    assert told == [("station", None), ("errand", None)]
