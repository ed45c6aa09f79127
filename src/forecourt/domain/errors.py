"""The one error of the business: a kind that every door maps to its own status, and a sentence for a person."""

from __future__ import annotations

import enum


class Kind(enum.Enum):
    """Why something was not done. Doors map it to a CALLERROR code, an HTTP status or an exit code."""

    INVALID = "invalid"
    NOT_FOUND = "not found"
    CONFLICT = "conflict"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


class DomainError(Exception):
    """Something was refused. ``str()`` says what, why, and what to do; ``field`` names the input at fault."""

    def __init__(self, kind: Kind, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence
        self.field = field


def invalid(sentence: str, *, field: str | None = None) -> DomainError:
    return DomainError(Kind.INVALID, sentence, field=field)


def not_found(sentence: str) -> DomainError:
    return DomainError(Kind.NOT_FOUND, sentence)


def conflict(sentence: str, *, field: str | None = None) -> DomainError:
    return DomainError(Kind.CONFLICT, sentence, field=field)


def check_note(text: str, *, field: str, limit: int) -> str:
    """A text for people, if it can be kept; raises DomainError."""
    if len(text) > limit:
        raise invalid(f"At most {limit} characters are kept; this text has {len(text)}.", field=field)
    if "\0" in text:
        raise invalid("The text may not hold the character U+0000.", field=field)
    return text


def is_lasting(error: Exception) -> bool:
    """False when trying again may help. What stores raise says so; whatever else is raised is a mistake of ours."""
    return bool(getattr(error, "is_lasting", True))
