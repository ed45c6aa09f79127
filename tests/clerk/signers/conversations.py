"""What signers of authorities outside need in tests: a memory, and whoever looks again as long as they wait."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from forecourt.clerk.signers.outside import Answered, Outside
from forecourt.domain.signing.model import Assignment, Waiting
from tests.clerk.signers.answering import Asked, Said, serving

DEADLINE_SECONDS = 20.0


class Notes:
    """A Memory that lasts as long as the test."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.challenges: dict[str, str] = {}

    def recall(self, authority: str, name: str) -> str | None:
        return self.kept.get((authority, name))

    def remember(self, authority: str, name: str, content: str) -> str:
        return self.kept.setdefault((authority, name), content)

    def put_challenge(self, token: str, answer: str) -> None:
        self.challenges[token] = answer


def step(outside: Outside, assignment: Assignment) -> tuple[Answered | Waiting, Assignment]:
    """One call, and the assignment as it is for the next one."""
    result = outside.obtain(assignment)
    return result, replace(assignment, progress=result.progress) if isinstance(result, Waiting) else assignment


def follow(outside: Outside, assignment: Assignment) -> Answered:
    """Ask again, soon, until there is an answer."""
    ends_at = time.monotonic() + DEADLINE_SECONDS
    while True:
        result, assignment = step(outside, assignment)
        if isinstance(result, Answered):
            return result
        assert time.monotonic() < ends_at, f"no answer; at last it was said: {result.sentence}"
        time.sleep(0.05)


@contextmanager
def answering_challenges(port: int, notes: Notes) -> Iterator[None]:
    """The server of a host name that is to be proved (RFC 8555 §8.3)."""

    def answer(asked: Asked) -> Said:
        found = notes.challenges.get(asked.path.removeprefix("/.well-known/acme-challenge/"))
        return Said(404) if found is None else Said(200, found.encode())

    with serving(answer, port=port):
        yield
