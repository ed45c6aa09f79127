"""Which labels a station can have."""

from __future__ import annotations

import pytest

from forecourt.domain.errors import DomainError
from forecourt.domain.provisioning.labels import MAX_LABEL_CHARACTERS, MAX_LABELS, check_labels, labels_of


def test_labels_are_kept_once_and_in_order() -> None:
    assert check_labels(["b", "Ä <x>", "a", "b"]) == ("a", "b", "Ä <x>")
    assert check_labels([]) == ()


@pytest.mark.parametrize(
    "labels",
    [
        [""],
        [" a"],
        ["a "],
        ["a\nb"],
        ["a\0"],
        ["a,b"],
        ["x" * (MAX_LABEL_CHARACTERS + 1)],
        [str(number) for number in range(MAX_LABELS + 1)],
    ],
)
def test_others_are_refused_beside_their_field(labels: list[str]) -> None:
    with pytest.raises(DomainError) as refusal:
        check_labels(labels)
    assert refusal.value.field == "labels"


def test_as_many_and_as_long_ones_as_are_kept_are_taken() -> None:
    labels = [f"{number:02}".ljust(MAX_LABEL_CHARACTERS, "x") for number in range(MAX_LABELS)]
    assert check_labels([*labels, *labels]) == tuple(labels)


def test_a_text_holds_labels_between_commas() -> None:
    assert labels_of(" a, b c ,,a") == ["a", "b c", "a"]
    assert labels_of(" , ") == []
