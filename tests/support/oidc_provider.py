"""An OpenID provider of somebody else: the npm package `oidc-provider`, started on this machine.

with running_provider(folder, redirect_uri="http://127.0.0.1:8080/sign-in/openid/back") as provider:
    provider.people["ada"] = {"groups": ["staff"]}
    back = provider.sign_in(address, "ada")
"""

from __future__ import annotations

import fcntl
import hashlib
import html
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx

from tests.support.components import not_run
from tests.support.daemons import running
from tests.support.ports import free_port

CLIENT_ID: Final = "forecourt"
CLIENT_SECRET: Final = "a secret of the client, for tests"
INSTALL_COMMAND: Final = "apt-get install nodejs npm   (version 18 or newer)"
_SOURCES: Final = Path(__file__).with_name("oidc")
_CACHE: Final = Path.home() / ".cache" / "forecourt-tests"
_INSTALL_SECONDS: Final = 300.0
_MAX_STEPS: Final = 20

Person = Mapping[str, Any]  # Any: what is JSON


def provider_modules() -> Path:
    """The folder of the provider's packages, brought in when it is not there yet, each checked by npm against its hash.
    Where they cannot be had, the test is not run, and says so."""
    digest = hashlib.sha256((_SOURCES / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = _CACHE / f"oidc-provider-{digest}"
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "oidc-provider.lock").open("a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # two runs at once take turns
        if not (folder / "node_modules").is_dir():
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    if shutil.which("npm") is None or shutil.which("node") is None:
        not_run("Node.js with npm", INSTALL_COMMAND)
    made = folder.with_suffix(".part")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(_SOURCES / name, made)
    try:
        ran = subprocess.run(["npm", "ci"], cwd=made, capture_output=True, timeout=_INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        not_run("the npm package oidc-provider", f"npm ci in {_SOURCES}")
    if ran.returncode != 0:
        print(ran.stderr.decode(errors="replace")[-2000:])
        not_run("the npm package oidc-provider", f"npm ci in {_SOURCES}")
    shutil.rmtree(folder, ignore_errors=True)
    made.rename(folder)


class RunningProvider:
    """The provider, and a browser without scripts at it."""

    def __init__(self, folder: Path, port: int, redirect_uri: str) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.settings = folder / "provider.json"
        self._told = {
            "port": port,
            "client": {
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "redirect_uris": [redirect_uri],
                "grant_types": ["authorization_code"],
                "response_types": ["code"],
            },
        }
        self._redirect_uri = redirect_uri
        self.put_people({})

    def put_people(self, people: Mapping[str, Person]) -> None:
        """Who there is, with what is claimed of them; it counts at once."""
        self.settings.write_text(json.dumps({**self._told, "people": dict(people)}), "utf-8")

    def sign_in(self, address: str, login: str) -> str:
        """What a person does there who was sent to the address: sign in, and consent. Returns the address that the
        provider sends them back to."""
        with httpx.Client(trust_env=False, timeout=30.0) as browser:
            answer = browser.get(address)
            for _ in range(_MAX_STEPS):
                if answer.is_redirect:
                    there = urljoin(str(answer.url), answer.headers["location"])
                    if there.startswith(self._redirect_uri):
                        return there
                    assert urlsplit(there).netloc == urlsplit(self.issuer).netloc, there
                    answer = browser.get(there)
                    continue
                assert answer.status_code == httpx.codes.OK, answer.text
                action = re.search(r'<form[^>]* action="([^"]+)"', answer.text)
                prompt = re.search(r'name="prompt" value="([^"]+)"', answer.text)
                assert action, answer.text
                assert prompt, answer.text
                fields = {"prompt": prompt[1], "login": login, "password": "any"}
                answer = browser.post(urljoin(str(answer.url), html.unescape(action[1])), data=fields)
        raise AssertionError(f"{_MAX_STEPS} pages of the provider did not lead back")


@contextmanager
def running_provider(folder: Path, redirect_uri: str) -> Iterator[RunningProvider]:
    modules = provider_modules()
    port = free_port()
    provider = RunningProvider(folder, port, redirect_uri)
    # Packages are looked for beside the current folder, where they are, and not beside the script.
    command = ["env", "-C", str(modules), "node", str(_SOURCES / "server.mjs"), str(provider.settings)]
    with running(command, folder / "provider.log", [port]):
        yield provider
