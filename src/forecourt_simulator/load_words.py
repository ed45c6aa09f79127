"""The messages of the load, encoded beforehand: only ids, moments and readings are filled in.

The text is made once from the words of OCPP 1.6, so that it is what any station would send.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Final, Literal

import msgspec
from msgspec import UNSET

from forecourt.dialects.v16.messages.boot_notification import BOOT_NOTIFICATION, BootNotificationRequest
from forecourt.dialects.v16.messages.heartbeat import HEARTBEAT, HeartbeatRequest
from forecourt.dialects.v16.messages.meter_values import METER_VALUES, MeterValuesRequest
from forecourt.dialects.v16.messages.metering import MeterValue, Phase, ReadingContext, SampledValue
from forecourt.dialects.v16.messages.start_transaction import START_TRANSACTION, StartTransactionRequest
from forecourt.dialects.v16.messages.status_notification import (
    STATUS_NOTIFICATION,
    ChargePointStatus,
    StatusNotificationRequest,
)
from forecourt.dialects.v16.messages.stop_transaction import STOP_TRANSACTION, StopTransactionRequest
from forecourt.ocpp.action import Message
from forecourt.ocpp.session import AnyAction

Kind = Literal["MeterValues", "StatusNotification", "Heartbeat", "Session"]

MIX: Final[Sequence[Kind]] = ("MeterValues",) * 14 + ("StatusNotification",) * 3 + ("Heartbeat",) * 2 + ("Session",)
"""70 % meter values, 15 % status, 10 % heartbeats, 5 % sessions (StartTransaction and StopTransaction in turn)."""

_MOMENT: Final = datetime(2001, 2, 3, 4, 5, 6, 789000, UTC)
_ENERGY_WH: Final = 987654321
_TRANSACTION: Final = 123454321
_MARKS: Final = {
    msgspec.json.encode(_MOMENT).strip(b'"'): b"%(now)b",
    str(_ENERGY_WH).encode(): b"%(energy)d",
    str(_TRANSACTION).encode(): b"%(transaction)d",
}
_BLANKS: Final = (b"id", b"now", b"energy", b"transaction")
_BLANK: Final = re.compile(rb"%\((id|now|energy|transaction)\)")


class Template:
    """One CALL, of which only the id, the moment, the energy register and the transaction are open."""

    __slots__ = ("_arrange", "_text", "action")

    def __init__(self, action: AnyAction, words: Message) -> None:
        self.action = action.name
        payload = msgspec.json.encode(words).replace(b"%", b"%%")
        for mark, blank in _MARKS.items():
            payload = payload.replace(mark, blank)
        text = b'[2,"%%(id)b","%b",%b]' % (action.name.encode(), payload)
        # Filling by position costs less than half of filling by name.
        self._arrange = itemgetter(*(_BLANKS.index(name) for name in _BLANK.findall(text)))
        self._text = _BLANK.sub(b"%", text)

    def fill(self, call_id: bytes, *, now: bytes, energy_wh: int, transaction_id: int) -> bytes:
        """The frame; ``now`` is an RFC 3339 moment."""
        frame: bytes = self._text % self._arrange((call_id, now, energy_wh, transaction_id))
        return frame


def meter_values(*, is_charging: bool) -> Template:
    """Eight sampled values; with its frame about 850 bytes."""
    meter_value = MeterValue(timestamp=_MOMENT, sampled_value=_sampled_values())
    words = MeterValuesRequest(
        connector_id=1, transaction_id=_TRANSACTION if is_charging else UNSET, meter_value=[meter_value]
    )
    return Template(METER_VALUES, words)


def status(status: ChargePointStatus) -> Template:
    words = StatusNotificationRequest(connector_id=1, error_code="NoError", status=status, timestamp=_MOMENT)
    return Template(STATUS_NOTIFICATION, words)


def start(id_tag: str) -> Template:
    words = StartTransactionRequest(connector_id=1, id_tag=id_tag, meter_start=_ENERGY_WH, timestamp=_MOMENT)
    return Template(START_TRANSACTION, words)


def stop(id_tag: str) -> Template:
    words = StopTransactionRequest(
        id_tag=id_tag, meter_stop=_ENERGY_WH, timestamp=_MOMENT, transaction_id=_TRANSACTION, reason="Local"
    )
    return Template(STOP_TRANSACTION, words)


def heartbeat() -> Template:
    return Template(HEARTBEAT, HeartbeatRequest())


def boot(identity: str) -> Template:
    words = BootNotificationRequest(
        charge_point_vendor="Forecourt", charge_point_model="Load", charge_point_serial_number=identity[:25]
    )
    return Template(BOOT_NOTIFICATION, words)


def _sampled_values() -> list[SampledValue]:
    context: ReadingContext = "Sample.Periodic"
    phases: Sequence[Phase] = ("L1", "L2", "L3")
    energy = SampledValue(value=str(_ENERGY_WH), context=context, measurand="Energy.Active.Import.Register", unit="Wh")
    power = SampledValue(value="11040.0", context=context, measurand="Power.Active.Import", unit="W")
    currents = [
        SampledValue(value="16.01", context=context, measurand="Current.Import", phase=phase, unit="A")
        for phase in phases
    ]
    voltages = [SampledValue(value="230.1", measurand="Voltage", phase=phase, unit="V") for phase in phases[:2]]
    soc = SampledValue(value="57", context=context, measurand="SoC", unit="Percent")
    return [energy, power, *currents, *voltages, soc]
