"""What kept firmware needs from storage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from forecourt.domain.files.model import Kept
from forecourt.domain.firmware.model import Check, FirmwareKey, Image, ImageFilter, ImageNumber, Signed, Words
from forecourt.domain.jobs.model import JobNumber
from forecourt.domain.paging import Page, PageRequest
from forecourt.pki.keys import PrivateKey


class ImageStore(Protocol):
    """Images, and the jobs that install them."""

    def add(self, words: Words, file: Kept, *, by: str, at: datetime) -> ImageNumber | None:
        """None when another image has this name."""
        ...

    def describe(self, number: ImageNumber, words: Words) -> bool:
        """Change what it is known by. False when there is no such image, or another one has this name."""
        ...

    def sign(self, number: ImageNumber, signed: Signed | None, check: Check | None, *, signed_by: str | None) -> bool:
        """Keep a signature in place of the one before. False when there is no such image."""
        ...

    def note_check(self, number: ImageNumber, signed: Signed, check: Check) -> bool:
        """Keep what came of a check of this signature. False when it is not the image's any more."""
        ...

    def remove(self, number: ImageNumber) -> bool: ...

    def find(self, number: ImageNumber) -> Image | None: ...

    def named(self, name: str) -> Image | None: ...

    def list(self, wanted: ImageFilter, page: PageRequest) -> Page[Image]:
        """Newest first."""
        ...

    def count(self) -> int: ...

    def known(self, names: Sequence[str]) -> frozenset[str]:
        """Which of these names of the shelf are those of images."""
        ...

    def install(self, number: ImageNumber, job: JobNumber) -> None:
        """This job installs this image."""
        ...

    def installed_by(self, job: JobNumber) -> Image | None:
        """The image that this job installs."""
        ...

    def open_jobs(self, number: ImageNumber, limit: int) -> Sequence[JobNumber]:
        """Jobs that need the image, the oldest first."""
        ...


class FirmwareKeyStore(Protocol):
    """Keys that firmware is signed with. They are kept sealed."""

    def add(self, key: FirmwareKey, private: PrivateKey, root_private: PrivateKey | None) -> bool:
        """False when there is one of this name."""
        ...

    def remove(self, name: str) -> bool: ...

    def find(self, name: str) -> FirmwareKey | None: ...

    def opened(self, name: str) -> PrivateKey | None:
        """Raises PkiError when it cannot be opened."""
        ...

    def opened_root(self, name: str) -> PrivateKey | None:
        """The key of its root, for one that was made here. Raises PkiError."""
        ...

    def all(self) -> Sequence[FirmwareKey]:
        """In the order of their names."""
        ...
