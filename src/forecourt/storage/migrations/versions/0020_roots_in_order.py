"""When what is known of a station's roots was changed by what it took or removed"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("root_report", sa.Column("changed_at", sa.BigInteger(), nullable=True))
