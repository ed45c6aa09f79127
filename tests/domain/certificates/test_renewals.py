"""What happens by itself: renewals before a certificate ends, alarms, and a calendar that shows both."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.alarms.model import Level, Topic
from forecourt.domain.certificates.calendar import Cover, alarm_step, covered, renewal_time
from forecourt.domain.certificates.model import (
    MAX_ASKS,
    MAX_FAILURES,
    CalendarFilter,
    Occasion,
    OrderState,
    Seen,
    Sheet,
)
from forecourt.domain.certificates.service import Certificates
from forecourt.domain.provisioning.model import Registration
from forecourt.domain.trust.model import Policy
from tests.domain.certificates.workshop import ACCEPTED, DAY, HOUR, INSTALLED, MINUTE, USED, YEAR, Workshop, is_asked
from tests.domain.world import ALL
from tests.support.authority import Validity
from tests.support.clock import NOON
from tests.support.signings import a_csr

EXPIRES = Topic.CERTIFICATE_EXPIRES
A_WEEK = Validity(timedelta(), timedelta(days=7))


# Renewals


def test_a_certificate_is_renewed_a_month_before_it_ends(shop: Workshop) -> None:
    """A03.FR.02: one month."""
    old = shop.uses()
    shop.passes(334 * DAY)
    assert not is_asked(shop)
    shop.passes(2 * DAY)
    assert is_asked(shop)
    assert (shop.order.occasion, shop.order.asked_by) == (Occasion.RENEWAL, "certificate renewal")
    new = shop.is_issued()
    shop.is_sent()
    shop.answers(**ACCEPTED)
    assert shop.shows(new)
    shop.stays()
    assert shop.states == [USED, USED]
    assert shop.is_revoked(old)
    shop.passes(2 * DAY)
    assert not shop.has_something_to_send
    assert shop.calendar().sheet.covered_until == new.not_after
    assert (list(shop.alarms()), list(shop.alarms(EXPIRES))) == ([], [])


def test_one_that_was_taken_and_not_shown_is_not_renewed_again(shop: Workshop) -> None:
    shop.uses()
    shop.passes(336 * DAY)
    assert is_asked(shop)
    new = shop.takes()
    for _ in range(40):
        shop.passes(DAY)
    assert shop.states == [USED, INSTALLED]
    assert list(shop.alarms(EXPIRES)) == []
    assert shop.shows(new)


def test_a_short_lived_one_is_renewed_after_two_thirds_of_its_life(shop: Workshop) -> None:
    shop.uses(A_WEEK)
    shop.passes(4 * DAY)
    assert not is_asked(shop)
    shop.passes(2 * DAY)
    assert is_asked(shop)


def test_a_failed_renewal_is_tried_again_the_next_day_until_it_works(shop: Workshop) -> None:
    shop.uses()
    shop.passes(336 * DAY)
    for _ in range(2 * MAX_FAILURES):
        assert is_asked(shop)
        for _ in range(MAX_ASKS):
            shop.passes(HOUR)
            is_asked(shop)
        assert shop.order.state is OrderState.FAILED
        shop.passes(DAY)
    assert is_asked(shop)
    shop.takes()
    assert list(shop.alarms()) == []


def test_an_order_of_an_operator_is_tried_again_some_times(shop: Workshop) -> None:
    asked = 0
    shop.asks("RenewCertificate")
    for _ in range(MAX_FAILURES + 3):
        if not shop.has_something_to_send:
            break
        asked += 1
        shop.sends()
        shop.answers(status="Rejected")
        shop.passes(DAY + MINUTE)
    assert asked == MAX_FAILURES + 1


def test_a_station_that_is_off_line_is_asked_when_it_is_back(shop: Workshop) -> None:
    shop.uses()
    shop.carrying.leaves()
    for _ in range(345):
        shop.passes(DAY)
    renewals = [one for one in shop.orders if one.occasion is Occasion.RENEWAL]
    assert [one.state for one in renewals] == [OrderState.ASKED], "asked once, however long it is away"
    shop.carrying.comes()
    assert is_asked(shop)


@pytest.mark.parametrize("times", [1, 2])
def test_a_station_that_is_off_line_may_be_asked_until_its_certificate_ends(shop: Workshop, times: int) -> None:
    old = shop.uses(A_WEEK)
    shop.passes(timedelta(days=4.7))
    if times == 2:
        assert is_asked(shop)
        shop.passes(2 * MINUTE)
    shop.carrying.leaves()
    assert shop.order.ask_errand is not None
    assert (shop.order.asks, shop.services.errands.get(shop.order.ask_errand).expires_at) == (times, old.not_after)


def test_renewals_are_begun_a_few_at_a_time(shop: Workshop) -> None:
    shop.uses()
    more = [shop.a_station(f"CP-{number}") for number in range(2, 7)]
    copy = "INSERT INTO station_certificate SELECT ?, {} FROM station_certificate WHERE station_key = ?"
    columns = [row[1] for row in shop.unit.all("PRAGMA table_info(station_certificate)") if row[1] != "station_key"]
    for station in more:
        shop.unit.execute(copy.format(", ".join(columns)), (station.key, shop.station.key))
        shop.services.admissions.change(station, serial_number=station.identity, asked_by="admin")
    shop.services.trust.change_policy(lambda known: replace(known, renewals_per_minute=2), asked_by="admin")
    certificates = shop.services.certificates
    shop.clock.advance(336 * DAY)
    begun = []
    for _ in range(4):
        certificates.settle()
        certificates.settle()
        begun.append(sum(one.occasion is Occasion.RENEWAL for one in shop.orders))
        shop.clock.advance(2 * MINUTE)
    assert begun == [2, 4, 6, 6]


def test_a_quiet_system_asks_for_nothing(shop: Workshop) -> None:
    """OCTT: nothing unsolicited. What ends is told of all the same."""
    shop.uses()
    known = shop.services.certificates
    certificates = Certificates(known._store, shop.clock, known._rooms, is_quiet=True)
    shop.clock.advance(338 * DAY)
    assert certificates.is_due()
    certificates.settle()
    assert not shop.has_something_to_send
    assert len(shop.alarms(EXPIRES)) == 1


def test_a_foreign_certificate_is_not_renewed(shop: Workshop) -> None:
    foreign = shop.authority.leaf("SN-1", validity=YEAR).certificate
    shop.shows(foreign)
    shop.passes(360 * DAY)
    assert not shop.has_something_to_send
    assert "RenewCertificate" in shop.alarms(EXPIRES)[0].sentence


def test_what_keeps_a_renewal_from_beginning_is_told(shop: Workshop) -> None:
    shop.uses()
    shop.services.trust.change_policy(lambda known: replace(known, cpo_name=None), asked_by="admin")
    shop.passes(336 * DAY)
    assert "cpoName" in shop.alarms()[0].sentence


@pytest.mark.parametrize("how", ["removed", "rejected"])
def test_nobody_is_asked_who_may_not_be(shop: Workshop, how: str) -> None:
    shop.uses()
    if how == "removed":
        shop.services.provisioning.remove("CP-1")
    else:
        shop.services.provisioning.change(
            "CP-1", description="", registration=Registration.REJECTED, heartbeat_seconds=None
        )
    shop.passes(336 * DAY)
    assert shop.states == [USED]
    shop.passes(10 * DAY)


def test_a_repeated_look_does_nothing_more(shop: Workshop) -> None:
    shop.uses()
    shop.passes(336 * DAY)
    for _ in range(3):
        shop.services.certificates.settle()
    assert len(shop.orders) == 2


# Alarms


def test_alarms_at_30_7_and_1_days_and_after_the_end(shop: Workshop) -> None:
    """Of one that is renewed by itself the first comes when that took too long."""
    shop.shows(shop.authority.leaf("SN-1", validity=YEAR).certificate)
    told = []
    for days in (334, 336, 359, 363.5, 364.5):
        shop.clock.advance(timedelta(days=days) - (shop.clock.now() - NOON))
        shop.services.certificates.settle()
        told.append([(one.level, one.sentence) for one in shop.alarms(EXPIRES)])
    assert told[0] == []
    assert [one[0][0] for one in told[1:]] == [Level.WARNING, Level.WARNING, Level.WARNING, Level.CRITICAL]
    shop.clock.advance(DAY)
    shop.services.certificates.settle()
    [alarm] = shop.alarms(EXPIRES)
    assert "expired" in alarm.sentence
    assert alarm.level is Level.CRITICAL


def test_an_alarm_ends_with_a_new_certificate(shop: Workshop) -> None:
    shop.uses()
    shop.passes(336 * DAY)
    shop.passes(20 * DAY)
    assert len(shop.alarms(EXPIRES)) == 1
    new = shop.takes()
    assert list(shop.alarms(EXPIRES)) == []
    assert shop.shows(new)


def test_steps_follow_one_another() -> None:
    cover = Cover(NOON, NOON + 365 * DAY, is_renewed=False)
    days_left = {31: 0, 30: 1, 8: 1, 7: 2, 2: 2, 1: 3, 0: 4, -10: 4}
    assert {left: alarm_step(cover, cover.not_after - left * DAY) for left in days_left} == days_left
    short = Cover(NOON, NOON + 6 * DAY, is_renewed=True)
    assert alarm_step(short, NOON + 3 * DAY) == 0, "it must not have an alarm all its life"
    assert alarm_step(short, NOON + 5 * DAY) > 0


def test_renewals_are_spread_over_a_day() -> None:
    cover = Cover(NOON, NOON + 365 * DAY, is_renewed=True)
    times = [renewal_time(covered(Sheet(station_key=1), cover, f"CP-{n}"), Policy()) for n in range(100)]
    known = [time for time in times if time is not None]
    assert len(known) == len(set(known)) == 100
    assert NOON + 334 * DAY <= min(known) < max(known) <= NOON + 335 * DAY
    assert max(known) - min(known) > 20 * HOUR
    again = covered(Sheet(station_key=1), cover, "CP-0")
    assert times[0] == renewal_time(again, Policy()), "always the same for one station"


# The calendar


def test_the_calendar_shows_what_ends_first_and_what_becomes_of_it(shop: Workshop) -> None:
    leaf = shop.uses()
    other = shop.a_station("CP-2")
    shop.services.provisioning.change(
        "CP-2", description="", registration=Registration.ACCEPTED, heartbeat_seconds=None, group="north"
    )
    early = shop.authority.leaf("SN-2", validity=A_WEEK).certificate
    shop.services.certificates.presented(other, early)
    shop.a_station("CP-3")  # which has none
    found = shop.services.certificates.calendar(CalendarFilter(), ALL).items
    assert [(one.station, one.group, one.order_state) for one in found] == [("CP-2", "north", None), ("CP-1", "", USED)]
    shown = found[1].sheet.shown
    assert shown is not None
    assert (shown.fingerprint, shown.seen, found[1].order) == (leaf.fingerprint, Seen.PRESENTED, 1)
    assert found[1].renew_at is not None
    assert found[0].renew_at is None

    def stations(wanted: CalendarFilter) -> list[str]:
        return [one.station for one in shop.services.certificates.calendar(wanted, ALL).items]

    assert stations(CalendarFilter(group="north")) == ["CP-2"]
    assert stations(CalendarFilter(is_renewed=True)) == ["CP-1"]
    assert stations(CalendarFilter(is_renewed=False)) == ["CP-2"]
    assert stations(CalendarFilter(expires_before=NOON + 8 * DAY)) == ["CP-2"]
    assert stations(CalendarFilter(search="sn-1")) == ["CP-1"]
    first = shop.services.certificates.calendar(CalendarFilter(), replace(ALL, limit=1))
    assert [one.station for one in first.items] == ["CP-2"]
    after = replace(ALL, limit=1, after=first.next_after)
    assert [one.station for one in shop.services.certificates.calendar(CalendarFilter(), after).items] == ["CP-1"]


def test_profile_3_is_no_condition_for_a_renewal(shop: Workshop) -> None:
    shop.decides(SecurityProfile.BASIC)
    shop.takes()
    shop.passes(336 * DAY)
    assert is_asked(shop)


def test_the_policy_counts_at_once_for_stations_that_have_their_certificates_already(shop: Workshop) -> None:
    shop.uses()
    shop.passes(280 * DAY)
    assert not is_asked(shop)
    shop.services.trust.change_policy(lambda known: replace(known, renew_before_days=90), asked_by="admin")
    planned = shop.calendar().renew_at
    assert planned is not None
    assert planned < shop.clock.now()
    shop.passes(MINUTE)
    assert is_asked(shop)


def test_a_station_that_goes_on_with_the_old_one_is_renewed_and_told_of(shop: Workshop) -> None:
    """It took the new one and never shows it: what it shows is what ends."""
    old = shop.uses(Validity(timedelta(hours=-1), timedelta(days=100)))
    shop.renews()
    new = shop.takes()
    assert shop.calendar().sheet.covered_until == new.not_after
    asked = 0
    for _ in range(98):
        shop.comes_back(old)
        shop.passes(DAY)
        asked += is_asked(shop)
        if shop.clock.now() < old.not_after - 31 * DAY:
            assert list(shop.alarms(EXPIRES)) == []
    assert shop.calendar().sheet.covered_until == old.not_after
    assert asked > 10
    assert len(shop.alarms(EXPIRES)) == 1
    assert shop.shows(new)
    assert shop.calendar().sheet.covered_until == new.not_after
    assert list(shop.alarms(EXPIRES)) == []


def test_a_station_that_goes_on_with_the_old_one_has_a_day_before_somebody_is_told(shop: Workshop) -> None:
    old = shop.uses(Validity(timedelta(hours=-1), timedelta(days=100)))
    shop.passes(75 * DAY)
    assert is_asked(shop)
    shop.takes()
    shop.clock.advance(MINUTE)
    shop.comes_back(old)
    for _ in range(3):
        shop.passes(7 * HOUR)
        assert list(shop.alarms(EXPIRES)) == [], "it may still change to the new one"
    assert shop.calendar().sheet.covered_until == old.not_after


def test_what_is_revoked_covers_nothing(shop: Workshop) -> None:
    old = shop.uses(Validity(timedelta(hours=-1), timedelta(days=100)))
    shop.renews()
    new = shop.takes()
    shop.services.trust.revoke_certificate(new, reason="stolen", asked_by="ada")
    shop.passes(MINUTE)
    assert shop.calendar().sheet.covered_until == old.not_after
    shop.services.trust.revoke_certificate(old, reason="stolen", asked_by="ada")
    shop.passes(MINUTE)
    sheet = shop.calendar().sheet
    assert (sheet.covered_until, sheet.renew_end, sheet.alarm_at) == (None, None, None)
    shop.services.trust.unrevoke(old.issuer_hash, old.serial, asked_by="ada")
    shop.passes(MINUTE)
    assert shop.calendar().sheet.covered_until == old.not_after


def test_a_doubtful_one_that_stays_so_is_begun_anew_and_in_the_calendar(shop: Workshop) -> None:
    shop.is_issued()
    for _ in range(2):
        shop.is_sent()
        shop.never_answers()
        shop.comes_back()
        shop.passes(MINUTE)
    entry = shop.calendar()
    assert (entry.order_state, entry.sheet.shown) == (OrderState.FAILED, None)
    assert shop.alarms() != []
    shop.passes(DAY)
    assert is_asked(shop)


def test_a_renewal_that_is_under_way_keeps_the_first_alarm_back_for_two_days(shop: Workshop) -> None:
    shop.uses()
    shop.carrying.leaves()
    told = {}
    for days in (334, 334.9, 335.5, 336.4, 338):
        shop.passes(timedelta(days=days) - (shop.clock.now() - NOON))
        told[days] = len(shop.alarms(EXPIRES))
    assert told == {334: 0, 334.9: 0, 335.5: 0, 336.4: 0, 338: 1}


def test_a_certificate_that_is_renewed_later_is_not_told_of_before(shop: Workshop) -> None:
    shop.services.trust.change_policy(lambda known: replace(known, renew_before_days=10), asked_by="admin")
    shop.uses()
    shop.passes(345 * DAY)
    shop.passes(MINUTE)
    assert list(shop.alarms(EXPIRES)) == []
    shop.carrying.leaves()
    for _ in range(14):
        shop.passes(DAY)
    assert len(shop.alarms(EXPIRES)) == 1


def test_alarms_of_a_station_that_is_removed_end(shop: Workshop) -> None:
    shop.shows(shop.authority.leaf("SN-1", validity=YEAR).certificate)
    shop.sends_request(a_csr("SN-2"))
    shop.passes(340 * DAY)
    assert (len(shop.alarms(EXPIRES)), len(shop.alarms())) == (1, 1)
    shop.services.provisioning.remove("CP-1")
    shop.passes(20 * DAY)
    assert (list(shop.alarms(EXPIRES)), list(shop.alarms())) == ([], [])
