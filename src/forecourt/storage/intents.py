"""Intents as they are written in a column: JSON with the name of the intent."""

from __future__ import annotations

from typing import Final

import msgspec

from forecourt.domain.errands.intents import INTENTS, Intent, Unreadable

_encode: Final = msgspec.json.Encoder().encode


class _Envelope(msgspec.Struct):
    kind: str
    intent: msgspec.Raw


_open: Final = msgspec.json.Decoder(_Envelope).decode
_DECODERS: Final = {name: msgspec.json.Decoder(kind) for name, kind in INTENTS.items()}


def written_intent(intent: Intent) -> str:
    return _encode(_Envelope(type(intent).__name__, msgspec.Raw(_encode(intent)))).decode()


def read_intent(written: str) -> Intent:
    """The intent; Unreadable for one that this version of the program does not know."""
    try:
        envelope = _open(written)
        return _DECODERS[envelope.kind].decode(envelope.intent)
    except (KeyError, msgspec.MsgspecError):
        return Unreadable()
