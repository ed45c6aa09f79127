"""Tests of how signers talk to authorities: never for ever, never elsewhere, and telling nobody a secret."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from traceback import format_exception

import pytest

from forecourt.clerk.signers import http
from forecourt.clerk.signers.http import HttpAnswer, HttpTalk, fetch_from_anybody, retry_seconds, trusting
from forecourt.domain.signing.model import SigningRefused, SigningUnavailable
from forecourt.redaction import HIDDEN
from tests.clerk.signers.answering import Answer, Asked, Said, serving
from tests.support.authority import Authority
from tests.support.ports import free_port

PLAIN = ssl.create_default_context()
DEADLINE = 10.0


def ask(url: str, method: str = "GET", *, context: ssl.SSLContext = PLAIN, body: bytes | None = None) -> HttpAnswer:
    with HttpTalk(context) as talk:
        return talk.ask(method, url, body=body)


def always(said: Said) -> Answer:
    return lambda _asked: said


def test_an_answer_comes_as_it_is_whatever_its_status() -> None:
    with serving(always(Said(418, b"no", "Text/Plain; x=y", {"Retry-After": "7"}))) as there:
        answer = ask(there.url, "POST", body=b"question")
    assert (answer.status, answer.body, answer.kind, answer.is_good) == (418, b"no", "text/plain", False)
    assert answer.retry_seconds(1) == 7
    assert there.asked[0].body == b"question"


def test_over_tls_with_the_roots_that_are_set() -> None:
    with serving(always(Said(200, b"yes")), tls=True) as there:
        assert ask(there.url, context=trusting(there.root)).body == b"yes"


@pytest.mark.parametrize("roots", [None, Authority.root().pem], ids=["of the system", "others"])
def test_a_server_that_the_roots_do_not_vouch_for_is_told_nothing(roots: str | None) -> None:
    with serving(always(Said(200, b"yes")), tls=True) as there:
        with pytest.raises(SigningUnavailable, match="is not trusted") as refused:
            ask(there.url, context=trusting(roots))
        assert there.asked == []
    assert refused.value.needs_person


def test_a_server_with_another_name_is_told_nothing() -> None:
    with serving(always(Said(200, b"yes")), tls=True) as there:
        url = there.url.replace("localhost", "127.0.0.1")
        with pytest.raises(SigningUnavailable, match=r"is not trusted: .*127\.0\.0\.1"):
            ask(url, context=trusting(there.root))


def test_roots_that_are_none_are_told_of() -> None:
    with pytest.raises(SigningUnavailable, match="cannot be used for TLS"):
        trusting("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


def test_a_key_that_cannot_be_used_to_sign_in_is_told_of_without_showing_it() -> None:
    leaf = Authority.root().leaf("us")
    trusting(None, client=(leaf.chain_pem, leaf.key_pem))
    other = Authority.root().leaf("other")
    for key in (other.key_pem, "no key", leaf.encrypted_key_pem(b"password")):
        with pytest.raises(SigningUnavailable, match="client certificate and its key") as refused:
            trusting(None, client=(leaf.chain_pem, key))
        assert key[:20] not in str(refused.value)


def test_nobody_at_the_address() -> None:
    port = free_port()
    with pytest.raises(SigningUnavailable, match="could not be reached") as error:
        ask(f"http://localhost:{port}/")
    assert not error.value.needs_person


def test_a_body_without_an_end_is_refused() -> None:
    with (
        serving(always(Said(200, endless=b"x" * 65536))) as there,
        pytest.raises(SigningRefused, match="more than 1,048,576 bytes"),
    ):
        ask(there.url)


def test_a_body_that_comes_by_drops_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ALL_SECONDS", 0.2)
    with (
        serving(always(Said(200, endless=b"x", pause=0.02))) as there,
        pytest.raises(SigningUnavailable, match="did not end within"),
    ):
        ask(there.url)


@contextmanager
def dripping(first: bytes) -> Iterator[str]:
    """A server that sends something, and then a byte now and then, as long as somebody listens."""
    stopped = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        with suppress(OSError):
            line, _ = listener.accept()
            with line:
                line.recv(9999)
                line.sendall(first)
                while not stopped.wait(0.05):
                    line.sendall(b"a")

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopped.set()
        listener.close()
        thread.join()


HANDSHAKE = b"\x16\x03\x03\x40\x00"
"""The beginning of a TLS record of 16 KiB."""


@pytest.mark.parametrize(
    ("scheme", "first"), [("http", b"HTTP/1.1 200 OK\r\nX: "), ("http", b"HTTP/1.1 200 O"), ("https", HANDSHAKE)]
)
def test_a_head_or_a_handshake_that_comes_by_drops_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, scheme: str, first: bytes
) -> None:
    """Time-outs of a socket begin anew with every byte."""
    monkeypatch.setattr(http, "ALL_SECONDS", 0.3)
    begun = time.monotonic()
    with dripping(first) as place, pytest.raises(SigningUnavailable, match="did not end within"):
        ask(f"{scheme}://{place}/")
    assert time.monotonic() - begun < DEADLINE


def test_what_is_fetched_from_anybody_comes_as_it_is_and_from_where_it_was_asked() -> None:
    with serving(always(Said(200, b"root")), tls=True) as there:
        assert fetch_from_anybody(f"{there.url}/root").body == b"root"
    elsewhere = Said(302, b"there", headers={"Location": "https://localhost:1/"})
    with serving(always(elsewhere), tls=True) as there:
        assert fetch_from_anybody(f"{there.url}/root").status == 302
    with serving(always(Said(200, endless=b"x" * 65536)), tls=True) as there:
        assert len(fetch_from_anybody(f"{there.url}/root").body) == http.MAX_BODY


def test_what_is_fetched_from_anybody_and_comes_by_drops_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ALL_SECONDS", 0.5)
    with (
        serving(always(Said(200, endless=b"x", pause=0.02)), tls=True) as there,
        pytest.raises(SigningUnavailable, match="did not end within"),
    ):
        fetch_from_anybody(f"{there.url}/root")
    begun = time.monotonic()
    with dripping(HANDSHAKE) as place, pytest.raises(SigningUnavailable, match="did not end within"):
        fetch_from_anybody(f"https://{place}/root")
    assert time.monotonic() - begun < DEADLINE


def test_silence_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "SILENT_SECONDS", 0.2)
    with (
        serving(always(Said(200, b"x", announced=10))) as there,
        pytest.raises(SigningUnavailable, match=r"did not answer in time|broke off"),
    ):
        ask(there.url)


def test_an_answer_that_is_packed_is_not_unpacked() -> None:
    """It was not asked for, and a little of it could become very much."""
    with serving(always(Said(200, b"\x1f\x8b", headers={"Content-Encoding": "gzip"}))) as there:
        assert ask(there.url).body == b"\x1f\x8b"
    assert there.asked[0].headers["Accept-Encoding"] == "identity"


def test_a_redirect_within_a_host_is_followed_when_something_is_read() -> None:
    def answer(asked: Asked) -> Said:
        return Said(302, headers={"Location": "/there"}) if asked.path == "/" else Said(200, b"here")

    with serving(answer) as there:
        assert ask(there.url + "/").body == b"here"


def test_what_is_sent_is_sent_to_no_other_address() -> None:
    def answer(asked: Asked) -> Said:
        return Said(307, headers={"Location": "/there"}) if asked.path == "/" else Said(200, b"here")

    with serving(answer) as there, pytest.raises(SigningUnavailable, match="redirects to /there") as error:
        ask(there.url + "/", "POST", body=b"secret")
    assert error.value.needs_person
    assert len(there.asked) == 1


def test_no_redirect_leads_to_another_host() -> None:
    with serving(always(Said(200, b"stolen"))) as elsewhere:
        answers: list[Callable[[], Said]] = [lambda: Said(301, headers={"Location": f"{elsewhere.url}/?token=abc"})]
        with (
            serving(lambda _asked: answers[0]()) as there,
            pytest.raises(SigningUnavailable, match="redirects to http://localhost") as error,
        ):
            ask(there.url)
        assert elsewhere.asked == []
    assert "abc" not in str(error.value)


def test_redirects_without_an_end_are_not_followed() -> None:
    with (
        serving(always(Said(302, headers={"Location": "/again"}))) as there,
        pytest.raises(SigningUnavailable, match="redirected too often"),
    ):
        ask(there.url)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("location", ["https://[::1", "\xff\xfe", "file:///etc/passwd", ""])
def test_a_redirect_to_what_is_no_address_is_told_of(method: str, location: str) -> None:
    with (
        serving(always(Said(302, headers={"Location": location}))) as there,
        pytest.raises(SigningUnavailable, match=r"redirects to .*, which is not followed") as error,
    ):
        ask(there.url, method)
    assert error.value.needs_person


@pytest.mark.parametrize("value", ["t0ken\n", " t0ken", "t0k€n"])
def test_what_no_header_can_carry_waits_for_an_operator_and_is_not_shown(value: str) -> None:
    with serving(always(Said())) as there, HttpTalk(PLAIN, secrets=[value]) as talk:
        with pytest.raises(SigningUnavailable, match="HTTP cannot carry") as error:
            talk.ask("GET", there.url, headers={"X-Token": value})
        assert there.asked == []
    assert error.value.needs_person
    assert "t0k" not in "".join(format_exception(error.value))


def test_a_conversation_that_goes_on_and_on_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waited for it is gone by then."""
    monkeypatch.setattr(http, "TALK_SECONDS", 0.0)
    with serving(always(Said())) as there:
        with pytest.raises(SigningUnavailable, match="was not listened to any longer: it kept this system"):
            ask(there.url)
        assert there.asked == []


