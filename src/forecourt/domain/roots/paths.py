"""Which root a chain leads to, and which certificates stand for the same authority."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from forecourt.domain.trust.model import ServerChain
from forecourt.pki.certificate import Certificate
from forecourt.pki.chain import is_issued_by
from forecourt.pki.path import Anchors, PathRefused, verify_path

ALGORITHMS: Final = ("SHA256", "SHA384", "SHA512")
"""With which stations name certificates (security whitepaper §6.1)."""

_CACHED: Final = 1_000
"""Certificates of which is kept what was worked out: the same few are asked about for every station."""


def leads(chain: Sequence[Certificate], roots: Sequence[Certificate], at: datetime) -> bool:
    """True when a peer that has only these roots accepts a chain, leaf first, at this time."""
    try:
        verify_path(chain[0], chain[1:], Anchors(roots, ()), at)
    except PathRefused:
        return False
    return True


@lru_cache(maxsize=_CACHED)
def authority_of(certificate: Certificate) -> str:
    """The same text for all certificates of one authority: of its name and its key, whoever signed them. With a
    cross-signed root in the place of the self-signed one, the same paths hold."""
    key = certificate.x509.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(certificate.x509.subject.public_bytes() + key).hexdigest()


@lru_cache(maxsize=_CACHED)
def is_self_signed(certificate: Certificate) -> bool:
    """It is a root of its own. That it names itself is not enough: a root may be signed by its namesake."""
    return certificate.is_self_issued and is_issued_by(certificate, certificate)


class Presented:
    """What listeners present at a moment, for many questions about who can check it."""

    def __init__(self, chains: Sequence[ServerChain], at: datetime) -> None:
        self.chains = chains
        self._at = at
        self._known: dict[frozenset[Certificate], frozenset[str]] = {}

    def checked_by(self, roots: Iterable[Certificate]) -> frozenset[str]:
        """The names of those that lead to one of these roots."""
        asked = frozenset(roots)
        found = self._known.get(asked)
        if found is None:
            found = frozenset(one.name for one in self.chains if leads(one.chain, list(asked), self._at))
            self._known[asked] = found
        return found

    @property
    def kinds(self) -> frozenset[str]:
        """Of their keys: the suites of a station may need one of them."""
        return frozenset(one.chain[0].key_kind.partition(" ")[0] for one in self.chains)
