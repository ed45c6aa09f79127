"""What this process trusts at the moment: read from the store, and read again when it changed.

The bell says at once that something changed. Because a ring may be lost, the number of the version is asked for twice
a second as well, so that a change holds for the next handshake within a second in any case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import structlog

from forecourt.domain.services import Workspace
from forecourt.domain.trust.model import Policy, Purpose, Role, ServerCertificate, Snapshot, Trusted, Unusable
from forecourt.pki.certificate import Certificate
from forecourt.pki.path import Anchors
from forecourt.pki.revocation import Crl
from forecourt.waiting import wait_at_most

POLL_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 1.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusting:
    """All that decides about certificates, as of one version of the store."""

    version: int
    policy: Policy
    station_anchors: Anchors
    """Certificates of stations lead to one of these (A00.FR.403)."""
    onboarding_anchors: Anchors
    """Certificates that makers gave their stations lead to one of these (A00.FR.406)."""
    revoked: frozenset[tuple[str, str]]
    """``issuer_hash`` and ``serial`` of what this system itself revoked."""
    distrusted: frozenset[str] = frozenset()
    """The fingerprints of the certificates that are disabled in the store: no path goes through one of them, whoever
    presents it."""
    crls: Mapping[str, tuple[Crl, ...]]
    """By ``issuer_hash`` of their issuers' names; not yet checked against their issuers."""
    server_certificates: tuple[ServerCertificate, ...]
    client_certificates: tuple[Certificate, ...]
    """Every certificate with which a path of a station may be built or ended: what handshakes are checked against."""
    unusable: tuple[Unusable, ...]
    """What the store has and cannot be used."""


Follower: TypeAlias = Callable[[Trusting], Awaitable[None]]


class TrustDesk:
    """Keeps :attr:`current` up to date, and tells those who keep something that is made from it."""

    def __init__(self, office: Workspace) -> None:
        self._office = office
        self._current: Trusting | None = None
        self._rung = asyncio.Event()
        self._followers: list[Follower] = []

    @property
    def current(self) -> Trusting:
        """What is trusted now. It is replaced as a whole and never changed, so keep it for as long as one decision.

        Raises RuntimeError before :meth:`load`.
        """
        if self._current is None:
            raise RuntimeError("nothing is trusted before the store was read")
        return self._current

    def on_change(self, follower: Follower) -> None:
        """Have somebody told of every new version, one after the other in the order in which they asked."""
        self._followers.append(follower)

    def rung(self, _about: str | None) -> None:
        """The bell rang for the store. Called on the event loop."""
        self._rung.set()

    async def load(self) -> None:
        """Read the store for the first time. Raises DomainError UNAVAILABLE."""
        await self._renew()

    async def run(self) -> None:
        """Follow the store, for ever. While the database is out of reach, what was read last holds."""
        while True:
            await wait_at_most(self._rung, POLL_SECONDS)
            self._rung.clear()
            try:
                version = await self._office.read(lambda services: services.trust.version())
                if version != self.current.version:
                    await self._renew()
            except Exception as error:  # noqa: BLE001  # mostly a database out of reach; this must go on until it is back
                _log.warning("trust_not_read", reason=str(error)[:300])
                await asyncio.sleep(RETRY_SECONDS)

    async def _renew(self) -> None:
        snapshot = await self._office.read(lambda services: services.trust.snapshot())
        trusting = await asyncio.to_thread(prepare, snapshot)
        self._current = trusting
        _log.info("trust_read", version=trusting.version)
        for follower in self._followers:
            try:
                await follower(trusting)
            except Exception:  # noqa: BLE001  # the others must be told all the same
                _log.exception("trust_not_followed", version=trusting.version)


def prepare(snapshot: Snapshot) -> Trusting:
    """Everything that takes long, once per version."""
    crls: dict[str, tuple[Crl, ...]] = {}
    for crl in snapshot.crls:
        crls[crl.issuer_hash] = (*crls.get(crl.issuer_hash, ()), crl)
    stations, makers = _of(snapshot, Purpose.STATION), _of(snapshot, Purpose.ONBOARDING)
    return Trusting(
        version=snapshot.version,
        policy=snapshot.policy,
        station_anchors=_anchors(stations),
        onboarding_anchors=_anchors(makers),
        revoked=snapshot.revoked,
        distrusted=snapshot.distrusted,
        crls=crls,
        server_certificates=snapshot.server_certificates,
        client_certificates=tuple(dict.fromkeys(one.certificate for one in (*stations, *makers))),
        unusable=snapshot.unusable,
    )


def _of(snapshot: Snapshot, purpose: Purpose) -> list[Trusted]:
    return [one for one in snapshot.certificates if purpose in one.purposes and one.is_enabled]


def _anchors(trusted: list[Trusted]) -> Anchors:
    return Anchors(
        [one.certificate for one in trusted if one.role is Role.ANCHOR],
        [one.certificate for one in trusted if one.role is Role.INTERMEDIATE],
    )