def test_no_proxy_of_the_environment_is_told_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(always(Said(200, b"yes"))) as there, serving(always(Said(200, b"no"))) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert ask(there.url).body == b"yes"


def test_what_an_authority_repeats_of_a_secret_is_hidden() -> None:
    with HttpTalk(PLAIN, secrets=["s3cr3t", ""]) as talk:
        assert talk.said(b"token s3cr3t\r\n\x00is\xff wrong") == "token *** is\ufffd wrong"
        assert len(talk.said("x" * 5000)) == http.MAX_SAID


@pytest.mark.parametrize(
    "form",
    [
        's3"cr&t/7',
        '{"you said": "s3\\"cr&t/7"}',
        "s3%22cr%26t%2F7",
        "s3&quot;cr&amp;t/7",
        base64.b64encode(b's3"cr&t/7').decode(),
    ],
)
def test_a_secret_is_hidden_in_whatever_form_it_comes_back(form: str) -> None:
    with HttpTalk(PLAIN, secrets=['s3"cr&t/7']) as talk:
        said = talk.said(f"wrong: {form}.")
    assert form not in said
    assert HIDDEN in said


def test_a_secret_that_is_too_short_to_be_found_has_nothing_shown() -> None:
    """In place of an authority's words full of holes, which would tell the secret."""
    with HttpTalk(PLAIN, secrets=["no"]) as talk:
        assert talk.said("There is no such thing, now.") == http.NOT_SHOWN


