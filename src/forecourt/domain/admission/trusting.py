"""What admission asks the store of trust: how the door would judge a certificate, and what is known of a station's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.paging import Page, PageRequest
from forecourt.domain.provisioning.model import Station
from forecourt.domain.trust.held import Held
from forecourt.domain.trust.model import MAX_CERTIFICATES, Policy, Purpose, Role, ServerChain, Trusted, TrustFilter
from forecourt.pki.certificate import Certificate
from forecourt.pki.path import Anchors, PathFault, PathRefused, verify_path


class Trusting(Protocol):
    """The store of trust."""

    def version(self) -> int: ...

    def policy(self) -> Policy: ...

    def list(self, wanted: TrustFilter, page: PageRequest) -> Page[Trusted]: ...

    def held(self, station: Station) -> Sequence[Held]:
        """The certificates that are known to be at a station, what was learned last first."""
        ...

    def is_revoked(self, issuer_hash: str, serial: str) -> bool: ...

    def server_certificates(self) -> Sequence[ServerChain]: ...


class TrustNow:
    """The store with what paths are built with, which is made once for each version of the store: many stations are
    asked together."""

    def __init__(self, store: Trusting) -> None:
        self.store = store
        self._version: int | None = None
        self._anchors: dict[Purpose, Anchors] = {}

    def path(self, leaf: Certificate, at: datetime) -> tuple[tuple[Certificate, ...], bool]:
        """The path from a station's certificate to an anchor, by what is in the store, and whether that is an anchor
        for the certificates of makers only (A00.FR.403, 406). Raises PathRefused."""
        anchors = self._prepared()
        try:
            return verify_path(leaf, (), anchors[Purpose.STATION], at), False
        except PathRefused as own:
            try:
                return verify_path(leaf, (), anchors[Purpose.ONBOARDING], at), True
            except PathRefused as makers:
                raise own if makers.fault is PathFault.UNTRUSTED else makers from None

    def _prepared(self) -> dict[Purpose, Anchors]:
        version = self.store.version()
        if version != self._version:
            trusted = self.store.list(TrustFilter(is_enabled=True), PageRequest(limit=MAX_CERTIFICATES)).items
            self._anchors = {one: _anchors(trusted, one) for one in (Purpose.STATION, Purpose.ONBOARDING)}
            self._version = version
        return self._anchors


def _anchors(trusted: Sequence[Trusted], purpose: Purpose) -> Anchors:
    meant = [one for one in trusted if purpose in one.purposes]
    return Anchors(
        [one.certificate for one in meant if one.role is Role.ANCHOR],
        [one.certificate for one in meant if one.role is Role.INTERMEDIATE],
    )
