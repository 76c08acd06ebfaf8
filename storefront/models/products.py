"""What is sold, what is inside, at which prices, and when it begins."""

from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    JSON,
    BindParameter,
    CheckConstraint,
    CompoundSelect,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    literal,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship, selectinload

from storefront.models.accounts import Account
from storefront.models.db import Base, Instant


class Product(Base):
    """A course, e-book or software. `stock` None is unlimited; `taken` counts the units of live orders.

    Of these, `queued` are back-orders that no unit was allocated to yet, at most `backorders` of them. `kept`: units that
    open offers to the waiting list hold; `waiting`: tickets without one. `pool`: its licence keys are imported.
    `expected_at` and `latest_at`: what back-orders are told; without the latter 90 days are.
    """

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("kind IN ('course', 'ebook', 'software')", name="kind"),
        CheckConstraint("taken >= 0", name="taken"),  # stock may be lowered below what was sold; then it is overbooked
        CheckConstraint("queued >= 0 AND queued <= taken AND kept >= 0 AND waiting >= 0", name="queued"),
        CheckConstraint("backorders >= 0 AND offer_hours > 0", name="backorders"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    creator_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200))
    lead: Mapped[str] = mapped_column(String(500))
    length: Mapped[str] = mapped_column(String(60), default="")
    lang: Mapped[str] = mapped_column(String(12), default="en")
    version: Mapped[str] = mapped_column(String(40), default="")
    currency: Mapped[str] = mapped_column(String(3))
    author_text: Mapped[str] = mapped_column(Text, default="")
    questions: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    cover: Mapped[str] = mapped_column(Text, default="")
    band: Mapped[int] = mapped_column(default=0)
    stock: Mapped[int | None]
    taken: Mapped[int] = mapped_column(default=0)
    backorders: Mapped[int] = mapped_column(default=0)
    queued: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)
    expected_at: Mapped[datetime | None] = mapped_column(Instant)
    latest_at: Mapped[datetime | None] = mapped_column(Instant)
    offer_hours: Mapped[int] = mapped_column(default=24)
    pool: Mapped[bool] = mapped_column(default=False)
    upfront: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)

    creator: Mapped[Account] = relationship()
    offers: Mapped[list["Offer"]] = relationship(order_by="Offer.position", back_populates="product")
    bonuses: Mapped[list["Bonus"]] = relationship(order_by="Bonus.id", back_populates="product")
    lessons: Mapped[list["Lesson"]] = relationship(order_by="Lesson.position")
    files: Mapped[list["File"]] = relationship(order_by="File.id")
    launch: Mapped["Launch"] = relationship(
        primaryjoin="and_(Launch.product_id == Product.id, Launch.kind == 'product')", overlaps="product"
    )


