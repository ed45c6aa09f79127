"""How far tables have come: one statement, which reads the ends of indexes."""

from __future__ import annotations

from typing import Final

from forecourt.domain.pulse.model import Mark, Marks
from forecourt.storage.unit_of_work import Unit

ENDS: Final = {
    Mark.TRANSACTION: "max(id) FROM station_transaction",
    Mark.METER_VALUE: "max(key) FROM meter_value",
    Mark.STATUS: "max(key) FROM status_history",
    Mark.ERRAND: "max(number) FROM errand",
    Mark.ERRAND_CHANGE: "max(changed_at) FROM errand",
    Mark.JOB_STATUS: "max(key) FROM job_status",
    Mark.SECURITY_EVENT: "max(key) FROM security_event",
    Mark.SECURITY_LOG: "max(number) FROM security_log",
    Mark.ALARM: "max(number) FROM alarm",
    Mark.TRUST: "max(version) FROM trust_version",
    Mark.SIGNING: "max(number) FROM signing_request",
    Mark.MESSAGE: "max(number) FROM message",
    Mark.EVENT: "max(number) FROM event",
}
_MARKS: Final = "SELECT " + ", ".join(f"(SELECT {end})" for end in ENDS.values())


class PulseRecords:
    """The PulseStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def marks(self) -> Marks:
        row = self._unit.one(_MARKS)
        return dict(zip(ENDS, (int(value or 0) for value in row or ()), strict=True))
