"""What operators say to a plan, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.domain.errors import Kind
from forecourt.domain.rollovers.model import LOOKED_AT_EVERY, RolloverNumber, Step
from tests.domain.rollovers.town import CANCELLED, OLD, READY, Town
from tests.domain.world import refused
from tests.support.authority import Authority, Validity
from tests.support.clock import NOON


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
