"""Who may open what, and how far they have read."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from storefront.models.db import Base, Instant
from storefront.models.orders import Order
from storefront.models.products import Product


class Grant(Base):
    """A buyer's right to a product and its bonuses, opened by an access link of which only the fingerprint is kept.

    `waiver` is the version of the text by which its reader gave up the right to withdraw, asked at first access.
    """

    __tablename__ = "grants"
    __table_args__ = (UniqueConstraint("product_id", "licence_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), unique=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    granted_at: Mapped[datetime] = mapped_column(Instant)
    suspended_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    link_generation: Mapped[int] = mapped_column(default=1)
    link_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    link_redeemed_at: Mapped[datetime | None] = mapped_column(Instant)
    first_opened_at: Mapped[datetime | None] = mapped_column(Instant)
    waived_at: Mapped[datetime | None] = mapped_column(Instant)
    waiver: Mapped[str] = mapped_column(String(16), default="")
    licence_key: Mapped[str | None] = mapped_column(String(200))

    order: Mapped[Order] = relationship()
    product: Mapped[Product] = relationship()

    @property
    def live(self) -> bool:
        """Whether it opens anything now."""
        return self.suspended_at is None and self.revoked_at is None


class Access(Base):
    """Something a reader opened, once for each thing and day: a buyer's bank asks for it in a dispute."""

    __tablename__ = "accesses"
    __table_args__ = (UniqueConstraint("grant_id", "what", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"))
    what: Mapped[str] = mapped_column(String(220))
    day: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(Instant)


class Finished(Base):
    """A lesson that a reader has finished."""

    __tablename__ = "finished"

    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"), primary_key=True)
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lessons.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)


def by_link(session: Session, sha256: str) -> Grant | None:
    """The grant behind an access link's fingerprint."""
    return session.scalar(select(Grant).where(Grant.link_sha256 == sha256))


def of_account(session: Session, account_id: int) -> list[Grant]:
    """Every grant a reader has redeemed, newest first."""
    return list(session.scalars(select(Grant).where(Grant.account_id == account_id).order_by(Grant.id.desc())))


def of_reader(session: Session, account_id: int, slug: str) -> Grant | None:
    """A reader's newest live grant of one product."""
    query = (
        select(Grant)
        .join(Product)
        .where(
            Grant.account_id == account_id,
            Product.slug == slug,
            Grant.suspended_at.is_(None),
            Grant.revoked_at.is_(None),
        )
        .order_by(Grant.id.desc())
    )
    return session.scalars(query).first()


def finished(session: Session, grant_id: int) -> set[int]:
    """The ids of the lessons finished under a grant."""
    return set(session.scalars(select(Finished.lesson_id).where(Finished.grant_id == grant_id)))
