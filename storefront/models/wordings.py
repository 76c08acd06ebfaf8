"""A creator's own words in the letters of a product: rows that are added and never edited."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront.models.db import Base, Instant


class Wording(Base):
    """What a kind of letter says in its creator's words from `at` on; an empty text says nothing."""

    __tablename__ = "wordings"
    __table_args__ = (UniqueConstraint("product_id", "kind", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    kind: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)
    who: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)


def of_kind(session: Session, product_id: int, kind: str) -> list[Wording]:
    """Every version, the newest first."""
    mine = (Wording.product_id == product_id, Wording.kind == kind)
    return list(session.scalars(select(Wording).where(*mine).order_by(Wording.version.desc())))


def at(session: Session, product_id: int, kind: str, moment: datetime) -> str:
    """The words as they stood at a moment: a letter that goes out again says what it said."""
    mine = (Wording.product_id == product_id, Wording.kind == kind, Wording.at <= moment)
    return session.scalar(select(Wording.text).where(*mine).order_by(Wording.version.desc()).limit(1)) or ""


def of_product(session: Session, product_id: int) -> dict[str, Wording]:
    """The newest version of each kind that has any."""
    rows = session.scalars(select(Wording).where(Wording.product_id == product_id).order_by(Wording.version))
    return {each.kind: each for each in rows}
