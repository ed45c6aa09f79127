"""What a station cannot do in the newer way is asked of it in the older way, over its real link (security whitepaper
L01.FR.20)."""

from __future__ import annotations

import json

from forecourt.domain.errands.model import Delivery, ErrandNumber, ErrandState, Order
from forecourt.domain.jobs.model import JobNumber, JobState
from forecourt.domain.provisioning.model import Station
from forecourt.operations.catalogue import make_catalogue
from forecourt.operations.reading import read_parameters
from tests.courier.street import Street, in_street
from tests.gateway.desk import DIALECT, Json, until

PLACE = "ftp://somebody:hunter2@host/folder"


def asks(street: Street, station: Station, operation: str, parameters: dict[str, Json]) -> None:
    wanted = make_catalogue([DIALECT])[operation]
    params = read_parameters(json.dumps(parameters).encode(), wanted.params)
    order = Order(asked_by="admin", delivery=Delivery.WHEN_ONLINE)
    wanted.run(street.office.services, station, params, order)
    street.courier.rung(station.identity)


def test_the_second_request_still_knows_how_to_sign_in_at_the_location() -> None:
    async def story(street: Street) -> None:
        services = street.office.services
        station = street.a_station()
        services.security.note_spoken(station)
        link = street.connects(station)
        asks(street, station, "CollectLog", {"location": PLACE, "log": "Diagnostics"})
        await link.called(1)
        assert link.actions == ["GetLog"]
        link.answers_with_error("NotImplemented")
        await link.called(2)
        assert link.calls[1][2:] == ["GetDiagnostics", {"location": PLACE}]
        link.answers({"fileName": "d.zip"})
        await until(lambda: services.jobs.get(JobNumber(1)).state is JobState.RUNNING)
        job = services.jobs.get(JobNumber(1))
        assert (job.errand, job.location) == (2, "ftp://***@host/folder")
        assert services.errands.get(ErrandNumber(1)).state is ErrandState.FAILED
        assert services.errands.get(ErrandNumber(2)).state is ErrandState.ANSWERED
        await street.is_free()

    in_street(story, DIALECT)


def test_firmware_that_may_be_unsigned_is_sent_without_its_signature() -> None:
    async def story(street: Street) -> None:
        services = street.office.services
        station = street.a_station()
        link = street.connects(station)
        parameters = {"location": PLACE, "signature": "c2ln", "signingCertificate": "x", "allowUnsigned": True}
        asks(street, station, "InstallFirmware", parameters)
        await link.called(1)
        assert link.actions == ["SignedUpdateFirmware"]
        link.answers_with_error("NotSupported")
        await link.called(2)
        assert link.calls[1][2:] == [
            "UpdateFirmware",
            {"location": PLACE, "retrieveDate": "2026-01-01T12:00:00Z"},
        ]
        link.answers({})
        await until(lambda: services.jobs.get(JobNumber(1)).state is JobState.RUNNING)
        await street.is_free()

    in_street(story, DIALECT)
