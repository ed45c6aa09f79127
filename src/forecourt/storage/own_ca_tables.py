"""The tables of the own certificate authority."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, Table, Text

from forecourt.storage.schema import Key, metadata, moment, text

own_ca: Final = Table(
    "own_ca",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    text("policy", is_required=False),
    Column("is_wanted", Boolean, nullable=False),
)
"""One row, which whoever changes something locks; ``policy`` is JSON, and absent while nobody has changed it."""

own_roll: Final = Table(
    "own_roll",
    metadata,
    Column("family", Text, primary_key=True),
    Column("rank", Text, primary_key=True),
)
"""What is to be replaced, until it is."""

own_certificate: Final = Table(
    "own_certificate",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    text("fingerprint"),
    text("family"),
    text("rank"),
    text("phase"),
    text("key_id"),
    text("issuer", is_required=False),
    text("pem"),
    text("cross_pem", is_required=False),
    text("sealed_key", is_required=False),
    Column("is_in_token", Boolean, nullable=False),
    moment("made_at"),
    Index("own_certificate_by_fingerprint", "fingerprint", unique=True),
    sqlite_autoincrement=True,
)
"""``sealed_key`` is absent for keys in a token, and for those that are gone; ``issuer`` is a fingerprint."""

own_list: Final = Table(
    "own_list",
    metadata,
    Column("address", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    moment("this_update"),
    moment("next_update"),
    Column("der", LargeBinary, nullable=False),
    Column("asked", BigInteger, nullable=False),
    Column("covers", BigInteger, nullable=False),
)
"""The list of revoked certificates (CRL) of an own CA. ``asked`` counts how often a new one was asked for, ``covers``
is what that was when its entries were read: below it, the list is behind."""

own_revocation: Final = Table(
    "own_revocation",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    text("issuer_hash"),
    text("serial"),
    text("subject"),
    text("reason"),
    text("revoked_by"),
    moment("revoked_at"),
    moment("not_after", is_required=False),
    Column("is_entered", Boolean, nullable=False),
    Index("own_revocation_by_serial", "issuer_hash", "serial", unique=True),
    sqlite_autoincrement=True,
)
