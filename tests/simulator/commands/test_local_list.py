"""The local authorization list of a simulated station (OCPP 1.6 §5.15, §5.10, §3.5.2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import UNSET

from forecourt.dialects.v16.messages.change_configuration import ChangeConfigurationRequest
from forecourt.dialects.v16.messages.datatypes import AuthorizationData, AuthorizationStatus, IdTagInfo
from forecourt.dialects.v16.messages.get_local_list_version import (
    GetLocalListVersionRequest,
    GetLocalListVersionResponse,
)
from forecourt.dialects.v16.messages.send_local_list import SendLocalListRequest, SendLocalListResponse, UpdateType
from tests.simulator.worlds import START, World, a_car, a_world, ask


def an_entry(
    tag: str, status: AuthorizationStatus | None = "Accepted", *, minutes: int | None = None
) -> AuthorizationData:
    if status is None:
        return AuthorizationData(id_tag=tag)
    expiry = UNSET if minutes is None else START + timedelta(minutes=minutes)
    return AuthorizationData(id_tag=tag, id_tag_info=IdTagInfo(status=status, expiry_date=expiry))


def send(world: World, version: int, *entries: AuthorizationData, kind: UpdateType = "Full") -> str:
    request = SendLocalListRequest(list_version=version, update_type=kind, local_authorization_list=list(entries))
    response = ask(world, request)
    assert isinstance(response, SendLocalListResponse)
    return response.status


def version(world: World) -> int:
    response = ask(world, GetLocalListVersionRequest())
    assert isinstance(response, GetLocalListVersionResponse)
    return response.list_version


def permitted(world: World, *tags: str) -> list[str]:
    return [tag for tag in tags if world.station.local_list.permits(tag, world.now.wall)]


def test_a_full_list_replaces_and_a_differential_one_changes() -> None:
    world = a_world()
    assert version(world) == 0
    assert send(world, 3, an_entry("A"), an_entry("B")) == "Accepted"
    update = (an_entry("a", None), an_entry("B", "Blocked"), an_entry("C"))
    assert send(world, 4, *update, kind="Differential") == "Accepted"
    assert (version(world), permitted(world, "A", "B", "C")) == (4, ["C"])
    assert send(world, 2, an_entry("D", minutes=5), an_entry("E", minutes=-5)) == "Accepted"
    assert (version(world), permitted(world, "C", "d", "E")) == (2, ["d"])


@pytest.mark.parametrize("older", [3, 2, 1])
def test_a_differential_list_that_is_not_newer_is_a_version_mismatch(older: int) -> None:
    world = a_world()
    send(world, 3, an_entry("A"))
    assert send(world, older, an_entry("B"), kind="Differential") == "VersionMismatch"
    assert (version(world), permitted(world, "A", "B")) == (3, ["A"])


@pytest.mark.parametrize(
    "entries",
    [
        [an_entry("A"), an_entry("a", "Blocked")],
        [an_entry("A", None)],
        [an_entry(f"T{number}") for number in range(101)],
    ],
)
def test_a_list_that_cannot_be_taken_whole_changes_nothing(entries: list[AuthorizationData]) -> None:
    world = a_world()
    send(world, 1, an_entry("OLD"))
    assert send(world, 2, *entries) == "Failed"
    assert (version(world), permitted(world, "OLD")) == (1, ["OLD"])


def test_a_list_longer_than_the_station_keeps_fails() -> None:
    world = a_world()
    answers = [
        send(world, part + 1, *(an_entry(f"{part}-{n}") for n in range(100)), kind="Differential") for part in range(11)
    ]
    assert answers == ["Accepted"] * 10 + ["Failed"]


def test_version_zero_is_not_a_version() -> None:
    assert send(a_world(), 0, an_entry("A")) == "Failed"


def test_a_list_that_is_switched_off_is_not_supported() -> None:
    world = a_world()
    ask(world, ChangeConfigurationRequest(key="LocalAuthListEnabled", value="false"))
    assert (send(world, 1), version(world)) == ("NotSupported", -1)


def test_a_listed_tag_starts_without_asking_where_that_is_wanted() -> None:
    world = a_world()
    send(world, 1, an_entry("TAG"))
    ask(world, ChangeConfigurationRequest(key="LocalPreAuthorize", value="true"))
    world.station.plug_in(1, a_car(), world.now)
    world.station.present_tag(1, "TAG", world.now)
    sent = world.sent()
    assert "StartTransaction" in sent
    assert "Authorize" not in sent


def test_offline_only_a_listed_tag_starts_where_unknown_ones_may_not() -> None:
    world = a_world()
    send(world, 1, an_entry("TAG"))
    ask(world, ChangeConfigurationRequest(key="AllowOfflineTxForUnknownId", value="false"))
    world.station.disconnect()
    for connector, tag in ((1, "OTHER"), (2, "TAG")):
        world.station.plug_in(connector, a_car(), world.now)
        world.station.present_tag(connector, tag, world.now)
    assert [one.is_busy for one in world.station.connectors.values()] == [False, True]
