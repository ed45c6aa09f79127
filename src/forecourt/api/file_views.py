"""Received files as the REST interface shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from forecourt.domain.files.model import Carrier, ReceivedFile


class ReceivedFileView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A file that a station uploaded. Its content is at ``/files/{number}/content``."""

    file: Annotated[int, Meta(description="Its number.")]
    station_id: Annotated[str, Meta(description="The station that uploaded it.")]
    job: Annotated[int | None, Meta(description="The job that it was uploaded for.")]
    name: Annotated[str, Meta(description="Its name, as the station wrote it.")]
    size: Annotated[int, Meta(description="Bytes.")]
    sha256: Annotated[str, Meta(description="The SHA-256 of its content, in hexadecimal.")]
    received_at: Annotated[datetime, Meta(description="When all of it was here.")]
    address: Annotated[str, Meta(description="The address from which it came.")]
    carrier: Annotated[Carrier, Meta(description="The protocol by which it came.")]


def show_file(file: ReceivedFile) -> ReceivedFileView:
    return ReceivedFileView(
        file=file.number,
        station_id=file.station,
        job=file.job,
        name=file.name,
        size=file.size,
        sha256=file.sha256,
        received_at=file.received_at,
        address=file.address,
        carrier=file.carrier,
    )
