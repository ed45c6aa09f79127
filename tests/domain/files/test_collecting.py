"""A log for which no location is given is received here (security whitepaper N01; OCPP 1.6 §5.9)."""

from __future__ import annotations

import re

from forecourt.domain.jobs.model import JobKind, JobState
from forecourt.ocpp.redaction import secrets_in, shown
from tests.support.carrying import Carried, payload_of

TOKEN = re.compile("fct_[A-Za-z0-9_-]{43}")


def location_of(door: Carried) -> str:
    action, words = door.sends()
    location: str = words["location"] if action == "GetDiagnostics" else words["log"]["remoteLocation"]
    return location


def test_the_location_is_one_of_ours_and_the_job_does_not_show_its_token() -> None:
    door = Carried()
    errand = door.asks("CollectLog", log="Security")
    location = location_of(door)
    assert re.fullmatch(rf"http://127\.0\.0\.1:9002/up/{TOKEN.pattern}/", location)
    job = door.job()
    assert (job.kind, job.location) == (JobKind.SECURITY_LOG, "http://127.0.0.1:9002/up/***/")
    ticket = door.services.files.find_ticket(TOKEN.findall(location)[0])
    assert ticket is not None
    assert (ticket.job, ticket.station, ticket.name) == (job.number, errand.station, "SecurityLog")


def test_a_station_that_repeats_the_location_does_not_show_the_token() -> None:
    door = Carried()
    door.asks("CollectLog", log="Security")
    command = door.carrying.sends()
    location = str(payload_of(command)["log"]["remoteLocation"])
    [token] = TOKEN.findall(location)
    assert {token, location} <= secrets_in(command.words)
    assert token not in str(shown(command.words))
    door.answers(status="Accepted", filename=f"{location}log.zip")
    assert door.job().file_name == "http://127.0.0.1:9002/up/***/log.zip"


def test_a_station_that_has_to_be_asked_in_the_older_way_gets_the_same_location() -> None:
    door = Carried()
    door.says("LogStatusNotification", status="Idle")
    door.asks("CollectLog", log="Diagnostics")
    first = location_of(door)
    door.answers_with_error("NotImplemented")
    action, words = door.sends()
    assert (action, words["location"]) == ("GetDiagnostics", first)
    assert door.job().state is JobState.ASKED
