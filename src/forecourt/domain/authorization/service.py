"""Which tokens there are, and which may charge (OCPP 1.6 §4.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.authorization.model import (
    AuthorizationStatus,
    IdToken,
    UnknownToken,
    Verdict,
    check_token,
    judge,
)
from forecourt.domain.authorization.store import TokenStore
from forecourt.domain.errors import conflict, not_found
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
        check_token(token)
        if not self._store.add(token, self._clock.now()):
            raise conflict(f"An id tag {token.id_token!r} is registered already.", field="idTag")
        self._store.forget_stranger(token.id_token)
        return token

    def replace(self, token: IdToken) -> IdToken:
        check_token(token)
        if not self._store.replace(token):
            raise not_found(f"No id tag {token.id_token!r} is registered.")
        return self.get(token.id_token)

    def remove(self, id_token: str) -> None:
        if not self._store.remove(id_token):
            raise not_found(f"No id tag {id_token!r} is registered.")

    def forget_stranger(self, id_token: str) -> None:
        if not self._store.forget_stranger(id_token):
            raise not_found(f"No unknown id tag {id_token!r} is on record.")

    # Questions

    def get(self, id_token: str) -> IdToken:
        token = self._store.find(id_token)
        if token is None:
            raise not_found(f"No id tag {id_token!r} is registered.")
        return token

    def list(self, search: str | None, page: PageRequest) -> Page[IdToken]:
        return self._store.list(search, page)

    def list_strangers(self, page: PageRequest) -> Page[UnknownToken]:
        return self._store.strangers(page)
