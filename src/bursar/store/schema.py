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

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("key", sa.Text, primary_key=True, comment="what must happen once; the same key is the same message"),
    sa.Column("seq", sa.Integer, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False, comment="channel:purpose, such as slack:incident"),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, comment="SHA-256 of the payload's canonical JSON"),
    sa.Column("state", sa.Text, nullable=False, comment="ready, sending, uncertain, done or dead"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("not_before", sa.Text, nullable=False),
    sa.Column("lease_until", sa.Text),
    sa.Column("fence", sa.Integer, nullable=False, comment="grows with every claim; an effect counts only under the newest"),
    sa.Column("attempted_at", sa.Text, comment="when the first attempt began: probes look from here"),
    sa.Column("receipt", sa.JSON),
    sa.Column("error", sa.Text),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("done_at", sa.Text),
    sa.Column("after", sa.Text, comment="key that must be done or dead before this one goes"),
    sa.Column("journal_seq", sa.Integer, comment="entry that says what became of it"),
    sa.Index("ix_outbox_state", "state", "not_before"),
)

lease = sa.Table(
    "lease",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("until", sa.Text, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
)

incident = sa.Table(
    "incident",
    metadata,
    sa.Column("id", sa.Text, primary_key=True, comment="hash of scope, direction and onset: the same in a replay"),
    sa.Column("scope", sa.JSON, nullable=False, comment="{dimension: value}; empty for the estate"),
    sa.Column("direction", sa.Text, nullable=False, comment="up or down"),
    sa.Column("kind", sa.Text, nullable=False, comment="cost, or notice (data health, commitment purchase)"),
    sa.Column("severity", sa.Text, nullable=False, comment="S1 to S4"),
    sa.Column("status", sa.Text, nullable=False, comment="open, closed, settled, withheld or retracted"),
    sa.Column("onset", sa.Text, nullable=False, comment="YYYY-MM-DD"),
    sa.Column("last_day", sa.Text, nullable=False),
    sa.Column("opened_at", sa.Text, nullable=False),
    sa.Column("closed_at", sa.Text),
    sa.Column("expected", sa.Text, nullable=False, comment="money of the days from onset to last_day"),
    sa.Column("actual", sa.Text, nullable=False),
    sa.Column("excess", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("score", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, comment="team, or NULL where nobody owns it"),
    sa.Column("generation", sa.Integer, nullable=False, comment="generation it was last scored on"),
    sa.Column("detail", sa.JSON, nullable=False, comment="band, causes, evidence, folded scopes, severity rule, parameters"),
    sa.Index("ix_incident_status", "status", "onset"),
)

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("incident_id", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False, comment="expected, planned, false or true"),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("first_day", sa.Text, comment="of a planned range"),
    sa.Column("last_day", sa.Text),
    sa.Column("note", sa.Text),
    sa.Column("scope", sa.JSON, nullable=False, comment="the incident's, so that it still counts when the incident is gone"),
)

exception_grant = sa.Table(
    "exception_grant",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("resource", sa.Text, nullable=False, comment="exact, or a prefix with one * at its end"),
    sa.Column("scope", sa.Text, comment="filter language"),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("approver", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("ticket", sa.Text),
    sa.Column("created", sa.Text, nullable=False),
    sa.Column("expires", sa.Text, nullable=False),
    sa.Column("max_monthly_cost", sa.Text),
    sa.Column("currency", sa.Text),
    sa.Column("revoked_at", sa.Text),
    sa.Column("revoked_by", sa.Text),
)

budget_alert = sa.Table(
    "budget_alert",
    metadata,
    sa.Column("budget", sa.Text, primary_key=True),
    sa.Column("rule", sa.Text, primary_key=True, comment="threshold:0.8:actual, burn or breach"),
    sa.Column("period", sa.Text, primary_key=True, comment="first day of the budget's period"),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False, comment="open or cleared"),
    sa.Column("opened_at", sa.Text, nullable=False),
    sa.Column("cleared_at", sa.Text),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
)

reservation = sa.Table(
    "reservation",
    metadata,
    sa.Column("change", sa.Text, primary_key=True, comment="repository and pull request"),
    sa.Column("budget", sa.Text, primary_key=True),
    sa.Column("head", sa.Text, nullable=False, comment="commit the decision was about"),
    sa.Column("delta_monthly", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, comment="reserved, committed or released"),
    sa.Column("at", sa.Text, nullable=False),
)

plan = sa.Table(
    "plan",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True, comment="SHA-256 of `body`"),
    sa.Column("body", sa.Text, nullable=False, comment="canonical JSON, bursar.plan/1"),
    sa.Column("playbook", sa.Text, nullable=False),
    sa.Column("maker", sa.Text, nullable=False),
    sa.Column("made_at", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False, comment="proposed, approved, rejected, applying, applied, failed or superseded"),
    sa.Column("undoes", sa.Text, comment="digest of the plan this one takes back"),
    sa.Column("closed_at", sa.Text),
    sa.Column("requested_by", sa.Text, comment="who wants it applied; NULL while nobody does"),
    sa.Column("requested_at", sa.Text),
)

