"""What a plan does with a station that checks, refuses, forgets, fails or cannot tell (M05; M04)."""

from __future__ import annotations

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.alarms.model import Level
from forecourt.domain.presence.model import LinkSecurity
from forecourt.domain.rollovers.model import RETRY_AFTER, SETTLED_AFTER, Step
from tests.domain.rollovers.town import CLEANING, CROSS, DONE, NEW, OLD, Town
from tests.domain.roots.yard import CENTRAL
from tests.support.authority import Authority
from tests.support.clock import NOON


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


def test_a_station_that_gives_its_root_up_by_itself_is_asked_at_the_end(town: Town) -> None:
    """M05.FR.12."""
    town.trusts(CROSS)
    shed = town.checks("A")
    number = town.plans()
    town.works()
    town.switches(number)
    town.connects("A")
    shed.roots = [CROSS]
    town.works()
    assert (town.step(number), shed.sent[-1][0]) == (Step.DONE, "GetInstalledCertificateIds")
    assert town.services.roots.known(town.get("A"), CENTRAL).certificates == [CROSS]


def test_a_bad_form_of_what_was_tried_is_not_sent_twice(town: Town) -> None:
    """With every form refused, it is a person who sees to it."""
    town.trusts(CROSS)
    shed = town.checks("A")
    shed.signers = []
    shed.roots = [Authority.root("Maker's own", now=NOON).certificate]
    number = town.plans()
    for _ in range(3):
        town.works()
        town.settles(RETRY_AFTER.total_seconds())
    sent = [words.certificate for action, words in shed.sent if action == "InstallCertificate"]
    assert (town.step(number), len(sent), len(set(sent))) == (Step.FAILED, 2, 2)
