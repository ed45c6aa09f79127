"""Labels: words of the operator's own on a station, to find it by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from forecourt.domain.errors import invalid

MAX_LABELS: Final = 20
"""Of one station."""
MAX_LABEL_CHARACTERS: Final = 50


def check_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels, each once and in order, if a station can have them; raises DomainError."""
    found = tuple(sorted({_check(label) for label in labels}))
    if len(found) > MAX_LABELS:
        raise invalid("A station has at most {} labels; these are {}.", MAX_LABELS, len(found), field="labels")
    return found


def labels_of(text: str) -> list[str]:
    """The labels in a text in which commas stand between them."""
    return [label for part in text.split(",") if (label := part.strip())]


def _check(label: str) -> str:
    if not label:
        raise invalid("A label may not be empty.", field="labels")
    if len(label) > MAX_LABEL_CHARACTERS:
        raise invalid(
            "A label has at most {} characters; {!r} has {}.", MAX_LABEL_CHARACTERS, label, len(label), field="labels"
        )
    if label != label.strip() or not label.isprintable():
        raise invalid("A label may not begin or end with a space or hold control characters.", field="labels")
    if "," in label:
        raise invalid("A label may not hold a comma, which stands between labels: {!r}.", label, field="labels")
    return label
