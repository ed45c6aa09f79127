"""Jobs and security events"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("number", _KEY, autoincrement=True, nullable=False),
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("errand", sa.BigInteger(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("may_be_unsigned", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("last_status", sa.Text(), nullable=True),
        sa.Column("last_status_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "job_open",
        "job",
        ["station_key", "ended_at", "number"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("job_of_station", "job", ["station_key", "number"])
    op.create_index("job_of_request", "job", ["station_key", "request_id"])
    op.create_index("job_of_errand", "job", ["errand"])
    op.add_column("job_status", sa.Column("job", sa.BigInteger(), nullable=True))
    op.add_column("job_status", sa.Column("request_id", sa.BigInteger(), nullable=True))
    op.add_column("job_status", sa.Column("doubts", sa.Text(), nullable=True))
    op.create_index("job_status_of_job", "job_status", ["job", "key"])
    op.create_table(
        "security_event",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("tech_info", sa.Text(), nullable=False),
        sa.Column("is_critical", sa.Boolean(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("station_key", "occurred_at", "type", "tech_info", name="one_security_event"),
        sqlite_autoincrement=True,
    )
    op.create_index("security_event_of_station", "security_event", ["station_key", "key"])
    op.create_table(
        "capability",
        sa.Column("station_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("station_key", "name"),
    )
