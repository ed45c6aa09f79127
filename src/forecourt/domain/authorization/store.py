"""What authorization needs from storage."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.authorization.model import IdToken, TokenFilter, UnknownToken
from forecourt.domain.drivers.model import DriverNumber
from forecourt.domain.paging import Page, PageRequest


class TokenStore(Protocol):
    """Id tokens, known and unknown. Names are compared without case."""

    def find(self, id_token: str) -> IdToken | None: ...

    def add(self, token: IdToken, at: datetime) -> bool:
        """False when the token exists."""
        ...

    def replace(self, token: IdToken) -> bool: ...

    def remove(self, id_token: str) -> bool: ...

    def add_all(self, tokens: Sequence[IdToken], at: datetime) -> int:
        """Add many, which differ, in few statements. Returns how many there are now that were not there before."""
        ...

    def known(self, id_tokens: Collection[str]) -> frozenset[str]:
        """Those of them that exist, folded."""
        ...

    def known_drivers(self, numbers: Collection[DriverNumber]) -> frozenset[DriverNumber]: ...

    def list(self, wanted: TokenFilter, now: datetime, page: PageRequest) -> Page[IdToken]:
        """Ordered by token."""
        ...

    def find_stranger(self, id_token: str) -> UnknownToken | None: ...

    def record_stranger(self, id_token: str, station_key: int, at: datetime) -> None: ...

    def strangers(self, page: PageRequest) -> Page[UnknownToken]: ...

    def forget_stranger(self, id_token: str) -> bool: ...

    def prune_strangers(self, keep: int) -> None:
        """Forget all unknown tokens but the ``keep`` seen last."""
        ...
