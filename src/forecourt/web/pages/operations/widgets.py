"""What the fields of an operation look like in a form."""

from __future__ import annotations

import enum
import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from forecourt.ocpp.redaction import is_secret_key
from forecourt.operations.fields import Field, Kind, fields_of
from forecourt.operations.operation import AnyOperation
from forecourt.web.language import gettext as _
from forecourt.web.pages.operations.selection import WORDS
from forecourt.web.wording import label, number

CONTROLS: Final = frozenset({"delivery", "expiresAt", "priority", "step", "count", "retype", "csrf"})
"""What the form says of itself."""

_LONG_TEXT: Final = 256
"""Characters from which on a text gets several lines."""
_FREE_TEXT: Final = 500
"""Characters from which on a text is taken with the white space around it, and may be empty."""
_COUNTABLE: Final = 2**31 - 1
"""A limit that only says what a computer can count is not worth a word."""


class Look(enum.Enum):
    """The kind of input. The value is what templates ask for."""

    LINE = "line"
    SECRET = "secret"
    AREA = "area"
    LINES = "lines"
    """One value per line."""
    JSON = "json"
    SELECT = "select"
    FLAG = "flag"
    """Yes, no, or neither."""
    MOMENT = "moment"
    NUMBER = "number"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Widget:
    """One field, with those inside it."""

    field: Field
    name: str
    """In the form. It is that of the wire, dotted, unless the form has a word of that name."""
    look: Look
    inside: tuple[Widget, ...] = ()

    @property
    def word(self) -> str:
        """On the wire."""
        return self.field.path[-1]

    @property
    def label(self) -> str:
        return label(self.word)

    @property
    def is_needed(self) -> bool:
        """The form cannot be sent without it."""
        field = self.field
        return field.is_required and field.is_certain and not self.may_be_empty

    @property
    def may_be_empty(self) -> bool:
        """It has to be there, and may be an empty text: a box says that this is meant."""
        field = self.field
        is_text = field.kind is Kind.TEXT and not field.is_list and not field.choices
        return field.is_required and is_text and not field.shortest and (field.longest or _FREE_TEXT) >= _FREE_TEXT

    @property
    def is_free(self) -> bool:
        """White space around it counts."""
        return self.look is Look.AREA and (self.field.longest or _FREE_TEXT) >= _FREE_TEXT

    @property
    def empty_name(self) -> str:
        return f"empty:{self.name}"

    @property
    def unset(self) -> str | None:
        """What the choice of nothing says; None where something has to be chosen."""
        field = self.field
        if field.default is not None:
            word = {True: _("Yes"), False: _("No")}[field.default] if isinstance(field.default, bool) else field.default
            return _("As a rule: %(value)s") % {"value": word}
        return _("Choose …") if field.is_required else _("Not said")

    @property
    def help(self) -> str:
        return " ".join(part for part in (_(self.field.description) if self.field.description else "", *self._notes()))

    @property
    def attributes(self) -> Mapping[str, object]:
        field = self.field
        if self.look is Look.NUMBER:
            limits = {"min": _countable(field.least), "max": _countable(field.most)}
            return {**limits, "step": "1" if field.kind is Kind.INTEGER else "any", "inputmode": "decimal"}
        return {"maxlength": field.longest} if self.look is Look.LINE else {}

    def _notes(self) -> Iterator[str]:
        field = self.field
        if self.look is Look.LINES:
            yield _("One per line.")
        if self.look is Look.JSON:
            yield _("As JSON, for example: %(example)s") % {"example": json.dumps(field.example, ensure_ascii=False)}
        if self.look in (Look.LINE, Look.AREA) and field.longest is not None:
            yield _("At most %(count)s characters.") % {"count": number(field.longest)}
        least, most = _countable(field.least), _countable(field.most)
        if least is not None and most is not None:
            yield _("From %(least)s to %(most)s.") % {"least": least, "most": most}
        elif least is not None:
            yield _("At least %(least)s.") % {"least": least}
        elif most is not None:
            yield _("At most %(most)s.") % {"most": most}
        if field.is_required and not field.is_certain:
            yield _("Needed if anything of this part is said.")
        if self.look not in (Look.FLAG, Look.SELECT) and field.default not in (None, [], ""):
            yield _("As a rule: %(value)s") % {"value": field.default}


@functools.cache
def widgets_of(operation: AnyOperation) -> tuple[Widget, ...]:
    """The fields on the outside, each with those inside it."""
    return tuple(_nested(fields_of(operation.params), ()))


def flat(widgets: Sequence[Widget]) -> Iterator[Widget]:
    for widget in widgets:
        yield widget
        yield from flat(widget.inside)


def _nested(fields: Sequence[Field], above: tuple[str, ...]) -> Iterator[Widget]:
    for field in fields:
        if field.path[:-1] == above:
            inside = tuple(_nested(fields, field.path)) if field.is_group else ()
            taken = field.dotted in CONTROLS | WORDS
            yield Widget(field, f"parameter.{field.dotted}" if taken else field.dotted, _look(field), inside)


def _look(field: Field) -> Look:
    if field.is_group:
        return Look.GROUP
    if field.choices and not field.is_list:
        return Look.SELECT
    match field.kind:
        case Kind.JSON:
            return Look.JSON
        case Kind.FLAG:
            return Look.FLAG
    if field.is_list:
        return Look.LINES
    match field.kind:
        case Kind.MOMENT:
            return Look.MOMENT
        case Kind.INTEGER | Kind.NUMBER:
            return Look.NUMBER
    if is_secret_key(field.path[-1]):
        return Look.SECRET
    return Look.AREA if field.longest is not None and field.longest >= _LONG_TEXT and not _is_line(field) else Look.LINE


def _is_line(field: Field) -> bool:
    """An address is one line, however long."""
    return field.path[-1].casefold().endswith("location")


def _countable(limit: float | None) -> float | None:
    return None if limit is None or abs(limit) >= _COUNTABLE else limit
