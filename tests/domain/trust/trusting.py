"""What tests of trust work with: a world whose time is that of the certificates, and words for what is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from forecourt.domain.errors import in_english
from forecourt.domain.security_log.model import Kind, NoteFilter
from forecourt.domain.trust.importing import Fate, ImportOutcome
from forecourt.domain.trust.model import Purpose, Role
from forecourt.domain.trust.service import Trust
from tests.domain.world import ALL, World
from tests.support.authority import Authority, Issued
from tests.support.clock import NOON

STATION = frozenset({Purpose.STATION})
SERVER = frozenset({Purpose.SERVER})


class Vicinity(World):
    """A world with a CA that nobody trusts yet."""

    def __init__(self) -> None:
        super().__init__()
        self.trust: Trust = self.services.trust
        self.root = Authority.root(now=NOON)
        self.sub = self.root.sub()

    def takes(self, *pem: str, purposes: frozenset[Purpose] = STATION, role: Role | None = None) -> list[ImportOutcome]:
        return self.trust.import_bundle("".join(pem), purposes, role, "admin")

    def trusts(self, *authorities: Authority, purposes: frozenset[Purpose] = STATION) -> None:
        outcomes = self.takes(*(one.pem for one in authorities), purposes=purposes)
        assert {outcome.fate for outcome in outcomes} == {Fate.ADDED}, outcomes

    def serves(self, issued: Issued, name: str = "main", *, key: str | None = None) -> tuple[str, ...]:
        """Returns the warnings."""
        served = self.trust.put_server_certificate(
            name, chain_pem=issued.chain_pem, key_pem=key or issued.key_pem, asked_by="admin"
        )
        return in_english(served.warnings)

    @contextmanager
    def counts(self) -> Iterator[None]:
        """What is done inside makes the version higher, and is rung for."""
        version, rings = self.trust.version(), self.unit.rings.count("trust")
        yield
        assert self.trust.version() > version
        assert self.unit.rings.count("trust") > rings

    @contextmanager
    def changes_nothing(self) -> Iterator[None]:
        version, notes = self.trust.version(), self.notes()
        yield
        assert (self.trust.version(), self.notes()) == (version, notes)

    def notes(self, kind: Kind | None = None) -> list[str]:
        """What the security log tells, newest first."""
        wanted = NoteFilter(kinds=None if kind is None else frozenset({kind}))
        return [stored.note.reason for stored in self.services.security_log.list(wanted, ALL).items]


def fates(outcomes: list[ImportOutcome]) -> list[Fate]:
    return [outcome.fate for outcome in outcomes]
