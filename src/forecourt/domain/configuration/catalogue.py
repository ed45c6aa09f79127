"""Every configuration key of OCPP 1.6 (§9, with its errata) and of its security whitepaper (§7), and those of notes
to the standard that stations are often asked for."""

from __future__ import annotations

from typing import Final

from forecourt.domain.configuration.keys import SECURITY, Access, Items, Key, boolean, integer, items, text

_CORE: Final = "Core"
_LISTS: Final = "LocalAuthListManagement"
_RESERVATION: Final = "Reservation"
_CHARGING: Final = "SmartCharging"
_FIRMWARE: Final = "FirmwareManagement"
_SECURITY: Final = SECURITY
_ISO_15118: Final = "ISO 15118 Plug & Charge"
_PRICING: Final = "California Pricing"

_PHASES: Final = ("L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1")
_MEASURANDS: Final = Items(
    (
        "Energy.Active.Import.Register",
        "Energy.Active.Export.Register",
        "Energy.Reactive.Import.Register",
        "Energy.Reactive.Export.Register",
        "Energy.Active.Import.Interval",
        "Energy.Active.Export.Interval",
        "Energy.Reactive.Import.Interval",
        "Energy.Reactive.Export.Interval",
        "Power.Active.Import",
        "Power.Active.Export",
        "Power.Reactive.Import",
        "Power.Reactive.Export",
        "Power.Offered",
        "Power.Factor",
        "Current.Import",
        "Current.Export",
        "Current.Offered",
        "Voltage",
        "Frequency",
        "Temperature",
        "SoC",
        "RPM",
    ),
    endings=_PHASES,
)
_ROTATIONS: Final = Items(
    ("NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR"),
    is_numbered=True,
)
_PROFILES: Final = Items((_CORE, _FIRMWARE, _LISTS, _RESERVATION, _CHARGING, "RemoteTrigger"))
_UNITS: Final = Items(("Current", "Power"))
_PROTOCOLS: Final = Items(("FTP", "FTPS", "HTTP", "HTTPS"))

_READ: Final = Access.READ


def _limit(name: str, of: str, *, profile: str = _CORE) -> Key:
    return integer(
        name, f"How many items {of} may hold.", profile=profile, access=_READ, is_required=False, unit="items"
    )


