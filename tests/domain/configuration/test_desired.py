"""What stations should be set to, and how that is sent (OCPP 1.6 §5.3)."""

from __future__ import annotations

import pytest

from forecourt.domain.configuration.model import Drift
from forecourt.domain.errands.model import (
    Order,
)
from forecourt.domain.errors import Kind, in_english
from forecourt.domain.paging import PageRequest
from tests.domain.configuration.site import OPERATOR, Site
from tests.domain.world import refused
from tests.support.clock import NOON


@pytest.fixture
def site() -> Site:
    return Site()


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
    assert in_english(sheet.warnings) == ("HeartbeatInterval takes a whole number in s.",)
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
