"""TLS at the stations' door, as the program `openssl` sees it (security whitepaper A00.FR.311–324, A00.FR.421–426)."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from forecourt.config import Tls
from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.security_log.model import Kind
from forecourt.domain.trust.model import ServerCertificate
from forecourt.gateway import tls
from forecourt.gateway.tls import choose, make_context, plan
from tests.gateway.porch import (
    NOW,
    OLD,
    WSS,
    Porch,
    both,
    came_in,
    files_of,
    operator,
    served,
    server,
    station,
    trusting,
    with_porch,
)
from tests.support.authority import EXPIRED, Authority

SUITES = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
]
ANYTHING = ("-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0")
OLD_VERSIONS = {"-tls1": "TLSv1", "-tls1_1": "TLSv1.1"}


@pytest.mark.parametrize("suite", SUITES)
def test_each_of_the_four_suites_is_served_on_one_port(suite: str) -> None:
    """A00.FR.317: which needs an RSA and an ECDSA certificate."""

    async def story(porch: Porch) -> None:
        told = came_in(await porch.openssl("-tls1_2", "-cipher", suite))
        assert told is not None
        assert (told["version"], told["cipher"]) == ("TLSv1.2", suite)

    with_porch(story)


def test_tls_1_3_is_served() -> None:
    async def story(porch: Porch) -> None:
        told = came_in(await porch.openssl("-tls1_3"))
        assert told is not None
        assert told["version"] == "TLSv1.3"

    with_porch(story)


@pytest.mark.parametrize(
    "suite",
    [
        "AES128-SHA",
        "AES256-SHA",
        "AES128-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "DHE-RSA-AES128-GCM-SHA256",
        "NULL-SHA256",
        "AECDH-AES128-SHA",
    ],
)
def test_no_other_suite_is(suite: str) -> None:
    """A00.FR.319, A00.FR.321."""

    async def story(porch: Porch) -> None:
        shown = await porch.openssl("-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0")
        assert came_in(shown) is None
        assert "Cipher is (NONE)" in shown
        [(kind, reason)] = await porch.noted()
        assert kind is Kind.TLS_REFUSED
        assert "no cipher suite" in reason

    with_porch(story)


@pytest.mark.parametrize("version", OLD_VERSIONS)
def test_old_versions_are_served_where_that_is_said_and_nowhere_else(version: str) -> None:
    """A00.FR.312, A00.FR.314, A00.FR.324."""

    async def story(porch: Porch) -> None:
        assert came_in(await porch.openssl(version, *ANYTHING)) is None
        [(kind, reason)] = await porch.noted()
        assert kind is Kind.TLS_REFUSED
        assert "no version of TLS" in reason
        told = came_in(await porch.openssl(version, *ANYTHING, listener="old"))
        assert told is not None
        assert (told["version"], told["cipher"]) == (OLD_VERSIONS[version], "AES128-SHA")

    with_porch(story, WSS, OLD)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_new_versions_are_not_served_where_old_ones_are(version: str) -> None:
    async def story(porch: Porch) -> None:
        assert came_in(await porch.openssl(version, *ANYTHING, listener="old")) is None

    with_porch(story, OLD)


@pytest.mark.parametrize("suite", ["AES256-SHA", "DES-CBC3-SHA", "ECDHE-RSA-AES128-SHA", "ADH-AES128-SHA", "NULL-SHA"])
def test_old_versions_have_one_suite(suite: str) -> None:
    async def story(porch: Porch) -> None:
        assert came_in(await porch.openssl("-tls1_1", "-cipher", f"{suite}:@SECLEVEL=0", listener="old")) is None

    with_porch(story, OLD)


def test_there_is_no_compression_no_ticket_and_no_renegotiation() -> None:
    """A00.FR.320; tickets would outlive the trust that they were given in."""

    async def story(porch: Porch) -> None:
        shown = await porch.openssl("-tls1_2", "-comp")
        assert came_in(shown) is not None
        assert "Compression: NONE" in shown
        assert "TLS session ticket" not in shown
        for version in ("-tls1_2", "-tls1_3"):
            shown = await porch.openssl(version, "-msg")
            assert "ServerHello" in shown
            assert "NewSessionTicket" not in shown
        renegotiated = await porch.s_client("-tls1_2", said=b"R\n")
        assert "RENEGOTIATING" in renegotiated
        assert "no renegotiation" in renegotiated
        assert len(porch.seen) == 4

    with_porch(story)


# Certificates of stations


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_station_may_show_a_certificate_and_need_not(version: str) -> None:
    """One port for profiles 2 and 3: the profile is known only when the identity is."""

    async def story(porch: Porch) -> None:
        without = came_in(await porch.openssl(version))
        assert without is not None
        assert without["certificates"] == 0
        shown = came_in(await porch.openssl(version, *files_of(station(), "station")))
        assert shown is not None
        assert shown["certificates"] == 2

    with_porch(story, start=trusting(operator().certificate))


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_certificate_that_nobody_trusts_ends_the_handshake(version: str) -> None:
    """A00.FR.407."""

    async def story(porch: Porch) -> None:
        stranger = Authority.root("Somebody").leaf("SN-1")
        assert came_in(await porch.openssl(version, *files_of(stranger, "stranger"))) is None
        [(kind, reason)] = await porch.noted()
        assert kind is Kind.TLS_REFUSED
        assert "not trusted" in reason

    with_porch(story, start=trusting(operator().certificate))


def test_an_expired_certificate_reaches_the_door_which_can_say_so() -> None:
    async def story(porch: Porch) -> None:
        expired = operator().leaf("SN-1", validity=EXPIRED)
        assert came_in(await porch.openssl("-tls1_2", *files_of(expired, "expired"))) is not None

    with_porch(story, start=trusting(operator().certificate))


def test_a_ca_below_a_root_that_is_not_trusted_may_be_trusted() -> None:
    async def story(porch: Porch) -> None:
        assert came_in(await porch.openssl("-tls1_2", *files_of(station(), "station"))) is not None

    with_porch(story, start=trusting(station().chain[1]))


@pytest.mark.parametrize("key", ["RSA 1024"])
def test_a_weak_certificate_ends_the_handshake(key: str) -> None:
    """A00.FR.501."""

    async def story(porch: Porch) -> None:
        weak = operator().leaf("SN-1", key=key)
        options = ("-tls1_2", "-cipher", "ALL:@SECLEVEL=0", *files_of(weak, "weak"))
        assert came_in(await porch.openssl(*options)) is None
        assert [kind for kind, _ in await porch.noted()] == [Kind.TLS_REFUSED]

    with_porch(story, start=trusting(operator().certificate))


def test_where_certificates_are_not_taken_none_is_asked_for() -> None:
    async def story(porch: Porch) -> None:
        stranger = Authority.root("Somebody").leaf("SN-1")
        told = came_in(await porch.openssl("-tls1_2", *files_of(stranger, "stranger")))
        assert told is not None
        assert told["certificates"] == 0

    only_basic = {"wss": frozenset({SecurityProfile.TLS_BASIC})}
    with_porch(story, start=trusting(operator().certificate, listeners=only_basic))


# Sessions


def test_a_session_is_resumed_with_its_certificates_until_trust_changes() -> None:
    async def story(porch: Porch) -> None:
        session = ("-tls1_2", *files_of(station(), "station"))
        kept = str(Path(files_of(station(), "kept")[1]).with_name("session"))
        first = came_in(await porch.openssl(*session, "-sess_out", kept))
        again = came_in(await porch.openssl(*session, "-sess_in", kept))
        assert first is not None
        assert again is not None
        assert (first["resumed"], again["resumed"]) == (False, True)
        assert first["certificates"] == again["certificates"] == 2, "the door looks at them each time"
        await porch.follow(trusting(Authority.root("Another").certificate, version=2))
        assert came_in(await porch.openssl(*session, "-sess_in", kept)) is None
        [(kind, _reason)] = await porch.noted()
        assert kind is Kind.TLS_REFUSED
        await porch.follow(trusting(operator().certificate, version=3))
        after = came_in(await porch.openssl(*session, "-sess_in", kept))
        assert after is not None
        assert after["resumed"] is False

    with_porch(story, start=trusting(operator().certificate))


# What is presented


def test_the_whole_chain_is_presented() -> None:
    async def story(porch: Porch) -> None:
        shown = await porch.openssl("-tls1_2", "-showcerts")
        assert shown.count("BEGIN CERTIFICATE") == 2

    below = operator().sub("Server CA").leaf("localhost", key="RSA 2048")
    with_porch(story, start=trusting(presents=[served("below", below)]))


def names(certificates: tuple[ServerCertificate, ...]) -> list[str]:
    return [one.name for one in certificates]


def test_of_each_kind_of_key_the_newest_valid_certificate_is_presented() -> None:
    rsa, ec = both()
    newer = replace(rsa, name="newer", added_at=NOW + timedelta(days=1))
    expired = served("expired", operator().leaf("localhost", key="RSA 2048", validity=EXPIRED), NOW + timedelta(days=2))
    assert names(choose([newer, rsa, ec], NOW)) == ["ec", "newer"]
    assert names(choose([newer, rsa, expired, ec], NOW)) == ["ec", "newer"]
    assert names(choose([expired], NOW)) == ["expired"], "better than none: not every station knows the time"
    assert names(choose([], NOW)) == []


def test_old_versions_can_use_rsa_only() -> None:
    rsa, ec = both()
    planned = plan(trusting(presents=[rsa, ec]), OLD, NOW)
    assert planned is not None
    assert names(planned.presented) == ["rsa"]
    assert plan(trusting(presents=[ec]), OLD, NOW) is None
    assert plan(trusting(presents=[]), WSS, NOW) is None


def test_plans_are_equal_when_their_contexts_would_be() -> None:
    root = operator().certificate
    first, second = plan(trusting(root), WSS, NOW), plan(trusting(root, version=2), WSS, NOW)
    assert first == second
    assert hash(first) == hash(second)
    assert first != plan(trusting(), WSS, NOW)
    assert first != plan(trusting(root, presents=both()[:1]), WSS, NOW)
    assert first != plan(trusting(root), replace(WSS, tls=Tls.LEGACY), NOW)


def test_a_key_that_does_not_fit_is_told_with_its_certificate() -> None:
    rsa, _ec = both()
    other = operator().leaf("localhost", key="RSA 2048 second")
    wrong = plan(trusting(presents=[replace(rsa, key=other.key)]), WSS, NOW)
    assert wrong is not None
    [(refused, why)] = make_context(wrong).refused
    assert (refused.name, why) == ("rsa", "key values mismatch")


def test_a_trusted_certificate_that_openssl_does_not_take_is_left_out_and_told() -> None:
    """Two libraries read certificates, and they need not agree."""
    roots = [Authority.root(f"Root {number}").certificate for number in range(7)]
    odd = replace(roots[3], der=roots[3].der[:-40])
    planned = plan(trusting(*roots[:3], odd, *roots[4:]), WSS, NOW)
    assert planned is not None
    made = make_context(planned)
    assert len(made.left_out) == 1
    assert "Root 3" in made.left_out[0]
    assert len(made.context.get_ca_certs()) == 6


def test_keys_leave_no_file_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL reads keys from files only; this one has no name, and is empty and closed when it was read."""
    truncated: list[int] = []
    closed: list[int] = []
    close, truncate = os.close, os.ftruncate

    def note_truncated(descriptor: int, length: int) -> None:
        truncate(descriptor, length)
        assert Path(f"/proc/self/fd/{descriptor}").resolve().name.startswith("memfd:")
        truncated.append(descriptor)

    def note_closed(descriptor: int) -> None:
        close(descriptor)
        closed.append(descriptor)

    monkeypatch.setattr(os, "ftruncate", note_truncated)
    monkeypatch.setattr(os, "close", note_closed)
    planned = plan(trusting(), WSS, NOW)
    assert planned is not None
    make_context(planned)
    assert len(truncated) == 2
    assert closed == truncated


def test_what_is_said_of_an_error_is_for_people() -> None:
    assert tls.in_words(OSError("no route")) == "no route"
    assert tls.in_words(TimeoutError()) == "TimeoutError"


def test_this_machine_has_the_program_that_these_tests_stand_on() -> None:
    assert b"OpenSSL" in subprocess.run(["openssl", "version"], capture_output=True, check=True).stdout
    assert server("EC P-256").key.kind.startswith("EC")
