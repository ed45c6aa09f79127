"""An event as programs get it: CloudEvents 1.0, in the structured mode of its JSON format."""

from __future__ import annotations

import json
from typing import Final

from forecourt.domain.events.model import Event, exact

MEDIA_TYPE: Final = "application/cloudevents+json"
NAMESPACE: Final = "forecourt"
"""What the types of events begin with."""


def cloud_event(event: Event, source: str) -> bytes:
    """The body; ``source`` names this system (CloudEvents 1.0 §3.1): with the id it is unique."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": event.id,
            "source": source,
            "type": f"{NAMESPACE}.{event.kind.value}",
            "subject": event.subject,
            "time": exact(event.at),
            "datacontenttype": "application/json",
            "data": dict(event.data),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
