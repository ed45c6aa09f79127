"""What signers remember across restarts, and what is answered for them while an authority looks at a host name."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.errors import invalid
from forecourt.domain.signing.store import Notebook

CHALLENGE_TIME: Final = timedelta(hours=1)
"""How long an authority may take to look (RFC 8555 §8.3); after that the answer is not given any more."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
"""RFC 8555 §8.3: base64url. Whatever anybody else asks for is not looked up."""


def is_token(text: str) -> bool:
    """True for what may be the token of a challenge."""
    return _TOKEN.fullmatch(text) is not None


class SignerMemory:
    """The part of the signing desk that signers use while they work."""

    def __init__(self, notes: Notebook, clock: Clock) -> None:
        self._notes = notes
        self._clock = clock

    def recall(self, authority: str, name: str) -> str | None:
        """What :meth:`remember` was told under this name; None when nothing was, or when it cannot be opened."""
        return self._notes.recall(authority, name)

    def remember(self, authority: str, name: str, content: str) -> str:
        """Keep something, sealed. Of two nodes that do so the first one wins: both go on with what is returned."""
        return self._notes.remember(authority, name, content, self._clock.now())

    def forget_notes(self, authority: str) -> None:
        """Forget what is kept of an authority, which was removed or is another one now."""
        self._notes.forget(authority)

    def put_challenge(self, token: str, answer: str) -> None:
        """Have ``/.well-known/acme-challenge/{token}`` answered (RFC 8555 §8.3). Raises DomainError INVALID."""
        if not is_token(token):
            raise invalid("The token of a challenge has 1 to 128 characters of base64url (RFC 8555 §8.3).")
        self._notes.put_challenge(token, answer, until=self._clock.now() + CHALLENGE_TIME)

    def challenge(self, token: str) -> str | None:
        """What is answered for a token; None when it is not known."""
        return self._notes.challenge(token, self._clock.now()) if is_token(token) else None

    def _has_old_challenges(self) -> bool:
        return self._notes.has_challenges(before=self._clock.now())

    def _drop_old_challenges(self) -> None:
        self._notes.drop_challenges(before=self._clock.now())
