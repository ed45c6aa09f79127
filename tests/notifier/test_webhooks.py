"""Webhooks as receivers see them: CloudEvents 1.0, signed as Standard Webhooks has it, and never led astray."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from forecourt.domain.events.kinds import Kind
from forecourt.domain.events.model import Event, EventNumber
from forecourt.domain.notifications.checks import new_secret
from forecourt.domain.notifications.model import Channel, Secrets, Subscription, SubscriptionNumber, Wish
from forecourt.notifier import webhooks
from forecourt.notifier.signing import signed_headers
from forecourt.notifier.webhooks import Webhooks
from tests.support.authority import Authority
from tests.support.clock import NOON, FakeClock
from tests.support.receivers import Receiver, a_receiver, server_context

SECRETS = Secrets(secret=new_secret(), header_value="Bearer of tests")
EVENT = Event(
    number=EventNumber(7),
    kind=Kind.CONNECTOR_RECOVERED,
    subject="CP-1",
    station="CP-1",
    data={"connectorId": 1, "status": "Available"},
    at=NOON,
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as one:
        yield one


def to(receiver: Receiver, *, header_name: str = "") -> Subscription:
    return Subscription(
        number=SubscriptionNumber(1),
        name="tests",
        channel=Channel.WEBHOOK,
        recipients=(),
        url=receiver.url,
        header_name=header_name,
        wish=Wish(),
        changed_by="tests",
        changed_at=NOON,
        reached=0,
    )


def a_sender(roots: Path | None = None) -> Webhooks:
    return Webhooks(FakeClock(), source="https://console.example", roots=roots)


def test_an_event_is_a_cloud_event_in_structured_mode(receiver: Receiver) -> None:
    assert a_sender().send(to(receiver), SECRETS, EVENT).error is None
    (got,) = receiver.received
    assert got.headers["content-type"] == "application/cloudevents+json"
    assert got.event == {
        "specversion": "1.0",
        "id": "evt_7",
        "source": "https://console.example",
        "type": "forecourt.connectorRecovered",
        "subject": "CP-1",
        "time": "2026-01-01T12:00:00.000Z",
        "datacontenttype": "application/json",
        "data": {"connectorId": 1, "status": "Available"},
    }


def test_it_is_signed_with_its_id_and_time(receiver: Receiver) -> None:
    a_sender().send(to(receiver), SECRETS, EVENT)
    (got,) = receiver.received
    assert got.headers["webhook-id"] == "evt_7"
    assert got.headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    assert got.is_signed_with(SECRETS.secret)
    assert not got.is_signed_with(new_secret())
    assert not replace(got, body=got.body + b" ").is_signed_with(SECRETS.secret)


def test_the_example_of_standard_webhooks_is_signed_as_they_do() -> None:
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        seconds=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_header_of_the_subscription_goes_with_it(receiver: Receiver) -> None:
    a_sender().send(to(receiver, header_name="Authorization"), SECRETS, EVENT)
    assert receiver.received[0].headers["authorization"] == "Bearer of tests"


@pytest.mark.parametrize(("status", "said"), [(500, "500 Internal Server Error"), (404, "404 Not Found"), (799, "799")])
def test_a_refusal_is_told_in_words(receiver: Receiver, status: int, said: str) -> None:
    receiver.status = status
    trial = a_sender().send(to(receiver), SECRETS, EVENT)
    assert trial.error == f"The receiver answered {said}."
    assert not trial.is_gone


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with a_receiver() as elsewhere:
        receiver.status, receiver.headers = 307, {"Location": elsewhere.url}
        trial = a_sender().send(to(receiver), SECRETS, EVENT)
        assert elsewhere.received == []
    assert trial.error is not None
    assert "307 Temporary Redirect, which leads elsewhere" in trial.error


def test_gone_means_no_more(receiver: Receiver) -> None:
    receiver.status = 410
    assert a_sender().send(to(receiver), SECRETS, EVENT).is_gone


@pytest.mark.parametrize(("header", "seconds"), [("120", 120), ("999999", 3600), ("soon", 0), ("-5", 0)])
def test_a_receiver_may_say_when_to_come_back(receiver: Receiver, header: str, seconds: float) -> None:
    receiver.status, receiver.headers = 429, {"Retry-After": header}
    assert a_sender().send(to(receiver), SECRETS, EVENT).again_seconds == seconds


def test_a_receiver_that_hangs_is_given_up(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "SILENT_SECONDS", 0.2)
    receiver.hold = threading.Event()
    assert a_sender().send(to(receiver), SECRETS, EVENT).error == "The receiver did not answer in time."


def test_an_answer_without_an_end_is_not_read_to_it(receiver: Receiver) -> None:
    receiver.status, receiver.body = 200, b"x" * (4 * webhooks.MAX_ANSWER)
    assert a_sender().send(to(receiver), SECRETS, EVENT).error is None


def test_nobody_there_is_told_in_words_of_our_own(receiver: Receiver) -> None:
    gone = replace(to(receiver), url="http://127.0.0.1:1/secret-path")
    error = a_sender().send(gone, SECRETS, EVENT).error
    assert error == "The receiver could not be reached, or broke off its answer."


def test_a_receiver_with_tls_is_trusted_by_its_root_only(tmp_path: Path) -> None:
    root = Authority.root()
    with a_receiver(server_context(tmp_path, root)) as receiver:
        refused = a_sender().send(to(receiver), SECRETS, EVENT)
        assert refused.error is not None
        assert refused.error.startswith("The receiver is not trusted: ")
        assert receiver.received == []
        assert a_sender(root.write(tmp_path)).send(to(receiver), SECRETS, EVENT).error is None
    assert len(receiver.received) == 1
