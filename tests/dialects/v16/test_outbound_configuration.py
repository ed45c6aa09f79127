"""Configuration and local lists in the words of OCPP 1.6 (§5.3, §5.8, §5.10, §5.15), sent and heard."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from forecourt.dialect import Command
from forecourt.dialects.v16 import dialect
from forecourt.domain.configuration.model import Setting
from forecourt.domain.errands.intents import (
    AskLocalListVersion,
    ChangeSetting,
    Intent,
    ListEntry,
    ReadSettings,
    UpdateLocalList,
)
from forecourt.domain.errands.model import ErrandNumber, Order
from forecourt.domain.presence.model import LinkId
from forecourt.operations.catalogue import make_catalogue
from forecourt.operations.reading import BadParameters, read_parameters
from tests.domain.world import World
from tests.support.clock import NOON

V16 = dialect.make()
OPERATIONS = make_catalogue([V16])


class Site:
    """A station, to which nothing is really sent."""

    def __init__(self) -> None:
        self.world = World()
        self.station = self.world.a_station()

    def says(self, intent: Intent) -> tuple[str, Any]:
        """The action and the payload."""
        command = V16.command(intent, self.station)
        return command.action.name, msgspec.json.decode(msgspec.json.encode(command.words))

    def hears(self, name: str, asked: object, told: object) -> None:
        action = V16.actions[name]
        command = Command(action, msgspec.convert(asked, action.request))
        V16.hear(command, msgspec.convert(told, action.response), self.station, self.world.services, ErrandNumber(1))

    def warns(self, name: str, **asked: object) -> tuple[str, ...]:
        action = V16.actions[name]
        command = Command(action, msgspec.convert(asked, action.request))
        return V16.warnings(command, self.station, self.world.services)

    def setting(self, name: str) -> Setting | None:
        return self.world.services.configuration.snapshot(self.station).find(name)

    @property
    def version(self) -> tuple[int | None, int | None]:
        record = self.world.services.local_lists.sheet(self.station).record
        return record.version, record.reported_version


@pytest.fixture
def site() -> Site:
    return Site()


# Said


@pytest.mark.parametrize(
    ("intent", "action", "payload"),
    [
        (ReadSettings(), "GetConfiguration", {"key": []}),
        (ReadSettings(("A", "B")), "GetConfiguration", {"key": ["A", "B"]}),
        (ChangeSetting("A", ""), "ChangeConfiguration", {"key": "A", "value": ""}),
        (AskLocalListVersion(), "GetLocalListVersion", {}),
        (
            UpdateLocalList(1, is_full=True, entries=()),
            "SendLocalList",
            {"listVersion": 1, "localAuthorizationList": [], "updateType": "Full"},
        ),
        (
            UpdateLocalList(
                2,
                is_full=False,
                entries=(ListEntry("GONE"), ListEntry("T", "Expired", NOON, "G"), ListEntry("U", "Accepted")),
            ),
            "SendLocalList",
            {
                "listVersion": 2,
                "localAuthorizationList": [
                    {"idTag": "GONE"},
                    {
                        "idTag": "T",
                        "idTagInfo": {
                            "status": "Expired",
                            "expiryDate": "2026-01-01T12:00:00Z",
                            "parentIdTag": "G",
                        },
                    },
                    {"idTag": "U", "idTagInfo": {"status": "Accepted"}},
                ],
                "updateType": "Differential",
            },
        ),
    ],
)
def test_what_is_wanted_is_said_in_the_words_of_1_6(
    site: Site, intent: Intent, action: str, payload: dict[str, object]
) -> None:
    assert site.says(intent) == (action, payload)


# Heard


@pytest.mark.parametrize("asked", [{}, {"key": []}])
def test_no_names_ask_for_all_keys(site: Site, asked: dict[str, object]) -> None:
    """OCPP 1.6 §5.8: absent and empty mean the same."""
    site.hears("GetConfiguration", asked, {"configurationKey": [{"key": "Old", "readonly": False}]})
    site.hears("GetConfiguration", asked, {"configurationKey": [{"key": "A", "readonly": True, "value": "1"}]})

    assert site.setting("A") == Setting(name="A", value="1", is_read_only=True, learned_at=NOON)
    assert site.setting("Old") is None


def test_names_ask_for_those_keys_only(site: Site) -> None:
    site.hears("GetConfiguration", {}, {"configurationKey": [{"key": "Old", "readonly": False}]})
    site.hears("GetConfiguration", {"key": ["A", "B"]}, {"unknownKey": ["A", "B"]})

    assert site.setting("Old") is not None
    unknown = site.setting("B")
    assert unknown is not None
    assert unknown.is_unknown


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Accepted", Setting(name="A", value="2", learned_at=NOON)),
        ("RebootRequired", Setting(name="A", value="1", awaits_restart=True, coming="2", learned_at=NOON)),
        ("Rejected", Setting(name="A", value="1", learned_at=NOON)),
        ("NotSupported", Setting(name="A", is_unknown=True, learned_at=NOON)),
    ],
)
def test_the_answers_to_a_change(site: Site, status: str, expected: Setting) -> None:
    """OCPP 1.6 §5.3, §7.22."""
    site.hears("GetConfiguration", {}, {"configurationKey": [{"key": "A", "readonly": False, "value": "1"}]})
    site.hears("ChangeConfiguration", {"key": "A", "value": "2"}, {"status": status})

    assert site.setting("A") == expected


@pytest.mark.parametrize("status", ["Failed", "VersionMismatch", "Accepted", "NotSupported"])
def test_the_answers_to_a_list_that_nobody_here_keeps(site: Site, status: str) -> None:
    asked = {"listVersion": 5, "updateType": "Full", "localAuthorizationList": [{"idTag": "A"}]}
    site.hears("SendLocalList", asked, {"status": status})

    assert site.version == (5 if status == "Accepted" else None, None)


def test_the_version_that_the_station_reports(site: Site) -> None:
    site.hears("GetLocalListVersion", {}, {"listVersion": 3})

    assert site.version == (None, 3)


# Warned of


def test_operators_are_warned_and_never_stopped(site: Site) -> None:
    """They must be able to send what makes no sense: TC_040_2 sends a value that is none."""
    site.hears(
        "GetConfiguration",
        {"key": ["GetConfigurationMaxKeys"]},
        {"configurationKey": [{"key": "GetConfigurationMaxKeys", "readonly": True, "value": "1"}]},
    )

    assert "whole number" in site.warns("ChangeConfiguration", key="MeterValueSampleInterval", value="bad")[0]
    assert site.warns("ChangeConfiguration", key="MeterValueSampleInterval", value="60") == ()
    assert site.warns("ChangeConfiguration", key="SomeVendorKey", value="bad") == ()
    assert "allows 1" in site.warns("GetConfiguration", key=["A", "B"])[0]
    assert site.warns("GetConfiguration") == ()
    assert "begin at 1" in site.warns("SendLocalList", listVersion=0, updateType="Full")[0]

    operation = OPERATIONS["ChangeConfiguration"]
    params = read_parameters(b'{"key":"MeterValueSampleInterval","value":"bad"}', operation.params)
    errand = operation.run(site.world.services, site.station, params, Order(asked_by="tester"))
    assert "whole number" in errand.warnings[0]


def test_a_warning_of_a_secret_does_not_tell_it(site: Site) -> None:
    assert "hunter2" not in " ".join(site.warns("ChangeConfiguration", key="AuthorizationKey", value="hunter2"))


# Tasks


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("RefreshConfiguration", b'{"keys":[""]}', "keys[0]"),
        ("RefreshConfiguration", b'{"keys":"A"}', "keys"),
        ("ApplyConfiguration", b'{"keys":[]}', "keys"),
        ("UpdateLocalList", b'{"full":"yes"}', "full"),
    ],
)
def test_parameters_of_tasks_are_checked(name: str, body: bytes, field: str) -> None:
    with pytest.raises(BadParameters) as refused:
        read_parameters(body, OPERATIONS[name].params)
    assert [fault.path for fault in refused.value.fields] == [field]


def test_tasks_do_what_their_rooms_do(site: Site) -> None:
    services = site.world.services
    services.presence.open(site.station, LinkId(1), node="n", address="", subprotocol="ocpp1.6")
    services.configuration.desire(site.station, "A", "1", "tester")
    site.world.a_tag("T", expires_at=NOON + timedelta(days=1))
    services.local_lists.follow_all(site.station)
    for name, body in (
        ("RefreshConfiguration", b'{"keys":["heartbeatinterval"]}'),
        ("ApplyConfiguration", b""),
        ("UpdateLocalList", b'{"full":true}'),
    ):
        operation = OPERATIONS[name]
        params = read_parameters(body, operation.params)
        errand = operation.run(services, site.station, params, Order(asked_by="tester"))
        assert (errand.operation, errand.state.value) == (name, "queued")
