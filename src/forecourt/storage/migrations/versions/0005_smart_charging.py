"""Charging profiles and schedules"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "charging_profile",
        sa.Column("number", _KEY, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "profile_assignment",
        sa.Column("number", _KEY, autoincrement=True, nullable=False),
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("evse", sa.BigInteger(), nullable=False),
        sa.Column("library", sa.BigInteger(), nullable=True),
        sa.Column("profile_id", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=True),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("errand", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("assignment_of_station", "profile_assignment", ["station_key", "number"])
    is_open = sa.text("state IN ('requested', 'installed', 'unknown')")
    op.create_index(
        "assignment_open",
        "profile_assignment",
        ["station_key", "state", "number"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("assignment_of_profile", "profile_assignment", ["library", "number"])
    op.create_index("assignment_of_errand", "profile_assignment", ["errand"])
    runs = sa.text("stopped_at IS NULL")
    op.create_index(
        "transaction_running",
        "station_transaction",
        ["station_key", "stopped_at", "id"],
        sqlite_where=runs,
        postgresql_where=runs,
    )
    op.create_table(
        "composite_schedule",
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("evse", sa.BigInteger(), nullable=False),
        sa.Column("asked_seconds", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("station_key", "evse"),
    )
