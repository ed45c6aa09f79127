"""What looks wrong about values of configuration keys, and when two values mean the same (OCPP 1.6 §9)."""

from __future__ import annotations

import pytest

from forecourt.domain.configuration.catalogue import KEYS, known_key
from forecourt.domain.configuration.checks import problems_with, problems_with_names
from forecourt.domain.configuration.keys import Access, KeyType
from forecourt.domain.configuration.model import Setting, Snapshot, fold, is_same, unique_names
from tests.support.clock import NOON


def a_snapshot(*settings: Setting, is_complete: bool = False, **values: str) -> Snapshot:
    told = [*settings, *(Setting(name=name, value=value, learned_at=NOON) for name, value in values.items())]
    return Snapshot({fold(one.name): one for one in told}, NOON if is_complete else None)


NOTHING = Snapshot()


# The catalogue


def test_every_key_stands_in_it_once() -> None:
    assert len({key.name.lower() for key in KEYS}) == len(KEYS)


def test_every_key_is_said_to_mean_something_and_no_name_is_too_long_to_be_sent() -> None:
    assert all(key.meaning.endswith(".") and 0 < len(key.name) <= 50 for key in KEYS)


def test_the_keys_that_every_station_must_have_by_the_core_profile() -> None:
    """OCPP 1.6 §9.1, with StopTransactionOnEVSideDisconnect made optional by the errata."""
    required = {key.name for key in KEYS if key.is_required and key.profile == "Core"}

    assert required == {
        "AuthorizeRemoteTxRequests",
        "ClockAlignedDataInterval",
        "ConnectionTimeOut",
        "ConnectorPhaseRotation",
        "GetConfigurationMaxKeys",
        "HeartbeatInterval",
        "LocalAuthorizeOffline",
        "LocalPreAuthorize",
        "MeterValuesAlignedData",
        "MeterValuesSampledData",
        "MeterValueSampleInterval",
        "NumberOfConnectors",
        "ResetRetries",
        "StopTransactionOnInvalidId",
        "StopTxnAlignedData",
        "StopTxnSampledData",
        "SupportedFeatureProfiles",
        "TransactionMessageAttempts",
        "TransactionMessageRetryInterval",
        "UnlockConnectorOnEVSideDisconnect",
    }


def test_keys_of_the_other_profiles_and_of_the_whitepaper() -> None:
    """OCPP 1.6 §9.2–9.4, errata 3.90, security whitepaper §7."""
    by_profile = {
        profile: {key.name for key in KEYS if key.profile == profile}
        for profile in ("LocalAuthListManagement", "Reservation", "SmartCharging", "Security", "FirmwareManagement")
    }

    assert by_profile == {
        "LocalAuthListManagement": {"LocalAuthListEnabled", "LocalAuthListMaxLength", "SendLocalListMaxLength"},
        "Reservation": {"ReserveConnectorZeroSupported"},
        "SmartCharging": {
            "ChargeProfileMaxStackLevel",
            "ChargingScheduleAllowedChargingRateUnit",
            "ChargingScheduleMaxPeriods",
            "ConnectorSwitch3to1PhaseSupported",
            "MaxChargingProfilesInstalled",
        },
        "Security": {
            "AdditionalRootCertificateCheck",
            "AuthorizationKey",
            "CertificateSignedMaxChainSize",
            "CertificateStoreMaxLength",
            "CpoName",
            "SecurityProfile",
        },
        "FirmwareManagement": {"SupportedFileTransferProtocols"},
    }


def test_every_list_that_can_be_set_has_the_key_that_limits_it() -> None:
    lists = [key for key in KEYS if key.type is KeyType.LIST and key.access is Access.READ_WRITE]

    assert len(lists) == 5
    assert all(known_key(key.limit_name) is not None for key in lists)


def test_a_key_is_found_in_any_case() -> None:
    found = known_key("HEARTBEATINTERVAL")

    assert found is not None
    assert found.name == "HeartbeatInterval"
    assert known_key("VendorKey") is None


# Values


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AuthorizeRemoteTxRequests", "true"),
        ("AuthorizeRemoteTxRequests", "false"),
        ("MeterValueSampleInterval", "60"),
        ("MeterValueSampleInterval", "0"),
        ("LightIntensity", "100"),
        ("MeterValuesSampledData", "Voltage.L1"),
        ("MeterValuesSampledData", ""),
        ("MeterValuesSampledData", "Energy.Active.Import.Register,Voltage.L1-N , SoC"),
        ("ConnectorPhaseRotation", "0.RST,1.NotApplicable"),
        ("AuthorizationKey", "0123456789abcdef0123456789ABCDEF"),
        ("SecurityProfile", "3"),
        ("CpoName", "Any text"),
        ("VendorKey", "anything"),
    ],
)
def test_good_values_are_not_warned_of(name: str, value: str) -> None:
    assert problems_with(name, value, NOTHING) == []


