"""Payloads are read into the words of their action, and every refusal says what is wrong and where."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType

from forecourt.ocpp.action import Message
from forecourt.ocpp.errors import Fault, PayloadRefused
from forecourt.ocpp.payload import Reader


class Item(Message, frozen=True, kw_only=True):
    name: str


class Order(Message, frozen=True, kw_only=True):
    """Words with every kind of rule."""

    number: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
    label: Annotated[str, Meta(max_length=5)]
    kind: Literal["Soft", "Hard"] = "Soft"
    tenths: float = 0.0
    items: Annotated[list[Item], Meta(min_length=1, max_length=2)] | UnsetType = UNSET
    is_urgent: bool | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.number == 13:
            raise ValueError("no 13th order is taken")


class Nothing(Message, frozen=True):
    """Words without fields."""


ORDERS = Reader(Order)


def read(text: str) -> Order:
    return ORDERS.read(msgspec.Raw(text.encode()))


def refusal(text: str | bytes) -> PayloadRefused:
    raw = text.encode() if isinstance(text, str) else text
    with pytest.raises(PayloadRefused) as refused:
        ORDERS.read(msgspec.Raw(raw))
    return refused.value


def test_fields_are_read_by_their_names_on_the_wire() -> None:
    order = read('{"number":1,"label":"a","isUrgent":true,"items":[{"name":"x"}]}')

    assert order == Order(number=1, label="a", is_urgent=True, items=[Item(name="x")])


def test_absent_fields_stay_absent() -> None:
    assert read('{"number":1,"label":"a"}').items is UNSET


@pytest.mark.parametrize("empty", ["{}", "null", " { } ", " null "])
def test_an_empty_payload_may_be_sent_as_null(empty: str) -> None:
    """OCPP-J 1.6 Table 4."""
    assert Reader(Nothing).read(msgspec.Raw(empty.encode())) == Nothing()


def test_null_for_a_payload_with_required_fields_lacks_them() -> None:
    assert refusal("null").fault is Fault.OCCURRENCE


@pytest.mark.parametrize("number", ["1.0", "1e0", "10e-1", "1.000", "1"])
def test_a_whole_number_may_be_written_with_a_fraction_of_zero(number: str) -> None:
    """JSON Schema takes 1.0 for an integer."""
    order = read(f'{{"number":{number},"label":"a"}}')

    assert order.number == 1
    assert isinstance(order.number, int)


def test_whole_numbers_are_found_at_any_depth() -> None:
    order = read('{"number":-0.0,"label":"a","tenths":3.0,"items":[{"name":"x"}]}')

    assert (order.number, order.tenths) == (0, 3.0)


REFUSALS = [
    ('{"number":1,"label":"a","colour":"red"}', Fault.FORMAT, "$"),
    ('{"number":1,"label":"a","items":[{"name":"x","size":1}]}', Fault.FORMAT, "$.items[0]"),
    ('{"number":1,"label":"a","Label":"a"}', Fault.FORMAT, "$"),
    ("[]", Fault.FORMAT, "$"),
    ('"text"', Fault.FORMAT, "$"),
    ("5", Fault.FORMAT, "$"),
    ("false", Fault.FORMAT, "$"),
    ('{"number":1}', Fault.OCCURRENCE, "$"),
    ('{"number":1,"label":"a","items":[{}]}', Fault.OCCURRENCE, "$.items[0]"),
    ('{"number":1,"label":"a","items":[]}', Fault.OCCURRENCE, "$.items"),
    ('{"number":1,"label":"a","items":[{"name":"1"},{"name":"2"},{"name":"3"}]}', Fault.OCCURRENCE, "$.items"),
    ('{"number":"1","label":"a"}', Fault.TYPE, "$.number"),
    ('{"number":1.5,"label":"a"}', Fault.TYPE, "$.number"),
    ('{"number":true,"label":"a"}', Fault.TYPE, "$.number"),
    ('{"number":1,"label":1}', Fault.TYPE, "$.label"),
    ('{"number":1,"label":null}', Fault.TYPE, "$.label"),
    ('{"number":1,"label":"a","items":{}}', Fault.TYPE, "$.items"),
    ('{"number":1,"label":"a","items":["x"]}', Fault.TYPE, "$.items[0]"),
    ('{"number":1,"label":"a","isUrgent":null}', Fault.TYPE, "$.isUrgent"),
    ('{"number":1,"label":"a","isUrgent":"true"}', Fault.TYPE, "$.isUrgent"),
    ('{"number":1,"label":"a","kind":"soft"}', Fault.PROPERTY, "$.kind"),
    ('{"number":1,"label":"abcdef"}', Fault.PROPERTY, "$.label"),
    ('{"number":9223372036854775808,"label":"a"}', Fault.PROPERTY, "$.number"),
    ('{"number":1e300,"label":"a"}', Fault.PROPERTY, "$.number"),
    ('{"number":13,"label":"a"}', Fault.PROPERTY, "$"),
]


@pytest.mark.parametrize(("text", "fault", "path"), REFUSALS)
def test_what_breaks_the_words_is_refused_with_its_fault_and_path(text: str, fault: Fault, path: str) -> None:
    refused = refusal(text)

    assert (refused.fault, refused.path) == (fault, path)
    assert refused.reason


def test_lengths_count_characters_and_not_bytes() -> None:
    assert read('{"number":1,"label":"😀😀😀😀😀"}').label == "😀" * 5


def test_the_reason_of_the_words_themselves_is_given() -> None:
    assert "no 13th order is taken" in refusal('{"number":13,"label":"a"}').reason


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"number":1,"label":"\xff"}',
        b'{"number":1,"label":"\\ud800"}',
        b'{"number":1e400,"label":"a"}',
        b'{"number":' + b"9" * 5000 + b',"label":"a"}',
        b'{"number":NaN,"label":"a"}',
    ],
)
def test_a_payload_that_is_no_json_is_refused(text: bytes) -> None:
    assert refusal(text).fault is Fault.FORMAT


@pytest.mark.parametrize("depth", [10, 100, 250, 256, 300, 450, 600, 900, 5_000, 100_000])
def test_a_payload_of_any_depth_is_refused_and_never_overflows(depth: int) -> None:
    nested = "[" * depth + "]" * depth

    assert refusal(f'{{"number":1,"label":"a","more":{nested}}}').fault is Fault.FORMAT


@pytest.mark.parametrize("depth", [10, 250, 300, 450, 600, 900, 100_000])
def test_a_deep_payload_that_may_hold_a_nul_is_refused_and_never_overflows(depth: int) -> None:
    nested = "[" * depth + '"\\u0000"' + "]" * depth

    assert refusal(f'{{"number":1,"label":"a","more":{nested}}}').fault in (Fault.FORMAT, Fault.PROPERTY)


@pytest.mark.parametrize(
    "text",
    [
        '{"number":1,"label":"\\u0000"}',
        '{"number":1,"label":"a\\u0000b"}',
        '{"number":1,"label":"\\\\\\u0000"}',
        '{"number":1,"label":"a","items":[{"name":"\\u0000"}]}',
        '{"number":1,"label":"a","\\u0000":1}',
    ],
)
def test_the_character_nul_is_refused(text: str) -> None:
    """A text column of PostgreSQL cannot hold it."""
    refused = refusal(text)

    assert refused.fault is Fault.PROPERTY
    assert "U+0000" in refused.reason


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert read('{"number":1,"label":"a","items":[{"name":"\\\\u0000"}]}').items == [Item(name="\\u0000")]


def test_a_raw_control_character_is_no_json() -> None:
    assert refusal(b'{"number":1,"label":"\x00"}').fault is Fault.FORMAT
