"""All tables together, for migrations and for the test that compares them with the database."""

from __future__ import annotations

from forecourt.storage import (
    access,
    admission_tables,
    availability,
    configurations,
    errands,
    held_certificates,
    id_tokens,
    job_statuses,
    jobs,
    links,
    local_lists,
    remote_requests,
    reservations,
    revocations,
    sealed_checks,
    security_events,
    security_log,
    security_policy,
    server_certificates,
    stations,
    transactions,
    trust,
)
from forecourt.storage import smart_charging as charging
from forecourt.storage import vendor_messages as vendors
from forecourt.storage.schema import metadata

__all__ = ["metadata"]

ROOMS = (
    configurations,
    local_lists,
    access,
    admission_tables,
    availability,
    errands,
    id_tokens,
    charging,
    job_statuses,
    jobs,
    security_events,
    security_log,
    sealed_checks,
    links,
    stations,
    transactions,
    vendors,
    remote_requests,
    reservations,
    trust,
    revocations,
    server_certificates,
    security_policy,
    held_certificates,
)
"""Importing a room declares its tables."""
