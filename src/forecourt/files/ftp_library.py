"""What is used of pyftpdlib. Before Python 3.12 it imports two modules of the standard library that are deprecated, and
after that others of these names that it brings along."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyftpdlib.authorizers import AuthenticationFailed
    from pyftpdlib.exceptions import FilesystemError
    from pyftpdlib.filesystems import AbstractedFS
    from pyftpdlib.handlers import TLS_DTPHandler, TLS_FTPHandler
    from pyftpdlib.servers import ThreadedFTPServer

__all__ = [
    "AbstractedFS",
    "AuthenticationFailed",
    "FilesystemError",
    "TLS_DTPHandler",
    "TLS_FTPHandler",
    "ThreadedFTPServer",
]
