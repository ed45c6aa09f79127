"""Firmware images in the database, and the jobs that install them. The files themselves are on the shelf."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, and_, or_, select
from sqlalchemy.sql import Select

from forecourt.domain.files.model import Kept
from forecourt.domain.firmware.model import Check, Image, ImageFilter, ImageNumber, Signed, Words
from forecourt.domain.jobs.model import JobNumber
from forecourt.domain.paging import Page, PageRequest
from forecourt.storage.connection import Row
from forecourt.storage.pages import number_after, page_of
from forecourt.storage.schema import (
    Key,
    columns_of,
    contains,
    from_micros,
    metadata,
    moment,
    paged,
    text,
    to_micros,
)
from forecourt.storage.unit_of_work import Unit

firmware_image: Final = Table(
    "firmware_image",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    text("vendor", is_required=False),
    text("model", is_required=False),
    text("version", is_required=False),
    text("note", is_required=False),
    text("file"),
    Column("size", BigInteger, nullable=False),
    text("sha256"),
    text("sha384"),
    text("sha512"),
    text("signing_certificate", is_required=False),
    text("signature", is_required=False),
    text("signed_by", is_required=False),
    text("check_scheme", is_required=False),
    text("check_fault", is_required=False),
    moment("checked_at", is_required=False),
    text("added_by"),
    moment("added_at"),
    sqlite_autoincrement=True,
)

firmware_job: Final = Table(
    "firmware_job",
    metadata,
    Column("job", BigInteger, primary_key=True, autoincrement=False),
    Column("image", BigInteger, ForeignKey("firmware_image.number"), nullable=False),
)
"""Which job installs which image. While a row is here its image cannot be deleted: the database sees to it, whoever
comes first."""

Index("firmware_job_of_image", firmware_job.c.image)

_columns = firmware_image.c
_AT_ONCE: Final = 500
_SHOWN: Final = (
    "number name vendor model version note file size sha256 sha384 sha512 signing_certificate signature signed_by"
    " check_scheme check_fault checked_at added_by added_at"
)
_FIND: Final = f"SELECT {', '.join(_SHOWN.split())} FROM firmware_image"
_ADD: Final = (
    "INSERT INTO firmware_image (name, vendor, model, version, note, file, size, sha256, sha384, sha512, added_by,"
    " added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING number"
)
_DESCRIBE: Final = (
    "UPDATE firmware_image SET name = ?, vendor = ?, model = ?, version = ?, note = ? WHERE number = ?"
    " AND NOT EXISTS (SELECT 1 FROM firmware_image AS other WHERE other.name = ? AND other.number <> ?)"
)
_SIGN: Final = (
    "UPDATE firmware_image SET signing_certificate = ?, signature = ?, signed_by = ?, check_scheme = ?,"
    " check_fault = ?, checked_at = ? WHERE number = ?"
)
_NOTE_CHECK: Final = (
    "UPDATE firmware_image SET check_scheme = ?, check_fault = ?, checked_at = ?"
    " WHERE number = ? AND signing_certificate = ? AND signature = ?"
)
_ENDED: Final = (
    "DELETE FROM firmware_job WHERE image = ? AND NOT EXISTS"
    " (SELECT 1 FROM job WHERE job.number = firmware_job.job AND job.ended_at IS NULL)"
)


class ImageRecords:
    """The ImageStore of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, words: Words, file: Kept, *, by: str, at: datetime) -> ImageNumber | None:
        row = self._unit.insert(
            _ADD,
            (
                *_worded(words),
                file.name,
                file.size,
                file.sha256,
                file.sha384,
                file.sha512,
                by,
                to_micros(at),
            ),
        )
        return None if row is None else ImageNumber(row[0])

    def describe(self, number: ImageNumber, words: Words) -> bool:
        return self._unit.execute(_DESCRIBE, (*_worded(words), number, words.name, number)) > 0

    def sign(self, number: ImageNumber, signed: Signed | None, check: Check | None, *, signed_by: str | None) -> bool:
        parts = (None, None) if signed is None else (signed.certificate, signed.signature)
        return self._unit.execute(_SIGN, (*parts, signed_by, *_checked(check), number)) > 0

    def note_check(self, number: ImageNumber, signed: Signed, check: Check) -> bool:
        return self._unit.execute(_NOTE_CHECK, (*_checked(check), number, signed.certificate, signed.signature)) > 0

    def remove(self, number: ImageNumber) -> bool:
        self._unit.execute(_ENDED, (number,))
        return self._unit.execute("DELETE FROM firmware_image WHERE number = ?", (number,)) > 0

    def find(self, number: ImageNumber) -> Image | None:
        return self._first("number = ?", number)

    def named(self, name: str) -> Image | None:
        return self._first("name = ?", name)

    def list(self, wanted: ImageFilter, page: PageRequest) -> Page[Image]:
        statement = _filtered(_shown(), wanted).order_by(_columns.number.desc())
        after = number_after(page)
        if after is not None:
            statement = statement.where(_columns.number < after)
        return page_of(self._unit.select(paged(statement, page)), page, _to_image, lambda row: row[0])

    def count(self) -> int:
        row = self._unit.one("SELECT count(*) FROM firmware_image")
        return 0 if row is None else int(row[0])

    def known(self, names: Sequence[str]) -> frozenset[str]:
        found: set[str] = set()
        for start in range(0, len(names), _AT_ONCE):
            some = select(_columns.file).where(_columns.file.in_(names[start : start + _AT_ONCE]))
            found |= {row[0] for row in self._unit.select(some)}
        return frozenset(found)

    def install(self, number: ImageNumber, job: JobNumber) -> None:
        self._unit.execute("INSERT INTO firmware_job (job, image) VALUES (?, ?)", (job, number))

    def installed_by(self, job: JobNumber) -> Image | None:
        return self._first("number = (SELECT image FROM firmware_job WHERE job = ?)", job)

    def open_jobs(self, number: ImageNumber, limit: int) -> Sequence[JobNumber]:
        rows = self._unit.all(
            "SELECT firmware_job.job FROM firmware_job JOIN job ON job.number = firmware_job.job"
            " WHERE firmware_job.image = ? AND job.ended_at IS NULL ORDER BY firmware_job.job LIMIT ?",
            (number, limit),
        )
        return [JobNumber(row[0]) for row in rows]

    def _first(self, condition: str, value: int | str) -> Image | None:
        row = self._unit.one(f"{_FIND} WHERE {condition}", (value,))
        return None if row is None else _to_image(row)