class Launch(Base):
    """When a product begins: an instant, with the wall time and zone that were meant. Each move is a generation.

    A restock stands for a batch of back-orders: `units` came back, and it closes when nothing of it is open.
    """

    __tablename__ = "launches"
    __table_args__ = (
        CheckConstraint("kind IN ('product', 'restock')", name="kind"),
        Index(
            "uq_launches_product",
            "product_id",
            unique=True,
            sqlite_where=text("kind = 'product'"),
            postgresql_where=text("kind = 'product'"),
        ),
        Index(
            "ix_launches_due",
            "at",
            sqlite_where=text("launched_at IS NULL"),
            postgresql_where=text("launched_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10), default="product")
    at: Mapped[datetime | None] = mapped_column(Instant)
    wall: Mapped[str] = mapped_column(String(16), default="")
    zone: Mapped[str] = mapped_column(String(64), default="UTC")
    generation: Mapped[int] = mapped_column(default=1)
    moved_at: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(String(500), default="")
    launched_at: Mapped[datetime | None] = mapped_column(Instant)
    launched_by: Mapped[str] = mapped_column(String(80), default="")
    units: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)

    product: Mapped[Product] = relationship(overlaps="launch")


class Offer(Base):
    """A price a buyer can take. `units` None is unlimited; the regular price is the last offer."""

    __tablename__ = "offers"
    __table_args__ = (
        UniqueConstraint("product_id", "position"),
        CheckConstraint("price > 0", name="price"),
        CheckConstraint("taken >= 0 AND (units IS NULL OR taken <= units)", name="taken"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    price: Mapped[int]
    units: Mapped[int | None]
    taken: Mapped[int] = mapped_column(default=0)
    until: Mapped[datetime | None] = mapped_column(Instant)
    until_launch: Mapped[bool] = mapped_column(default=False)

    product: Mapped[Product] = relationship(back_populates="offers")
    bonuses: Mapped[list["Bonus"]] = relationship(secondary="offer_bonuses", order_by="Bonus.id")


class Bonus(Base):
    """Extra content that comes with some offers."""

    __tablename__ = "bonuses"
    __table_args__ = (UniqueConstraint("product_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    slug: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(200))

    product: Mapped[Product] = relationship(back_populates="bonuses")


class OfferBonus(Base):
    """Which bonus comes with which offer."""

    __tablename__ = "offer_bonuses"

    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), primary_key=True)
    bonus_id: Mapped[int] = mapped_column(ForeignKey("bonuses.id"), primary_key=True)


class Lesson(Base):
    """One lesson of a course; with `bonus_id`, only for those whose offer had the bonus."""

    __tablename__ = "lessons"
    __table_args__ = (UniqueConstraint("product_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    bonus_id: Mapped[int | None] = mapped_column(ForeignKey("bonuses.id"))
    position: Mapped[int]
    slug: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(200))
    minutes: Mapped[int] = mapped_column(default=0)
    free: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(Text)


class File(Base):
    """A file on the shelf, found there by its SHA-256: a download, a bonus, or a picture of a lesson ("asset")."""

    __tablename__ = "files"
    __table_args__ = (
        UniqueConstraint("product_id", "name"),
        CheckConstraint("role IN ('download', 'asset')", name="role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    bonus_id: Mapped[int | None] = mapped_column(ForeignKey("bonuses.id"))
    role: Mapped[str] = mapped_column(String(10), default="download")
    name: Mapped[str] = mapped_column(String(200))
    label: Mapped[str] = mapped_column(String(60), default="")
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))


@cache
def _by_slug() -> Select[Product]:
    query = select(Product).where(Product.slug == bindparam("slug"), Product.retired_at.is_(None))
    return query.options(joinedload(Product.creator), joinedload(Product.launch), joinedload(Product.offers))


def by_slug(session: Session, slug: str) -> Product | None:
    """The product at /p/<slug> with its creator and its launch, unless it is retired."""
    return session.scalars(_by_slug(), {"slug": slug}).unique().one_or_none()


class Inside(NamedTuple):
    """The names of what is inside a product, and of the bonuses that come with an offer, each in its order."""

    lessons: list[str]
    files: list[str]
    bonuses: list[str]


@cache
def _inside() -> CompoundSelect[int, int, str]:
    product: BindParameter[int] = bindparam("product")
    offer: BindParameter[int] = bindparam("offer")
    lessons = select(literal(0).label("list"), Lesson.position.label("place"), Lesson.title.label("name"))
    files = select(literal(1), File.id, File.label).where(File.product_id == product, File.label != "")
    bonuses = select(literal(2), Bonus.id, Bonus.title).join(OfferBonus, OfferBonus.bonus_id == Bonus.id)
    every = union_all(lessons.where(Lesson.product_id == product), files, bonuses.where(OfferBonus.offer_id == offer))
    return every.order_by("list", "place")


def inside(session: Session, product_id: int, offer_id: int) -> Inside:
    """Ask for names only, in one statement: what stands in a lesson may be long."""
    rows = session.execute(_inside(), {"product": product_id, "offer": offer_id}).all()
    return Inside(*([name for kind, _, name in rows if kind == each] for each in range(3)))


def on_sale(session: Session) -> list[Product]:
    """Every product of the shop that is not retired, oldest first."""
    whole = (joinedload(Product.creator), joinedload(Product.launch), selectinload(Product.offers))
    query = select(Product).where(Product.retired_at.is_(None)).order_by(Product.id)
    return list(session.scalars(query.options(*whole)))
