"""Transactions: what was charged, by whom, and what is doubtful about it (OCPP 1.6 §4.8, §4.10)."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forecourt.domain.authorization.model import AuthorizationStatus, Verdict, fold, is_same_group
from forecourt.domain.drivers.model import DriverNumber
from forecourt.domain.evse import WHOLE_STATION, Place
from forecourt.domain.transactions.metering import Reading

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""How far a station's clock may be ahead before its time stamps are doubted."""


OPERATOR_REASON: Final = "Other"
"""The reason of a stop by an operator who gives none (OCPP 1.6 §7.36)."""


class Doubt(enum.Enum):
    """Why a person should look. Nothing is refused for a doubt: a station cannot be told that it did not stop."""

    UNKNOWN_TRANSACTION = "unknownTransaction"
    """The stop names a transaction that this station never had."""
    STOPPED_AGAIN = "stoppedAgain"
    """The transaction was stopped before, with other figures. The first stop stands."""
    STOP_BEFORE_START = "stopBeforeStart"
    METER_DECREASED = "meterDecreased"
    """The stop has a lower register than the start; registers never decrease (OCPP 1.6 §4.7)."""
    OTHER_TOKEN = "otherToken"
    """Stopped with a token that is neither the one of the start nor of its group (OCPP 1.6 §3.10)."""
    NO_EVSE = "noConnector"
    """Started at connector 0, which is the station and no place to charge (OCPP 1.6 §6.45)."""
    FROM_THE_FUTURE = "fromTheFuture"
    """A time stamp lies more than five minutes ahead of the system's clock."""
    RESERVED_FOR_OTHER = "reservedForOther"
    """The start names a reservation that was for another token and another group (OCPP 1.6 §5.13)."""


_DOUBTS_OF_STOPS: Final = frozenset({Doubt.STOP_BEFORE_START, Doubt.METER_DECREASED, Doubt.OTHER_TOKEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class StartReport:
    """A start as the station reports it. Energy in Wh."""

    evse: Place
    id_token: str
    started_at: datetime
    meter_start_wh: int
    reservation_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReport:
    """A stop as the station reports it. Energy in Wh."""

    transaction_id: int
    stopped_at: datetime
    meter_stop_wh: int
    reason: str
    id_token: str | None = None
    readings: Sequence[Reading] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """How a transaction ended."""

    stopped_at: datetime
    meter_stop_wh: int
    reason: str
    id_token: str | None
    received_at: datetime
    stopped_by: str | None = None
    """Who stopped it here in the station's place; None means the station."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorStop:
    """A stop that an operator recorded for a station that did not report one. It counts until the station does."""

    stopped_by: str
    stopped_at: datetime
    meter_stop_wh: int
    reason: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorStopDraft:
    """A stop as an operator writes it down; what is None is found out. Energy in Wh."""

    stopped_by: str
    stopped_at: datetime | None = None
    """None means now."""
    meter_stop_wh: int | None = None
    """None means the newest register that was read, or else that of the start."""
    reason: str = OPERATOR_REASON
    is_forced: bool = False
    """Stop it also while the station is on line and could be asked to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A transaction; it is active until it has a stop."""

    transaction_id: int
    station: str
    evse: Place
    id_token: str
    parent: str | None
    """The group of the token when it started."""
    status: AuthorizationStatus
    """The verdict on the token when it started."""
    started_at: datetime
    meter_start_wh: int
    reservation_id: int | None
    start_received_at: datetime
    stop: Stop | None
    doubts: frozenset[Doubt]
    operator_stop: OperatorStop | None = None
    """What an operator recorded, also when the station's own stop has taken its place."""
    remote_start: int | None = None
    """The errand of the remote request that it comes from."""
    remote_stop: int | None = None
    """The errand of the remote request that ended it."""

    @property
    def is_active(self) -> bool:
        return self.stop is None

    @property
    def energy_wh(self) -> int | None:
        """What was charged, or None while it runs or when the registers cannot be true."""
        if self.stop is None or self.stop.meter_stop_wh < self.meter_start_wh:
            return None
        return self.stop.meter_stop_wh - self.meter_start_wh


@dataclass(frozen=True, slots=True)
class KnownStart:
    """A start that was reported before, and what its token was told then."""

    transaction_id: int
    status: AuthorizationStatus


@dataclass(frozen=True, slots=True)
class Started:
    """The answer to a start."""

    transaction_id: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class DoubtfulStop:
    """A stop that ends no transaction: kept as sent, for a person to look at."""

    station: str
    report: StopReport
    doubts: frozenset[Doubt]
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionFilter:
    """Which transactions to list; None means any. Times are those of the start."""

    station: str | None = None
    evse: Place | None = None
    id_token: str | None = None
    is_active: bool | None = None
    is_doubtful: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    transaction_id: int | None = None
    driver: DriverNumber | None = None
    """On tags that are this driver's now."""


@dataclass(frozen=True, slots=True)
class Now:
    """What was measured last of a transaction that runs; None where it was not."""

    power_w: float | None
    energy_wh: float | None
    """The register, not what was charged."""
    soc_percent: float | None
    taken_at: datetime


def doubts_of_start(report: StartReport, now: datetime) -> frozenset[Doubt]:
    doubts = set()
    if report.started_at > now + CLOCK_TOLERANCE:
        doubts.add(Doubt.FROM_THE_FUTURE)
    if report.evse is WHOLE_STATION:
        doubts.add(Doubt.NO_EVSE)
    return frozenset(doubts)


def doubts_of_stop(
    transaction: Transaction, report: StopReport, stopper: Verdict | None, now: datetime
) -> frozenset[Doubt]:
    """What cannot be true about a stop. ``stopper`` is the verdict on its token, None when it named none."""
    doubts = set()
    if report.stopped_at < transaction.started_at:
        doubts.add(Doubt.STOP_BEFORE_START)
    if report.meter_stop_wh < transaction.meter_start_wh:
        doubts.add(Doubt.METER_DECREASED)
    if report.stopped_at > now + CLOCK_TOLERANCE:
        doubts.add(Doubt.FROM_THE_FUTURE)
    if report.id_token is not None and not _may_stop(report.id_token, stopper, transaction):
        doubts.add(Doubt.OTHER_TOKEN)
    return frozenset(doubts)


def doubts_of_start_alone(transaction: Transaction) -> frozenset[Doubt]:
    """The doubts that do not come from a stop, for a stop that takes the place of another one."""
    doubts = transaction.doubts - _DOUBTS_OF_STOPS
    if transaction.started_at <= transaction.start_received_at + CLOCK_TOLERANCE:
        doubts -= {Doubt.FROM_THE_FUTURE}
    return doubts


def _may_stop(id_token: str, stopper: Verdict | None, transaction: Transaction) -> bool:
    return fold(id_token) == fold(transaction.id_token) or is_same_group(stopper, transaction.parent)


def is_repetition(stop: Stop, report: StopReport) -> bool:
    """True when the station tells the same stop again, because its answer was lost."""
    is_equal = stop.stopped_at == report.stopped_at and stop.meter_stop_wh == report.meter_stop_wh
    return stop.stopped_by is None and is_equal
