"""Words of OCPP 1.6 become terms of the house and back."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from forecourt.dialects.v16.messages.metering import MeterValue, SampledValue
from forecourt.dialects.v16.translate import or_none, to_id_tag_info, to_place, to_readings
from forecourt.domain.authorization.model import AuthorizationStatus, Verdict
from forecourt.domain.errors import Kind
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.transactions.metering import Reading, Sample
from tests.domain.world import refused
from tests.support.clock import NOON


@pytest.mark.parametrize("value", [0, "", False, "text"])
def test_a_value_that_was_sent_stays_whatever_it_is(value: object) -> None:
    assert or_none(value) is value


def test_an_absent_value_is_none() -> None:
    absent: str | UnsetType = UNSET
    assert or_none(absent) is None


def test_connector_0_is_the_station_and_every_other_is_an_evse() -> None:
    """OCPP 1.6 §3.7."""
    assert to_place(0) is WHOLE_STATION
    assert to_place(1) == EvseId(1)
    assert to_place(2**63 - 1) == EvseId(2**63 - 1)


@pytest.mark.parametrize("connector_id", [-1, -(2**63)])
def test_there_is_no_negative_connector(connector_id: int) -> None:
    with refused(Kind.INVALID, field="connectorId", about=str(connector_id)):
        to_place(connector_id)


@pytest.mark.parametrize("status", AuthorizationStatus)
def test_every_verdict_has_its_word(status: AuthorizationStatus) -> None:
    assert msgspec.json.encode(to_id_tag_info(Verdict(status))) == f'{{"status":"{status.value}"}}'.encode()


def test_the_end_and_the_group_of_a_token_are_told_when_it_has_them() -> None:
    info = to_id_tag_info(Verdict(AuthorizationStatus.EXPIRED, NOON, "FLEET"))

    encoded = msgspec.json.encode(info)
    assert encoded == b'{"status":"Expired","expiryDate":"2026-01-01T12:00:00Z","parentIdTag":"FLEET"}'


def test_readings_keep_every_field_as_sent() -> None:
    sampled = SampledValue(
        value="1.5",
        context="Sample.Clock",
        format="Raw",
        measurand="Power.Active.Import",
        phase="L1",
        location="Inlet",
        unit="kW",
    )
    meter_values = [MeterValue(timestamp=NOON, sampled_value=[sampled, SampledValue(value="7")])]

    assert to_readings(meter_values) == [
        Reading(
            NOON,
            [
                Sample("1.5", "Sample.Clock", "Raw", "Power.Active.Import", "L1", "Inlet", "kW"),
                Sample("7", None, None, None, None, None, None),
            ],
        )
    ]


def test_readings_keep_their_order() -> None:
    moments = [datetime(2026, 1, day, tzinfo=UTC) for day in (3, 1, 2)]
    meter_values = [MeterValue(timestamp=moment, sampled_value=[]) for moment in moments]

    assert [reading.taken_at for reading in to_readings(meter_values)] == moments


def test_no_meter_values_are_no_readings() -> None:
    assert list(to_readings(UNSET)) == []
    assert list(to_readings([])) == []
