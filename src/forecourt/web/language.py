"""The language, time zone and theme in which somebody is shown pages, while a request is answered."""

from __future__ import annotations

import functools
import io
import zoneinfo
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from datetime import UTC, tzinfo
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final, TypeVar

from babel import Locale, negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from forecourt.domain.errors import Sentence

Given = TypeVar("Given")
Result = TypeVar("Result")

CATALOGUES: Final = Path(__file__).parent / "locale"
"""One folder for a language, one file in it for a room of pages."""

LANGUAGES: Final = ("en", "de")
"""English is what the sources are written in."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody is spoken to."""

    language: str
    zone: tzinfo
    zone_name: str
    theme: str
    """light, dark or auto."""

    @property
    def locale(self) -> Locale:
        return _locale(self.language)


PLAIN: Final = Manner("en", UTC, "UTC", "auto")

_FORMS: Final = {"en": "en_GB"}
"""Whose way to write dates and numbers a language has: English is for all the world, and not for North America."""

_manner: ContextVar[Manner] = ContextVar("manner", default=PLAIN)


def speak(manner: Manner) -> None:
    """From here on, in this task, everything is said in this manner."""
    _manner.set(manner)


def manner() -> Manner:
    return _manner.get()


def spoken(work: Callable[[Given], Result]) -> Callable[[Given], Result]:
    """Work that is handed to another thread, where nobody knows whom it speaks to: it speaks as here and now."""
    context = copy_context()
    return lambda given: context.run(work, given)


def gettext(message: str) -> str:
    return _translations(_manner.get().language).gettext(message)


def ngettext(one: str, many: str, number: int) -> str:
    return _translations(_manner.get().language).ngettext(one, many, number)


def translated(said: Sentence | str) -> str:
    """What another room says, in the language of whoever reads it; in English as long as nobody has translated it."""
    return (said if isinstance(said, Sentence) else Sentence(said)).spoken(gettext)


def mark(message: str) -> str:
    """Marks a text that is translated later, where it is shown."""
    return message


def preferred(accept_language: str) -> str:
    """The language that a browser asks for, among those that there are."""
    asked = [part.partition(";")[0].strip() for part in accept_language.split(",")[:20]]
    return negotiate_locale([one for one in asked if one], LANGUAGES, sep="-") or LANGUAGES[0]


@functools.lru_cache(1000)
def find_zone(name: str) -> tzinfo | None:
    """A time zone by its IANA name, or None when there is none of that name."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError):
        return None


@functools.cache
def catalogue_of(language: str) -> Catalog:
    """What the files of a language say together."""
    whole = Catalog(locale=language)
    for path in sorted((CATALOGUES / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language, abort_invalid=True):
                if message.id:
                    whole[message.id] = message
    return whole


@functools.cache
def _translations(language: str) -> NullTranslations:
    if language == LANGUAGES[0]:
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, catalogue_of(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


@functools.cache
def _locale(language: str) -> Locale:
    return Locale.parse(_FORMS.get(language, language))
