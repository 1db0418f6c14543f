"""Every table of the operational database, in SQLAlchemy Core.

Moments are RFC 3339 text in UTC and money is text: SQLite has neither type, and both must survive to the digit.
Migrations in `migrations/` create exactly these tables (a test compares them).
"""

import sqlalchemy as sa

metadata = sa.MetaData()

snapshot = sa.Table(
    "snapshot",
    metadata,
    sa.Column("id", sa.Text, primary_key=True, comment="SHA-256 over the inputs; a focus or marts id adds the code's digest"),
    sa.Column("layer", sa.Text, nullable=False, comment="raw, focus or marts"),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("billing_period", sa.Text, nullable=False, comment="YYYY-MM, or 'mixed' for raw bytes of several months"),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False, comment="bill, actual, amortised, metrics or marts"),
    sa.Column("state", sa.Text, nullable=False, comment="staged, live, superseded or quarantined"),
    sa.Column("input_ids", sa.JSON, nullable=False),
    sa.Column("code_digest", sa.Text, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("files", sa.JSON, nullable=False, comment="[{path, table, rows, bytes, sha256, min_day, max_day}], path below the lake"),
    sa.Column("sums", sa.JSON, nullable=False, comment="{currency: {billed, effective, list, contracted}}"),
    sa.Column("detail", sa.JSON, nullable=False, comment="sums by invoice key, charge types, notes, probe"),
    sa.Column("exported_at", sa.Text, comment="the provider's order among deliveries"),
    sa.Column("seen_at", sa.Text, nullable=False),
    sa.Column("landed_at", sa.Text),
    sa.Column("published_at", sa.Text),
    sa.Index("ix_snapshot_place", "layer", "source", "billing_period"),
)

member = sa.Table(
    "member",
    metadata,
    sa.Column("layer", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("billing_period", sa.Text, primary_key=True),
    sa.Column("gen_from", sa.Integer, primary_key=True),
    sa.Column("gen_to", sa.Integer, comment="first generation without it; NULL while live"),
    sa.Column("snapshot_id", sa.Text, sa.ForeignKey("snapshot.id"), nullable=False),
)

generation = sa.Table(
    "generation",
    metadata,
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("data_as_of", sa.Text),
    sa.Column("journal_seq", sa.Integer, nullable=False),
)

generation_head = sa.Table(
    "generation_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("n", sa.Integer, nullable=False, comment="one row; UPDATE n = n + 1 serialises flips"),
)

reconciliation = sa.Table(
    "reconciliation",
    metadata,
    sa.Column("n", sa.Integer, primary_key=True, comment="generation that made it; readers take the newest at or below theirs"),
    sa.Column("billing_period", sa.Text, primary_key=True),
    sa.Column("rows", sa.JSON, nullable=False),
)

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("seen_at", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False, comment="what was delivered, as the person who delivered it knows it"),
    sa.Column("source", sa.Text),
    sa.Column("format", sa.Text),
    sa.Column("billing_period", sa.Text),
    sa.Column("snapshot_id", sa.Text),
    sa.Column("exported_at", sa.Text),
    sa.Column("outcome", sa.Text, nullable=False, comment="published, staged, unchanged, recorded, quarantined or refused"),
    sa.Column("rows", sa.BigInteger),
    sa.Column("bytes", sa.BigInteger),
    sa.Column("sums", sa.JSON),
    sa.Column("cause", sa.Text),
    sa.Column("cure", sa.Text),
)

invoice_detail = sa.Table(
    "invoice_detail",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("billing_account_id", sa.Text, nullable=False),
    sa.Column("invoice_id", sa.Text, nullable=False),
    sa.Column("billing_period", sa.Text, nullable=False),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("total", sa.Text, nullable=False),
    sa.Column("tax", sa.Text, nullable=False),
    sa.Column("issued_at", sa.Text, nullable=False),
    sa.Column("payment_currency", sa.Text),
    sa.Column("payment_total", sa.Text),
    sa.Column("charge_category", sa.Text),
    sa.Column("received_at", sa.Text, nullable=False),
    sa.Column("replaced_at", sa.Text, comment="when a later file gave this invoice again; NULL while it counts"),
    sa.Index("ix_invoice_period", "billing_period"),
)

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False, comment="canonical JSON"),
    sa.Column("prev", sa.Text, nullable=False, unique=True),
    sa.Column("hash", sa.Text, nullable=False),
)
