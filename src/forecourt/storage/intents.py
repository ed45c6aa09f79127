"""Intents as they are written in a column: JSON with the name of the intent, sealed, because some hold secrets."""

from __future__ import annotations

from typing import Final

import msgspec

from forecourt.domain.errands.intents import INTENTS, Intent, Unreadable
from forecourt.pki.errors import BadSeal
from forecourt.pki.sealing import Vault

JSON: Final = "{"
"""What no sealed text begins with: older versions of this program wrote intents as they are."""

_encode: Final = msgspec.json.Encoder().encode


class _Envelope(msgspec.Struct):
    kind: str
    intent: msgspec.Raw


_open: Final = msgspec.json.Decoder(_Envelope).decode
_DECODERS: Final = {name: msgspec.json.Decoder(kind) for name, kind in INTENTS.items()}


class Intents:
    """Writes and reads intents, with one vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def written(self, intent: Intent) -> str:
        return self._vault.seal(_encode(_Envelope(type(intent).__name__, msgspec.Raw(_encode(intent)))))

    def read(self, written: str) -> Intent:
        """The intent; Unreadable for one that this version of the program does not know, or that was sealed with a
        key that is lost."""
        try:
            envelope = _open(written if written.startswith(JSON) else self._vault.open(written))
            return _DECODERS[envelope.kind].decode(envelope.intent)
        except (KeyError, BadSeal, msgspec.MsgspecError):
            return Unreadable()
