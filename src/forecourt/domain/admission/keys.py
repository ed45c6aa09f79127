"""AuthorizationKeys: how they are made, written and hashed (OCPP-J 1.6 §6.2.2; A00.FR.205, A01.FR.06–08).

A station may show the bytes of its key as its password, or their hexadecimal text. What is hashed is always the bytes,
so that one hash serves both: a password that looks like such a text is also tried as the bytes that it stands for.

A key that was made here has 120 random bits, which nobody guesses, so that its hash is a fast one. What somebody
thought of is hashed slowly.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from dataclasses import dataclass, field
from typing import Final

from forecourt.domain.admission.model import KeyForm, SecurityProfile
from forecourt.domain.errors import invalid

LEAST_BYTES: Final = 16
MOST_BYTES: Final = 20
"""What every station takes (A00.FR.205: at least 16 bytes, and up to 40 hexadecimal digits)."""

MOST_BYTES_BY_HAND: Final = 255
"""What a station may have that was not given its password from here."""

PASSWORD_KEY: Final = "AuthorizationKey"
PROFILE_KEY: Final = "SecurityProfile"
"""The configuration keys (security whitepaper §7). Names of keys have no case (OCPP 1.6 CiString)."""

_ALPHABET: Final = string.ascii_letters + string.digits + "-_"
"""64 characters that are printable and mean nothing in a URL or a header, so that stations that keep their key as text
agree with those that keep bytes."""

_FAST: Final = "sha256$"
_SALT_BYTES: Final = 16
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+", re.ASCII)
_PROFILE: Final = re.compile(r"\s*\+?0*([0-3])\s*", re.ASCII)
_HEX_OF_A_KEY: Final = re.compile(rb"(?:[0-9A-Fa-f]{2}){1,255}")


def is_password(name: str) -> bool:
    """True for the configuration key that holds the password."""
    return name.lower() == PASSWORD_KEY.lower()


def is_security_profile(name: str) -> bool:
    """True for the configuration key that holds the security profile."""
    return name.lower() == PROFILE_KEY.lower()


def read_profile(value: str) -> SecurityProfile | None:
    """The profile that a value of ``SecurityProfile`` stands for; None for one that stands for none."""
    found = _PROFILE.fullmatch(value)
    return None if found is None else SecurityProfile(int(found[1]))


@dataclass(frozen=True, slots=True)
class GeneratedKey:
    """A key that was made here. Its text does not show it."""

    secret: bytes = field(repr=False)
    """20 printable ASCII characters."""

    @property
    def text(self) -> str:
        """The password, for stations that are told a text."""
        return self.secret.decode("ascii")

    @property
    def hex(self) -> str:
        """The value of ``AuthorizationKey``."""
        return written(self.secret)


def new_key() -> GeneratedKey:
    """A key that no other station has."""
    return GeneratedKey("".join(secrets.choice(_ALPHABET) for _ in range(MOST_BYTES)).encode())


def written(secret: bytes) -> str:
    """The bytes as the value of ``AuthorizationKey``."""
    return secret.hex().upper()


def read_authorization_key(value: str) -> bytes | None:
    """The bytes that a value of ``AuthorizationKey`` stands for, up to 255 of them; None when it is no hexadecimal
    text."""
    if len(value) > 2 * MOST_BYTES_BY_HAND or _HEX.fullmatch(value) is None:
        return None
    return bytes.fromhex(value)


def password_meant(value: str) -> bytes | None:
    """The password that a station has once it took this value of ``AuthorizationKey``, whatever is written there: what
    is no hexadecimal text is taken as it is. None for one that is too long, or nothing."""
    secret = read_authorization_key(value)
    if secret is not None:
        return secret
    try:
        as_it_is = value.encode()
    except UnicodeEncodeError:
        return None
    return as_it_is if 0 < len(as_it_is) <= MOST_BYTES_BY_HAND else None


def read_password(*, text: str | None, authorization_key: str | None) -> bytes | None:
    """The password that somebody gives in one of its two forms; None when it is given in neither. Raises DomainError
    INVALID."""
    if text is not None and authorization_key is not None:
        raise invalid("Give the password as text or as hexadecimal text, and not as both.", field="authorizationKey")
    if authorization_key is not None:
        secret = read_authorization_key(authorization_key)
        if secret is None:
            raise invalid(
                "An authorization key is hexadecimal text: two digits, 0 to 9 and A to F, for each byte.",
                field="authorizationKey",
            )
        return secret
    try:
        return None if text is None else text.encode()
    except UnicodeEncodeError as error:
        raise invalid("The password holds half of a character.", field="password") from error


def as_text(secret: bytes) -> str:
    """Any bytes as a text that stands for them and for no others: what a slow hash is made of."""
    return secret.decode("latin-1")


def is_same_fast(hashed: str, secret: bytes) -> bool:
    """True when it is known at once that the hash is that of this password; a slow hash is not asked."""
    return is_fast(hashed) and check_fast(hashed, secret)


def hash_generated(key: GeneratedKey) -> str:
    """The salted hash of a key that was made here. It is a fast one: see the top of this file."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"{_FAST}{salt.hex()}${hashlib.sha256(salt + key.secret).hexdigest()}"


def is_fast(hashed: str) -> bool:
    """True when :func:`check_fast` can check this hash; else it takes the PasswordHasher, with :func:`as_text`."""
    return hashed.startswith(_FAST)


def check_fast(hashed: str, candidate: bytes) -> bool:
    """True when the hash was made of these bytes. Takes as long for wrong ones as for right ones."""
    salt, _, digest = hashed.removeprefix(_FAST).partition("$")
    return hmac.compare_digest(hashlib.sha256(bytes.fromhex(salt) + candidate).hexdigest(), digest)


def candidates(presented: bytes) -> list[tuple[KeyForm, bytes]]:
    """The bytes of which the hash may have been made, when a station shows this password, likeliest first."""
    found = [(KeyForm.BYTES, presented)]
    if _HEX_OF_A_KEY.fullmatch(presented) is not None:
        found.append((KeyForm.HEX_TEXT, bytes.fromhex(presented.decode("ascii"))))
    return found
