"""Sends events to programs: one request for one event, signed, within limits, and never elsewhere than where it is
meant to go."""

from __future__ import annotations

import ssl
import time
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import requests
import urllib3
from requests.adapters import HTTPAdapter

from forecourt.clock import Clock
from forecourt.domain.errors import DomainError
from forecourt.domain.events.model import Event
from forecourt.domain.notifications.model import Secrets, Subscription, Trial
from forecourt.notifier.cloud_events import MEDIA_TYPE, cloud_event
from forecourt.notifier.signing import signed_headers

CONNECT_SECONDS: Final = 5.0
SILENT_SECONDS: Final = 10.0
"""How long a receiver may say nothing."""

ALL_SECONDS: Final = 15.0
"""For one request, as far as this can be seen between two pieces of its answer."""

MAX_ANSWER: Final = 64 * 1024
"""Bytes of an answer that are read: nothing is done with them."""

LONGEST_RETRY_SECONDS: Final = 3600.0

_PIECE: Final = 8192
_LOOK_AGAIN: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class Webhooks:
    """Used by many threads at once."""

    def __init__(self, clock: Clock, *, source: str, roots: Path | None = None) -> None:
        """``roots`` is a PEM file that is trusted besides what the operating system trusts. Raises OSError or
        ssl.SSLError when it cannot be used."""
        self._clock = clock
        self._source = source
        self._context = ssl.create_default_context()
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        if roots is not None:
            self._context.load_verify_locations(cafile=roots)

    def send(self, subscription: Subscription, secrets: Secrets, event: Event) -> Trial:
        """Deliver one event. Never raises for what a receiver does."""
        body = cloud_event(event, self._source)
        now = self._clock.now()
        try:
            headers = signed_headers(secrets.secret, message_id=event.id, seconds=int(now.timestamp()), body=body)
        except DomainError as error:
            return Trial(event, error.sentence)
        headers |= {"Content-Type": MEDIA_TYPE, "User-Agent": "Forecourt", "Accept-Encoding": "identity"}
        if subscription.header_name:
            headers[subscription.header_name] = secrets.header_value
        try:
            response = self._posted(subscription.url, body, headers)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, UnicodeError) as error:
            return Trial(event, _unreachable(error))
        return _judged(event, response, now)

    def _posted(self, url: str, body: bytes, headers: dict[str, str]) -> requests.Response:
        ends_at = time.monotonic() + ALL_SECONDS
        with requests.Session() as session:
            session.trust_env = False
            adapter = _Adapter(self._context)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            response = session.post(
                url,
                data=body,
                headers=headers,
                timeout=(CONNECT_SECONDS, SILENT_SECONDS),
                allow_redirects=False,
                stream=True,
            )
            with response:
                _read_some(response, ends_at)
        return response


class _Adapter(HTTPAdapter):
    """Trusts what a TLS context says and nothing else."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # Any: as the library has it
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # Any: as the library has it
        """Leave the context as it is: the library would add its own roots."""


def _read_some(response: requests.Response, ends_at: float) -> None:
    """So that an answer which is short ends as the receiver expects; a long one is cut off."""
    count = 0
    while count < MAX_ANSWER and time.monotonic() < ends_at:
        piece = response.raw.read1(_PIECE, decode_content=False)
        if not piece:
            return
        count += len(piece)


def _judged(event: Event, response: requests.Response, now: datetime) -> Trial:
    status = response.status_code
    if 200 <= status < 300:
        return Trial(event)
    named = _named(status)
    if status == HTTPStatus.GONE:
        return Trial(event, f"The receiver answered {named}: it wants no more events.", is_gone=True)
    if 300 <= status < 400:
        said = f"The receiver answered {named}, which leads elsewhere and is not followed: set the address it leads to."
        return Trial(event, said)
    seconds = _retry_seconds(response.headers.get("Retry-After"), now) if status in _LOOK_AGAIN else 0.0
    return Trial(event, f"The receiver answered {named}.", again_seconds=seconds)


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _retry_seconds(header: str | None, now: datetime) -> float:
    """Of a ``Retry-After`` (RFC 9110 §10.2.3), within reason."""
    text = (header or "").strip()
    seconds = 0.0
    if text.isascii() and text.isdigit() and len(text) < 10:
        seconds = float(text)
    elif text:
        try:
            seconds = (parsedate_to_datetime(text) - now).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return 0.0
    return min(max(seconds, 0.0), LONGEST_RETRY_SECONDS)


def _unreachable(error: Exception) -> str:
    """What went wrong, in words of our own: those of libraries may repeat what was sent."""
    if isinstance(error, requests.exceptions.SSLError):
        _, mark, reason = str(error).partition("certificate verify failed: ")
        found = reason.partition(" (_ssl")[0].strip(" .)'\"") if mark else "the TLS handshake failed"
        return f"The receiver is not trusted: {found}. If it is the right one, set roots under [webhooks]."
    if isinstance(error, requests.Timeout) or "timed out" in str(error).lower():
        return "The receiver did not answer in time."
    if isinstance(error, requests.exceptions.InvalidHeader | requests.exceptions.InvalidURL | UnicodeError):
        return "The address or the header cannot be sent by HTTP: set it anew."
    return "The receiver could not be reached, or broke off its answer."
