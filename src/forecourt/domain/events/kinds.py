"""What the outside may want to know: every kind of event, declared once, with the group in which it is chosen, a
sentence for people, and the names of its data."""

from __future__ import annotations

import enum
from typing import Final, Self


class Group(enum.Enum):
    """What kinds of events are chosen by, many at once."""

    STATIONS = "stations"
    CONNECTORS = "connectors"
    TRANSACTIONS = "transactions"
    RESERVATIONS = "reservations"
    SECURITY = "security"
    CERTIFICATES = "certificates"
    ALARMS = "alarms"
    WORK = "work"
    """Errands, batches, and jobs of firmware and logs."""
    TESTS = "tests"
    """Asked for by a person to try a subscription; nobody subscribes to these."""


class Kind(enum.Enum):
    """What happened. The value is its name to the outside, and never changes.

    ``sentence`` says it to people; names in braces are those of the data. ``fields`` are all of the data: a value that
    is not known is null, and none is left out. Energies are in Wh, durations in seconds.
    """

    group: Group
    sentence: str
    fields: frozenset[str]

    def __new__(cls, name: str, group: Group, sentence: str, fields: str = "") -> Self:
        kind = object.__new__(cls)
        kind._value_ = name
        kind.group = group
        kind.sentence = sentence
        kind.fields = frozenset(fields.split())
        return kind

    STATION_CONNECTED = (
        "stationConnected",
        Group.STATIONS,
        "The station connected from {address}.",
        "address securityProfile",
    )
    STATION_DISCONNECTED = (
        "stationDisconnected",
        Group.STATIONS,
        "The connection of the station ended: {reason}",
        "reason",
    )
    STATION_BOOTED = (
        "stationBooted",
        Group.STATIONS,
        "The station booted: {vendor} {model}, firmware {firmwareVersion}. It is {registration}.",
        "vendor model serialNumber firmwareVersion registration",
    )
    STATION_REGISTERED = "stationRegistered", Group.STATIONS, "The station was registered by {askedBy}.", "askedBy"
    STATION_REMOVED = "stationRemoved", Group.STATIONS, "The station was taken off the register."
    UNKNOWN_STATION = (
        "unknownStation",
        Group.STATIONS,
        "A station that is not registered knocked from {address}.",
        "address subprotocols",
    )

    CONNECTOR_FAULTED = (
        "connectorFaulted",
        Group.CONNECTORS,
        "Connector {connectorId} is faulted: {errorCode} {vendorErrorCode} {info}",
        "connectorId errorCode vendorErrorCode info reportedAt",
    )
    CONNECTOR_RECOVERED = (
        "connectorRecovered",
        Group.CONNECTORS,
        "Connector {connectorId} is no longer faulted: it is {status}.",
        "connectorId status",
    )

    TRANSACTION_STARTED = (
        "transactionStarted",
        Group.TRANSACTIONS,
        "Transaction {transactionId} started at connector {connectorId} with the tag {idTag}.",
        "transactionId connectorId idTag idTagStatus startedAt meterStartWh reservationId doubts",
    )
    TRANSACTION_STOPPED = (
        "transactionStopped",
        Group.TRANSACTIONS,
        "Transaction {transactionId} at connector {connectorId} stopped: {energyWh} Wh, {durationSeconds} s, {reason}.",
        """
        transactionId connectorId idTag startedAt stoppedAt durationSeconds meterStartWh meterStopWh energyWh reason
        stopTag stoppedBy doubts
        """,
    )
    DOUBTFUL_STOP = (
        "doubtfulStop",
        Group.TRANSACTIONS,
        "A stop of transaction {transactionId} cannot be right: {doubts}.",
        "transactionId stoppedAt meterStopWh reason idTag doubts",
    )

    RESERVATION_ENDED = (
        "reservationEnded",
        Group.RESERVATIONS,
        "Reservation {reservationId} of the tag {idTag} ended: it was {outcome}.",
        "reservationId connectorId idTag outcome reason transactionId",
    )

    SECURITY_EVENT = (
        "securityEvent",
        Group.SECURITY,
        "The station reported the security event {type}. {techInfo}",
        "type occurredAt techInfo",
    )
    SECURITY_NOTED = (
        "securityNoted",
        Group.SECURITY,
        "{reason}",
        "kind reason address askedBy count",
    )

    CERTIFICATE_ISSUED = "certificateIssued", Group.CERTIFICATES, "{reason}", "reason askedBy"
    CERTIFICATE_INSTALLED = "certificateInstalled", Group.CERTIFICATES, "{reason}", "reason askedBy"
    CERTIFICATE_NOT_INSTALLED = "certificateNotInstalled", Group.CERTIFICATES, "{reason}", "reason askedBy"
    CERTIFICATE_EXPIRES = "certificateExpires", Group.CERTIFICATES, "{reason}", "reason askedBy"
    CERTIFICATE_REQUEST_REFUSED = "certificateRequestRefused", Group.CERTIFICATES, "{reason}", "reason askedBy"
    ROOT_ROLLOVER_ENDED = (
        "rootRolloverEnded",
        Group.CERTIFICATES,
        "The plan {plan} to replace the root {oldRoot} ended: it is {outcome}.",
        "plan oldRoot newRoot outcome",
    )

    ALARM_RAISED = "alarmRaised", Group.ALARMS, "{level}: {sentence}", "topic level sentence"
    ALARM_ENDED = "alarmEnded", Group.ALARMS, "The alarm is over.", "topic"

    ERRAND_FAILED = (
        "errandFailed",
        Group.WORK,
        "The errand {errand} ({operation}) came to nothing: {reason}",
        "errand operation state reason askedBy",
    )
    BATCH_ENDED = (
        "batchEnded",
        Group.WORK,
        "The batch {batch} ({operation}) for {total} stations ended: {answered} answered, {failed} did not.",
        "batch operation askedBy total answered failed",
    )
    JOB_ENDED = (
        "jobEnded",
        Group.WORK,
        "The job {job} ({operation}) ended: it is {outcome}. {reason}",
        "job kind operation outcome reason fileName",
    )

    TEST = (
        "test",
        Group.TESTS,
        "This is a test of the subscription {subscription}, asked for by {askedBy}.",
        "subscription number askedBy",
    )

    @property
    def summary(self) -> str:
        """What it is about, in words that hold for every event of the kind."""
        return SUMMARIES[self]

    @property
    def may_be_chosen(self) -> bool:
        return self.group is not Group.TESTS


