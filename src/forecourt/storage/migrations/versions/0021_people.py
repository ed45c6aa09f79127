"""People with roles, their sessions, scopes of tokens, and who did what"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("account", sa.Column("shown_name", sa.Text(), nullable=False, server_default=""))
    op.add_column("account", sa.Column("role", sa.Text(), nullable=False, server_default="admin"))
    op.add_column("account", sa.Column("is_enabled", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("account", sa.Column("language", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("zone", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("theme", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("created_at", sa.BigInteger(), nullable=True))
    op.add_column("account", sa.Column("signed_in_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "session",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("session_of_account", "session", ["account"])
    op.create_index("session_expiry", "session", ["expires_at"])