def test_a_redirect_that_repeats_a_secret_is_hidden() -> None:
    with (
        serving(always(Said(302, headers={"Location": "http://elsewhere/s3cr3t/there"}))) as there,
        HttpTalk(PLAIN, secrets=["s3cr3t"]) as talk,
        pytest.raises(SigningUnavailable, match=r"redirects to http://elsewhere/\*\*\*/there"),
    ):
        talk.ask("GET", there.url)


def test_an_error_that_ends_a_conversation_tells_no_secret() -> None:
    with pytest.raises(SigningUnavailable) as error, HttpTalk(PLAIN, secrets=["s3cr3t"]):
        raise SigningUnavailable("It says s3cr3t.", again_seconds=7)
    assert (str(error.value), error.value.again_seconds) == ("It says ***.", 7)


@pytest.mark.parametrize(
    "header",
    [
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "31 Dec 9999 23:59:59 -2359",
        "Mon, 01 Jan 2020 00:00:00 +99999999999999",
        "Mon, 01 Jan 2020 99999999999999999999:00:00 GMT",
    ],
)
def test_a_time_that_is_none_is_gone_over(header: str) -> None:
    assert http.MIN_RETRY_SECONDS <= retry_seconds(header, 5.0) <= http.MAX_RETRY_SECONDS


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("30", 30.0), ("0", 1.0), ("99999999", 3600.0), ("9" * 30, 5.0), ("soon", 5.0), (None, 5.0), ("-3", 5.0)],
)
def test_how_long_to_wait_is_within_reason(header: str | None, seconds: float) -> None:
    """RFC 9110 §10.2.3."""
    assert retry_seconds(header, 5.0) == seconds


def test_how_long_to_wait_may_be_said_as_a_time() -> None:
    past = format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)
    assert retry_seconds(past, 5.0) == 1.0
    far = format_datetime(datetime(2100, 1, 1, tzinfo=UTC), usegmt=True)
    assert retry_seconds(far, 5.0) == 3600.0
