"""How signers talk to authorities over HTTP: with the roots that are set, within limits, telling no secrets."""

from __future__ import annotations

import base64
import html
import http.client
import io
import json
import os
import socket
import ssl
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from forecourt.clerk.signers.lines import Lines, watched_pools
from forecourt.clock import SystemClock
from forecourt.domain.signing.model import SigningRefused, SigningUnavailable
from forecourt.redaction import HIDDEN, without_credentials

CONNECT_SECONDS: Final = 5.0
SILENT_SECONDS: Final = 15.0
"""How long an authority may say nothing."""

ALL_SECONDS: Final = 30.0
"""For one answer, from the name of the host to its last byte."""

TALK_SECONDS: Final = 90.0
"""After so long nothing more is asked in one conversation: the clerk leaves it behind after two minutes, and a thread
that nobody waits for any more must come to an end."""

MAX_BODY: Final = 1024 * 1024
"""Bytes of an answer; a chain has some 10 KiB."""

MAX_SAID: Final = 300
"""Characters of what an authority says that are repeated."""

REDIRECTS: Final = 3

MIN_RETRY_SECONDS: Final = 1.0
MAX_RETRY_SECONDS: Final = 3600.0

SHORTEST_HIDDEN: Final = 4
"""Characters of a secret that is looked for in what an authority says: shorter ones stand in many a word."""

NOT_SHOWN: Final = "its words are not shown, because one of its secrets is too short to be found in them"

_PIECE: Final = 65_536
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back, whatever the status."""

    status: int
    headers: Mapping[str, str]
    """Whatever the case of a name."""
    body: bytes = field(repr=False)

    @property
    def kind(self) -> str:
        """The media type, in lower case, without parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def retry_seconds(self, default: float) -> float:
        return retry_seconds(self.headers.get("Retry-After"), default)


class TooLong(requests.RequestException):
    """An answer that is longer than any that is expected."""


class TooSlow(requests.RequestException):
    """An answer that took longer than any that is waited for."""


class LeadsElsewhere(requests.RequestException):
    """An authority gave an address at another place than its own."""


class HttpTalk:
    """A conversation with one authority. Used by one thread; closed when it is over.

    ``secrets`` are hidden wherever the authority repeats them, as they are and as they were sent; also in the sentence
    of an error that ends the conversation. ``places`` are origins, such as ``https://ca.example.com``: nothing else is
    asked, whatever addresses the authority gives.
    """

    def __init__(
        self, context: ssl.SSLContext, *, secrets: Iterable[str] = (), places: Collection[str] | None = None
    ) -> None:
        self.session = CarefulSession(context, places)
        self._hidden: set[str] = set()
        self._has_short = False
        for secret in secrets:
            self.hide(secret)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self.session.close()
        if isinstance(error, SigningRefused | SigningUnavailable):
            error.args = (self._without_secrets(str(error)),)

    def hide(self, secret: str) -> None:
        """From now on this is not shown, in whatever form."""
        if len(secret) >= SHORTEST_HIDDEN:
            self._hidden |= _forms(secret)
        elif secret:
            self._has_short = True

    def ask(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        sign_in: tuple[str, str] | None = None,
    ) -> HttpAnswer:
        """Raises SigningUnavailable, or SigningRefused, when nothing usable comes back."""
        if sign_in is not None:
            self.hide(":".join(sign_in))
        try:
            response = self.session.request(method, url, data=body, headers=headers, auth=_basic(sign_in))
        except (requests.exceptions.InvalidHeader, UnicodeError):
            sentence = (
                "A setting of this authority holds what HTTP cannot carry, such as the end of a line: set it anew."
            )
            raise SigningUnavailable(sentence, needs_person=True) from None  # the library repeats the setting
        except requests.RequestException as error:
            raise unreachable(url, error) from error
        if 300 <= response.status_code < 400:
            target = self.said(without_credentials(response.headers.get("Location", "")))
            sentence = f"{_shown(url)} redirects to {target or 'nowhere'}, which is not followed: set that address."
            raise SigningUnavailable(sentence, needs_person=True)
        return HttpAnswer(response.status_code, response.headers, response.content)

    def said(self, text: str | bytes) -> str:
        """What an authority says, short, on one line, and without the secrets that it was told."""
        if self._has_short and text:
            return NOT_SHOWN
        words = self._without_secrets(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
        plain = " ".join("".join(one if one.isprintable() else " " for one in words[:10_000]).split())
        return plain if len(plain) <= MAX_SAID else f"{plain[: MAX_SAID - 1]}…"

    def _without_secrets(self, words: str) -> str:
        for secret in sorted(self._hidden, key=len, reverse=True):
            words = words.replace(secret, HIDDEN)
        return words


def _forms(secret: str) -> set[str]:
    """A secret as it may come back."""
    packed = {base64.b64encode(secret.encode()).decode(), base64.urlsafe_b64encode(secret.encode()).decode()}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], html.escape(secret)}
    return {secret, quote(secret, safe=""), quote(secret), *escaped, *packed, *(one.rstrip("=") for one in packed)}


