"""The tables of requests to authorities, of what they issued, and of what signers remember."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Table, Text

from forecourt.storage.schema import Key, metadata, moment, text

signing_request: Final = Table(
    "signing_request",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    text("use"),
    text("owner"),
    text("authority"),
    text("csr"),
    text("key_digest"),
    text("common_name"),
    text("organisation", is_required=False),
    text("host_names"),
    Column("days", Float, nullable=True),
    text("state"),
    text("reason", is_required=False),
    text("progress", is_required=False),
    Column("attempts", BigInteger, nullable=False),
    text("asked_by"),
    moment("asked_at"),
    moment("tried_since"),
    moment("again_at"),
    moment("silent_since", is_required=False),
    Column("is_told", Boolean, nullable=False),
    text("node", is_required=False),
    moment("leased_until", is_required=False),
    moment("ended_at", is_required=False),
    text("fingerprint", is_required=False),
    Index("signing_request_due", "state", "again_at"),
    Index("signing_request_of_owner", "owner", "number"),
    Index("signing_request_of_authority", "authority", "state"),
    sqlite_autoincrement=True,
)
"""``host_names`` has one name in a line; ``node`` is at it until ``leased_until``; ``is_told`` says that an operator
was told that it waits."""

issued_certificate: Final = Table(
    "issued_certificate",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    text("fingerprint"),
    text("issuer_hash"),
    text("serial"),
    text("subject"),
    text("authority"),
    text("use"),
    text("owner"),
    text("chain"),
    Column("signing", BigInteger, nullable=False),
    moment("not_after"),
    moment("issued_at"),
    Index("issued_certificate_by_fingerprint", "fingerprint", unique=True),
    Index("issued_certificate_by_serial", "issuer_hash", "serial", unique=True),
    Index("issued_certificate_of_owner", "owner", "number"),
    sqlite_autoincrement=True,
)
"""``chain`` holds PEM, leaf first. Whether one was revoked stands in ``revoked_certificate``."""

signer_note: Final = Table(
    "signer_note",
    metadata,
    Column("key", Text, primary_key=True),
    text("authority"),
    text("sealed"),
    moment("kept_at"),
)
"""What a signer keeps of an authority, such as the key of an ACME account; ``key`` is both of their names."""

acme_challenge: Final = Table(
    "acme_challenge",
    metadata,
    Column("token", Text, primary_key=True),
    text("answer"),
    moment("ends_at"),
)
"""What is answered to an authority that looks whether a host name is this system's (RFC 8555 §8.3)."""
