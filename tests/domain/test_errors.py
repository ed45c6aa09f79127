"""Sentences for people: in English as they are, and in the words of whoever translates their patterns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from forecourt.domain.errors import DomainError, Kind, Sentence, conflict, in_english, invalid, not_found, paragraph

GERMAN = {
    "": "Language: de",
    "The plan {} is {}.": "{1} ist der Plan {0}.",
    "No such thing.": "So etwas gibt es nicht.",
    "It runs on {}.": "Es läuft an {}.",
    "connector {}": "Anschluss {}",
    "Since {:%Y-%m-%d}, by {!r}.": "Von {1!r}, seit {0:%Y-%m-%d}.",
}
"""The empty text stands for the head of a catalogue, as gettext gives it."""


def in_german(pattern: str) -> str:
    return GERMAN.get(pattern, pattern)


@pytest.mark.parametrize(
    ("sentence", "english", "german"),
    [
        (Sentence("No such thing."), "No such thing.", "So etwas gibt es nicht."),
        (Sentence("The plan {} is {}.", 3, "paused"), "The plan 3 is paused.", "paused ist der Plan 3."),
        (
            Sentence("Since {:%Y-%m-%d}, by {!r}.", datetime(2026, 1, 31, tzinfo=UTC), "ann"),
            "Since 2026-01-31, by 'ann'.",
            "Von 'ann', seit 2026-01-31.",
        ),
        (
            Sentence("It runs on {}.", Sentence("connector {}", 2)),
            "It runs on connector 2.",
            "Es läuft an Anschluss 2.",
        ),
        (Sentence("It runs on {}.", "connector {}"), "It runs on connector {}.", "Es läuft an connector {}."),
        (Sentence("Nobody has translated {}.", 1), "Nobody has translated 1.", "Nobody has translated 1."),
        (Sentence("A set {1, 2} and nothing to fill in."),) + ("A set {1, 2} and nothing to fill in.",) * 2,
    ],
    ids=["plain", "reordered", "formatted", "nested", "a value that looks like a pattern", "unknown", "braces"],
)
def test_a_sentence_is_filled_in_and_translated(sentence: Sentence, english: str, german: str) -> None:
    assert str(sentence) == english
    assert sentence.spoken(in_german) == german


def test_a_paragraph_says_one_sentence_after_the_other() -> None:
    told = paragraph([Sentence("No such thing."), "As the {file} says.", Sentence("The plan {} is {}.", 3, "done")])

    assert str(told) == "No such thing. As the {file} says. The plan 3 is done."
    assert told.spoken(in_german) == "So etwas gibt es nicht. As the {file} says. done ist der Plan 3."


def test_a_paragraph_without_sentences_says_nothing_in_every_language() -> None:
    assert (str(paragraph([])), paragraph([]).spoken(in_german)) == ("", "")


def test_what_says_the_same_is_the_same() -> None:
    """What is filled in need not be: errors that say the same are not equal."""
    first, second = (Sentence("It failed: {}", ValueError("closed")) for _ in range(2))

    assert first == second
    assert len({first, second}) == 1
    assert first != Sentence("It failed: {}", ValueError("open"))
    assert first != "It failed: closed"


def test_sentences_for_programs_are_english() -> None:
    assert in_english([Sentence("connector {}", 1), Sentence("No such thing.")]) == ("connector 1", "No such thing.")


@pytest.mark.parametrize(
    ("make", "kind"), [(invalid, Kind.INVALID), (not_found, Kind.NOT_FOUND), (conflict, Kind.CONFLICT)]
)
def test_a_refusal_takes_a_pattern_or_a_whole_sentence(make: Callable[..., DomainError], kind: Kind) -> None:
    for refusal in (make("The plan {} is {}.", 3, "done"), make(Sentence("The plan {} is {}.", 3, "done"))):
        assert (refusal.kind, str(refusal), refusal.sentence) == (kind, "The plan 3 is done.", "The plan 3 is done.")
        assert refusal.said.spoken(in_german) == "done ist der Plan 3."


def test_what_another_refusal_said_is_passed_on_with_its_values() -> None:
    cause = conflict("The plan {} is {}.", 3, "done", field="plan")
    passed_on = DomainError(cause.kind, cause.said, field="number")

    assert (passed_on.field, str(passed_on)) == ("number", str(cause))
    assert passed_on.said.spoken(in_german) == "done ist der Plan 3."
