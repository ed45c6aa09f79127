"""The configuration keys of a simulated station (OCPP 1.6 §9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from msgspec import UNSET

from forecourt.dialects.v16.messages.change_configuration import ConfigurationStatus
from forecourt.dialects.v16.messages.datatypes import KeyValue
from forecourt.dialects.v16.messages.get_configuration import GetConfigurationResponse
from forecourt.dialects.v16.messages.metering import Measurand

MEASURANDS: Final[frozenset[str]] = frozenset(
    {"Energy.Active.Import.Register", "Power.Active.Import", "Current.Import", "Voltage", "SoC"}
)
"""What a simulated meter can measure."""

if not frozenset(get_args(Measurand)) >= MEASURANDS:
    raise TypeError("a simulated meter measures something that OCPP 1.6 has no name for")


def _is_count(value: str) -> bool:
    return value.isascii() and value.isdigit()


def _is_flag(value: str) -> bool:
    return value.lower() in {"true", "false"}


def _is_measurands(value: str) -> bool:
    return all(name.strip() in MEASURANDS for name in value.split(","))


@dataclass(slots=True)
class _Key:
    value: str
    check: Callable[[str], bool] | None = None
    """What a new value has to pass; None for a key that can only be read."""


class Configuration:
    """Keys and values. Keys are found whatever their case (CiString50, OCPP 1.6 §7.29)."""

    def __init__(self, *, connectors: int) -> None:
        self._keys = {
            "AllowOfflineTxForUnknownId": _Key("true", _is_flag),
            "AuthorizeRemoteTxRequests": _Key("true", _is_flag),
            "ConnectionTimeOut": _Key("120", _is_count),
            "GetConfigurationMaxKeys": _Key("50"),
            "HeartbeatInterval": _Key("300", _is_count),
            "MeterValueSampleInterval": _Key("60", _is_count),
            "MeterValuesSampledData": _Key(
                "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC", _is_measurands
            ),
            "NumberOfConnectors": _Key(str(connectors)),
            "StopTransactionOnEVSideDisconnect": _Key("true"),
            "StopTransactionOnInvalidId": _Key("true", _is_flag),
            "SupportedFeatureProfiles": _Key("Core,RemoteTrigger"),
            "TransactionMessageAttempts": _Key("3", _is_count),
            "TransactionMessageRetryInterval": _Key("10", _is_count),
        }
        self._names = {name.lower(): name for name in self._keys}

    def number(self, name: str) -> int:
        return int(self._keys[name].value)

    def flag(self, name: str) -> bool:
        return self._keys[name].value.lower() == "true"

    def items(self, name: str) -> list[str]:
        return [item.strip() for item in self._keys[name].value.split(",")]

    def put(self, name: str, value: str) -> None:
        """Set a key from inside the station, without asking whether it may be changed."""
        self._keys[name].value = value

    def change(self, name: str, value: str) -> ConfigurationStatus:
        """What ChangeConfiguration asks for (OCPP 1.6 §5.3)."""
        known = self._names.get(name.lower())
        if known is None:
            return "NotSupported"
        key = self._keys[known]
        if key.check is None or not key.check(value):
            return "Rejected"
        key.value = value
        return "Accepted"

    def read(self, names: Sequence[str]) -> GetConfigurationResponse:
        """What GetConfiguration asks for; no names for all keys (OCPP 1.6 §5.8)."""
        wanted = names or list(self._keys)
        known = [self._names[name.lower()] for name in wanted if name.lower() in self._names]
        unknown = [name for name in wanted if name.lower() not in self._names]
        return GetConfigurationResponse(
            configuration_key=[self._key_value(name) for name in known],
            unknown_key=unknown or UNSET,
        )

    def _key_value(self, name: str) -> KeyValue:
        key = self._keys[name]
        return KeyValue(key=name, readonly=key.check is None, value=key.value)
