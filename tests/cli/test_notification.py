"""Events and subscriptions on the command line."""

from __future__ import annotations

import json

from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.notifications.model import SubscriptionNumber, Trial
from tests.cli.shell import Shell

FIRST = SubscriptionNumber(1)


def test_a_webhook_is_made_and_its_secret_printed_once(shell: Shell) -> None:
    secret = shell.read("notification", "webhook", "Billing", "https://billing.example/hook", "--group", "transactions")
    assert secret.startswith("whsec_")
    shown = json.loads(shell.read("notification", "show", "1", "--json"))
    assert (shown["name"], shown["target"], shown["state"]) == ("Billing", "https://billing.example/hook", "active")
    assert secret.strip() not in shell.read("notification", "list", "--json")
    assert shell.read("notification", "renew-secret", "1", "--yes") != secret


def test_a_mail_is_made_paused_and_removed(shell: Shell) -> None:
    shell.read("notification", "mail", "Night", "a@example.com", "b@example.com", "--kind", "alarmRaised")
    (listed,) = json.loads(shell.read("notification", "list", "--json"))
    assert (listed["target"], listed["channel"]) == ("a@example.com, b@example.com", "mail")
    shell.read("notification", "pause", "1")
    assert shell.refuse("notification", "test", "1")[0] == 4
    shell.read("notification", "resume", "1", "--skip")
    shell.read("notification", "test", "1")
    shell.read("notification", "remove", "1", "--yes")
    assert shell.refuse("notification", "show", "1")[0] == 3
    code, line = shell.refuse("notification", "mail", "Night", "nobody")
    assert (code, "no e-mail address" in line) == (2, True)


def test_events_are_listed(shell: Shell) -> None:
    shell.services.alarms.raise_(Topic.FILES, "shelf", Level.WARNING, "It is full.\x1b[2J")
    heading, first = shell.read("notification", "events").splitlines()
    assert heading.split("\t") == ["event", "at", "kind", "subject", "sentence"]
    assert "alarmRaised\tshelf\twarning: It is full." in first
    assert "\x1b" not in first
    assert json.loads(shell.read("notification", "events", "--group", "transactions", "--json")) == []


def test_what_failed_is_listed_tried_again_and_skipped(shell: Shell) -> None:
    shell.read("notification", "webhook", "Billing", "https://billing.example/hook")
    shell.read("notification", "test", "1")
    taken = shell.services.dispatch.take(FIRST, "node")
    assert taken is not None
    shell.services.dispatch.settle(taken, "node", [Trial(taken.events[0], "It answered 500.")])
    (failed,) = json.loads(shell.read("notification", "failed", "1", "--json"))
    assert (failed["error"], failed["kind"]) == ("It answered 500.", "test")
    shell.read("notification", "retry", "1", "1")
    shell.read("notification", "skip", "1", "1")
    assert shell.refuse("notification", "skip", "1", "1")[0] == 3
