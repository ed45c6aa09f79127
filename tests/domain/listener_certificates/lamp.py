"""A world with managed server certificates, where tests are the clerk and the authority."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forecourt.clerk.listener_keys import make_key
from forecourt.domain.alarms.model import Alarm, AlarmFilter
from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.errors import DomainError
from forecourt.domain.listener_certificates.model import Kept, Managed, Member, MemberState, Wish
from forecourt.domain.listener_certificates.service import ListenerCertificates
from forecourt.domain.paging import PageRequest
from forecourt.domain.signing.model import Assignment, Issued
from forecourt.domain.trust.serving import read_offer
from tests.domain.world import World
from tests.support.authority import Authority, Validity
from tests.support.clock import NOON
from tests.support.issuing import Order, alternative_names, issued

HOST: Final = "csms.example.com"
ECDSA: Final = frozenset({KeyFamily.ECDSA})
OPERATOR: Final = "token tests"
NODE: Final = "node"
DAYS: Final = 90
ALL: Final = PageRequest(1000)
ROOT: Final = Authority.root(now=NOON)


def a_wish(*hosts: str, **changes: object) -> Wish:
    fields: dict[str, object] = {"host_names": hosts or (HOST,), "families": ECDSA, **changes}
    return Wish(**fields)  # type: ignore[arg-type]  # the names are those of Wish


@dataclass
class Lamp:
    """Puts and renews, and does what others do in the running system."""

    world: World

    @property
    def room(self) -> ListenerCertificates:
        return self.world.services.listener_certificates

    def put(self, name: str = "main", wish: Wish | None = None) -> Kept:
        return self.room.put(name, wish or a_wish(), asked_by=OPERATOR)

    def managed(self, name: str = "main") -> Managed:
        return self.room.get(name)

    def member(self, name: str = "main-ecdsa") -> Member:
        found = self.managed(name.rpartition("-")[0])
        return next(one for one in found.members if one.name == name)

    def state(self, name: str = "main-ecdsa") -> MemberState:
        return self.member(name).state

    # The clerk and the authority

    def makes_keys(self) -> int:
        made = [self.room.key_made(wanted, *make_key(wanted)) for wanted in self.room.keys_wanted()]
        return made.count(True)

    def claims(self) -> list[Assignment]:
        signing = self.world.services.signing
        return [one for name in signing.asked() for one in signing.claim(NODE, 10, authority=name)]

    def signs(self, assignment: Assignment, *, days: float = DAYS, begins: timedelta = timedelta(hours=-1)) -> bool:
        """False when the signing desk does not take it any more."""
        wanted = assignment.wanted
        order = Order(
            subject=wanted.csr.x509.subject,
            key=wanted.csr.x509,  # type: ignore[arg-type]  # all that is asked of it is its public key
            now=self.world.clock.now(),
            validity=Validity(begins, timedelta(days=wanted.days or days)),
            extensions=alternative_names(wanted.host_names, ()),
        )
        made = issued(order, ROOT.certificate, ROOT.signing_key)
        return self.world.services.signing.ended(assignment.number, NODE, Issued((made,)))

    def places(self) -> int:
        placed = 0
        for placement in self.room.placements():
            if placement.key_pem is None:
                self.room.cannot_place(placement, "Its key cannot be opened.")
                continue
            try:
                offer = read_offer(placement.chain_pem, placement.key_pem, None)
            except DomainError as error:
                self.room.cannot_place(placement, error.sentence)
            else:
                placed += self.room.place(placement, offer)
        return placed

    def goes_through(self, *, days: float = DAYS) -> None:
        """From the wish to the listener."""
        self.makes_keys()
        for assignment in self.claims():
            assert self.signs(assignment, days=days)
        self.places()

    # What is seen

    def served(self, name: str = "main-ecdsa") -> str:
        """The fingerprint of what listeners present."""
        return self.world.services.trust.server_certificate(name).chain[0].fingerprint

    def alarms(self) -> list[Alarm]:
        return list(self.world.services.alarms.list(AlarmFilter(is_open=True), ALL).items)

    def passes(self, span: timedelta) -> None:
        """Time passes, and the room is looked at as it is every second."""
        self.world.clock.advance(span)
        if self.room.is_due():
            self.room.settle()

    def now(self) -> datetime:
        return self.world.clock.now()
