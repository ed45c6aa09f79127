"""The clerk in the process of people and programs: what it signs with, and its chores."""

from __future__ import annotations

import asyncio
import functools

from forecourt.clerk.chores import Chores
from forecourt.clerk.clerk import Clerk
from forecourt.clerk.housekeeping import Housekeeping
from forecourt.clerk.listener_keys import tend_listener_keys
from forecourt.clerk.memory import WorkspaceMemory
from forecourt.clerk.own_keys import OwnKeys
from forecourt.clerk.own_making import Places
from forecourt.clerk.signers.choosing import SignersOfKinds
from forecourt.clerk.signers.own import OwnSigner
from forecourt.clerk.signers.pkcs11 import Token
from forecourt.clock import Clock
from forecourt.config import Config
from forecourt.domain.services import Workspace


class Office:
    """Everything that signs in this process. Made on the event loop."""

    def __init__(self, config: Config, workspace: Workspace, clock: Clock) -> None:
        keys, places = OwnKeys(_token(config)), Places(config.pki_url)
        house = Housekeeping(workspace, clock, keys=keys, places=places)
        own = _Own(house, keys, places, clock)
        signers = SignersOfKinds(workspace, own, WorkspaceMemory(workspace), clock)
        self._clerk = Clerk(workspace, signers, node=config.node_name)
        self._chores = Chores(
            {"own authority": house.keep, "listener keys": functools.partial(tend_listener_keys, workspace)}
        )

    def rung(self, about: str | None) -> None:
        """There may be something to sign, or to make keys for."""
        self._clerk.rung(about)
        self._chores.rung(about)

    async def run(self) -> None:
        """For ever; when this is cancelled, what is nearly done is recorded."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._clerk.run())
                tasks.create_task(self._chores.run())
        finally:
            await self._clerk.close()


class _Own:
    """Signs with what the house has at that moment."""

    def __init__(self, house: Housekeeping, keys: OwnKeys, places: Places, clock: Clock) -> None:
        self._house = house
        self._keys = keys
        self._places = places
        self._clock = clock

    async def signer(self) -> OwnSigner:
        return OwnSigner(await self._house.material(), keys=self._keys, places=self._places, clock=self._clock)


def _token(config: Config) -> Token | None:
    """The settings were checked: with a module there is a PIN."""
    token = config.pkcs11
    if not token.module or token.pin is None:
        return None
    return Token(module=token.module, label=token.token, pin=token.pin.reveal())
