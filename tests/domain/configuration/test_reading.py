"""How the configuration of stations is read, when somebody asks and by itself (OCPP 1.6 §5.8)."""

from __future__ import annotations

import pytest

from forecourt.dialects.v16.messages.get_configuration import GetConfigurationRequest
from forecourt.domain.configuration.model import Setting
from forecourt.domain.errands.intents import ChangeSetting
from forecourt.domain.errands.model import (
    BatchNumber,
    Delivery,
    Draft,
    ErrandState,
    Order,
    Priority,
)
from forecourt.domain.errors import Kind
from forecourt.domain.provisioning.model import Registration, Station
from tests.domain.configuration.site import FACTS, HOUR, OPERATOR, Site
from tests.domain.world import refused
from tests.support.clock import NOON


@pytest.fixture
def site() -> Site:
    return Site()


def _get(*names: str) -> GetConfigurationRequest:
    return GetConfigurationRequest(key=list(names))


# Reading


def test_all_keys_are_asked_for_in_one_message(site: Site) -> None:
    site.tells(GetConfigurationMaxKeys="1")
    errand = site.configuration.refresh(site.station, (), OPERATOR)

    assert (errand.operation, errand.state) == ("RefreshConfiguration", ErrandState.QUEUED)
    assert site.carrying.sends().words == _get()
    assert len(site.errands()) == 1


def test_names_that_do_not_fit_in_one_message_follow_in_others(site: Site) -> None:
    """GetConfigurationMaxKeys (OCPP 1.6 §5.8)."""
    site.tells(GetConfigurationMaxKeys="2")
    batch = site.services.errands.add_batch("RefreshConfiguration", "tester", 1)
    order = Order(asked_by="tester", batch=batch, priority=Priority.HIGH)
    first = site.configuration.refresh(site.station, ["a", "b", "c", "A", "d", "e"], order)

    errands = site.errands()
    assert first == errands[0]
    assert [(one.asked_by, one.priority) for one in errands] == [("tester", Priority.HIGH)] * 3
    assert [one.delivery for one in errands] == [Delivery.NOW, Delivery.WHEN_ONLINE, Delivery.WHEN_ONLINE]
    assert [one.batch for one in errands] == [BatchNumber(1), None, None]
    assert [site.carrying.does().words for _ in errands] == [_get("a", "b"), _get("c", "d"), _get("e")]


def test_as_long_as_the_limit_is_not_known_one_message_asks_for_all_names(site: Site) -> None:
    site.configuration.refresh(site.station, [f"key{number}" for number in range(100)], OPERATOR)

    assert len(site.errands()) == 1


def test_names_are_sent_in_the_spelling_of_the_station_or_the_standard(site: Site) -> None:
    site.tells(HeartBeatInterval="1")
    site.configuration.refresh(site.station, ["heartbeatinterval", "cponame", "vendorkey"], OPERATOR)

    assert site.carrying.sends().words == _get("HeartBeatInterval", "CpoName", "vendorkey")


def test_nothing_more_is_asked_of_a_station_that_is_off_line(site: Site) -> None:
    site.tells(GetConfigurationMaxKeys="1")
    site.carrying.leaves()
    first = site.configuration.refresh(site.station, ["a", "b"], OPERATOR)

    assert first.state is ErrandState.FAILED
    assert len(site.errands()) == 1


@pytest.mark.parametrize("name", ["", "x" * 51, "nul\0"])
def test_a_name_that_no_key_can_have_is_refused(site: Site, name: str) -> None:
    with refused(Kind.INVALID, field="key"):
        site.configuration.refresh(site.station, [name], OPERATOR)


# Reading by policy


def test_the_configuration_of_a_station_is_read_when_it_boots_and_is_not_known() -> None:
    site = Site(refresh_after=24 * HOUR)
    site.boots()

    [errand] = site.errands()
    assert (errand.operation, errand.asked_by) == ("RefreshConfiguration", "system")
    assert (errand.delivery, errand.priority) == (Delivery.WHEN_ONLINE, Priority.LOW)
    assert site.carrying.does(configurationKey=[{"key": "A", "readonly": False}]).words == _get()
    assert site.names() == {"A"}


def test_it_is_not_asked_for_again_while_it_is_on_its_way() -> None:
    site = Site(refresh_after=24 * HOUR)
    site.boots()
    site.boots()
    site.carrying.sends()
    site.boots()

    assert len(site.errands()) == 1


def test_it_is_read_again_when_it_has_become_old() -> None:
    site = Site(refresh_after=24 * HOUR)
    site.tells(A="1")
    site.world.clock.advance(23 * HOUR)
    site.boots()
    assert site.errands() == []
    site.world.clock.advance(HOUR)
    site.boots()
    assert len(site.errands()) == 1


def test_it_is_read_again_after_the_restart_that_a_change_awaited() -> None:
    site = Site(refresh_after=24 * HOUR)
    site.tells(A="1")
    site.configuration.changed(site.station, "A", "2", awaits_restart=True)
    site.boots()

    assert len(site.errands()) == 1
    site.services.errands.cancel(site.errands()[0].number)
    site.boots()
    assert len(site.errands()) == 2  # what was not confirmed is asked for again
    site.carrying.does(configurationKey=[{"key": "A", "readonly": False, "value": "1"}])
    assert site.setting("A") == Setting(name="A", value="1", learned_at=NOON)
    site.boots()
    assert len(site.errands()) == 2


def test_it_is_never_read_by_policy_in_a_quiet_system(site: Site) -> None:
    site.boots()

    assert site.errands() == []


@pytest.mark.parametrize("registration", [Registration.PENDING, Registration.REJECTED])
def test_only_accepted_stations_are_asked(registration: Registration) -> None:
    site = Site(refresh_after=HOUR)
    station: Station = site.world.a_station("CP-2", registration=registration)
    site.services.provisioning.boot(station, FACTS)

    assert site.errands() == []


def test_a_secret_that_was_sent_is_nowhere(site: Site) -> None:
    draft = Draft(operation="ApplyConfiguration", intent=ChangeSetting("WifiPassword", "hunter2"), shown=None)
    errand = site.services.errands.ask(site.station, draft, OPERATOR)
    site.carrying.does(status="Accepted")

    assert "hunter2" not in str(site.services.errands.get(errand.number))
    assert site.setting("WifiPassword").value is None
