"""What signs somebody in at a location is forgotten as soon as it was sent or given up, wherever it was written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from forecourt.domain.errands.model import Delivery
from tests.support.carrying import Carried
from tests.support.vault import unsealed

SECRETS = ("hunter2", "t0ken", "somebody")
PLACE = "ftp://somebody:hunter2@host/folder?sig=t0ken"
SIGNED = {"signature": "c2ln", "signingCertificate": "-----BEGIN CERTIFICATE-----"}


def _log(door: Carried) -> None:
    door.asks("CollectLog", location=PLACE, log="Security")


def _diagnostics(door: Carried) -> None:
    door.asks("CollectLog", location=PLACE, log="Diagnostics")


def _firmware(door: Carried) -> None:
    door.asks("InstallFirmware", location=PLACE)


def _signed_firmware(door: Carried) -> None:
    door.asks("InstallFirmware", location=PLACE, **SIGNED)


def _raw_log(door: Carried) -> None:
    door.asks("GetLog", logType="SecurityLog", requestId=1, log={"remoteLocation": PLACE})


def _raw_diagnostics(door: Carried) -> None:
    door.asks("GetDiagnostics", location=PLACE)


def _raw_firmware(door: Carried) -> None:
    door.asks("UpdateFirmware", location=PLACE, retrieveDate="2026-01-01T12:00:00Z")


def _raw_signed_firmware(door: Carried) -> None:
    firmware = {"location": PLACE, "retrieveDateTime": "2026-01-01T12:00:00Z", **SIGNED}
    door.asks("SignedUpdateFirmware", requestId=1, firmware=firmware)


WAYS = [
    _log,
    _diagnostics,
    _firmware,
    _signed_firmware,
    _raw_log,
    _raw_diagnostics,
    _raw_firmware,
    _raw_signed_firmware,
]
Ask = Callable[[Carried], None]


def assert_forgotten(door: Carried) -> None:
    stored = door.everything_stored()
    assert "host/folder" in stored
    assert [secret for secret in SECRETS if secret in stored] == []


@pytest.mark.parametrize("ask", WAYS)
def test_while_it_waits_only_the_errand_knows(ask: Ask) -> None:
    door = Carried()
    ask(door)
    holders = [line for line in door.everything_stored().splitlines() if "hunter2" in line]
    assert len(holders) == 1
    [errand] = door.unit.all("SELECT intent FROM errand")
    assert "hunter2" not in errand[0]
    assert "hunter2" in unsealed(errand[0])


@pytest.mark.parametrize("ask", WAYS)
def test_it_is_forgotten_when_it_was_sent(ask: Ask) -> None:
    door = Carried()
    ask(door)
    action, payload = door.sends()
    assert "hunter2" in repr(payload), "the station needs it"
    assert_forgotten(door)
    answer = {"GetLog": {"status": "Accepted", "filename": "f"}, "SignedUpdateFirmware": {"status": "Accepted"}}
    door.answers(**answer.get(action, {}))
    assert len(door.jobs) == 1
    assert_forgotten(door)


@pytest.mark.parametrize("ask", WAYS)
def test_it_is_forgotten_when_it_is_cancelled(ask: Ask) -> None:
    door = Carried()
    ask(door)
    [[number]] = door.unit.all("SELECT number FROM errand")
    door.services.errands.cancel(number)
    stored = door.everything_stored()
    assert [secret for secret in SECRETS if secret in stored] == []


@pytest.mark.parametrize("ask", WAYS)
def test_it_is_forgotten_when_it_expires(ask: Ask) -> None:
    door = Carried(is_online=False)
    ask(door)
    door.clock.advance(timedelta(days=2))
    door.services.errands.settle()
    stored = door.everything_stored()
    assert [secret for secret in SECRETS if secret in stored] == []


def test_it_is_forgotten_when_it_fails_at_once() -> None:
    door = Carried(is_online=False)
    door.delivery = Delivery.NOW
    door.asks("CollectLog", location=PLACE, log="Security")
    assert_forgotten(door)


@pytest.mark.parametrize("code", ["InternalError", "NotImplemented"])
@pytest.mark.parametrize("ask", WAYS)
def test_it_is_forgotten_when_the_station_answers_with_an_error(ask: Ask, code: str) -> None:
    door = Carried()
    ask(door)
    door.sends()
    door.answers_with_error(code)
    assert not door.has_something_to_send
    assert_forgotten(door)


def test_it_is_forgotten_after_the_second_way_was_tried() -> None:
    door = Carried()
    door.asks("InstallFirmware", location=PLACE, **SIGNED, allowUnsigned=True)
    door.sends()
    door.answers_with_error("NotImplemented")
    _, payload = door.sends()
    assert payload["location"] == PLACE
    assert_forgotten(door)


@pytest.mark.parametrize("ask", WAYS)
def test_no_warning_repeats_it(ask: Ask) -> None:
    door = Carried()
    ask(door)
    [[number]] = door.unit.all("SELECT number FROM errand")
    warnings = door.services.errands.get(number).warnings
    assert warnings
    assert not any(secret in sentence for sentence in warnings for secret in SECRETS)
