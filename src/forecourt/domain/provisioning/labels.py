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
        raise invalid(f"A station has at most {MAX_LABELS} labels; these are {len(found)}.", field="labels")
    return found


def labels_of(text: str) -> list[str]:
    """The labels in a text in which commas stand between them."""
    return [label for part in text.split(",") if (label := part.strip())]


def _check(label: str) -> str:
    if not label:
        raise invalid("A label may not be empty.", field="labels")
    if len(label) > MAX_LABEL_CHARACTERS:
        sentence = f"A label has at most {MAX_LABEL_CHARACTERS} characters; {label!r} has {len(label)}."
        raise invalid(sentence, field="labels")
    if label != label.strip() or not label.isprintable():
        raise invalid("A label may not begin or end with a space or hold control characters.", field="labels")
    if "," in label:
        raise invalid(f"A label may not hold a comma, which stands between labels: {label!r}.", field="labels")
    return label
