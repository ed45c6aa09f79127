"""Links show their security"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("link", sa.Column("profile", sa.Integer(), nullable=True))
    op.add_column("link", sa.Column("listener", sa.Text(), nullable=True))
    op.add_column("link", sa.Column("is_tls", sa.Boolean(), nullable=True))
    op.add_column("link", sa.Column("tls_version", sa.Text(), nullable=True))
    op.add_column("link", sa.Column("cipher", sa.Text(), nullable=True))
    op.add_column("link", sa.Column("via_proxy", sa.Text(), nullable=True))
    op.add_column("link", sa.Column("fingerprint", sa.Text(), nullable=True))
    op.add_column("link", sa.Column("certificate_ends_at", sa.BigInteger(), nullable=True))
    op.add_column("link", sa.Column("is_onboarding", sa.Boolean(), nullable=True))
