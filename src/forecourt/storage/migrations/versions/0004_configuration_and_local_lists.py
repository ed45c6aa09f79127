"""Configuration and local authorization lists"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _configuration()
    _local_lists()


def _configuration() -> None:
    op.create_table(
        "configuration",
        sa.Column("station_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("station_key"),
    )
    op.create_table(
        "setting",
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("is_read_only", sa.Boolean(), nullable=False),
        sa.Column("is_unknown", sa.Boolean(), nullable=False),
        sa.Column("awaits_restart", sa.Boolean(), nullable=False),
        sa.Column("coming", sa.Text(), nullable=True),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("station_key", "folded"),
    )
    op.create_table(
        "desired_setting",
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("station_key", "folded"),
    )


def _local_lists() -> None:
    op.create_table(
        "local_list",
        sa.Column("station_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_managed", sa.Boolean(), nullable=False),
        sa.Column("follows_all", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("is_content_known", sa.Boolean(), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("last_version", sa.BigInteger(), nullable=False),
        sa.Column("reported_version", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", sa.BigInteger(), nullable=True),
        sa.Column("is_unsupported", sa.Boolean(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("sending_version", sa.BigInteger(), nullable=True),
        sa.Column("sending_errand", sa.BigInteger(), nullable=True),
        sa.Column("heard_errand", sa.BigInteger(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("resume_after", sa.Text(), nullable=True),
        sa.Column("has_started_over", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("station_key"),
    )
    op.create_table(
        "local_list_choice",
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("id_token", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("station_key", "folded"),
    )
    op.create_table(
        "local_list_entry",
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("id_token", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("station_key", "folded"),
    )
