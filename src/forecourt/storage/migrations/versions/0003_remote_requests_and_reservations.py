"""Remote requests, reservations, and stops by operators"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TRANSACTION = "station_transaction"


def upgrade() -> None:
    op.add_column(_TRANSACTION, sa.Column("remote_start", sa.BigInteger(), nullable=True))
    op.add_column(_TRANSACTION, sa.Column("remote_stop", sa.BigInteger(), nullable=True))
    op.add_column(_TRANSACTION, sa.Column("stopped_by", sa.Text(), nullable=True))
    op.add_column(_TRANSACTION, sa.Column("operator", sa.Text(), nullable=True))
    op.add_column(_TRANSACTION, sa.Column("operator_stopped_at", sa.BigInteger(), nullable=True))
    op.add_column(_TRANSACTION, sa.Column("operator_meter_stop_wh", sa.BigInteger(), nullable=True))
    op.add_column(_TRANSACTION, sa.Column("operator_reason", sa.Text(), nullable=True))
    op.add_column(_TRANSACTION, sa.Column("operator_received_at", sa.BigInteger(), nullable=True))
    is_open = sa.text("ended_at IS NULL")
    op.create_table(
        "remote_request",
        sa.Column("errand", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("evse", sa.BigInteger(), nullable=True),
        sa.Column("id_token", sa.Text(), nullable=True),
        sa.Column("transaction_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("is_outcome_unknown", sa.Boolean(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("waits_until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("errand"),
    )
    op.create_index(
        "remote_request_open",
        "remote_request",
        ["station_key", "ended_at", "errand"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("remote_request_of_station", "remote_request", ["station_key", "errand"])
    op.create_table(
        "reservation",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("reservation_id", sa.BigInteger(), nullable=False),
        sa.Column("evse", sa.BigInteger(), nullable=False),
        sa.Column("id_token", sa.Text(), nullable=False),
        sa.Column("folded_token", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=True),
        sa.Column("errand", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("transaction_id", sa.BigInteger(), nullable=True),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("status_seen_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("key"),
        sqlite_autoincrement=True,
    )
    op.create_index("reservation_by_number", "reservation", ["reservation_id", "station_key", "key"])
    op.create_index("reservation_of_station", "reservation", ["station_key", "key"])
    op.create_index("reservation_open", "reservation", ["expires_at"], sqlite_where=is_open, postgresql_where=is_open)
