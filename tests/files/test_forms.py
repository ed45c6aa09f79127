"""A file in a form counts when the form was closed (RFC 7578, RFC 2046 §5.1.1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from forecourt.domain.errors import Kind
from forecourt.files.forms import FORM_BYTES, FORM_PARTS, first_file
from tests.domain.world import refused
from tests.files.bodies import BOUNDARY, FORM, form
from tests.files.counter import CONTENT, Counter, at_the_counter

FILE = ('name="f"; filename="a b.log"', b"first\r\n--x--bound\r\nlast")


async def pieces_of(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def read(body: bytes, *, size: int = 65536, boundary: str = BOUNDARY) -> tuple[list[str], bytes]:
    names: list[str] = []

    async def main() -> bytes:
        return b"".join([piece async for piece in first_file(pieces_of(body, size), boundary, names.append)])

    return names, asyncio.run(main())


@pytest.mark.parametrize("size", [1, 2, 7, 65536])
def test_the_first_file_is_read_wherever_the_pieces_end(size: int) -> None:
    body = b"hello\r\n" + form(('name="a"', b"1"), FILE, ('name="b"; filename="c"', b"2")) + b"\r\nbye"
    assert read(body, size=size) == (["a b.log"], FILE[1])


def test_an_empty_file_and_one_of_line_ends_are_read() -> None:
    for content in (b"", b"\r\n", b"\r\n\r\n--"):
        assert read(form((FILE[0], content)))[1] == content


WHOLE = form(FILE)


@pytest.mark.parametrize("size", [3, 65536])
@pytest.mark.parametrize("end", range(1, 45))
def test_a_form_that_was_not_closed_is_none(end: int, size: int) -> None:
    cut = WHOLE[: -2 - end]
    with refused(Kind.INVALID):
        read(cut, size=size)


@pytest.mark.parametrize(
    "body",
    [
        form(('name="a"', b"x" * (FORM_BYTES + 1)), FILE),
        form(*[('name="a"', b"x" * 200_000)] * 6, FILE),
        form(*[('name="a"', b"")] * FORM_PARTS, FILE),
        form(FILE) + b"x" * (FORM_BYTES + 1),
        b"x" * (FORM_BYTES + 1) + form(FILE),
        form((f'name="{"x" * 9000}"', b"")),
        WHOLE.replace(BOUNDARY.encode() + b"\r\n", BOUNDARY.encode() + b"more\r\n", 1),
    ],
    ids=["one field", "all fields", "parts", "behind", "before", "head", "boundary"],
)
def test_a_form_with_too_much_beside_its_file_is_refused(body: bytes) -> None:
    with refused(Kind.INVALID):
        read(body)


@pytest.mark.parametrize("boundary", ["", "x" * 71, "é"])
def test_a_boundary_that_is_none_is_refused(boundary: str) -> None:
    with refused(Kind.INVALID):
        read(b"", boundary=boundary)


def test_of_a_form_that_was_not_closed_nothing_is_kept(tmp_path: Path) -> None:
    async def story(counter: Counter) -> None:
        body = form(('name="file"; filename="d.zip"', CONTENT))[: -len(BOUNDARY) - 8]
        answer = await counter.ask("POST", counter.upload_path(), body, **FORM)
        assert answer.status == 400
        counter.assert_nothing_kept()

    at_the_counter(tmp_path, story)
