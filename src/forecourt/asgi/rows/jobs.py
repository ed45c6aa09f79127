"""Jobs as lines of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from forecourt.asgi.csv import Cell
from forecourt.domain.jobs.model import Job

JOB_COLUMNS: Final = (
    *("job", "stationId", "kind", "state", "reason", "requestId", "operation", "errand", "askedBy", "location"),
    *("fileName", "image", "imageName", "askedAt", "answeredAt", "lastStatus", "lastStatusAt", "endedAt"),
)


def job_rows(job: Job) -> Iterator[Sequence[Cell]]:
    """One row, in the order of `JOB_COLUMNS`."""
    yield (
        *(job.number, job.station, job.kind.value, job.state.value, job.reason, job.request_id, job.operation),
        *(job.errand, job.asked_by, job.location, job.file_name, job.image, job.image_name),
        *(job.asked_at, job.answered_at, job.last_status, job.last_status_at, job.ended_at),
    )
