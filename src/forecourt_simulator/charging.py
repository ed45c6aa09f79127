"""The part of a simulated station that charges: its connectors, their transactions, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from forecourt.dialects.v16.messages.authorize import AUTHORIZE, AuthorizeRequest
from forecourt.dialects.v16.messages.boot_notification import RegistrationStatus
from forecourt.dialects.v16.messages.charging_profiles import ChargingProfile
from forecourt.dialects.v16.messages.metering import ReadingContext
from forecourt.dialects.v16.messages.start_transaction import START_TRANSACTION, StartTransactionRequest
from forecourt.dialects.v16.messages.stop_transaction import STOP_TRANSACTION, Reason, StopTransactionRequest
from forecourt_simulator.configuration import Configuration
from forecourt_simulator.connector import Connector, Occurrence, Transaction
from forecourt_simulator.letters import meter_letter, status_letter
from forecourt_simulator.mailbox import NO_TRANSACTION_ID, Letter, Mailbox
from forecourt_simulator.moment import Moment
from forecourt_simulator.note import Detail, Note, Tell, tell_nobody
from forecourt_simulator.profiles import Installed, Profiles
from forecourt_simulator.reservations import Reservation, Reservations


class Charging:
    """Connectors, numbered from 1. Every method that takes ``now`` may post letters."""

    def __init__(self, identity: str, *, connectors: int = 2, tell: Tell = tell_nobody) -> None:
        self.identity = identity
        self.connectors = {number: Connector(number) for number in range(1, connectors + 1)}
        self.configuration = Configuration(connectors=connectors)
        self.mailbox = Mailbox()
        self.reservations = Reservations()
        self.profiles = Profiles()
        self.registration: RegistrationStatus | None = None
        self.is_online = False
        self.is_operative = True
        self._tell = tell

    @property
    def is_admitted(self) -> bool:
        return self.is_online and self.registration == "Accepted"

    def ask(self, connector: Connector, id_tag: str) -> None:
        """Ask the central system about a tag; its answer starts or stops a transaction."""
        connector.asked_tag = id_tag
        self.mailbox.post(Letter(AUTHORIZE, AuthorizeRequest(id_tag=id_tag), connector.id))

    def accept(self, connector: Connector, id_tag: str, now: Moment, *, parent_id_tag: str | None = None) -> None:
        """Let this tag charge: at once when a car is plugged in, else when one comes in time. A reserved connector is
        for those for whom it was reserved."""
        if not connector.may_be_used:
            return
        reservation = self.reservations.find_for(connector.id, id_tag, parent_id_tag)
        if connector.status == "Reserved" and reservation is None:
            self.note("tag_ignored", connector.id, reason="reserved")
            return
        connector.accepted_tag = id_tag
        connector.accepted_reservation = None if reservation is None else reservation.id
        connector.give_up_at = now.seconds + self.configuration.number("ConnectionTimeOut")
        if connector.status != "Preparing":
            self.pass_on(connector, Occurrence.PREPARED, now)
        if connector.car is not None:
            self._start(connector, id_tag, now)

    def stop(self, connector: Connector, reason: Reason, now: Moment, *, id_tag: str | None = None) -> None:
        """End the transaction of a connector, if there is one."""
        transaction = connector.transaction
        if transaction is None:
            return
        self._take_energy(connector, now)
        transaction.is_over = True
        connector.transaction = None
        self.profiles.end_transaction(connector.id)
        words = StopTransactionRequest(
            id_tag=UNSET if id_tag is None else id_tag,
            meter_stop=connector.meter.reading_wh,
            timestamp=now.wall,
            transaction_id=NO_TRANSACTION_ID,
            reason=reason,
        )
        self.mailbox.post(Letter(STOP_TRANSACTION, words, connector.id, transaction))
        energy_wh = connector.meter.reading_wh - transaction.meter_start_wh
        self.note("transaction_stopped", connector.id, reason=reason, energy_wh=energy_wh)
        self.pass_on(connector, Occurrence.STOPPED, now)
        if connector.is_to_be_disabled:
            self.disable(connector, now)

    def disable(self, connector: Connector, now: Moment) -> bool:
        """Take a connector out of service; returns False when its transaction has to end first."""
        connector.is_to_be_disabled = connector.is_busy
        if connector.is_busy:
            return False
        connector.accepted_tag = None
        reservation = self.reservations.holder(connector.id)
        if reservation is not None:
            self.reservations.drop(reservation.id)
        if connector.status == "Preparing":
            self.pass_on(connector, Occurrence.RELEASED, now)
        if connector.may(Occurrence.DISABLED):
            self.pass_on(connector, Occurrence.DISABLED, now)
        return True

    def enable(self, connector: Connector, now: Moment) -> None:
        connector.is_to_be_disabled = False
        if connector.may(Occurrence.ENABLED):
            self.pass_on(connector, Occurrence.ENABLED, now)
            if connector.car is not None:
                self.pass_on(connector, Occurrence.PREPARED, now)

    def free(self, reservation: Reservation, now: Moment) -> None:
        """A reservation ended unused."""
        connector = self.connectors.get(reservation.connector_id)
        if connector is not None and connector.may(Occurrence.FREED):
            self.pass_on(connector, Occurrence.FREED, now)

    def find_transaction(self, transaction_id: int) -> Connector | None:
        for connector in self.connectors.values():
            if connector.transaction is not None and connector.transaction.transaction_id == transaction_id:
                return connector
        return None

    def pass_on(self, connector: Connector, occurrence: Occurrence, now: Moment) -> None:
        """Something happened to a connector; the central system is told of its new status."""
        if occurrence is Occurrence.STARTED:
            connector.advanced_at = now.seconds
        connector.pass_on(occurrence)
        self.note("status", connector.id, status=connector.status)
        self.report_change(connector, now)

    def release(self, connector: Connector, now: Moment) -> None:
        """Nobody is there any more; a reservation that was not used holds again."""
        if not connector.may(Occurrence.RELEASED):
            return
        self.pass_on(connector, Occurrence.RELEASED, now)
        if self.reservations.holder(connector.id) is not None:
            self.pass_on(connector, Occurrence.RESERVED, now)

    def advance_connector(self, connector: Connector, now: Moment) -> None:
        self._take_energy(connector, now)
        if connector.give_up_at is not None and connector.give_up_at <= now.seconds:
            connector.give_up_at = None
            connector.accepted_tag = None
            if connector.status == "Preparing" and connector.car is None:
                self.release(connector, now)
        if connector.transaction is not None:
            self._take_sample(connector, now)

    def status_letters(self, connector_id: int | None, now: Moment) -> Iterator[Letter]:
        """The status of one connector, or of the station (as connector 0) and all of its connectors."""
        if connector_id in {None, 0}:
            yield status_letter(0, "Available" if self.is_operative else "Unavailable", now.wall)
        for connector in self.connectors.values():
            if connector_id in {None, connector.id}:
                yield status_letter(connector.id, connector.status, now.wall)

    def meter_letter(self, connector: Connector, context: ReadingContext, now: Moment) -> Letter:
        measurands = self.configuration.items("MeterValuesSampledData")
        return meter_letter(connector, measurands, context=context, taken_at=now.wall)

    def report_change(self, connector: Connector, now: Moment) -> None:
        if self.is_admitted and connector.posted != connector.status:
            connector.posted = connector.status
            self.mailbox.post(status_letter(connector.id, connector.status, now.wall))

    def note(self, event: str, connector_id: int = 0, **details: Detail) -> None:
        self._tell(Note(event, self.identity, connector_id, details))

    # Inside

    def _start(self, connector: Connector, id_tag: str, now: Moment) -> None:
        transaction = Transaction(connector.id, id_tag, connector.meter.reading_wh, now.wall)
        connector.transaction = transaction
        connector.accepted_tag = None
        reservation_id, connector.accepted_reservation = connector.accepted_reservation, None
        if reservation_id is not None:
            self._use_up(reservation_id, connector, now)
        if connector.accepted_profile is not None:
            self._install_own_profile(connector, connector.accepted_profile)
        connector.give_up_at = None
        connector.sample_at = now.seconds + self.configuration.number("MeterValueSampleInterval")
        words = StartTransactionRequest(
            connector_id=connector.id,
            id_tag=id_tag,
            meter_start=transaction.meter_start_wh,
            timestamp=now.wall,
            reservation_id=UNSET if reservation_id is None else reservation_id,
        )
        self.mailbox.post(Letter(START_TRANSACTION, words, connector.id, transaction))
        self.note("transaction_started", connector.id, id_tag=id_tag, meter_wh=transaction.meter_start_wh)
        self.pass_on(connector, Occurrence.STARTED, now)

    def _use_up(self, reservation_id: int, connector: Connector, now: Moment) -> None:
        """The transaction for which it was reserved begins, if need be at another connector."""
        reservation = self.reservations.drop(reservation_id)
        if reservation is not None and reservation.connector_id != connector.id:
            self.free(reservation, now)

    def _install_own_profile(self, connector: Connector, profile: ChargingProfile) -> None:
        connector.accepted_profile = None
        at_most = self.configuration.number("MaxChargingProfilesInstalled")
        self.profiles.put(Installed(connector.id, profile), at_most=at_most)

    def _take_energy(self, connector: Connector, now: Moment) -> None:
        """Bring battery and meter up to now; a full battery suspends the transaction."""
        seconds = now.seconds - connector.advanced_at
        connector.advanced_at = now.seconds
        if connector.status != "Charging" or connector.car is None:
            return
        connector.meter.add(connector.car.charge(seconds))
        if connector.car.is_full:
            self.pass_on(connector, Occurrence.EV_PAUSED, now)

    def _take_sample(self, connector: Connector, now: Moment) -> None:
        interval = self.configuration.number("MeterValueSampleInterval")
        if interval == 0 or now.seconds < connector.sample_at:
            return
        connector.sample_at = now.seconds + interval
        self.mailbox.post(self.meter_letter(connector, "Sample.Periodic", now))
        soc = 0 if connector.car is None else round(connector.car.soc * 100)
        power_w = 0 if connector.car is None else round(connector.car.power_w)
        energy_wh = connector.meter.reading_wh
        self.note("metered", connector.id, energy_wh=energy_wh, power_w=power_w, soc_percent=soc)