def _basic(sign_in: tuple[str, str] | None) -> requests.auth.HTTPBasicAuth | None:
    """In UTF-8 (RFC 7617 §2.1); the library would take Latin-1."""
    return None if sign_in is None else requests.auth.HTTPBasicAuth(sign_in[0].encode(), sign_in[1].encode())


class CarefulSession(requests.Session):
    """Follows no proxy of the environment, keeps no cookies, redirects only within a host, asks nobody but the places
    that are named, and reads no answer without an end."""

    def __init__(self, context: ssl.SSLContext, places: Collection[str] | None = None) -> None:
        super().__init__()
        self._places = places
        self._ends_at = time.monotonic() + TALK_SECONDS
        self.trust_env = False
        self.max_redirects = REDIRECTS
        self.headers["Accept-Encoding"] = "identity"
        self.headers["User-Agent"] = "Forecourt"
        self.last_retry_after: str | None = None
        """The header of the answer that came last, for libraries that keep it to themselves."""
        self.last_status: int | None = None
        adapter = _Adapter(context)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        if resp.request.method not in ("GET", "HEAD"):
            return None
        try:
            target = super().get_redirect_target(resp)
            there, here = urlsplit(requests.compat.urljoin(resp.url, target or "")), urlsplit(resp.url)
        except ValueError:  # it is no address
            return None
        return target if (there.scheme, there.netloc) == (here.scheme, here.netloc) else None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # Any: as the library has it
        if time.monotonic() > self._ends_at:
            raise TooSlow(f"it kept this system for {TALK_SECONDS:.0f} seconds")
        if self._places is not None and origin(str(request.url)) not in self._places:
            raise LeadsElsewhere(request=request)
        response = super().send(request, **kwargs)
        self.last_retry_after = response.headers.get("Retry-After")
        self.last_status = response.status_code
        self.cookies.clear()
        return response


class _Adapter(HTTPAdapter):
    """Trusts what a TLS context says and nothing else, and reads answers within limits."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._lines = Lines()
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # Any: as the library has it
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = watched_pools(self._lines)

    def close(self) -> None:
        super().close()
        self._lines.forget()

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # Any: as the library has it
        """Leave the context as it is: the library would add its own roots."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs |= {"stream": True, "verify": True, "timeout": (CONNECT_SECONDS, SILENT_SECONDS)}
        with self._lines.cut_after(ALL_SECONDS) as cut:
            try:
                response = super().send(request, *args, **kwargs)
                came = response.raw
                try:
                    data = _read(response)
                finally:
                    response.close()
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                if cut.is_set():
                    raise _too_slow() from error
                if isinstance(error, requests.RequestException):
                    raise
                raise requests.ConnectionError(str(error), request=request) from error
            if cut.is_set():
                raise _too_slow()
        # Nothing that is packed was asked for, and it is not unpacked: a little of it could become very much.
        headers = {name: value for name, value in came.headers.items() if name.lower() != "content-encoding"}
        response.raw = urllib3.HTTPResponse(
            body=io.BytesIO(data), headers=headers, status=came.status, preload_content=False
        )
        return response


def _too_slow() -> TooSlow:
    return TooSlow(f"its answer did not end within {ALL_SECONDS:.0f} seconds")


def _read(response: requests.Response) -> bytes:
    data = bytearray()
    while piece := response.raw.read1(_PIECE, decode_content=False):
        data += piece
        if len(data) > MAX_BODY:
            raise TooLong(f"it sent more than {MAX_BODY:,} bytes")
    return bytes(data)


def trusting(roots: str | None, *, client: tuple[str, str] | None = None) -> ssl.SSLContext:
    """A TLS context for these roots, or for those of the operating system; ``client`` is a chain and its key as PEM,
    to sign in with. Raises SigningUnavailable."""
    try:
        context = ssl.create_default_context(cadata=roots or None)
    except (ssl.SSLError, ValueError) as error:
        raise SigningUnavailable("The roots of this authority cannot be used for TLS.", needs_person=True) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if client is not None:
        _sign_in_with(context, *client)
    return context


