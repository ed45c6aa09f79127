"""Many stations as somebody wrote them down: one id in a line, or a table in CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from forecourt.domain.provisioning.labels import labels_of
from forecourt.domain.provisioning.model import Registration, StationDraft
from forecourt.web.language import gettext as _

COLUMNS: Final = ("id", "description", "group", "registration", "heartbeatInterval", "labels")
MAX_STATIONS: Final = 2000
"""They are stored in one unit of work, behind which the messages of stations wait."""
FAULTS_SHOWN: Final = 50


@dataclass(slots=True)
class Read:
    """The stations with the lines in which they stand, and what is wrong in which line."""

    drafts: list[tuple[int, StationDraft]] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)


def read_stations(text: str) -> Read:
    """Every line is read, also after one that is wrong."""
    text = text.removeprefix("\ufeff")
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = ";" if first.count(";") > first.count(",") else ","
    names = [name.strip().lower() for name in first.split(delimiter)]
    read = _read_table(text, delimiter) if names[0] == "id" else _read_lines(text)
    if not read.drafts and not read.faults:
        read.faults.append((1, _("There is no station in it.")))
    if len(read.drafts) > MAX_STATIONS:
        sentence = _("These are %(count)s stations; at most %(most)s are taken at once.")
        read.faults.append((read.drafts[MAX_STATIONS][0], sentence % {"count": len(read.drafts), "most": MAX_STATIONS}))
    _find_repetitions(read)
    return read


def _read_lines(text: str) -> Read:
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return Read([(number, StationDraft(identity=line)) for number, line in lines if line])


def _read_table(text: str, delimiter: str) -> Read:
    read = Read()
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header: Sequence[str] = ()
    line = 1
    try:
        for row in rows:
            at, line = line, rows.line_num + 1
            if not any(cell.strip() for cell in row):
                continue
            if not header:
                header = [name.strip() for name in row]
                _check_header(header, at, read)
                if read.faults:
                    break
            else:
                _read_row(dict(zip(header, row, strict=False)), len(row) - len(header), at, read)
    except csv.Error as error:
        read.faults.append((line, _("This is no CSV: %(error)s.") % {"error": error}))
    return read


def _check_header(header: Sequence[str], line: int, read: Read) -> None:
    known = {name.lower() for name in COLUMNS}
    for name in header:
        if name.lower() not in known:
            sentence = _("There is no column %(name)r; there are %(names)s.")
            read.faults.append((line, sentence % {"name": name, "names": ", ".join(COLUMNS)}))
    if len({name.lower() for name in header}) < len(header):
        read.faults.append((line, _("A column stands there twice.")))


def _read_row(row: dict[str, str], surplus: int, line: int, read: Read) -> None:
    cells = {name.lower(): cell.strip() for name, cell in row.items()}
    if surplus > 0:
        read.faults.append((line, _("There are more cells than columns.")))
        return
    registration, seconds = Registration.ACCEPTED, None
    if decision := cells.get("registration"):
        found = next((one for one in Registration if one.value.lower() == decision.lower()), None)
        if found is None:
            sentence = _("The registration %(value)r is none of %(values)s.")
            values = ", ".join(one.value for one in Registration)
            read.faults.append((line, sentence % {"value": decision, "values": values}))
        else:
            registration = found
    if interval := cells.get("heartbeatinterval"):
        if interval.isascii() and interval.isdecimal() and len(interval) < 10:
            seconds = int(interval)
        else:
            sentence = _("The heartbeat interval %(value)r is no number of seconds.")
            read.faults.append((line, sentence % {"value": interval}))
    draft = StationDraft(
        identity=cells.get("id", ""),
        description=cells.get("description", ""),
        group=cells.get("group", ""),
        registration=registration,
        heartbeat_seconds=seconds,
        labels=tuple(labels_of(cells.get("labels", ""))),
    )
    read.drafts.append((line, draft))


def _find_repetitions(read: Read) -> None:
    lines: dict[str, int] = {}
    for line, draft in read.drafts:
        if draft.identity in lines:
            sentence = _("The id %(id)r stands in line %(line)s already.")
            read.faults.append((line, sentence % {"id": draft.identity, "line": lines[draft.identity]}))
        lines.setdefault(draft.identity, line)
