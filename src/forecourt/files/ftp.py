"""The door for files by FTP, and by FTPS with ``AUTH TLS`` (RFC 959, RFC 4217), by pyftpdlib.

Each session has a thread of its own, in which it waits for the event loop of this process, where files are taken in and
given out as by HTTP. The user and the password of a session are those of a ticket. What it sees is a folder that does
not exist: an upload is written into it under any name, a download has the name that is asked for.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections import Counter
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

import structlog
from OpenSSL import SSL

from forecourt.config import FilesConfig
from forecourt.domain.errors import DomainError
from forecourt.domain.trust.model import ServerCertificate
from forecourt.files.desk import Desk
from forecourt.files.ftp_files import Uploads
from forecourt.files.ftp_library import AuthenticationFailed, FilesystemError, ThreadedFTPServer
from forecourt.files.ftp_session import session_class
from forecourt.files.ftp_tls import make_context
from forecourt.settings import Address

WAIT_SECONDS: Final = 60.0
"""How long a session waits for one thing that is done on the event loop, such as a commit."""

POLL_SECONDS: Final = 0.5
"""Between two looks whether the process stops."""

STRANGERS: Final = 100
STRANGERS_OF_ADDRESS: Final = 25
"""Sessions that have not signed in. They take no place from those that have."""

STOP_SECONDS: Final = 8.0
"""For sessions to end when the process stops. What does not end is left behind."""

MAY_UPLOAD: Final = "elwam"
MAY_DOWNLOAD: Final = "elr"

_log = structlog.get_logger(__name__)

logging.getLogger("pyftpdlib").setLevel(logging.ERROR)  # strangers choose how much it would say of anything less

Result = TypeVar("Result")


class FtpDoor:
    """Speaks FTP with stations."""

    def __init__(self, desk: Desk, config: FilesConfig, address: Address) -> None:
        self._loop = asyncio.get_running_loop()
        self._address = address
        self._thread: threading.Thread | None = None
        self._is_stopping = threading.Event()
        self.desk = desk
        self.uploads = Uploads(desk, most_bytes=2 * config.max_upload_bytes)
        self.strangers = Strangers()
        self.context: SSL.Context | None = None
        self._handler = session_class(self, _Tickets(self), config)
        self._most = config.transfers_at_once
        self._server: ThreadedFTPServer | None = None

    @property
    def address(self) -> Address:
        """Where it listens, once it was started."""
        if self._server is None:
            return self._address
        return Address(self._address.host, self._server.address[1])

    def present(self, certificate: ServerCertificate | None) -> None:
        """Present this one from the next handshake on; with none, there is no TLS."""
        self.context = None if certificate is None else make_context(certificate)

    def start(self) -> None:
        """Listen. Raises OSError."""
        try:
            server = _Server((self._address.host, self._address.port), self._handler)
        except OSError as error:
            raise OSError(f"{self._address}: {error}") from error
        server.max_cons = self._most + STRANGERS
        server.max_cons_per_ip = max(2, self._most // 2) + STRANGERS_OF_ADDRESS
        server.poll_timeout = POLL_SECONDS
        server._exit, server._lock = threading.Event(), threading.Lock()  # noqa: SLF001  # else of all servers together
        self._server = server
        self._thread = threading.Thread(target=self._serve, args=(server,), name="ftp", daemon=True)
        self._thread.start()
        _log.info("listening", listener="files-ftp", address=str(self.address))

    async def stop(self) -> None:
        """End all sessions. What has not come whole is given up."""
        self._is_stopping.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, STOP_SECONDS)
        await self.uploads.forget_all()

    def _serve(self, server: ThreadedFTPServer) -> None:
        try:
            while not self._is_stopping.is_set():
                server.serve_forever(timeout=POLL_SECONDS, blocking=False, handle_exit=False)
        finally:
            server.close_all()

    # For sessions, in their threads

    def time(self) -> float:
        """Seconds from an arbitrary start."""
        return self._loop.time()

    def note(self, sentence: str, address: str) -> None:
        """Note a refusal of somebody who has not signed in."""
        self._loop.call_soon_threadsafe(self.desk.refused_stranger, sentence, address)

    def wait_for(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Have something done on the event loop. Raises FilesystemError with the reason when it was refused."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(WAIT_SECONDS)
        except DomainError as error:
            raise FilesystemError(error.sentence.rstrip(".")) from error
        except TimeoutError as error:
            future.cancel()
            raise FilesystemError("This took too long; begin again") from error
        except Exception as error:
            _log.exception("ftp_failed")
            raise FilesystemError("It failed here; begin again") from error


class Strangers:
    """Who is connected and has not signed in. Used by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[object, str] = {}

    def has_room(self, address: str) -> bool:
        """Whether one more from an address may come in."""
        with self._lock:
            of_addresses = Counter(self._sessions.values())
        return of_addresses.total() < STRANGERS and of_addresses[address] < STRANGERS_OF_ADDRESS

    def enter(self, session: object, address: str) -> None:
        with self._lock:
            self._sessions[session] = address

    def leave(self, session: object) -> None:
        """It signed in, or is gone."""
        with self._lock:
            self._sessions.pop(session, None)


class _Server(ThreadedFTPServer):  # type: ignore[misc]  # the library has no types
    """Its threads end with the process, whatever they wait for."""

    def _start_task(self, *args: Any, **kwargs: Any) -> threading.Thread:
        return threading.Thread(*args, daemon=True, **kwargs)

    def handle_accepted(self, sock: socket.socket, addr: tuple[str, int]) -> None:
        door: FtpDoor = self.handler.door
        if door.strangers.has_room(addr[0]):
            super().handle_accepted(sock, addr)
            return
        sock.close()
        door.note("There are too many FTP sessions that have not signed in.", addr[0])


class _Tickets:
    """What the library calls an authorizer: who may come in, and what he may do."""

    def __init__(self, door: FtpDoor) -> None:
        self._door = door

    def validate_authentication(self, username: str, password: str, handler: Any) -> None:
        """Raises AuthenticationFailed. That several sessions have one user is usual: the station came back."""
        try:
            ticket = self._door.wait_for(self._door.desk.find(password, handler.remote_ip))
        except FilesystemError as error:
            raise AuthenticationFailed(str(error)) from error
        if username != f"t{ticket.number}":
            sentence = "The user and the password are not those of one location"
            self._door.note(f"{sentence}.", handler.remote_ip)
            raise AuthenticationFailed(sentence)
        handler.ticket, handler.token = ticket, password

    def get_home_dir(self, _username: str) -> str:
        return "/"

    def get_msg_login(self, _username: str) -> str:
        return "Come in."

    def get_msg_quit(self, _username: str) -> str:
        return "Goodbye."

    def has_perm(self, username: str, perm: str, path: str | None = None) -> bool:
        return perm in self.get_perms(username)

    def get_perms(self, _username: str) -> str:
        """All that some ticket allows: which one it is here is for the session itself to say, because names of users
        are nothing that the library tells apart."""
        return MAY_UPLOAD + MAY_DOWNLOAD

    def impersonate_user(self, username: str, password: str) -> None:
        """Nobody is impersonated."""

    def terminate_impersonation(self, username: str) -> None:
        """Nobody is impersonated."""
