"""Listeners get their certificate from an ACME authority, also when the system is killed in the middle."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx

from tests.clerk.signers.answering import Asked, Said, serving
from tests.stories.waiting import eventually
from tests.support.pebble import EAB_KEY, EAB_KEY_ID, running_pebble
from tests.support.ports import free_port
from tests.support.probes import s_client
from tests.support.rest import Json
from tests.support.running import RunningSystem

HOST = "csms.example.com"
_PATIENCE_SECONDS = 10.0


class Front:
    """What stands on port 80 before the system. It hands on what the system answers, and then only once the system was
    killed: so that falls between the authority's question and what follows from the answer."""

    def __init__(self, system: RunningSystem) -> None:
        self._system = system
        self._known: dict[str, Said] = {}
        self._turn = threading.Lock()
        self.has_asked = threading.Event()
        self.may_answer = threading.Event()

    def __call__(self, asked: Asked) -> Said:
        with self._turn:  # Pebble asks three times at once
            if asked.path not in self._known:
                found = httpx.get(f"{self._system.console_url}{asked.path}", trust_env=False)
                self._known[asked.path] = Said(found.status_code, found.content)
        self.has_asked.set()
        self.may_answer.wait(_PATIENCE_SECONDS)
        return self._known[asked.path]


def test_a_listener_gets_its_certificate_over_acme_though_the_system_is_killed_in_the_middle(tmp_path: Path) -> None:
    """RFC 8555: the order that was placed before is the one that is gone on with, and no secret is shown."""
    folder = tmp_path / "system"
    folder.mkdir()
    system = RunningSystem(folder)
    front = Front(system)
    port = free_port()
    with (
        serving(front, port=port),
        running_pebble(tmp_path / "pebble", http_port=port, needs_account=True) as pebble,
    ):
        system.start()
        try:
            settings = {"directory": pebble.directory, "roots": pebble.roots, "eabKeyId": EAB_KEY_ID, "eabKey": EAB_KEY}
            shown = system.rest.post("/authorities", {"name": "pebble", "kind": "acme", "settings": settings})
            assert EAB_KEY not in str(shown)
            wish = {"hostNames": [HOST], "families": ["ecdsa"], "authority": "pebble"}
            system.rest.put("/managed-server-certificates/main", wish)
            assert front.has_asked.wait(30), "the authority did not look at the host name"
            system.kill()
            front.may_answer.set()
            system.start()
            eventually(lambda: _signings(system)[0]["state"] == "issued", "it is issued", seconds=60)
            eventually(lambda: _presents(system), "the listener presents it", seconds=30)
            [issued] = system.rest.items("/issued-certificates", {})
            assert (issued["authority"], issued["use"], issued["owner"][:4]) == ("pebble", "server", "main")
            assert len(_signings(system)) == 1
            assert EAB_KEY not in system.log.read_text()
        finally:
            system.close()
        placed = (pebble.folder / "log").read_text().count("Added order")
    assert placed == 1, "a second order was placed"


def _signings(system: RunningSystem) -> list[Json]:
    return list(system.rest.items("/signings", {}))


def _presents(system: RunningSystem) -> bool:
    answer = s_client(system.stations_tls_url.removeprefix("wss://"), "-tls1_2", "-servername", HOST)
    return answer.is_established and "Pebble Intermediate CA" in answer.output
