"""What was typed, read value by value."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from forecourt.domain.errors import DomainError, Kind, invalid
from forecourt.web import language
from forecourt.web.fields import Fields
from forecourt.web.language import Manner, find_zone, speak


class Size(enum.Enum):
    SMALL = "small"


def typed(value: str, name: str = "field") -> Fields:
    return Fields({name: [value]})


def test_a_text_is_read_without_the_spaces_around_it_and_shown_with_them() -> None:
    form = typed("  CP-7 ")
    assert form.text("field") == "CP-7"
    assert form.shown("field") == "  CP-7 "
    assert form.is_good


def test_what_was_not_sent_is_empty_and_no_mistake() -> None:
    form = Fields()
    assert (form.text("field"), form.maybe_text("field"), form.number("field"), form.flag("field")) == (
        "",
        None,
        None,
        False,
    )
    assert form.is_good
    assert form.is_empty


@pytest.mark.parametrize(
    "read",
    [
        lambda form: form.text("field", is_required=True),
        lambda form: form.number("field", is_required=True),
        lambda form: form.moment("field", is_required=True),
        lambda form: form.choice("field", Size, is_required=True),
        lambda form: form.decimal("field", low=0, high=1, is_required=True),
    ],
)
def test_what_is_needed_and_missing_is_said_beside_the_field(read: Callable[[Fields], object]) -> None:
    form = typed("  ")
    read(form)
    assert form.fault("field") == "This is needed."


@pytest.mark.parametrize("value", ["1.5", "x", "1e3", "٣", "9" * 30, "--1", "-1", "11", "0x1"])
def test_what_is_no_whole_number_from_0_to_10(value: str) -> None:
    form = typed(value)
    assert form.number("field", high=10) is None
    assert form.fault("field") == "A whole number from 0 to 10."


@pytest.mark.parametrize(("value", "number"), [("0", 0), ("10", 10), (" 7 ", 7)])
def test_a_whole_number(value: str, number: int) -> None:
    assert typed(value).number("field", high=10) == number


@pytest.mark.parametrize(("value", "number"), [("1.5", 1.5), ("1,5", 1.5), ("-2", -2.0)])
def test_a_number_with_a_point_or_a_comma(value: str, number: float) -> None:
    assert typed(value).decimal("field", low=-5, high=5) == number


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "6", "1.000,5", "x"])
def test_what_is_no_number_from_0_to_5(value: str) -> None:
    form = typed(value)
    assert form.decimal("field", low=0, high=5) is None
    assert not form.is_good


def test_a_choice_that_is_none_is_named() -> None:
    form = typed("large")
    assert form.choice("field", Size) is None
    assert "'large'" in form.fault("field")
    assert typed("small").choice("field", Size) is Size.SMALL


def test_what_a_database_cannot_keep_is_refused() -> None:
    form = typed("a\0b")
    form.text("field")
    assert "U+0000" in form.fault("field")
    long = typed("x" * 256)
    long.text("field")
    assert long.fault("field") == "At most 255 characters are kept."


def test_a_time_is_in_the_zone_of_whoever_typed_it_unless_it_says_another() -> None:
    zone = find_zone("Europe/Berlin")
    assert zone is not None
    speak(Manner("en", zone, "Europe/Berlin", "auto"))
    try:
        assert typed("2026-07-01 14:00").moment("field") == datetime(2026, 7, 1, 12, tzinfo=UTC)
        assert typed("2026-07-01T14:00:00Z").moment("field") == datetime(2026, 7, 1, 14, tzinfo=UTC)
        shown = Fields.of(at=datetime(2026, 7, 1, 12, tzinfo=UTC))
        assert shown.shown("at") == "2026-07-01T14:00:00"
    finally:
        speak(language.PLAIN)


@pytest.mark.parametrize("value", ["tomorrow", "2026-13-01", "0001-01-01T00:00:00+23:59", "14:00"])
def test_what_is_no_time(value: str) -> None:
    form = typed(value)
    assert form.moment("field") is None
    assert form.fault("field")


def test_a_secret_keeps_its_spaces_and_is_never_shown_again() -> None:
    form = typed(" pass word ")
    assert form.secret("field") == " pass word "
    assert form.shown("field") == ""


def test_the_first_mistake_of_a_field_is_kept() -> None:
    form = Fields()
    form.refuse("field", "first")
    form.refuse("field", "second")
    assert form.fault("field") == "first"


def test_what_the_business_refuses_finds_its_field_or_stands_above_the_form() -> None:
    form = typed("x", "name")
    with form.refusals():
        raise invalid("Another one.", field="name")
    assert form.fault("name") == "Another one."
    with form.refusals():
        raise invalid("Not here.", field="elsewhere")
    assert form.whole == "Not here."


def test_what_is_gone_is_a_matter_of_the_page() -> None:
    with pytest.raises(DomainError), Fields().refusals():
        raise DomainError(Kind.NOT_FOUND, "It is gone.")


def test_a_form_as_it_is_shown_at_first() -> None:
    form = Fields.of(kind=Size.SMALL, on=True, off=False, none=None, many=["a", "b"], count=3)
    assert [form.shown(name) for name in ("kind", "on", "off", "none", "count")] == ["small", "yes", "", "", "3"]
    assert form.all("many") == ["a", "b"]
