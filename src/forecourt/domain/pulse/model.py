"""By what it is seen, without reading anything, that something is new."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TypeAlias


class Mark(enum.Enum):
    """What is looked at: the newest of its kind."""

    TRANSACTION = "transaction"
    METER_VALUE = "meterValue"
    STATUS = "status"
    ERRAND = "errand"
    ERRAND_CHANGE = "errandChange"
    JOB_STATUS = "jobStatus"
    SECURITY_EVENT = "securityEvent"
    SECURITY_LOG = "securityLog"
    ALARM = "alarm"
    TRUST = "trust"
    SIGNING = "signing"
    MESSAGE = "message"
    EVENT = "event"


Marks: TypeAlias = Mapping[Mark, int]
"""How far each has come. A number says nothing but that it is another than before."""
