"""Keys that firmware is signed with here: a maker's own, or made here with a root of their own (L01.FR.09)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from forecourt.clock import Clock
from forecourt.domain.errors import DomainError, conflict, not_found
from forecourt.domain.firmware.checks import check_name
from forecourt.domain.firmware.making import KeyOffer, RootOffer
from forecourt.domain.firmware.model import MAX_KEYS, FirmwareKey
from forecourt.domain.firmware.store import FirmwareKeyStore
from forecourt.domain.security_log.model import Kind, Note
from forecourt.domain.security_log.service import SecurityLog
from forecourt.domain.trust.model import Origin, Purpose, Role
from forecourt.domain.trust.service import Trust
from forecourt.pki.errors import PkiError
from forecourt.pki.keys import PrivateKey
from forecourt.pki.wording import quoted


class FirmwareKeys:
    """Everything that can happen to a key. Keys are made and read outside units of work, with
    `forecourt.domain.firmware.making`."""

    def __init__(self, store: FirmwareKeyStore, trust: Trust, log: SecurityLog, clock: Clock) -> None:
        self._store = store
        self._trust = trust
        self._log = log
        self._clock = clock

    def add(self, name: str, offer: KeyOffer, *, asked_by: str) -> FirmwareKey:
        """Keep a key. The root of one that was made here is trusted for firmware at once. Raises DomainError INVALID
        for a bad name or a certificate that has expired, and CONFLICT when there is a key of this name."""
        check_name(name)
        now = self._clock.now()
        offer.check_times(now)
        if len(self._store.all()) >= MAX_KEYS:
            raise conflict("There are {} firmware keys, and no more are possible; remove one first.", MAX_KEYS)
        key = FirmwareKey(
            name=name,
            certificate=offer.certificate,
            root=offer.root,
            has_root_key=offer.root_key is not None,
            added_by=asked_by,
            added_at=now,
        )
        if not self._store.add(key, offer.key, offer.root_key):
            raise conflict("There is a firmware key {!r} already; choose another name.", name, field="name")
        leaf = offer.certificate
        sentence = f"was added: {leaf.key_kind}, for {quoted(leaf.subject)}, until {leaf.not_after:%Y-%m-%d}"
        self._note(name, sentence, asked_by)
        if offer.root is not None and offer.is_made_here:
            self._trust.add(offer.root, frozenset({Purpose.FIRMWARE}), Role.ANCHOR, Origin.OWN_CA, asked_by)
        return key

    def remove(self, name: str, *, asked_by: str) -> None:
        """Forget it with its private key, and with that of its root. What it signed stays signed, and its root stays
        trusted. Raises DomainError NOT_FOUND."""
        if not self._store.remove(name):
            raise _no(name)
        self._note(name, "was removed", asked_by)

    def get(self, name: str) -> FirmwareKey:
        """Raises DomainError NOT_FOUND."""
        found = self._store.find(name)
        if found is None:
            raise _no(name)
        return found

    def all(self) -> Sequence[FirmwareKey]:
        """In the order of their names."""
        return self._store.all()

    # For those who make keys and sign, outside of any unit of work

    def now(self) -> datetime:
        """From when a certificate is to be valid."""
        return self._clock.now()

    def opened(self, name: str) -> PrivateKey:
        """Raises DomainError NOT_FOUND, and CONFLICT when it cannot be opened, or its certificate has expired."""
        key = self.get(name)
        if key.certificate.has_ended(self._clock.now()):
            raise conflict(
                "The certificate of the firmware key {!r} expired on {:%Y-%m-%d %H:%M} UTC; make or give another key.",
                name,
                key.certificate.not_after,
            )
        try:
            opened = self._store.opened(name)
        except PkiError as error:
            raise conflict(
                "The firmware key {!r} cannot be opened: {} Start with the secret key with which it was sealed, or "
                "remove the key and give it once more.",
                name,
                error,
            ) from error
        if opened is None:
            raise _no(name)
        return opened

    def root_of(self, name: str) -> RootOffer:
        """What another key is issued with. Raises DomainError NOT_FOUND, and CONFLICT for a key that was not made here
        or cannot be opened."""
        key = self.get(name)
        try:
            root_key = self._store.opened_root(name)
        except PkiError as error:
            raise conflict(
                "The root of the firmware key {!r} cannot be opened: {} Start with the secret key with which it was "
                "sealed, or remove the key and give it once more.",
                name,
                error,
            ) from error
        if key.root is None or root_key is None:
            raise conflict(
                "The firmware key {!r} was not made here, so that its root cannot issue another one.",
                name,
                field="root",
            )
        return RootOffer(key.root, root_key)

    def _note(self, name: str, sentence: str, asked_by: str) -> None:
        self._log.note(
            Note(kind=Kind.FIRMWARE_CHANGED, reason=f"The firmware key {name!r} {sentence}.", asked_by=asked_by)
        )


def _no(name: str) -> DomainError:
    return not_found("There is no firmware key {!r}.", name)
