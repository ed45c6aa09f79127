"""The one error of the business: a kind that every door maps to its own status, and a sentence for a person."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable


class Kind(enum.Enum):
    """Why something was not done. Doors map it to a CALLERROR code, an HTTP status or an exit code."""

    INVALID = "invalid"
    NOT_FOUND = "not found"
    CONFLICT = "conflict"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


class Sentence:
    """A sentence for a person, in English. It remembers what is filled in, so that doors can say it in other languages.

    Where there are values, the pattern holds ``{}`` for each of them, as :meth:`str.format` takes it.
    """

    __slots__ = ("_pattern", "_values")

    def __init__(self, pattern: str, /, *values: object) -> None:
        self._pattern = pattern
        self._values = values

    def __str__(self) -> str:
        return self.spoken(str)

    def __repr__(self) -> str:
        return f"Sentence({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        """They say the same; what is filled in, such as errors, need not be equal itself."""
        return str(self) == str(other) if isinstance(other, Sentence) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))

    def spoken(self, translate: Callable[[str], str]) -> str:
        """In the language into which ``translate`` puts patterns, also those of sentences that are filled in."""
        pattern = translate(self._pattern) if self._pattern else ""  # in catalogues the empty text is their head
        if not self._values:
            return pattern
        return pattern.format(
            *(value.spoken(translate) if isinstance(value, Sentence) else value for value in self._values)
        )


def paragraph(sentences: Iterable[Sentence | str]) -> Sentence:
    """Several sentences as one, in their order; those that are texts are said in every language as they are."""
    values = tuple(sentences)
    pattern = " ".join(["{}"] * len(values))
    return Sentence(pattern, *values)


def in_english(sentences: Iterable[Sentence]) -> tuple[str, ...]:
    """For programs, and for what is kept."""
    return tuple(map(str, sentences))


class DomainError(Exception):
    """Something was refused. ``str()`` says what, why, and what to do; ``field`` names the input at fault.

    Values are filled into a pattern as :class:`Sentence` does it.
    """

    def __init__(self, kind: Kind, sentence: str | Sentence, *values: object, field: str | None = None) -> None:
        self.kind = kind
        self.said = sentence if isinstance(sentence, Sentence) else Sentence(sentence, *values)
        self.sentence = str(self.said)
        """In English."""
        self.field = field
        super().__init__(self.sentence)


def invalid(sentence: str | Sentence, *values: object, field: str | None = None) -> DomainError:
    return DomainError(Kind.INVALID, sentence, *values, field=field)


def not_found(sentence: str | Sentence, *values: object) -> DomainError:
    return DomainError(Kind.NOT_FOUND, sentence, *values)


def conflict(sentence: str | Sentence, *values: object, field: str | None = None) -> DomainError:
    return DomainError(Kind.CONFLICT, sentence, *values, field=field)


def check_note(text: str, *, field: str, limit: int) -> str:
    """A text for people, if it can be kept; raises DomainError."""
    if len(text) > limit:
        raise invalid("At most {} characters are kept; this text has {}.", limit, len(text), field=field)
    if "\0" in text:
        raise invalid("The text may not hold the character U+0000.", field=field)
    return text


def is_lasting(error: Exception) -> bool:
    """False when trying again may help. What stores raise says so; whatever else is raised is a mistake of ours."""
    return bool(getattr(error, "is_lasting", True))
