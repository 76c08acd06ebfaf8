"""one attempt a visit: the customer is made by the attempt that opens the session."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Close the attempts that nobody would take over. They move no money, and the same button begins another one."""
    op.execute(
        "UPDATE attempts SET outcome = 'failed', closed_at = leased_until, detail = 'begun before an upgrade'"
        " WHERE kind = 'customer' AND outcome IS NULL"
    )


def downgrade() -> None:
    """Nothing to take back: what was closed stays closed."""
