"""The folder that a session of FTP sees. It is nowhere on the disk, and nothing here may ask the disk for anything.

The library's own class answers from the real disk. So every method that it has is written here again; a test sees to it
that none is forgotten when the library gets new ones.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Final, NoReturn

from forecourt.domain.files.model import Arrival, Direction, Ticket
from forecourt.files.ftp_files import GivenFile, TakenFile
from forecourt.files.ftp_library import AbstractedFS, FilesystemError

SERVED: Final = (
    *("USER", "PASS", "AUTH", "PBSZ", "PROT", "REIN", "QUIT", "NOOP", "HELP", "FEAT", "OPTS", "SYST", "STAT", "ABOR"),
    *("CWD", "CDUP", "PWD", "XCWD", "XCUP", "XPWD", "LIST", "NLST", "SIZE", "TYPE", "STRU", "MODE", "ALLO", "REST"),
    *("PORT", "EPRT", "PASV", "EPSV", "RETR", "STOR", "STOU", "APPE"),
)
"""The commands that there are. A folder of which nothing is shown needs no others."""


class Folder(AbstractedFS):  # type: ignore[misc]  # the library has no types
    """An upload is written into it under any name; a download has the name that is asked for."""

    def __init__(self, root: str, cmd_channel: object) -> None:
        super().__init__(root, cmd_channel)

    # Paths, which are only texts

    @staticmethod
    def _isabs(path: str) -> bool:
        return path.startswith("/")

    def ftpnorm(self, ftppath: str) -> str:
        return "/" + posixpath.normpath(posixpath.join("/", self.cwd, ftppath)).lstrip("/")

    def ftp2fs(self, ftppath: str) -> str:
        return self.ftpnorm(ftppath)

    def fs2ftp(self, fspath: str) -> str:
        return fspath

    def validpath(self, path: str) -> bool:
        return "\0" not in path

    def realpath(self, path: str) -> str:
        return path

    def chdir(self, path: str) -> None:
        """There is every folder."""
        self.cwd = path

    # Files

    def open(self, filename: str, mode: str) -> TakenFile | GivenFile:
        channel = self.cmd_channel
        channel.drop_waiting()
        if "r" in mode and "+" not in mode:
            self._check(Direction.DOWNLOAD)
            download = channel.door.wait_for(channel.door.desk.begin_download(channel.token, channel.remote_ip))
            return GivenFile(channel.door, download, filename, seconds=channel.transfer_seconds)
        self._check(Direction.UPLOAD)
        arrival = Arrival(name=filename, address=channel.remote_ip, carrier=channel.carrier)
        is_continued = mode != "wb"
        upload = channel.door.wait_for(
            channel.door.uploads.begin(channel.token, arrival, ticket=channel.ticket, is_continued=is_continued)
        )
        channel.taken = TakenFile(channel.door, upload, filename, seconds=channel.transfer_seconds)
        return channel.taken  # type: ignore[no-any-return]  # the library has no types

    def mkstemp(self, suffix: str = "", prefix: str = "", dir: str | None = None, mode: str = "wb") -> TakenFile:  # noqa: A002  # as the library calls it
        found = self.open(f"/{prefix}{suffix}", "wb")
        if not isinstance(found, TakenFile):
            raise FilesystemError("Nothing can be stored here")
        return found

    # Questions

    def listdir(self, path: str) -> list[str]:
        return []

    def listdirinfo(self, path: str) -> list[str]:
        return []

    def isfile(self, path: str) -> bool:
        return path != "/"

    def isdir(self, path: str) -> bool:
        return path == "/"

    def islink(self, path: str) -> bool:
        return False

    def lexists(self, path: str) -> bool:
        return True

    def getsize(self, path: str) -> int:
        """Of an upload what came of it before the line broke: the station asks, to go on from there."""
        ticket: Ticket = self.cmd_channel.ticket
        if ticket.direction is Direction.DOWNLOAD:
            return ticket.max_bytes
        taken: TakenFile | None = self.cmd_channel.taken
        if taken is not None and not taken.closed:
            return taken.size
        size = self.cmd_channel.door.uploads.size_of(ticket)
        if size is None:
            raise FilesystemError("There is no such file")
        return int(size)

    def format_list(self, basedir: str, listing: object, ignore_err: bool = True) -> Iterator[bytes]:
        return iter(())

    def format_mlsx(
        self, basedir: str, listing: object, perms: str, facts: object, ignore_err: bool = True
    ) -> Iterator[bytes]:
        return iter(())

    # What there is not

    def mkdir(self, path: str) -> NoReturn:
        _refuse()

    def rmdir(self, path: str) -> NoReturn:
        _refuse()

    def remove(self, path: str) -> NoReturn:
        _refuse()

    def rename(self, src: str, dst: str) -> NoReturn:
        _refuse()

    def chmod(self, path: str, mode: object) -> NoReturn:
        _refuse()

    def utime(self, path: str, timeval: object) -> NoReturn:
        _refuse()

    def stat(self, path: str) -> NoReturn:
        _refuse()

    def lstat(self, path: str) -> NoReturn:
        _refuse()

    def readlink(self, path: str) -> NoReturn:
        _refuse()

    def getmtime(self, path: str) -> NoReturn:
        _refuse()

    def get_user_by_uid(self, uid: int) -> str:
        return "owner"

    def get_group_by_gid(self, gid: int) -> str:
        return "group"

    # Inside

    def _check(self, direction: Direction) -> None:
        if self.cmd_channel.ticket.direction is not direction:
            raise FilesystemError(f"This location is not for a {direction.value}")


def _refuse() -> NoReturn:
    raise FilesystemError("There is no such file")
