"""Stations with roots, listeners, and plans to replace a root."""

from __future__ import annotations

from datetime import timedelta

from forecourt.domain.admission.model import SecurityProfile
from forecourt.domain.alarms.model import Alarm, AlarmFilter
from forecourt.domain.errands.model import Order
from forecourt.domain.presence.model import LinkId, LinkSecurity
from forecourt.domain.provisioning.model import Station
from forecourt.domain.rollovers.model import (
    SETTLED_AFTER,
    Progress,
    RolloverNumber,
    RolloverState,
    StationStep,
    Step,
    StepFilter,
    Wanted,
)
from forecourt.pki.certificate import Certificate
from forecourt.pki.hash_data import hash_data
from tests.domain.roots.yard import CENTRAL, Shed, Yard
from tests.domain.world import ALL
from tests.support.authority import Authority
from tests.support.carrying import NODE, Carrying
from tests.support.clock import NOON

OLD = Authority.root("Old Root", now=NOON)
NEW = Authority.root("New Root", now=NOON)
CROSS = OLD.cross(NEW)

PREPARING, INSTALLING, READY, SWITCHED, CLEANING, DONE, CANCELLED = RolloverState
TLS = LinkSecurity(profile=SecurityProfile.TLS_BASIC, is_tls=True, tls_version="TLSv1.3")


class Town(Yard):
    """Stations of profile 2 that have the old root, and listeners that present what leads to it."""

    def __init__(self) -> None:
        super().__init__()
        self.trusts(OLD.certificate, NEW.certificate)
        self.serves(OLD, "former")
        self.serves(NEW, "next", is_enabled=False)
        self.services.provisioning.remove(self.station.identity)
        self.sheds: dict[str, Shed] = {}

    def settles(self, seconds: float = 1) -> None:
        """Time passes, and what is due is settled."""
        self.clock.advance(timedelta(seconds=seconds))
        if self.services.rollovers.is_due():
            self.services.rollovers.settle()

    def has(self, identity: str, *roots: Certificate, is_online: bool = True, profile: int = 2) -> Shed:
        """A station with these roots."""
        station = self.a_station(identity)
        access = self.services.admissions
        access.set_profile(station, SecurityProfile(profile), asked_by="ada", may_lower=False)
        shed = Shed(Carrying(self.services, station, is_online=is_online), [OLD.certificate, NEW.certificate])
        shed.roots = list(roots or [OLD.certificate])
        self.sheds[identity] = shed
        return shed

    def works(self) -> None:
        """Every station on line does what waits for it, and the plan goes on, until nothing moves."""
        for _ in range(8):
            for shed in self.sheds.values():
                shed.works()
            self.settles(3)

    def connects(self, identity: str, security: LinkSecurity = TLS) -> None:
        station = self.services.provisioning.get_station(identity)
        self.services.presence.open(
            station,
            LinkId(station.key),  # the same station, over a new link
            node=NODE,
            address="192.0.2.5",
            subprotocol="ocpp1.6",
            security=security,
        )

    def plans(self, *identities: str, **fields: object) -> RolloverNumber:
        """A plan for these stations, or for all, that has begun."""
        wanted = {
            "old_root": OLD.certificate.fingerprint,
            "new_root": NEW.certificate.fingerprint,
            "server_certificates": ("next",),
            **fields,
        }
        rollovers = self.services.rollovers
        number = rollovers.plan(Wanted(**wanted), "ada").number  # type: ignore[arg-type]  # fields by name
        rollovers.add_stations(number, list(identities or self.sheds))
        rollovers.begin(number)
        return number

    def progress(self, number: RolloverNumber) -> Progress:
        return self.services.rollovers.get(number)

    def state(self, number: RolloverNumber) -> RolloverState:
        return self.progress(number).rollover.state

    def steps(self, number: RolloverNumber) -> dict[str, StationStep]:
        found = self.services.rollovers.stations(StepFilter(rollover=number), ALL).items
        return {one.station: one for one in found}

    def step(self, number: RolloverNumber, identity: str = "A") -> Step:
        return self.steps(number)[identity].step

    def presented(self) -> list[str]:
        return [one.name for one in self.services.roots.presented().chains]

    def alarms(self) -> list[Alarm]:
        return list(self.services.alarms.list(AlarmFilter(is_open=True), ALL).items)

    def get(self, identity: str) -> Station:
        return self.services.provisioning.get_station(identity)

    def checks(self, identity: str) -> Shed:
        """A station with AdditionalRootCertificateCheck (M05.FR.08–13)."""
        shed = self.has(identity)
        shed.checks_signature = True
        self.knows(self.get(identity), AdditionalRootCertificateCheck="true")
        return shed

    def presents(self, **names: bool) -> None:
        """Listeners present these, or do not any more."""
        for name, is_enabled in names.items():
            self.services.trust.enable_server_certificate(name, is_enabled=is_enabled, asked_by="ada")

    def tells(self, identity: str, *roots: Certificate) -> None:
        """It says by itself what it has now."""
        told = [hash_data(one, None, "SHA256") for one in roots]
        self.services.roots.reported(self.get(identity), CENTRAL, told)

    def order(self) -> Order:
        return Order(asked_by="ada")

    def switches(self, number: RolloverNumber) -> None:
        """The operator has the listeners switched, and it is waited until no connection is older than that."""
        self.services.rollovers.switch(number, "ada")
        self.settles(SETTLED_AFTER.total_seconds())
        self.settles()
