"""Who asked for an approved plan to be applied, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns of a plan."""
    op.add_column("plan", sa.Column("requested_by", sa.Text(), nullable=True, comment="who wants it applied; NULL while nobody does"))
    op.add_column("plan", sa.Column("requested_at", sa.Text(), nullable=True))
