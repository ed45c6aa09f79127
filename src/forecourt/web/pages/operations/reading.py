"""Reads what was typed into the form of an operation, and puts every fault beside its field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Final

import msgspec

from forecourt.domain.errands.model import Delivery, Order, Priority, expiry
from forecourt.domain.errors import DomainError
from forecourt.ocpp.action import Message
from forecourt.ocpp.redaction import is_secret_key
from forecourt.operations.fields import Kind, NotJson, body_of
from forecourt.operations.operation import AnyOperation
from forecourt.operations.reading import BadField, BadParameters, read_parameters
from forecourt.web.fields import WHOLE_FORM, Fields
from forecourt.web.language import gettext as _
from forecourt.web.pages.operations.widgets import Look, Widget, flat, widgets_of
from forecourt.web.visit import Visit

PRIORITIES: Final = {priority.name.lower(): priority for priority in Priority}

_POSITION: Final = re.compile(r"\[\d+\]")


def read_message(form: Fields, operation: AnyOperation) -> Message | None:
    """What the operation is to be told; None when something is wrong with it, which then stands beside its field."""
    widgets = list(flat(widgets_of(operation)))
    names = {widget.field.dotted: widget.name for widget in widgets}
    given = [_given(form, widget) for widget in widgets]
    try:
        body = body_of([widget.field for widget in widgets], given)
    except NotJson as wrong:
        for path in wrong.reasons:
            form.refuse(names.get(path, WHOLE_FORM), _("This is not JSON."))
        return None
    _add_needed_groups(body, widgets)
    if not form.is_good:
        return None
    try:
        message: Message = read_parameters(msgspec.json.encode(body), operation.params)
    except BadParameters as wrong:
        for fault in wrong.fields:
            name, sentence = _place(fault, names)
            form.refuse(name, sentence)
        return None
    return message


def read_order(form: Fields, visit: Visit) -> Order:
    """How it is to be carried; what is wrong with that stands beside its field."""
    order = Order(
        asked_by=visit.asked_by,
        delivery=form.choice("delivery", Delivery) or Delivery.NOW,
        expires_at=form.moment("expiresAt"),
        priority=PRIORITIES.get(form.shown("priority"), Priority.NORMAL),
    )
    try:
        expiry(order, visit.house.clock.now())
    except DomainError as error:
        form.take(error)
    return order


def secret_names(operation: AnyOperation, message: Message) -> list[str]:
    """The fields of the form that hold what must not be shown, as far as they were filled in."""
    secret = {_wire_name(message, name) for name in message.secrets()}
    return [
        widget.name
        for widget in flat(widgets_of(operation))
        if widget.look is Look.SECRET or (len(widget.field.path) == 1 and widget.word in secret)
    ]


def name_of(operation: AnyOperation, field: str | None) -> str | None:
    """How the form calls a field that the business names."""
    return next((one.name for one in flat(widgets_of(operation)) if one.field.dotted == field), field)


def _given(form: Fields, widget: Widget) -> object:
    """None for what was left empty."""
    text = form.shown(widget.name).replace("\r\n", "\n")
    stripped = text.strip()
    match widget.look:
        case Look.GROUP:
            return None
        case Look.FLAG:
            return form.yes_or_no(widget.name)
        case Look.MOMENT:
            at = form.moment(widget.name)
            return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case Look.LINES:
            return [line.strip() for line in text.split("\n") if line.strip()]
        case Look.NUMBER if widget.field.kind is Kind.NUMBER:
            return stripped.replace(",", ".") or None
    found = text if widget.is_free or is_secret_key(widget.word) else stripped
    if not found and widget.may_be_empty and form.flag(widget.empty_name):
        return ""
    return found or None


def _add_needed_groups(body: dict[str, object], widgets: Sequence[Widget]) -> None:
    """A part that has to be there is there, so that what is missing in it is told field by field."""
    for widget in widgets:
        if widget.look is Look.GROUP and widget.field.is_required and widget.field.is_certain:
            inside = body
            for name in widget.field.path:
                found = inside.setdefault(name, {})
                if not isinstance(found, dict):
                    break
                inside = found


def _place(fault: BadField, names: Mapping[str, str]) -> tuple[str, str]:
    """The field of the form, and what to say there."""
    parts = fault.path.split(".")
    for count in range(len(parts), 0, -1):
        name = names.get(_POSITION.sub("", ".".join(parts[:count])))
        if name is not None:
            rest = ".".join(_rest(parts, count))
            return name, f"{rest}: {_(fault.reason)}" if rest else _(fault.reason)
    return WHOLE_FORM, f"{fault.path}: {_(fault.reason)}" if fault.path else _(fault.reason)


def _rest(parts: Sequence[str], count: int) -> Iterator[str]:
    """What lies inside the field: the position in a list, and the path from there on."""
    position = "".join(_POSITION.findall(parts[count - 1]))
    if position:
        yield position
    yield from parts[count:]


def _wire_name(message: Message, name: str) -> str:
    return next((one.encode_name for one in msgspec.structs.fields(message) if one.name == name), name)
