"""Rehearsals: what was found before a launch; and hold-ups: a launch whose moment came without its content."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from storefront.models.db import Base, Instant
from storefront.models.products import Launch


class Rehearsal(Base):
    """One look at a launch that is ahead: a week before, a day before, or asked for.

    Once for each generation of the launch and each of the two days. `findings` and `money` are as
    `rules.rehearsal` made them, so that the page reads the same later.
    """

    __tablename__ = "rehearsals"
    __table_args__ = (
        CheckConstraint("occasion IN ('week', 'day', 'asked')", name="occasion"),
        Index(
            "uq_rehearsals_once",
            "launch_id",
            "generation",
            "occasion",
            unique=True,
            sqlite_where=text("occasion <> 'asked'"),
            postgresql_where=text("occasion <> 'asked'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    launch_id: Mapped[int] = mapped_column(ForeignKey("launches.id"), index=True)
    generation: Mapped[int]
    occasion: Mapped[str] = mapped_column(String(10))
    asked_by: Mapped[str] = mapped_column(String(80), default="")
    at: Mapped[datetime] = mapped_column(Instant)
    launch_at: Mapped[datetime] = mapped_column(Instant)
    findings: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    money: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    launch: Mapped[Launch] = relationship()


class Holdup(Base):
    """A launch that did not start because something to be read or downloaded was missing; `over_at` when it was there."""

    __tablename__ = "holdups"
    __table_args__ = (
        Index(
            "uq_holdups_open",
            "launch_id",
            unique=True,
            sqlite_where=text("over_at IS NULL"),
            postgresql_where=text("over_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    launch_id: Mapped[int] = mapped_column(ForeignKey("launches.id"))
    generation: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)
    why: Mapped[str] = mapped_column(Text)
    looked_at: Mapped[datetime] = mapped_column(Instant)
    over_at: Mapped[datetime | None] = mapped_column(Instant)

    launch: Mapped[Launch] = relationship()


held_up = select(Holdup.id).where(Holdup.launch_id == Launch.id, Holdup.over_at.is_(None)).exists()


def open_holdup(session: Session, launch: Launch) -> Holdup | None:
    """What a launch waits for, if its moment came without its content."""
    return session.scalar(select(Holdup).where(Holdup.launch_id == launch.id, Holdup.over_at.is_(None)))


def newest(session: Session, launch: Launch) -> Rehearsal | None:
    """The last rehearsal of a launch."""
    query = select(Rehearsal).where(Rehearsal.launch_id == launch.id).order_by(Rehearsal.id.desc())
    return session.scalars(query.limit(1)).first()
