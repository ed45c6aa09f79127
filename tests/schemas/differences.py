"""Where Forecourt deliberately accepts more, or less, than the official schemas of OCPP 1.6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Difference:
    """One deliberate difference; a star stands for every payload type, or every field of the kind."""

    payload_type: str
    field: str
    what: str
    """The name of the change, see ``mutations.py``."""
    we: Literal["accept", "refuse"]
    why: str

    def speaks_of(self, payload_type: str, field: str, what: str) -> bool:
        """Whether this entry is about that change of that field."""
        return self.payload_type in {"*", payload_type} and self.field in {"*", field} and self.what == what


_DATABASE = "the databases hold integers of 64 bits"
_NO_ZONE = "stations in the field leave the zone out; UTC is meant"
_LOOSE_TIME = "the decoder reads it without ambiguity, and refusing a station's report would lose it"
_NO_SUCH_TIME = "the time cannot be held by a date-time of Python, nor by the databases"
_FLOAT_NOISE = "stations compute with floats and do not round; what they mean is beyond doubt"
_EMPTY_SAMPLES = "the schema of StopTransaction accepts it for the same type, and an empty list does no harm"

DIFFERENCES = [
    Difference("*", "*", "integer 9223372036854775808", "refuse", _DATABASE),
    Difference("*", "*", "integer 18446744073709551616", "refuse", _DATABASE),
    Difference("*", "*", "integer 1000000000000000000000000000000", "refuse", _DATABASE),
    Difference("*", "*", "integer -9223372036854775809", "refuse", _DATABASE),
    Difference("*", "*", "date-time without a zone", "accept", _NO_ZONE),
    Difference("*", "*", "date-time without a zone, with a fraction", "accept", _NO_ZONE),
    Difference("*", "*", "date-time with a space for T", "accept", _LOOSE_TIME),
    Difference("*", "*", "date-time with an offset without colon", "accept", _LOOSE_TIME),
    Difference("*", "*", "date-time at a leap second", "refuse", _NO_SUCH_TIME),
    Difference("*", "*", "date-time in the year 0", "refuse", _NO_SUCH_TIME),
    Difference("*", "*", "date-time before the year 1 in UTC", "refuse", _NO_SUCH_TIME),
    Difference("*", "*", "date-time after the year 9999 in UTC", "refuse", _NO_SUCH_TIME),
    Difference("MeterValuesRequest", "meterValue[].sampledValue", "value []", "accept", _EMPTY_SAMPLES),
    Difference(
        "StopTransactionRequest",
        "transactionData[].sampledValue[].unit",
        "word Hertz",
        "accept",
        "the schema of MeterValues has the unit, and a frequency measured in a transaction has no other",
    ),
    Difference(
        "GetInstalledCertificateIdsResponse",
        "certificateHashData",
        "value []",
        "accept",
        "stations say NotFound with an empty list; the whitepaper's own field table allows it (M03)",
    ),
    *(
        Difference(
            "SignedFirmwareStatusNotificationRequest",
            "status",
            f"word {word}",
            "accept",
            "stations that follow edition 1 of the whitepaper report it",
        )
        for word in ("CertificateVerified", "InvalidCertificate", "RevokedCertificate")
    ),
    *(
        Difference(
            "GetCompositeScheduleResponse", f"chargingSchedule.{field}", f"number {rate}", "accept", _FLOAT_NOISE
        )
        for field in ("chargingSchedulePeriod[].limit", "minChargingRate")
        for rate in (6.099999904632568, 0.30000000000000004)
    ),
]
