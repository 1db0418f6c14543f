"""What detecting, deciding and acting remember: incidents, budgets, exceptions, plans, savings, and what must be sent once."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GUARD = """
CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$
"""


def upgrade() -> None:
    """Create the tables; on PostgreSQL the journal now refuses to be edited as it does on SQLite."""
    op.create_table('api_key',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('secret_hash', sa.Text(), nullable=False, comment='SHA-256 of the secret; the secret itself is shown once'),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False, comment='viewer, analyst, approver, operator or admin'),
    sa.Column('scope', sa.Text(), nullable=True, comment='filter every answer is cut to; NULL for all rows'),
    sa.Column('created_at', sa.Text(), nullable=False),
    sa.Column('expires_at', sa.Text(), nullable=True),
    sa.Column('revoked_at', sa.Text(), nullable=True),
    sa.Column('used_at', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('budget_alert',
    sa.Column('budget', sa.Text(), nullable=False),
    sa.Column('rule', sa.Text(), nullable=False, comment='threshold:0.8:actual, burn or breach'),
    sa.Column('period', sa.Text(), nullable=False, comment="first day of the budget's period"),
    sa.Column('severity', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False, comment='open or cleared'),
    sa.Column('opened_at', sa.Text(), nullable=False),
    sa.Column('cleared_at', sa.Text(), nullable=True),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('budget', 'rule', 'period')
    )
    op.create_table('exception_grant',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('rule', sa.Text(), nullable=False),
    sa.Column('resource', sa.Text(), nullable=False, comment='exact, or a prefix with one * at its end'),
    sa.Column('scope', sa.Text(), nullable=True, comment='filter language'),
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('approver', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('ticket', sa.Text(), nullable=True),
    sa.Column('created', sa.Text(), nullable=False),
    sa.Column('expires', sa.Text(), nullable=False),
    sa.Column('max_monthly_cost', sa.Text(), nullable=True),
    sa.Column('currency', sa.Text(), nullable=True),
    sa.Column('revoked_at', sa.Text(), nullable=True),
    sa.Column('revoked_by', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('feedback',
    sa.Column('seq', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('incident_id', sa.Text(), nullable=False),
    sa.Column('verdict', sa.Text(), nullable=False, comment='expected, planned, false or true'),
    sa.Column('by', sa.Text(), nullable=False),
    sa.Column('at', sa.Text(), nullable=False),
    sa.Column('first_day', sa.Text(), nullable=True, comment='of a planned range'),
    sa.Column('last_day', sa.Text(), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('scope', sa.JSON(), nullable=False, comment="the incident's, so that it still counts when the incident is gone"),
    sa.PrimaryKeyConstraint('seq')
    )
    op.create_table('incident',
    sa.Column('id', sa.Text(), nullable=False, comment='hash of scope, direction and onset: the same in a replay'),
    sa.Column('scope', sa.JSON(), nullable=False, comment='{dimension: value}; empty for the estate'),
    sa.Column('direction', sa.Text(), nullable=False, comment='up or down'),
    sa.Column('kind', sa.Text(), nullable=False, comment='cost, or notice (data health, commitment purchase)'),
    sa.Column('severity', sa.Text(), nullable=False, comment='S1 to S4'),
    sa.Column('status', sa.Text(), nullable=False, comment='open, closed, settled, withheld or retracted'),
    sa.Column('onset', sa.Text(), nullable=False, comment='YYYY-MM-DD'),
    sa.Column('last_day', sa.Text(), nullable=False),
    sa.Column('opened_at', sa.Text(), nullable=False),
    sa.Column('closed_at', sa.Text(), nullable=True),
    sa.Column('expected', sa.Text(), nullable=False, comment='money of the days from onset to last_day'),
    sa.Column('actual', sa.Text(), nullable=False),
    sa.Column('excess', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('score', sa.Text(), nullable=False),
    sa.Column('owner', sa.Text(), nullable=True, comment='team, or NULL where nobody owns it'),
    sa.Column('generation', sa.Integer(), nullable=False, comment='generation it was last scored on'),
    sa.Column('detail', sa.JSON(), nullable=False, comment='band, causes, evidence, folded scopes, severity rule, parameters'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_incident_status', 'incident', ['status', 'onset'], unique=False)
    op.create_table('lease',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('holder', sa.Text(), nullable=False),
    sa.Column('until', sa.Text(), nullable=False),
    sa.Column('fence', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('name')
    )
    op.create_table('observation',
    sa.Column('provider', sa.Text(), nullable=False),
    sa.Column('resource', sa.Text(), nullable=False),
    sa.Column('day', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('account', sa.Text(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('state', sa.JSON(), nullable=False, comment='what the estate said of the resource that day'),
    sa.PrimaryKeyConstraint('provider', 'resource', 'day')
    )
    op.create_index('ix_observation_kind', 'observation', ['kind', 'day'], unique=False)
    op.create_table('outbox',
    sa.Column('key', sa.Text(), nullable=False, comment='what must happen once; the same key is the same message'),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False, comment='channel:purpose, such as slack:incident'),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False, comment="SHA-256 of the payload's canonical JSON"),
    sa.Column('state', sa.Text(), nullable=False, comment='ready, sending, uncertain, done or dead'),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('not_before', sa.Text(), nullable=False),
    sa.Column('lease_until', sa.Text(), nullable=True),
    sa.Column('fence', sa.Integer(), nullable=False, comment='grows with every claim; an effect counts only under the newest'),
    sa.Column('attempted_at', sa.Text(), nullable=True, comment='when the first attempt began: probes look from here'),
    sa.Column('receipt', sa.JSON(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('created_at', sa.Text(), nullable=False),
    sa.Column('done_at', sa.Text(), nullable=True),
    sa.Column('after', sa.Text(), nullable=True, comment='key that must be done or dead before this one goes'),
    sa.Column('journal_seq', sa.Integer(), nullable=True, comment='entry that says what became of it'),
    sa.PrimaryKeyConstraint('key'),
    sa.UniqueConstraint('seq')
    )
    op.create_index('ix_outbox_state', 'outbox', ['state', 'not_before'], unique=False)
    op.create_table('plan',
    sa.Column('digest', sa.Text(), nullable=False, comment='SHA-256 of `body`'),
    sa.Column('body', sa.Text(), nullable=False, comment='canonical JSON, bursar.plan/1'),
    sa.Column('playbook', sa.Text(), nullable=False),
    sa.Column('maker', sa.Text(), nullable=False),
    sa.Column('made_at', sa.Text(), nullable=False),
    sa.Column('expires_at', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False, comment='proposed, approved, rejected, applying, applied, failed or superseded'),
    sa.Column('undoes', sa.Text(), nullable=True, comment='digest of the plan this one takes back'),
    sa.Column('closed_at', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('digest')
    )
    op.create_table('reservation',
    sa.Column('change', sa.Text(), nullable=False, comment='repository and pull request'),
    sa.Column('budget', sa.Text(), nullable=False),
    sa.Column('head', sa.Text(), nullable=False, comment='commit the decision was about'),
    sa.Column('delta_monthly', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False, comment='reserved, committed or released'),
    sa.Column('at', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('change', 'budget')
    )
    op.create_table('saving',
    sa.Column('rfc', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('owner', sa.Text(), nullable=True),
    sa.Column('plan_digests', sa.JSON(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False, comment='proposed, approved, applied, measuring, verified, inconclusive, regressed or negative'),
    sa.Column('expected', sa.JSON(), nullable=False, comment='{amount, low, high} a month'),
    sa.Column('realised', sa.JSON(), nullable=True, comment='{amount, low, high} a month; negative as it is'),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('slo_verdict', sa.Text(), nullable=True),
    sa.Column('applied_at', sa.Text(), nullable=True),
    sa.Column('measured_at', sa.Text(), nullable=True),
    sa.Column('detail', sa.JSON(), nullable=False, comment='resources, method, counterfactual, corrections'),
    sa.PrimaryKeyConstraint('rfc')
    )
    op.create_table('approval',
    sa.Column('plan_digest', sa.Text(), nullable=False),
    sa.Column('approver', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False, comment='what the approver was when it was given'),
    sa.Column('verdict', sa.Text(), nullable=False, comment='approve or reject'),
    sa.Column('via', sa.Text(), nullable=False, comment='cli, api, web or slack'),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('at', sa.Text(), nullable=False),
    sa.Column('expires_at', sa.Text(), nullable=False),
    sa.Column('used_at', sa.Text(), nullable=True, comment='when an apply began under it; an approval is used once'),
    sa.ForeignKeyConstraint(['plan_digest'], ['plan.digest'], ),
    sa.PrimaryKeyConstraint('plan_digest', 'approver')
    )
    op.create_table('change',
    sa.Column('plan_digest', sa.Text(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('resource', sa.Text(), nullable=False),
    sa.Column('verb', sa.Text(), nullable=False),
    sa.Column('destructive', sa.Boolean(), nullable=False, comment="counts against the day's smaller budget"),
    sa.Column('state', sa.Text(), nullable=False, comment='intended, done, failed, stale or uncertain'),
    sa.Column('token', sa.Text(), nullable=False, comment='idempotency token handed to the provider'),
    sa.Column('intended_at', sa.Text(), nullable=False),
    sa.Column('settled_at', sa.Text(), nullable=True),
    sa.Column('outcome', sa.JSON(), nullable=True, comment='what the provider answered, and what an undo needs'),
    sa.ForeignKeyConstraint(['plan_digest'], ['plan.digest'], ),
    sa.PrimaryKeyConstraint('plan_digest', 'position')
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(GUARD)
        op.execute(
            "CREATE TRIGGER journal_no_edit BEFORE UPDATE OR DELETE OR TRUNCATE ON journal "
            "FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()"
        )
