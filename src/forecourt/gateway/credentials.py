"""What a station says in its Authorization header, and what is proven by it (OCPP-J 1.6 §6.2; RFC 7617)."""

from __future__ import annotations

import base64
import binascii
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from forecourt.domain.admission.model import KeyForm, Password

MAX_CHARACTERS: Final = 2_048
"""Of the header's value. An identity has at most 255 characters and a password at most 40 bytes of hexadecimal text,
but what an operator typed may be longer."""


@dataclass(frozen=True, slots=True)
class Basic:
    """A password, as bytes: a station's key may hold any."""

    password: bytes = field(repr=False)


class NoBasic(enum.Enum):
    """Why there is no password in the headers."""

    MISSING = "missing"
    """No Authorization header, or one of another scheme: the station is told to use Basic."""
    MALFORMED = "malformed"
    OF_ANOTHER = "ofAnother"
    """The user name is not the identity in the URL (A00.FR.204, A00.FR.303)."""


def read_basic(values: Sequence[str], *, identity: str, segment: str) -> Basic | NoBasic:
    """The password in the values of all Authorization headers of a request.

    ``segment`` is the identity as it stands in the URL: the user name of a station that does not decode it is this.
    The text is cut where the identity ends and not at the first colon that is found: neither the password nor, in
    stations that send other encodings, the name need be UTF-8.
    """
    if not values:
        return NoBasic.MISSING
    if len(values) > 1 or len(values[0]) > MAX_CHARACTERS:
        return NoBasic.MALFORMED
    scheme, _, encoded = values[0].strip(" \t").partition(" ")
    if scheme.lower() != "basic":
        return NoBasic.MISSING
    decoded = _decode(encoded.strip(" \t"))
    if decoded is None or b":" not in decoded:
        return NoBasic.MALFORMED
    for name in _names(identity, segment):
        if decoded.startswith(name + b":"):
            return Basic(decoded[len(name) + 1 :])
    return NoBasic.OF_ANOTHER


def _decode(text: str) -> bytes | None:
    """Base64, whose padding some stations leave away."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except (binascii.Error, ValueError):  # ValueError: characters beyond ASCII
        return None


def _names(identity: str, segment: str) -> Iterable[bytes]:
    yield identity.encode()
    if segment != identity:
        yield segment.encode("utf-8", "surrogateescape")
    if not identity.isascii():
        yield identity.encode("latin-1", "replace")


class PasswordVerdict(enum.Enum):
    """What became of the password that a station showed."""

    MISSING = "missing"
    MALFORMED = "malformed"
    OF_ANOTHER = "ofAnother"
    NOT_CHECKED = "notChecked"
    """Nobody needed to know, and it would have cost something to find out."""
    NONE_KNOWN = "noneKnown"
    """The station has no password in this system."""
    WRONG = "wrong"
    FORMER = "former"
    THROTTLED = "throttled"
    """Too many wrong ones came from there; this one was not looked at, or is one more."""
    BUSY = "busy"
    """Too many passwords are being looked at."""
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class PasswordProof:
    """What a station proved with a password."""

    verdict: PasswordVerdict
    password: Password | None = None
    """The one that it was, when it is right or a former one."""
    form: KeyForm | None = None
    retry_seconds: int = 0
    """When to come again, if it was throttled or we were busy."""

    @property
    def is_right(self) -> bool:
        return self.verdict is PasswordVerdict.RIGHT

    def without_hash(self) -> PasswordProof:
        """The same, to be kept for as long as a link: nothing there needs the hash."""
        return self if self.password is None else replace(self, password=None)

    @property
    def was_presented(self) -> bool:
        """The station sent a header that was meant to hold a password."""
        return self.verdict is not PasswordVerdict.MISSING


NO_PASSWORD: Final = PasswordProof(PasswordVerdict.MISSING)

NO_BASIC: Final = {
    NoBasic.MISSING: NO_PASSWORD,
    NoBasic.MALFORMED: PasswordProof(PasswordVerdict.MALFORMED),
    NoBasic.OF_ANOTHER: PasswordProof(PasswordVerdict.OF_ANOTHER),
}
