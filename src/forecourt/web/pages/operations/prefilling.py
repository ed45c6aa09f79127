"""Forms of operations that are filled in from an address: what other pages suggest, and what was asked before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

import msgspec

from forecourt.domain.errands.model import Errand
from forecourt.operations.operation import AnyOperation
from forecourt.redaction import HIDDEN
from forecourt.web.fields import Fields
from forecourt.web.pages.operations.widgets import Look, Widget, flat, widgets_of
from forecourt.web.wording import local_input


def prefilled(query: Fields, operation: AnyOperation) -> Fields:
    """The form as it is shown at first."""
    given: dict[str, list[str]] = {}
    for widget in flat(widgets_of(operation)):
        found = query.shown(widget.name)
        if found and widget.look is not Look.SECRET:
            given[widget.name] = [_local(found) if widget.look is Look.MOMENT else found]
    return Fields(given)


def same_again(operation: AnyOperation, errand: Errand) -> str:
    """What an errand was told, as the query of the form's address; empty where that is not known any more.

    Of a composed operation that is so from when its message was sent: what is kept then is the message.
    """
    if errand.request is None or (operation.is_composed and errand.sent_at is not None):
        return ""
    try:
        told = msgspec.json.decode(errand.request)
    except (msgspec.DecodeError, RecursionError):
        return ""
    if not isinstance(told, dict) or told.keys() - {widget.word for widget in widgets_of(operation)}:
        return ""
    return urlencode([pair for widget in widgets_of(operation) for pair in _pairs(widget, told)])


def _pairs(widget: Widget, told: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    value = told.get(widget.word)
    if value in (None, "", HIDDEN):
        return
    if widget.look is Look.GROUP and isinstance(value, dict):
        for inner in widget.inside:
            yield from _pairs(inner, value)
    elif isinstance(value, bool):
        yield widget.name, "yes" if value else "no"
    elif widget.look is Look.LINES and isinstance(value, list):
        yield widget.name, "\n".join(map(str, value))
    elif isinstance(value, list | dict):
        yield widget.name, msgspec.json.encode(value).decode()
    else:
        yield widget.name, str(value)


def _local(text: str) -> str:
    """A time as the field takes it; what is none stays as it is, and is refused beside the field."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if at.tzinfo is None else local_input(at.astimezone(UTC))
