"""The pages of notifications: who is told of what, and how that goes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.access.permissions import Role
from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.notifications.model import (
    Channel,
    Draft,
    Subscription,
    SubscriptionNumber,
    Trial,
    Wish,
)
from forecourt.domain.paging import PageRequest
from tests.web.door import Pages

MAIL: dict[str, str | list[str]] = {"name": "Night shift", "recipients": "a@example.com\nb@example.com", "scope": "all"}
HOOK: dict[str, str | list[str]] = {
    "name": "Billing",
    "url": "https://billing.example/hook",
    "scope": "chosen",
    "groups": ["transactions"],
}
FIRST = SubscriptionNumber(1)
_ALL = PageRequest()
_ALARM = (Topic.AUTHORITY, "acme", Level.WARNING, "It is <silent>.")


def a_webhook(pages: Pages, name: str = "Billing") -> Subscription:
    draft = Draft(name=name, channel=Channel.WEBHOOK, url="https://billing.example/hook", wish=Wish())
    return pages.services.notifications.add(draft, asked_by="tests")[0]


def failed_once(pages: Pages, error: str) -> None:
    """A test of the first subscription that was not delivered."""
    services = pages.services
    services.notifications.test(FIRST, asked_by="tests")
    taken = services.dispatch.take(FIRST, "node")
    assert taken is not None
    assert services.dispatch.settle(taken, "node", [Trial(event, error) for event in taken.events])


def test_without_subscriptions_the_page_leads_on(pages: Pages) -> None:
    page = pages.get("/notifications")
    assert page.has("Nobody is told", "Add mail", "Add webhook")


def test_a_mail_is_added_shown_and_changed(pages: Pages) -> None:
    assert pages.get("/notifications/new/mail").has("Recipients", "Station connected", "A connector, or a station")
    done = pages.done("/notifications/new/mail", MAIL)
    assert done.has("The subscription is there.", "Night shift", "a@example.com, b@example.com", "Active", "All events")
    form = pages.get("/notifications/1/edit")
    assert "a@example.com\nb@example.com" in form.html
    changed: dict[str, str | list[str]] = {
        "name": "Day shift",
        "recipients": "c@example.com",
        "scope": "chosen",
        "kinds": ["alarmRaised"],
    }
    done = pages.done("/notifications/1/edit", changed)
    assert done.has("The subscription is changed.", "Day shift", "Alarm raised")
    again = pages.get("/notifications/1/edit").html
    assert 'value="alarmRaised" checked' in again
    assert 'value="alarmEnded" checked' not in again


def test_the_secret_of_a_webhook_is_shown_once(pages: Pages) -> None:
    made = pages.post("/notifications/new/webhook", HOOK)
    assert made.status == 200
    assert "whsec_" in made.html
    assert "whsec_" not in pages.get("/notifications/1").html
    assert "whsec_" not in pages.get("/notifications/1/edit").html
    renewed = pages.post("/notifications/1/secret")
    assert renewed.has("The one before signs nothing any more.")
    assert "whsec_" in renewed.html


def test_a_header_is_kept_and_never_shown(pages: Pages) -> None:
    pages.post("/notifications/new/webhook", HOOK | {"headerName": "Authorization", "headerValue": "Bearer of tests"})
    assert "Bearer of tests" not in pages.get("/notifications/1/edit").html
    pages.done("/notifications/1/edit", HOOK | {"headerName": "Authorization", "headerValue": ""})
    taken = pages.services.notifications._store.secrets(FIRST)
    assert taken is not None
    assert taken.header_value == "Bearer of tests"


@pytest.mark.parametrize(
    ("path", "typed", "said"),
    [
        ("mail", MAIL | {"name": ""}, "This is needed."),
        ("mail", MAIL | {"recipients": "nobody"}, "is no e-mail address"),
        ("mail", MAIL | {"recipients": ""}, "addresses of people are needed"),
        ("mail", MAIL | {"scope": "chosen"}, "Choose at least one kind of event"),
        ("webhook", HOOK | {"url": "http://billing.example/"}, "by HTTPS only"),
        ("webhook", HOOK | {"url": "https://user:word@billing.example/"}, "no user or password"),
        ("webhook", HOOK | {"headerName": "Content-Type"}, "cannot be set as a header"),
        ("webhook", HOOK | {"headerName": "X-A", "headerValue": "a\r\nX-B: c"}, "printable ASCII"),
    ],
)
def test_what_was_typed_stays_beside_what_is_wrong(
    pages: Pages, path: str, typed: dict[str, str | list[str]], said: str
) -> None:
    page = pages.post(f"/notifications/new/{path}", typed)
    assert page.status == 422
    assert page.has(said)
    assert str(typed["name"]) in page.html
    assert pages.services.notifications.list() == []


def test_a_name_is_taken_once(pages: Pages) -> None:
    pages.done("/notifications/new/mail", MAIL)
    page = pages.post("/notifications/new/mail", MAIL)
    assert (page.status, page.has("There is a subscription 'Night shift' already.")) == (422, True)


def test_what_failed_is_shown_tried_again_and_skipped(pages: Pages) -> None:
    a_webhook(pages)
    failed_once(pages, "The receiver answered <b>500</b>.")
    page = pages.get("/notifications/1")
    assert page.has("Failing", "The receiver answered <b>500</b>.", "Try now", "Skip", "It is tried again at")
    assert "<b>500</b>" not in page.html
    (event,) = (one.event for one in pages.services.notifications.deliveries(FIRST, _ALL).items)
    assert pages.done(f"/notifications/1/deliveries/{event.number}/retry").has("The event is tried again.")
    assert pages.services.dispatch.at_work() == [1]
    assert pages.done(f"/notifications/1/deliveries/{event.number}/skip").has("Nothing failed")
    assert pages.post(f"/notifications/1/deliveries/{event.number}/skip").status == 404


def test_a_subscription_is_paused_and_goes_on(pages: Pages) -> None:
    a_webhook(pages)
    assert pages.done("/notifications/1/pause").has("The subscription is paused.", "Paused since", "admin", "Go on")
    assert pages.post("/notifications/1/pause").status == 422
    assert pages.post("/notifications/1/test").has("is paused; let it go on first")
    assert pages.done("/notifications/1/resume", {"skipsWaiting": "yes"}).has("The subscription goes on.", "Active")


def test_a_test_is_sent_to_it_alone(pages: Pages) -> None:
    a_webhook(pages)
    a_webhook(pages, "Other")
    assert pages.done("/notifications/1/test").has("A test is on its way")
    services = pages.services
    first, second = (services.dispatch.take(SubscriptionNumber(number), "node") for number in (1, 2))
    assert first is not None
    assert [event.kind.value for event in first.events] == ["test"]
    assert second is None


def test_a_subscription_is_removed(pages: Pages) -> None:
    a_webhook(pages)
    assert pages.done("/notifications/1/remove").has("The subscription is removed.", "Nobody is told")
    assert pages.get("/notifications/1").status == 404
    assert pages.get(f"/notifications/{2**70}").status == 404


def test_nobody_but_an_administrator_comes_near(pages: Pages) -> None:
    a_webhook(pages)
    for role in (Role.VIEWER, Role.OPERATOR, Role.SECURITY_OFFICER):
        pages.sign_in(role)
        for path in ("", "/new/mail", "/1", "/1/edit"):
            assert pages.get(f"/notifications{path}").status == 403
        for path in ("/new/mail", "/1/edit", "/1/test", "/1/pause", "/1/resume", "/1/secret", "/1/remove"):
            assert pages.post(f"/notifications{path}", MAIL).status == 403
        for deed in ("retry", "skip"):
            assert pages.post(f"/notifications/1/deliveries/1/{deed}").status == 403
    pages.sign_in(Role.ADMIN)
    assert pages.post("/notifications/1/remove", csrf="wrong").status == 403


def test_events_of_the_last_time_stand_beside_them(pages: Pages) -> None:
    pages.services.alarms.raise_(*_ALARM)
    pages.clock.advance(timedelta(minutes=1))
    assert pages.get("/notifications").has("What happened last", "Alarm raised", "It is <silent>.")
