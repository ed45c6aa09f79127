"""Works for a committer, and what others see of them afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from forecourt.domain.availability.model import StatusReport
from forecourt.domain.data_transfer.model import TransferStatus, VendorMessage
from forecourt.domain.evse import EvseId
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import Registration, Station
from forecourt.domain.services import Services
from forecourt.domain.transactions.model import StartReport
from forecourt.storage.committer import Job
from tests.storage.bench import Bench
from tests.support.clock import NOON

Work = Callable[[Services], object]

START = StartReport(evse=EvseId(1), id_token="Card", started_at=NOON, meter_start_wh=0)
ALWAYS = PageRequest(1000)


class Refused(Exception):
    """What a work may raise."""


def transfer(station: Station, text: str) -> Callable[[Services], TransferStatus]:
    """An appended row."""
    return lambda services: services.data_transfer.receive(station, VendorMessage("V", None, text))


def start(station: Station, meter: int) -> Callable[[Services], int]:
    """A row that is written at once."""
    report = replace(START, meter_start_wh=meter)
    return lambda services: services.transactions.start(station, report).transaction_id


def status(station: Station, word: str) -> Callable[[Services], None]:
    """A row with a key, which replaces the one before."""
    report = StatusReport(place=EvseId(1), status=word, error_code="NoError")
    return lambda services: services.availability.report(station, report)


def everything(station: Station, number: int) -> Callable[[Services], None]:
    def work(services: Services) -> None:
        start(station, number)(services)
        transfer(station, str(number))(services)
        status(station, str(number))(services)

    return work


def then_fail(work: Work) -> Work:
    def failing(services: Services) -> None:
        work(services)
        raise Refused

    return failing


def seen(bench: Bench) -> tuple[list[int], list[str | None], list[str]]:
    """Meters of starts, data of messages and present statuses that another connection sees, in order."""
    with bench.reading():
        meters = [row[0] for row in bench.connection.all("SELECT meter_start_wh FROM station_transaction ORDER BY id")]
        data = [row[0] for row in bench.connection.all("SELECT data FROM vendor_message ORDER BY key")]
        words = [row[0] for row in bench.connection.all("SELECT status FROM evse_status ORDER BY station_key, evse")]
    return meters, data, words


def number_beyond_64_bits(station: Station) -> Work:
    return start(station, 2**63)


def change(identity: str) -> Work:
    return lambda services: services.provisioning.change(
        identity, description="", registration=Registration.PENDING, heartbeat_seconds=None
    )


def about_stations(rings: Sequence[str]) -> list[str]:
    """Without those of the outbox, in which events of stations stand as well."""
    return [ring for ring in rings if ring != "outbox"]


def nothing(_job: Job[None]) -> None:
    """For a test that looks at what is released."""
