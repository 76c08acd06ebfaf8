"""The stock's ledger: one row per unit taken or given back, and one per change of the stock itself."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from storefront.models.db import Base, Instant


class UnitMove(Base):
    """A unit of a product and of an offer, taken (+1) by an order or given back (-1)."""

    __tablename__ = "unit_moves"
    __table_args__ = (CheckConstraint("change IN (-1, 1)", name="change"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"))
    change: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)
    why: Mapped[str] = mapped_column(String(80))


class StockMove(Base):
    """A product's stock, changed by a person, or by a licence key that nobody else may have: by how many, to what."""

    __tablename__ = "stock_moves"
    __table_args__ = (CheckConstraint("change <> 0", name="change"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    who: Mapped[str] = mapped_column(String(80))
    why: Mapped[str] = mapped_column(String(80))
    change: Mapped[int]
    after: Mapped[int]
