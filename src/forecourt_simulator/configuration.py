"""The configuration keys of a simulated station (OCPP 1.6 §9)."""

from __future__ import annotations

import re
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
    return value.isascii() and value.isdigit() and len(value) < 10


def _is_percentage(value: str) -> bool:
    return _is_count(value) and int(value) <= 100


def _is_flag(value: str) -> bool:
    return value.lower() in {"true", "false"}


def _is_measurands(value: str) -> bool:
    return not value or all(name.strip() in MEASURANDS for name in value.split(","))


def _is_rotation(value: str) -> bool:
    """Such as ``0.RST,1.RTS`` (OCPP 1.6 §9.1.7)."""
    return all(_ROTATION.fullmatch(item.strip()) for item in value.split(","))


def _is_name(value: str) -> bool:
    return bool(value.strip())


_ROTATION: Final = re.compile(r"\d+\.(NotApplicable|Unknown|RST|RTS|SRT|STR|TRS|TSR)", re.ASCII)
_ALL_MEASURANDS: Final = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC"


@dataclass(slots=True)
class _Key:
    value: str
    check: Callable[[str], bool] | None = None
    """What a new value has to pass; None for a key that can only be read."""
    needs_restart: bool = False
    """A new value counts from the next connection on."""
    is_write_only: bool = False


class Configuration:
    """Keys and values. Keys are found whatever their case (CiString50, OCPP 1.6 §7.29).

    All keys of the feature profiles are there; those that a simulated station has no use for are kept and no more.
    """

    def __init__(self, *, connectors: int) -> None:
        self._keys = _core(connectors) | _profiles() | _security()
        self._names = {name.lower(): name for name in self._keys}

    def number(self, name: str) -> int:
        return int(self._keys[name].value)

    def text(self, name: str) -> str:
        return self._keys[name].value

    def flag(self, name: str) -> bool:
        return self._keys[name].value.lower() == "true"

    def items(self, name: str) -> list[str]:
        return [item.strip() for item in self._keys[name].value.split(",") if item.strip()]

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
        return "RebootRequired" if key.needs_restart else "Accepted"

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
        return KeyValue(key=name, readonly=key.check is None, value=UNSET if key.is_write_only else key.value)


def _core(connectors: int) -> dict[str, _Key]:
    """OCPP 1.6 §9.1."""
    return {
        "AllowOfflineTxForUnknownId": _Key("true", _is_flag),
        "AuthorizationCacheEnabled": _Key("false", _is_flag),
        "AuthorizeRemoteTxRequests": _Key("true", _is_flag),
        "BlinkRepeat": _Key("3", _is_count),
        "ClockAlignedDataInterval": _Key("0", _is_count),
        "ConnectionTimeOut": _Key("120", _is_count),
        "ConnectorPhaseRotation": _Key("0.RST", _is_rotation),
        "ConnectorPhaseRotationMaxLength": _Key(str(connectors + 1)),
        "GetConfigurationMaxKeys": _Key("50"),
        "HeartbeatInterval": _Key("300", _is_count),
        "LightIntensity": _Key("80", _is_percentage),
        "LocalAuthorizeOffline": _Key("true", _is_flag),
        "LocalPreAuthorize": _Key("false", _is_flag),
        "MaxEnergyOnInvalidId": _Key("0", _is_count),
        "MeterValuesAlignedData": _Key("Energy.Active.Import.Register", _is_measurands),
        "MeterValuesAlignedDataMaxLength": _Key(str(len(MEASURANDS))),
        "MeterValueSampleInterval": _Key("60", _is_count),
        "MeterValuesSampledData": _Key(_ALL_MEASURANDS, _is_measurands),
        "MeterValuesSampledDataMaxLength": _Key(str(len(MEASURANDS))),
        "MinimumStatusDuration": _Key("0", _is_count),
        "NumberOfConnectors": _Key(str(connectors)),
        "ResetRetries": _Key("1", _is_count),
        "StopTransactionOnEVSideDisconnect": _Key("true"),
        "StopTransactionOnInvalidId": _Key("true", _is_flag),
        "StopTxnAlignedData": _Key("", _is_measurands),
        "StopTxnAlignedDataMaxLength": _Key(str(len(MEASURANDS))),
        "StopTxnSampledData": _Key("", _is_measurands),
        "StopTxnSampledDataMaxLength": _Key(str(len(MEASURANDS))),
        "SupportedFeatureProfiles": _Key(
            "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
        ),
        "TransactionMessageAttempts": _Key("3", _is_count),
        "TransactionMessageRetryInterval": _Key("10", _is_count),
        "UnlockConnectorOnEVSideDisconnect": _Key("true", _is_flag),
        "WebSocketPingInterval": _Key("60", _is_count, needs_restart=True),
    }


def _profiles() -> dict[str, _Key]:
    """OCPP 1.6 §9.2 to §9.4."""
    return {
        "ChargeProfileMaxStackLevel": _Key("10"),
        "ChargingScheduleAllowedChargingRateUnit": _Key("Current,Power"),
        "ChargingScheduleMaxPeriods": _Key("24"),
        "ConnectorSwitch3to1PhaseSupported": _Key("false"),
        "LocalAuthListEnabled": _Key("true", _is_flag),
        "LocalAuthListMaxLength": _Key("1000"),
        "MaxChargingProfilesInstalled": _Key("20"),
        "ReserveConnectorZeroSupported": _Key("true"),
        "SendLocalListMaxLength": _Key("100"),
    }


def _security() -> dict[str, _Key]:
    """Security whitepaper §7. AuthorizationKey and SecurityProfile are changed by :mod:`forecourt_simulator.security`,
    which also keeps the first of them."""
    return {
        "AdditionalRootCertificateCheck": _Key("false"),
        "AuthorizationKey": _Key("", _is_name, is_write_only=True),
        "CertificateSignedMaxChainSize": _Key("10000"),
        "CertificateStoreMaxLength": _Key("8"),
        "CpoName": _Key("Forecourt", _is_name),
        "SecurityProfile": _Key("0", _is_count),
        "SupportedFileTransferProtocols": _Key("FTP,HTTP,HTTPS"),
    }