SUMMARIES: Final = {
    Kind.STATION_CONNECTED: "A station connected.",
    Kind.STATION_DISCONNECTED: "The connection of a station ended.",
    Kind.STATION_BOOTED: "A station sent BootNotification.",
    Kind.STATION_REGISTERED: "A station was registered.",
    Kind.STATION_REMOVED: "A station was taken off the register.",
    Kind.UNKNOWN_STATION: "A station that is not registered knocked for the first time; at most 60 an hour are told.",
    Kind.CONNECTOR_FAULTED: "A connector, or a station as a whole, became Faulted.",
    Kind.CONNECTOR_RECOVERED: "A connector that was Faulted is no longer.",
    Kind.TRANSACTION_STARTED: "A transaction started.",
    Kind.TRANSACTION_STOPPED: "A transaction stopped, with its energy and how long it took.",
    Kind.DOUBTFUL_STOP: "A stop was reported of a transaction that is unknown or stopped already.",
    Kind.RESERVATION_ENDED: "A reservation was used, cancelled or refused, or it expired.",
    Kind.SECURITY_EVENT: "A station reported a critical security event.",
    Kind.SECURITY_NOTED: "The security log has an entry of note: a change, guesses at passwords, or the like.",
    Kind.CERTIFICATE_ISSUED: "An authority issued a certificate.",
    Kind.CERTIFICATE_INSTALLED: "A station took a certificate.",
    Kind.CERTIFICATE_NOT_INSTALLED: "A station did not get a certificate, or a renewal failed.",
    Kind.CERTIFICATE_EXPIRES: "A certificate in use expires soon.",
    Kind.CERTIFICATE_REQUEST_REFUSED: "A certificate signing request was refused.",
    Kind.ROOT_ROLLOVER_ENDED: "A plan to replace a root certificate is done or was cancelled.",
    Kind.ALARM_RAISED: "An alarm was raised, or became more or less urgent.",
    Kind.ALARM_ENDED: "An alarm is over.",
    Kind.ERRAND_FAILED: "An errand that is not part of a batch failed or expired.",
    Kind.BATCH_ENDED: "All errands of a batch have ended.",
    Kind.JOB_ENDED: "An update of firmware or an upload of a log ended.",
    Kind.TEST: "Somebody tried a subscription.",
}

CHOOSABLE: Final = tuple(kind for kind in Kind if kind.may_be_chosen)
"""What somebody may subscribe to."""
