"""The notifier in the process of people and programs: with what it sends, by the settings."""

from __future__ import annotations

import ssl

from forecourt.app.process import StartError
from forecourt.clock import SystemClock
from forecourt.config import Config
from forecourt.domain.services import Workspace
from forecourt.notifier.mail import Mails, MailServer
from forecourt.notifier.notifier import Notifier
from forecourt.notifier.webhooks import Webhooks

SOURCE = "urn:forecourt"
"""Who sends events, where nobody has said by what address people reach the console."""


def make_notifier(config: Config, workspace: Workspace) -> Notifier:
    """Raises StartError when a file of roots cannot be used."""
    return Notifier(
        workspace, webhooks=_webhooks(config), mails=_mails(config), node=config.node_name, keep=config.events_kept
    )


def _webhooks(config: Config) -> Webhooks:
    try:
        return Webhooks(SystemClock(), source=config.console_url or SOURCE, roots=config.webhooks.roots)
    except OSError as error:  # among them those of OpenSSL
        raise _unusable("webhooks.roots", error) from error


def _mails(config: Config) -> Mails:
    mail = config.mail
    server = MailServer(
        host=mail.host,
        port=mail.port,
        tls=mail.tls,
        username=mail.username,
        password="" if mail.password is None else mail.password.reveal(),
        sender=mail.sender,
        roots=mail.roots,
    )
    try:
        return Mails(server, console_url=config.console_url)
    except OSError as error:  # as above
        raise _unusable("mail.roots", error) from error


def _unusable(setting: str, error: OSError) -> StartError:
    reason = "it holds no certificate as PEM" if isinstance(error, ssl.SSLError) else error.strerror or str(error)
    return StartError(f"The file of {setting} cannot be used: {reason}.")
