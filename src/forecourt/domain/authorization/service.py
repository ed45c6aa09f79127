"""Which tokens there are, and which may charge (OCPP 1.6 §4.1)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.authorization.model import (
    AuthorizationStatus,
    IdToken,
    TokenFilter,
    UnknownToken,
    Verdict,
    check_token,
    fold,
    judge,
)
from forecourt.domain.authorization.store import TokenStore
from forecourt.domain.drivers.model import DriverNumber
from forecourt.domain.errors import DomainError, Sentence, conflict, invalid, not_found
from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station

STRANGERS_KEPT: Final = 1000


class Authorization:
    """Everything that can happen to the register of tokens."""

    def __init__(self, store: TokenStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    # What stations do

    def authorize(self, station: Station, id_token: str) -> Verdict:
        """May this token charge, apart from what it is charging already?"""
        return self._judge(station, id_token, None)

    def authorize_start(self, station: Station, id_token: str, count_active: Callable[[], int]) -> Verdict:
        """May this token start a transaction? ``count_active`` counts the others that run on it."""
        return self._judge(station, id_token, count_active)

    def _judge(self, station: Station, id_token: str, count_active: Callable[[], int] | None) -> Verdict:
        now = self._clock.now()
        verdict = judge(self._store.find(id_token), now, count_active=count_active)
        if verdict.status is AuthorizationStatus.INVALID:
            self._store.record_stranger(id_token, station.key, now)
        return verdict

    def prune_strangers(self) -> None:
        self._store.prune_strangers(STRANGERS_KEPT)

    # What operators do

    def add(self, token: IdToken) -> IdToken:
        """Register a token. Raises DomainError INVALID or CONFLICT."""
        self._check(token)
        if not self._store.add(token, self._clock.now()):
            raise conflict("An id tag {!r} is registered already.", token.id_token, field="idTag")
        self._store.forget_stranger(token.id_token)
        return token

    def add_all(self, tokens: Sequence[IdToken]) -> None:
        """Register many at once, all or none. Raises DomainError INVALID or CONFLICT for all of them; `faults` says
        before what is wrong with which."""
        faults = self.faults(tokens)
        if faults:
            raise conflict(
                "The id tag {!r} cannot be registered: {}", tokens[min(faults)].id_token, faults[min(faults)]
            )
        if self._store.add_all(tokens, self._clock.now()) != len(tokens):
            raise conflict("One of these id tags was registered meanwhile. None was taken; try again.")

    def faults(self, tokens: Sequence[IdToken]) -> dict[int, Sentence]:
        """Why tokens cannot be registered together, by their positions."""
        known = self._store.known([token.id_token for token in tokens])
        drivers = self._store.known_drivers({token.driver for token in tokens if token.driver is not None})
        seen: dict[str, int] = {}
        faults: dict[int, Sentence] = {}
        for index, token in enumerate(tokens):
            try:
                check_token(token)
                _check_driver(token, drivers)
            except DomainError as error:
                faults[index] = error.said
            folded = fold(token.id_token)
            if folded in known:
                faults.setdefault(index, Sentence("An id tag {!r} is registered already.", token.id_token))
            elif folded in seen:
                faults.setdefault(index, Sentence("The id tag {!r} is here twice.", token.id_token))
            seen.setdefault(folded, index)
        return faults

    def block(self, id_token: str) -> IdToken:
        """From now on it may not charge; what runs goes on."""
        return self.replace(replace(self.get(id_token), is_blocked=True))

    def unblock(self, id_token: str) -> IdToken:
        return self.replace(replace(self.get(id_token), is_blocked=False))

    def replace(self, token: IdToken) -> IdToken:
        self._check(token)
        if not self._store.replace(token):
            raise not_found("No id tag {!r} is registered.", token.id_token)
        return self.get(token.id_token)

    def remove(self, id_token: str) -> None:
        if not self._store.remove(id_token):
            raise not_found("No id tag {!r} is registered.", id_token)

    def forget_stranger(self, id_token: str) -> None:
        if not self._store.forget_stranger(id_token):
            raise not_found("No unknown id tag {!r} is on record.", id_token)

    # Questions

    def get(self, id_token: str) -> IdToken:
        token = self._store.find(id_token)
        if token is None:
            raise not_found("No id tag {!r} is registered.", id_token)
        return token

    def list(self, wanted: TokenFilter | None, page: PageRequest) -> Page[IdToken]:
        """Ordered by token; None asks for all."""
        return self._store.list(wanted or TokenFilter(), self._clock.now(), page)

    def find_stranger(self, id_token: str) -> UnknownToken | None:
        """What is on record of an unknown token."""
        return self._store.find_stranger(id_token)

    def list_strangers(self, page: PageRequest) -> Page[UnknownToken]:
        return self._store.strangers(page)

    def _check(self, token: IdToken) -> None:
        check_token(token)
        _check_driver(token, self._store.known_drivers([] if token.driver is None else [token.driver]))


def _check_driver(token: IdToken, known: Collection[DriverNumber]) -> None:
    if token.driver is not None and token.driver not in known:
        raise invalid("There is no driver {}.", token.driver, field="driver")
