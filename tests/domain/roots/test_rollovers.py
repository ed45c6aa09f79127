"""The replacement of a root at many stations: what happens when, and above all what does not (M05; M04)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.alarms.model import Level
from forecourt.domain.errors import Kind
from forecourt.domain.presence.model import LinkSecurity
from forecourt.domain.roots.rollover import (
    LOOKED_AT_EVERY,
    RETRY_AFTER,
    SETTLED_AFTER,
    STRAGGLES_AFTER,
    RolloverNumber,
    RolloverState,
    Step,
)
from tests.domain.roots.town import CANCELLED, CLEANING, CROSS, DONE, INSTALLING, NEW, OLD, READY, SWITCHED, Town
from tests.domain.roots.yard import CENTRAL
from tests.domain.world import refused
from tests.support.authority import Authority, Validity
from tests.support.clock import NOON


def test_from_the_first_station_to_the_last(town: Town) -> None:
    """Install, read, switch, come back, delete: in this order, and no station is ever without a root that it needs."""
    for identity in ("A", "B"):
        town.has(identity)
    number = town.plans()
    town.settles()
    assert [town.step(number, one) for one in ("A", "B")] == [Step.INSTALLING] * 2
    town.works()
    assert town.progress(number).ready == 2
    assert town.state(number) is READY
    assert town.presented() == ["former"], "the switch is the operator's"
    town.services.rollovers.switch(number, "ada")
    assert (town.state(number), town.presented()) == (SWITCHED, ["next"])
    town.settles(SETTLED_AFTER.total_seconds() - 1)
    assert town.state(number) is SWITCHED
    town.settles(1)
    assert town.state(number) is CLEANING
    town.works()
    assert [shed.roots for shed in town.sheds.values()] == [[OLD.certificate, NEW.certificate]] * 2
    town.connects("A")
    town.works()
    assert [town.step(number, one) for one in ("A", "B")] == [Step.DONE, Step.READY]
    assert town.sheds["A"].roots == [NEW.certificate]
    assert town.sheds["B"].roots == [OLD.certificate, NEW.certificate], "it was not seen with the new chain"
    assert "1 to come back" in (town.progress(number).rollover.reason or "")
    town.connects("B")
    town.works()
    assert (town.state(number), town.step(number, "B")) == (DONE, Step.DONE)
    assert town.progress(number).rollover.ended_at is not None
    assert not town.services.rollovers.is_due()


def test_a_station_off_line_holds_the_switch_back(town: Town) -> None:
    town.has("A")
    late = town.has("B", is_online=False)
    number = town.plans()
    town.works()
    assert (town.state(number), town.progress(number).ready) == (INSTALLING, 1)
    with refused(Kind.CONFLICT, field="despite", about="1 of 2 stations"):
        town.services.rollovers.switch(number, "ada")
    assert town.presented() == ["former"]
    late.carrying.comes()
    town.works()
    assert town.state(number) is READY


def test_the_operator_may_switch_despite_that(town: Town) -> None:
    town.has("A", is_online=False)
    number = town.plans()
    town.settles()
    town.services.rollovers.switch(number, "ada", despite=True)
    assert (town.state(number), town.presented()) == (SWITCHED, ["next"])
    town.settles(SETTLED_AFTER.total_seconds())
    town.connects("A", LinkSecurity(profile=SecurityProfile.TLS_BASIC))
    town.works()
    assert town.step(number) is Step.LEFT, "it is given the new root all the same"
    assert town.sheds["A"].roots == [OLD.certificate, NEW.certificate]


def test_stations_that_are_not_in_the_plan_hold_the_switch_back(town: Town) -> None:
    town.has("A")
    outsider = town.has("Z")
    town.has("Y", profile=1)
    number = town.plans("A", switch_percent=50)
    town.works()
    assert (town.state(number), town.presented()) == (READY, ["former"])
    assert "1 stations that use TLS are not in the plan" in (town.progress(number).rollover.reason or "")
    with refused(Kind.CONFLICT, field="despite", about="not in the plan"):
        town.services.rollovers.switch(number, "ada")
    outsider.roots.append(NEW.certificate)
    town.services.roots.installed(town.get("Z"), CENTRAL, NEW.pem)
    town.settles(LOOKED_AT_EVERY.total_seconds())
    assert town.presented() == ["next"]


@pytest.mark.parametrize(("percent", "state"), [(60, SWITCHED), (67, INSTALLING), (None, INSTALLING)])
def test_a_percentage_switches_by_itself(town: Town, percent: int | None, state: RolloverState) -> None:
    for identity in ("A", "B"):
        town.has(identity)
    town.has("C", is_online=False)
    number = town.plans(switch_percent=percent)
    town.works()
    assert town.state(number) is state
    assert town.presented() == (["next"] if state is SWITCHED else ["former"])


def test_a_chain_that_old_stations_can_check_too_may_be_presented_at_once(town: Town) -> None:
    """With the cross-signed root in the chain, whoever has either root can."""
    server = NEW.leaf("csms.example", dns=["csms.example"])
    town.services.trust.put_server_certificate(
        "next", chain_pem=server.chain_pem + CROSS.pem, key_pem=server.key_pem, is_enabled=False, asked_by="ada"
    )
    town.has("A", is_online=False)
    town.has("Z")
    number = town.plans("A")
    town.services.rollovers.switch(number, "ada")
    assert town.state(number) is SWITCHED


def test_without_named_certificates_it_follows_what_is_presented(town: Town) -> None:
    """Whoever gives the listeners what leads to the new root: an operator, or an authority that renews by itself."""
    town.has("A")
    number = town.plans(server_certificates=())
    town.works()
    assert town.state(number) is READY
    with refused(Kind.CONFLICT, about="names no server certificates"):
        town.services.rollovers.switch(number, "ada")
    town.services.trust.enable_server_certificate("next", is_enabled=True, asked_by="ada")
    town.settles(LOOKED_AT_EVERY.total_seconds())
    assert town.state(number) is READY, "the former chain is presented as well"
    town.services.trust.enable_server_certificate("former", is_enabled=False, asked_by="ada")
    town.settles(LOOKED_AT_EVERY.total_seconds())
    assert town.state(number) is SWITCHED


# Stations of all kinds


def test_a_station_that_checks_gets_the_cross_signed_form_and_is_left_to_itself(town: Town) -> None:
    """M05.FR.09, 11, 12."""
    town.trusts(CROSS)
    shed = town.checks("A")
    number = town.plans()
    town.works()
    assert (town.step(number), shed.roots) == (Step.READY, [OLD.certificate, CROSS])
    town.services.rollovers.switch(number, "ada")
    town.settles(SETTLED_AFTER.total_seconds())
    town.connects("A")
    town.works()
    assert (town.step(number), town.state(number)) == (Step.DONE, DONE)
    assert "by itself" in (town.steps(number)["A"].reason or "")
    assert [action for action, _ in shed.sent].count("DeleteCertificate") == 0


def test_a_station_that_checks_without_a_word_gets_the_other_form_once_it_rejects(town: Town) -> None:
    """M05.FR.10: the setting is optional, and may be unknown."""
    town.trusts(CROSS)
    shed = town.has("A")
    shed.checks_signature = True
    number = town.plans()
    town.works()
    assert (town.step(number), shed.roots) == (Step.READY, [OLD.certificate, CROSS])


def test_a_station_that_rejects_every_form_needs_a_person(town: Town) -> None:
    shed = town.has("A")
    shed.checks_signature = True
    number = town.plans()
    town.works()
    step = town.steps(number)["A"]
    assert step.step is Step.FAILED
    assert "The station answered Rejected." in (step.reason or "")
    [alarm] = town.alarms()
    assert (alarm.level, "'A'" in alarm.sentence) == (Level.WARNING, True)
    shed.checks_signature = False
    town.services.rollovers.retry(number, "ada")
    town.works()
    assert town.step(number) is Step.READY
    assert town.alarms() == []


def test_a_station_that_says_accepted_and_has_nothing_is_not_ready(town: Town) -> None:
    shed = town.has("A")
    shed.forgets = True
    number = town.plans()
    for _ in range(3):
        town.works()
        town.settles(RETRY_AFTER.total_seconds())
    step = town.steps(number)["A"]
    assert (step.step, "does not report it" in (step.reason or "")) == (Step.FAILED, True)


def test_a_lost_answer_is_asked_after(town: Town) -> None:
    """Nobody knows whether the station took the root: it is asked what it has."""
    shed = town.has("A")
    number = town.plans()
    town.settles()
    shed.carrying.sends()
    shed.roots.append(NEW.certificate)
    shed.carrying.loses()
    town.works()
    assert town.step(number) is Step.READY
    assert [action for action, _ in shed.sent] == ["GetInstalledCertificateIds"]


def test_an_error_is_tried_again_and_then_told(town: Town) -> None:
    shed = town.has("A")
    number = town.plans()
    for _ in range(3):
        town.settles()
        shed.carrying.sends()
        shed.carrying.fails("InternalError")
        town.settles(3)
        town.settles(RETRY_AFTER.total_seconds())
    step = town.steps(number)["A"]
    assert (step.step, "InternalError" in (step.reason or "")) == (Step.FAILED, True)


def test_a_station_that_cannot_tell_its_roots_counts_by_what_it_took(town: Town) -> None:
    shed = town.has("A")
    number = town.plans()
    town.settles()
    shed.carrying.does(status="Accepted")
    town.settles()
    shed.carrying.sends()
    shed.carrying.fails("NotImplemented")
    town.settles()
    step = town.steps(number)["A"]
    assert (step.step, "cannot tell" in (step.reason or "")) == (Step.READY, True)


def test_a_station_that_has_the_new_root_is_only_asked(town: Town) -> None:
    shed = town.has("A", OLD.certificate, NEW.certificate)
    town.services.roots.installed(town.get("A"), CENTRAL, NEW.pem)
    number = town.plans()
    town.works()
    assert town.step(number) is Step.READY
    assert [action for action, _ in shed.sent] == ["GetInstalledCertificateIds"]


def test_a_root_in_use_stays_and_is_told_of(town: Town) -> None:
    """M04.FR.06."""
    shed = town.has("A")
    shed.in_use = OLD.certificate
    number = town.plans()
    town.works()
    town.services.rollovers.switch(number, "ada")
    town.settles(SETTLED_AFTER.total_seconds())
    town.connects("A")
    town.works()
    step = town.steps(number)["A"]
    assert (step.step, "M04.FR.06" in (step.reason or "")) == (Step.FAILED, True)
    assert (town.state(number), shed.roots) == (CLEANING, [OLD.certificate, NEW.certificate])


def test_what_does_not_come_with_our_tls_keeps_both(town: Town) -> None:
    """Behind a proxy that ends TLS, this system does not know what the station checked."""
    town.has("A")
    number = town.plans()
    town.works()
    town.services.rollovers.switch(number, "ada")
    town.settles(SETTLED_AFTER.total_seconds())
    town.connects("A", LinkSecurity(profile=SecurityProfile.TLS_BASIC, is_tls=True, via_proxy="192.0.2.9"))
    town.works()
    assert (town.step(number), town.state(number)) == (Step.LEFT, DONE)
    assert town.sheds["A"].roots == [OLD.certificate, NEW.certificate]


def test_old_roots_stay_where_that_is_wanted(town: Town) -> None:
    town.has("A")
    number = town.plans(deletes_old=False)
    town.works()
    town.services.rollovers.switch(number, "ada")
    town.settles(SETTLED_AFTER.total_seconds())
    town.connects("A")
    town.works()
    assert (town.step(number), town.sheds["A"].roots) == (Step.LEFT, [OLD.certificate, NEW.certificate])


# Operators


def test_a_paused_plan_stands_still(town: Town) -> None:
    town.has("A")
    number = town.plans()
    town.services.rollovers.pause(number, "ada")
    town.works()
    assert town.step(number) is Step.PENDING
    assert not town.services.rollovers.is_due()
    with refused(Kind.CONFLICT, about="paused"):
        town.services.rollovers.switch(number, "ada", despite=True)
    town.services.rollovers.resume(number, "ada")
    town.works()
    assert town.step(number) is Step.READY


def test_a_cancelled_plan_takes_back_what_waits(town: Town) -> None:
    shed = town.has("A", is_online=False)
    number = town.plans()
    town.settles()
    assert town.step(number) is Step.INSTALLING
    town.services.rollovers.cancel(number, "ada")
    town.settles()
    assert (town.state(number), town.step(number)) == (CANCELLED, Step.LEFT)
    shed.carrying.comes()
    assert shed.carrying.is_idle()
    assert not town.services.rollovers.is_due()
    for change in ("pause", "resume", "retry", "cancel"):
        with refused(Kind.CONFLICT, about="has ended"):
            getattr(town.services.rollovers, change)(number, "ada")


def test_a_cancelled_errand_needs_a_person(town: Town) -> None:
    town.has("A", is_online=False)
    number = town.plans()
    town.settles()
    errand = town.steps(number)["A"].errand
    assert errand is not None
    town.services.errands.cancel(errand)
    town.settles()
    assert town.step(number) is Step.FAILED


def test_stations_off_the_register_are_not_waited_for(town: Town) -> None:
    town.has("A")
    town.has("B", is_online=False)
    number = town.plans()
    town.works()
    town.services.provisioning.remove("B")
    town.settles(LOOKED_AT_EVERY.total_seconds())
    assert (town.state(number), town.progress(number).total) == (READY, 1)


@pytest.mark.parametrize(
    ("fields", "field", "kind"),
    [
        ({"new_root": "ab"}, "newRoot", Kind.NOT_FOUND),
        ({"old_root": "ab"}, "oldRoot", Kind.NOT_FOUND),
        ({"new_root": OLD.certificate.fingerprint}, "newRoot", Kind.INVALID),
        ({"switch_percent": 0}, "switchPercent", Kind.INVALID),
        ({"switch_percent": 101}, "switchPercent", Kind.INVALID),
        ({"switch_percent": 50, "server_certificates": ()}, "serverCertificates", Kind.INVALID),
        ({"server_certificates": ("former",)}, "serverCertificates", Kind.CONFLICT),
        ({"server_certificates": ("none",)}, None, Kind.NOT_FOUND),
        ({"server_certificates": tuple(map(str, range(11)))}, "serverCertificates", Kind.INVALID),
    ],
)
def test_what_cannot_be_a_plan_is_refused(town: Town, fields: dict[str, object], field: str, kind: Kind) -> None:
    town.has("A")
    with refused(kind, field=field):
        town.plans(**fields)


def test_an_expired_root_replaces_nothing(town: Town) -> None:
    short = Authority.root("Short", now=NOON, validity=Validity(timedelta(days=-1), timedelta(days=1)))
    town.trusts(short.certificate)
    town.clock.advance(timedelta(days=2))
    with refused(Kind.CONFLICT, field="newRoot", about="not now"):
        town.plans(new_root=short.certificate.fingerprint)


def test_one_root_is_replaced_once_at_a_time(town: Town) -> None:
    town.has("A")
    number = town.plans()
    with refused(Kind.CONFLICT, field="oldRoot", about=f"plan {number}"):
        town.plans()
    town.services.rollovers.cancel(number, "ada")
    town.plans()


def test_a_plan_without_stations_does_not_begin(town: Town) -> None:
    with refused(Kind.CONFLICT, about="no stations"):
        town.plans()
    town.has("A")
    town.services.rollovers.cancel(RolloverNumber(1), "ada")
    number = town.plans()
    with refused(Kind.CONFLICT, about="has begun"):
        town.services.rollovers.begin(number)
    with refused(Kind.CONFLICT, about="has begun"):
        town.services.rollovers.add_stations(number, ["A"])
    with refused(Kind.NOT_FOUND):
        town.services.rollovers.get(RolloverNumber(99))


# Alarms


def test_stragglers_are_told_of(town: Town) -> None:
    town.has("A")
    town.has("B", is_online=False)
    number = town.plans()
    town.works()
    assert town.alarms() == []
    town.settles(STRAGGLES_AFTER.total_seconds())
    town.works()
    [alarm] = town.alarms()
    assert (alarm.level, alarm.subject) == (Level.WARNING, str(number))
    assert "It waits for 'B'." in alarm.sentence
    town.sheds["B"].carrying.comes()
    town.works()
    town.settles(LOOKED_AT_EVERY.total_seconds())
    assert town.alarms() == []


def test_an_old_root_that_ends_soon_is_urgent(town: Town) -> None:
    short = Authority.root("Short", now=NOON, validity=Validity(timedelta(days=-1), timedelta(days=20)))
    town.trusts(short.certificate)
    town.has("A", is_online=False)
    town.plans(old_root=short.certificate.fingerprint)
    town.settles()
    [alarm] = town.alarms()
    assert (alarm.level, "expires on" in alarm.sentence) == (Level.CRITICAL, True)
