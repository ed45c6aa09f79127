"""Firmware that stations are to install (OCPP 1.6 §5.19; security whitepaper L01)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.errands.intents import UpdateFirmware
from forecourt.domain.errands.model import Delivery, Draft, Errand, ErrandNumber, Failure, Order
from forecourt.domain.errands.service import Errands
from forecourt.domain.errors import conflict, invalid
from forecourt.domain.files.model import TICKET_LIFE, Direction
from forecourt.domain.files.service import Files
from forecourt.domain.firmware.images import FirmwareImages, doubtful
from forecourt.domain.firmware.model import Image, ImageNumber, Signed
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

MAX_FILE_NAME: Final = 64
_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFirmware:
    """Firmware that is to be installed: from a location, or an image that is kept here. Without ``retrieve_at`` as soon
    as possible."""

    location: str | None = None
    image: ImageNumber | None = None
    """With its own signature, unless another one is given."""
    despite_failed_check: bool = False
    """Whether an image is sent whose signature or signing certificate is found wrong here."""
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
        self,
        jobs: Jobs,
        errands: Errands,
        provisioning: Provisioning,
        security: Security,
        clock: Clock,
        *,
        images: FirmwareImages,
        files: Files,
    ) -> None:
        self._jobs = jobs
        self._errands = errands
        self._provisioning = provisioning
        self._security = security
        self._clock = clock
        self._images = images
        self._files = files
        errands.watch(UpdateFirmware, self._not_carried)

    def install(self, station: Station, wanted: WantedFirmware, order: Order) -> Errand:
        """Have firmware installed. The signature of what lies elsewhere is passed on unchecked: only the station's own
        check of it counts. Raises DomainError INVALID, NOT_FOUND when there is no such image, CONFLICT when its
        signature is found wrong and nobody said that it is wanted so (A00.FR.706), and UNAVAILABLE for an image when
        there is no door for files."""
        _check_source(wanted)
        _check_signature(wanted)
        if wanted.image is not None:
            return self._install_image(station, self._images.get(wanted.image), wanted, order)
        location = check_location(wanted.location or "")
        job = self._add_job(station, wanted, order, location)
        return self._ask(station, self._intent(job, wanted, location), order, self._doubts_about(wanted, location))

    def _install_image(self, station: Station, image: Image, wanted: WantedFirmware, order: Order) -> Errand:
        wanted = _signed_as(image, wanted)
        doubts = list(self._files.doubts(station))
        fault = self._fault_of(image, wanted)
        if fault is not None:
            if not wanted.despite_failed_check:
                raise conflict(
                    "{} Set despiteFailedCheck to send it all the same.", doubtful(fault), field="despiteFailedCheck"
                )
            doubts.append(str(doubtful(fault)))
        shown = self._files.shown(station, Direction.DOWNLOAD, name=_file_name(image))
        job = self._add_job(station, wanted, order, shown)
        self._images.install(image, job)
        location = self._offered(station, image, job, wanted.retrieve_at)
        doubts += self._doubts_about(wanted, location)
        return self._ask(station, self._intent(job, wanted, location), order, doubts)

    def _add_job(self, station: Station, wanted: WantedFirmware, order: Order, location: str) -> JobNumber:
        return self._jobs.add(
            station,
            JobDraft(
                kind=JobKind.SIGNED_FIRMWARE if wanted.is_signed else JobKind.FIRMWARE,
                operation=INSTALL_FIRMWARE,
                asked_by=order.asked_by,
                location=location,
                may_be_unsigned=wanted.may_be_unsigned,
            ),
        )

    def _intent(self, job: JobNumber, wanted: WantedFirmware, location: str) -> UpdateFirmware:
        return UpdateFirmware(
            job=job,
            location=location,
            retrieve_at=self._clock.now() if wanted.retrieve_at is None else wanted.retrieve_at,
            install_at=wanted.install_at,
            signing_certificate=wanted.signing_certificate,
            signature=wanted.signature,
            retries=wanted.retries,
            retry_seconds=wanted.retry_seconds,
        )

    def _ask(self, station: Station, intent: UpdateFirmware, order: Order, doubts: list[str]) -> Errand:
        draft = Draft(operation=INSTALL_FIRMWARE, intent=intent, shown=None, warnings=tuple(doubts))
        errand = self._errands.ask(station, draft, order)
        self._jobs.carried_by(JobNumber(intent.job), errand.number)
        return errand

    def _offered(self, station: Station, image: Image, job: JobNumber, retrieve_at: datetime | None) -> str:
        """A location of its own for this station and job, good long enough for who is to fetch it later."""
        now = self._clock.now()
        return self._files.offer_download(
            station,
            job=job,
            file=image.file.name,
            size=image.file.size,
            name=_file_name(image),
            ends_at=max(now, retrieve_at or now) + TICKET_LIFE,
        )

    def _fault_of(self, image: Image, wanted: WantedFirmware) -> str | None:
        if wanted.signature is None or wanted.signing_certificate is None:
            return None
        signed = Signed(certificate=wanted.signing_certificate, signature=wanted.signature)
        return self._images.fault_of(image, signed)

    def _doubts_about(self, wanted: WantedFirmware, location: str) -> list[str]:
        found = doubts_about_location(location)
        if wanted.signature is not None and wanted.signing_certificate is not None and wanted.image is None:
            found += doubts_about_signature(wanted.signature, wanted.signing_certificate)
        elif wanted.signature is None and wanted.install_at is not None:
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
        image = self._images.installed_by(job.number)
        if image is not None:  # what the station was told once it need not be able to use twice
            unsigned = replace(unsigned, location=self._offered(station, image, job.number, intent.retrieve_at))
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


def _check_source(wanted: WantedFirmware) -> None:
    if (wanted.location is None) == (wanted.image is None):
        raise invalid(
            "Say where the firmware is: either the location of a file elsewhere, or an image that is kept here.",
            field="location" if wanted.image is None else "image",
        )
    if wanted.image is None and wanted.despite_failed_check:
        raise invalid(
            "Only the signature of an image that is kept here can be checked; a location is passed on as it is.",
            field="despiteFailedCheck",
        )


def _signed_as(image: Image, wanted: WantedFirmware) -> WantedFirmware:
    """With the signature of the image, unless another one is wanted."""
    if wanted.is_signed or image.signed is None:
        return wanted
    return replace(wanted, signing_certificate=image.signed.certificate, signature=image.signed.signature)


def _file_name(image: Image) -> str:
    """What ends the location: some stations make a file of this name, so that it is kept short and plain."""
    return _PLAIN.sub("_", image.words.name)[:MAX_FILE_NAME].strip(".") or "firmware.bin"
