"""Uploads that a simulated station tells of (OCPP 1.6 §5.9; security whitepaper N01)."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from forecourt.dialects.v16.messages.diagnostics_status_notification import DiagnosticsStatusNotificationRequest
from forecourt.dialects.v16.messages.extended_trigger_message import ExtendedTriggerMessageRequest
from forecourt.dialects.v16.messages.get_diagnostics import GetDiagnosticsRequest, GetDiagnosticsResponse
from forecourt.dialects.v16.messages.get_log import GetLogRequest, GetLogResponse, LogParameters
from forecourt.dialects.v16.messages.log_status_notification import LogStatusNotificationRequest
from forecourt.dialects.v16.messages.trigger_message import TriggerMessageRequest
from tests.simulator.worlds import World, a_world, ask


def told(world: World) -> list[tuple[str, int | None]]:
    """The statuses of uploads, each with the number of its request."""
    found: list[tuple[str, int | None]] = []
    for letter in world.letters():
        match letter.words:
            case DiagnosticsStatusNotificationRequest(status=status):
                found.append((status, None))
            case LogStatusNotificationRequest(status=status, request_id=number):
                found.append((status, None if number is UNSET else number))
            case _:
                pass
    return found


def a_log_request(number: int, *, host: str = "files.example") -> GetLogRequest:
    log = LogParameters(remote_location=f"ftp://{host}/logs")
    return GetLogRequest(log=log, log_type="SecurityLog", request_id=number)


@pytest.mark.parametrize(("host", "end"), [("files.example", "Uploaded"), ("files.invalid", "UploadFailed")])
def test_diagnostics_are_uploaded_after_the_answer(host: str, end: str) -> None:
    world = a_world()
    response = ask(world, GetDiagnosticsRequest(location=f"ftp://{host}/folder"))
    assert isinstance(response, GetDiagnosticsResponse)
    assert response.file_name == "SIM-1-diagnostics-20260101T100000Z.log"
    assert told(world) == [("Uploading", None)]
    ask(world, TriggerMessageRequest(requested_message="DiagnosticsStatusNotification"))
    assert told(world) == [("Uploading", None)]
    world.wait(60)
    assert told(world) == [(end, None)]
    ask(world, TriggerMessageRequest(requested_message="DiagnosticsStatusNotification"))
    assert told(world) == [("Idle", None)]


@pytest.mark.parametrize(("host", "end"), [("files.example", "Uploaded"), ("files.invalid", "UploadFailure")])
def test_a_log_is_uploaded_under_the_number_of_its_request(host: str, end: str) -> None:
    world = a_world()
    response = ask(world, a_log_request(42, host=host))
    assert isinstance(response, GetLogResponse)
    assert response.status == "Accepted"
    assert told(world) == [("Uploading", 42)]
    world.wait(60)
    assert told(world) == [(end, 42)]


def test_a_second_log_takes_the_place_of_the_first() -> None:
    world = a_world()
    ask(world, a_log_request(1))
    response = ask(world, a_log_request(2))
    assert isinstance(response, GetLogResponse)
    assert response.status == "AcceptedCanceled"
    ask(world, ExtendedTriggerMessageRequest(requested_message="LogStatusNotification"))
    world.wait(60)
    assert told(world) == [("Uploading", 2), ("Uploading", 1), ("Uploading", 2), ("Uploaded", 2)]
    ask(world, ExtendedTriggerMessageRequest(requested_message="LogStatusNotification"))
    assert told(world) == [("Idle", None)]
