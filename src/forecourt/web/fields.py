"""What somebody typed into a form or chose as a filter: read value by value, every mistake kept beside its field.

The names of fields are those of REST, so that what the business says of one finds its place.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

from litestar.datastructures import UploadFile

from forecourt.domain.errors import DomainError, Kind
from forecourt.web.language import gettext as _
from forecourt.web.language import manner, translated

MAX_LINE: Final = 255
MAX_NUMBER: Final = 2**31 - 1
WHOLE_FORM: Final = ""
"""The "field" of what concerns the form as a whole."""

Choice = TypeVar("Choice", bound=enum.Enum)


class Fields:
    """Texts by the names of their fields. A field that was not sent is an empty text."""

    def __init__(
        self, given: Mapping[str, Sequence[str]] | None = None, files: Mapping[str, UploadFile] | None = None
    ) -> None:
        self._given = {name: [*values] for name, values in (given or {}).items()}
        self._files = files or {}
        self.faults: dict[str, str] = {}
        """Field → what is wrong with it, as a sentence."""

    @classmethod
    def of(cls, **values: object) -> Fields:
        """A form as it is shown at first, with what is stored."""
        return cls({name: _texts(value) for name, value in values.items()})

    # For pages

    @property
    def is_good(self) -> bool:
        return not self.faults

    @property
    def whole(self) -> str:
        """What is wrong with the form as a whole; empty for nothing."""
        return self.faults.get(WHOLE_FORM, "")

    @property
    def is_empty(self) -> bool:
        """Nothing was chosen or typed."""
        return not any(value for values in self._given.values() for value in values)

    def shown(self, name: str) -> str:
        """What was typed, as it was typed."""
        return self._given.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        return self._given.get(name, [])

    def fault(self, name: str) -> str:
        return self.faults.get(name, "")

    def put(self, name: str, text: str) -> None:
        """Show something else than was typed."""
        self._given[name] = [text]

    def copy(self) -> Fields:
        """The same texts, of which nothing was refused yet."""
        return Fields(self._given, self._files)

    # Reading

    def text(self, name: str, *, most: int = MAX_LINE, is_required: bool = False) -> str:
        """One line, or several, without the white space around it."""
        found = self.shown(name).strip()
        if "\0" in found:
            self.refuse(name, _("The character U+0000 cannot be kept."))
        elif len(found) > most:
            self.refuse(name, _("At most %(most)s characters are kept.") % {"most": most})
        elif is_required and not found:
            self.refuse(name, _("This is needed."))
        return found

    def maybe_text(self, name: str, *, most: int = MAX_LINE) -> str | None:
        return self.text(name, most=most) or None

    def secret(self, name: str) -> str:
        """A text with all its spaces; it is never shown again."""
        found = self.shown(name)
        self._given.pop(name, None)
        return found

    def number(self, name: str, *, low: int = 0, high: int = MAX_NUMBER, is_required: bool = False) -> int | None:
        """A whole number; None when nothing was typed, or something else."""
        found = self.text(name, most=40, is_required=is_required)
        if not found:
            return None
        digits = found.removeprefix("-")
        value = int(found) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else None
        if value is None or not low <= value <= high:
            self.refuse(name, _("A whole number from %(low)s to %(high)s.") % {"low": low, "high": high})
            return None
        return value

    def decimal(self, name: str, *, low: float, high: float, is_required: bool = False) -> float | None:
        """A number with decimals, written with a point or a comma."""
        found = self.text(name, most=40, is_required=is_required)
        if not found:
            return None
        try:
            value = float(found.replace(",", "."))
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            self.refuse(name, _("A number from %(low)s to %(high)s.") % {"low": low, "high": high})
            return None
        return value

    def choice(self, name: str, kind: type[Choice], *, is_required: bool = False) -> Choice | None:
        """A member of an enumeration, by its value."""
        found = self.text(name, is_required=is_required)
        if not found:
            return None
        for member in kind:
            if str(member.value) == found:
                return member
        self.refuse(name, _("%(value)r is none of the choices.") % {"value": found})
        return None

    def flag(self, name: str) -> bool:
        """A box that was ticked."""
        return bool(self.shown(name))

    def yes_or_no(self, name: str) -> bool | None:
        """A choice of ``yes``, ``no`` and neither."""
        return {"yes": True, "no": False}.get(self.shown(name))

    def moment(self, name: str, *, is_required: bool = False) -> datetime | None:
        """A time, in the viewer's zone unless it says another."""
        found = self.text(name, most=40, is_required=is_required)
        if not found:
            return None
        try:
            at = datetime.fromisoformat(found)
            return (at if at.tzinfo is not None else at.replace(tzinfo=manner().zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.refuse(name, _("A date and time, such as 2026-01-31 18:00."))
            return None

    def file(self, name: str) -> UploadFile | None:
        """A file that was chosen."""
        found = self._files.get(name)
        return None if found is None or not found.filename else found

    # What is wrong

    def refuse(self, name: str, sentence: str) -> None:
        """Keeps the first mistake of a field."""
        self.faults.setdefault(name, sentence)

    def take(self, error: DomainError) -> None:
        """What the business refused, beside the field that it names if the form has it."""
        name = error.field if error.field in self._given else WHOLE_FORM
        self.refuse(name or WHOLE_FORM, translated(error.said))

    def refusals(self) -> Refusals:
        """``with form.refusals():`` takes what the business refuses. What is gone (NOT_FOUND) is a matter of the page,
        and goes through."""
        return Refusals(self)


class Refusals:
    """A context in which what the business refuses ends in a form. A class, because type checkers learn from its
    ``bool`` that what follows the context is reached."""

    def __init__(self, form: Fields) -> None:
        self._form = form

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: object) -> bool:
        if not isinstance(error, DomainError) or error.kind is Kind.NOT_FOUND:
            return False
        self._form.take(error)
        return True


def _texts(value: object) -> list[str]:
    match value:
        case None | False:
            return [""]
        case True:
            return ["yes"]
        case enum.Enum():
            return [str(value.value)]
        case datetime():
            return [value.astimezone(manner().zone).strftime("%Y-%m-%dT%H:%M:%S")]
        case list() | tuple() | set() | frozenset():
            return [text for one in value for text in _texts(one)]
        case _:
            return [str(value)]
