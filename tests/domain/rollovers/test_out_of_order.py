"""Late answers, other devices, and certificates that went: what a plan must not make of them (M03, M04, M05)."""

from __future__ import annotations

import pytest

from forecourt.domain.errands.model import ErrandState
from forecourt.domain.rollovers.model import LOOKED_AT_EVERY, Step
from tests.domain.rollovers.town import DONE, NEW, OLD, Town
from tests.domain.roots.yard import CENTRAL, named

LOOK = LOOKED_AT_EVERY.total_seconds()


def test_a_root_that_was_taken_after_all_is_not_refused(town: Town) -> None:
    """The first answer came late, and the station does not take the same root twice."""
    shed = town.has("A")
    number = town.plans()
    town.settles()
    shed.carrying.sends()
    first = shed.carrying.sent
    shed.carrying.loses()
    town.settles()
    shed.works()  # it does not have the root yet, and says so
    town.settles()
    town.settles()
    shed.carrying.sends()
    second = shed.carrying.sent
    assert (town.step(number), second[1].action) == (Step.INSTALLING, first[1].action)
    shed.roots.append(NEW.certificate)
    shed.carrying.hears_late(first, status="Accepted")
    shed.carrying.goes_on_with(second)
    shed.carrying.hears(status="Rejected")
    town.works()
    assert (town.step(number), shed.sent[-1][0]) == (Step.READY, "GetInstalledCertificateIds")


def test_a_list_that_is_older_than_what_it_took_does_not_make_it_ready(town: Town) -> None:
    """It took the root, by a late answer that came between the question and the list; what it has is asked again."""
    shed = town.has("A")
    number = town.plans()
    town.settles()
    shed.carrying.sends()
    first = shed.carrying.sent
    shed.carrying.loses()
    town.settles()
    shed.carrying.sends()
    asked = shed.carrying.sent
    town.settles()
    shed.carrying.hears_late(first, status="Accepted")
    shed.carrying.goes_on_with(asked)
    shed.carrying.hears(status="Accepted", certificateHashData=[named(OLD.certificate)])
    town.settles(LOOK)
    assert town.step(number) is Step.READING, "the list says nothing of what it took"
    shed.roots.append(NEW.certificate)
    town.works()
    assert town.step(number) is Step.READY


@pytest.mark.parametrize("way", ["plan", "operator"])
def test_what_was_to_be_taken_from_one_device_is_not_taken_from_another(town: Town, way: str) -> None:
    """It may have nothing but the old root, and could never connect again."""
    shed = town.has("A")
    number = town.plans()
    town.works()
    town.switches(number)
    town.connects("A")
    if way == "plan":
        town.settles(LOOK)
        assert town.step(number) is Step.DELETING
    else:
        town.services.rollovers.cancel(number, "ada")
        order = town.order()
        town.services.roots.delete(town.get("A"), CENTRAL, order, fingerprint=OLD.certificate.fingerprint)
    shed.roots = [OLD.certificate]  # another one came
    town.services.admissions.replace_device(town.get("A"), "ada")
    shed.works()
    assert shed.roots == [OLD.certificate]
    assert [action for action, _ in shed.sent].count("DeleteCertificate") == 0


def test_another_device_is_not_given_twice_what_waited_for_the_one_before(town: Town) -> None:
    shed = town.has("A", is_online=False)
    number = town.plans()
    town.settles()
    waiting = town.steps(number)["A"].errand
    assert waiting is not None
    town.services.admissions.replace_device(town.get("A"), "ada")
    assert town.services.errands.get(waiting).state is ErrandState.CANCELLED
    shed.carrying.comes()
    town.works()
    assert [action for action, _ in shed.sent] == ["InstallCertificate", "GetInstalledCertificateIds"]
    assert town.step(number) is Step.READY


def test_an_old_root_that_is_in_no_store_any_more_goes_all_the_same(town: Town) -> None:
    """A station names it by hashes alone, and nobody but the plan knows whose they are."""
    shed = town.has("A")
    number = town.plans()
    town.services.trust.remove(OLD.certificate.fingerprint, asked_by="ada")
    town.works()
    assert town.services.roots.known(town.get("A"), CENTRAL).has_strangers
    town.switches(number)
    town.connects("A")
    town.works()
    assert (town.state(number), shed.roots) == (DONE, [NEW.certificate])
