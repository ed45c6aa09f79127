"""Station certificates"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("station", sa.Column("station_group", sa.Text(), nullable=True))
    op.create_index("station_by_serial_number", "station", ["serial_number"])
    op.create_index("access_by_serial_number", "station_access", ["serial_number"])
    op.add_column("security_policy", sa.Column("renew_before_days", sa.BigInteger(), nullable=True))
    op.add_column("security_policy", sa.Column("renewals_per_minute", sa.BigInteger(), nullable=True))
    op.add_column("revoked_certificate", sa.Column("not_after", sa.BigInteger(), nullable=True))
    op.create_index("revoked_certificate_ending", "revoked_certificate", ["not_after"])
    _create_orders()
    _create_sheets()


def _create_orders() -> None:
    op.create_table(
        "certificate_order",
        sa.Column("number", _KEY, autoincrement=True, nullable=False),
        sa.Column("station_key", sa.BigInteger(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("ask_errand", sa.BigInteger(), nullable=True),
        sa.Column("deliver_errand", sa.BigInteger(), nullable=True),
        sa.Column("former_errand", sa.BigInteger(), nullable=True),
        sa.Column("signing", sa.BigInteger(), nullable=True),
        sa.Column("authority", sa.Text(), nullable=True),
        sa.Column("csr_digest", sa.Text(), nullable=True),
        sa.Column("key_digest", sa.Text(), nullable=True),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("issuer_hash", sa.Text(), nullable=True),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("not_after", sa.BigInteger(), nullable=True),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Text(), nullable=False),
        sa.Column("awaited", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("certificate_order_of_station", "certificate_order", ["station_key", "number"])
    op.create_index("certificate_order_by_request", "certificate_order", ["station_key", "csr_digest"])
    op.create_index("certificate_order_by_key", "certificate_order", ["key_digest"])
    op.create_index("certificate_order_by_fingerprint", "certificate_order", ["fingerprint"])
    op.create_index("certificate_order_by_asking", "certificate_order", ["ask_errand"])
    op.create_index("certificate_order_by_delivery", "certificate_order", ["deliver_errand"])
    op.create_index("certificate_order_by_former_delivery", "certificate_order", ["former_errand"])
    op.create_index("certificate_order_by_signing", "certificate_order", ["signing"])
    op.create_index("certificate_order_begun", "certificate_order", ["occasion", "asked_at"])
    op.create_index(
        "certificate_order_awaited",
        "certificate_order",
        ["awaited", "number"],
        sqlite_where=sa.text("awaited IS NOT NULL"),
        postgresql_where=sa.text("awaited IS NOT NULL"),
    )


def _create_sheets() -> None:
    op.create_table(
        "station_certificate",
        sa.Column("station_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("issuer_hash", sa.Text(), nullable=True),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("key_kind", sa.Text(), nullable=True),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("not_after", sa.BigInteger(), nullable=True),
        sa.Column("seen", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("certificate_order", sa.BigInteger(), nullable=True),
        sa.Column("covered_until", sa.BigInteger(), nullable=True),
        sa.Column("cover_issuer_hash", sa.Text(), nullable=True),
        sa.Column("cover_serial", sa.Text(), nullable=True),
        sa.Column("waits_for", sa.BigInteger(), nullable=True),
        sa.Column("renew_end", sa.BigInteger(), nullable=True),
        sa.Column("renew_third", sa.BigInteger(), nullable=True),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.Column("alarm_at", sa.BigInteger(), nullable=True),
        sa.Column("alarm_step", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("requests_since", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["station_key"], ["station.key"]),
        sa.PrimaryKeyConstraint("station_key"),
    )
    op.create_index("station_certificate_ending", "station_certificate", ["covered_until", "station_key"])
    op.create_index(
        "station_certificate_to_renew",
        "station_certificate",
        ["renew_end", "renew_third"],
        sqlite_where=sa.text("retry_at IS NULL"),
        postgresql_where=sa.text("retry_at IS NULL"),
    )
    op.create_index("station_certificate_to_retry", "station_certificate", ["retry_at"])
    op.create_index(
        "station_certificate_waiting",
        "station_certificate",
        ["waits_for"],
        sqlite_where=sa.text("waits_for IS NOT NULL"),
        postgresql_where=sa.text("waits_for IS NOT NULL"),
    )
    op.create_index("station_certificate_to_tell", "station_certificate", ["alarm_at"])
