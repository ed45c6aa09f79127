"""Many id tags in one file, as people keep them in spreadsheets: how it is read, and what is wrong with which line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Final

from forecourt.domain.authorization.model import IdToken
from forecourt.domain.drivers.model import DriverNumber
from forecourt.domain.drivers.service import MAX_DRIVER_NUMBER
from forecourt.domain.errors import DomainError, Kind, Sentence
from forecourt.domain.services import Services

MOST_BYTES: Final = 3 * 1024 * 1024
"""Of one file."""

MOST_LINES: Final = 5_000
"""Tags in one file. As many are registered at once in about a tenth of a second, for which nobody waits long."""

MOST_TOLD: Final = 100
"""Faults of a file that are listed; more say nothing new."""

COLUMNS: Final = {
    "idtag": "id_token",
    "parent": "parent",
    "parentidtag": "parent",
    "expiresat": "expires_at",
    "expirydate": "expires_at",
    "maxactivetransactions": "max_active_transactions",
    "note": "note",
    "driver": "driver",
    "blocked": "is_blocked",
}
"""Headings of a file, in small letters. Those of our own downloads are among them."""


@dataclass(slots=True)
class Sheet:
    """What a file or a list of lines says: tags with the numbers of their lines, and what is wrong with which."""

    tokens: list[tuple[int, IdToken]] = field(default_factory=list)
    owners: dict[int, str] = field(default_factory=dict)
    """Line → whom it names as the driver: a number or an e-mail address."""
    faults: dict[int, Sentence | str] = field(default_factory=dict)
    """Line → what is wrong with it; 0 is the file as a whole."""

    def refuse(self, line: int, sentence: Sentence | str) -> None:
        self.faults.setdefault(line, sentence)

    @property
    def told(self) -> Sequence[tuple[int, Sentence | str]]:
        return [(line, self.faults[line]) for line in sorted(self.faults)[:MOST_TOLD]]


class SheetRefused(DomainError):
    """Nothing of a file was taken."""

    def __init__(self, sheet: Sheet) -> None:
        count = len(sheet.faults)
        counted = "1 fault" if count == 1 else f"{count} faults"
        sentence = f"The file has {counted}, and nothing of it was taken. Correct it and send it again."
        super().__init__(Kind.INVALID, sentence)
        self.told = [(f"line {line}" if line else "file", str(text)) for line, text in sheet.told]
        """Where something is wrong, and what; at most :data:`MOST_TOLD`."""


def register_all(services: Services, sheet: Sheet) -> int:
    """Register all id tags of a file, and tell how many; for whoever reads English. Raises SheetRefused when anything
    is wrong with it, and another DomainError as adding a tag does; then nothing of it is taken."""
    tokens = SheetReader().check(services, sheet)
    if sheet.faults:
        raise SheetRefused(sheet)
    services.authorization.add_all(tokens)
    return len(tokens)


class SheetReader:
    """Reads files and says what is wrong with them. ``say`` puts a sentence into the language of whoever reads it, in
    whatever thread; a time that names no zone is one of ``zone``."""

    def __init__(self, *, zone: tzinfo = UTC, say: Callable[[str], str] = str) -> None:
        self._zone = zone
        self._say = say

    def read(self, content: bytes) -> Sheet:
        """A CSV file with a heading; the separator is a comma, a semicolon or a tab."""
        sheet = Sheet()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            sheet.refuse(0, self._say("The file is not written in UTF-8."))
            return sheet
        heading, _newline, _rest = text.partition("\n")
        separator = max(",;\t", key=heading.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        names: list[str | None] | None = None
        try:
            for row in reader:
                if not any(cell.strip() for cell in row):
                    continue
                if names is None:
                    names = self._heading(row, sheet)
                    if sheet.faults:
                        return sheet
                    continue
                self._read_row(sheet, reader.line_num, names, row)
        except csv.Error as error:
            sheet.refuse(reader.line_num, self._say("The line is no CSV: %(error)s.") % {"error": error})
        if names is None:
            sheet.refuse(0, self._say("The file is empty."))
        self.check_size(sheet)
        return sheet

    def check(self, services: Services, sheet: Sheet) -> list[IdToken]:
        """The tags, if all of them can be registered; else the sheet has the faults."""
        known = known_owners(services, sheet.owners.values())
        tokens: list[IdToken] = []
        for line, token in sheet.tokens:
            try:
                tokens.append(replace(token, driver=self.owner(sheet.owners.get(line, ""), known)))
            except ValueError as error:
                sheet.refuse(line, str(error))
                tokens.append(token)
        for index, sentence in services.authorization.faults(tokens).items():
            sheet.refuse(sheet.tokens[index][0], sentence)
        return tokens

    def owner(self, named: str, known: Mapping[str, frozenset[DriverNumber]]) -> DriverNumber | None:
        """Who is meant by a number or an e-mail address; nobody by neither. Raises ValueError with a sentence."""
        if not named:
            return None
        if "@" not in named:
            is_number = (
                named.isascii() and named.isdecimal() and len(named) < 20 and 0 < int(named) <= MAX_DRIVER_NUMBER
            )
            if not is_number:
                raise ValueError(self._say("A driver is named by number or e-mail address."))
            return DriverNumber(int(named))
        found = known.get(named.lower(), frozenset())
        if not found:
            raise ValueError(self._say("No driver has the e-mail address %(email)s.") % {"email": named})
        if len(found) > 1:
            raise ValueError(
                self._say("Several drivers have the e-mail address %(email)s; use the number.") % {"email": named}
            )
        return next(iter(found))

    def check_size(self, sheet: Sheet) -> None:
        """Refuse a sheet that is too long, or empty."""
        if len(sheet.tokens) > MOST_LINES:
            sheet.refuse(0, self._say("At most %(most)s id tags are taken at once.") % {"most": MOST_LINES})
            del sheet.tokens[MOST_LINES:]
        elif not sheet.tokens and not sheet.faults:
            sheet.refuse(0, self._say("There is no id tag in it."))

    def _heading(self, row: Sequence[str], sheet: Sheet) -> list[str | None]:
        names = [COLUMNS.get(cell.strip().lower()) for cell in row]
        for cell, name in zip(row, names, strict=True):
            if name is None:
                known = "idTag, parent, expiresAt, maxActiveTransactions, note, driver"
                text = self._say("There is no column %(name)s; there are %(known)s.")
                sheet.refuse(1, text % {"name": repr(cell.strip()), "known": known})
        if len(set(names)) < len(names):
            sheet.refuse(1, self._say("A column is there twice."))
        if "id_token" not in names:
            sheet.refuse(1, self._say("The first line names the columns; idTag is needed."))
        return names

    def _read_row(self, sheet: Sheet, line: int, names: Sequence[str | None], row: Sequence[str]) -> None:
        if len(row) != len(names):
            text = self._say("The line has %(found)s cells, and the first line %(wanted)s.")
            sheet.refuse(line, text % {"found": len(row), "wanted": len(names)})
            return
        cells = {name: _undefused(cell.strip()) for name, cell in zip(names, row, strict=True) if name}
        try:
            token = IdToken(
                id_token=cells["id_token"],
                parent=cells.get("parent") or None,
                expires_at=self._moment(cells.get("expires_at", "")),
                is_blocked=self._flag(cells.get("is_blocked", "")),
                max_active_transactions=self._most(cells),
                note=cells.get("note", ""),
            )
        except ValueError as error:
            sheet.refuse(line, str(error))
            return
        sheet.tokens.append((line, token))
        if cells.get("driver"):
            sheet.owners[line] = cells["driver"]

    def _moment(self, text: str) -> datetime | None:
        if not text:
            return None
        try:
            at = datetime.fromisoformat(text)
            return (at if at.tzinfo is not None else at.replace(tzinfo=self._zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError(
                self._say("%(text)s is no time; write one as 2026-12-31 18:00.") % {"text": repr(text)}
            ) from None

    def _flag(self, text: str) -> bool:
        if text.lower() in ("", "false", "no", "0"):
            return False
        if text.lower() in ("true", "yes", "1"):
            return True
        raise ValueError(self._say("Blocked is true or false, and not %(text)s.") % {"text": repr(text)})

    def _most(self, cells: Mapping[str, str]) -> int | None:
        """Without the column it is what is usual; an empty cell is no limit."""
        text = cells.get("max_active_transactions", "1")
        if text in ("", "-1"):
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise ValueError(self._say("%(text)s is no number of transactions.") % {"text": repr(text)})
        return int(text)


def known_owners(services: Services, named: Collection[str]) -> Mapping[str, frozenset[DriverNumber]]:
    """Who is meant by e-mail addresses."""
    return services.drivers.with_email({one.lower() for one in named if "@" in one})


def _undefused(text: str) -> str:
    """A text as it was before our download made it harmless to spreadsheets."""
    return text[1:] if text.startswith("'") and text[1:2] in {"=", "+", "-", "@"} else text
