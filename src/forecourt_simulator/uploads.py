"""Uploads of diagnostics and logs: told, and never done (OCPP 1.6 §5.9; security whitepaper N01)."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import urlsplit

from msgspec import UNSET

from forecourt.dialects.v16.messages.diagnostics_status_notification import (
    DIAGNOSTICS_STATUS_NOTIFICATION,
    DiagnosticsStatusNotificationRequest,
)
from forecourt.dialects.v16.messages.log_status_notification import (
    LOG_STATUS_NOTIFICATION,
    LogStatusNotificationRequest,
)
from forecourt_simulator.agenda import Agenda
from forecourt_simulator.mailbox import Letter, Mailbox
from forecourt_simulator.moment import Moment

UPLOAD_SECONDS: Final = 30.0
"""Simulated seconds from Uploading to Uploaded."""

_DIAGNOSTICS: Final = "upload of diagnostics"
_LOG: Final = "upload of a log"


class Uploads:
    """At most one of each kind; a new one takes the place of the old one."""

    def __init__(self, agenda: Agenda, mailbox: Mailbox) -> None:
        self._agenda = agenda
        self._mailbox = mailbox
        self._log_request = 0

    def send_diagnostics(self, location: str, now: Moment) -> None:
        status: Literal["UploadFailed", "Uploaded"] = "UploadFailed" if is_out_of_reach(location) else "Uploaded"
        self._mailbox.post(_diagnostics_letter("Uploading"))
        self._agenda.put(
            _DIAGNOSTICS,
            lambda _moment: self._mailbox.post(_diagnostics_letter(status)),
            seconds=now.seconds + UPLOAD_SECONDS,
        )

    def send_log(self, location: str, request_id: int, now: Moment) -> bool:
        """True when it takes the place of another upload."""
        is_replacing = self._agenda.drop(_LOG)
        self._log_request = request_id
        status: Literal["UploadFailure", "Uploaded"] = "UploadFailure" if is_out_of_reach(location) else "Uploaded"
        self._mailbox.post(_log_letter("Uploading", request_id))
        self._agenda.put(
            _LOG,
            lambda _moment: self._mailbox.post(_log_letter(status, request_id)),
            seconds=now.seconds + UPLOAD_SECONDS,
        )
        return is_replacing

    # How it goes, for a trigger

    def diagnostics_letter(self) -> Letter:
        return _diagnostics_letter("Uploading" if self._agenda.has(_DIAGNOSTICS) else "Idle")

    def log_letter(self) -> Letter:
        return _log_letter("Uploading", self._log_request) if self._agenda.has(_LOG) else _log_letter("Idle", None)


def is_out_of_reach(location: str) -> bool:
    """True for a host under ``.invalid``, which no host can have (RFC 2606 §2): for those who want to see a failure."""
    try:
        host = urlsplit(location).hostname or ""
    except ValueError:
        return True
    return host == "invalid" or host.endswith(".invalid")


def _diagnostics_letter(status: Literal["Idle", "Uploading", "Uploaded", "UploadFailed"]) -> Letter:
    return Letter(DIAGNOSTICS_STATUS_NOTIFICATION, DiagnosticsStatusNotificationRequest(status=status))


def _log_letter(status: Literal["Idle", "Uploading", "Uploaded", "UploadFailure"], request_id: int | None) -> Letter:
    words = LogStatusNotificationRequest(status=status, request_id=UNSET if request_id is None else request_id)
    return Letter(LOG_STATUS_NOTIFICATION, words)
