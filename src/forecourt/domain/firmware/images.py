"""Firmware that is kept here, to be installed on stations (security whitepaper L01; A00.FR.706)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from forecourt.clock import Clock
from forecourt.domain.errors import DomainError, Sentence, conflict, not_found
from forecourt.domain.files.model import Kept
from forecourt.domain.firmware.checks import check_can_be_sent, check_words
from forecourt.domain.firmware.model import (
    MAX_IMAGES,
    Check,
    Checked,
    Image,
    ImageFilter,
    ImageNumber,
    Signed,
    Words,
)
from forecourt.domain.firmware.store import ImageStore
from forecourt.domain.firmware.verification import Makers, check_signed
from forecourt.domain.jobs.model import JobNumber
from forecourt.domain.paging import MAX_LIMIT, Page, PageRequest
from forecourt.domain.security_log.model import Kind, Note
from forecourt.domain.security_log.service import SecurityLog
from forecourt.domain.trust.model import Purpose, Role, TrustFilter
from forecourt.domain.trust.service import Trust
from forecourt.pki.certificate import Certificate

_SHOWN_JOBS: Final = 10

HOLDS: Final = timedelta(minutes=1)

UNSIGNED: Final = Sentence(
    "The image has no signature: stations that install signed firmware only refuse it (L01.FR.20). Sign it, or give the"
    " maker's signature and signing certificate."
)


class FirmwareImages:
    """Everything that can happen to an image. Files are written and removed by whoever calls this: what is no image's
    file on the shelf is swept from there."""

    def __init__(self, store: ImageStore, trust: Trust, log: SecurityLog, clock: Clock) -> None:
        self._store = store
        self._trust = trust
        self._log = log
        self._clock = clock
        self._answered: tuple[tuple[str, Signed, int], Check] | None = None

    # What people do

    def add(self, words: Words, file: Kept, signed: Signed | None, *, asked_by: str) -> Checked:
        """Keep an image. The same file under the same name is the same image: it is described anew, and `Kept.name` of
        the answer is that of the file that was kept before. Raises DomainError INVALID, and CONFLICT for another
        file under a name that is taken."""
        check_words(words)
        if signed is not None:
            check_can_be_sent(signed)
        known = self._store.named(words.name)
        if known is not None:
            return self._added_again(known, words, file, signed, asked_by)
        if self._store.count() >= MAX_IMAGES:
            raise conflict("{:,} images are kept, and no more are possible; remove those of old versions.", MAX_IMAGES)
        number = self._store.add(words, file, by=asked_by, at=self._clock.now())
        if number is None:
            raise _name_is_taken(words.name)
        size = f"{file.size:,} bytes, SHA-256 {file.sha256}"
        self._note(f"The firmware image {number} {words.name!r} was added ({size}).", asked_by)
        if signed is not None:
            return self.put_signature(number, signed, asked_by=asked_by)
        return self._checked(self.get(number))

    def _added_again(self, known: Image, words: Words, file: Kept, signed: Signed | None, asked_by: str) -> Checked:
        if (known.file.size, known.file.sha512) != (file.size, file.sha512):
            raise _name_is_taken(words.name)
        if words != known.words:
            self.describe(known.number, words, asked_by=asked_by)
        if signed is not None and signed != known.signed:
            return self.put_signature(known.number, signed, asked_by=asked_by)
        return self._checked(self.get(known.number))

    def describe(self, number: ImageNumber, words: Words, *, asked_by: str) -> Checked:
        """Change what it is known by. Raises DomainError."""
        check_words(words)
        known = self.get(number)
        if words != known.words:
            if not self._store.describe(number, words):
                raise _name_is_taken(words.name)
            self._note(f"The firmware image {number} {known.words.name!r} was changed: {_told(words)}.", asked_by)
        return self._checked(self.get(number))

    def put_signature(
        self, number: ImageNumber, signed: Signed, *, signed_by: str | None = None, asked_by: str
    ) -> Checked:
        """Keep a signature in place of the one before, right or wrong: the answer says which. ``signed_by`` is the key
        with which it was made here. Raises DomainError NOT_FOUND, and INVALID for what cannot be sent."""
        check_can_be_sent(signed)
        image = self.get(number)
        check = self._check(image.file, signed)
        self._store.sign(number, signed, check, signed_by=signed_by)
        how = "signed here with the key " + repr(signed_by) if signed_by is not None else "given a signature"
        result = "which is good" if check.is_good else f"which is not good: {check.fault}"
        self._note(f"The firmware image {number} {image.words.name!r} was {how}, {result}.", asked_by)
        return self._checked(self.get(number))

    def remove_signature(self, number: ImageNumber, *, asked_by: str) -> Checked:
        image = self.get(number)
        if image.signed is not None:
            self._store.sign(number, None, None, signed_by=None)
            self._note(f"The signature of the firmware image {number} {image.words.name!r} was removed.", asked_by)
        return self._checked(self.get(number))

    def check(self, number: ImageNumber) -> Checked:
        """Check its signature again: certificates expire, and are revoked."""
        image = self.get(number)
        if image.signed is not None:
            self._store.note_check(number, image.signed, self._check(image.file, image.signed))
        return self._checked(self.get(number))

    def remove(self, number: ImageNumber, *, asked_by: str) -> Kept:
        """Forget it. Returns its file, which is to be taken from the shelf after the commit. Raises DomainError
        NOT_FOUND, and CONFLICT while a job needs it."""
        image = self.get(number)
        needed_by = self._store.open_jobs(number, _SHOWN_JOBS)
        if needed_by:
            named = ", ".join(str(job) for job in needed_by) + (" …" if len(needed_by) == _SHOWN_JOBS else "")
            raise conflict(
                "The image is needed by jobs that have not ended: {}. Wait for them, or give them up first.", named
            )
        self._store.remove(number)
        self._note(f"The firmware image {number} {image.words.name!r} was removed.", asked_by)
        return image.file

    # For the update

    def install(self, image: Image, job: JobNumber) -> None:
        """This job installs this image, which stays until the job has ended."""
        self._store.install(image.number, job)

    def installed_by(self, job: JobNumber) -> Image | None:
        return self._store.installed_by(job)

    def fault_of(self, image: Image, signed: Signed) -> str | None:
        """What is wrong now with a signature over an image, for people; None when all is well. Thousands of stations
        may be asked at once, so that an answer holds for :data:`HOLDS` unless the store of trust changes."""
        now, question = self._clock.now(), (image.file.name, signed, self._trust.version())
        if self._answered is None or self._answered[0] != question or not now - HOLDS < self._answered[1].at <= now:
            self._answered = (question, self._check(image.file, signed))
        return self._answered[1].fault

    # Questions

    def get(self, number: ImageNumber) -> Image:
        """Raises DomainError NOT_FOUND."""
        found = self._store.find(number)
        if found is None:
            raise not_found("There is no firmware image {}.", number)
        return found

    def find_named(self, name: str) -> Image | None:
        return self._store.named(name)

    def list(self, wanted: ImageFilter, page: PageRequest) -> Page[Image]:
        """Newest first."""
        return self._store.list(wanted, page)

    def known(self, names: Sequence[str]) -> frozenset[str]:
        """Which of these names of the shelf are those of images."""
        return self._store.known(names)

    # Inside

    def _checked(self, image: Image) -> Checked:
        if image.signed is None:
            return Checked(image, (UNSIGNED,))
        fault = None if image.check is None else image.check.fault
        return Checked(image, () if fault is None else (doubtful(fault),))

    def _check(self, file: Kept, signed: Signed) -> Check:
        return check_signed(file, signed, self._makers(), self._clock.now())

    def _makers(self) -> Makers:
        trusted: list[tuple[Role, Certificate]] = []
        page: PageRequest | None = PageRequest(MAX_LIMIT)
        wanted = TrustFilter(purpose=Purpose.FIRMWARE, is_enabled=True)
        while page is not None:
            found = self._trust.list(wanted, page)
            trusted += [(one.role, one.certificate) for one in found.items]
            page = None if found.next_after is None else replace(page, after=found.next_after)
        return Makers(
            anchors=[one for role, one in trusted if role is Role.ANCHOR],
            intermediates=[one for role, one in trusted if role is Role.INTERMEDIATE],
            is_revoked=self._is_revoked,
        )

    def _is_revoked(self, certificate: Certificate) -> bool:
        """By this system's own register, or by a list of its issuer that was imported."""
        if self._trust.is_revoked(certificate.issuer_hash, certificate.serial):
            return True
        return any(one.covers(certificate) and one.is_revoked(certificate) for one in self._trust.crls())

    def _note(self, reason: str, asked_by: str) -> None:
        self._log.note(Note(kind=Kind.FIRMWARE_CHANGED, reason=reason, asked_by=asked_by))


def doubtful(fault: str) -> Sentence:
    """What is told of a check that failed."""
    return Sentence("Stations will probably refuse this firmware (A00.FR.706). {}", fault)


def _name_is_taken(name: str) -> DomainError:
    return conflict(
        "There is another firmware image with the name {!r}; choose another name, or remove that one first.",
        name,
        field="name",
    )


def _told(words: Words) -> str:
    known = {"vendor": words.vendor, "model": words.model, "version": words.version}
    return ", ".join([repr(words.name), *(f"{name} {value!r}" for name, value in known.items() if value is not None)])
