"""The system as an operator runs it: `python -m forecourt serve` in processes of its own, seen from outside only."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from tests.support.ports import free_port
from tests.support.rest import Rest
from tests.support.vault import SECRET_KEY

ADMIN = "admin"
ADMIN_PASSWORD = "a password for the tests"
_ROOT = Path(__file__).resolve().parents[2]
_READY_DEADLINE_SECONDS = 180.0
_STOP_DEADLINE_SECONDS = 60.0
_CLIENT_DEADLINE_SECONDS = 60.0
_TROUBLE = re.compile(
    r"Traceback|never retrieved|was never awaited|[Uu]nhandled exception|Fatal Python error|Segmentation fault"
)


class SystemTrouble(Exception):
    """The system did not do what the tests asked of it; the text ends with its own last words."""


class RunningSystem:
    """One system on one store. It keeps its data and its addresses over `kill`, `terminate` and `start`."""

    def __init__(
        self,
        folder: Path,
        database_url: str | None = None,
        settings: Mapping[str, str] | None = None,
        *,
        has_all_file_doors: bool = False,
        command: str = "serve",
    ) -> None:
        """Without `database_url` the system uses its default: SQLite in its data folder. `settings` are further
        FORECOURT_* variables. Files are moved by HTTP, and with `has_all_file_doors` by HTTPS, FTP and FTPS as well.
        `command` is how it is started: `demo` brings simulated stations."""
        self.data = folder / "data"
        self._command = command
        self.log = folder / "forecourt.log"
        self.stations_port = free_port()
        self.stations_tls_port = free_port()
        self.console_port = free_port()
        self.files_port = free_port()
        self._settings = {
            "FORECOURT_DATA": str(self.data),
            "FORECOURT_STATIONS": f"127.0.0.1:{self.stations_port}",
            "FORECOURT_STATIONS_TLS": f"127.0.0.1:{self.stations_tls_port}",
            "FORECOURT_CONSOLE": f"127.0.0.1:{self.console_port}",
            "FORECOURT_FILES_HTTP": f"127.0.0.1:{self.files_port}",
            "FORECOURT_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "FORECOURT_GATEWAY_QUIET": "true",  # a story sees what it asks for, and nothing else
            **(settings or {}),
        }
        if has_all_file_doors:
            ftp = f"127.0.0.1:{free_port()}"
            self._settings["FORECOURT_FILES_TLS"] = f"127.0.0.1:{free_port()}"
            self._settings |= {"FORECOURT_FILES_FTP": ftp, "FORECOURT_FILES_FTP_TLS_ONLY": "false"}
        if database_url is not None:
            self._settings["FORECOURT_DATABASE"] = database_url
            self._settings.setdefault("FORECOURT_SECRET_KEY", SECRET_KEY)
        self._process: subprocess.Popen[bytes] | None = None
        self._rest: Rest | None = None
        self._log_seen = 0

    @property
    def stations_url(self) -> str:
        return f"ws://127.0.0.1:{self.stations_port}"

    @property
    def stations_tls_url(self) -> str:
        """Nobody listens there before there is a server certificate."""
        return f"wss://127.0.0.1:{self.stations_tls_port}"

    @property
    def console_url(self) -> str:
        return f"http://127.0.0.1:{self.console_port}"

    @property
    def pid(self) -> int:
        """The process that `serve` started as; its process group has the same number."""
        return self._running().pid

    @property
    def rest(self) -> Rest:
        """A client with a token of its own, which stays valid when the system starts again."""
        if self._rest is None:
            self._rest = Rest(self.console_url, self._create_token())
        return self._rest

    @contextmanager
    def at_work(self) -> Iterator[RunningSystem]:
        """Started. At the end it must stop in good order, and have no error in its log."""
        try:
            self.start()
            yield self
            assert self.terminate() == 0
            self.assert_clean_log()
        finally:
            self.close()

    def change_settings(self, **variables: str) -> None:
        """Further FORECOURT_* variables, which count from the next start on."""
        self._settings.update(variables)

    def start(self) -> None:
        """Start on the data that is there, and wait until the system says that it is ready."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "forecourt", self._command],
                cwd=self.log.parent,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait_until_ready()

    def start_if_needed(self) -> None:
        """Start unless all of it runs; what is left of a broken one is ended first."""
        if self._process is not None and self._process.poll() is None and self.is_ready():
            return
        self._end_all()
        self.start()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_DEADLINE_SECONDS
        while not self.is_ready():
            if self._running().poll() is not None:
                raise SystemTrouble(f"The system ended with {self._running().returncode}:\n{self._last_words()}")
            if time.monotonic() > deadline:
                raise SystemTrouble(
                    f"The system was not ready in {_READY_DEADLINE_SECONDS:.0f} s:\n{self._last_words()}"
                )
            time.sleep(0.05)

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.console_url}/health/ready", timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """SIGKILL to the whole process group: nothing gets a last word."""
        process = self._running()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(_STOP_DEADLINE_SECONDS)
        self.wait_until_gone()

    def ask_to_stop(self) -> None:
        """SIGTERM to the process that `serve` started as, as a service manager sends it; does not wait."""
        self._running().send_signal(signal.SIGTERM)

    def wait_for_exit(self, seconds: float = _STOP_DEADLINE_SECONDS) -> int:
        """The exit code, once the last process of the system is gone."""
        try:
            code = self._running().wait(seconds)
        except subprocess.TimeoutExpired as expired:
            raise SystemTrouble(f"The system did not stop within {seconds:.0f} s:\n{self._last_words()}") from expired
        self.wait_until_gone()
        return code

    def terminate(self) -> int:
        self.ask_to_stop()
        return self.wait_for_exit()

    def close(self) -> None:
        """End whatever still runs, whether or not the test came to its end."""
        if self._rest is not None:
            self._rest.close()
        self._end_all()

    def _end_all(self) -> None:
        if self._process is None:
            return
        for pid in self.processes():
            _signal(pid, signal.SIGKILL)
        self._process.wait(_STOP_DEADLINE_SECONDS)
        self.wait_until_gone()

    def run(self, *arguments: str) -> str:
        """What a command of the command line prints."""
        done = subprocess.run(
            [sys.executable, "-m", "forecourt", *arguments],
            cwd=self.log.parent,
            env=self.environment(),
            capture_output=True,
            timeout=_CLIENT_DEADLINE_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            command = " ".join(arguments)
            raise SystemTrouble(f"`forecourt {command}` ended with {done.returncode}:\n{done.stderr.decode()}")
        return done.stdout.decode()

    def wait_until_gone(self) -> None:
        """Returns when no process of the system is left."""
        deadline = time.monotonic() + _STOP_DEADLINE_SECONDS
        while left := self.processes():
            if time.monotonic() > deadline:
                raise SystemTrouble(f"Processes of the system are left over: {left}\n{self._last_words()}")
            time.sleep(0.02)

    def processes(self) -> list[int]:
        """Every live process of this system, known by the data folder in its environment."""
        mark = f"FORECOURT_DATA={self.data}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue  # ended meanwhile, or somebody else's
        return sorted(found)

    def process_listening_on(self, port: int) -> int:
        """The process that serves one of the system's ports."""
        inodes = _listening_inodes(port)
        found = [pid for pid in self.processes() if pid != self.pid and inodes & _open_sockets(pid)]
        if len(found) != 1:
            raise SystemTrouble(f"Port {port} is served by the processes {found}, not by one.")
        return found[0]

    def resident_bytes(self) -> int:
        """Resident memory of all processes together; pages that they share count once for each."""
        return sum(_resident_bytes(pid) for pid in self.processes())

    def log_text(self) -> str:
        return self.log.read_text(errors="replace")

    def assert_clean_log(self) -> None:
        """No unhandled error since this was last asked, so that every error is told once."""
        text = self.log_text()
        lines = text[self._log_seen :].splitlines()
        self._log_seen = len(text)
        for number, line in enumerate(lines):
            if _TROUBLE.search(line):
                raise AssertionError("The log holds an unhandled error:\n" + "\n".join(lines[number : number + 40]))

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise SystemTrouble("The system was never started.")
        return self._process

    def environment(self) -> dict[str, str]:
        """What the processes of the system are started with."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("FORECOURT_")}
        # A system that compiles itself at every start is not what anybody runs.
        inherited.pop("PYTHONDONTWRITEBYTECODE", None)
        return {**inherited, "PYTHONPATH": str(_ROOT / "src"), "PYTHONUNBUFFERED": "1", **self._settings}

    def _create_token(self) -> str:
        """As a program would that knows the administrator's password; many times quicker than a command."""
        created = httpx.post(
            f"{self.console_url}/api/v1/tokens",
            auth=(ADMIN, ADMIN_PASSWORD),
            json={"name": "tests", "role": "admin"},
            timeout=_CLIENT_DEADLINE_SECONDS,
            trust_env=False,
        )
        if created.status_code != 201:
            raise SystemTrouble(f"No token was made: {created.status_code} {created.text}")
        token: str = created.json()["token"]
        return token

    def _last_words(self) -> str:
        return self.log_text()[-4000:] if self.log.exists() else ""


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # ended by itself meanwhile
        os.kill(pid, number)


def _resident_bytes(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _listening_inodes(port: int) -> set[str]:
    """The sockets that listen on a port of 127.0.0.1, as `/proc/net/tcp` numbers them."""
    listening = "0A"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == listening}


def _open_sockets(pid: int) -> set[str]:
    found = set()
    with suppress(OSError):  # ended meanwhile
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                found.add(os.readlink(link).removeprefix("socket:[").removesuffix("]"))
    return found
