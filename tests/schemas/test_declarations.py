"""What is declared of an action beside its words: what counts as done, what is safe to repeat, what is dangerous."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from forecourt.ocpp.action import Message, Sender
from forecourt.ocpp.session import AnyAction
from tests.schemas.vocabulary import ACTIONS

COMMANDS = [action for action in ACTIONS.values() if action.sender is not Sender.STATION]


def statuses(action: AnyAction) -> set[str]:
    """The values of ``status`` in the response; empty when it has none."""
    return _literals(get_type_hints(action.response).get("status"))


def _literals(hint: Any) -> set[str]:  # a type hint has no narrower type
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    return {value for inner in get_args(hint) for value in _literals(inner)}


def name_of(action: AnyAction) -> str:
    return action.name


def test_26_actions_may_be_sent_to_stations() -> None:
    """OCPP 1.6 §5 with DataTransfer, and the security whitepaper."""
    assert len(COMMANDS) == 26


@pytest.mark.parametrize("action", [action for action in COMMANDS if statuses(action)], ids=name_of)
def test_what_counts_as_done_is_a_status_of_the_response(action: AnyAction) -> None:
    assert action.done
    assert action.done <= statuses(action)


# OCPP 1.6 §7; security whitepaper §5: the statuses that do not mean that it was done
REFUSALS = {
    "CancelReservation": "Rejected",
    "CertificateSigned": "Rejected",
    "ChangeAvailability": "Rejected",
    "ChangeConfiguration": "Rejected NotSupported",
    "ClearCache": "Rejected",
    "ClearChargingProfile": "Unknown",
    "DataTransfer": "Rejected UnknownMessageId UnknownVendorId",
    "DeleteCertificate": "Failed NotFound",
    "ExtendedTriggerMessage": "Rejected NotImplemented",
    "GetCompositeSchedule": "Rejected",
    "GetInstalledCertificateIds": "",
    "GetLog": "Rejected",
    "InstallCertificate": "Rejected Failed",
    "RemoteStartTransaction": "Rejected",
    "RemoteStopTransaction": "Rejected",
    "ReserveNow": "Faulted Occupied Rejected Unavailable",
    "Reset": "Rejected",
    "SendLocalList": "Failed NotSupported VersionMismatch",
    "SetChargingProfile": "Rejected NotSupported",
    "SignedUpdateFirmware": "Rejected InvalidCertificate RevokedCertificate",
    "TriggerMessage": "Rejected NotImplemented",
    "UnlockConnector": "UnlockFailed NotSupported",
}


def test_every_other_status_is_a_refusal() -> None:
    found = {action.name: statuses(action) - action.done for action in COMMANDS if statuses(action)}
    assert found == {name: set(words.split()) for name, words in REFUSALS.items()}


def test_only_questions_are_safe_to_repeat() -> None:
    assert {action.name for action in COMMANDS if action.is_repeatable} == {
        "GetCompositeSchedule",
        "GetConfiguration",
        "GetInstalledCertificateIds",
        "GetLocalListVersion",
    }


@pytest.mark.parametrize("action", COMMANDS, ids=name_of)
def test_what_is_safe_to_repeat_carries_no_secret_and_is_not_dangerous(action: AnyAction) -> None:
    """What stays of an errand that was sent has no secrets: it could not be sent again as it was."""
    if action.is_repeatable:
        assert not action.is_dangerous
        assert action.request.secrets is Message.secrets


def test_what_ends_charging_or_is_not_easily_undone_is_dangerous() -> None:
    dangerous = {action.name for action in COMMANDS if action.is_dangerous}
    assert {"Reset", "RemoteStopTransaction", "UnlockConnector"} <= dangerous
    assert {"UpdateFirmware", "SignedUpdateFirmware", "DeleteCertificate", "InstallCertificate"} <= dangerous


@pytest.mark.parametrize("action", COMMANDS, ids=name_of)
def test_every_command_tells_an_operator_what_it_does(action: AnyAction) -> None:
    assert action.summary.endswith(".")
    assert action.summary.count(".") == 1
    assert action.profile
