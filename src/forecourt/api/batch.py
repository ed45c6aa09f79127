"""Many items in one request: each is taken or refused by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Final, TypeVar

import msgspec

from forecourt.api.bodies import read_body
from forecourt.api.problems import Refusal
from forecourt.domain.errors import DomainError
from forecourt.domain.services import Services, Workspace

MAX_ITEMS: Final = 10_000

ITEMS_PER_WORK: Final = 100
"""One unit of work for ten thousand items would keep stations waiting for seconds: a database may have one writer."""

Draft = TypeVar("Draft", bound=msgspec.Struct)
Prepared = TypeVar("Prepared")


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Items as the address for a single one takes them."""

    items: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MAX_ITEMS)]


class RefusedItem(msgspec.Struct, frozen=True):
    """An item that was not taken: its position, counted from 0, its id as far as it could be read, and why."""

    index: int
    id: str | None
    reason: str


class BatchAdded(msgspec.Struct, frozen=True):
    """What became of every item that was to be registered."""

    created: list[str]
    refused: list[RefusedItem]


class BatchChanged(msgspec.Struct, frozen=True):
    """What became of every item that was to be changed."""

    changed: list[str]
    refused: list[RefusedItem]


class BatchRemoved(msgspec.Struct, frozen=True):
    """What became of every item that was to be removed."""

    removed: list[str]
    refused: list[RefusedItem]


async def do_all(
    workspace: Workspace,
    batch: Batch,
    *,
    kind: type[Draft],
    prepare: Callable[[Draft], Prepared],
    do: Callable[[Services, Prepared], str],
    id_field: str,
) -> tuple[list[str], list[RefusedItem]]:
    """Do what can be done; ``do`` does it for one item and returns its id. Returns the ids, and what was refused.

    A refused item does not undo the others: the domain refuses before it stores anything. Raises DomainError
    UNAVAILABLE when the database took nothing; items that it did not take after others are refused one by one.
    """
    ready: list[tuple[int, Prepared]] = []
    done: list[str] = []
    refused: dict[int, str] = {}
    for index, raw in enumerate(batch.items):
        try:
            ready.append((index, prepare(read_body(raw, kind))))
        except Refusal as refusal:
            refused[index] = _reason(refusal)
    for start in range(0, len(ready), ITEMS_PER_WORK):
        some = ready[start : start + ITEMS_PER_WORK]
        try:
            some_done, some_refused = await workspace.write(partial(_do_some, some=some, do=do))
        except DomainError as error:
            if not done:
                raise
            refused |= {index: error.sentence for index, _ in ready[start:]}
            break
        done += some_done
        refused |= some_refused
    return done, [RefusedItem(n, _id(batch.items[n], id_field), reason) for n, reason in sorted(refused.items())]


def _do_some(
    services: Services, some: Sequence[tuple[int, Prepared]], do: Callable[[Services, Prepared], str]
) -> tuple[list[str], dict[int, str]]:
    done, refused = [], {}
    for index, item in some:
        try:
            done.append(do(services, item))
        except DomainError as error:
            refused[index] = error.sentence
    return done, refused


def _reason(refusal: Refusal) -> str:
    if not refusal.errors:
        return refusal.detail
    return " ".join(f"{fault.field}: {fault.reason}" if fault.field else fault.reason for fault in refusal.errors)


def _id(item: msgspec.Raw, id_field: str) -> str | None:
    value = msgspec.json.decode(item)
    found = value.get(id_field) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None