def fetch_from_anybody(url: str) -> HttpAnswer:
    """What is at an address, whoever answers there: for what is recognised by itself. Nothing is sent but the address.
    Raises SigningUnavailable when nothing comes back."""
    parts = urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection(parts.netloc, context=context, timeout=CONNECT_SECONDS)
    lines = Lines()
    with lines.cut_after(ALL_SECONDS) as cut:
        try:
            line = socket.create_connection((connection.host, connection.port), CONNECT_SECONDS)
            lines.watch(line)
            connection.sock = context.wrap_socket(line, server_hostname=connection.host)
            connection.request("GET", parts.path, headers={"Accept-Encoding": "identity"})
            answer = connection.getresponse()
            data = answer.read(MAX_BODY)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise unreachable(url, _too_slow() if cut.is_set() else error) from error
        finally:
            connection.close()
            lines.forget()
    if cut.is_set():  # to the library it looks like the end of the answer
        raise unreachable(url, _too_slow())
    return HttpAnswer(answer.status, requests.structures.CaseInsensitiveDict(answer.getheaders()), data)


def _sign_in_with(context: ssl.SSLContext, chain: str, key: str) -> None:
    """OpenSSL reads keys from files only. This one is in memory, nameless, and gone when it was read."""
    descriptor = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
    try:
        with open(descriptor, "wb", buffering=0, closefd=False) as file:
            file.write(f"{key}\n{chain}".encode())
        context.load_cert_chain(f"/proc/self/fd/{descriptor}", password="")
    except (ssl.SSLError, OSError, ValueError) as error:
        sentence = "The client certificate and its key cannot be used: give both as PEM, the key without a password."
        raise SigningUnavailable(sentence, needs_person=True) from error
    finally:
        os.ftruncate(descriptor, 0)
        os.close(descriptor)


def unreachable(url: str, error: Exception) -> SigningUnavailable | SigningRefused:
    """Says in words of our own what went wrong: those of libraries may repeat what was sent. An answer without an end
    is an answer, and not asked for again."""
    where = _shown(url)
    if isinstance(error, TooLong):
        return SigningRefused(f"{where} was not listened to any longer: {error}.")
    if isinstance(error, LeadsElsewhere):
        sentence = f"The authority leads to {where}, which is not where it is itself, and it was not followed."
        advice = "If that is right, name the host in the setting hosts."
        return SigningUnavailable(f"{sentence} {advice}", needs_person=True)
    reason = _tls_reason(error)
    if reason is not None:
        advice = "If that is the right server, set the roots that its certificate leads to."
        return SigningUnavailable(f"{where} is not trusted: {reason}. {advice}", needs_person=True)
    if isinstance(error, TooSlow):
        return SigningUnavailable(f"{where} was not listened to any longer: {error}.")
    if isinstance(error, requests.Timeout):
        return SigningUnavailable(f"{where} did not answer in time.")
    if isinstance(error, requests.TooManyRedirects):
        return SigningUnavailable(f"{where} was redirected too often.", needs_person=True)
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        return SigningUnavailable(f"{where} is no address that can be asked.", needs_person=True)
    if "timed out" in str(error).lower():
        return SigningUnavailable(f"{where} did not answer in time.")
    return SigningUnavailable(f"{where} could not be reached, or broke off its answer.")


def _tls_reason(error: BaseException | None) -> str | None:
    """What OpenSSL found wrong with the server's certificate; the library wraps it several times."""
    found = str(error)
    if not isinstance(error, requests.exceptions.SSLError):
        return None
    _, mark, reason = found.partition("certificate verify failed: ")
    if mark:
        return reason.partition(" (_ssl")[0].strip(" .)'\"")
    return "the TLS handshake failed"


def retry_seconds(header: str | None, default: float) -> float:
    """Of a ``Retry-After`` (RFC 9110 §10.2.3), within reason."""
    seconds = default
    text = (header or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        seconds = float(text)
    elif text:
        try:
            seconds = (parsedate_to_datetime(text) - SystemClock().now()).total_seconds()
        except (ValueError, TypeError, OverflowError):
            seconds = default
    return min(max(seconds, MIN_RETRY_SECONDS), MAX_RETRY_SECONDS)


def origin(url: str) -> str:
    """Scheme, host and port (RFC 6454 §4), as addresses are compared."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return ""
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def _shown(url: str) -> str:
    return without_credentials(url)[:200]
