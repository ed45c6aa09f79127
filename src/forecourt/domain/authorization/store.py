"""What authorization needs from storage."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from forecourt.domain.authorization.model import IdToken, UnknownToken
from forecourt.domain.paging import Page, PageRequest


class TokenStore(Protocol):
    """Id tokens, known and unknown. Names are compared without case."""

    def find(self, id_token: str) -> IdToken | None: ...

    def add(self, token: IdToken, at: datetime) -> bool:
        """False when the token exists."""
        ...

    def replace(self, token: IdToken) -> bool: ...

    def remove(self, id_token: str) -> bool: ...

    def list(self, search: str | None, page: PageRequest) -> Page[IdToken]: ...

    def record_stranger(self, id_token: str, station_key: int, at: datetime) -> None: ...

    def strangers(self, page: PageRequest) -> Page[UnknownToken]: ...

    def forget_stranger(self, id_token: str) -> bool: ...

    def prune_strangers(self, keep: int) -> None:
        """Forget all unknown tokens but the ``keep`` seen last."""
        ...
