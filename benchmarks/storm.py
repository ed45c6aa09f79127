"""A storm: thousands of stations with passwords come back over TLS at once, here and at a bare TLS server."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from benchmarks.machine import OTHER_CORE, cpu_seconds
from benchmarks.pauses import watch
from benchmarks.servers import STATIONS, Server, forecourt, peer, started_again
from forecourt.config import GatewayConfig
from forecourt_simulator.storm_report import StormReport
from tests.support.ports import free_port
from tests.support.running import RunningSystem

ROUNDS = 3
"""The first is the one of strangers: it fills caches, here and in the kernel."""

_AT_ONCE = 8
_LIFTED = {"FORECOURT_GATEWAY_UPGRADES_PER_SECOND": "1000000", "FORECOURT_GATEWAY_UPGRADES_WAITING": "100000"}
"""Limits that spread a storm over time on purpose, which is not what is measured."""

_AS_IT_IS = {
    "FORECOURT_GATEWAY_UPGRADES_PER_SECOND": str(GatewayConfig().upgrades_per_second),
    "FORECOURT_GATEWAY_UPGRADES_WAITING": str(GatewayConfig().upgrades_waiting),
}


@dataclass(frozen=True)
class Stormed:
    """What a server did in a storm."""

    name: str
    report: StormReport
    cpu_ms: float
    """CPU of the server's process for each connection, in milliseconds."""
    pause_ms: float | None
    """Longest pause of its loop, as an upper bound; None where it was not measured."""

    @property
    def seconds(self) -> float:
        """Of the quickest round but the first: machines are noisy."""
        return min(one.seconds for one in self.report.rounds[1:])

    @property
    def refused(self) -> int:
        """How often a station was turned away as if it were not welcome, in all rounds."""
        return sum(count for one in self.report.rounds for status, count in one.refusals.items() if status != "503")

    @property
    def delayed(self) -> int:
        """How often a station was told to come again in a moment, and did."""
        return sum(one.retries_as_told for one in self.report.rounds)

    @property
    def failed(self) -> int:
        return sum(sum(one.failures.values()) + one.lost for one in self.report.rounds)

    @property
    def generator_ms(self) -> float:
        """CPU of the generator for each connection."""
        return 1000 * sum(one.cpu_seconds for one in self.report.rounds) / self._connections

    @property
    def _connections(self) -> int:
        return sum(one.attempts for one in self.report.rounds)


def print_storms(count: int) -> None:
    """Measure and print: the bare server, this system as fast as it can, and this system as it is set up."""
    print(
        f"\nstorm: {count} stations sign in with HTTP Basic over TLS, all at once; CPU of each connection on both sides"
    )
    print(
        f"{'server':<28} {'all back s':>10} {'per s':>7} {'CPU ms':>7} {'generator':>10} {'pause ms':>9}"
        f" {'delayed':>8} {'refused':>8} {'failed':>7}   against bare TLS"
    )
    with tempfile.TemporaryDirectory(prefix="forecourt-storm-") as name:
        folder = Path(name)
        _write_certificates(folder)
        bare = _bare(folder, count)
        _print(bare, bare)
        for stormed in _forecourt(folder, count):
            _print(stormed, bare)


def _print(one: Stormed, bare: Stormed) -> None:
    rate = one.report.stations / one.seconds
    pause = "" if one.pause_ms is None else f"{one.pause_ms:.1f}"
    ratio = f"{one.seconds / bare.seconds:.2f}× the time, {one.cpu_ms / bare.cpu_ms:.2f}× the CPU"
    print(
        f"{one.name:<28} {one.seconds:>10.2f} {rate:>7.0f} {one.cpu_ms:>7.2f} {one.generator_ms:>10.2f} {pause:>9}"
        f" {one.delayed:>8} {one.refused:>8} {one.failed:>7}   {ratio}"
    )
    for number, each in enumerate(one.report.rounds, start=1):
        for what, times in {**each.refusals, **each.failures}.items():
            print(f"  round {number}: {times} × {what}")
        if each.missing:
            print(f"  round {number}: {each.missing} stations did not come back")


def _bare(folder: Path, count: int) -> Stormed:
    """Its stations show a password as well, which nobody reads."""
    keys = _write_keys(folder, dict.fromkeys(STATIONS[:count], "30" * 20))
    with peer("bare_tls_server", "bare TLS", str(folder / "server.pem"), scheme="wss") as server:
        return asyncio.run(_blow(server, server.url, folder, keys, count))


