"""Admission"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "station_access",
        sa.Column("station_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("profile", sa.Integer(), nullable=False),
        sa.Column("upgrade_profile", sa.Integer(), nullable=True),
        sa.Column("upgrade_state", sa.Text(), nullable=True),
        sa.Column("upgrade_errand", sa.BigInteger(), nullable=True),
        sa.Column("upgrade_since", sa.BigInteger(), nullable=True),
        sa.Column("upgrade_asked_by", sa.Text(), nullable=True),
        sa.Column("upgrade_restarts", sa.Boolean(), nullable=True),
        sa.Column("upgrade_may_be_taken", sa.Boolean(), nullable=True),
        sa.Column("upgrade_pins_serial", sa.Boolean(), nullable=True),
        sa.Column("leniencies", sa.Text(), nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=True),
        sa.Column("trusted_organisations", sa.Text(), nullable=False),
        sa.Column("has_own_certificate", sa.Boolean(), nullable=False),
        sa.Column("presented", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("station_key"),
    )
    op.create_table(
        "station_password",
        sa.Column("number", _KEY, autoincrement=True, nullable=False),
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("hashed", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_generated", sa.Boolean(), nullable=False),
        sa.Column("form", sa.Text(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("errand", sa.BigInteger(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("password_of_station", "station_password", ["station_key", "number"])

    # Two keys are no settings any more: each has an operation of its own, and must not be sent behind its back.
    op.execute("DELETE FROM desired_setting WHERE folded IN ('authorizationkey', 'securityprofile')")
