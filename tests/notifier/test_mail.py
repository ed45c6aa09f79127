"""Mails as a real mail server gets them: encrypted, in plain words, with nothing that a station could smuggle in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from forecourt.config import MailTls
from forecourt.domain.events.kinds import Kind
from forecourt.domain.events.model import Event, EventNumber
from forecourt.domain.notifications.model import Channel, Subscription, SubscriptionNumber, Wish
from forecourt.notifier.mail import Mails, MailServer
from forecourt.notifier.wording import title
from tests.support.authority import Authority
from tests.support.clock import NOON
from tests.support.receivers import a_mail_server, server_context

SUBSCRIPTION = Subscription(
    number=SubscriptionNumber(3),
    name="night shift",
    channel=Channel.MAIL,
    recipients=("a@example.com", "b@example.com"),
    url="",
    header_name="",
    wish=Wish(),
    changed_by="tests",
    changed_at=NOON,
    reached=0,
)


def faulted(number: int = 1, *, subject: str = "CP-1", info: str = "Door open") -> Event:
    return Event(
        number=EventNumber(number),
        kind=Kind.CONNECTOR_FAULTED,
        subject=subject,
        station=subject,
        data={"connectorId": 1, "errorCode": "OtherError", "vendorErrorCode": None, "info": info, "reportedAt": None},
        at=NOON + timedelta(seconds=number),
    )


def mails(
    port: int, tls: MailTls = MailTls.NONE, roots: Path | None = None, *, user: tuple[str, str] = ("", "")
) -> Mails:
    server = MailServer(
        host="localhost",
        port=port,
        tls=tls,
        username=user[0],
        password=user[1],
        sender="forecourt@example.com",
        roots=roots,
    )
    return Mails(server, console_url="https://console.example")


def errors(found: list[str | None]) -> str:
    (error,) = set(found)
    assert error is not None
    return error


def test_a_mail_goes_by_tls_from_the_first_byte(tmp_path: Path) -> None:
    root = Authority.root()
    with a_mail_server(server_context(tmp_path, root), is_implicit=True) as box:
        sender = mails(box.port, MailTls.TLS, root.write(tmp_path))
        assert [one.error for one in sender.send(SUBSCRIPTION, [faulted()])] == [None]
    assert len(box.raw) == 1


def test_a_mail_goes_by_starttls_with_a_password(tmp_path: Path) -> None:
    root = Authority.root()
    user = ("forecourt", "secret of tests")
    with a_mail_server(server_context(tmp_path, root), user=user) as box:
        sender = mails(box.port, MailTls.STARTTLS, root.write(tmp_path), user=user)
        assert [one.error for one in sender.send(SUBSCRIPTION, [faulted()])] == [None]
        wrong = mails(box.port, MailTls.STARTTLS, root.write(tmp_path), user=("forecourt", "wrong"))
        assert "user name or the password" in errors([one.error for one in wrong.send(SUBSCRIPTION, [faulted()])])
    (mail,) = box.mails
    assert mail["From"] == "Forecourt <forecourt@example.com>"
    assert mail["To"] == "a@example.com, b@example.com"
    assert mail["Subject"] == "CP-1: Connector 1 is faulted: OtherError Door open"
    assert box.recipients == [["a@example.com", "b@example.com"]]
    text = mail.get_content()
    assert "2026-01-01 12:00:01 UTC  CP-1" in text
    assert "  errorCode: OtherError" in text
    assert "https://console.example/stations/CP-1" in text
    assert "https://console.example/notifications/3" in text


def test_a_server_that_nobody_trusts_gets_nothing(tmp_path: Path) -> None:
    with a_mail_server(server_context(tmp_path, Authority.root())) as box:
        trials = mails(box.port, MailTls.STARTTLS).send(SUBSCRIPTION, [faulted()])
    assert "not trusted" in errors([one.error for one in trials])
    assert box.raw == []


def test_without_starttls_nothing_is_said_when_it_is_wanted() -> None:
    with a_mail_server() as box:
        trials = mails(box.port, MailTls.STARTTLS).send(SUBSCRIPTION, [faulted()])
    assert "STARTTLS" in errors([one.error for one in trials])
    assert box.raw == []


def test_several_events_are_one_mail() -> None:
    with a_mail_server() as box:
        trials = mails(box.port).send(SUBSCRIPTION, [faulted(1), faulted(2, subject="CP-2")])
    assert [one.error for one in trials] == [None, None]
    (mail,) = box.mails
    assert mail["Subject"] == "2 events: A connector, or a station as a whole, became Faulted (2)"
    text = mail.get_content()
    assert text.index("CP-1") < text.index("CP-2")


@pytest.mark.parametrize(
    "smuggled", ["x\r\nBcc: evil@example.com", "x\nBcc: evil@example.com\n\nbody", "x\x00\x1b[2J\u202e"]
)
def test_no_text_of_a_station_becomes_a_header_or_a_control_character(smuggled: str) -> None:
    with a_mail_server() as box:
        mails(box.port).send(SUBSCRIPTION, [faulted(subject=smuggled, info=smuggled)])
    (mail,) = box.mails
    assert mail["Bcc"] is None
    assert box.recipients == [["a@example.com", "b@example.com"]]
    assert b"\nBcc:" not in box.raw[0]
    assert not {"\x00", "\x1b", "\u202e"} & set(mail["Subject"] + mail.get_content())


def test_a_subject_has_an_end() -> None:
    assert len(title([faulted(info="x" * 5000)])) == 150


def test_a_server_that_takes_nothing_now_is_told_in_its_words() -> None:
    with a_mail_server() as box:
        box.refuses = True
        trials = mails(box.port).send(SUBSCRIPTION, [faulted()])
    assert errors([one.error for one in trials]) == "The mail server answered 451: Come back later"


def test_without_a_server_it_is_said_what_to_set() -> None:
    trials = Mails(MailServer()).send(SUBSCRIPTION, [faulted()])
    assert "host and sender under [mail]" in errors([one.error for one in trials])
