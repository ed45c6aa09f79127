"""Tokens, and the two ways to be let in."""

from __future__ import annotations

import asyncio
import base64
import threading
from datetime import timedelta
from http import HTTPStatus

import pytest

from forecourt.api.authentication import CHECKS_AT_ONCE, MAX_CHECKS_WAITING, TOKEN_TRUSTED_SECONDS, Doorkeeper
from forecourt.api.problems import Refusal
from forecourt.asgi.throttle import BURST, MAX_ADDRESSES, SECONDS_PER_ATTEMPT, Throttle
from tests.api.door import PASSWORD, Door, faults, problem
from tests.support.clock import FakeClock
from tests.support.workspace import MemoryWorkspace, PlainHasher


def basic(password: str, name: str = "admin") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def test_a_token_is_shown_once_and_opens_the_door(door: Door) -> None:
    response = door.ask("POST", "/tokens", {"name": "backend"})
    assert response.status_code == 201
    body = response.json()
    secret = body.pop("token")
    scopes = ["view", "operate", "manage"]
    assert body == {"name": "backend", "createdAt": "2026-01-01T12:00:00Z", "expiresAt": None, "scopes": scopes}
    assert door.ask("GET", "/stations", token=secret).status_code == 200
    listed = door.ask("GET", "/tokens")
    assert body in listed.json()["items"]
    assert secret not in listed.text


def test_a_name_is_used_once(door: Door) -> None:
    assert "name" in faults(door.ask("POST", "/tokens", {"name": "tests"}), 409)


@pytest.mark.parametrize("body", [{"name": ""}, {"name": "a/b"}, {"name": "x", "expiresAt": "2025-01-01T00:00:00Z"}])
def test_a_token_that_cannot_be_is_a_422(door: Door, body: object) -> None:
    assert faults(door.ask("POST", "/tokens", body), 422)


def test_an_expired_token_is_refused(door: Door) -> None:
    body = {"name": "short", "expiresAt": "2026-01-01T13:00:00Z"}
    secret = door.ask("POST", "/tokens", body).json()["token"]
    assert door.ask("GET", "/stations", token=secret).status_code == 200
    door.clock.advance(timedelta(hours=1))
    problem(door.ask("GET", "/stations", token=secret), 401)


def test_a_token_revoked_here_is_refused_at_once(door: Door) -> None:
    secret = door.ask("POST", "/tokens", {"name": "gone"}).json()["token"]
    assert door.ask("GET", "/stations", token=secret).status_code == 200
    assert door.ask("DELETE", "/tokens/gone").status_code == 204
    problem(door.ask("GET", "/stations", token=secret), 401)


def test_a_token_revoked_elsewhere_is_refused_within_seconds(door: Door) -> None:
    secret = door.ask("POST", "/tokens", {"name": "gone"}).json()["token"]
    assert door.ask("GET", "/stations", token=secret).status_code == 200
    door.services.access.revoke_token("gone")
    door.clock.advance(timedelta(seconds=TOKEN_TRUSTED_SECONDS))
    problem(door.ask("GET", "/stations", token=secret), 401)


def test_the_administrator_makes_lists_and_revokes_tokens(door: Door) -> None:
    headers = basic(PASSWORD)
    assert door.ask("POST", "/tokens", {"name": "first"}, headers=headers).status_code == 201
    assert door.ask("GET", "/tokens", headers=headers).status_code == 200
    assert door.ask("DELETE", "/tokens/first", headers=headers).status_code == 204


def test_the_password_opens_nothing_but_tokens(door: Door) -> None:
    response = door.ask("GET", "/stations", headers=basic(PASSWORD))
    problem(response, 401)
    assert "Basic" not in response.headers["www-authenticate"]


@pytest.mark.parametrize(
    "headers",
    [
        basic("wrong"),
        basic(""),
        basic(PASSWORD, "root"),
        basic(PASSWORD, ""),
        basic("x" * 5000),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + base64.b64encode(b"no colon").decode()},
        {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:x").decode()},
    ],
)
def test_a_wrong_password_is_a_401_that_names_both_ways(door: Door, headers: dict[str, str]) -> None:
    response = door.ask("POST", "/tokens", {"name": "x"}, headers=headers)
    problem(response, 401)
    assert "Bearer" in response.headers["www-authenticate"]
    assert "Basic" in response.headers["www-authenticate"]


def test_guessing_is_slowed_down_for_the_address_that_guesses_only(door: Door) -> None:
    for _ in range(BURST):
        problem(door.ask("GET", "/tokens", headers=basic("wrong")), 401)
    response = door.ask("GET", "/tokens", headers=basic(PASSWORD))
    problem(response, 429)
    assert 0 < int(response.headers["retry-after"]) <= SECONDS_PER_ATTEMPT
    assert door.ask("GET", "/tokens", headers=basic(PASSWORD), address=door.addresses[1]).status_code == 200
    assert door.ask("GET", "/tokens").status_code == 200
    door.clock.advance(timedelta(seconds=SECONDS_PER_ATTEMPT))
    assert door.ask("GET", "/tokens", headers=basic(PASSWORD)).status_code == 200


def test_the_right_password_is_never_slowed_down(door: Door) -> None:
    for _ in range(3 * BURST):
        assert door.ask("GET", "/tokens", headers=basic(PASSWORD)).status_code == 200


def test_a_household_of_ipv6_counts_as_one_address() -> None:
    throttle = Throttle()
    for n in range(BURST):
        assert throttle.seconds_to_wait(f"2001:db8::{n + 1:x}", 0) == 0
    assert throttle.seconds_to_wait("2001:db8::ffff", 0) == SECONDS_PER_ATTEMPT
    assert throttle.seconds_to_wait("2001:db8:0:1::1", 0) == 0


def test_the_throttle_remembers_a_bounded_number_of_addresses() -> None:
    throttle = Throttle()
    for n in range(MAX_ADDRESSES + 10):
        throttle.seconds_to_wait(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", 0)
    assert len(throttle._free_at) == MAX_ADDRESSES


def test_passwords_are_checked_a_few_at_a_time_and_the_queue_has_an_end() -> None:
    hasher = SlowHasher()
    workspace = MemoryWorkspace(hasher=hasher)
    workspace.services.access.set_admin_password(PASSWORD)
    doorkeeper = Doorkeeper(workspace, hasher, FakeClock())

    async def attempt(n: int) -> bool | HTTPStatus:
        credentials = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
        try:
            return await doorkeeper._account(credentials, f"192.0.2.{n}") is not None
        except Refusal as refusal:
            return refusal.status

    async def run() -> list[bool | HTTPStatus]:
        async with asyncio.TaskGroup() as tasks:
            attempts = [tasks.create_task(attempt(n)) for n in range(MAX_CHECKS_WAITING + 3)]
            while sum(one.done() for one in attempts) < 3:  # those that found the queue full
                await asyncio.sleep(0.001)
            hasher.may_go_on.set()
        return [one.result() for one in attempts]

    results = asyncio.run(asyncio.wait_for(run(), 10))
    assert results.count(True) == MAX_CHECKS_WAITING
    assert results.count(HTTPStatus.SERVICE_UNAVAILABLE) == 3
    assert hasher.most_at_once == CHECKS_AT_ONCE


class SlowHasher(PlainHasher):
    """Does not answer before it may, and counts how many ask at once."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()

    def is_match(self, hashed: str, password: str) -> bool:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        self.may_go_on.wait(10)
        with self._lock:
            self._at_once -= 1
        return super().is_match(hashed, password)
