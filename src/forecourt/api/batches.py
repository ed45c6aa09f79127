"""Batches: requests that went to many stations at once."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get
from litestar.params import PathParameter
from litestar.response import Stream

from forecourt.api.access import access
from forecourt.api.errand_views import ErrandBatchView, show_batch
from forecourt.api.events import MEDIA_TYPE as EVENT_STREAM
from forecourt.api.events import Events, LastEventId
from forecourt.api.paging import Listing, Paging, listing
from forecourt.api.words import MAX_LONG, Works
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errands.model import BatchNumber
from forecourt.domain.errors import not_found
from forecourt.operations.asking import cancel_batch

BatchId = Annotated[int, PathParameter(description="The number of the batch.")]


class Batches(Controller):
    path = "/batches"
    tags = ("Batches",)
    opt = access(view=Permission.VIEW, change=Permission.OPERATE)

    @get(summary="List batches", operation_id="listBatches")
    async def list_all(self, workspace: Works, page: Paging) -> Listing[ErrandBatchView]:
        """Newest first."""
        return listing(await workspace.read(lambda services: services.errands.batches(page)), show_batch)

    @get("/{batch:int}", summary="Show a batch", operation_id="getBatch")
    async def show(self, batch: BatchId, workspace: Works) -> ErrandBatchView:
        """How many of its errands are in which state; `/api/v1/errands?batch=` lists them."""
        number = _number(batch)
        return show_batch(await workspace.read(lambda services: services.errands.get_batch(number)))

    @delete("/{batch:int}", status_code=200, summary="Cancel a batch", operation_id="cancelBatch")
    async def cancel(self, batch: BatchId, workspace: Works) -> ErrandBatchView:
        """Every errand of it that was not sent yet; the others go on."""
        number = _number(batch)
        return show_batch(await cancel_batch(workspace, number))

    @get("/{batch:int}/events", media_type=EVENT_STREAM, summary="Follow a batch", operation_id="followBatch")
    async def events(self, batch: BatchId, events: Events, last_event_id: LastEventId = None) -> Stream:
        """Server-sent events: `errand` with each errand as it is now and whenever it changed, `progress` with the
        batch, and `end` with the batch when it is finished; then the answer ends. After an interruption, send the
        `id` of the last event in the header `Last-Event-ID`."""
        return await events.of_batch(_number(batch), last_event_id)


def _number(number: int) -> BatchNumber:
    """The number as the database can compare it; raises DomainError NOT_FOUND for others."""
    if not 0 < number <= MAX_LONG:
        raise not_found(f"There is no batch {number}.")
    return BatchNumber(number)
