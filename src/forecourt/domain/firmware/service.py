"""Firmware that stations are to install (OCPP 1.6 §5.19; security whitepaper L01)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.errands.intents import UpdateFirmware
from forecourt.domain.errands.model import Delivery, Draft, Errand, ErrandNumber, Failure, Order
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import invalid
from forecourt.domain.jobs.locations import check_location, doubts_about_location
from forecourt.domain.jobs.model import Channel, Job, JobDraft, JobKind, JobNumber, Report
from forecourt.domain.jobs.service import Jobs
from forecourt.domain.provisioning.model import Station
from forecourt.domain.provisioning.service import Provisioning
from forecourt.domain.security.service import Security

INSTALL_FIRMWARE: Final = "InstallFirmware"
"""The operation."""

_WANTS_SIGNED: Final = (
    "The station installs signed firmware only (security whitepaper L01.FR.20): give its signature and the certificate"
    " that it was signed with"
)
_CANNOT_VERIFY: Final = (
    "The station cannot install signed firmware. Allow an unsigned update to have it installed without a check of its"
    " origin"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFirmware:
    """Firmware that is to be installed; without ``retrieve_at`` as soon as possible."""

    location: str
    retrieve_at: datetime | None = None
    install_at: datetime | None = None
    signing_certificate: str | None = None
    signature: str | None = None
    may_be_unsigned: bool = False
    """Whether a station that cannot check the signature may install it without."""
    retries: int | None = None
    retry_seconds: int | None = None

    @property
    def is_signed(self) -> bool:
        return self.signature is not None


class Firmware:
    """Everything that can happen to a firmware update."""

    def __init__(
        self, jobs: Jobs, errands: Errands, provisioning: Provisioning, security: Security, clock: Clock
    ) -> None:
        self._jobs = jobs
        self._errands = errands
        self._provisioning = provisioning
        self._security = security
        self._clock = clock
        errands.watch(UpdateFirmware, self._not_carried)

    def install(self, station: Station, wanted: WantedFirmware, order: Order) -> Errand:
        """Have firmware installed. A wrong signature is passed on: only the station's own check of it counts, and
        whoever tests a station must be able to send one (A00.FR.706). Raises DomainError INVALID."""
        check_location(wanted.location)
        _check_signature(wanted)
        job = self._jobs.add(
            station,
            JobDraft(
                kind=JobKind.SIGNED_FIRMWARE if wanted.is_signed else JobKind.FIRMWARE,
                operation=INSTALL_FIRMWARE,
                asked_by=order.asked_by,
                location=wanted.location,
                may_be_unsigned=wanted.may_be_unsigned,
            ),
        )
        intent = UpdateFirmware(
            job=job,
            location=wanted.location,
            retrieve_at=self._clock.now() if wanted.retrieve_at is None else wanted.retrieve_at,
            install_at=wanted.install_at,
            signing_certificate=wanted.signing_certificate,
            signature=wanted.signature,
            retries=wanted.retries,
            retry_seconds=wanted.retry_seconds,
        )
        draft = Draft(operation=INSTALL_FIRMWARE, intent=intent, shown=None, warnings=tuple(self._doubts_about(wanted)))
        errand = self._errands.ask(station, draft, order)
        self._jobs.carried_by(job, errand.number)
        return errand

    def _doubts_about(self, wanted: WantedFirmware) -> list[str]:
        found = doubts_about_location(wanted.location)
        if wanted.signature is not None and wanted.signing_certificate is not None:
            found += doubts_about_signature(wanted.signature, wanted.signing_certificate)
        elif wanted.install_at is not None:
            found.append("An update without a signature cannot say when to install; the station decides.")
        if wanted.install_at is not None and wanted.install_at < (wanted.retrieve_at or self._clock.now()):
            found.append("It is to be installed before it is to be retrieved.")
        return found

    def _not_carried(self, _station_key: int, number: ErrandNumber, intent: UpdateFirmware, failure: Failure) -> None:
        job = self._jobs.get(JobNumber(intent.job))
        reason = None
        if failure.is_unsupported and intent.signature is not None:
            if job.may_be_unsigned and self._asked_unsigned(job, number, intent):
                return
            reason = f"{_CANNOT_VERIFY} ({failure.code})."
        elif failure.code == "NotSupported":
            reason = f"{_WANTS_SIGNED} ({failure.code})."
        self._jobs.not_carried(job.number, number, failure, reason=reason)

    def _asked_unsigned(self, job: Job, number: ErrandNumber, intent: UpdateFirmware) -> bool:
        """Only the errand that was sent still knows how to sign in at the location, and it ends here."""
        ended = self._errands.get(number)
        station = self._provisioning.find_station(ended.station)
        if station is None:
            return False
        unsigned = replace(intent, signature=None, signing_certificate=None)
        draft = Draft(operation=ended.operation, intent=unsigned, shown=None, warnings=ended.warnings)
        order = Order(asked_by=ended.asked_by, delivery=Delivery.WHEN_ONLINE, priority=ended.priority)
        errand = self._errands.ask(station, draft, order)
        self._jobs.carried_by(job.number, errand.number, kind=JobKind.FIRMWARE)
        return True

    # What stations report

    def report(self, station: Station, status: str) -> None:
        """The older report, which does not say about which update it is."""
        self._jobs.report(station, Channel.FIRMWARE, Report(status=status))

    def report_signed(self, station: Station, report: Report) -> None:
        self._security.note_spoken(station)
        self._jobs.report(station, Channel.SIGNED_FIRMWARE, report)


def doubts_about_signature(signature: str, certificate: str) -> list[str]:
    """What looks wrong about a signature and the certificate it was made with, in sentences."""
    found = []
    try:
        base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        found.append("The signature is not base64.")
    if "-----BEGIN CERTIFICATE-----" not in certificate:
        found.append("The signing certificate is not PEM.")
    return found


def _check_signature(wanted: WantedFirmware) -> None:
    if (wanted.signature is None) != (wanted.signing_certificate is None):
        missing = "signature" if wanted.signature is None else "signingCertificate"
        raise invalid(
            "A signed update needs both the signature and the certificate that it was made with (L01.FR.11).",
            field=missing,
        )
