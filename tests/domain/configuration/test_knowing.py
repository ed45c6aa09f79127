"""What stations are set to, as far as they tell it (OCPP 1.6 §5.3, §5.8)."""

from __future__ import annotations

import pytest

from forecourt.domain.configuration.model import Setting
from tests.domain.configuration.site import HOUR, Site
from tests.domain.world import ALL
from tests.support.clock import NOON


@pytest.fixture
def site() -> Site:
    return Site()


# What a station tells


def test_a_complete_answer_replaces_what_was_known(site: Site) -> None:
    site.tells(A="1", B="2", C=None)
    site.world.clock.advance(HOUR)
    site.tells(B="3")

    assert site.names() == {"B"}
    assert site.setting("B") == Setting(name="B", value="3", learned_at=NOON + HOUR)
    assert site.configuration.snapshot(site.station).completed_at == NOON + HOUR


def test_an_answer_about_some_keys_changes_only_those(site: Site) -> None:
    site.tells(A="1", B="2")
    site.world.clock.advance(HOUR)
    site.tells("A", "X", A="5", unknown=("X",))

    assert site.names() == {"A", "B", "X"}
    assert (site.setting("A").value, site.setting("B").value) == ("5", "2")
    assert site.setting("X").is_unknown
    assert site.configuration.snapshot(site.station).completed_at == NOON


def test_an_answer_as_long_as_the_station_can_make_it_may_have_been_cut_off(site: Site) -> None:
    """GetConfigurationMaxKeys (OCPP 1.6 §9.1.9)."""
    site.tells(A="1", B="2", GetConfigurationMaxKeys="2")
    site.tells(A="1", GetConfigurationMaxKeys="2")

    assert site.names() == {"A", "B", "GetConfigurationMaxKeys"}


def test_an_answer_without_any_key_teaches_nothing(site: Site) -> None:
    site.tells(A="1")
    site.world.clock.advance(HOUR)
    site.tells()

    assert site.names() == {"A"}
    assert site.configuration.snapshot(site.station).completed_at == NOON


def test_names_are_compared_without_case(site: Site) -> None:
    """OCPP 1.6 §7.15."""
    site.tells(HeartBeatInterval="60")
    site.tells("heartbeatinterval", heartbeatinterval="70")

    assert site.names() == {"heartbeatinterval"}
    assert site.setting("HEARTBEATINTERVAL").value == "70"


def test_a_station_that_tells_a_key_twice_is_taken_at_its_last_word(site: Site) -> None:
    site.configuration.told(site.station, (), [("A", "1", False), ("a", "2", True)], ("", "b", "B"))

    assert site.setting("A").value == "2"
    assert site.names() == {"a", "B"}


def test_secrets_are_not_kept(site: Site) -> None:
    """Security whitepaper A01.FR.09."""
    site.tells(AuthorizationKey="30313233", VendorPassword="hunter2")
    site.configuration.changed(site.station, "authorizationkey", "3031", awaits_restart=True)

    for name in ("AuthorizationKey", "VendorPassword"):
        assert (site.setting(name).value, site.setting(name).coming) == (None, None)
    assert site.setting("AuthorizationKey").awaits_restart


# What a station answers to a change


def test_an_accepted_change_is_known_at_once(site: Site) -> None:
    site.tells(A="1", read_only=True)
    site.configuration.changed(site.station, "a", "2", awaits_restart=False)
    site.configuration.changed(site.station, "New", "3", awaits_restart=False)

    assert site.setting("A") == Setting(name="A", value="2", learned_at=NOON)
    assert site.setting("New").value == "3"


def test_a_change_that_awaits_a_restart_is_expected_from_the_next_boot_on_and_holds_when_it_is_told(
    site: Site,
) -> None:
    """A station may say that it boots without a restart, as when it is asked to (OCPP 1.6 §5.17)."""
    site.tells(A="1", B="1")
    site.desires(A="2")
    site.configuration.changed(site.station, "A", "2", awaits_restart=True)

    assert (site.setting("A").value, site.setting("A").coming, site.setting("A").effective) == ("1", "2", "2")
    site.boots()
    assert site.setting("A") == Setting(name="A", value="1", coming="2", learned_at=NOON)
    assert site.setting("A").effective == "2"
    assert site.setting("B").value == "1"
    assert (site.drifting(), site.configuration.drifts(ALL).items) == ([], [])
    site.tells("A", A="2")
    assert site.setting("A") == Setting(name="A", value="2", learned_at=NOON)


def test_a_change_that_did_not_come_with_the_restart_drifts_when_it_is_read(site: Site) -> None:
    site.tells(A="1")
    site.desires(A="2")
    site.configuration.changed(site.station, "A", "2", awaits_restart=True)
    site.boots()
    site.tells(A="1")

    assert site.setting("A") == Setting(name="A", value="1", learned_at=NOON)
    assert site.drifting() == ["A"]


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("asked", [("A",), ()])
def test_a_change_still_awaits_its_restart_when_the_present_value_is_told(
    site: Site, asked: tuple[str, ...], *, is_known: bool
) -> None:
    """OCPP 1.6 §5.3: it is stored, and holds after a restart."""
    if is_known:
        site.tells(A="1", B="1")
    site.configuration.changed(site.station, "a", "2", awaits_restart=True)
    site.world.clock.advance(HOUR)
    site.tells(*asked, A="1")

    wanted = Setting(name="A", value="1", awaits_restart=True, coming="2", learned_at=NOON + HOUR)
    assert site.setting("A") == wanted
    site.boots()
    assert site.setting("A").effective == "2"


@pytest.mark.parametrize("value", ["060", "45"])
def test_another_value_that_is_told_counts_more_than_a_change_that_awaits_a_restart(site: Site, value: str) -> None:
    """Some stations tell the coming value at once, and in their own way of writing."""
    site.tells(HeartbeatInterval="30")
    site.configuration.changed(site.station, "HeartbeatInterval", "60", awaits_restart=True)
    site.tells(HeartbeatInterval=value)

    assert site.setting("HeartbeatInterval") == Setting(name="HeartbeatInterval", value=value, learned_at=NOON)


def test_a_change_that_awaits_a_restart_outlives_a_complete_answer_without_its_key(site: Site) -> None:
    """A key that can only be written is never told; after the restart nothing is left to wait for."""
    site.configuration.changed(site.station, "AuthorizationKey", "3031", awaits_restart=True)
    site.tells(A="1")

    assert site.setting("AuthorizationKey").awaits_restart
    site.boots()
    assert not site.setting("AuthorizationKey").awaits_restart
    site.tells(A="1")
    assert site.names() == {"A"}


def test_a_station_that_says_that_it_has_no_such_key_awaits_nothing(site: Site) -> None:
    site.configuration.changed(site.station, "A", "2", awaits_restart=True)
    site.tells("A", unknown=("A",))

    assert site.setting("A") == Setting(name="A", is_unknown=True, learned_at=NOON)


def test_a_key_that_is_not_supported_is_unknown_to_the_station(site: Site) -> None:
    site.configuration.not_supported(site.station, "A")

    assert site.setting("A").is_unknown
