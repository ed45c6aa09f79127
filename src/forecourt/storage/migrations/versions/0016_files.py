"""Files"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "file_ticket",
        sa.Column("number", _KEY, autoincrement=True, nullable=False),
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("job", sa.BigInteger(), nullable=True),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("max_bytes", sa.BigInteger(), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("file_ticket_digest", "file_ticket", ["digest"], unique=True)
    op.create_index("file_ticket_end", "file_ticket", ["ends_at"])
    op.create_table(
        "received_file",
        sa.Column("number", _KEY, autoincrement=True, nullable=False),
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("job", sa.BigInteger(), nullable=True),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("stored_as", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("received_file_of_station", "received_file", ["station_key", "number"])
    op.create_index("received_file_of_job", "received_file", ["job", "number"])
    op.create_index("received_file_of_ticket", "received_file", ["ticket"])
    op.create_index("received_file_stored", "received_file", ["stored_as"], unique=True)
    op.create_index("received_file_at", "received_file", ["received_at"])
    op.create_table(
        "file_system",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("one"),
    )
