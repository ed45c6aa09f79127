"""Requests to authorities and issued certificates on the command line."""

from __future__ import annotations

import json

import pytest

from forecourt.domain.authorities.model import AuthorityKind
from forecourt.domain.signing.model import Issued, Outage
from forecourt.domain.trust.model import Purpose
from tests.cli.shell import Shell
from tests.support.authority import Authority
from tests.support.signings import a_wanted, answer, for_server

ROOT = Authority.root()
CA = ROOT.sub()
WANTED = a_wanted("CP-3", "SN-3")
CHAIN = answer(CA, WANTED)


@pytest.fixture
def signing(shell: Shell) -> Shell:
    """Request 1 waits, 2 was refused, and 3 was issued by an authority outside."""
    services = shell.services
    services.authorities.add("city", AuthorityKind.EST, {"url": "https://est.example.com"}, asked_by="test")
    services.trust.import_all([ROOT.certificate], frozenset({Purpose.STATION}), None, "test")
    services.signing.ask(a_wanted("CP-1"), "city")
    services.signing.ask(for_server(), "own")
    services.signing.ask(WANTED, "city")
    first, second, third = (one.number for one in services.signing.claim("a", 10))
    services.signing.unavailable(first, "a", Outage("No route.\x1b[2J"))
    services.signing.refused(second, "a", "Not for you.")
    services.signing.ended(third, "a", Issued(CHAIN))
    return shell


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], [3, 2, 1]),
        (["--state", "waiting", "--state", "refused"], [2, 1]),
        (["--use", "server"], [2]),
        (["--owner", "CP-1"], [1]),
        (["--authority", "city", "--limit", "1"], [3]),
        (["--from", "2020-01-01T00:00:00Z", "--to", "2020-01-02T00:00:00Z"], []),
    ],
)
def test_requests_are_listed_and_filtered(signing: Shell, words: list[str], found: list[int]) -> None:
    assert [item["signing"] for item in json.loads(signing.read("signing", "list", "--json", *words))] == found


def test_requests_are_listed_in_every_form(signing: Shell) -> None:
    heading, *_, last = signing.read("signing", "list").splitlines()
    assert heading.split("\t")[:4] == ["signing", "state", "use", "owner"]
    assert last.split("\t")[:4] == ["1", "waiting", "station", "CP-1"]
    assert "\x1b" not in last
    assert "keyDigest" in signing.read("signing", "list", "--csv").splitlines()[0]


def test_one_that_waits_is_asked_again_or_cancelled(signing: Shell) -> None:
    assert "state\twaiting" in signing.read("signing", "retry", "1")
    assert "cancelled by command line" in signing.read("signing", "cancel", "1")
    code, line = signing.refuse("signing", "retry", "1")
    assert (code, "has ended already" in line) == (4, True)
    assert json.loads(signing.read("signing", "show", "1", "--json"))["state"] == "cancelled"
    assert signing.refuse("signing", "show", "9")[0] == 3


def test_what_was_issued_is_listed_printed_and_revoked(signing: Shell) -> None:
    fingerprint = CHAIN[0].fingerprint
    [item] = json.loads(signing.read("signing", "issued", "--json", "--not-revoked", "--owner", "CP-3"))
    assert item["fingerprint"] == fingerprint
    assert signing.read("signing", "pem", fingerprint) == CHAIN[0].pem + CHAIN[1].pem
    revoked = signing.read("signing", "revoke", fingerprint.upper(), "--reason", "keyCompromise", "--yes")
    assert "revokedBecause\tkeyCompromise" in revoked
    assert json.loads(signing.read("signing", "issued", "--json", "--not-revoked")) == []


def test_who_revokes_what_an_authority_outside_issued_is_told_in_one_line_that_it_was_not_told(signing: Shell) -> None:
    result = signing.type("signing", "revoke", CHAIN[0].fingerprint, "--reason", "keyCompromise", "--yes")
    assert result.stderr.splitlines() == [
        "Warning: The authority 'city' was not told: revoke it there too, so that others learn of it."
    ]
