"""What the clerk does for managed server certificates."""

from __future__ import annotations

import asyncio

import pytest

from forecourt.clerk import listener_keys as module
from forecourt.clerk.listener_keys import KEY_KINDS, make_key, tend_listener_keys
from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.listener_certificates.model import KeyWanted, MemberState
from forecourt.pki.csr import SigningRequest, check_csr
from forecourt.pki.keys import PrivateKey
from tests.domain.listener_certificates.lamp import HOST, Lamp, a_wish
from tests.domain.world import World
from tests.support.workspace import MemoryWorkspace


@pytest.fixture
def workspace() -> MemoryWorkspace:
    return MemoryWorkspace()


@pytest.fixture
def lamp(workspace: MemoryWorkspace) -> Lamp:
    world = World()
    world.services, world.unit = workspace.services, workspace.unit
    return Lamp(world)


def tend(workspace: MemoryWorkspace) -> bool:
    return asyncio.run(tend_listener_keys(workspace))


@pytest.mark.parametrize("family", KeyFamily)
def test_a_request_is_what_may_be_asked_of_an_authority(family: KeyFamily) -> None:
    """A00.FR.502, 503, 509, 510."""
    hosts = (HOST, "127.0.0.1", "::1")
    wanted = KeyWanted(name="main", round=1, family=family, host_names=hosts, organisation="Power & Co")
    key, csr = make_key(wanted)
    assert key.kind == csr.key_kind == KEY_KINDS[family]
    check_csr(csr, common_name=HOST, organisation="Power & Co", host_names=hosts)


def test_nothing_is_written_when_there_is_nothing_to_do(workspace: MemoryWorkspace) -> None:
    assert not tend(workspace)
    assert workspace.writes == 0


def test_a_key_is_made_and_what_is_issued_is_put_in_place(workspace: MemoryWorkspace, lamp: Lamp) -> None:
    lamp.put()
    assert tend(workspace)
    assert lamp.state() is MemberState.ASKED
    assert not tend(workspace), "it is the authority's turn"
    (assignment,) = lamp.claims()
    lamp.signs(assignment)
    assert tend(workspace)
    assert lamp.state() is MemberState.IN_PLACE
    assert lamp.served() == lamp.member().fingerprint


def test_a_key_that_cannot_be_opened_is_made_anew(workspace: MemoryWorkspace, lamp: Lamp) -> None:
    lamp.put(wish=a_wish())
    tend(workspace)
    (assignment,) = lamp.claims()
    lamp.signs(assignment)
    lamp.world.unit.execute("UPDATE listener_member SET sealed_key = 'nonsense'")
    tend(workspace)
    member = lamp.member()
    assert member.state is MemberState.FAILED
    assert "cannot be opened" in str(member.reason)


def test_one_whose_key_cannot_be_made_holds_up_no_other(
    workspace: MemoryWorkspace, lamp: Lamp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(wanted: KeyWanted) -> tuple[PrivateKey, SigningRequest]:
        if wanted.name.startswith("bad"):
            raise ValueError("no such name")
        return make_key(wanted)

    monkeypatch.setattr(module, "make_key", fails)
    lamp.put("bad")
    lamp.put("main")
    assert tend(workspace)
    assert (lamp.state("bad-ecdsa"), lamp.state("main-ecdsa")) == (MemberState.WANTED, MemberState.ASKED)
