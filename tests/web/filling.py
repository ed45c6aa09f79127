"""What somebody types into the form of an operation: a value for each field, made from the declaration."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from forecourt.operations.fields import Field, Kind
from forecourt.operations.operation import AnyOperation
from forecourt.web.pages.operations.widgets import Look, Widget, flat, widgets_of

A_TIME: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


def filled_in(
    operation: AnyOperation, *, at: datetime = A_TIME, zone: tzinfo = UTC
) -> tuple[dict[str, object], dict[str, str]]:
    """The same message as JSON and as it is typed, by the names of the inputs, with every field filled in.

    Times begin with ``at``, each an hour after the one before; they are typed as they are in ``zone``.
    """
    body: dict[str, object] = {}
    typed: dict[str, str] = {}
    for widget in flat(widgets_of(operation)):
        if widget.look is not Look.GROUP:
            value = _example(widget.field, at)
            _put(body, widget.field.path, value)
            typed[widget.name] = _as_typed(widget, value, zone)
            at += timedelta(hours=1)
    return body, typed


def _example(field: Field, at: datetime) -> object:
    """A value that fits a field, as JSON holds it."""
    if field.choices:
        return [field.choices[-1]] if field.is_list else field.choices[-1]
    least = int(field.least) if field.least is not None and abs(field.least) < 2**31 else 1
    value: object = {
        Kind.TEXT: "http://example.org/x" if "ocation" in field.dotted else "a<b>c",
        Kind.MOMENT: at.isoformat().replace("+00:00", "Z"),
        Kind.INTEGER: max(least, 1),
        Kind.NUMBER: 1.5,
        Kind.FLAG: True,
        Kind.JSON: field.example,
    }[field.kind]
    return [value] if field.is_list else value


def _as_typed(widget: Widget, value: object, zone: tzinfo) -> str:
    match widget.look:
        case Look.MOMENT:
            return datetime.fromisoformat(str(value)).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
        case Look.JSON:
            return json.dumps(value)
        case Look.LINES:
            assert isinstance(value, list)
            return "\n".join(map(str, value))
        case Look.FLAG:
            return "yes" if value else "no"
    return str(value)


def _put(body: dict[str, object], path: tuple[str, ...], value: object) -> None:
    for name in path[:-1]:
        inner = body.setdefault(name, {})
        assert isinstance(inner, dict)
        body = inner
    body[path[-1]] = value
