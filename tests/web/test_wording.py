"""How amounts, times and words of OCPP are written for people."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from forecourt.web import language
from forecourt.web.language import Manner, find_zone, speak
from forecourt.web.wording import ago, clock, day, energy, label, local_input, moment, number, power, size, span

NOON = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _english_in_berlin() -> Iterator[None]:
    zone = find_zone("Europe/Berlin")
    assert zone is not None
    speak(Manner("en", zone, "Europe/Berlin", "auto"))
    yield
    speak(language.PLAIN)


def plain(text: object) -> str:
    """Without the spaces that tie a number to its unit."""
    return " ".join(str(text).split())


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min 00 s"),
        (3_599, "59 min 59 s"),
        (3_660, "1 h 01 min"),
        (90_000, "1 d 1 h"),
        (-5, "0 s"),
        (timedelta(hours=2), "2 h 00 min"),
    ],
)
def test_how_long_something_took(seconds: float | timedelta, shown: str) -> None:
    assert plain(span(seconds)) == shown


@pytest.mark.parametrize(
    ("watt_hours", "shown"),
    [(0, "0.00 kWh"), (1, "0.00 kWh"), (12_346, "12.35 kWh"), (100_000, "100 kWh"), (-2_500, "-2.50 kWh")],
)
def test_energy(watt_hours: float, shown: str) -> None:
    assert plain(energy(watt_hours)) == shown


def test_power() -> None:
    assert plain(power(7_400)) == "7.40 kW"


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (1023, "1,023 B"), (1536, "1.5 KiB"), (2**40 * 5, "5 TiB"), (2**50, "1,024 TiB")]
)
def test_sizes(count: int, shown: str) -> None:
    assert plain(size(count)) == shown


def test_an_amount_stays_in_one_line_with_its_unit() -> None:
    assert " " not in energy(1_000) + power(1_000) + span(3_660) + size(2048)


def test_a_number_has_as_many_decimals_as_are_wanted() -> None:
    assert (number(1234.56), number(1234.56, 1), number(3.0, 2)) == ("1,235", "1,234.6", "3")


def test_times_are_in_the_zone_of_whoever_looks_and_say_the_exact_one() -> None:
    assert 'datetime="2026-07-01T12:00:00Z"' in str(moment(NOON))
    assert "1 Jul 2026, 14:00:00" in str(moment(NOON))
    assert ">14:00:00<" in str(clock(NOON))
    assert ">2 Jul 2026<" in str(day(NOON + timedelta(hours=10)))
    assert local_input(NOON) == "2026-07-01T14:00:00"
    assert local_input(None) == ""


@pytest.mark.parametrize(
    ("distance", "shown"),
    [(timedelta(minutes=-3), "3 minutes ago"), (timedelta(days=2), "in 2 days"), (timedelta(0), "in 0 seconds")],
)
def test_how_long_ago(distance: timedelta, shown: str) -> None:
    assert f">{shown}<" in str(ago(NOON + distance, NOON))


class Kind(enum.Enum):
    OFFICER = "securityOfficer"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Kind.OFFICER, "Security officer"),
        ("SuspendedEVSE", "Suspended EVSE"),
        ("CHAdeMO", "Chade MO"),
        ("RFID", "RFID"),
        ("not_sent", "Not sent"),
        ("ownCa", "Own CA"),
        ("ocsp_responder", "OCSP responder"),
        (7, "7"),
    ],
)
def test_words_of_ocpp(value: object, shown: str) -> None:
    assert label(value) == shown
