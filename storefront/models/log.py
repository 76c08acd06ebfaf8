"""The log: one row per state change, written with the change itself."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from storefront.models.db import Base, Instant


class LogRow(Base):
    """One state change: who, when, why, from where to where (the first one comes from nowhere)."""

    __tablename__ = "log"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    who: Mapped[str] = mapped_column(String(80))
    why: Mapped[str] = mapped_column(String(500))
    before: Mapped[str | None] = mapped_column(String(10))
    after: Mapped[str] = mapped_column(String(10))
