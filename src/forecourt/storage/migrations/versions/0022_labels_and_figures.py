"""Labels of stations, and indexes by which figures of the whole system are quick"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "station_label",
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("station_key", "label"),
    )
    op.create_index("station_label_by_label", "station_label", ["label", "station_key"])
    op.create_index("station_by_group", "station", ["station_group"])
    is_stopped = sa.text("stopped_at IS NOT NULL")
    op.create_index(
        "transaction_by_stop",
        "station_transaction",
        ["stopped_at", "meter_start_wh", "meter_stop_wh"],
        sqlite_where=is_stopped,
        postgresql_where=is_stopped,
    )