approval = sa.Table(
    "approval",
    metadata,
    sa.Column("plan_digest", sa.Text, sa.ForeignKey("plan.digest"), primary_key=True),
    sa.Column("approver", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False, comment="what the approver was when it was given"),
    sa.Column("verdict", sa.Text, nullable=False, comment="approve or reject"),
    sa.Column("via", sa.Text, nullable=False, comment="cli, api, web or slack"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text, nullable=False),
    sa.Column("used_at", sa.Text, comment="when an apply began under it; an approval is used once"),
)

change = sa.Table(
    "change",
    metadata,
    sa.Column("plan_digest", sa.Text, sa.ForeignKey("plan.digest"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("resource", sa.Text, nullable=False),
    sa.Column("verb", sa.Text, nullable=False),
    sa.Column("destructive", sa.Boolean, nullable=False, comment="counts against the day's smaller budget"),
    sa.Column("state", sa.Text, nullable=False, comment="intended, done, failed, stale or uncertain"),
    sa.Column("token", sa.Text, nullable=False, comment="idempotency token handed to the provider"),
    sa.Column("intended_at", sa.Text, nullable=False),
    sa.Column("settled_at", sa.Text),
    sa.Column("outcome", sa.JSON, comment="what the provider answered, and what an undo needs"),
)

observation = sa.Table(
    "observation",
    metadata,
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("resource", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("state", sa.JSON, nullable=False, comment="what the estate said of the resource that day"),
    sa.Index("ix_observation_kind", "kind", "day"),
)

saving = sa.Table(
    "saving",
    metadata,
    sa.Column("rfc", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("plan_digests", sa.JSON, nullable=False),
    sa.Column(
        "status", sa.Text, nullable=False, comment="proposed, approved, applied, measuring, verified, inconclusive, regressed or negative"
    ),
    sa.Column("expected", sa.JSON, nullable=False, comment="{amount, low, high} a month"),
    sa.Column("realised", sa.JSON, comment="{amount, low, high} a month; negative as it is"),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("slo_verdict", sa.Text),
    sa.Column("applied_at", sa.Text),
    sa.Column("measured_at", sa.Text),
    sa.Column("detail", sa.JSON, nullable=False, comment="resources, method, counterfactual, corrections"),
)

api_key = sa.Table(
    "api_key",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("secret_hash", sa.Text, nullable=False, comment="SHA-256 of the secret; the secret itself is shown once"),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False, comment="viewer, analyst, approver, operator or admin"),
    sa.Column("scope", sa.Text, comment="filter every answer is cut to; NULL for all rows"),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text),
    sa.Column("revoked_at", sa.Text),
    sa.Column("used_at", sa.Text),
)
