"""What looks wrong about a reservation that an operator asks for. It is asked for all the same."""

from __future__ import annotations

from typing import Final

WHOLE_STATION_SETTING: Final = "ReserveConnectorZeroSupported"
"""The setting with which a station says whether it can keep any of its EVSEs (OCPP 1.6 §9.3)."""


def warnings_about_whole_station(setting: str | None) -> tuple[str, ...]:
    """Sentences about reserving a station as a whole, by the value of its setting; None when that is not known."""
    if setting is None or setting.strip().lower() != "false":
        return ()
    return (f"The station says that it cannot reserve connector 0: its {WHOLE_STATION_SETTING} is {setting}.",)
