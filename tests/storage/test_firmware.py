"""Tests of firmware images and keys in the database, against the promises of ImageStore and FirmwareKeyStore."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from forecourt.domain.authorities.model import KeyFamily
from forecourt.domain.files.model import Kept
from forecourt.domain.firmware.making import KeyWish, make_key
from forecourt.domain.firmware.model import Check, FirmwareKey, Image, ImageFilter, ImageNumber, Signed, Words
from forecourt.domain.jobs.model import Job, JobDraft, JobFilter, JobKind, JobNumber, JobState
from forecourt.domain.paging import PageRequest
from forecourt.pki.errors import BadSeal
from forecourt.pki.sealing import Vault
from forecourt.storage.database import Database
from forecourt.storage.errors import RowRefused
from forecourt.storage.firmware import ImageRecords
from forecourt.storage.firmware_keys import FirmwareKeyRecords
from forecourt.storage.resealing import reseal
from tests.storage.bench import HIGHEST, UNUSUAL_TEXTS, Bench, all_pages
from tests.support.clock import NOON
from tests.support.vault import SECRET_KEY, VAULT

EDGE = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
FILE = Kept(name="firmware/aa/1", size=7, sha256="a", sha384="b", sha512="c")
SIGNED = Signed(certificate="pem", signature="c2ln")
MADE = make_key(KeyWish(common_name="Ours", family=KeyFamily.ECDSA), None, at=NOON)


@pytest.fixture
def images(bench: Bench) -> ImageRecords:
    return ImageRecords(bench.unit)


@pytest.fixture
def keys(bench: Bench) -> FirmwareKeyRecords:
    return FirmwareKeyRecords(bench.unit, VAULT)


def add(bench: Bench, images: ImageRecords, name: str = "fw", file: Kept = FILE) -> ImageNumber:
    with bench.committed():
        number = images.add(Words(name=name), file, by="admin", at=NOON)
    assert number is not None
    return number


def get(bench: Bench, images: ImageRecords, number: ImageNumber) -> Image:
    with bench.reading():
        found = images.find(number)
    assert found is not None
    return found


def a_job(bench: Bench) -> JobNumber:
    key = bench.add_station(f"CP-{bench.count('station')}")
    draft = JobDraft(kind=JobKind.FIRMWARE, operation="x", asked_by="x", location="x")
    with bench.committed():
        return bench.jobs.add(key, draft, JobState.ASKED, NOON)


def end(bench: Bench, number: JobNumber) -> None:
    with bench.committed():
        job = bench.jobs.find(number)
        assert job is not None
        ended: Job = replace(job, state=JobState.DONE, ended_at=NOON)
        assert bench.jobs.put(ended, of=JobState.ASKED)


@pytest.mark.parametrize("text", [*UNUSUAL_TEXTS, None])
def test_an_image_is_kept_exactly(bench: Bench, images: ImageRecords, text: str | None) -> None:
    words = Words(name=text or "fw", vendor=text, model=text, version=text, note=text)
    file = replace(FILE, name=f"{text}", size=HIGHEST)
    with bench.committed():
        number = images.add(words, file, by=f"{text}", at=EDGE)
    assert number is not None
    found = get(bench, images, number)
    assert found == Image(
        number=number,
        words=words,
        file=file,
        signed=None,
        check=None,
        signed_by=None,
        added_by=f"{text}",
        added_at=EDGE,
    )
    with bench.reading():
        assert images.named(words.name) == found
        assert images.list(ImageFilter(), PageRequest()).items == [found]
        assert images.count() == 1


def test_a_name_belongs_to_one_image(bench: Bench, images: ImageRecords) -> None:
    first, second = add(bench, images), add(bench, images, "other")
    with bench.committed():
        assert images.add(Words(name="fw"), FILE, by="x", at=NOON) is None
        assert not images.describe(second, Words(name="fw"))
        assert images.describe(first, Words(name="fw", note="again"))
    assert get(bench, images, second).words.name == "other"
    assert get(bench, images, first).words.note == "again"


def test_a_signature_and_its_check_are_kept(bench: Bench, images: ImageRecords) -> None:
    number = add(bench, images)
    check = Check(scheme="ECDSA", fault=None, at=EDGE)
    with bench.committed():
        assert images.sign(number, SIGNED, check, signed_by="key")
        assert not images.sign(ImageNumber(number + 1), SIGNED, check, signed_by=None)
    found = get(bench, images, number)
    assert (found.signed, found.check, found.signed_by) == (SIGNED, check, "key")
    worse = Check(scheme=None, fault="It expired.", at=NOON)
    with bench.committed():
        assert not images.note_check(number, replace(SIGNED, signature="x"), worse)
        assert images.note_check(number, SIGNED, worse)
    assert get(bench, images, number).check == worse
    with bench.committed():
        assert images.sign(number, None, None, signed_by=None)
    found = get(bench, images, number)
    assert (found.signed, found.check, found.signed_by) == (None, None, None)


def test_numbers_are_never_used_again(bench: Bench, images: ImageRecords) -> None:
    number = add(bench, images)
    with bench.committed():
        assert images.remove(number)
    assert add(bench, images) > number


def test_lists_are_paged_newest_first(bench: Bench, images: ImageRecords) -> None:
    numbers = [add(bench, images, f"fw-{n}") for n in range(5)]
    with bench.reading():
        for limit in (1, 2, 10):
            found = all_pages(lambda page: images.list(ImageFilter(search="FW-"), page), limit)
            assert [one.number for one in found] == numbers[::-1]


def test_files_of_images_are_known(bench: Bench, images: ImageRecords) -> None:
    names = [f"firmware/aa/{n}" for n in range(3)]
    for name in names[:2]:
        add(bench, images, name, replace(FILE, name=name))
    with bench.reading():
        assert images.known(names) == set(names[:2])
        assert images.known([]) == frozenset()
        assert images.known([f"{n}" for n in range(1200)] + names) == set(names[:2])


def test_the_image_of_a_job_is_found_and_stays_until_the_job_ends(bench: Bench, images: ImageRecords) -> None:
    number, other = add(bench, images), add(bench, images, "other")
    jobs = [a_job(bench) for _ in range(3)]
    with bench.committed():
        for job in jobs[:2]:
            images.install(number, job)
        images.install(other, jobs[2])
    with bench.reading():
        assert images.installed_by(jobs[0]) == images.find(number)
        assert images.installed_by(JobNumber(jobs[2] + 1)) is None
        assert images.open_jobs(number, 10) == jobs[:2]
        assert images.open_jobs(number, 1) == jobs[:1]
    end(bench, jobs[0])
    with bench.reading():
        assert images.open_jobs(number, 10) == [jobs[1]]
    with pytest.raises(RowRefused), bench.committed():
        images.remove(number)
    end(bench, jobs[1])
    with bench.committed():
        assert images.remove(number)
    with bench.reading():
        assert images.installed_by(jobs[0]) is None


def test_a_job_tells_its_image_as_long_as_that_is_kept(bench: Bench, images: ImageRecords) -> None:
    number = add(bench, images, "fw.bin")
    job, other = a_job(bench), a_job(bench)
    with bench.committed():
        images.install(number, job)

    def told() -> list[tuple[JobNumber, int | None, str | None]]:
        with bench.reading():
            found = bench.jobs.list(JobFilter(), PageRequest()).items
            assert bench.jobs.find(job) == found[1]
        return [(one.number, one.image, one.image_name) for one in found]

    def installing(image: int) -> list[JobNumber]:
        with bench.reading():
            return [one.number for one in bench.jobs.list(JobFilter(image=image), PageRequest()).items]

    assert told() == [(other, None, None), (job, number, "fw.bin")]
    assert (installing(number), installing(number + 1)) == ([job], [])
    end(bench, job)
    assert told() == [(other, None, None), (job, number, "fw.bin")]
    with bench.committed():
        assert images.remove(number)
    assert told() == [(other, None, None), (job, None, None)]


def test_an_image_that_is_gone_is_not_installed(bench: Bench, images: ImageRecords) -> None:
    with pytest.raises(RowRefused), bench.committed():
        images.install(ImageNumber(1), JobNumber(1))


@pytest.mark.parametrize("is_removed_first", [True, False])
def test_of_two_nodes_one_removes_and_one_installs_only_one_succeeds(
    postgresql_database: Database, is_removed_first: bool
) -> None:
    """So that no job is ever left without its file."""
    here, there = Bench(postgresql_database), Bench(postgresql_database)
    number = add(here, ImageRecords(here.unit))
    job = a_job(here)

    def remove(bench: Bench) -> None:
        ImageRecords(bench.unit).remove(number)

    def install(bench: Bench) -> None:
        ImageRecords(bench.unit).install(number, job)

    first, second = (remove, install) if is_removed_first else (install, remove)
    refusals: list[RowRefused] = []
    other = threading.Thread(target=lambda: refusals.extend(_refused(there, second)))
    with here.committed():
        first(here)
        other.start()  # it waits for the commit, or comes after it: it is refused either way
    other.join(30)
    assert len(refusals) == 1
    assert here.count("firmware_image") == (0 if is_removed_first else 1)
    here.close()
    there.close()


def _refused(bench: Bench, work: Callable[[Bench], None]) -> list[RowRefused]:
    try:
        with bench.committed():
            work(bench)
    except RowRefused as error:
        return [error]
    return []


# Keys


def a_key(name: str = "main", *, root: bool = True) -> FirmwareKey:
    return FirmwareKey(
        name=name,
        certificate=MADE.certificate,
        root=MADE.root if root else None,
        has_root_key=root,
        added_by="admin",
        added_at=NOON,
    )


def test_a_key_is_kept_sealed_and_opened_again(bench: Bench, keys: FirmwareKeyRecords) -> None:
    assert MADE.root_key is not None
    with bench.committed():
        assert keys.add(a_key(), MADE.key, MADE.root_key)
        assert keys.add(a_key("bare", root=False), MADE.key, None)
        assert not keys.add(a_key(), MADE.key, None)
    with bench.reading():
        assert keys.find("main") == a_key()
        assert keys.all() == [a_key("bare", root=False), a_key()]
        opened, root = keys.opened("main"), keys.opened_root("main")
        assert opened is not None
        assert root is not None
        assert (opened.pem(), root.pem()) == (MADE.key.pem(), MADE.root_key.pem())
        assert keys.opened_root("bare") is None
        assert keys.opened("nobody") is None
        rows = repr(bench.unit.all("SELECT * FROM firmware_key"))
        assert "PRIVATE KEY" not in rows
        with pytest.raises(BadSeal):
            FirmwareKeyRecords(bench.unit, Vault([Vault.new_key()])).opened("main")
    with bench.committed():
        assert keys.remove("main")
        assert not keys.remove("main")
    with bench.reading():
        assert keys.find("main") is None


def test_keys_are_sealed_again_with_a_new_secret_key(bench: Bench, keys: FirmwareKeyRecords) -> None:
    with bench.committed():
        keys.add(a_key(), MADE.key, MADE.root_key)
        keys.add(a_key("bare", root=False), MADE.key, None)
    secret = Vault.new_key()
    newest = Vault([secret])
    both = Vault([secret, SECRET_KEY.encode()])
    assert reseal(bench.connection, newest=newest, vault=both) == 3
    with bench.reading():
        again = FirmwareKeyRecords(bench.unit, newest)
        assert again.opened("main") is not None
        assert again.opened_root("main") is not None
        assert again.opened("bare") is not None
