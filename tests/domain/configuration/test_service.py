"""What stations are set to, what they should be set to, and how that is read and sent (OCPP 1.6 §5.3, §5.8)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.dialects.v16.messages.get_configuration import GetConfigurationRequest
from forecourt.domain.configuration.model import Drift, Setting
from forecourt.domain.configuration.service import Configuration
from forecourt.domain.errands.intents import ChangeSetting
from forecourt.domain.errands.model import (
    BatchNumber,
    Delivery,
    Draft,
    Errand,
    ErrandFilter,
    ErrandState,
    Order,
    Priority,
)
from forecourt.domain.errors import Kind
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.model import BootFacts, Registration, Station
from forecourt.domain.provisioning.service import BootPolicy
from forecourt.storage.database import services_on
from tests.domain.world import ALL, World, refused
from tests.support.carrying import Carrying
from tests.support.clock import NOON
from tests.support.vault import VAULT
from tests.support.workspace import PlainHasher

OPERATOR = Order(asked_by="tester")
FACTS = BootFacts(vendor="V", model="M")
HOUR = timedelta(hours=1)


class Site:
    """A station that is on line, and what is known of its configuration."""

    def __init__(self, *, refresh_after: timedelta | None = None) -> None:
        self.world = World()
        policy = BootPolicy(refresh_after=refresh_after)
        build = services_on(clock=self.world.clock, policy=policy, hasher=PlainHasher(), vault=VAULT)
        self.services = build(self.world.unit)
        self.station = self.world.a_station()
        self.carrying = Carrying(self.services, self.station)

    @property
    def configuration(self) -> Configuration:
        return self.services.configuration

    def tells(self, *asked: str, unknown: tuple[str, ...] = (), read_only: bool = False, **values: str | None) -> None:
        told = [(name, value, read_only) for name, value in values.items()]
        self.configuration.told(self.station, asked, told, unknown)

    def boots(self) -> None:
        self.services.provisioning.boot(self.station, FACTS)

    def setting(self, name: str) -> Setting:
        found = self.configuration.snapshot(self.station).find(name)
        assert found is not None
        return found

    def names(self) -> set[str]:
        return {setting.name for setting in self.configuration.snapshot(self.station).settings.values()}

    def drifting(self) -> list[str]:
        return [sheet.name for sheet in self.configuration.sheets(self.station) if sheet.is_drifting]

    def desires(self, **values: str) -> None:
        for name, value in values.items():
            self.configuration.desire(self.station, name, value, "tester")

    def errands(self) -> list[Errand]:
        """Oldest first."""
        return list(self.services.errands.list(ErrandFilter(), ALL).items)[::-1]

    def settings_sent(self, status: str) -> list[tuple[str, str]]:
        """Every errand is answered with this status."""
        sent = []
        for _ in [one for one in self.errands() if not one.state.is_final]:
            words = self.carrying.does(status=status).words
            sent.append((str(getattr(words, "key", "")), str(getattr(words, "value", ""))))
        return sent


@pytest.fixture
def site() -> Site:
    return Site()


def _get(*names: str) -> GetConfigurationRequest:
    return GetConfigurationRequest(key=list(names))


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


# Desired values


def test_a_desired_value_drifts_until_the_station_has_it(site: Site) -> None:
    site.tells(MeterValueSampleInterval="30", CpoName="Acme")
    site.desires(metervaluesampleinterval="60", CpoName="Acme", Missing="x")

    assert site.drifting() == ["MeterValueSampleInterval", "Missing"]
    site.configuration.changed(site.station, "MeterValueSampleInterval", "060", awaits_restart=False)
    assert site.drifting() == ["Missing"]
    site.configuration.forget_desired(site.station, "MISSING")
    assert site.drifting() == []


def test_a_value_that_awaits_a_restart_does_not_drift(site: Site) -> None:
    site.desires(A="2")
    site.configuration.changed(site.station, "A", "2", awaits_restart=True)

    assert site.drifting() == []


def test_a_key_that_the_station_says_it_does_not_have_drifts(site: Site) -> None:
    site.desires(A="2")
    site.tells("A", unknown=("A",))

    assert site.drifting() == ["A"]


def test_an_unset_key_has_the_empty_value(site: Site) -> None:
    site.tells(A=None)
    site.desires(A="")

    assert site.drifting() == []


def test_a_desired_value_replaces_the_one_before_and_comes_with_warnings(site: Site) -> None:
    site.desires(HeartbeatInterval="60")
    sheet = site.configuration.desire(site.station, "heartbeatinterval", "often", "another")

    assert sheet.desired is not None
    assert (sheet.name, sheet.desired.value, sheet.desired.asked_by) == ("HeartbeatInterval", "often", "another")
    assert sheet.warnings == ("HeartbeatInterval takes a whole number in s.",)
    assert sheet.key is not None
    assert len(site.configuration.sheets(site.station)) == 1


def test_no_secret_is_kept_as_a_desired_value(site: Site) -> None:
    with refused(Kind.INVALID, field="key", about="secret"):
        site.desires(WifiPassword="30313233")


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("AuthorizationKey", "ChangePassword"),
        ("authorizationkey", "ChangePassword"),
        ("SecurityProfile", "UpgradeSecurityProfile"),
        ("SECURITYPROFILE", "UpgradeSecurityProfile"),
    ],
)
def test_what_decides_whether_a_station_may_connect_is_no_desired_value(site: Site, name: str, operation: str) -> None:
    with refused(Kind.INVALID, field="key", about=operation):
        site.desires(**{name: "2"})
    assert site.configuration.sheets(site.station) == []


def test_what_was_desired_of_them_before_is_not_sent_behind_their_operations(site: Site) -> None:
    """A row of an older version, or of a backup."""
    for name in ("AuthorizationKey", "SecurityProfile"):
        site.world.unit.execute(
            "INSERT INTO desired_setting (station_key, folded, name, value, asked_by, asked_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (site.station.key, name.lower(), name, "3", "tester", 0),
        )
    with refused(Kind.CONFLICT, about="UpgradeSecurityProfile"):
        site.configuration.apply(site.station, Order(asked_by="tester"))
    site.desires(A="2")
    errand = site.configuration.apply(site.station, Order(asked_by="tester"))
    assert any("AuthorizationKey, SecurityProfile" in warning for warning in errand.warnings)
    assert site.settings_sent("Accepted") == [("A", "2")]


def test_a_value_that_cannot_be_sent_is_refused(site: Site) -> None:
    with refused(Kind.INVALID, field="value", about="501"):
        site.desires(A="x" * 501)
    with refused(Kind.INVALID, field="value"):
        site.desires(A="nul\0")
    with refused(Kind.NOT_FOUND):
        site.configuration.forget_desired(site.station, "A")
    with refused(Kind.NOT_FOUND):
        site.configuration.get(site.station, "A")


def test_every_key_that_differs_is_sent_in_an_errand_of_its_own(site: Site) -> None:
    site.tells(A="1", B="1", C="1")
    site.desires(a="2", B="1", c="3", HeartbeatInterval="often")
    first = site.configuration.apply(site.station, OPERATOR)

    assert first == site.errands()[0]
    assert {one.operation for one in site.errands()} == {"ApplyConfiguration"}
    more = "2 more messages follow, each an errand of its own."
    assert [one.warnings for one in site.errands()] == [
        (more,),
        (),
        ("HeartbeatInterval takes a whole number in s.",),
    ]
    assert site.settings_sent("Accepted") == [("A", "2"), ("C", "3"), ("HeartbeatInterval", "often")]
    assert site.drifting() == []


def test_a_key_that_is_read_only_is_not_sent(site: Site) -> None:
    site.tells(A="1", read_only=True)
    site.desires(A="2")

    [sheet] = site.configuration.sheets(site.station)
    assert (sheet.is_drifting, sheet.is_impossible) == (True, True)
    with refused(Kind.CONFLICT, about="read-only or unknown: A"):
        site.configuration.apply(site.station, OPERATOR)
    assert site.errands() == []


def test_there_must_be_something_to_apply(site: Site) -> None:
    site.tells(A="1")
    site.desires(A="1")

    with refused(Kind.CONFLICT, about="every desired value"):
        site.configuration.apply(site.station, OPERATOR)


def test_a_rejected_change_leaves_everything_as_it_was(site: Site) -> None:
    site.tells(A="1")
    site.desires(A="2")
    site.configuration.apply(site.station, OPERATOR)
    site.settings_sent("Rejected")

    assert site.setting("A").value == "1"
    assert site.drifting() == ["A"]


def test_what_is_out_of_order_is_listed_for_all_stations(site: Site) -> None:
    for number in range(5):
        station = site.world.a_station(f"CP-{number + 2}")
        site.configuration.told(station, (), [("A", str(number % 2), True), ("LocalPreAuthorize", "true", False)], ())
        site.configuration.desire(station, "A", "0", "tester")
        site.configuration.desire(station, "LocalPreAuthorize", "TRUE", "tester")  # the same, and still another text
    site.desires(X="1")
    removed = site.world.a_station("GONE")
    site.configuration.desire(removed, "A", "0", "tester")
    site.services.provisioning.remove("GONE")

    found = site.configuration.drifts(PageRequest(2))
    assert [one.station for one in found.items] == ["CP-1", "CP-3"]
    assert found.items[0] == Drift("CP-1", None, ("X",), ())
    assert found.items[1] == Drift("CP-3", NOON, (), ("A",))
    rest = site.configuration.drifts(PageRequest(2, found.next_after))
    assert [one.station for one in rest.items] == ["CP-5"]
    assert rest.next_after is None


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