@pytest.mark.parametrize(
    ("name", "value", "about"),
    [
        ("AuthorizeRemoteTxRequests", "True", "true or false"),
        ("AuthorizeRemoteTxRequests", "1", "true or false"),
        ("MeterValueSampleInterval", "often", "whole number in s"),
        ("MeterValueSampleInterval", "", "whole number"),
        ("MeterValueSampleInterval", "1.5", "whole number"),
        ("MeterValueSampleInterval", "٣", "whole number"),
        ("MeterValueSampleInterval", "-1", "at least 0 s"),
        ("HeartbeatInterval", "0", "at least 1"),
        ("LightIntensity", "101", "at most 100 %"),
        ("SecurityProfile", "4", "at most 3"),
        ("MeterValuesSampledData", "Voltage.L4", "cannot hold 'Voltage.L4'"),
        ("MeterValuesSampledData", "voltage", "cannot hold 'voltage'"),
        ("MeterValuesSampledData", "SoC,SoC", "names 'SoC' 2 times"),
        ("ConnectorPhaseRotation", "RST", "CONNECTOR.ROTATION"),
        ("ConnectorPhaseRotation", "one.RST", "CONNECTOR.ROTATION"),
        ("AuthorizationKey", "0123", "hexadecimal"),
        ("AuthorizationKey", "g" * 32, "hexadecimal"),
        ("AuthorizationKey", "0" * 33, "hexadecimal"),
        ("heartbeatInterval", "60", "spelled HeartbeatInterval"),
        ("NumberOfConnectors", "2", "read-only by the standard"),
    ],
)
def test_each_fault_is_told_in_one_sentence(name: str, value: str, about: str) -> None:
    [problem] = problems_with(name, value, NOTHING)

    assert about in str(problem)
    assert str(problem).endswith(".")


def test_a_warning_of_a_secret_does_not_tell_it() -> None:
    [problem] = problems_with("AuthorizationKey", "hunter2", NOTHING)

    assert "hunter2" not in str(problem)


def test_what_the_station_says_counts_more_than_the_standard() -> None:
    """A key may be R or RW (OCPP 1.6 §9 and errata)."""
    frozen = Setting(name="AuthorizeRemoteTxRequests", value="true", is_read_only=True, learned_at=NOON)
    loose = Setting(name="NumberOfConnectors", value="2", learned_at=NOON)

    assert "station says" in str(problems_with("AuthorizeRemoteTxRequests", "true", a_snapshot(frozen))[0])
    assert problems_with("NumberOfConnectors", "2", a_snapshot(loose)) == []


def test_a_key_is_spelled_as_the_station_spells_it() -> None:
    snapshot = a_snapshot(HeartBeatInterval="60")

    assert problems_with("HeartBeatInterval", "60", snapshot) == []
    assert "spelled HeartBeatInterval" in str(problems_with("HeartbeatInterval", "60", snapshot)[0])


def test_a_key_that_the_station_does_not_have_is_warned_of() -> None:
    snapshot = a_snapshot(Setting(name="BlinkRepeat", is_unknown=True, learned_at=NOON))

    [problem] = problems_with("BlinkRepeat", "1", snapshot)
    assert str(problem) == "The station said that it has no key BlinkRepeat."


def test_a_list_may_be_as_long_as_the_station_says() -> None:
    snapshot = a_snapshot(MeterValuesSampledDataMaxLength="2")

    assert problems_with("MeterValuesSampledData", "SoC,Voltage", snapshot) == []
    [problem] = problems_with("MeterValuesSampledData", "SoC,Voltage,RPM", snapshot)
    assert "3 items" in str(problem)
    assert "allows 2" in str(problem)


def test_a_station_that_does_not_say_how_long_a_list_may_be_promises_one_item() -> None:
    """OCPP 1.6 §5.3. As long as nobody asked, nothing is known."""
    assert problems_with("MeterValuesSampledData", "SoC,Voltage", a_snapshot(is_complete=True))
    assert not problems_with("MeterValuesSampledData", "SoC", a_snapshot(is_complete=True))
    assert not problems_with("MeterValuesSampledData", "SoC,Voltage", NOTHING)


@pytest.mark.parametrize(("present", "wanted", "is_wrong"), [("2", "1", True), ("2", "2", False), ("1", "2", False)])
def test_a_lower_security_profile_is_warned_of(present: str, wanted: str, *, is_wrong: bool) -> None:
    """Security whitepaper A05.FR.01."""
    assert bool(problems_with("SecurityProfile", wanted, a_snapshot(SecurityProfile=present))) is is_wrong


def test_asking_for_more_keys_than_the_station_allows_is_warned_of() -> None:
    """OCPP 1.6 §5.8."""
    snapshot = a_snapshot(GetConfigurationMaxKeys="2")

    assert problems_with_names(["a", "b"], snapshot) == []
    assert "allows 2" in problems_with_names(["a", "b", "c"], snapshot)[0]
    assert problems_with_names(["a", "b", "c"], NOTHING) == []


# What is the same


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("AuthorizeRemoteTxRequests", "true", "True"),
        ("MeterValueSampleInterval", "60", "060"),
        ("MeterValuesSampledData", "SoC,Voltage", "Voltage, SoC"),
        ("VendorKey", "a", "a"),
        ("MeterValuesSampledData", "", " "),
    ],
)
def test_these_mean_the_same(name: str, one: str, other: str) -> None:
    assert is_same(name, one, other)


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("AuthorizeRemoteTxRequests", "true", "false"),
        ("MeterValueSampleInterval", "60", "61"),
        ("MeterValueSampleInterval", "often", "seldom"),
        ("MeterValuesSampledData", "SoC", "SoC,Voltage"),
        ("MeterValuesSampledData", "SoC,SoC", "SoC"),
        ("CpoName", "Acme", "ACME"),
        ("VendorKey", "01", "1"),
    ],
)
def test_these_do_not(name: str, one: str, other: str) -> None:
    assert not is_same(name, one, other)


def test_names_are_taken_once_in_their_first_spelling_and_order() -> None:
    assert unique_names(["B", "a", "c", "A", "b"]) == ["B", "a", "c"]
