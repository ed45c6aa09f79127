"""Nothing that is a secret is shown or kept in clear, wherever one looks (security whitepaper A01.FR.08, A01.FR.09,
A01.FR.11).

Secrets go through the system in every way there is; then all that it answers, prints, logs, tells and stores is
searched for them, as text, as hexadecimal text, in base64 and percent-encoded.
"""

from __future__ import annotations

import base64
import itertools
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Final

import httpx
import psycopg
import pytest

from tests.stories.builders import a_station
from tests.stories.needles import Needles, a_secret
from tests.stories.stores import store_url
from tests.support.authority import Authority
from tests.support.peer import Peer
from tests.support.probes import basic, knock
from tests.support.rest import Json, Rest
from tests.support.running import ADMIN_PASSWORD, RunningSystem
from tests.support.vault import SECRET_KEY, unsealed

ACCEPTED: Final = {"status": "Accepted"}
PLACES: Final = "ftp://{}:{}@files.example/in?sig={}"
STILL_NEEDED: Final = ("waiting", "typed", "server's key")
"""What whoever has the secret key may find in the database; the rest must be gone."""
STREAMS: Final = ("/errands/events", "/security-log/events", "/security-events/events")


class Telling:
    """Everything that the server-sent events tell, until the system stops."""

    def __init__(self, system: RunningSystem) -> None:
        self.told = b""
        self._client = httpx.Client(base_url=f"{system.console_url}/api/v1", timeout=60, trust_env=False)
        self._client.headers["Authorization"] = system.rest._client.headers["Authorization"]
        self._open = threading.Semaphore(0)
        self._threads = [threading.Thread(target=self._read, args=(path,), daemon=True) for path in STREAMS]
        for thread in self._threads:
            thread.start()
        for _ in STREAMS:
            assert self._open.acquire(timeout=20)

    def _read(self, path: str) -> None:
        # A system that did not stop by itself breaks the stream off; then the story has failed already.
        with suppress(httpx.TransportError), self._client.stream("GET", path) as response:
            for chunk in response.iter_raw():
                if not chunk.startswith(b": following"):
                    self.told += chunk
                else:
                    self._open.release()

    def end(self) -> bytes:
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()
        self._client.close()
        return self.told


class Story:
    """A system, the secrets that went through it, and what it said."""

    def __init__(self, system: RunningSystem, database_url: str | None) -> None:
        self.system = system
        self.rest: Rest = system.rest
        self.database_url = database_url
        self.needles = Needles()
        self.said: dict[str, str | bytes] = {}
        """What was found where."""
        self._numbers = itertools.count()

    def secret(self, name: str) -> str:
        made = a_secret()
        self.needles.add(name, made)
        return made

    def hexed(self, name: str) -> str:
        return self.secret(name).encode().hex().upper()

    def ask(self, identity: str, operation: str, parameters: Json, *, delivery: str | None = None) -> None:
        query: dict[str, str | int] = {"wait": 20} if delivery is None else {"delivery": delivery}
        errand = self.rest.ask(identity, operation, parameters, **query)
        self.said[f"answer to {operation} {next(self._numbers)}"] = json.dumps(errand)

    def refused(self, method: str, path: str, body: Json) -> None:
        """Something that is wrong must not be repeated either."""
        response = self.rest._client.request(method, path, json=body)
        assert 400 <= response.status_code < 500, response.text
        self.said[f"refusal of {method} {path} {next(self._numbers)}"] = response.text

    def leaks(self) -> dict[str, set[str]]:
        return {where: found for where, text in self.said.items() if (found := self.needles.found(text))}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.prove)])
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with store_url(request) as url:
        settings = {"FORECOURT_LOG_LEVEL": "debug", "FORECOURT_SECRET_KEY": SECRET_KEY}
        system = RunningSystem(tmp_path_factory.mktemp("system"), url, settings)
        try:
            system.start()
            yield Story(system, url)
        finally:
            system.close()


def test_no_secret_is_shown_or_kept_in_clear(story: Story) -> None:
    telling = Telling(story.system)
    story.needles.add("password of the administrator", ADMIN_PASSWORD)
    story.needles.add("secret key", SECRET_KEY)
    story.needles.add("token", story.rest._client.headers["Authorization"].removeprefix("Bearer "))
    on_line, off_line = passwords_by_hand(story)
    delivered = over_ocpp(story, on_line)
    waiting(story, off_line)
    wrong(story, on_line)
    server_key(story)
    look_at_rest(story, [on_line, off_line])
    look_at_commands(story, on_line)
    look_at_files(story, "while it runs")
    look_at_tables(story)
    assert story.system.terminate() == 0
    look_at_files(story, "after it stopped")
    story.said["log"] = story.system.log_text()
    story.said["events"] = telling.end()
    assert b"event: errand" in telling.told
    assert b"event: entry" in telling.told
    assert "credentials" in str(story.said["/security-log"])
    assert story.leaks() == {}
    assert len(story.needles.found(delivered)) >= 8, "the stations got them, so that they could have been found"


