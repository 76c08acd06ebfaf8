"""The words that are in force: each text is kept from the day it was first shown, and never edited."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront.models.db import Base, Instant


class Policy(Base):
    """A text as it stood: the store's policy, a product's, or the waiver asked at first access. In Markdown.

    `version` is a part of its SHA-256, so that another text is another version; `since` is when it was first in force.
    """

    __tablename__ = "policies"
    __table_args__ = (CheckConstraint("kind IN ('store', 'product', 'waiver')", name="kind"),)

    version: Mapped[str] = mapped_column(String(16), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"), index=True)
    title: Mapped[str] = mapped_column(String(240))
    source: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(Instant)


def earlier(session: Session, policy: Policy) -> list[Policy]:
    """The texts of the same kind and product, the newest first."""
    same = (Policy.kind == policy.kind, Policy.product_id.is_not_distinct_from(policy.product_id))
    return list(session.scalars(select(Policy).where(*same).order_by(Policy.since.desc(), Policy.version)))
