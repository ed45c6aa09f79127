"""What an operator writes is read, or every fault in it is said at once, with its path."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Meta, UnsetType

from forecourt.dialects.v16 import dialect
from forecourt.operations.operation import Parameters
from forecourt.operations.reading import MAX_FAULTS, BadParameters, read_parameters

V16 = dialect.make()


class Period(Parameters, frozen=True, kw_only=True):
    start: Annotated[int, Meta(ge=0, description="Seconds.")]
    limit: Annotated[float, Meta(ge=0, description="Amperes.")] = 0


class Plan(Parameters, frozen=True, kw_only=True):
    name: Annotated[str, Meta(max_length=5, description="A name.")]
    kind: Annotated[Literal["Fast", "Slow"], Meta(description="A kind.")] = "Fast"
    periods: Annotated[list[Period], Meta(description="Steps.")] | UnsetType = UNSET


def faults(kind: type[msgspec.Struct], written: object) -> dict[str, str]:
    raw = written if isinstance(written, bytes) else json.dumps(written).encode()
    with pytest.raises(BadParameters) as caught:
        read_parameters(raw, kind)
    found = {one.path: one.reason for one in caught.value.fields}
    assert all(reason.endswith(".") for reason in found.values())
    assert all(one.reason in str(caught.value) for one in caught.value.fields)
    return found


def test_what_fits_is_read() -> None:
    written = b'{"name":"abc","kind":"Slow","periods":[{"start":0,"limit":6.5}]}'
    assert read_parameters(written, Plan) == Plan(name="abc", kind="Slow", periods=[Period(start=0, limit=6.5)])


@pytest.mark.parametrize("empty", [b"", b"{}", b" {} "])
def test_no_body_is_no_parameters(empty: bytes) -> None:
    class Nothing(Parameters, frozen=True, kw_only=True):
        name: str | UnsetType = UNSET

    assert read_parameters(empty, Nothing) == Nothing()


def test_every_fault_is_said_with_its_path() -> None:
    found = faults(
        Plan,
        {
            "name": "too long",
            "kind": "Reckless",
            "colour": "green",
            "periods": [{"start": 0}, {"start": -1, "limit": "all"}, {"limit": 1}],
        },
    )
    assert set(found) == {
        "name",
        "kind",
        "colour",
        "periods[1].start",
        "periods[1].limit",
        "periods[2].start",
    }


def test_what_is_missing_is_named() -> None:
    assert set(faults(Plan, {})) == {"name"}


@pytest.mark.parametrize("written", [b"null", b"[]", b"5", b'"Reset"', b"true"])
def test_parameters_are_an_object(written: bytes) -> None:
    assert set(faults(Plan, written)) == {""}


@pytest.mark.parametrize(
    "written",
    [
        b"{",
        b"nonsense",
        b" ",
        b'{"name": }',
        b'{"name":"\xff"}',
        b"\xff\xfe",
        b"{}{}",
        b"[" * 100_000,
        b'{"a":' * 90_000,
    ],
)
def test_what_is_no_json_is_said_to_be_none(written: bytes) -> None:
    assert "not JSON" in faults(Plan, written)[""]


@pytest.mark.parametrize("depth", [10, 100, 300, 500, 900])
def test_nothing_that_is_nested_deeply_does_harm(depth: int) -> None:
    assert faults(Plan, b'{"name":' + b"[" * depth + b"]" * depth + b"}")


@pytest.mark.parametrize("where", [b'{"name":"a\\u0000"}', b'{"a\\u0000":1}', b'{"periods":[{"x":["\\u0000"]}]}'])
def test_no_text_may_hold_nul(where: bytes) -> None:
    """PostgreSQL keeps none."""
    assert "U+0000" in faults(Plan, where)[""]


@pytest.mark.parametrize("number", [b"1e400", b"-1e400", b"1" + b"0" * 400, b"9223372036854775808", b"1.5", b"NaN"])
def test_a_number_that_cannot_be_kept_is_refused(number: bytes) -> None:
    reset = V16.actions["RemoteStopTransaction"].request
    assert faults(reset, b'{"transactionId":' + number + b"}")


@pytest.mark.parametrize("at", ["tomorrow", "2026-13-01T00:00:00Z", "2026-01-01", "0000-01-01T00:00:00Z", ""])
def test_a_date_that_is_none_is_refused_with_its_path(at: str) -> None:
    reserve = V16.actions["ReserveNow"].request
    found = faults(reserve, {"connectorId": 1, "expiryDate": at, "idTag": "T", "reservationId": 1})
    assert set(found) == {"expiryDate"}


@pytest.mark.parametrize("limit", [6.05, 0.01])
def test_limits_have_steps_of_a_tenth(limit: float) -> None:
    """OCPP 1.6 §7.14."""
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.1}, {"startPeriod": 1, "limit": limit}],
        },
    }
    request = V16.actions["SetChargingProfile"].request
    found = faults(request, {"connectorId": 1, "csChargingProfiles": profile})
    assert set(found) == {"csChargingProfiles.chargingSchedule.chargingSchedulePeriod[1]"}
    assert "limit" in str(found)


def test_so_many_faults_are_said_and_no_more() -> None:
    with pytest.raises(BadParameters) as caught:
        read_parameters(json.dumps({"name": "a", "periods": [{}] * 1000}).encode(), Plan)
    assert len(caught.value.fields) == MAX_FAULTS


def assert_read_or_refused(written: bytes) -> None:
    found = []
    try:
        read_parameters(written, Plan)
    except BadParameters as bad:
        found = bad.fields
    assert all(one.reason for one in found)


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(written: bytes) -> None:
    assert_read_or_refused(written)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["name", "kind", "periods", "more"]), json_values))
@settings(max_examples=300, deadline=None)
def test_any_object_is_read_or_refused(written: dict[str, object]) -> None:
    assert_read_or_refused(json.dumps(written).encode())
