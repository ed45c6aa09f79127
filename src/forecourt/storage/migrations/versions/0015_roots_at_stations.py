"""Roots at stations"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "root_report",
        sa.Column("station_key", sa.BigInteger(), sa.ForeignKey("station.key"), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("station_key", "purpose"),
    )
    op.create_table(
        "station_root",
        sa.Column("number", _KEY, autoincrement=True, nullable=False),
        sa.Column("station_key", sa.BigInteger(), sa.ForeignKey("station.key"), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("issuer_name_hash", sa.Text(), nullable=False),
        sa.Column("issuer_key_hash", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("pem", sa.Text(), nullable=True),
        sa.Column("learned", sa.Text(), nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.Column("deletion", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("root_of_station", "station_root", ["station_key", "purpose", "number"])
    op.create_index("root_by_fingerprint", "station_root", ["fingerprint"])
    op.create_table(
        "root_rollover",
        sa.Column("number", _KEY, autoincrement=True, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("old_pem", sa.Text(), nullable=False),
        sa.Column("new_pem", sa.Text(), nullable=False),
        sa.Column("server_certificates", sa.Text(), nullable=False),
        sa.Column("switch_percent", sa.Integer(), nullable=True),
        sa.Column("deletes_old", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("look_at", sa.BigInteger(), nullable=False),
        sa.Column("switched_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "rollover_station",
        sa.Column("rollover", sa.BigInteger(), nullable=False),
        sa.Column("station_key", sa.BigInteger(), sa.ForeignKey("station.key"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("errand", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tried", sa.Text(), nullable=False),
        sa.Column("sent", sa.Text(), nullable=True),
        sa.Column("again_at", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rollover", "station_key"),
    )
    op.create_index("rollover_station_by_state", "rollover_station", ["rollover", "state", "station_key"])