# How secrets go through


def passwords_by_hand(story: Story) -> tuple[str, str]:
    """One station that will be on line, and one that will not."""
    identities = [a_station(story.rest, securityProfile=1, heartbeatInterval=300) for _ in range(2)]
    for n, identity in enumerate(identities):
        story.rest.set_password(identity, authorizationKey=story.hexed(f"set as hex {n}"))
        made = story.rest.set_password(identity)  # the only answer that shows one
        story.needles.add(f"made by hand {n}", bytes.fromhex(made["authorizationKey"]))
    return identities[0], identities[1]


def over_ocpp(story: Story, identity: str) -> str:
    """Everything that holds a secret, said to a station on line. All that it was told."""
    password = story.secret("set as text")
    story.said["answer to a given password"] = json.dumps(story.rest.set_password(identity, password=password))
    with Peer(story.system.stations_url, identity, password=password.encode()) as peer:
        assert peer.boot() is not None
        change, wait = "ChangeConfiguration", story.ask
        peer.answers(change, ACCEPTED)
        wait(identity, change, {"key": "AuthorizationKey", "value": story.hexed("raw")})
        wait(identity, change, {"key": "authorizationKEY", "value": story.hexed("raw in another case")})
        wait(identity, change, {"key": "AuthorizationKey", "value": story.secret("raw and no hex")})
        wait(identity, change, {"key": "AcmeWifiPassword", "value": story.secret("of a vendor")})
        wait(identity, "ChangePassword", {"password": story.secret("task as text")})
        wait(identity, "ChangePassword", {})
        made = peer.calls[-1][1]["value"]
        story.needles.add("made by the task", bytes.fromhex(made))
        peer.answers(change, {"status": "Rejected"})
        wait(identity, "ChangePassword", {"authorizationKey": story.hexed("task that was refused")})
        peer.answers("GetDiagnostics", {})
        wait(identity, "GetDiagnostics", {"location": a_place(story, "raw upload")})
        peer.answers("UpdateFirmware", {})
        wait(
            identity,
            "UpdateFirmware",
            {"location": a_place(story, "raw firmware"), "retrieveDate": "2026-01-01T00:00:00Z"},
        )
        wait(identity, "CollectLog", {"log": "Diagnostics", "location": a_place(story, "upload")})
        told = [
            {"key": "AuthorizationKey", "readonly": False, "value": story.hexed("told by the station")},
            {"key": "SomePassword", "readonly": False, "value": story.secret("of a vendor, told by the station")},
        ]
        peer.answers("GetConfiguration", {"configurationKey": told})
        wait(identity, "GetConfiguration", {})
        wait(identity, "RefreshConfiguration", {})
        peer.security_event("InvalidMessages", "2026-01-01T00:00:00Z")
        return json.dumps(peer.calls)


def a_place(story: Story, name: str) -> str:
    return PLACES.format("uploader", story.secret(f"password of {name}"), story.secret(f"signature of {name}"))


def waiting(story: Story, identity: str) -> None:
    """What waits in the database for a station that is off line."""
    later = "whenOnline"
    story.ask(identity, "ChangePassword", {"authorizationKey": story.hexed("waiting task")}, delivery=later)
    vendor = {"key": "AcmeWifiPassword", "value": story.secret("waiting of a vendor")}
    story.ask(identity, "ChangeConfiguration", vendor, delivery=later)
    firmware = {"location": a_place(story, "waiting firmware"), "retrieveAt": "2026-01-01T00:00:00Z"}
    story.ask(identity, "InstallFirmware", firmware, delivery=later)
    typed = ("--key", "AuthorizationKey2Password", "--value", story.secret("typed"))
    story.said["op"] = story.system.run("op", "ChangeConfiguration", identity, *typed, "--when-online")


def wrong(story: Story, identity: str) -> None:
    guess = story.secret("guessed").encode()
    assert knock(story.system.stations_url, identity, basic(identity, guess)).status == 401
    nobody = story.secret("of nobody").encode()
    knock(story.system.stations_url, "NOBODY", basic("NOBODY", nobody))
    malformed = story.secret("malformed")
    knock(story.system.stations_url, identity, ("Authorization", f"Basic {malformed}*"))
    both = {"password": story.secret("refused as text"), "authorizationKey": story.hexed("refused as hex")}
    story.refused("PUT", f"/stations/{identity}/password", both)
    story.refused("PUT", f"/stations/{identity}/password", {"password": [story.secret("refused as a list")]})
    story.refused("POST", f"/stations/{identity}/operations/ChangePassword", both)
    long = {"key": "AuthorizationKey", "value": [story.secret("refused raw")]}
    story.refused("POST", f"/stations/{identity}/operations/ChangeConfiguration", long)


