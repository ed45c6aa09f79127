"""What must not happen while a root is replaced: nobody is locked out, and no plan stops another one (M04, M05)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.alarms.model import Level
from forecourt.domain.errors import Kind
from forecourt.domain.provisioning.model import BootFacts
from forecourt.domain.roots.rollover import (
    FRESH_FOR,
    LOOKED_AT_EVERY,
    RETRY_AFTER,
    SETTLED_AFTER,
    STRAGGLES_AFTER,
    Step,
    Wanted,
)
from tests.domain.roots.town import CLEANING, CROSS, DONE, INSTALLING, NEW, OLD, READY, SWITCHED, TLS, Town
from tests.domain.roots.yard import CENTRAL
from tests.domain.world import refused
from tests.support.authority import Authority, Validity
from tests.support.clock import NOON

BOTH = [OLD.certificate, NEW.certificate]
LOOK = LOOKED_AT_EVERY.total_seconds()
DAY = timedelta(days=1).total_seconds()
SHORT = Validity(timedelta(days=-1), timedelta(days=20))


# Whether a station has the new root


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


# When the old root goes


def test_a_deletion_that_waits_is_taken_back_once_the_former_chain_is_presented(town: Town) -> None:
    shed = town.has("A")
    number = town.plans()
    town.works()
    town.switches(number)
    town.connects("A")
    town.settles(LOOK)
    assert town.step(number) is Step.DELETING
    town.presents(former=True, next=False)
    town.settles(3)
    town.works()
    assert (town.step(number), town.state(number), shed.roots) == (Step.READY, SWITCHED, BOTH)


def test_a_deletion_does_not_wait_for_a_station_that_went(town: Town) -> None:
    shed = town.has("A")
    number = town.plans()
    town.works()
    town.switches(number)
    town.connects("A")
    shed.carrying.leaves()
    town.settles(LOOK)
    assert town.step(number) is Step.READY, "it is off line again"
    shed.carrying.comes()
    town.connects("A")
    town.works()
    assert (town.step(number), shed.roots) == (Step.DONE, [NEW.certificate])


def test_what_connected_while_the_former_chain_was_presented_was_not_seen(town: Town) -> None:
    """However short that was: the old root stays until the station comes back over the new chain."""
    shed = town.has("A")
    number = town.plans()
    town.works()
    town.switches(number)
    town.presents(former=True, next=False)
    town.connects("A")
    town.presents(next=True, former=False)
    town.settles(LOOK)
    assert town.state(number) is SWITCHED
    for _ in range(4):
        town.settles(LOOK)
        town.works()
    assert (town.state(number), town.step(number), shed.roots) == (CLEANING, Step.READY, BOTH)
    town.connects("A")
    town.works()
    assert (town.state(number), shed.roots) == (DONE, [NEW.certificate])


def test_nothing_is_deleted_while_the_former_chain_is_presented_too(town: Town) -> None:
    shed = town.has("A")
    number = town.plans()
    town.works()
    town.switches(number)
    town.presents(former=True)
    town.connects("A")
    for _ in range(4):
        town.settles(LOOK)
        town.works()
    progress = town.progress(number)
    assert (town.state(number), progress.rollover.switched_at, shed.roots) == (SWITCHED, None, BOTH)
    assert "nothing is deleted" in (progress.rollover.reason or "")


# What the switch touches


def test_what_has_nothing_to_do_with_the_old_root_stays(town: Town) -> None:
    other = Authority.root("Other Root", now=NOON)
    town.trusts(other.certificate)
    town.serves(other, "other-site")
    town.has("A")
    town.has("Z", other.certificate)
    town.tells("Z", other.certificate)
    number = town.plans("A")
    town.works()
    town.services.rollovers.switch(number, "ada")
    assert town.presented() == ["next", "other-site"]
    town.settles(SETTLED_AFTER.total_seconds())
    town.connects("A")
    town.works()
    assert town.state(number) is DONE


def test_without_named_certificates_other_chains_do_not_hold_it_back(town: Town) -> None:
    other = Authority.root("Other Root", now=NOON)
    town.serves(other, "other-site")
    town.has("A")
    number = town.plans("A", server_certificates=())
    town.works()
    town.presents(next=True, former=False)
    town.settles(LOOK)
    assert town.state(number) is SWITCHED


def test_a_kind_of_key_that_would_be_dropped_holds_the_switch_back(town: Town) -> None:
    """A00.FR.317: a station may know the suites of that kind alone."""
    rsa = OLD.leaf("csms.example", dns=["csms.example"], key="RSA 2048")
    town.services.trust.put_server_certificate(
        "former-rsa", chain_pem=rsa.chain_pem, key_pem=rsa.key_pem, is_enabled=True, asked_by="ada"
    )
    town.has("A")
    number = town.plans(switch_percent=100)
    [warning] = town.progress(number).warnings
    assert "of the kind RSA" in warning
    town.works()
    assert (town.state(number), town.presented()) == (READY, ["former", "former-rsa"])
    with refused(Kind.CONFLICT, field="despite", about="of the kind RSA"):
        town.services.rollovers.switch(number, "ada")


def test_a_station_of_profile_1_that_uses_tls_holds_the_switch_back(town: Town) -> None:
    town.has("A")
    town.has("Y", profile=1)
    town.connects("Y", TLS)
    number = town.plans("A")
    town.works()
    with refused(Kind.CONFLICT, field="despite", about="1 stations that use TLS"):
        town.services.rollovers.switch(number, "ada")


def test_a_plan_whose_stations_are_all_gone_does_not_switch(town: Town) -> None:
    town.has("A", is_online=False)
    number = town.plans(switch_percent=100)
    town.settles()
    town.services.provisioning.remove("A")
    town.works()
    assert (town.state(number), town.presented()) == (INSTALLING, ["former"])
    assert "cancel it" in (town.progress(number).rollover.reason or "")


# Plans beside one another


@pytest.mark.parametrize("way", ["expired", "removed"])
def test_a_plan_that_cannot_go_on_says_so_and_stops_no_other_one(town: Town, way: str) -> None:
    former, coming = Authority.root("Old Two", now=NOON), Authority.root("New Two", now=NOON)
    town.trusts(former.certificate, coming.certificate)
    if way == "expired":
        short = NEW.leaf("csms.example", dns=["csms.example"], validity=Validity(timedelta(days=-1), timedelta(days=2)))
        town.services.trust.put_server_certificate(
            "next", chain_pem=short.chain_pem, key_pem=short.key_pem, is_enabled=False, asked_by="ada"
        )
    town.has("A")
    town.has("C", former.certificate)
    first = town.plans("A", switch_percent=100)
    second = town.plans(
        "C",
        old_root=former.certificate.fingerprint,
        new_root=coming.certificate.fingerprint,
        server_certificates=(),
    )
    if way == "removed":
        town.services.trust.remove_server_certificate("next", asked_by="ada")
    else:
        town.clock.advance(timedelta(days=3))
    for _ in range(4):
        town.works()
    assert (town.step(second, "C"), town.state(second)) == (Step.READY, READY)
    assert "'next'" in (town.progress(first).rollover.reason or "")
    assert town.presented() == ["former"]
    [alarm] = town.alarms()
    assert (alarm.subject, alarm.level, "'next'" in alarm.sentence) == (str(first), Level.WARNING, True)


def test_a_plan_is_cancelled_for_good_though_a_station_was_removed(town: Town) -> None:
    town.has("A")
    town.has("B", is_online=False)
    number = town.plans()
    town.settles()
    town.services.provisioning.remove("B")
    town.services.rollovers.cancel(number, "ada")
    town.settles()
    assert not town.services.rollovers.is_due()


# Stragglers and alarms


def test_a_station_that_is_left_holds_nothing_back(town: Town) -> None:
    town.has("A")
    late = town.has("B", is_online=False)
    number = town.plans()
    town.works()
    step = town.services.rollovers.leave(number, "B", "ada")
    assert (step.step, "ada" in (step.reason or "")) == (Step.LEFT, True)
    town.works()
    assert (town.state(number), town.progress(number).ready) == (READY, 1)
    late.carrying.comes()
    assert late.carrying.is_idle(), "what waited for it was taken back"
    with refused(Kind.CONFLICT, about="nothing waits for it"):
        town.services.rollovers.leave(number, "B", "ada")
    assert town.services.rollovers.retry_station(number, "B", "ada").step is Step.PENDING
    town.works()
    assert town.progress(number).ready == 2
    with refused(Kind.CONFLICT, about="failed or was left"):
        town.services.rollovers.retry_station(number, "B", "ada")
    with refused(Kind.NOT_FOUND, about="not in the plan"):
        town.services.rollovers.leave(number, "Q", "ada")


@pytest.mark.parametrize("state", ["paused", "preparing"])
def test_a_plan_that_stands_still_is_told_of_too(town: Town, state: str) -> None:
    short = Authority.root("Short", now=NOON, validity=SHORT)
    town.trusts(short.certificate)
    town.has("A", is_online=False)
    old, new = short.certificate.fingerprint, NEW.certificate.fingerprint
    rollovers = town.services.rollovers
    if state == "paused":
        rollovers.pause(town.plans(old_root=old), "ada")
    else:
        rollovers.add_stations(rollovers.plan(Wanted(old_root=old, new_root=new), "ada").number, ["A"])
    town.settles(DAY)
    [alarm] = town.alarms()
    assert (alarm.level, "expires on" in alarm.sentence) == (Level.CRITICAL, True)


def test_a_paused_plan_that_is_forgotten_is_told_of(town: Town) -> None:
    town.has("A", is_online=False)
    town.services.rollovers.pause(town.plans(), "ada")
    town.settles(STRAGGLES_AFTER.total_seconds())
    [alarm] = town.alarms()
    assert "and paused for a week" in alarm.sentence


def test_listeners_that_lock_stations_out_are_urgent(town: Town) -> None:
    """Whoever switched them, such as an authority that renews by itself."""
    late = town.has("A", is_online=False)
    number = town.plans(server_certificates=())
    town.settles()
    town.serves(NEW, "former")
    town.settles(LOOK)
    town.settles(LOOK)
    [alarm] = town.alarms()
    assert (town.state(number), alarm.level, "'A'" in alarm.sentence) == (SWITCHED, Level.CRITICAL, True)
    late.carrying.comes()
    town.works()
    assert town.alarms() == []


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
