"""The outside is told of what happens: webhooks and mails are subscribed to, seen to arrive or to fail, and ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.stories.console.conftest import Visitors
from tests.stories.moments import ago
from tests.stories.waiting import eventually
from tests.support.browser import assert_fit_to_be_seen
from tests.support.peer import Peer
from tests.support.receivers import MailBox, Receiver, a_mail_server, a_receiver
from tests.support.running import RunningSystem

TAG = "TOLD"
LATER = {"Retry-After": "3600"}
"""Whoever is told this does not come again by himself while a story lasts."""


@pytest.fixture(scope="module")
def box() -> Iterator[MailBox]:
    with a_mail_server() as opened:
        yield opened


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory, box: MailBox) -> Iterator[RunningSystem]:
    """A system that knows a mail server."""
    settings = {
        "FORECOURT_MAIL_HOST": "127.0.0.1",
        "FORECOURT_MAIL_PORT": str(box.port),
        "FORECOURT_MAIL_TLS": "none",
        "FORECOURT_MAIL_SENDER": "forecourt@example.com",
    }
    with RunningSystem(tmp_path_factory.mktemp("told"), settings=settings).at_work() as running:
        running.rest.add_tag(TAG, maxActiveTransactions=5)
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as opened:
        yield opened


def a_transaction(console: RunningSystem, identity: str) -> None:
    """Starts at a new station, and the station goes off line."""
    console.rest.add_station(identity)
    with Peer(console.stations_url, identity) as station:
        station.boot()
        station.start(1, TAG, 0, ago(minutes=1))


def kinds(receiver: Receiver) -> list[str]:
    return [event["type"].removeprefix("forecourt.") for event in receiver.events]


def fact(page: Page, name: str) -> Locator:
    """What the sheet of a subscription says of something."""
    return page.locator("#state dl.facts > div").filter(has=page.get_by_text(name, exact=True)).locator("dd")


def look_again(page: Page) -> None:
    """By hand, where no script does it."""
    page.goto(page.url)


def subscribe(page: Page, name: str, url: str, *chosen: str) -> str:
    """Add a webhook by the form, for kinds by their labels. Its secret."""
    page.goto("/notifications")
    page.get_by_role("link", name="Add webhook").first.click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Address", exact=True).fill(url)
    page.get_by_label("Only those that are ticked below").check()
    for kind in chosen:
        page.get_by_role("checkbox", name=kind).check()
    page.get_by_role("button", name="Save").click()
    secret = page.get_by_label("Secret").input_value()
    page.get_by_role("link", name="To the subscription").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    return secret


def test_a_webhook_is_told_of_what_was_chosen_changed_paused_and_removed(
    console: RunningSystem, browser_page: Page, receiver: Receiver
) -> None:
    page = browser_page
    secret = subscribe(page, "Billing", receiver.url, "Transaction started", "Station disconnected")
    sheet = page.url
    expect(fact(page, "Told")).to_contain_text("Transaction started")

    a_transaction(console, "TOLD-1")
    expect(fact(page, "Delivered")).to_have_text("2")  # without a reload
    expect(fact(page, "State")).to_contain_text("Active")
    assert sorted(kinds(receiver)) == ["stationDisconnected", "transactionStarted"]
    assert all(one.is_signed_with(secret) for one in receiver.received)

    page.get_by_role("link", name="Change", exact=True).click()
    expect(page.get_by_role("checkbox", name="Transaction started")).to_be_checked()
    page.get_by_role("checkbox", name="Transaction started").uncheck()
    page.get_by_label("Only of this station").fill("TOLD-2")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The subscription is changed.")).to_be_visible()
    a_transaction(console, "TOLD-2")
    expect(fact(page, "Delivered")).to_have_text("3")
    assert (kinds(receiver)[2:], receiver.events[-1]["subject"]) == (["stationDisconnected"], "TOLD-2")

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("The subscription is paused.")).to_be_visible()
    expect(fact(page, "State")).to_contain_text("Paused")
    assert_fit_to_be_seen(page)
    with Peer(console.stations_url, "TOLD-2") as station:
        station.boot()
    expect(fact(page, "Not looked at yet")).not_to_have_text("0")
    assert len(receiver.received) == 3
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("The subscription goes on.")).to_be_visible()
    expect(fact(page, "Delivered")).to_have_text("4")

    page.get_by_text("New secret", exact=True).first.click()
    page.get_by_role("button", name="New secret").click()
    renewed = page.get_by_label("Secret").input_value()
    assert_fit_to_be_seen(page)
    page.goto(sheet)
    page.get_by_role("button", name="Send a test").click()
    expect(fact(page, "Delivered")).to_have_text("5")
    assert receiver.received[-1].is_signed_with(renewed)
    assert not receiver.received[-1].is_signed_with(secret)

    page.locator("summary", has_text="Remove").click()
    expect(page.get_by_text("Remove this subscription, with everything that it was still to be told?")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The subscription is removed.")).to_be_visible()
    expect(page.get_by_role("link", name="Billing")).to_have_count(0)
    answer = page.goto(sheet)
    assert answer is not None
    assert answer.status == 404


def test_a_receiver_that_refuses_is_shown_to_fail_with_its_reason_until_it_takes_what_waits(
    console: RunningSystem, browser_page: Page, receiver: Receiver
) -> None:
    page, reason = browser_page, "The receiver answered 503 Service Unavailable."
    receiver.status, receiver.headers = 503, LATER
    subscribe(page, "Refuses", receiver.url, "Transaction started")
    a_transaction(console, "TOLD-3")
    expect(fact(page, "State")).to_contain_text("Failing")
    expect(page.locator("#state .alert")).to_contain_text("Nothing was delivered since")
    row = page.get_by_role("row").filter(has_text="TOLD-3")
    expect(row).to_contain_text(reason)
    assert_fit_to_be_seen(page)
    page.goto("/notifications")
    listed = page.get_by_role("row").filter(has=page.get_by_role("link", name="Refuses"))
    expect(listed).to_contain_text("Failing")
    expect(listed).to_contain_text(reason)
    assert_fit_to_be_seen(page)

    receiver.status = 204
    page.get_by_role("link", name="Refuses").click()
    row.get_by_role("button", name="Try now").click()
    expect(page.get_by_text("Nothing failed")).to_be_visible()
    expect(fact(page, "State")).to_contain_text("Active")
    expect(fact(page, "Delivered")).to_have_text("1")

    receiver.status = 410
    a_transaction(console, "TOLD-4")
    expect(page.locator("#state .alert")).to_contain_text("it wants no more events")
    expect(fact(page, "State")).to_contain_text("Paused")


def test_what_cannot_be_subscribed_to_is_said_beside_its_field(browser_page: Page) -> None:
    page = browser_page
    page.goto("/notifications/new/webhook")
    page.get_by_label("Name", exact=True).fill("Far")
    page.get_by_label("Address", exact=True).fill("http://far.example.com/hook")
    page.get_by_label("Only those that are ticked below").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#scope-fault")).to_contain_text("Choose at least one kind of event")
    assert_fit_to_be_seen(page)
    page.get_by_label("All events, also of kinds to come").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#url-fault")).to_contain_text("Events are sent by HTTPS only")
    expect(page.get_by_label("Address", exact=True)).to_have_value("http://far.example.com/hook")


def test_somebody_is_told_by_mail_in_a_browser_without_scripts(
    console: RunningSystem, as_role: Visitors, box: MailBox
) -> None:
    page = as_role(scripts=False)
    page.goto("/notifications/new/mail")
    page.get_by_label("Name", exact=True).fill("Night shift")
    page.get_by_label("Recipients").fill("night@example.com\nday@example.com")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The subscription is there.")).to_be_visible()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("A test is on its way")).to_be_visible()
    eventually(lambda: box.mails != [], "the mail server was given the mail")
    assert box.recipients == [["night@example.com", "day@example.com"]]
    assert "Night shift" in str(box.mails[0])

    def has_delivered() -> bool:
        look_again(page)
        return fact(page, "Delivered").inner_text() == "1"

    eventually(has_delivered, "the page says that it was delivered")


def test_without_scripts_a_webhook_fails_is_paused_and_removed_with_a_question(
    console: RunningSystem, as_role: Callable[..., Page], receiver: Receiver
) -> None:
    page = as_role(scripts=False)
    receiver.status, receiver.headers = 503, LATER
    subscribe(page, "By hand", receiver.url, "Transaction started")
    a_transaction(console, "TOLD-5")

    def says_why() -> bool:
        look_again(page)
        return "The receiver answered 503 Service Unavailable." in page.locator("#state").inner_text()

    eventually(says_why, "the page says why nothing was delivered")
    page.get_by_role("row").filter(has_text="TOLD-5").get_by_role("button", name="Skip").click()
    expect(page.get_by_text("The event will not be delivered.")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("The subscription is paused.")).to_be_visible()
    page.locator("summary", has_text="Remove").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The subscription is removed.")).to_be_visible()
