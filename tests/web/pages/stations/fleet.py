"""Stations for tests of pages, as stations themselves would make them."""

from __future__ import annotations

from datetime import timedelta

from forecourt.domain.availability.model import StatusReport
from forecourt.domain.evse import WHOLE_STATION, EvseId
from forecourt.domain.presence.model import LinkId
from forecourt.domain.provisioning.model import BootFacts, Registration, Station, StationDraft, UnknownStation
from forecourt.domain.transactions.metering import ENERGY_REGISTER, POWER, Reading, Sample
from forecourt.domain.transactions.model import StartReport, StopReport
from tests.web.door import Pages

ODD = "<b>\"x\" & 'y' 100%_? 🔌 ä#;+"
"""An identity as nobody should choose one, and somebody will."""


class Fleet:
    """Says what stations do."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self._links = 0

    def add(
        self,
        identity: str,
        *,
        description: str = "",
        group: str = "",
        labels: tuple[str, ...] = (),
        registration: Registration = Registration.ACCEPTED,
    ) -> Station:
        draft = StationDraft(
            identity=identity, description=description, group=group, labels=labels, registration=registration
        )
        return self.pages.services.provisioning.add(draft, "tests").station

    def boot(self, station: Station, vendor: str = "Acme", model: str = "M1", firmware: str = "1.2.3") -> None:
        facts = BootFacts(vendor=vendor, model=model, serial_number=f"S-{station.key}", firmware_version=firmware)
        self.pages.services.provisioning.boot(station, facts)

    def connect(self, station: Station) -> None:
        self._links += 1
        self.pages.services.presence.open(
            station, LinkId(self._links), node="n1", address="192.0.2.7", subprotocol="ocpp1.6"
        )

    def report(
        self, station: Station, connector: int, status: str, error: str = "NoError", info: str | None = None
    ) -> None:
        place = EvseId(connector) if connector else WHOLE_STATION
        report = StatusReport(place=place, status=status, error_code=error, info=info)
        self.pages.services.availability.report(station, report)

    def start(self, station: Station, connector: int = 1, id_token: str = "TAG", meter_start_wh: int = 0) -> int:
        report = StartReport(
            evse=EvseId(connector),
            id_token=id_token,
            started_at=self.pages.clock.now(),
            meter_start_wh=meter_start_wh,
        )
        return self.pages.services.transactions.start(station, report).transaction_id

    def measure(self, station: Station, transaction: int, *, power_w: int, energy_wh: int) -> None:
        samples = [_sample(POWER, power_w, "W"), _sample(ENERGY_REGISTER, energy_wh, "Wh")]
        reading = Reading(self.pages.clock.now(), samples)
        self.pages.services.transactions.record_readings(station, EvseId(1), transaction, [reading])

    def stop(self, station: Station, transaction: int, meter_stop_wh: int) -> None:
        report = StopReport(
            transaction_id=transaction,
            stopped_at=self.pages.clock.now(),
            meter_stop_wh=meter_stop_wh,
            reason="Local",
        )
        self.pages.services.transactions.stop(station, report)

    def knock(self, identity: str, attempts: int = 1) -> None:
        now = self.pages.clock.now()
        stranger = UnknownStation(identity, "198.51.100.9", "ocpp1.6", now - timedelta(hours=1), now, attempts)
        self.pages.services.provisioning.record_strangers([stranger])


def _sample(measurand: str, value: int, unit: str) -> Sample:
    return Sample(str(value), None, None, measurand, None, None, unit)
