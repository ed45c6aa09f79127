"""The replacement of a root at many stations: what happens when, and above all what does not (M05; M04)."""

from __future__ import annotations

import pytest

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.errors import Kind
from forecourt.domain.presence.model import LinkSecurity
from forecourt.domain.rollovers.model import LOOKED_AT_EVERY, SETTLED_AFTER, RolloverState, Step
from tests.domain.rollovers.town import CLEANING, CROSS, DONE, INSTALLING, NEW, OLD, READY, SWITCHED, Town
from tests.domain.roots.yard import CENTRAL
from tests.domain.world import refused


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
