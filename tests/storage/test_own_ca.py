"""The own authority in both databases: what is kept comes back, and of two nodes one makes the hierarchy."""

from __future__ import annotations

import asyncio
import functools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from forecourt.clerk.housekeeping import Housekeeping
from forecourt.clerk.own_keys import OwnKeys
from forecourt.clerk.own_making import Places
from forecourt.domain.authorities.model import (
    AuthorityKind,
    Choice,
    KeyFamily,
    OpenedOwn,
    OwnCertificate,
    OwnPolicy,
    Rank,
)
from forecourt.domain.authorities.own_plan import APART
from forecourt.domain.paging import PageRequest
from forecourt.domain.provisioning.service import BootPolicy
from forecourt.domain.services import Services
from forecourt.domain.signing.model import Use
from forecourt.pki.keys import PrivateKey
from forecourt.pki.reasons import Reason
from forecourt.pki.revocation import read_crl
from forecourt.pki.sealing import Vault
from forecourt.storage.building import services_on
from forecourt.storage.database import Database
from forecourt.storage.resealing import reseal
from forecourt.storage.workspace import DatabaseWorkspace
from tests.support.clock import FakeClock
from tests.support.vault import VAULT
from tests.support.workspace import PlainHasher

ON_CURVES = OwnPolicy(organisation="Power", families=frozenset({KeyFamily.ECDSA}))


def a_node(database: Database, clock: FakeClock, vault: Vault = VAULT) -> DatabaseWorkspace:
    build = services_on(clock=clock, policy=BootPolicy(), hasher=PlainHasher(), vault=vault)
    return DatabaseWorkspace(
        connect=database.connect, build=build, writers=database.writers, announce=lambda _rings: None
    )


async def wanted(node: DatabaseWorkspace) -> None:
    await node.write(lambda services: services.own_ca.set_policy(ON_CURVES, asked_by="test"))
    await node.write(lambda services: services.own_ca.create(asked_by="test"))


def house_of(node: DatabaseWorkspace, clock: FakeClock) -> Housekeeping:
    return Housekeeping(node, clock, keys=OwnKeys(), places=Places())


def test_of_two_nodes_that_start_at_once_one_makes_the_hierarchy(database: Database) -> None:
    clock = FakeClock()

    async def prepare() -> None:
        node = a_node(database, clock)
        await wanted(node)
        await node.close()

    async def keep() -> list[str]:
        node = a_node(database, clock)
        try:
            assert await house_of(node, clock).make_all()
            found = await node.read(lambda services: services.own_ca.hierarchy())
            assert await node.read(lambda services: services.own_ca.needed()) == []
            return [own.fingerprint for own in found]
        finally:
            await node.close()

    asyncio.run(prepare())
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: asyncio.run(keep()), range(2))
    assert first == second
    assert len(first) == 2


def test_what_is_kept_comes_back(database: Database) -> None:
    clock = FakeClock()

    async def story() -> None:
        node = a_node(database, clock)
        await wanted(node)
        house = house_of(node, clock)
        await house.keep()
        root, issuing = await node.read(lambda services: services.own_ca.hierarchy())
        assert (root.rank, issuing.rank, issuing.issuer) == (Rank.ROOT, Rank.ISSUING, root.fingerprint)
        bad = issuing.certificate
        await node.write(
            lambda services: services.own_ca.revoke(bad.issuer_hash, bad.serial, Reason.SUPERSEDED, asked_by="me")
        )
        clock.advance(APART)
        await house.keep()
        stored = await node.read(lambda services: services.own_ca.crl(root.address))
        assert stored.number == 2
        assert read_crl(stored.der).is_revoked(bad)
        page = await node.read(lambda services: services.own_ca.revocations(PageRequest()))
        assert [(one.serial, one.reason, one.not_after) for one in page.items] == [
            (bad.serial, Reason.SUPERSEDED, bad.not_after)
        ]
        changed = replace(ON_CURVES, station_days=30.5, uses_pss=True)
        await node.write(lambda services: services.own_ca.set_policy(changed, asked_by="test"))
        assert await node.read(lambda services: services.own_ca.policy()) == changed
        settings = {"directory": "https://ca.example", "eabKey": "secret"}
        await node.write(
            lambda services: services.authorities.add("city", AuthorityKind.ACME, settings, asked_by="test")
        )
        choice = Choice(defaults={Use.SERVER: "city"}, by_group={"north": "own"})
        await node.write(lambda services: services.authorities.choose(choice, asked_by="test"))
        assert await node.read(lambda services: services.authorities.choice()) == choice
        opened = await node.read(lambda services: services.authorities.opened("city"))
        assert {**opened.settings, **opened.secrets} == settings
        await node.close()

    asyncio.run(story())


def test_keys_and_secrets_are_sealed_again_with_a_new_key(sqlite_database: Database) -> None:
    clock, new = FakeClock(), Vault([Vault.new_key()])

    async def before() -> None:
        node = a_node(sqlite_database, clock)
        await wanted(node)
        await house_of(node, clock).keep()
        settings = {"directory": "https://ca.example", "eabKey": "secret"}
        await node.write(
            lambda services: services.authorities.add("city", AuthorityKind.ACME, settings, asked_by="test")
        )
        await node.close()

    async def after() -> None:
        node = a_node(sqlite_database, clock, new)
        for own in await node.read(lambda services: services.own_ca.hierarchy()):
            found = await node.read(functools.partial(_opened, own))
            assert isinstance(found.key, PrivateKey)
            assert found.key.fits(own.certificate)
        opened = await node.read(lambda services: services.authorities.opened("city"))
        assert opened.secrets == {"eabKey": "secret"}
        await node.close()

    asyncio.run(before())
    connection = sqlite_database.connect()
    reseal(connection, newest=new, vault=VAULT)
    connection.close()
    asyncio.run(after())


def _opened(own: OwnCertificate, services: Services) -> OpenedOwn:
    return services.own_ca.opened(own)
