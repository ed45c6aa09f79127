"""Where on a station something happens: at one of its EVSEs, or at the station as a whole."""

from __future__ import annotations

import enum
from typing import NewType, TypeAlias

EvseId = NewType("EvseId", int)
"""The number of an EVSE, counted from 1. Each EVSE of OCPP 1.6 has exactly one connector."""


class WholeStation(enum.Enum):
    """Not an EVSE: the station itself. OCPP 1.6 writes it as connector 0."""

    WHOLE_STATION = "whole station"


WHOLE_STATION = WholeStation.WHOLE_STATION

Place: TypeAlias = EvseId | WholeStation
