"""A simulated station without any I/O: what happens to it goes in, what it has to say comes out as letters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from msgspec import UNSET

from forecourt.dialects.v16.messages.authorize import AUTHORIZE, AuthorizeRequest, AuthorizeResponse
from forecourt.dialects.v16.messages.boot_notification import (
    BOOT_NOTIFICATION,
    BootNotificationRequest,
    BootNotificationResponse,
    RegistrationStatus,
)
from forecourt.dialects.v16.messages.heartbeat import HEARTBEAT, HeartbeatRequest
from forecourt.dialects.v16.messages.meter_values import METER_VALUES, MeterValuesRequest
from forecourt.dialects.v16.messages.metering import ReadingContext
from forecourt.dialects.v16.messages.reset import ResetType
from forecourt.dialects.v16.messages.start_transaction import (
    START_TRANSACTION,
    StartTransactionRequest,
    StartTransactionResponse,
)
from forecourt.dialects.v16.messages.status_notification import (
    STATUS_NOTIFICATION,
    ChargePointStatus,
    StatusNotificationRequest,
)
from forecourt.dialects.v16.messages.stop_transaction import STOP_TRANSACTION, Reason, StopTransactionRequest
from forecourt.ocpp.action import Message
from forecourt_simulator.configuration import Configuration
from forecourt_simulator.connector import Connector, Occurrence, Transaction
from forecourt_simulator.curve import Battery
from forecourt_simulator.mailbox import NO_TRANSACTION_ID, Letter, Mailbox
from forecourt_simulator.moment import Moment
from forecourt_simulator.note import Detail, Note, Tell, tell_nobody
from forecourt_simulator.readings import read_meter

BOOT_RETRY_SECONDS: Final = 10
"""The wait before the next BootNotification where the central system left the choice to the station."""


class Station:
    """One station with its connectors, numbered from 1. Every method that takes ``now`` may post letters."""

    def __init__(self, identity: str, *, connectors: int = 2, tell: Tell = tell_nobody) -> None:
        self.identity = identity
        self.connectors = {number: Connector(number) for number in range(1, connectors + 1)}
        self.configuration = Configuration(connectors=connectors)
        self.mailbox = Mailbox()
        self.registration: RegistrationStatus | None = None
        self.is_online = False
        self.is_operative = True
        self.restart: ResetType | None = None
        self._tell = tell
        self._boot_at: datetime | None = None
        self._heartbeat_at: datetime | None = None

    # The link

    @property
    def is_admitted(self) -> bool:
        return self.is_online and self.registration == "Accepted"

    def connect(self, now: Moment) -> None:
        """The link is up. The station boots only once per start, not per connection (OCPP-J 1.6 §5.4)."""
        self.is_online = True
        self.note("connected")
        if self.registration is None:
            self.post_boot()
        elif self.registration == "Accepted":
            for connector in self.connectors.values():
                self._report_change(connector, now)

    def disconnect(self) -> None:
        """The link is gone; what belongs to transactions stays in the mailbox."""
        self.is_online = False
        self.mailbox.go_offline()
        for connector in self.connectors.values():
            connector.asked_tag = None
        self.note("disconnected", waiting=len(self.mailbox.waiting))

    def find_letter(self, now: Moment) -> Letter | None:
        """The next request to send; call it only while no other request is in flight."""
        self.mailbox.attempts = self.configuration.number("TransactionMessageAttempts")
        self.mailbox.retry_seconds = self.configuration.number("TransactionMessageRetryInterval")
        letter = self.mailbox.find_next(now.wall, is_admitted=self.is_admitted)
        if letter is not None and self.registration == "Accepted":
            self._expect_heartbeat(now)
        return letter

    def take_answer(self, letter: Letter, words: Message, now: Moment) -> None:
        """A letter was answered with a CALLRESULT."""
        self.mailbox.settle(letter)
        match letter.words, words:
            case _, BootNotificationResponse():
                self._take_boot_answer(words, now)
            case AuthorizeRequest(id_tag=id_tag), AuthorizeResponse():
                self._take_authorization(self.connectors[letter.connector_id], id_tag, words, now)
            case _, StartTransactionResponse() if letter.transaction is not None:
                self._take_transaction_id(letter.transaction, words, now)
            case StatusNotificationRequest(connector_id=number, status=status), _ if number:
                self.connectors[number].reported = status
            case _:
                pass

    def take_failure(self, letter: Letter, code: str | None, reason: str, now: Moment) -> None:
        """A letter was answered with a CALLERROR, or with nothing usable (``code`` is None)."""
        self.note("call_failed", letter.connector_id, action=letter.action.name, code=code, reason=reason)
        if letter.action is BOOT_NOTIFICATION:
            self._boot_at = now.wall + timedelta(seconds=BOOT_RETRY_SECONDS)
        if letter.action is AUTHORIZE:
            self.connectors[letter.connector_id].asked_tag = None
        if code is None:
            letter.not_before = now.wall + timedelta(seconds=self.mailbox.retry_seconds)
        elif self.mailbox.refuse(letter, now.wall):
            self.note("message_given_up", letter.connector_id, action=letter.action.name, code=code)
            if letter.transaction is not None and letter.action is START_TRANSACTION:
                letter.transaction.transaction_id = NO_TRANSACTION_ID

    # The driver

    def plug_in(self, connector_id: int, car: Battery, now: Moment) -> None:
        connector = self.connectors[connector_id]
        connector.car = car
        self.note("plugged_in", connector_id, soc_percent=round(car.soc * 100))
        if connector.may(Occurrence.PREPARED):
            self._pass_on(connector, Occurrence.PREPARED, now)
        if connector.accepted_tag is not None and connector.status == "Preparing":
            self._start(connector, connector.accepted_tag, now)

    def unplug(self, connector_id: int, now: Moment) -> None:
        """Take the cable out, which ends a transaction that still runs."""
        connector = self.connectors[connector_id]
        if connector.is_busy:
            self.stop(connector, "EVDisconnected", now)
        connector.car = None
        connector.accepted_tag = None
        self.note("unplugged", connector_id)
        if connector.may(Occurrence.RELEASED):
            self._pass_on(connector, Occurrence.RELEASED, now)

    def present_tag(self, connector_id: int, id_tag: str, now: Moment) -> None:
        """Show a tag at a connector: to start, or to stop what the same tag or its group started."""
        connector = self.connectors[connector_id]
        transaction = connector.transaction
        if transaction is not None and transaction.id_tag.casefold() == id_tag.casefold():
            self.stop(connector, "Local", now, id_tag=id_tag)
        elif transaction is None and connector.status not in {"Available", "Preparing"}:
            self.note("tag_ignored", connector_id, status=connector.status)
        elif self.is_admitted:
            self.ask(connector, id_tag)
        elif transaction is None and self.configuration.flag("AllowOfflineTxForUnknownId"):
            self.accept(connector, id_tag, now)
        else:
            self.note("tag_ignored", connector_id, reason="offline")

    # Time

    def advance(self, now: Moment) -> None:
        """Let time pass up to now: batteries fill, meters count, samples and heartbeats fall due."""
        for connector in self.connectors.values():
            self._advance_connector(connector, now)
        if self._boot_at is not None and self._boot_at <= now.wall and self.is_online:
            self.post_boot()
        if self.is_admitted and self._heartbeat_at is not None and self._heartbeat_at <= now.wall:
            self.mailbox.post(Letter(HEARTBEAT, HeartbeatRequest()))
            self._expect_heartbeat(now)

    @property
    def is_restart_due(self) -> bool:
        """True when a reset was accepted and, for a soft one, everything was delivered (OCPP 1.6 §5.14)."""
        return self.restart == "Hard" or (self.restart == "Soft" and not self.mailbox.waiting)

    def finish_restart(self) -> None:
        """The station is up again and knows nothing of its registration."""
        self.restart = None
        self.registration = None
        self._boot_at = None
        self._heartbeat_at = None
        for connector in self.connectors.values():
            connector.accepted_tag = None
            connector.reported = None
        self.note("restarted")

    # What the answers to the central system's requests are made of

    def ask(self, connector: Connector, id_tag: str) -> None:
        """Ask the central system about a tag; its answer starts or stops a transaction."""
        connector.asked_tag = id_tag
        self.mailbox.post(Letter(AUTHORIZE, AuthorizeRequest(id_tag=id_tag), connector.id))

    def accept(self, connector: Connector, id_tag: str, now: Moment) -> None:
        """Let this tag charge: at once when a car is plugged in, else when one comes in time."""
        if connector.is_busy or connector.status not in {"Available", "Preparing"}:
            return
        connector.accepted_tag = id_tag
        connector.give_up_at = now.seconds + self.configuration.number("ConnectionTimeOut")
        if connector.status == "Available":
            self._pass_on(connector, Occurrence.PREPARED, now)
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
        self._pass_on(connector, Occurrence.STOPPED, now)
        if connector.is_to_be_disabled:
            self.disable(connector, now)

    def disable(self, connector: Connector, now: Moment) -> bool:
        """Take a connector out of service; returns False when its transaction has to end first."""
        connector.is_to_be_disabled = connector.is_busy
        if connector.is_busy:
            return False
        connector.accepted_tag = None
        if connector.status == "Preparing":
            self._pass_on(connector, Occurrence.RELEASED, now)
        if connector.may(Occurrence.DISABLED):
            self._pass_on(connector, Occurrence.DISABLED, now)
        return True

    def enable(self, connector: Connector, now: Moment) -> None:
        connector.is_to_be_disabled = False
        if connector.may(Occurrence.ENABLED):
            self._pass_on(connector, Occurrence.ENABLED, now)
            if connector.car is not None:
                self._pass_on(connector, Occurrence.PREPARED, now)

    def find_transaction(self, transaction_id: int) -> Connector | None:
        for connector in self.connectors.values():
            if connector.transaction is not None and connector.transaction.transaction_id == transaction_id:
                return connector
        return None

    def post_boot(self) -> None:
        self._boot_at = None
        words = BootNotificationRequest(
            charge_point_vendor="Forecourt",
            charge_point_model="Simulator",
            charge_point_serial_number=self.identity[:25],
            firmware_version="1.0",
        )
        self.mailbox.post_first(Letter(BOOT_NOTIFICATION, words))

    def status_letters(self, connector_id: int | None, now: Moment) -> Iterator[Letter]:
        """The status of one connector, or of the station (as connector 0) and all of its connectors."""
        if connector_id in {None, 0}:
            yield self._status_letter(0, "Available" if self.is_operative else "Unavailable", now)
        for connector in self.connectors.values():
            if connector_id in {None, connector.id}:
                yield self._status_letter(connector.id, connector.status, now)

    def meter_letter(self, connector: Connector, context: ReadingContext, now: Moment) -> Letter:
        measurands = self.configuration.items("MeterValuesSampledData")
        reading = read_meter(connector, measurands, context=context, taken_at=now.wall)
        words = MeterValuesRequest(connector_id=connector.id, meter_value=[reading])
        return Letter(METER_VALUES, words, connector.id, connector.transaction)

    def note(self, event: str, connector_id: int = 0, **details: Detail) -> None:
        self._tell(Note(event, self.identity, connector_id, details))

    # Answers of the central system

    def _take_boot_answer(self, words: BootNotificationResponse, now: Moment) -> None:
        self.registration = words.status
        self.note("boot_answered", status=words.status, interval=words.interval)
        if words.status != "Accepted":
            self._boot_at = now.wall + timedelta(seconds=words.interval if words.interval > 0 else BOOT_RETRY_SECONDS)
            return
        if words.interval > 0:
            self.configuration.put("HeartbeatInterval", str(words.interval))
        for letter in self.status_letters(None, now):
            self.mailbox.post(letter)
        self._expect_heartbeat(now)

    def _take_authorization(self, connector: Connector, id_tag: str, words: AuthorizeResponse, now: Moment) -> None:
        connector.asked_tag = None
        info = words.id_tag_info
        self.note("tag_answered", connector.id, id_tag=id_tag, status=info.status)
        if info.status != "Accepted":
            return
        transaction = connector.transaction
        if transaction is None:
            self.accept(connector, id_tag, now)
        elif info.parent_id_tag is not UNSET and info.parent_id_tag == transaction.parent_id_tag:
            self.stop(connector, "Local", now, id_tag=id_tag)

    def _take_transaction_id(self, transaction: Transaction, words: StartTransactionResponse, now: Moment) -> None:
        transaction.transaction_id = words.transaction_id
        info = words.id_tag_info
        transaction.parent_id_tag = None if info.parent_id_tag is UNSET else info.parent_id_tag
        number = transaction.connector_id
        self.note("transaction_numbered", number, transaction_id=words.transaction_id, status=info.status)
        if (
            info.status != "Accepted"
            and not transaction.is_over
            and self.configuration.flag("StopTransactionOnInvalidId")
        ):
            self.stop(self.connectors[number], "DeAuthorized", now)

    # Inside

    def _start(self, connector: Connector, id_tag: str, now: Moment) -> None:
        transaction = Transaction(connector.id, id_tag, connector.meter.reading_wh)
        connector.transaction = transaction
        connector.accepted_tag = None
        connector.give_up_at = None
        connector.sample_at = now.seconds + self.configuration.number("MeterValueSampleInterval")
        words = StartTransactionRequest(
            connector_id=connector.id, id_tag=id_tag, meter_start=transaction.meter_start_wh, timestamp=now.wall
        )
        self.mailbox.post(Letter(START_TRANSACTION, words, connector.id, transaction))
        self.note("transaction_started", connector.id, id_tag=id_tag, meter_wh=transaction.meter_start_wh)
        self._pass_on(connector, Occurrence.STARTED, now)

    def _advance_connector(self, connector: Connector, now: Moment) -> None:
        self._take_energy(connector, now)
        if connector.give_up_at is not None and connector.give_up_at <= now.seconds:
            connector.give_up_at = None
            connector.accepted_tag = None
            if connector.status == "Preparing" and connector.car is None:
                self._pass_on(connector, Occurrence.RELEASED, now)
        if connector.transaction is not None:
            self._take_sample(connector, now)

    def _take_energy(self, connector: Connector, now: Moment) -> None:
        """Bring battery and meter up to now; a full battery suspends the transaction."""
        seconds = now.seconds - connector.advanced_at
        connector.advanced_at = now.seconds
        if connector.status != "Charging" or connector.car is None:
            return
        connector.meter.add(connector.car.charge(seconds))
        if connector.car.is_full:
            self._pass_on(connector, Occurrence.EV_PAUSED, now)

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

    def _pass_on(self, connector: Connector, occurrence: Occurrence, now: Moment) -> None:
        if occurrence is Occurrence.STARTED:
            connector.advanced_at = now.seconds
        connector.pass_on(occurrence)
        self.note("status", connector.id, status=connector.status)
        self._report_change(connector, now)

    def _report_change(self, connector: Connector, now: Moment) -> None:
        if self.is_admitted and connector.reported != connector.status:
            self.mailbox.post(self._status_letter(connector.id, connector.status, now))

    def _status_letter(self, connector_id: int, status: ChargePointStatus, now: Moment) -> Letter:
        words = StatusNotificationRequest(
            connector_id=connector_id, error_code="NoError", status=status, timestamp=now.wall
        )
        return Letter(STATUS_NOTIFICATION, words, connector_id)

    def _expect_heartbeat(self, now: Moment) -> None:
        self._heartbeat_at = now.wall + timedelta(seconds=max(1, self.configuration.number("HeartbeatInterval")))
