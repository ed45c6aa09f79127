"""Stations are asked again for their requests; what is due of certificates is found by indexes"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("certificate_order", sa.Column("asks", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "certificate_order", sa.Column("is_promised", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute("UPDATE certificate_order SET asks = 1 WHERE ask_errand IS NOT NULL")
    op.create_index("station_certificate_covering", "station_certificate", ["cover_serial"])
    has_former = sa.text("former_errand IS NOT NULL")
    op.drop_index("certificate_order_by_former_delivery", "certificate_order")
    op.create_index(
        "certificate_order_by_former_delivery",
        "certificate_order",
        ["former_errand"],
        sqlite_where=has_former,
        postgresql_where=has_former,
    )
