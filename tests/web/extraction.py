"""Finds what pages say: every text that is marked for translation, in templates and in Python."""

from __future__ import annotations

import enum
import functools
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

from babel.messages.extract import extract_from_dir

import forecourt.web
from forecourt import drawing
from forecourt.domain import authorization
from forecourt.web import pages

WEB: Final = Path(forecourt.web.__file__).parent

_KEYWORDS: Final = {"_": None, "gettext": None, "mark": None, "ngettext": (1, 2), "_say": None, "say": None}
_METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2.ext.babel_extract")]
_SHARED: Final = {
    Path(authorization.__path__[0]): [("sheets.py", "python")],
    Path(drawing.__path__[0]): [("**.py", "python")],
}
"""Say to programs, in English, what they say on pages in the language of the visitor."""
REFUSING: Final = ("dialect.py", "dialects/**.py", "domain/**.py", "files/**.py", "operations/**.py", "storage/**.py")
"""Rooms whose refusals are shown on pages."""
_REFUSALS: Final = {"invalid": None, "not_found": None, "conflict": None, "Sentence": None, "DomainError": (2,)}
_OPTIONS: Final = {
    "templates/**.html": {
        "extensions": "jinja2.ext.i18n,jinja2.ext.do",
        "trim_blocks": "true",
        "lstrip_blocks": "true",
        "newstyle_gettext": "true",
        "silent": "false",
    }
}


@dataclass(frozen=True)
class Said:
    """A text, or one of one and of many, and where it stands."""

    texts: tuple[str, ...]
    place: str


@functools.cache
def all_said() -> tuple[Said, ...]:
    found = [
        *extract_from_dir(WEB, _METHODS, _OPTIONS, keywords=_KEYWORDS),
        *(one for room, files in _SHARED.items() for one in extract_from_dir(room, files, {}, keywords=_KEYWORDS)),
        *extract_from_dir(WEB.parent, [(room, "python") for room in REFUSING], {}, keywords=_REFUSALS),
    ]
    return tuple(
        Said((text,) if isinstance(text, str) else tuple(text), f"{path}:{line}") for path, line, text, _, _ in found
    )


@functools.cache
def shown_enums() -> tuple[type[enum.Enum], ...]:
    """The enumerations that pages know: those that their modules name."""
    found = {one for module in _modules(pages) for one in vars(module).values() if _is_ours(one)}
    return tuple(sorted(found, key=lambda one: f"{one.__module__}.{one.__qualname__}"))


def _is_ours(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, enum.Enum) and value.__module__.startswith("forecourt.domain")


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(module.name)
