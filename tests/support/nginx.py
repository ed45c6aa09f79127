"""nginx in front of the stations' door, configured by the sample in the documents."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.components import not_run
from tests.support.daemons import rendered, running
from tests.support.ports import free_port
from tests.support.probes import Identification

INSTALL_COMMAND: Final = "apt-get install nginx"
SAMPLE: Final = Path(__file__).resolve().parents[2] / "docs" / "proxies" / "nginx.conf"

# What Debian's own nginx.conf puts around the sample, without anything that is the machine's.
_AROUND: Final = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/forecourt.conf;
}}
"""


PROXY: Final = "127.0.0.2"
"""From where proxies of the tests speak to the system, so that stations on the same machine are none."""


@dataclass(frozen=True, slots=True)
class ProxyAddresses:
    """Where stations find a proxy."""

    plain: str
    tls: str


@contextmanager
def running_nginx(
    folder: Path, stations_port: int, rsa: Identification, ecdsa: Identification
) -> Iterator[ProxyAddresses]:
    """nginx with these two server certificates, before a listener on this port."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        not_run("nginx", INSTALL_COMMAND)
    folder.mkdir()
    plain, tls = free_port(), free_port()
    sample = rendered(
        SAMPLE,
        {
            "server 127.0.0.1:9000;": f"server 127.0.0.1:{stations_port};",
            "proxy_http_version 1.1;": f"proxy_http_version 1.1; proxy_bind {PROXY};",
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ssl;": f"listen 127.0.0.1:{tls} ssl;",
            "/etc/forecourt/tls/rsa-chain.pem": str(rsa.chain),
            "/etc/forecourt/tls/rsa-key.pem": str(rsa.key),
            "/etc/forecourt/tls/ecdsa-chain.pem": str(ecdsa.chain),
            "/etc/forecourt/tls/ecdsa-key.pem": str(ecdsa.key),
        },
    )
    (folder / "forecourt.conf").write_text(sample, "utf-8")
    main = folder / "nginx.conf"
    main.write_text(_AROUND.format(folder=folder), "utf-8")
    with running([program, "-p", str(folder), "-c", str(main)], folder / "log", [plain, tls]):
        yield ProxyAddresses(f"ws://127.0.0.1:{plain}", f"wss://127.0.0.1:{tls}")
