"""Sends mail by SMTP, encrypted unless the settings say otherwise."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from forecourt.config import MailTls
from forecourt.domain.events.model import Event
from forecourt.domain.notifications.model import Subscription, Trial
from forecourt.notifier.wording import mail_of, plain

SILENT_SECONDS: Final = 10.0
"""How long a server may say nothing."""

_NO_SERVER: Final = "No mail server is set: set host and sender under [mail]."


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Who takes our mail."""

    host: str = ""
    port: int = 587
    tls: MailTls = MailTls.STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""
    roots: Path | None = None
    """A PEM file that is trusted besides what the operating system trusts."""


class Mails:
    """Used by many threads at once."""

    def __init__(self, server: MailServer, *, console_url: str = "") -> None:
        """Raises OSError or ssl.SSLError when the roots cannot be used."""
        self._server = server
        self._console_url = console_url
        self._context = ssl.create_default_context()
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        if server.roots is not None:
            self._context.load_verify_locations(cafile=server.roots)

    def send(self, subscription: Subscription, events: Sequence[Event]) -> list[Trial]:
        """Deliver events in one mail. Never raises for what a server does."""
        server = self._server
        if not server.host or not server.sender:
            return [Trial(event, _NO_SERVER) for event in events]
        try:
            message = mail_of(events, subscription, sender=server.sender, console_url=self._console_url)
            self._hand_over(message, subscription.recipients)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            sentence = _sentence(error)
            return [Trial(event, sentence) for event in events]
        return [Trial(event) for event in events]

    def _hand_over(self, message: EmailMessage, recipients: Sequence[str]) -> None:
        server = self._server
        ours = server.sender.rpartition("@")[2] or "localhost"
        client: smtplib.SMTP
        if server.tls is MailTls.TLS:
            client = smtplib.SMTP_SSL(
                server.host, server.port, local_hostname=ours, timeout=SILENT_SECONDS, context=self._context
            )
        else:
            client = smtplib.SMTP(server.host, server.port, local_hostname=ours, timeout=SILENT_SECONDS)
        with client:
            if server.tls is MailTls.STARTTLS:
                client.starttls(context=self._context)
            if server.username:
                client.login(server.username, server.password)
            client.send_message(message, server.sender, list(recipients))


def _sentence(error: Exception) -> str:
    match error:
        case smtplib.SMTPAuthenticationError():
            return "The mail server refused the user name or the password."
        case smtplib.SMTPNotSupportedError():
            return "The mail server cannot do what the settings want of it, such as STARTTLS or a password."
        case smtplib.SMTPRecipientsRefused():
            refused = ", ".join(sorted(error.recipients))
            return plain(f"The mail server refused {refused}.")
        case smtplib.SMTPResponseException():
            said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else ""
            return plain(f"The mail server answered {error.smtp_code}: {said}")
        case ssl.SSLCertVerificationError():
            return plain(f"The mail server is not trusted: {error.verify_message}. Set roots under [mail].")
        case ssl.SSLError():
            return "The mail server and this system agreed on no TLS."
        case TimeoutError():
            return "The mail server did not answer in time."
        case OSError() | smtplib.SMTPServerDisconnected():
            return "The mail server could not be reached, or closed the connection."
        case _:
            return "The mail could not be made or handed over."
