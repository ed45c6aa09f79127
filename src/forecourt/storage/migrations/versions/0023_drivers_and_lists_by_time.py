"""Drivers, and indexes by which lists of transactions and what was measured are quick"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "driver",
        sa.Column("number", _KEY, autoincrement=True, nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("folded_email", sa.Text(), nullable=False),
        sa.Column("sort_name", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("driver_by_name", "driver", ["sort_name", "number"])
    op.create_index("driver_by_email", "driver", ["folded_email"])
    op.add_column("id_token", sa.Column("driver", sa.BigInteger(), nullable=True))
    op.create_index("id_token_of_driver", "id_token", ["driver"])
    op.create_index("local_list_entry_of_tag", "local_list_entry", ["folded"])
    op.drop_index("transaction_by_start", "station_transaction")
    op.create_index("transaction_by_start", "station_transaction", ["started_at", "id"])
    is_active = sa.text("stopped_at IS NULL")
    op.create_index(
        "transaction_now", "station_transaction", ["id"], sqlite_where=is_active, postgresql_where=is_active
    )
    of_one = sa.text("transaction_id IS NOT NULL")
    op.drop_index("meter_value_of_transaction", "meter_value")
    op.create_index(
        "meter_value_of_transaction",
        "meter_value",
        ["transaction_id", "key"],
        sqlite_where=of_one,
        postgresql_where=of_one,
    )
