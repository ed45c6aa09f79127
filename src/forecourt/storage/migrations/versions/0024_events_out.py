"""Events for the outside, subscriptions to them, and what is still to be delivered"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_IS_FAULTED = sa.text("status = 'Faulted'")
_IS_UNTOLD = sa.text("told_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("number", _KEY, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("event_of_kind", "event", ["kind", "number"])
    op.create_index("event_of_station", "event", ["station", "number"])
    op.create_table(
        "connector_fault",
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("evse", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("station_key", "evse"),
    )
    # What is faulted already was seen long ago: only what comes from now on is told.
    op.execute("INSERT INTO connector_fault SELECT station_key, evse, at FROM evse_status WHERE status = 'Faulted'")
    op.create_index(
        "evse_faulted",
        "evse_status",
        ["station_key", "evse"],
        sqlite_where=_IS_FAULTED,
        postgresql_where=_IS_FAULTED,
    )
    op.add_column("errand_batch", sa.Column("told_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE errand_batch SET told_at = asked_at")
    op.create_index("batch_untold", "errand_batch", ["number"], sqlite_where=_IS_UNTOLD, postgresql_where=_IS_UNTOLD)
    op.create_table(
        "subscription",
        sa.Column("number", _KEY, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("header_name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("kind_groups", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("station_group", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("paused_at", sa.BigInteger(), nullable=True),
        sa.Column("paused_by", sa.Text(), nullable=True),
        sa.Column("paused_reason", sa.Text(), nullable=True),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("delivered", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("again_at", sa.BigInteger(), nullable=True),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("name", name="one_subscription"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "delivery",
        sa.Column("subscription", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=False),
        sa.Column("again_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subscription", "event"),
    )
    op.create_index("delivery_due", "delivery", ["subscription", "again_at"])
    op.create_index("delivery_of_event", "delivery", ["event"])
