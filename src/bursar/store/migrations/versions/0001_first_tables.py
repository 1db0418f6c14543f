"""The first tables: snapshots, members, generations, deliveries, invoices and the journal."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; the journal refuses to be edited."""
    op.create_table('delivery',
    sa.Column('seq', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('seen_at', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False, comment='what was delivered, as the person who delivered it knows it'),
    sa.Column('source', sa.Text(), nullable=True),
    sa.Column('format', sa.Text(), nullable=True),
    sa.Column('billing_period', sa.Text(), nullable=True),
    sa.Column('snapshot_id', sa.Text(), nullable=True),
    sa.Column('exported_at', sa.Text(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=False, comment='published, staged, unchanged, recorded, quarantined or refused'),
    sa.Column('rows', sa.BigInteger(), nullable=True),
    sa.Column('bytes', sa.BigInteger(), nullable=True),
    sa.Column('sums', sa.JSON(), nullable=True),
    sa.Column('cause', sa.Text(), nullable=True),
    sa.Column('cure', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('seq')
    )
    op.create_table('generation',
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('at', sa.Text(), nullable=False),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('data_as_of', sa.Text(), nullable=True),
    sa.Column('journal_seq', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('n')
    )
    op.create_table('generation_head',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('n', sa.Integer(), nullable=False, comment='one row; UPDATE n = n + 1 serialises flips'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('invoice_detail',
    sa.Column('seq', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('provider', sa.Text(), nullable=False),
    sa.Column('billing_account_id', sa.Text(), nullable=False),
    sa.Column('invoice_id', sa.Text(), nullable=False),
    sa.Column('billing_period', sa.Text(), nullable=False),
    sa.Column('issuer', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('total', sa.Text(), nullable=False),
    sa.Column('tax', sa.Text(), nullable=False),
    sa.Column('issued_at', sa.Text(), nullable=False),
    sa.Column('payment_currency', sa.Text(), nullable=True),
    sa.Column('payment_total', sa.Text(), nullable=True),
    sa.Column('charge_category', sa.Text(), nullable=True),
    sa.Column('received_at', sa.Text(), nullable=False),
    sa.Column('replaced_at', sa.Text(), nullable=True, comment='when a later file gave this invoice again; NULL while it counts'),
    sa.PrimaryKeyConstraint('seq')
    )
    op.create_index('ix_invoice_period', 'invoice_detail', ['billing_period'], unique=False)
    op.create_table('journal',
    sa.Column('seq', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('payload', sa.Text(), nullable=False, comment='canonical JSON'),
    sa.Column('prev', sa.Text(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('seq'),
    sa.UniqueConstraint('prev')
    )
    op.create_table('reconciliation',
    sa.Column('n', sa.Integer(), nullable=False, comment='generation that made it; readers take the newest at or below theirs'),
    sa.Column('billing_period', sa.Text(), nullable=False),
    sa.Column('rows', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('n', 'billing_period')
    )
    op.create_table('snapshot',
    sa.Column('id', sa.Text(), nullable=False, comment="SHA-256 over the inputs; a focus or marts id adds the code's digest"),
    sa.Column('layer', sa.Text(), nullable=False, comment='raw, focus or marts'),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('billing_period', sa.Text(), nullable=False, comment="YYYY-MM, or 'mixed' for raw bytes of several months"),
    sa.Column('format', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False, comment='bill, actual, amortised, metrics or marts'),
    sa.Column('state', sa.Text(), nullable=False, comment='staged, live, superseded or quarantined'),
    sa.Column('input_ids', sa.JSON(), nullable=False),
    sa.Column('code_digest', sa.Text(), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('files', sa.JSON(), nullable=False, comment='[{path, table, rows, bytes, sha256, min_day, max_day}], path below the lake'),
    sa.Column('sums', sa.JSON(), nullable=False, comment='{currency: {billed, effective, list, contracted}}'),
    sa.Column('detail', sa.JSON(), nullable=False, comment='sums by invoice key, charge types, notes, probe'),
    sa.Column('exported_at', sa.Text(), nullable=True, comment="the provider's order among deliveries"),
    sa.Column('seen_at', sa.Text(), nullable=False),
    sa.Column('landed_at', sa.Text(), nullable=True),
    sa.Column('published_at', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_snapshot_place', 'snapshot', ['layer', 'source', 'billing_period'], unique=False)
    op.create_table('member',
    sa.Column('layer', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('billing_period', sa.Text(), nullable=False),
    sa.Column('gen_from', sa.Integer(), nullable=False),
    sa.Column('gen_to', sa.Integer(), nullable=True, comment='first generation without it; NULL while live'),
    sa.Column('snapshot_id', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['snapshot_id'], ['snapshot.id'], ),
    sa.PrimaryKeyConstraint('layer', 'source', 'billing_period', 'gen_from')
    )
    op.bulk_insert(sa.table("generation_head", sa.column("id"), sa.column("n")), [{"id": 1, "n": 0}])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER journal_no_{verb.lower()} BEFORE {verb} ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END")
