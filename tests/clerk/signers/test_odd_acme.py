"""Tests of ACME (RFC 8555) with servers that are out of order or mean harm, which Pebble is not."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from forecourt.clerk.signers.acme import AcmeAuthority
from forecourt.domain.signing.model import Assignment, SigningRefused, SigningUnavailable, Waiting, Wanted
from tests.clerk.signers.answering import NESTED, Asked, Place, Said, serving
from tests.clerk.signers.conversations import Notes, step
from tests.support.signings import an_assignment, for_server

JSON = "application/json"
PROBLEM = "application/problem+json"
NONCE = {"Replay-Nonce": "QUFBQUFBQUFBQUFBQUFBQQ"}
TOKEN = "A" * 43


@dataclass
class OddServer:
    """Answers as an ACME server whose order is never proved, but for what a test has otherwise."""

    otherwise: dict[str, Callable[[str], Said]] = field(default_factory=dict)
    """By path; called with the address of the server."""
    asked: Counter[str] = field(default_factory=Counter)

    def __call__(self, asked: Asked) -> Said:
        base = f"http://{asked.headers['Host']}"
        self.asked[asked.path] += 1
        if asked.path in self.otherwise:
            return self.otherwise[asked.path](base)
        order = {
            "status": "pending",
            "identifiers": [{"type": "dns", "value": "csms.example.com"}],
            "authorizations": [f"{base}/proof"],
            "finalize": f"{base}/finalize",
        }
        answers: dict[str, Callable[[], Said]] = {
            "/dir": lambda: say(
                {"newNonce": f"{base}/nonce", "newAccount": f"{base}/acct", "newOrder": f"{base}/order"}
            ),
            "/nonce": lambda: Said(200, headers=NONCE),
            "/acct": lambda: say({"status": "valid"}, 201, Location=f"{base}/acct/1"),
            "/order": lambda: say(order, 201, Location=f"{base}/order/1"),
            "/order/1": lambda: say(order),
            "/proof": lambda: say(
                {
                    "status": "pending",
                    "identifier": order["identifiers"][0],
                    "challenges": [
                        {"type": "http-01", "status": self.challenge, "url": f"{base}/challenge", "token": TOKEN}
                    ],
                }
            ),
            "/challenge": lambda: say({"type": "http-01", "status": "processing", "url": base, "token": TOKEN}),
        }
        return answers[asked.path]() if asked.path in answers else Said(404, b"nothing", headers=NONCE)

    @property
    def challenge(self) -> str:
        return "processing" if self.asked["/challenge"] else "pending"


def say(what: object, status: int = 200, kind: str = JSON, **headers: str) -> Said:
    return Said(status, json.dumps(what).encode(), kind, {**NONCE, **headers})


def problem(code: str, status: int = 400, **headers: str) -> Said:
    return say({"type": f"urn:ietf:params:acme:error:{code}", "detail": "Odd."}, status, PROBLEM, **headers)


def asks(there: Place, wanted: Wanted | None = None, **settings: str) -> Assignment:
    at = {"directory": f"{there.url}/dir", **settings}
    return an_assignment(wanted or for_server(), kind="acme", settings=at)


def test_one_that_forgets_every_account_is_asked_twice_and_then_later() -> None:
    server = OddServer({"/order": lambda _: problem("accountDoesNotExist")})
    with serving(server) as there, pytest.raises(SigningUnavailable, match="does not know the account") as error:
        step(AcmeAuthority(Notes()), asks(there))
    assert (server.asked["/acct"], server.asked["/order"]) == (2, 2)
    assert not error.value.needs_person


def test_an_order_without_an_address_is_not_placed_again_at_once() -> None:
    """RFC 8555 §7.4."""
    server = OddServer({"/order": lambda base: say({"status": "pending", "identifiers": [], "finalize": base}, 201)})
    with serving(server) as there, pytest.raises(SigningUnavailable, match="did not say where"):
        step(AcmeAuthority(Notes()), asks(there))
    assert server.asked["/order"] == 1


def test_what_is_answered_to_a_challenge_is_written_once() -> None:
    class Counting(Notes):
        writes = 0

        def put_challenge(self, token: str, answer: str) -> None:
            self.writes += 1
            super().put_challenge(token, answer)

    server, notes = OddServer(), Counting()
    with serving(server) as there:
        order, signer = asks(there), AcmeAuthority(notes)
        for _ in range(5):
            result, order = step(signer, order)
            assert isinstance(result, Waiting)
    assert (notes.writes, server.asked["/challenge"]) == (1, 1)


def test_names_and_addresses_are_asked_for_as_what_they_are() -> None:
    """RFC 8738: an address is no DNS name."""
    sent: list[Asked] = []
    server = OddServer()

    def listening(asked: Asked) -> Said:
        sent.append(asked)
        return server(asked)

    with serving(listening) as there:
        step(AcmeAuthority(Notes()), asks(there, for_server("10.0.0.1", "csms.example.com")))
    (body,) = [one.body for one in sent if one.path == "/order"]
    payload = json.loads(body)["payload"]
    asked = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    names = [{"type": "ip", "value": "10.0.0.1"}, {"type": "dns", "value": "csms.example.com"}]
    assert asked["identifiers"] == names


@pytest.mark.parametrize("path", ["/dir", "/order/1", "stored"])
def test_nobody_is_asked_but_who_was_named(path: str) -> None:
    """An authority must not have us ask others for it, such as what only this machine can reach."""
    with serving(OddServer()) as inner:

        def directory(base: str) -> Said:
            return say({"newNonce": f"{inner.url}/nonce", "newAccount": f"{base}/acct", "newOrder": f"{base}/order"})

        def order(base: str) -> Said:
            finalize = {"finalize": f"{base}/finalize", "authorizations": [f"{inner.url}/proof"]}
            return say({"status": "pending", "identifiers": [], **finalize})

        server = OddServer({"/dir": directory} if path == "/dir" else {"/order/1": order})
        with serving(server) as there:
            placed = f"{inner.url}/order/1" if path == "stored" else f"{there.url}/order/1"
            signer = AcmeAuthority(Notes())
            with pytest.raises(SigningUnavailable, match="setting hosts") as error:
                step(signer, replace(asks(there), progress=placed))
            assert error.value.needs_person
            assert f"localhost:{inner.url.rpartition(':')[2]}" in str(error.value), "it is named"
            assert inner.asked == []
            if path == "/order/1":
                hosts = inner.url.removeprefix("http://")
                step(signer, replace(asks(there, hosts=hosts), progress=placed))
                assert [one.path for one in inner.asked][:1] == ["/proof"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_page_of_a_server_that_is_out_of_order_needs_nobody(status: int) -> None:
    page = Said(status, b"<html>Bad gateway", "text/html", {"Retry-After": "120"})
    with serving(lambda _: page) as there, pytest.raises(SigningUnavailable, match=f"status {status}") as error:
        step(AcmeAuthority(Notes()), asks(there))
    assert (error.value.needs_person, error.value.again_seconds) == (False, 120.0)


def test_one_that_limits_how_often_it_is_asked_is_asked_later() -> None:
    """RFC 8555 §6.6."""
    server = OddServer({"/order": lambda _: problem("rateLimited", 429, **{"Retry-After": "300"})})
    with serving(server) as there, pytest.raises(SigningUnavailable, match="limits how often") as error:
        step(AcmeAuthority(Notes()), asks(there))
    assert error.value.again_seconds == 300.0


PATHS = ["/dir", "/acct", "/order", "/order/1", "/proof", "/challenge"]
ODD_PROBLEMS: dict[str, object] = {
    "numbers": {"type": 5, "detail": 5, "title": []},
    "objects": {"type": "urn:ietf:params:acme:error:malformed", "detail": {"a": 1}, "subproblems": [{"detail": 7}]},
    "no list": {"type": "urn:ietf:params:acme:error:malformed", "detail": "x", "subproblems": 5},
}


def all_steps(server: OddServer) -> None:
    """As many as bring the request to where the authority looks at the host name."""
    with serving(server) as there:
        signer, asked = AcmeAuthority(Notes()), asks(there)
        for _ in range(3):
            _, asked = step(signer, asked)


@pytest.mark.parametrize("name", ODD_PROBLEMS)
@pytest.mark.parametrize("path", PATHS)
def test_a_problem_in_odd_words_is_a_problem(path: str, name: str) -> None:
    said = say(ODD_PROBLEMS[name], 400, PROBLEM)
    with pytest.raises((SigningUnavailable, SigningRefused), match="'city'"):
        all_steps(OddServer({path: lambda _: said}))


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("path", PATHS)
def test_what_is_nested_without_an_end_is_not_acme(path: str, status: int) -> None:
    said = Said(status, NESTED, PROBLEM if status == 400 else JSON, NONCE)
    with pytest.raises(SigningUnavailable, match="not ACME") as error:
        all_steps(OddServer({path: lambda _: said}))
    assert error.value.needs_person


@pytest.mark.parametrize("path", ["/dir", "/order/1", "/proof"])
def test_a_page_is_not_acme(path: str) -> None:
    with pytest.raises(SigningUnavailable, match="not ACME"):
        all_steps(OddServer({path: lambda _: Said(200, b"<html>", "text/html", NONCE)}))


@pytest.mark.parametrize("status", ["pending", "invalid"])
def test_an_order_that_wants_proofs_without_an_end_is_not_followed(status: str) -> None:
    def order(base: str) -> Said:
        return say({"status": status, "authorizations": [f"{base}/proof"] * 1000, "finalize": f"{base}/finalize"})

    server = OddServer({"/order/1": order})
    with pytest.raises(SigningUnavailable, match="not ACME"):
        all_steps(server)
    assert server.asked["/proof"] == 0


def test_a_token_that_is_too_long_is_not_kept() -> None:
    """RFC 8555 §8.3."""
    challenge = {"type": "http-01", "status": "pending", "url": "http://localhost/challenge", "token": "A" * 200}
    proof = {"status": "pending", "identifier": {"type": "dns", "value": "csms.example.com"}, "challenges": [challenge]}
    with pytest.raises(SigningUnavailable, match="not ACME"):
        all_steps(OddServer({"/proof": lambda _: say(proof)}))
