"""A simulated station without any I/O: what happens to it goes in, what it has to say comes out as letters."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from msgspec import UNSET

from forecourt.dialects.v16.messages.authorize import AUTHORIZE, AuthorizeRequest, AuthorizeResponse
from forecourt.dialects.v16.messages.boot_notification import (
    BOOT_NOTIFICATION,
    BootNotificationResponse,
)
from forecourt.dialects.v16.messages.heartbeat import HEARTBEAT, HeartbeatRequest
from forecourt.dialects.v16.messages.reset import ResetType
from forecourt.dialects.v16.messages.start_transaction import (
    START_TRANSACTION,
    StartTransactionResponse,
)
from forecourt.dialects.v16.messages.status_notification import StatusNotificationRequest
from forecourt.ocpp.action import Message
from forecourt_simulator.agenda import Agenda
from forecourt_simulator.charging import Charging
from forecourt_simulator.connector import Connector, Occurrence, Transaction
from forecourt_simulator.curve import Battery
from forecourt_simulator.firmware import Firmware
from forecourt_simulator.letters import boot_letter
from forecourt_simulator.local_list import LocalList
from forecourt_simulator.mailbox import NO_TRANSACTION_ID, Letter
from forecourt_simulator.moment import Moment
from forecourt_simulator.note import Tell, tell_nobody
from forecourt_simulator.security import Security
from forecourt_simulator.security_log import SecurityLog
from forecourt_simulator.security_setup import SecuritySetup
from forecourt_simulator.uploads import Uploads

BOOT_RETRY_SECONDS: Final = 10
"""The wait before the next BootNotification where the central system left the choice to the station."""


class Station(Charging):
    """One station with its connectors, numbered from 1. Every method that takes ``now`` may post letters."""

    def __init__(
        self,
        identity: str,
        *,
        connectors: int = 2,
        tell: Tell = tell_nobody,
        security: SecuritySetup | None = None,
    ) -> None:
        super().__init__(identity, connectors=connectors, tell=tell)
        self.agenda = Agenda()
        self.local_list = LocalList()
        setup = security or SecuritySetup()
        self.security_log = SecurityLog(
            self.mailbox, told=setup.told, profile=lambda: self.configuration.number("SecurityProfile")
        )
        self.security = Security(identity, setup, configuration=self.configuration, log=self.security_log)
        self.uploads = Uploads(self.agenda, self.mailbox)
        self.firmware = Firmware(self.agenda, self.mailbox, self._restart_for_firmware, self.security_log.add)
        self._is_started = False
        self.restart: ResetType | None = None
        self._boot_at: datetime | None = None
        self._heartbeat_at: datetime | None = None

    # The link

    def connect(self, now: Moment) -> None:
        """The link is up. The station boots only once per start, not per connection (OCPP-J 1.6 §5.4)."""
        self.is_online = True
        self.note("connected")
        if not self._is_started:
            self._is_started = True
            self.security_log.add("StartupOfTheDevice", now)
        if self.registration is None:
            self.post_boot()
        elif self.registration == "Accepted":
            for connector in self.connectors.values():
                self.report_change(connector, now)

    def disconnect(self) -> None:
        """The link is gone; what belongs to transactions stays in the mailbox."""
        self.is_online = False
        self.mailbox.go_offline()
        for connector in self.connectors.values():
            connector.asked_tag = None
            connector.posted = connector.reported
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
        if connector.status != "Reserved" and connector.may(Occurrence.PREPARED):
            self.pass_on(connector, Occurrence.PREPARED, now)
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
        self.release(connector, now)

    def present_tag(self, connector_id: int, id_tag: str, now: Moment) -> None:
        """Show a tag at a connector: to start, or to stop what the same tag or its group started."""
        connector = self.connectors[connector_id]
        transaction = connector.transaction
        if transaction is not None and transaction.id_tag.casefold() == id_tag.casefold():
            self.stop(connector, "Local", now, id_tag=id_tag)
        elif transaction is None and not connector.may_be_used:
            self.note("tag_ignored", connector_id, status=connector.status)
        elif transaction is None and self._knows(id_tag, now):
            self.accept(connector, id_tag, now)
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
            self.advance_connector(connector, now)
        self.agenda.do_what_is_due(now)
        for reservation in self.reservations.take_expired(now.wall):
            self.free(reservation, now)
        if self._boot_at is not None and self._boot_at <= now.wall and self.is_online:
            self.post_boot()
        if self.is_admitted and self._heartbeat_at is not None and self._heartbeat_at <= now.wall:
            self.mailbox.post(Letter(HEARTBEAT, HeartbeatRequest()))
            self._expect_heartbeat(now)

    @property
    def is_restart_due(self) -> bool:
        """True when a reset was accepted and, for a soft one, everything was delivered (OCPP 1.6 §5.14)."""
        return self.restart == "Hard" or (self.restart == "Soft" and not self.mailbox.waiting)

    def finish_restart(self, now: Moment) -> None:
        """The station is up again and knows nothing of its registration."""
        former = self.firmware.version
        self.restart = None
        self.registration = None
        self._boot_at = None
        self._heartbeat_at = None
        for connector in self.connectors.values():
            connector.accepted_tag = None
            connector.reported = connector.posted = None
        self.firmware.finish_restart()
        self.security_log.add("ResetOrReboot", now)
        if self.firmware.version != former:
            self.security_log.add("FirmwareUpdated", now, self.firmware.version)
        self._is_started = False
        self.security.finish_restart(now)
        self.note("restarted", firmware=self.firmware.version)

    # What the answers to the central system's requests are made of

    def post_boot(self) -> None:
        self._boot_at = None
        self.mailbox.post_first(boot_letter(self.security.told_serial_number, self.firmware.version))

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
        self.firmware.take_admission()
        self._expect_heartbeat(now)

    def _take_authorization(self, connector: Connector, id_tag: str, words: AuthorizeResponse, now: Moment) -> None:
        connector.asked_tag = None
        info = words.id_tag_info
        self.note("tag_answered", connector.id, id_tag=id_tag, status=info.status)
        if info.status != "Accepted":
            return
        transaction = connector.transaction
        parent = None if info.parent_id_tag is UNSET else info.parent_id_tag
        if transaction is None:
            self.accept(connector, id_tag, now, parent_id_tag=parent)
        elif parent is not None and parent == transaction.parent_id_tag:
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

    def _knows(self, id_tag: str, now: Moment) -> bool:
        """True when the local list lets the tag charge and the station need not ask (OCPP 1.6 §3.5.2, §3.5.4)."""
        key = "LocalPreAuthorize" if self.is_admitted else "LocalAuthorizeOffline"
        is_asked = self.configuration.flag(key) and self.configuration.flag("LocalAuthListEnabled")
        return is_asked and self.local_list.permits(id_tag, now.wall)

    def _restart_for_firmware(self, now: Moment) -> None:
        for connector in self.connectors.values():
            self.stop(connector, "Reboot", now)
        self.restart = "Soft"

    def _expect_heartbeat(self, now: Moment) -> None:
        self._heartbeat_at = now.wall + timedelta(seconds=max(1, self.configuration.number("HeartbeatInterval")))
