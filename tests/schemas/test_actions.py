"""The package of messages holds the 39 actions of OCPP 1.6 with the security extension, one in each file."""

from __future__ import annotations

import re
from importlib import resources
from types import ModuleType

import msgspec
import pytest

from forecourt.ocpp.action import Message, Sender
from tests.schemas.official import Json, an_object
from tests.schemas.vocabulary import ACTIONS, PAYLOAD_TYPES, actions_in, modules, our_schemas

SHARED_TYPES = {"charging_profiles", "datatypes", "locations", "metering", "moments"}

# OCPP 1.6 §3.3, §4 and §5; security whitepaper §5
BY_PROFILE_AND_SENDER = {
    ("Core", Sender.STATION): "Authorize BootNotification Heartbeat MeterValues StartTransaction StatusNotification "
    "StopTransaction",
    ("Core", Sender.CSMS): "ChangeAvailability ChangeConfiguration ClearCache GetConfiguration "
    "RemoteStartTransaction RemoteStopTransaction Reset UnlockConnector",
    ("Core", Sender.EITHER): "DataTransfer",
    ("FirmwareManagement", Sender.STATION): "DiagnosticsStatusNotification FirmwareStatusNotification",
    ("FirmwareManagement", Sender.CSMS): "GetDiagnostics UpdateFirmware",
    ("LocalAuthListManagement", Sender.CSMS): "GetLocalListVersion SendLocalList",
    ("Reservation", Sender.CSMS): "ReserveNow CancelReservation",
    ("SmartCharging", Sender.CSMS): "SetChargingProfile ClearChargingProfile GetCompositeSchedule",
    ("RemoteTrigger", Sender.CSMS): "TriggerMessage",
    ("Security", Sender.STATION): "LogStatusNotification SecurityEventNotification SignCertificate "
    "SignedFirmwareStatusNotification",
    ("Security", Sender.CSMS): "CertificateSigned DeleteCertificate ExtendedTriggerMessage "
    "GetInstalledCertificateIds GetLog InstallCertificate SignedUpdateFirmware",
}


def short_name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


ACTION_FILES = [module for module in modules() if short_name(module) not in SHARED_TYPES]


def test_there_are_39_actions_with_78_payload_types() -> None:
    assert len(ACTION_FILES) == 39
    assert len(ACTIONS) == 39
    assert len(PAYLOAD_TYPES) == 78


def test_every_official_schema_has_its_payload_type() -> None:
    files = resources.files("ocpp.v16").joinpath("schemas").iterdir()
    official = {file.name.removesuffix(".json") for file in files if file.name.endswith(".json")}
    assert {name.removesuffix("Request") for name in PAYLOAD_TYPES} == official


@pytest.mark.parametrize("module", ACTION_FILES, ids=short_name)
def test_a_file_declares_the_one_action_it_is_named_after(module: ModuleType) -> None:
    [(constant, action)] = actions_in(module)
    assert short_name(module) == snake_case(action.name)
    assert constant == snake_case(action.name).upper()
    assert action.request.__name__ == f"{action.name}Request"
    assert action.response.__name__ == f"{action.name}Response"
    assert action.request.__module__ == action.response.__module__ == module.__name__
    assert action.summary.endswith(".")


@pytest.mark.parametrize(
    "module", [module for module in modules() if short_name(module) in SHARED_TYPES], ids=short_name
)
def test_shared_types_declare_no_action(module: ModuleType) -> None:
    assert actions_in(module) == []


def test_profiles_and_senders_are_those_of_the_standard() -> None:
    found: dict[tuple[str, Sender], set[str]] = {}
    for action in ACTIONS.values():
        found.setdefault((action.profile, action.sender), set()).add(action.name)
    assert found == {key: set(names.split()) for key, names in BY_PROFILE_AND_SENDER.items()}


def test_only_answers_that_tell_the_present_time_are_timely() -> None:
    assert {action.name for action in ACTIONS.values() if action.is_timely} == {"BootNotification", "Heartbeat"}


@pytest.mark.parametrize("name", sorted(our_schemas()[1]))
def test_every_field_has_a_description_for_operators(name: str) -> None:
    fields: dict[str, Json] = an_object(an_object(our_schemas()[1][name])["properties"])
    for field, schema in fields.items():
        description = an_object(schema).get("description")
        assert isinstance(description, str), field
        assert description.endswith("."), field


@pytest.mark.parametrize("payload_type", PAYLOAD_TYPES.values(), ids=lambda payload_type: payload_type.__name__)
def test_optional_fields_are_unset_by_default(payload_type: type[Message]) -> None:
    for field in msgspec.structs.fields(payload_type):
        assert field.default in {msgspec.NODEFAULT, msgspec.UNSET}
        assert field.default_factory is msgspec.NODEFAULT
