"""The own authority at work over a workspace in memory, as the clerk keeps it.

house = OwnHouse()               # with keys on curves only, because they are quick to make
chain = house.issue("SN-1")      # signed, and recorded as the clerk records it
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from forecourt.clerk.housekeeping import Housekeeping
from forecourt.clerk.own_keys import OwnKeys
from forecourt.clerk.own_making import Places
from forecourt.clerk.signers.own import OwnSigner
from forecourt.domain.alarms.model import AlarmFilter, Topic
from forecourt.domain.authorities.model import OWN, KeyFamily, OwnCertificate, OwnPolicy, Phase, Rank
from forecourt.domain.authorities.own_ca import OwnCa
from forecourt.domain.authorities.own_plan import APART
from forecourt.domain.paging import PageRequest
from forecourt.domain.signing.model import Assignment, Issued, OpenedAuthority, SigningNumber, Use, Wanted
from forecourt.gateway.trust import Trusting, prepare
from forecourt.pki.certificate import Certificate
from tests.support.authority import OPERATOR
from tests.support.clock import FakeClock
from tests.support.signings import a_csr, a_wanted
from tests.support.workspace import MemoryWorkspace

Result = TypeVar("Result")

ON_CURVES = OwnPolicy(organisation=OPERATOR, families=frozenset({KeyFamily.ECDSA}))
BASE = "http://ca.example"


class OwnHouse:
    """One node: its workspace may be shared with another."""

    def __init__(
        self,
        *,
        workspace: MemoryWorkspace | None = None,
        clock: FakeClock | None = None,
        policy: OwnPolicy = ON_CURVES,
        keys: OwnKeys | None = None,
        base: str = "",
    ) -> None:
        self.clock = clock or FakeClock()
        self.workspace = workspace or MemoryWorkspace(clock=self.clock)
        self.keys = keys or OwnKeys()
        self.places = Places(base)
        self.keeping = Housekeeping(self.workspace, self.clock, keys=self.keys, places=self.places)
        self.own_ca.set_policy(replace(policy, organisation=policy.organisation or OPERATOR), asked_by="test")

    @property
    def own_ca(self) -> OwnCa:
        return self.workspace.services.own_ca

    def run(self, story: Coroutine[None, None, Result]) -> Result:
        return asyncio.run(asyncio.wait_for(story, 60))

    def keep(self) -> None:
        self.run(self.keeping.keep())

    def created(self) -> OwnHouse:
        self.own_ca.create(asked_by="test")
        self.keep()
        return self

    def goes_by(self, **duration: float) -> None:
        """Time, after which the house is kept."""
        self.clock.advance(timedelta(**duration))
        self.keep()

    def lists(self) -> None:
        """The house is kept when all that was revoked has to be in lists."""
        self.clock.advance(APART)
        self.keep()

    def change(self, **changes: object) -> None:
        self.own_ca.set_policy(replace(self.own_ca.policy(), **changes), asked_by="test")  # type: ignore[arg-type]  # by name

    def has(self, rank: Rank, phase: Phase = Phase.ACTIVE, family: KeyFamily = KeyFamily.ECDSA) -> OwnCertificate:
        [found] = self.all(rank, phase, family)
        return found

    def all(
        self, rank: Rank, phase: Phase = Phase.ACTIVE, family: KeyFamily = KeyFamily.ECDSA
    ) -> Sequence[OwnCertificate]:
        wanted = (rank, phase, family)
        return [one for one in self.own_ca.hierarchy() if (one.rank, one.phase, one.family) == wanted]

    def signed(self, wanted: Wanted) -> Issued:
        material = self.run(self.keeping.material())
        signer = OwnSigner(material, keys=self.keys, places=self.places, clock=self.clock)
        return signer.sign(_assignment(wanted))

    def issue(self, common_name: str = "SN-1", *, use: Use = Use.STATION, key: str | None = None) -> Issued:
        """With what the register keeps of it."""
        hosts = (common_name,) if use is Use.SERVER else ()
        csr = a_csr(common_name, key=key or "EC P-256")
        wanted = a_wanted("CP-1", common_name, use=use, host_names=hosts, csr=csr)
        signing = self.workspace.services.signing
        number = signing.ask(wanted, OWN)
        signing.claim("node", 10, authority=OWN)
        issued = self.signed(wanted)
        assert signing.ended(number, "node", issued)
        return issued

    def trusting(self) -> Trusting:
        """What a gateway trusts now."""
        return prepare(self.workspace.services.trust.snapshot())

    def alarms(self) -> list[tuple[str, str]]:
        """Subject and sentence of those of the own authority that are open."""
        wanted = AlarmFilter(topics=frozenset({Topic.OWN_CA}), is_open=True)
        page = self.workspace.services.alarms.list(wanted, PageRequest())
        return [(alarm.subject, alarm.sentence) for alarm in page.items]


def _assignment(wanted: Wanted) -> Assignment:
    authority = OpenedAuthority(name=OWN, kind=OWN, settings={})
    return Assignment(number=SigningNumber(1), wanted=wanted, authority=authority)


def names(chain: Sequence[Certificate]) -> list[str]:
    return [one.common_names[0] for one in chain]
