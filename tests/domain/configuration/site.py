"""A station that is on line, and what is known of its configuration."""

from __future__ import annotations

from datetime import timedelta

from forecourt.domain.configuration.model import Setting
from forecourt.domain.configuration.service import Configuration
from forecourt.domain.errands.model import (
    Errand,
    ErrandFilter,
    Order,
)
from forecourt.domain.provisioning.model import BootFacts
from forecourt.domain.provisioning.service import BootPolicy
from forecourt.storage.building import services_on
from tests.domain.world import ALL, World
from tests.support.carrying import Carrying
from tests.support.vault import VAULT
from tests.support.workspace import PlainHasher

OPERATOR = Order(asked_by="tester")
FACTS = BootFacts(vendor="V", model="M")
HOUR = timedelta(hours=1)


class Site:
    """A station that is on line, and what is known of its configuration."""

    def __init__(self, *, refresh_after: timedelta | None = None) -> None:
        self.world = World()
        policy = BootPolicy(refresh_after=refresh_after)
        build = services_on(clock=self.world.clock, policy=policy, hasher=PlainHasher(), vault=VAULT)
        self.services = build(self.world.unit)
        self.station = self.world.a_station()
        self.carrying = Carrying(self.services, self.station)

    @property
    def configuration(self) -> Configuration:
        return self.services.configuration

    def tells(self, *asked: str, unknown: tuple[str, ...] = (), read_only: bool = False, **values: str | None) -> None:
        told = [(name, value, read_only) for name, value in values.items()]
        self.configuration.told(self.station, asked, told, unknown)

    def boots(self) -> None:
        self.services.provisioning.boot(self.station, FACTS)

    def setting(self, name: str) -> Setting:
        found = self.configuration.snapshot(self.station).find(name)
        assert found is not None
        return found

    def names(self) -> set[str]:
        return {setting.name for setting in self.configuration.snapshot(self.station).settings.values()}

    def drifting(self) -> list[str]:
        return [sheet.name for sheet in self.configuration.sheets(self.station) if sheet.is_drifting]

    def desires(self, **values: str) -> None:
        for name, value in values.items():
            self.configuration.desire(self.station, name, value, "tester")

    def errands(self) -> list[Errand]:
        """Oldest first."""
        return list(self.services.errands.list(ErrandFilter(), ALL).items)[::-1]

    def settings_sent(self, status: str) -> list[tuple[str, str]]:
        """Every errand is answered with this status."""
        sent = []
        for _ in [one for one in self.errands() if not one.state.is_final]:
            words = self.carrying.does(status=status).words
            sent.append((str(getattr(words, "key", "")), str(getattr(words, "value", ""))))
        return sent
