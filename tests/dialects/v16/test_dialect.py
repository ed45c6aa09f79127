"""The tables of OCPP 1.6: which actions there are, who answers them, and how errors are spelled."""

from __future__ import annotations

import msgspec
import pytest

from forecourt.dialect import answers, make_dialect
from forecourt.dialects.v16 import dialect, inbound, messages, outbound
from forecourt.dialects.v16.dialect import CODES
from forecourt.dialects.v16.messages.heartbeat import HEARTBEAT, HeartbeatRequest, HeartbeatResponse
from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.provisioning.model import Registration, Station
from forecourt.domain.services import Services
from forecourt.ocpp.action import Sender
from forecourt.ocpp.errors import Fault
from tests.domain.world import World
from tests.support.clock import NOON

V16 = dialect.make()

CORE_AND_FIRMWARE = {
    "Authorize",
    "BootNotification",
    "DataTransfer",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "StartTransaction",
    "StatusNotification",
    "StopTransaction",
}

SECURITY = {
    "LogStatusNotification",
    "SecurityEventNotification",
    "SignCertificate",
    "SignedFirmwareStatusNotification",
}
"""Of the security extension."""


def test_the_name_of_the_subprotocol() -> None:
    """OCPP-J 1.6 §3.1.2."""
    assert V16.subprotocol == "ocpp1.6"


def test_all_39_actions_are_known() -> None:
    assert len(V16.actions) == 39
    assert all(action.name == name for name, action in V16.actions.items())


def test_everything_that_a_station_sends_is_answered() -> None:
    """OCPP 1.6 §4; security whitepaper §5."""
    assert set(V16.answers) == CORE_AND_FIRMWARE | SECURITY
    sent = [action for action in V16.actions.values() if action.sender is not Sender.CSMS]
    assert {action.name for action in sent if action.profile != "Security"} == CORE_AND_FIRMWARE
    assert {action.name for action in sent if action.profile == "Security"} == SECURITY


def test_the_vocabulary_receives_what_is_answered_and_knows_the_rest() -> None:
    received = {action.name for action, _reader in V16.vocabulary.received.values()}

    assert received == CORE_AND_FIRMWARE | SECURITY
    assert {action.name for action in V16.vocabulary.known.values()} == set(V16.actions)
    assert set(V16.vocabulary.responses) == set(V16.actions)


def test_only_the_answers_to_boot_and_heartbeat_tell_the_time() -> None:
    assert {action.name for action in V16.actions.values() if action.is_timely} == {"BootNotification", "Heartbeat"}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.NOT_IMPLEMENTED, "NotImplemented"),
        (Fault.NOT_SUPPORTED, "NotSupported"),
        (Fault.INTERNAL, "InternalError"),
        (Fault.PROTOCOL, "ProtocolError"),
        (Fault.SECURITY, "SecurityError"),
        (Fault.FORMAT, "FormationViolation"),
        (Fault.PROPERTY, "PropertyConstraintViolation"),
        (Fault.OCCURRENCE, "OccurenceConstraintViolation"),
        (Fault.TYPE, "TypeConstraintViolation"),
        (Fault.GENERIC, "GenericError"),
    ],
)
def test_faults_are_spelled_as_in_1_6(fault: Fault, code: str) -> None:
    """OCPP-J 1.6 Table 7, with its missing r (errata 5.1)."""
    assert CODES[fault] == code


def test_every_fault_has_a_code() -> None:
    assert set(CODES) == set(Fault)


@pytest.mark.parametrize("registration", [Registration.PENDING, Registration.REJECTED])
def test_before_acceptance_only_a_boot_is_answered(registration: Registration) -> None:
    """OCPP-J 1.6 errata 3.10."""
    world = World()
    station = world.a_station(registration=registration)

    with pytest.raises(DomainError, match="only BootNotification") as refused:
        V16.answer(HEARTBEAT, HeartbeatRequest(), station, world.services)
    assert refused.value.kind is Kind.REFUSED
    assert world.services.provisioning.get("CP-1").last_seen_at is None

    boot = V16.actions["BootNotification"]
    words = boot.request(charge_point_vendor="V", charge_point_model="M")
    answer = msgspec.json.decode(V16.answer(boot, words, station, world.services))
    assert answer["status"] == registration.value


def test_an_accepted_station_need_not_boot_first() -> None:
    """A station does not boot when it merely reconnects (OCPP-J 1.6 §5.4)."""
    world = World()

    answer = V16.answer(HEARTBEAT, HeartbeatRequest(), world.a_station(), world.services)
    assert answer == b'{"currentTime":"2026-01-01T12:00:00Z"}'


def test_an_answer_is_marked_with_its_action() -> None:
    @answers(HEARTBEAT)
    def beat(_request: HeartbeatRequest, station: Station, services: Services) -> HeartbeatResponse:
        return HeartbeatResponse(current_time=services.provisioning.heartbeat(station))

    assert HEARTBEAT in vars(beat).values()
    world = World()
    assert beat(HeartbeatRequest(), world.a_station(), world.services) == HeartbeatResponse(current_time=NOON)


def test_a_dialect_is_made_from_its_folders_alone() -> None:
    made = make_dialect(
        "ocpp1.6",
        messages=messages,
        inbound=inbound,
        outbound=outbound,
        codes=CODES,
        open_before_acceptance=frozenset(),
    )

    assert set(made.answers) == set(V16.answers)
    world = World()
    pending = world.a_station(registration=Registration.PENDING)
    boot = made.actions["BootNotification"]
    words = boot.request(charge_point_vendor="V", charge_point_model="M")
    with pytest.raises(DomainError):
        made.answer(boot, words, pending, world.services)
