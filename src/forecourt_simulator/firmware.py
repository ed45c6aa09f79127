"""The firmware of a simulated station, and how another one comes upon it (OCPP 1.6 §5.19; security whitepaper L01)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias
from urllib.parse import unquote, urlsplit

from msgspec import UNSET

from forecourt.dialects.v16.messages.firmware_status_notification import (
    FIRMWARE_STATUS_NOTIFICATION,
    FirmwareStatusNotificationRequest,
)
from forecourt.dialects.v16.messages.signed_firmware_status_notification import (
    SIGNED_FIRMWARE_STATUS_NOTIFICATION,
    SignedFirmwareStatusNotificationRequest,
)
from forecourt_simulator.agenda import Agenda
from forecourt_simulator.mailbox import Letter, Mailbox
from forecourt_simulator.moment import Moment
from forecourt_simulator.uploads import is_out_of_reach

STEP_SECONDS: Final = 20.0
"""Simulated seconds from one step of an update to the next."""

Common: TypeAlias = Literal["Downloading", "Downloaded", "DownloadFailed", "Installing", "Installed", "Idle"]
Signed: TypeAlias = Literal["SignatureVerified", "InvalidSignature", "InstallRebooting"]

_TOPIC: Final = "firmware"


@dataclass(frozen=True, slots=True)
class Update:
    """Firmware that is wanted on the station."""

    location: str
    retrieve_at: datetime
    install_at: datetime | None = None
    request_id: int | None = None
    """Set for a signed update."""
    signature: str = ""

    @property
    def version(self) -> str:
        """The name of the file, which is all that is known of the firmware."""
        name = unquote(urlsplit(self.location).path.rstrip("/").rpartition("/")[2])
        return (name.rpartition(".")[0] or name or "unnamed")[:50]

    @property
    def is_signed_well(self) -> bool:
        """True when the signature is one at all: base64 and not empty."""
        try:
            return bool(base64.b64decode(self.signature, validate=True))
        except (binascii.Error, ValueError):
            return False


class Firmware:
    """Downloads, verifies and installs by itself; ``restart`` is called when the new firmware needs to boot, ``log``
    for what belongs into the security log."""

    def __init__(
        self, agenda: Agenda, mailbox: Mailbox, restart: Callable[[Moment], None], log: Callable[[str, Moment], None]
    ) -> None:
        self.version = "1.0"
        self._agenda = agenda
        self._mailbox = mailbox
        self._restart = restart
        self._log = log
        self._update: Update | None = None
        self._status: Common | Signed = "Idle"
        self._is_installed = False

    def begin(self, update: Update, now: Moment) -> bool:
        """True when it takes the place of another update."""
        is_replacing = self._update is not None
        self._update, self._status = update, "Idle"
        self._agenda.put(_TOPIC, self._download, seconds=now.seconds, not_before=update.retrieve_at)
        return is_replacing

    def letter(self) -> Letter:
        """How it goes, for a trigger."""
        return self._letter(self._status)

    def finish_restart(self) -> None:
        """The station is up again, with the new firmware if one waited for it."""
        if self._update is not None and self._status in ("Installing", "InstallRebooting"):
            self.version = self._update.version
            self._is_installed = True

    def take_admission(self) -> None:
        """The station may speak again after a boot."""
        if self._is_installed:
            self._is_installed = False
            self._say("Installed")
            self._end()

    # Step by step

    def _download(self, now: Moment) -> None:
        self._say("Downloading")
        self._next(self._finish_download, now)

    def _finish_download(self, now: Moment) -> None:
        update = self._update
        if update is None:
            return
        if is_out_of_reach(update.location):
            self._say("DownloadFailed")
            self._end()
            return
        self._say("Downloaded")
        if update.request_id is not None:
            self._say("SignatureVerified" if update.is_signed_well else "InvalidSignature")
            if not update.is_signed_well:
                self._log("InvalidFirmwareSignature", now)
                self._end()
                return
        self._next(self._install, now, not_before=update.install_at)

    def _install(self, now: Moment) -> None:
        self._say("Installing")
        self._next(self._boot, now)

    def _boot(self, now: Moment) -> None:
        if self._update is not None and self._update.request_id is not None:
            self._say("InstallRebooting")
        self._restart(now)

    def _next(self, step: Callable[[Moment], None], now: Moment, *, not_before: datetime | None = None) -> None:
        self._agenda.put(_TOPIC, step, seconds=now.seconds + STEP_SECONDS, not_before=not_before)

    def _end(self) -> None:
        self._update, self._status = None, "Idle"

    def _say(self, status: Common | Signed) -> None:
        self._status = status
        self._mailbox.post(self._letter(status))

    def _letter(self, status: Common | Signed) -> Letter:
        request_id = None if self._update is None else self._update.request_id
        if request_id is not None:
            words = SignedFirmwareStatusNotificationRequest(status=status, request_id=request_id)
            return Letter(SIGNED_FIRMWARE_STATUS_NOTIFICATION, words)
        if status == "SignatureVerified" or status == "InvalidSignature" or status == "InstallRebooting":  # noqa: PLR1714  # for the type checker
            raise TypeError(f"an update without a signature has no status {status}")
        return Letter(FIRMWARE_STATUS_NOTIFICATION, FirmwareStatusNotificationRequest(status=status))

    def signed_letter(self) -> Letter:
        """The same for ExtendedTriggerMessage, which means the signed notification (security whitepaper A02)."""
        if self._update is not None and self._update.request_id is not None:
            return self.letter()
        words = SignedFirmwareStatusNotificationRequest(status="Idle", request_id=UNSET)
        return Letter(SIGNED_FIRMWARE_STATUS_NOTIFICATION, words)
