"""HAProxy in front of the stations' door, configured by the samples in the documents."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.components import not_run
from tests.support.daemons import rendered, running
from tests.support.nginx import PROXY, ProxyAddresses
from tests.support.ports import free_port
from tests.support.probes import Identification

INSTALL_COMMAND: Final = "apt-get install haproxy"
_SAMPLES: Final = Path(__file__).resolve().parents[2] / "docs" / "proxies"


@contextmanager
def running_haproxy(
    folder: Path, stations_port: int, rsa: Identification, ecdsa: Identification, authority: Path
) -> Iterator[ProxyAddresses]:
    """HAProxy that ends TLS with these two server certificates, before a listener on this port."""
    folder.mkdir()
    plain, tls = free_port(), free_port()
    for kind, one in (("rsa", rsa), ("ecdsa", ecdsa)):
        both = one.key.read_bytes() + one.chain.read_bytes()
        (folder / f"server.pem.{kind}").write_bytes(both)
    sample = rendered(
        _SAMPLES / "haproxy.cfg",
        {
            "server forecourt 127.0.0.1:9000": f"server forecourt 127.0.0.1:{stations_port} source {PROXY}",
            "bind :80": f"bind 127.0.0.1:{plain}",
            "bind :443 ssl": f"bind 127.0.0.1:{tls} ssl",
            "crt /etc/forecourt/tls/server.pem": f"crt {folder / 'server.pem'}",
            "/etc/forecourt/tls/authority.pem": str(authority),
        },
    )
    with _running(folder, sample, [plain, tls]):
        yield ProxyAddresses(f"ws://127.0.0.1:{plain}", f"wss://127.0.0.1:{tls}")


@contextmanager
def running_passthrough(folder: Path, listener_port: int) -> Iterator[str]:
    """HAProxy that hands TLS on, with the PROXY protocol. The address for stations."""
    folder.mkdir()
    port = free_port()
    sample = rendered(
        _SAMPLES / "haproxy-passthrough.cfg",
        {
            "server forecourt 127.0.0.1:9443": f"server forecourt 127.0.0.1:{listener_port} source {PROXY}",
            "bind :443": f"bind 127.0.0.1:{port}",
        },
    )
    with _running(folder, sample, [port]):
        yield f"wss://127.0.0.1:{port}"


@contextmanager
def _running(folder: Path, sample: str, ports: list[int]) -> Iterator[None]:
    program = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        not_run("HAProxy", INSTALL_COMMAND)
    configuration = folder / "haproxy.cfg"
    configuration.write_text(sample, "utf-8")
    with running([program, "-db", "-f", str(configuration)], folder / "log", ports):
        yield
