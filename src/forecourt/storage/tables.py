"""All tables together, for migrations and for the test that compares them with the database."""

from __future__ import annotations

from forecourt.storage import access, availability, id_tokens, job_statuses, links, stations, transactions
from forecourt.storage import vendor_messages as vendors
from forecourt.storage.schema import metadata

__all__ = ["metadata"]

ROOMS = (access, availability, id_tokens, job_statuses, links, stations, transactions, vendors)
"""Importing a room declares its tables."""
