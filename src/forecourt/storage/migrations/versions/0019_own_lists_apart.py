"""Lists of the own authority apart from one another, and its issuers by their addresses"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_DIGITS = 20


def upgrade() -> None:
    op.add_column("own_list", sa.Column("urgent", sa.BigInteger(), nullable=True))
    op.add_column("own_list", sa.Column("made_at", sa.BigInteger(), nullable=True))
    op.add_column("own_certificate", sa.Column("address", sa.Text(), nullable=True))
    op.execute(f"UPDATE own_certificate SET address = substr(key_id, 1, {_DIGITS})")
    op.create_index("own_certificate_by_address", "own_certificate", ["address"])
    op.create_index("own_certificate_of_issuer", "own_certificate", ["issuer"])
