"""Whether a station has the new root, before anything is switched (M03, M05)."""

from __future__ import annotations

import pytest

from forecourt.domain.errors import Kind
from forecourt.domain.provisioning.model import BootFacts
from forecourt.domain.rollovers.model import FRESH_FOR, LOOKED_AT_EVERY, Step
from tests.domain.rollovers.town import CROSS, NEW, OLD, Town
from tests.domain.roots.yard import CENTRAL
from tests.domain.world import refused
from tests.support.authority import Authority
from tests.support.clock import NOON

BOTH = [OLD.certificate, NEW.certificate]
LOOK = LOOKED_AT_EVERY.total_seconds()


def test_a_station_that_reports_that_it_lost_the_new_root_gets_it_again(town: Town) -> None:
    shed = town.has("A")
    number = town.plans()
    town.works()
    shed.roots = [OLD.certificate]
    town.tells("A", OLD.certificate)
    with refused(Kind.CONFLICT, field="despite", about="1 of 1 stations"):
        town.services.rollovers.switch(number, "ada")
    town.works()
    assert (town.step(number), shed.roots) == (Step.READY, BOTH)


@pytest.mark.parametrize("way", ["replaced", "removed"])
def test_another_device_begins_anew(town: Town, way: str) -> None:
    """Under the same identity; what the device before it had says nothing of it."""
    town.has("A")
    number = town.plans(switch_percent=100, server_certificates=("next",))
    town.services.rollovers.pause(number, "ada")
    town.services.rollovers.resume(number, "ada")
    town.settles()
    town.sheds["A"].works()
    town.settles(3)
    assert len(town.services.roots.known(town.get("A"), CENTRAL).certificates) == 1
    if way == "replaced":
        town.services.admissions.replace_device(town.get("A"), "ada")
        town.sheds["A"].roots = [OLD.certificate]
    else:
        town.services.provisioning.remove("A")
        town.has("A")
    assert town.services.roots.known(town.get("A"), CENTRAL).certificates == []
    assert town.services.trust.held(town.get("A")) == []
    assert (town.step(number), town.progress(number).ready) == (Step.PENDING, 0)
    town.works()
    assert town.sheds["A"].roots == BOTH


def test_before_the_switch_a_station_that_started_anew_is_asked_again(town: Town) -> None:
    shed = town.has("A")
    number = town.plans()
    town.works()
    shed.roots = [OLD.certificate]  # set back by somebody
    town.services.provisioning.boot(town.get("A"), BootFacts(vendor="v", model="m"))
    town.settles(LOOK)
    assert town.step(number) is Step.READING
    town.works()
    assert (town.step(number), shed.roots) == (Step.READY, BOTH)


def test_before_the_switch_what_was_told_a_day_ago_is_asked_again(town: Town) -> None:
    shed = town.has("A")
    number = town.plans()
    town.works()
    asked = len(shed.sent)
    town.settles(FRESH_FOR.total_seconds())
    town.works()
    assert (town.step(number), len(shed.sent)) == (Step.READY, asked + 1)


def test_a_root_of_a_report_counts_once_its_certificate_is_known(town: Town) -> None:
    third = Authority.root("Third", now=NOON)
    town.has("Z")
    town.tells("Z", third.certificate)
    town.has("A")
    town.trusts(third.certificate)
    town.serves(third, "third", is_enabled=False)
    number = town.plans("A", new_root=third.certificate.fingerprint, server_certificates=("third",))
    town.works()
    town.services.rollovers.switch(number, "ada")
    assert town.presented() == ["third"]


def test_a_form_that_is_imported_later_is_used(town: Town) -> None:
    """M05.FR.09."""
    shed = town.checks("A")
    town.tells("A", OLD.certificate)
    number = town.plans()
    town.works()
    assert town.step(number) is Step.FAILED
    town.trusts(CROSS)
    town.services.rollovers.retry(number, "ada")
    town.works()
    assert (town.step(number), shed.roots) == (Step.READY, [OLD.certificate, CROSS])


def test_a_setting_that_is_learned_meanwhile_does_not_hide_which_form_was_refused(town: Town) -> None:
    town.trusts(CROSS)
    shed = town.has("A")
    shed.checks_signature = True
    number = town.plans()
    town.settles()
    shed.carrying.sends()
    town.knows(town.get("A"), AdditionalRootCertificateCheck="true")
    town.tells("A", OLD.certificate)
    shed.carrying.hears(status="Rejected")
    town.works()
    assert (town.step(number), shed.roots) == (Step.READY, [OLD.certificate, CROSS])
