"""Managed server certificates: asked for, put in place, renewed in time, and told about when they are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.clerk.listener_keys import make_key
from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.errors import Kind
from forecourt.domain.listener_certificates.model import MAX_NAME, MemberState, Wish
from forecourt.domain.listener_certificates.timing import (
    FIRST_RETRY,
    LONGEST_FAST_RETRY,
    LONGEST_RETRY,
)
from forecourt.domain.signing.model import Outage, SigningFilter, SigningState
from forecourt.pki.chain import host_names
from tests.domain.listener_certificates.lamp import ALL, DAYS, HOST, NODE, OPERATOR, Lamp, a_wish
from tests.domain.world import World, refused
from tests.support.clock import NOON

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def lamp() -> Lamp:
    return Lamp(World())


# Asked for and put in place


def test_a_certificate_for_each_kind_of_key_is_asked_for_and_presented(lamp: Lamp) -> None:
    """A00.FR.317, A00.FR.510: CN is the FQDN, which stands in the subjectAltName too."""
    lamp.put(wish=Wish(host_names=(HOST, "alias.example.com")))
    assert lamp.makes_keys() == 2
    for assignment in lamp.claims():
        wanted = assignment.wanted
        assert (wanted.common_name, wanted.host_names, wanted.days) == (HOST, (HOST, "alias.example.com"), None)
        lamp.signs(assignment)
    assert lamp.places() == 2
    served = {one.name: one.chain[0] for one in lamp.world.services.trust.server_certificates()}
    assert {name: leaf.key_kind for name, leaf in served.items()} == {
        "main-ecdsa": "EC secp256r1",
        "main-rsa": "RSA 2048",
    }
    assert all(leaf.common_names == (HOST,) for leaf in served.values())
    assert all(set(host_names(leaf)) == {HOST, "alias.example.com"} for leaf in served.values())
    assert [one.state for one in lamp.managed().members] == [MemberState.IN_PLACE] * 2
    assert lamp.alarms() == []


def test_the_organisation_is_that_of_the_operator(lamp: Lamp) -> None:
    """A00.FR.509."""
    services = lamp.world.services
    services.trust.change_policy(lambda known: replace(known, cpo_name="Forecourt Power"), asked_by=OPERATOR)
    lamp.put()
    (wanted,) = lamp.room.keys_wanted()
    assert wanted.organisation == "Forecourt Power"
    lamp.makes_keys()
    (assignment,) = lamp.claims()
    assert assignment.wanted.csr.organisations == ("Forecourt Power",)


def test_the_same_wish_again_changes_nothing(lamp: Lamp) -> None:
    lamp.put()
    lamp.goes_through()
    before = lamp.managed()
    assert lamp.put().managed == before
    assert lamp.makes_keys() == 0


def test_another_host_name_is_asked_for_at_once_while_the_old_certificate_stays(lamp: Lamp) -> None:
    lamp.put()
    lamp.goes_through()
    former = lamp.served()
    lamp.put(wish=a_wish("other.example.com"))
    assert (lamp.state(), lamp.served()) == (MemberState.WANTED, former)
    lamp.goes_through()
    assert lamp.world.services.trust.server_certificate("main-ecdsa").chain[0].common_names == ("other.example.com",)


def test_a_key_that_was_made_for_an_older_wish_is_not_used(lamp: Lamp) -> None:
    """Of two nodes that make a key the first one wins, too."""
    lamp.put()
    (stale,) = lamp.room.keys_wanted()
    lamp.put(wish=a_wish("other.example.com"))
    (fresh,) = lamp.room.keys_wanted()
    assert not lamp.room.key_made(stale, *make_key(stale))
    assert lamp.room.key_made(fresh, *make_key(fresh))
    assert not lamp.room.key_made(fresh, *make_key(fresh))


def test_what_is_signed_for_an_older_wish_is_not_presented(lamp: Lamp) -> None:
    lamp.put()
    lamp.makes_keys()
    (late,) = lamp.claims()
    lamp.put(wish=a_wish("other.example.com"))
    assert not lamp.signs(late)
    assert (lamp.state(), lamp.places()) == (MemberState.WANTED, 0)


def test_nobody_signs_for_an_older_wish_or_a_kind_of_key_that_is_not_wanted(lamp: Lamp) -> None:
    """Otherwise an authority signs what nobody wants, and cannot be removed as long as it has not."""
    both = frozenset(KeyFamily)
    lamp.put(wish=a_wish(families=both))
    lamp.makes_keys()
    lamp.put(wish=a_wish("other.example.com", families=both))
    assert [one.signing for one in lamp.managed().members] == [None, None]
    lamp.makes_keys()
    lamp.put(wish=a_wish("other.example.com"))
    states = [one.state for one in lamp.world.services.signing.list(SigningFilter(), ALL).items]
    assert states == [SigningState.CANCELLED] * 4
    assert lamp.alarms() == []
    lamp.goes_through()
    assert lamp.state() is MemberState.IN_PLACE


def test_a_kind_of_key_that_is_not_wanted_any_more_is_renewed_no_longer(lamp: Lamp) -> None:
    lamp.put(wish=Wish(host_names=(HOST,)))
    lamp.goes_through()
    kept = lamp.put(wish=a_wish())
    assert [one.family for one in kept.managed.members] == [KeyFamily.ECDSA]
    assert any("rsa" in str(warning) for warning in kept.warnings)
    assert lamp.world.services.trust.server_certificate("main-rsa").is_enabled, "an operator removes it"


def test_a_disabled_server_certificate_stays_disabled_when_it_is_renewed(lamp: Lamp) -> None:
    lamp.put()
    lamp.goes_through()
    lamp.world.services.trust.enable_server_certificate("main-ecdsa", is_enabled=False, asked_by=OPERATOR)
    lamp.room.renew("main", asked_by=OPERATOR)
    former = lamp.served()
    lamp.goes_through()
    assert lamp.served() != former
    assert not lamp.world.services.trust.server_certificate("main-ecdsa").is_enabled


def test_removing_leaves_what_is_presented_and_takes_back_what_is_asked(lamp: Lamp) -> None:
    lamp.put()
    lamp.goes_through()
    lamp.room.renew("main", asked_by=OPERATOR)
    lamp.makes_keys()
    number = lamp.member().signing
    assert number is not None
    (warning,) = lamp.room.remove("main", asked_by=OPERATOR)
    assert "main-ecdsa" in str(warning)
    assert lamp.served()
    assert lamp.world.services.signing.get(number).state is SigningState.CANCELLED
    with refused(Kind.NOT_FOUND):
        lamp.room.get("main")
    with refused(Kind.NOT_FOUND):
        lamp.room.remove("main", asked_by=OPERATOR)
    with refused(Kind.NOT_FOUND):
        lamp.room.renew("main", asked_by=OPERATOR)


def test_a_server_certificate_of_that_name_is_warned_of(lamp: Lamp) -> None:
    lamp.put()
    lamp.goes_through()
    lamp.room.remove("main", asked_by=OPERATOR)
    assert any("'main-ecdsa' is replaced" in str(warning) for warning in lamp.put().warnings)


# Renewal


def test_it_is_renewed_after_two_thirds_of_its_life_with_a_new_key(lamp: Lamp) -> None:
    lamp.put()
    lamp.goes_through()
    former = lamp.served()
    assert lamp.member().renew_at == NOON + DAYS * DAY * 2 / 3
    lamp.passes(DAYS * DAY * 2 / 3 - HOUR)
    assert lamp.state() is MemberState.IN_PLACE
    lamp.passes(HOUR)
    assert (lamp.state(), lamp.served()) == (MemberState.WANTED, former)
    lamp.goes_through()
    assert lamp.served() != former
    assert lamp.alarms() == []


def test_fast_expiry_asks_for_less_than_a_day_and_renews_every_few_hours(lamp: Lamp) -> None:
    """A00.FR.701."""
    lamp.put(wish=a_wish(is_fast=True))
    for _ in range(3):
        lamp.makes_keys()
        (assignment,) = lamp.claims()
        assert assignment.wanted.days is not None
        assert assignment.wanted.days < 23 / 24, "dated back by an hour it still lives less than a day"
        lamp.signs(assignment)
        lamp.places()
        lamp.passes(4.9 * HOUR)
        assert lamp.state() is MemberState.IN_PLACE
        lamp.passes(0.2 * HOUR)
        assert lamp.state() is MemberState.WANTED


def test_an_authority_that_gives_long_ones_is_told_of_when_they_shall_be_short(lamp: Lamp) -> None:
    """ACME has no word for it."""
    lamp.put(wish=a_wish(is_fast=True))
    lamp.makes_keys()
    (assignment,) = lamp.claims()
    lamp.signs(replace(assignment, wanted=replace(assignment.wanted, days=None)))
    lamp.places()
    (alarm,) = lamp.alarms()
    assert (alarm.topic, alarm.subject, alarm.level) == (Topic.SERVER_CERTIFICATE, "main-ecdsa", Level.WARNING)
    assert "A00.FR.701" in alarm.sentence


def test_a_wish_to_renew_before_it_is_valid_does_not_renew_again_and_again(lamp: Lamp) -> None:
    lamp.put(wish=a_wish(renew_before=400 * DAY))
    lamp.goes_through()
    assert lamp.member().renew_at == NOON + DAYS * DAY / 10


def test_it_is_renewed_so_long_before_its_end_as_is_wished(lamp: Lamp) -> None:
    lamp.put(wish=a_wish(renew_before=5 * DAY))
    lamp.goes_through()
    assert lamp.member().renew_at == NOON + (DAYS - 5) * DAY


# Failures


def test_a_refusal_is_told_and_tried_again_later_and_later(lamp: Lamp) -> None:
    lamp.put()
    waits = []
    for _ in range(12):
        lamp.makes_keys()
        (assignment,) = lamp.claims()
        lamp.world.services.signing.refused(assignment.number, NODE, "It is not ours.")
        member = lamp.member()
        assert (member.state, member.reason) == (MemberState.FAILED, "It is not ours.")
        assert member.again_at is not None
        waits.append(member.again_at - lamp.now())
        lamp.passes(waits[-1])
        assert lamp.state() is MemberState.WANTED
    assert waits[:3] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY]
    assert waits[-1] == LONGEST_RETRY
    alarm = next(one for one in lamp.alarms() if one.topic is Topic.SERVER_CERTIFICATE)
    assert (alarm.subject, alarm.level) == ("main-ecdsa", Level.CRITICAL), "listeners have nothing to present"
    assert "It is not ours." in alarm.sentence
    lamp.goes_through()
    assert [one for one in lamp.alarms() if one.topic is Topic.SERVER_CERTIFICATE] == []
    assert lamp.member().attempts == 0


def test_with_fast_expiry_nothing_waits_longer_than_an_hour(lamp: Lamp) -> None:
    lamp.put(wish=a_wish(is_fast=True))
    waits = []
    for _ in range(8):
        lamp.makes_keys()
        (assignment,) = lamp.claims()
        lamp.world.services.signing.refused(assignment.number, NODE, "It is not ours.")
        again = lamp.member().again_at
        assert again is not None
        waits.append(again - lamp.now())
        lamp.passes(waits[-1])
    assert max(waits) == LONGEST_FAST_RETRY


def test_a_failed_renewal_leaves_what_is_presented_and_becomes_urgent_near_its_end(lamp: Lamp) -> None:
    lamp.put()
    lamp.goes_through()
    former = lamp.served()
    lamp.passes(DAYS * DAY * 2 / 3)
    lamp.makes_keys()
    (assignment,) = lamp.claims()
    lamp.world.services.signing.refused(assignment.number, NODE, "It is not ours.")
    assert (lamp.served(), _level(lamp)) == (former, Level.WARNING)
    lamp.passes(DAYS * DAY / 3 - 12 * HOUR)
    assert _level(lamp) is Level.CRITICAL


def test_an_authority_that_does_not_answer_is_told_of_before_the_end(lamp: Lamp) -> None:
    lamp.put()
    lamp.goes_through()
    lamp.passes(DAYS * DAY * 2 / 3)
    lamp.makes_keys()
    assert lamp.alarms() == []
    lamp.passes(DAYS * DAY / 6)
    assert _level(lamp) is Level.WARNING
    lamp.passes(DAYS * DAY / 6 - DAY)
    assert _level(lamp) is Level.CRITICAL


def test_a_certificate_for_another_key_is_not_presented(lamp: Lamp) -> None:
    lamp.put()
    lamp.put("other")
    lamp.makes_keys()
    first, second = lamp.claims()
    lamp.signs(replace(first, wanted=replace(first.wanted, csr=second.wanted.csr)))
    assert lamp.places() == 0
    member = lamp.member()
    assert member.state is MemberState.FAILED
    assert "does not belong" in str(member.reason)


def test_renewing_what_waits_for_its_authority_tries_at_once(lamp: Lamp) -> None:
    lamp.put()
    lamp.makes_keys()
    (assignment,) = lamp.claims()
    lamp.world.services.signing.unavailable(assignment.number, NODE, Outage("It is out of reach."))
    assert lamp.claims() == []
    lamp.room.renew("main", asked_by=OPERATOR)
    assert [one.number for one in lamp.claims()] == [assignment.number]


def _level(lamp: Lamp) -> Level:
    (alarm,) = [one for one in lamp.alarms() if one.topic is Topic.SERVER_CERTIFICATE]
    return alarm.level


# What may be wished


@pytest.mark.parametrize(
    ("hosts", "about"),
    [
        ((), "Give 1 to 20"),
        (("*.example.com",), "any host of a domain"),
        (("bücher.example",), "xn--"),
        (("a b",), "neither a host name"),
        (("-a.example",), "neither a host name"),
        (("a..b",), "neither a host name"),
        (("",), "neither a host name"),
        (("a..",), "neither a host name"),
        (("1.2.3",), "neither a host name"),
        (("999.1.1.1",), "neither a host name"),
        (("1.2.3.4.",), "neither a host name"),
        (("[csms.example.com]",), "neither a host name"),
        (("[[::1]]",), "neither a host name"),
        (("[::1",), "neither a host name"),
        (("fe80::1%eth0",), "neither a host name"),
        ((".".join(["a" * 50] * 5 + ["example"]),), "neither a host name"),
        (("https://csms.example.com",), "neither a host name"),
        (("a" * 60 + ".example",), "common name"),
        (tuple(f"h{number}.example" for number in range(21)), "Give 1 to 20"),
    ],
)
def test_host_names_are_those_of_the_domain_name_system(lamp: Lamp, hosts: tuple[str, ...], about: str) -> None:
    with refused(Kind.INVALID, field="hostNames", about=about):
        lamp.put(wish=Wish(host_names=hosts))


def test_host_names_are_kept_in_one_spelling_and_once(lamp: Lamp) -> None:
    hosts = ("CSMS.Example.com.", " csms.example.com", "127.0.0.1", "[::1]", "0:0::1", "localhost", "4you.example")
    kept = lamp.put(wish=a_wish(*hosts))
    assert kept.managed.wish.host_names == (HOST, "127.0.0.1", "::1", "localhost", "4you.example")


def test_what_cannot_be_wished_is_refused_by_name(lamp: Lamp) -> None:
    with refused(Kind.INVALID, field="name"):
        lamp.put(" main")
    with refused(Kind.INVALID, field="name"):
        lamp.put("x" * (MAX_NAME + 1))
    with refused(Kind.INVALID, field="families"):
        lamp.put(wish=a_wish(families=frozenset()))
    with refused(Kind.INVALID, field="renewBeforeHours"):
        lamp.put(wish=a_wish(renew_before=timedelta(0)))
    with refused(Kind.INVALID, field="renewBeforeHours"):
        lamp.put(wish=a_wish(is_fast=True, renew_before=20 * HOUR))
    with refused(Kind.INVALID, field="authority"):
        lamp.put(wish=a_wish(authority="nobody"))
    assert lamp.room.all() == []
