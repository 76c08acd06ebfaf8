"""Licence keys that a creator imported: each belongs to one product and is given to one grant."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront.models.db import Base, Instant

FREE = text("grant_id IS NULL AND retired_at IS NULL")


class PoolKey(Base):
    """A key of a product's pool: free, given, or retired, because somebody has seen it or its creator took it out."""

    __tablename__ = "pool_keys"
    __table_args__ = (
        UniqueConstraint("product_id", "key"),
        Index("ix_pool_keys_free", "product_id", "id", sqlite_where=FREE, postgresql_where=FREE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    key: Mapped[str] = mapped_column(String(200))
    added_at: Mapped[datetime] = mapped_column(Instant)
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("grants.id"), unique=True)
    given_at: Mapped[datetime | None] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)


def known(session: Session, product_id: int) -> set[str]:
    """Every key the pool has or had."""
    return set(session.scalars(select(PoolKey.key).where(PoolKey.product_id == product_id)))


def free(session: Session, product_id: int) -> int:
    """How many keys nobody has."""
    mine = (PoolKey.product_id == product_id, PoolKey.grant_id.is_(None), PoolKey.retired_at.is_(None))
    return session.scalar(select(func.count(PoolKey.id)).where(*mine)) or 0