KEYS: Final[tuple[Key, ...]] = (
    # OCPP 1.6 §9.1
    boolean(
        "AllowOfflineTxForUnknownId",
        "While off line, let id tags charge that the station does not know. Stations that cannot do so lack the key.",
        profile=_CORE,
        is_required=False,
    ),
    boolean(
        "AuthorizationCacheEnabled",
        "Remember the answers to Authorize. Stations without a cache lack the key.",
        profile=_CORE,
        is_required=False,
    ),
    boolean(
        "AuthorizeRemoteTxRequests",
        "Ask whether the id tag may charge before a transaction is started from here.",
        profile=_CORE,
        access=Access.EITHER,
    ),
    integer("BlinkRepeat", "How often the lamp blinks as a signal.", profile=_CORE, is_required=False, unit="times"),
    integer(
        "ClockAlignedDataInterval",
        "Meter values are taken at every multiple of this time after midnight; 0 takes none.",
        profile=_CORE,
        unit="s",
    ),
    integer(
        "ConnectionTimeOut",
        "How long a driver who was admitted has to plug in before the station gives up.",
        profile=_CORE,
        unit="s",
    ),
    items(
        "ConnectorPhaseRotation",
        "How the phases of each connector are wired; connector 0 is the connection of the station itself.",
        _ROTATIONS,
        profile=_CORE,
    ),
    _limit("ConnectorPhaseRotationMaxLength", "ConnectorPhaseRotation"),
    integer(
        "GetConfigurationMaxKeys",
        "How many keys may be asked for in one GetConfiguration.",
        profile=_CORE,
        access=_READ,
        unit="keys",
        low=1,
    ),
    integer(
        "HeartbeatInterval", "The silence after which the station sends a Heartbeat.", profile=_CORE, unit="s", low=1
    ),
    integer("LightIntensity", "How bright the lamps are.", profile=_CORE, is_required=False, unit="%", high=100),
    boolean("LocalAuthorizeOffline", "While off line, let id tags charge that the station knows.", profile=_CORE),
    boolean(
        "LocalPreAuthorize",
        "Let id tags charge that the station knows without waiting for an answer from here.",
        profile=_CORE,
    ),
    integer(
        "MaxEnergyOnInvalidId",
        "How much may still be charged after the id tag turned out to be not accepted.",
        profile=_CORE,
        is_required=False,
        unit="Wh",
    ),
    integer(
        "MessageTimeout",
        "How long the station waits for the answer to its request.",
        profile=_CORE,
        is_required=False,
        unit="s",
        low=1,
    ),
    items(
        "MeterValuesAlignedData",
        "What is measured at the times of ClockAlignedDataInterval and sent in MeterValues.",
        _MEASURANDS,
        profile=_CORE,
    ),
    _limit("MeterValuesAlignedDataMaxLength", "MeterValuesAlignedData"),
    items(
        "MeterValuesSampledData",
        "What is measured every MeterValueSampleInterval and sent in MeterValues.",
        _MEASURANDS,
        profile=_CORE,
    ),
    _limit("MeterValuesSampledDataMaxLength", "MeterValuesSampledData"),
    integer(
        "MeterValueSampleInterval",
        "The time between two samples during a transaction; 0 takes none.",
        profile=_CORE,
        unit="s",
    ),
    integer(
        "MinimumStatusDuration",
        "How long a connector must be in a state before it is reported.",
        profile=_CORE,
        is_required=False,
        unit="s",
    ),
    integer("NumberOfConnectors", "How many connectors the station has.", profile=_CORE, access=_READ, low=1),
    integer("ResetRetries", "How often a reset is tried again that did not succeed.", profile=_CORE, unit="times"),
    integer(
        "StopTransactionMaxMeterValues",
        "How many meter values a StopTransaction holds at most.",
        profile=_CORE,
        access=_READ,
        is_required=False,
    ),
    boolean(
        "StopTransactionOnEVSideDisconnect",
        "End the transaction when the cable is pulled at the vehicle.",
        profile=_CORE,
        access=Access.EITHER,
        is_required=False,
    ),
    boolean(
        "StopTransactionOnInvalidId",
        "End a transaction whose id tag was answered with anything but Accepted.",
        profile=_CORE,
    ),
    items(
        "StopTxnAlignedData",
        "What is measured at the times of ClockAlignedDataInterval and sent in StopTransaction.",
        _MEASURANDS,
        profile=_CORE,
    ),
    _limit("StopTxnAlignedDataMaxLength", "StopTxnAlignedData"),
    items(
        "StopTxnSampledData",
        "What is measured during a transaction and sent in StopTransaction.",
        _MEASURANDS,
        profile=_CORE,
    ),
    _limit("StopTxnSampledDataMaxLength", "StopTxnSampledData"),
    items(
        "SupportedFeatureProfiles",
        "The feature profiles that the station has.",
        _PROFILES,
        profile=_CORE,
        access=_READ,
    ),
    _limit("SupportedFeatureProfilesMaxLength", "SupportedFeatureProfiles"),
    integer(
        "TransactionMessageAttempts",
        "How often a message about a transaction is sent when it is answered with an error.",
        profile=_CORE,
        unit="times",
    ),
    integer(
        "TransactionMessageRetryInterval",
        "The wait before such a message is sent again, times the attempts made before.",
        profile=_CORE,
        unit="s",
    ),
    boolean(
        "UnlockConnectorOnEVSideDisconnect",
        "Unlock the cable at the station when it is pulled at the vehicle. Always false where the cable is fixed.",
        profile=_CORE,
        access=Access.EITHER,
    ),
    integer(
        "WebSocketPingInterval",
        "The time between two pings of the station; 0 sends none.",
        profile=_CORE,
        is_required=False,
        unit="s",
    ),
    # OCPP 1.6 §9.2
    boolean("LocalAuthListEnabled", "Use the local authorization list.", profile=_LISTS),
    integer(
        "LocalAuthListMaxLength",
        "How many entries the local authorization list may hold.",
        profile=_LISTS,
        access=_READ,
        unit="entries",
    ),
    integer(
        "SendLocalListMaxLength",
        "How many entries one SendLocalList may hold.",
        profile=_LISTS,
        access=_READ,
        unit="entries",
        low=1,
    ),
    # OCPP 1.6 §9.3
    boolean(
        "ReserveConnectorZeroSupported",
        "A reservation may leave the choice of the connector open.",
        profile=_RESERVATION,
        access=_READ,
        is_required=False,
    ),
    # OCPP 1.6 §9.4
    integer("ChargeProfileMaxStackLevel", "The highest stack level that is taken.", profile=_CHARGING, access=_READ),
    items(
        "ChargingScheduleAllowedChargingRateUnit",
        "In what a schedule may limit: Current is A, Power is W.",
        _UNITS,
        profile=_CHARGING,
        access=_READ,
    ),
    integer(
        "ChargingScheduleMaxPeriods",
        "How many periods a schedule may have.",
        profile=_CHARGING,
        access=_READ,
        unit="periods",
        low=1,
    ),
    boolean(
        "ConnectorSwitch3to1PhaseSupported",
        "The station can change from three phases to one while it charges.",
        profile=_CHARGING,
        access=_READ,
        is_required=False,
    ),
    integer(
        "MaxChargingProfilesInstalled",
        "How many charging profiles may be installed at a time.",
        profile=_CHARGING,
        access=_READ,
        unit="profiles",
    ),
    # OCPP 1.6 errata 3.90
    items(
        "SupportedFileTransferProtocols",
        "How the station can fetch and send files.",
        _PROTOCOLS,
        profile=_FIRMWARE,
        access=_READ,
        is_required=False,
    ),
    # Security whitepaper §7
    boolean(
        "AdditionalRootCertificateCheck",
        "A new root certificate of the central system must be signed by the one before.",
        profile=_SECURITY,
        access=_READ,
        is_required=False,
    ),
    text(
        "AuthorizationKey",
        "The station's password for HTTP Basic: 16 to 20 bytes in hexadecimal.",
        profile=_SECURITY,
        access=Access.WRITE,
        takes_effect="The station connects anew with it (security whitepaper A01).",
    ),
    integer(
        "CertificateSignedMaxChainSize",
        "How many characters a certificate chain in CertificateSigned may have.",
        profile=_SECURITY,
        access=_READ,
        is_required=False,
        unit="characters",
        high=10_000,
    ),
    integer(
        "CertificateStoreMaxLength",
        "How many root certificates can be installed.",
        profile=_SECURITY,
        access=_READ,
        is_required=False,
        unit="certificates",
    ),
    text("CpoName", "The operator's name, as it stands in the station's certificate.", profile=_SECURITY),
    integer(
        "SecurityProfile",
        "How the connection is secured; it can only be raised over OCPP.",
        profile=_SECURITY,
        is_required=False,
        high=3,
        takes_effect="The station connects anew with it (security whitepaper A05).",
    ),
    # Notes to the standard, by the Open Charge Alliance
    boolean("ISO15118PnCEnabled", "Let vehicles identify by contract.", profile=_ISO_15118, is_required=False),
    boolean(
        "CentralContractValidationAllowed",
        "Have contracts checked here that the station cannot check.",
        profile=_ISO_15118,
        is_required=False,
    ),
    boolean(
        "ContractValidationOffline",
        "While off line, let the station check contracts.",
        profile=_ISO_15118,
        is_required=False,
    ),
    integer(
        "CertSigningWaitMinimum",
        "The wait before a certificate is asked for again.",
        profile=_ISO_15118,
        is_required=False,
        unit="s",
    ),
    integer(
        "CertSigningRepeatTimes",
        "How often a certificate is asked for again.",
        profile=_ISO_15118,
        is_required=False,
        unit="times",
    ),
    boolean("CustomDisplayCostAndPrice", "Show drivers costs and prices.", profile=_PRICING, is_required=False),
    integer(
        "NumberOfDecimalsForCostValues",
        "Decimals of the costs that are shown.",
        profile=_PRICING,
        is_required=False,
    ),
    text("DefaultPriceText", "What is shown as the price before the driver is known.", profile=_PRICING),
    text("DefaultPrice", "The price before the driver is known.", profile=_PRICING),
    text("TimeOffset", "The station's offset from UTC, as in +02:00.", profile=_PRICING),
    text("NextTimeOffsetTransitionDateTime", "When that offset changes next.", profile=_PRICING),
    text("TimeOffsetNextTransition", "The offset that holds from then on.", profile=_PRICING),
    text("SupportedLanguages", "The languages of the display, as in en,es.", profile=_PRICING, access=_READ),
    text("Language", "The language of the display unless the driver chooses another.", profile=_PRICING),
    boolean(
        "CustomMultiLanguageMessages",
        "Messages are given in several languages.",
        profile=_PRICING,
        is_required=False,
    ),
    integer(
        "WaitForSetUserPriceTimeout",
        "How long to wait for a driver's own price before the default is shown.",
        profile=_PRICING,
        is_required=False,
        unit="s",
    ),
)

_BY_FOLDED_NAME: Final = {key.name.lower(): key for key in KEYS}


def known_key(name: str) -> Key | None:
    """The key of that name, in whatever case (OCPP 1.6 §7.15)."""
    return _BY_FOLDED_NAME.get(name.lower())
