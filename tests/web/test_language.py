"""Everything that pages say is said in every language."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from forecourt.web import language
from forecourt.web.language import CATALOGUES, LANGUAGES, Manner, catalogue_of, find_zone, preferred, speak
from forecourt.web.wording import FILTERS, label, moment, number
from tests.web.extraction import all_said, shown_enums

OTHERS = [one for one in LANGUAGES if one != "en"]
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")
_VALUE = re.compile(r"\{(\d*)((?:![rs])?(?::[^{}]*)?)\}")


def manner_of(name: str) -> Manner:
    zone = find_zone("Europe/Berlin")
    assert zone is not None
    return Manner(name, zone, "Europe/Berlin", "auto")


@pytest.mark.parametrize("name", OTHERS)
def test_every_text_of_templates_and_sources_is_translated(name: str) -> None:
    catalogue = catalogue_of(name)
    missing = []
    for said in all_said():
        message = catalogue.get(said.texts[0])
        if message is None or not _is_whole(message.string) or message.fuzzy:
            missing.append(f"{said.place}: {said.texts[0]!r}")
    assert not missing, f"{len(missing)} texts have no {name} translation:\n  " + "\n  ".join(missing)


@pytest.mark.parametrize("name", OTHERS)
def test_a_translation_fills_in_what_the_text_fills_in(name: str) -> None:
    catalogue = catalogue_of(name)
    wrong = []
    for said in all_said():
        message = catalogue.get(said.texts[0])
        for text, translated in zip(said.texts, _forms(message.string) if message else (), strict=False):
            if set(_PLACEHOLDER.findall(translated)) != set(_PLACEHOLDER.findall(text)):
                wrong.append(f"{text!r}: {translated!r}")
            if _values(translated) != _values(text):
                wrong.append(f"{text!r}: {translated!r}")
    assert not wrong, "\n".join(wrong)


def _values(text: str) -> set[tuple[int, str]]:
    """Which value is filled in how: another language may put them, by number, into another order."""
    return {(int(number or place), form) for place, (number, form) in enumerate(_VALUE.findall(text))}


@pytest.mark.parametrize("name", OTHERS)
def test_every_word_of_an_enumeration_that_pages_know_is_translated(name: str) -> None:
    speak(language.PLAIN)
    catalogue = catalogue_of(name)
    words = {label(member): f"{kind.__name__}.{member.name}" for kind in shown_enums() for member in kind}
    missing = [f"{place}: {word!r}" for word, place in words.items() if word not in catalogue and not _is_plain(word)]
    assert not missing, f"{len(missing)} words have no {name} translation:\n  " + "\n  ".join(sorted(missing))


@pytest.mark.parametrize("name", OTHERS)
def test_no_text_is_translated_in_two_ways(name: str) -> None:
    """A text that means two things is written in two ways in the sources."""
    ways = defaultdict[str, dict[str, list[str]]](dict)
    for path in _files(name):
        with path.open("rb") as file:
            for message in read_po(file, locale=name, abort_invalid=True):
                if message.id:
                    ways[str(message.id)].setdefault(str(message.string), []).append(path.name)
    double = {text: found for text, found in ways.items() if len(found) > 1}
    assert not double, "\n".join(f"{text!r}: {found}" for text, found in double.items())


@pytest.mark.parametrize("name", OTHERS)
def test_every_file_says_which_characters_and_plurals_it_has(name: str) -> None:
    for path in _files(name):
        head = path.read_text(encoding="utf-8").partition("\n\n")[0]
        assert "charset=utf-8" in head.lower(), path
        assert "nplurals=2; plural=(n != 1)" in head, path


def test_one_and_many_in_german() -> None:
    speak(manner_of("de"))
    try:
        one, many = (language.ngettext("%(num)s station", "%(num)s stations", count) for count in (1, 2))
        assert (one, many) == ("%(num)s Ladestation", "%(num)s Ladestationen")
        assert language.ngettext("%(num)s station", "%(num)s stations", 0) == many
    finally:
        speak(language.PLAIN)


def test_dates_and_numbers_are_written_as_the_language_does() -> None:
    at = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    try:
        speak(manner_of("de"))
        assert "01.02.2026, 00:30:00" in str(moment(at))
        assert number(1234.5, 1) == "1.234,5"
        speak(manner_of("en"))
        assert "1 Feb 2026, 00:30:00" in str(moment(at))
        assert number(1234.5, 1) == "1,234.5"
    finally:
        speak(language.PLAIN)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("de-AT,de;q=0.8,en;q=0.5", "de"),
        ("fr,de;q=0.5", "de"),
        ("en-US,en;q=0.9", "en"),
        ("fr", "en"),
        ("", "en"),
        (";;,,,", "en"),
        ("*", "en"),
    ],
)
def test_the_language_that_a_browser_asks_for(asked: str, given: str) -> None:
    assert preferred(asked) == given


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires"])
def test_a_time_zone_by_its_name(name: str) -> None:
    assert find_zone(name) is not None


@pytest.mark.parametrize("name", ["", "Nowhere/Else", "../../etc/passwd", "/etc/passwd", "Europe/Berlin\0", "a" * 5000])
def test_what_is_no_time_zone(name: str) -> None:
    assert find_zone(name) is None


def test_every_filter_takes_what_is_not_there() -> None:
    at = datetime(2026, 1, 31, tzinfo=UTC)
    for name, function in FILTERS.items():
        if name not in ("label", "local_input"):
            assert function(None, at) == "–" if name == "ago" else function(None) == "–", name


def _files(name: str) -> list[Path]:
    return sorted((CATALOGUES / name).glob("*.po"))


def _is_whole(string: object) -> bool:
    return all(_forms(string)) and bool(_forms(string))


def _forms(string: object) -> tuple[str, ...]:
    return tuple(string) if isinstance(string, list | tuple) else (str(string),)


def _is_plain(word: str) -> bool:
    """A figure or an abbreviation is the same everywhere."""
    return not re.search(r"[a-z]{2}", word)
