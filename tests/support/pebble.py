"""Pebble, an ACME authority for tests (RFC 8555), with a DNS server that sends every name to this machine."""

from __future__ import annotations

import base64
import json
import os
import shutil
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.authority import Authority
from tests.support.components import not_run
from tests.support.daemons import running
from tests.support.ports import free_port

INSTALL_COMMAND: Final = "apt-get install pebble"
EAB_KEY_ID: Final = "key-1"
EAB_KEY: Final = base64.urlsafe_b64encode(b"the key of an external account 1").decode().rstrip("=")
BLOCKED: Final = "blocked.example.com"
"""A name that Pebble refuses by its policy."""


@dataclass
class Pebble:
    """One authority on fixed ports; it forgets everything when it is started again."""

    folder: Path
    http_port: int = 0
    """Where it looks whether a host name is whose it should be; a free one when it is not said."""
    needs_account: bool = False
    """Accounts only for those that it knows from elsewhere (RFC 8555 §7.3.4)."""
    environment: Mapping[str, str] = field(default_factory=dict)
    _running: ExitStack | None = None

    def __post_init__(self) -> None:
        for program in ("pebble", "pebble-challtestsrv"):
            if shutil.which(program) is None:
                not_run("Pebble", INSTALL_COMMAND)
        self.folder.mkdir(exist_ok=True)
        self._port, self._management, tls = free_port(), free_port(), free_port()
        self._dns, self._dns_management = free_port(), free_port()
        self.http_port = self.http_port or free_port()
        self._tls_root = Authority.root("Pebble's host")
        self._tls_root.leaf("localhost", dns=["localhost"], addresses=["127.0.0.1"]).write(self.folder, "host")
        settings = {
            "listenAddress": f"127.0.0.1:{self._port}",
            "managementListenAddress": f"127.0.0.1:{self._management}",
            "certificate": str(self.folder / "host.pem"),
            "privateKey": str(self.folder / "host.key"),
            "httpPort": self.http_port,
            "tlsPort": tls,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": self.needs_account,
            "externalAccountMACKeys": {EAB_KEY_ID: EAB_KEY} if self.needs_account else {},
            "domainBlocklist": [BLOCKED],
            "retryAfter": {"authz": 1, "order": 1},
        }
        (self.folder / "pebble.json").write_text(json.dumps({"pebble": settings}))

    @property
    def directory(self) -> str:
        return f"https://localhost:{self._port}/dir"

    @property
    def tls_root(self) -> str:
        """As PEM: what its own server certificate leads to."""
        return self._tls_root.pem

    @property
    def roots(self) -> str:
        """As PEM: what it issues leads to this one, and its own server certificate to the other."""
        context = ssl.create_default_context(cadata=self.tls_root)
        found = httpx.get(f"https://localhost:{self._management}/roots/0", verify=context, trust_env=False)
        pem = x509.load_pem_x509_certificate(found.raise_for_status().content).public_bytes(Encoding.PEM).decode()
        return self.tls_root + pem

    def start(self) -> None:
        quick = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
        stack = ExitStack()
        log = self.folder / "log"
        environment = {**os.environ, **quick, **self.environment}
        dns = f"127.0.0.1:{self._dns}"
        # The test's DNS server answers nothing else: the other servers in it are off.
        names = ["pebble-challtestsrv", "-dns01", dns, "-management", f"127.0.0.1:{self._dns_management}"]
        names += ["-http01", "", "-https01", "", "-tlsalpn01", ""]
        names += ["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]
        stack.enter_context(running(names, log, [self._dns_management]))
        command = ["env", *(f"{name}={value}" for name, value in environment.items()), "pebble"]
        command += ["-config", str(self.folder / "pebble.json"), "-dnsserver", dns]
        stack.enter_context(running(command, log, [self._port, self._management]))
        self._running = stack

    def stop(self) -> None:
        if self._running is not None:
            self._running.close()
            self._running = None


@contextmanager
def running_pebble(
    folder: Path, *, http_port: int = 0, needs_account: bool = False, **environment: str
) -> Iterator[Pebble]:
    pebble = Pebble(folder, http_port, needs_account, environment)
    pebble.start()
    try:
        yield pebble
    finally:
        pebble.stop()
