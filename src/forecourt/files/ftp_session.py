"""A session of FTP, and the connections for the content of its files, as the library wants them."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Final

from OpenSSL import SSL

from forecourt.config import FilesConfig
from forecourt.domain.files.model import Carrier, Ticket
from forecourt.files.ftp_files import GivenFile, TakenFile
from forecourt.files.ftp_folder import SERVED, Folder
from forecourt.files.ftp_library import FilesystemError, TLS_DTPHandler, TLS_FTPHandler

if TYPE_CHECKING:
    from forecourt.files.ftp import FtpDoor

SIGN_IN_SECONDS: Final = 15.0
"""From the connection to the password, with TLS."""

FAILED_SIGN_IN_SECONDS: Final = 1.0
"""How long somebody waits who showed no good ticket."""

_ESTABLISHED: Final = 1
_CLOSED: Final = 7
"""States of a connection (tcp(7), TCP_INFO): both sides are there, and it was cut off."""

_COMMANDS: Final = {
    name: {**said, "arg": False} if name == "STAT" else said
    for name, said in TLS_FTPHandler.proto_cmds.items()
    if name in SERVED
}


def session_class(door: FtpDoor, authorizer: object, config: FilesConfig) -> type[TLS_FTPHandler]:
    """The library wants settings in a class."""
    data = type("Data", (_Data,), {"timeout": max(1, int(config.idle_seconds))})
    settings = {
        "door": door,
        "authorizer": authorizer,
        "dtp_handler": data,
        "timeout": max(1, int(config.idle_seconds)),
        "passive_ports": config.passive_ports,
        "masquerade_address": config.ftp_passive_address or None,
        "tls_control_required": config.ftp_tls_only,
        "tls_data_required": config.ftp_tls_only,
        "transfer_seconds": config.transfer_seconds,
        "auth_failed_timeout": FAILED_SIGN_IN_SECONDS,
    }
    return type("Session", (_Session,), settings)


class _Session(TLS_FTPHandler):  # type: ignore[misc]  # the library has no types
    """A session, which has a thread of its own."""

    door: FtpDoor
    abstracted_fs = Folder
    proto_cmds = _COMMANDS
    banner = "Forecourt."
    max_login_attempts = 3
    permit_foreign_addresses = False
    use_sendfile = False
    transfer_seconds: float
    ac_in_buffer: bytes
    _in_buffer: list[bytes]
    _out_dtp_queue: tuple[Any, ...] | None
    _in_dtp_queue: tuple[Any, ...] | None
    ticket: Ticket | None = None
    token = ""
    taken: TakenFile | None = None
    sign_in: Any = None
    """What ends the session unless somebody signs in, as the library knows it."""

    @classmethod
    def get_ssl_context(cls) -> SSL.Context | None:
        return cls.door.context

    @property
    def _current_type(self) -> str:
        """Binary, whatever a station says with ``TYPE``: a file is kept and given as it is. Stations forget to say it,
        and as a text (RFC 959 §3.1.1.1) a packed log or a firmware image would be spoilt."""
        return "i"

    @_current_type.setter
    def _current_type(self, _wanted: str) -> None:
        """The library sets it."""

    @property
    def carrier(self) -> Carrier:
        return Carrier.FTPS if self._prot else Carrier.FTP

    def ftp_AUTH(self, line: str) -> None:  # noqa: N802  # as the library calls it
        if self.ssl_context is None:
            self.respond("431 There is no server certificate yet.")
            return
        if not isinstance(self.socket, SSL.Connection):
            if self.ac_in_buffer or self._in_buffer:  # else it would count as if it had come through TLS
                self.door.note("More came with AUTH TLS, before the handshake.", self.remote_ip)
                self.ac_in_buffer, self._in_buffer = b"", []
                self.close()
                return
            self.flush_account()  # what was said before may have been said by anybody
        super().ftp_AUTH(line)

    def ftp_LIST(self, path: str) -> None:  # noqa: N802  # as the library calls it
        super().ftp_LIST("/")

    def ftp_NLST(self, path: str) -> None:  # noqa: N802  # as the library calls it
        super().ftp_NLST("/")

    def add_channel(self, *args: Any, **kwargs: Any) -> None:
        """The session is in its own thread from here on."""
        super().add_channel(*args, **kwargs)
        self.await_sign_in()

    def on_connect(self) -> None:
        self.door.strangers.enter(self, self.remote_ip)

    def await_sign_in(self) -> None:
        if self.sign_in is None and not self.authenticated and self.connected:
            self.door.strangers.enter(self, self.remote_ip)
            self.sign_in = self.ioloop.call_later(SIGN_IN_SECONDS, self.too_late, _errback=self.handle_error)

    def too_late(self) -> None:
        self.sign_in = None
        self.door.note(f"Nobody signed in within {SIGN_IN_SECONDS:g} seconds.", self.remote_ip)
        self._error = True  # nothing more is said, also not in TLS
        self.close()

    def handle_auth_success(self, home: str, password: str, msg_login: str) -> None:
        self.no_stranger()
        super().handle_auth_success(home, password, msg_login)

    def no_stranger(self) -> None:
        self.door.strangers.leave(self)
        if self.sign_in is not None:
            self.sign_in.cancel()
            self.sign_in = None

    def flush_account(self) -> None:
        self.drop_waiting()
        super().flush_account()
        self.ticket, self.token = None, ""
        self.await_sign_in()

    def drop_waiting(self) -> None:
        """Close what waits for a connection for its content, which the library forgets."""
        sending, receiving = self._out_dtp_queue, self._in_dtp_queue
        self._out_dtp_queue = self._in_dtp_queue = None
        for file in (sending[2] if sending else None, receiving[0] if receiving else None):
            if file is not None:
                file.close()

    def close(self) -> None:
        self.no_stranger()
        super().close()


class _Data(TLS_DTPHandler):  # type: ignore[misc]  # the library has no types
    """The connection for the content of a file."""

    transfer_finished: bool
    _resp: tuple[object, ...]

    def handle_error(self) -> None:
        """The library would say nothing to a station whose transfer fails here, which would wait for an answer until it
        is cut off."""
        file = self.file_obj
        if not isinstance(file, TakenFile | GivenFile):
            super().handle_error()
            return
        if file.trouble is None:
            self.log_exception(self)
        self._error = True  # also in TLS nothing more is said: what went over is not the whole file
        self.transfer_finished = False
        self._resp = (f"451 {file.trouble or 'It failed here; begin again'}.", _nothing)
        self.close()

    def close(self) -> None:
        """The station is told that a file came when it is kept, and not before."""
        file = self.file_obj
        if not self._closed and isinstance(file, TakenFile) and not file.closed:
            try:
                if self.transfer_finished and self._resp and self._is_whole():
                    file.commit()
                else:
                    self.transfer_finished = False
                    self._resp = self._resp and ("426 The transfer broke off.", _nothing)
                    file.hold()
            except FilesystemError as error:
                self.transfer_finished = False
                self._resp = (f"451 {error}.", _nothing)
        super().close()

    def _is_whole(self) -> bool:
        """FTP has no other sign for the end of a file than the end of its connection. The library does not tell one
        that was cut off from one that was closed; and whoever died closed the other connection, too."""
        try:
            return _state_of(self.socket) != _CLOSED and _state_of(self.cmd_channel.socket) == _ESTABLISHED
        except OSError:
            return False


def _state_of(sock: Any) -> int:  # of this library or of OpenSSL, which has the same methods
    return int(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0])


def _nothing(*_words: object) -> None:
    """Where the library would log."""
