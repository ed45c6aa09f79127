"""No word of a page bypasses translation: in a language that brackets whatever it translates, nothing is left outside.

What stations, operators and OCPP call things is said in their words everywhere; it is told apart below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from gettext import NullTranslations
from html.parser import HTMLParser
from typing import Final

import pytest
from litestar.handlers import HTTPRouteHandler

from forecourt.domain.notifications.model import Channel, Draft
from forecourt.domain.provisioning.model import StationDraft
from forecourt.domain.smart_charging import model as charging
from forecourt.web import language
from forecourt.web.app import all_pages
from tests.web.door import CATALOGUE, Pages

OPEN, CLOSE = "⟦", "⟧"

NO_PAGES: Final = re.compile(r".*(\.csv|/download)|/live|/sign-in.*|/account/second-factor/new|/stations/bulk")
"""Files, a stream, and what is shown only after something else."""

NAMES: Final = frozenset(
    [
        *("Forecourt", "OCPP", "CSV", "English", "Deutsch"),
        *("kW", "kWh", "ws", "wss", "RSA", "ECDSA"),
        *("ACME", "EST", "Vault", "OpenBao", "step", "ca", "own"),
        *("htmx", "idiomorph", "uPlot", "Tabler", "Icons"),
        *("admin", "tests", "CP", "Hook", "http", "https", "localhost", "hook", "Authorization", "StatusNotification"),
        *CATALOGUE,
        *(one.value for kind in (charging.Purpose, charging.ProfileKind, charging.Recurrency) for one in kind),
    ]
)
"""Of the system and its parts, of units, of OCPP, and of what the tests put there."""
MONTHS: Final = frozenset(language.PLAIN.locale.months["format"]["wide"].values()) | frozenset(
    language.PLAIN.locale.months["format"]["abbreviated"].values()
)
"""Dates are written by another library, in the viewer's language."""
_VERBATIM: Final = frozenset({"script", "style", "code", "pre", "time", "textarea", "datalist"})
"""Elements with what machines write."""
_VOID: Final = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "use", "wbr"})
_READ_OUT: Final = ("alt", "aria-label", "placeholder", "title")
_INNERMOST: Final = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
_WORD: Final = re.compile(r"[A-Za-z]{2,}")


class Bracketing(NullTranslations):
    """The language."""

    def gettext(self, message: str) -> str:
        return f"{OPEN}{message}{CLOSE}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


class Texts(HTMLParser):
    """What is read on a page, or read out, piece by piece. Choices that are shown as they are sent are none of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._choice = ""
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if not _VERBATIM & {tag, *self._inside}:
            self.found += [values[name] or "" for name in _READ_OUT if name in values]
        self._choice = (values.get("value") or "") if tag == "option" else ""
        if tag not in _VOID:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._choice = ""
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not _VERBATIM & set(self._inside) and data.strip() != self._choice:
            self.found.append(data)


@pytest.fixture
def bracketed(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> Pages:
    """With a station and a subscription."""
    monkeypatch.setattr(language, "_translations", lambda _language: Bracketing())
    pages.services.provisioning.add(StationDraft(identity="CP-1"))
    draft = Draft(name="Hook", channel=Channel.WEBHOOK, url="http://localhost/hook")
    pages.services.notifications.add(draft, asked_by="admin")
    return pages


def addresses() -> Iterator[str]:
    """Of all pages without a parameter, and of those of the station, the operations and the subscription."""
    for path in _paths():
        if NO_PAGES.fullmatch(path):
            continue
        if path == "/operations/{name:str}":
            yield from (f"/operations/{name}?station=CP-1" for name in CATALOGUE)
        elif path == "/notifications/new/{channel:str}":
            yield from (f"/notifications/new/{channel.value}" for channel in Channel)
        elif path.startswith("/stations/{name:str}"):
            yield path.replace("{name:str}", "CP-1")
        elif path.startswith("/notifications/{number:int}"):
            yield path.replace("{number:int}", "1")
        elif "{" not in path:
            yield path


def _paths() -> list[str]:
    found = set[str]()
    for controller in all_pages():
        base = vars(controller).get("path", "")
        for handler in vars(controller).values():
            if isinstance(handler, HTTPRouteHandler) and "GET" in handler.http_methods:
                parts = [(base.strip("/"), path.strip("/")) for path in handler.paths or {"/"}]
                found.update("/" + "/".join(part for part in pair if part) for pair in parts)
    return sorted(found)


def outside(text: str) -> str:
    """What is left of a text when all that was translated is taken away, with whatever was filled in."""
    before = ""
    while before != text:
        before, text = text, _INNERMOST.sub(" ", text)
    return " ".join(text.split())


@pytest.mark.parametrize("address", list(addresses()))
def test_every_word_of_a_page_is_translated(bracketed: Pages, address: str) -> None:
    page = bracketed.get(address)
    assert page.status == 200
    assert page.html.count(OPEN) > 20, "it is said in the language"
    left = [outside(text) for text in Texts(page.html).found]
    found = [text for text in left if set(_WORD.findall(text)) - NAMES - MONTHS]
    assert not found, "said in English to everybody:\n  " + "\n  ".join(found)


def test_what_bypasses_translation_is_found() -> None:
    html = "".join(
        [
            f"<h1>{OPEN}Bracketed {OPEN}twice{CLOSE} {CLOSE}</h1>",
            '<p title="Read out">Forgotten <code>word</code><br>too</p>',
            '<select><option value="Soft">Soft</option><option value="Hard">Quick</option></select>',
        ]
    )
    left = [outside(text) for text in Texts(html).found]
    assert [text for text in left if _WORD.search(text)] == ["Read out", "Forgotten", "too", "Quick"]