def server_key(story: Story) -> None:
    issued = Authority.root("Root").leaf("forecourt.example")
    passphrase = story.secret("passphrase of the server's key")
    body = issued.key_pem.splitlines()[1:-1]
    story.needles.add("server's key as PEM", body[1])
    story.needles.add("server's key", issued.key_pem)
    encrypted = issued.encrypted_key_pem(passphrase.encode())
    given = {"chain": issued.chain_pem, "privateKey": encrypted, "password": passphrase}
    story.said["answer to a server certificate"] = json.dumps(story.rest.put("/server-certificates/main", given))
    mistaken = {**given, "password": story.secret("wrong passphrase")}
    story.refused("PUT", "/server-certificates/other", mistaken)


# Where one looks


def look_at_rest(story: Story, identities: list[str]) -> None:
    """Every address that can be read, of everything that there is."""
    client = story.rest._client
    document = client.get("/openapi.json")
    story.said["/openapi.json"] = document.text
    story.said["/docs"] = client.get("/docs").text
    values = {
        "stationId": identities,
        "errand": [str(errand["errand"]) for errand in story.rest.errands()],
        "job": [str(job["job"]) for job in story.rest.jobs()],
        "key": ["AuthorizationKey", "AcmeWifiPassword", "SomePassword"],
        "name": ["main", "ChangePassword", "ChangeConfiguration"],
    }
    assert len(values["errand"]) > 15
    shown = 0
    for path, methods in document.json()["paths"].items():
        if "get" not in methods or path.endswith("/events"):
            continue
        names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        for chosen in itertools.product(*(values.get(name, ["1"]) for name in names)):
            address = path.format(**dict(zip(names, chosen, strict=True))).removeprefix("/api/v1")
            where = f"{story.system.console_url}{address}" if address.startswith("/health") else address
            response = client.get(where, params={} if "." in address else {"limit": "1000"} if not names else {})
            if response.status_code == 400:
                response = client.get(where)
            assert response.status_code == 200 or names, f"{address}: {response.text}"
            assert response.status_code < 500, f"{address}: {response.text}"
            shown += response.status_code == 200
            story.said[address] = response.text
    assert shown > 80


def look_at_commands(story: Story, identity: str) -> None:
    last = max(int(errand["errand"]) for errand in story.rest.errands(stationId=identity))
    for command in (
        ("errand", "list", "--json"),
        ("errand", "list", "--csv"),
        ("errand", "show", str(last)),
        ("station", "show", identity),
        ("security", "log", "--json"),
        ("security", "events"),
        ("server-certificate", "list"),
        ("server-certificate", "show", "main"),
        ("policy", "show"),
    ):
        story.said["forecourt " + " ".join(command)] = story.system.run(*command)


def look_at_files(story: Story, when: str) -> None:
    """The bytes of all that is kept on this disk, pages that are free and the write-ahead log included."""
    for path in story.system.data.rglob("*"):
        if path.is_file():
            story.said[f"{path.name} {when}"] = path.read_bytes()


def look_at_tables(story: Story) -> None:
    if story.database_url is None:
        with closing(sqlite3.connect(story.system.data / "forecourt.db")) as connection:
            story.said["tables"] = "\n".join(connection.iterdump())
    else:
        with psycopg.connect(story.database_url) as connection:
            names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            rows = (connection.execute(f'SELECT t::text FROM "{name}" AS t').fetchall() for (name,) in names)
            story.said["tables"] = "\n".join(row[0] for table in rows for row in table)
    assert "InstallFirmware" in str(story.said["tables"])
    held = story.needles.found(unsealed(str(story.said["tables"])))
    assert {name for name in held if not any(word in name for word in STILL_NEEDED)} == set()
    assert {"waiting task", "typed", "server's key as PEM"} <= held


# That the search finds what is there


@pytest.mark.parametrize(
    "written",
    [
        "plain {text}",
        '"{hex}"',
        "{HEX}",
        "Basic {basic}",
        "{base64}",
        "x{shifted}",
    ],
)
def test_a_secret_would_be_found_in_every_form(written: str) -> None:
    needles, secret = Needles(), a_secret()
    needles.add("it", secret)
    needles.add("another", a_secret())
    content = secret.encode()
    text = written.format(
        text=secret,
        hex=content.hex(),
        HEX=content.hex().upper(),
        basic=base64.b64encode(b"CP-1:" + content).decode(),
        base64=base64.b64encode(content).decode(),
        shifted=base64.urlsafe_b64encode(b"ab" + content + b"c").decode(),
    )
    assert needles.found(f"before {text} after") == {"it"}
    assert needles.found("nothing here") == set()
