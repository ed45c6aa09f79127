"""All tables together, for migrations and for the test that compares them with the database."""

from __future__ import annotations

from forecourt.storage import (
    access,
    availability,
    configurations,
    errands,
    id_tokens,
    job_statuses,
    jobs,
    links,
    local_lists,
    remote_requests,
    reservations,
    security_events,
    stations,
    transactions,
)
from forecourt.storage import smart_charging as charging
from forecourt.storage import vendor_messages as vendors
from forecourt.storage.schema import metadata

__all__ = ["metadata"]

ROOMS = (
    configurations,
    local_lists,
    access,
    availability,
    errands,
    id_tokens,
    charging,
    job_statuses,
    jobs,
    security_events,
    links,
    stations,
    transactions,
    vendors,
    remote_requests,
    reservations,
)
"""Importing a room declares its tables."""
