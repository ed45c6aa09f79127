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
    op.add_column("account", sa.Column("totp_sealed", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("totp_offered", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("account", sa.Column("issuer", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("subject", sa.Text(), nullable=True))
    op.create_index("account_of_subject", "account", ["issuer", "subject"], unique=True)
    op.add_column("api_token", sa.Column("scopes", sa.Text(), nullable=True))
    op.create_table(
        "recovery_code",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "digest"),
    )
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
        sa.Column("is_half", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("session_of_account", "session", ["account"])
    op.create_index("session_expiry", "session", ["expires_at"])
    op.create_table(
        "audit_entry",
        sa.Column("number", _KEY, autoincrement=True, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_entry_of_who", "audit_entry", ["who", "number"])
    op.create_index("audit_entry_of_subject", "audit_entry", ["subject", "number"])
    op.create_index("audit_entry_of_action", "audit_entry", ["action", "number"])
    op.create_index("audit_entry_at", "audit_entry", ["at"])