def _forecourt(folder: Path, count: int) -> Iterator[Stormed]:
    """As fast as it can, and as an operator gets it who sets nothing."""
    port = free_port()
    tls = {"FORECOURT_STATIONS_TLS": f"127.0.0.1:{port}"}
    url = f"wss://127.0.0.1:{port}/ocpp"
    name = "forecourt, limits lifted"
    with forecourt(settings={**tls, **_LIFTED}, name=name, security_profile=2) as (server, system):
        keys = _write_keys(folder, _secure(system, folder, count))
        yield asyncio.run(_blow(server, url, folder, keys, count, probe=STATIONS[-1]))
        with started_again(system, settings={**tls, **_AS_IT_IS}, name="forecourt as it is set up") as again:
            yield asyncio.run(_blow(again, url, folder, keys, count, probe=STATIONS[-1]))
            alone = replace(again, name="the same, from one address")
            yield asyncio.run(_blow(alone, url, folder, keys, count, probe=STATIONS[-1], has_own_addresses=False))


def _secure(system: RunningSystem, folder: Path, count: int) -> dict[str, str]:
    """Give the system a server certificate, and the stations a generated password each."""
    token = system.run("token", "create", "storm", "--role", "admin").strip()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{system.console_url}/api/v1", headers=headers, timeout=120, trust_env=False) as rest:
        server = {"chain": (folder / "chain.pem").read_text(), "privateKey": (folder / "key.pem").read_text()}
        rest.put("/server-certificates/storm", json=server).raise_for_status()

        def make_password(identity: str) -> tuple[str, str]:
            given = rest.put(f"/stations/{identity}/password", json={}).raise_for_status().json()
            return identity, given["authorizationKey"]

        with ThreadPoolExecutor(_AT_ONCE) as threads:
            return dict(threads.map(make_password, STATIONS[:count]))


async def _blow(
    server: Server,
    url: str,
    folder: Path,
    keys: Path,
    count: int,
    *,
    probe: str | None = None,
    has_own_addresses: bool = True,
) -> Stormed:
    command = [
        *(sys.executable, "-m", "forecourt_simulator", "storm", "--json", "--url", url, "--count", str(count)),
        *("--rounds", str(ROUNDS), "--keys", str(keys), "--ca", str(folder / "ca.pem")),
        *(["--own-addresses"] if has_own_addresses else []),
    ]
    async with _pauses(server, probe) as pauses:
        before = cpu_seconds(server.pid)
        generator = await asyncio.create_subprocess_exec(
            *command,
            stdout=subprocess.PIPE,
            preexec_fn=lambda: os.sched_setaffinity(0, {OTHER_CORE}),
        )
        output, _ = await generator.communicate()
        spent = cpu_seconds(server.pid) - before
    report = msgspec.json.decode(output, type=StormReport)
    connections = sum(one.attempts for one in report.rounds)
    pause_ms = 1000 * max(pauses) if pauses else None
    return Stormed(server.name, report, 1000 * spent / connections, pause_ms)


@contextlib.asynccontextmanager
async def _pauses(server: Server, probe: str | None) -> AsyncIterator[list[float]]:
    """The pauses of the loop, seen by a station that is connected all the time and without TLS."""
    pauses: list[float] = []
    if probe is None:
        yield pauses
        return
    subprotocols = [websockets.Subprotocol("ocpp1.6")]
    async with websockets.connect(f"{server.url}/{probe}", subprotocols=subprotocols) as link:
        watching = asyncio.ensure_future(watch(link, pauses))
        try:
            yield pauses
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching


def _write_keys(folder: Path, keys: dict[str, str]) -> Path:
    path = folder / "keys.csv"
    path.write_text("".join(f"{identity},{key}\n" for identity, key in keys.items()))
    return path


def _write_certificates(folder: Path) -> None:
    """A root, and below it a certificate for the server with a P-256 key."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate("Storm root", "Storm root", root_key, root_key, is_root=True)
    server = _certificate("127.0.0.1", "Storm root", key, root_key, is_root=False)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = server.public_bytes(Encoding.PEM)
    files = {
        "ca.pem": root.public_bytes(Encoding.PEM),
        "chain.pem": chain,
        "key.pem": private,
        "server.pem": private + chain,
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _certificate(
    subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey, *, is_root: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
    )
    if not is_root:
        address = x509.IPAddress(ipaddress.ip_address(subject))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return builder.sign(signer, hashes.SHA256())