def _worded(words: Words) -> Row:
    return (words.name, words.vendor, words.model, words.version, words.note)


def _checked(check: Check | None) -> Row:
    return (None, None, None) if check is None else (check.scheme, check.fault, to_micros(check.at))


def _shown() -> Select[Any]:
    return select(*columns_of(firmware_image, _SHOWN))


def _filtered(statement: Select[Any], wanted: ImageFilter) -> Select[Any]:
    for name in ("vendor", "model", "version"):
        value = getattr(wanted, name)
        if value is not None:
            statement = statement.where(_columns[name] == value)
    if wanted.is_signed is not None:
        signature = _columns.signature
        statement = statement.where(signature.is_not(None) if wanted.is_signed else signature.is_(None))
    if wanted.search is not None:
        searched = columns_of(firmware_image, "name vendor model version note sha256")
        statement = statement.where(or_(*(and_(one.is_not(None), contains(one, wanted.search)) for one in searched)))
    return statement


def _to_image(row: Row) -> Image:
    number, name, vendor, model, version, note, file, size, sha256, sha384, sha512 = row[:11]
    certificate, signature, signed_by, scheme, fault, checked_at, added_by, added_at = row[11:]
    return Image(
        number=ImageNumber(number),
        words=Words(name=name, vendor=vendor, model=model, version=version, note=note),
        file=Kept(name=file, size=size, sha256=sha256, sha384=sha384, sha512=sha512),
        signed=None if certificate is None else Signed(certificate=certificate, signature=signature),
        signed_by=signed_by,
        check=None if checked_at is None else Check(scheme=scheme, fault=fault, at=from_micros(checked_at)),
        added_by=added_by,
        added_at=from_micros(added_at),
    )
