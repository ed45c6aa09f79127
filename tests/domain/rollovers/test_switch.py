"""What the switch touches: nobody is locked out, and no plan stops another one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.alarms.model import Level
from forecourt.domain.errors import Kind
from forecourt.domain.rollovers.model import LOOKED_AT_EVERY, SETTLED_AFTER, Step
from tests.domain.rollovers.town import DONE, INSTALLING, NEW, OLD, READY, SWITCHED, TLS, Town
from tests.domain.world import refused
from tests.support.authority import Authority, Validity
from tests.support.clock import NOON

LOOK = LOOKED_AT_EVERY.total_seconds()


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
    assert "of the kind RSA" in str(warning)
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
